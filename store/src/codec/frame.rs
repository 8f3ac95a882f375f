//! A sealed frame: the records of some traces, compressed together.
//!
//! ```text
//! codec u8 | CRC-32C of the decoded form u32 | its length varint | [dictionary varint] | zstd
//! ```
//! Codec 1 is rows in plain zstd, codec 2 rows with the numbered dictionary, codec 3 columns; there the dictionary is
//! 0 for none, else its number + 1. X-Ray documents are kept in rows, spans in columns.

mod columns;
mod numbers;
mod pages;
mod pattern;
mod restore;
mod rows;
mod skeleton;
mod squeeze;
mod texts;

#[cfg(test)]
mod tests;

use beamline_model::id::TraceId;
use beamline_model::record::{Body, Record};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::DCtx;

pub(crate) use self::pages::{PARTS, Pages, Part};
pub(crate) use self::squeeze::{Squeezed, Squeezer};
use super::varint::{Put, Take};
use crate::api::OwnedRecord;

const PLAIN: u8 = 1;
const WITH_DICTIONARY: u8 = 2;
const COLUMNS: u8 = 3;

/// No frame is larger than this when decoded, so a damaged length cannot ask for more. The largest record and its
/// context fit.
const MAX_DECODED: usize = 256 << 20;

/// A frame that is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("damaged frame: {0}")]
pub(crate) struct Damaged(&'static str);

/// Gathers the records of one frame.
#[derive(Default)]
pub(crate) struct FrameBuilder<'a> {
    records: Vec<Record<'a>>,
    contexts: Vec<&'a [u8]>,
    numbers: FxHashMap<&'a [u8], usize>,
    /// Bytes of bodies and contexts.
    bytes: usize,
    /// Some record is a span.
    spans: bool,
}

/// What is going to be compressed.
pub(crate) enum Plain {
    /// Records one after the other.
    Rows(Vec<u8>),
    /// Records taken apart.
    Columns(Pages),
}

impl Plain {
    /// What a dictionary is good for.
    pub(crate) fn alike(&self) -> &[u8] {
        match self {
            Self::Rows(rows) => rows,
            Self::Columns(pages) => pages.text(),
        }
    }
}

impl<'a> FrameBuilder<'a> {
    /// Adds a record. Those of one trace are added one after the other.
    pub(crate) fn add(&mut self, record: Record<'a>) {
        self.bytes += record.body.len();
        if let Body::Otlp { context, .. } = record.body {
            self.spans = true;
            if self.contexts.last() != Some(&context) && !self.numbers.contains_key(context) {
                self.bytes += context.len();
                self.numbers.insert(context, self.contexts.len());
                self.contexts.push(context);
            }
        }
        self.records.push(record);
    }

    /// How many records it has.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// How many bytes they have.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The form that is compressed; the builder is empty after that.
    pub(crate) fn encode(&mut self) -> Plain {
        let built = std::mem::take(self);
        let number = |context: &[u8]| built.numbers.get(context).copied().unwrap_or_default();
        if built.spans && built.records.len() <= columns::MOST_ROWS {
            Plain::Columns(columns::encode(&built.records, &built.contexts, number))
        } else {
            Plain::Rows(rows::encode(&built.records, &built.contexts, number))
        }
    }
}

/// What a frame's first bytes say.
struct Header<'a> {
    columns: bool,
    crc: u32,
    length: usize,
    dictionary: Option<u32>,
    body: &'a [u8],
}

fn header(frame: &[u8]) -> Result<Header<'_>, Damaged> {
    let mut take = Take(frame);
    let mut read = || {
        let codec = take.byte()?;
        let crc = u32::from_le_bytes(take.array()?);
        let length = take.number()?;
        let dictionary = match codec {
            PLAIN => None,
            WITH_DICTIONARY => Some(take.number()?),
            COLUMNS => take.number::<u32>()?.checked_sub(1),
            _ => return None,
        };
        Some((codec == COLUMNS, crc, length, dictionary))
    };
    let (columns, crc, length, dictionary) = read().ok_or(Damaged("header"))?;
    if length > MAX_DECODED {
        return Err(Damaged("implausible length"));
    }
    Ok(Header {
        columns,
        crc,
        length,
        dictionary,
        body: take.0,
    })
}

/// The dictionary that a frame needs, if any.
pub(crate) fn dictionary(frame: &[u8]) -> Result<Option<u32>, Damaged> {
    Ok(header(frame)?.dictionary)
}

fn put_header(frame: &mut Vec<u8>, codec: u8, crc: u32, length: usize, dictionary: Option<u32>) {
    frame.push(codec);
    frame.extend_from_slice(&crc.to_le_bytes());
    frame.varint(length as u64);
    match (codec, dictionary) {
        (COLUMNS, number) => frame.varint(number.map_or(0, |number| u64::from(number) + 1)),
        (_, Some(number)) => frame.varint(u64::from(number)),
        (_, None) => {}
    }
}

/// A frame's decoded form.
pub(crate) struct Decoded {
    columns: bool,
    bytes: Bytes,
}

/// The decoded form, checked. `dictionary` is the one that the frame names.
pub(crate) fn decompress(
    frame: &[u8],
    context: &mut DCtx<'_>,
    dictionary: Option<&DecoderDictionary<'_>>,
) -> Result<Decoded, Damaged> {
    let header = header(frame)?;
    let mut decoded = Vec::with_capacity(header.length);
    let outcome = match dictionary {
        Some(dictionary) => context.decompress_using_ddict(&mut decoded, header.body, dictionary.as_ddict()),
        None => context.decompress(&mut decoded, header.body),
    };
    if outcome.is_err() {
        return Err(Damaged("zstd"));
    }
    if decoded.len() != header.length || crc32c::crc32c(&decoded) != header.crc {
        return Err(Damaged("checksum differs"));
    }
    Ok(Decoded {
        columns: header.columns,
        bytes: decoded.into(),
    })
}

/// Takes from a decoded frame the records of one trace, or of all.
pub(crate) fn records(decoded: &Decoded, wanted: Option<TraceId>) -> Result<Vec<OwnedRecord>, Damaged> {
    if decoded.columns {
        restore::records(&decoded.bytes, wanted).ok_or(Damaged("columns do not fit"))
    } else {
        rows::records(&decoded.bytes, wanted).ok_or(Damaged("rows do not parse"))
    }
}
