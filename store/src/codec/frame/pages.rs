//! The sections that the columns of a frame are written to, and read from again.
//!
//! What belongs together is compressed together: text with text, the codes of one column in a block of their own, and
//! what is random last.

use crate::codec::varint::{Put, Take};

/// What the bytes of a frame are for; told apart in the store's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Part {
    /// Contexts, skeletons, distinct texts, and records that are kept as they came.
    Text,
    /// How the columns are made, and columns of few values.
    Head,
    /// Which of its distinct values a column has in which row.
    Codes,
    /// Trace and span ids.
    Ids,
    /// When spans came, started and ended.
    Times,
    /// Other numbers, those in texts too.
    Numbers,
    /// Hexadecimal digits in texts.
    Hex,
}

/// How many parts there are.
pub(crate) const PARTS: usize = 7;

/// A column of fewer rows has its codes in the head: a block of its own would cost more than it saves.
const FEW: usize = 64;

/// Sections being written.
#[derive(Default)]
pub(crate) struct Pages {
    pub(super) head: Vec<u8>,
    pub(super) text: Vec<u8>,
    pub(super) codes: Vec<u8>,
    pub(super) raw: Vec<u8>,
    /// Where the columns in `codes` end, and what they belong to.
    pub(super) cuts: Vec<(usize, Part)>,
    /// Where the pieces of `raw` end, and what they belong to.
    pub(super) pieces: Vec<(usize, Part)>,
}

impl Pages {
    /// What frames have in common.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// One byte a row.
    pub(super) fn codes(&mut self, codes: &[u8], part: Part) {
        if codes.len() < FEW {
            self.head.extend_from_slice(codes);
        } else {
            self.codes.extend_from_slice(codes);
            self.cuts.push((self.codes.len(), part));
        }
    }

    /// What was appended to `raw` since the last piece belongs to this part.
    pub(super) fn end_raw(&mut self, part: Part) {
        self.pieces.push((self.raw.len(), part));
    }

    /// The lengths of the sections, which come before them.
    pub(super) fn lengths(&self) -> Vec<u8> {
        let mut lengths = Vec::with_capacity(12);
        for section in [&self.text, &self.head, &self.codes] {
            lengths.varint(section.len() as u64);
        }
        lengths
    }
}

/// Sections being read.
pub(super) struct Sections<'a> {
    pub(super) head: Take<'a>,
    pub(super) text: Take<'a>,
    codes: Take<'a>,
    pub(super) raw: Take<'a>,
}

impl<'a> Sections<'a> {
    pub(super) fn of(decoded: &'a [u8]) -> Option<Self> {
        let mut take = Take(decoded);
        let (text, head, codes) = (take.number()?, take.number()?, take.number()?);
        Some(Self {
            text: Take(take.bytes(text)?),
            head: Take(take.bytes(head)?),
            codes: Take(take.bytes(codes)?),
            raw: take,
        })
    }

    /// One byte a row.
    pub(super) fn codes(&mut self, rows: usize) -> Option<&'a [u8]> {
        let section = if rows < FEW { &mut self.head } else { &mut self.codes };
        section.bytes(rows)
    }
}
