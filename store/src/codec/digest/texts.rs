//! The texts of a page, each kept once.

use rustc_hash::FxHashMap;

use super::super::varint::{Put, Take};
use super::streams::squeezed;

/// Texts that are numbered as they come.
#[derive(Default)]
pub(super) struct Known<'a> {
    numbers: FxHashMap<&'a str, u32>,
    list: Vec<&'a str>,
}

impl<'a> Known<'a> {
    pub(super) fn with_room(texts: usize) -> Self {
        let mut known = Self::default();
        known.numbers.reserve(texts);
        known.list.reserve(texts);
        known
    }

    /// The number of a text, and whether it is new.
    pub(super) fn number(&mut self, text: &'a str) -> (u32, bool) {
        let next = self.list.len() as u32;
        let number = *self.numbers.entry(text).or_insert(next);
        if number == next {
            self.list.push(text);
        }
        (number, number == next)
    }

    /// Appends all of them in compressed form; hexadecimal ones go to `packed`.
    pub(super) fn finish(&self, packed: &mut Vec<u8>, out: &mut Vec<u8>) {
        let mut bytes = Vec::with_capacity(self.list.iter().map(|text| text.len() + 2).sum());
        bytes.varint(self.list.len() as u64);
        let mut plain = Vec::new();
        for text in &self.list {
            if is_packable(text) {
                bytes.varint((text.len() as u64 / 2) << 1 | 1);
                packed.extend(
                    text.as_bytes()
                        .chunks_exact(2)
                        .map(|pair| digit(pair[0]) << 4 | digit(pair[1])),
                );
            } else {
                bytes.varint((text.len() as u64) << 1);
                plain.push(text.as_bytes());
            }
        }
        plain.into_iter().for_each(|text| bytes.extend_from_slice(text));
        squeezed(&bytes, out);
    }
}

/// Short ones are not worth the while, and often mean something else.
const SHORTEST_PACKED: usize = 8;

fn is_packable(text: &str) -> bool {
    text.len() >= SHORTEST_PACKED
        && text.len().is_multiple_of(2)
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => byte - b'a' + 10,
    }
}

/// Texts of an open page.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    /// Reads what [`Known::finish`] wrote, decompressed.
    pub(super) fn read(bytes: &[u8], packed: &mut Take<'_>) -> Option<Self> {
        let mut lengths = Take(bytes);
        let count = lengths.count()?;
        let mut plain = lengths;
        for _ in 0..count {
            plain.varint()?;
        }
        let mut all = Vec::with_capacity(plain.0.len() + packed.0.len() * 2);
        let mut ends = Vec::with_capacity(count);
        for _ in 0..count {
            let head = lengths.number::<usize>()?;
            if head & 1 == 0 {
                all.extend_from_slice(plain.bytes(head >> 1)?);
            } else {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                for byte in packed.bytes(head >> 1)? {
                    all.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
                }
            }
            ends.push(u32::try_from(all.len()).ok()?);
        }
        let all = String::from_utf8(all).ok()?;
        let whole = ends.iter().all(|&end| all.is_char_boundary(end as usize));
        whole.then_some(Self { all, ends })
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let start = match number.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        self.all.get(start..end)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|number| self.get(number))
    }

    pub(super) fn bytes(&self) -> usize {
        self.all.len() + self.ends.len() * 4
    }
}
