//! Pages of digests.
//!
//! A page holds up to some hundred digests of neighbouring traces, fact by fact rather than digest by digest
//! (`streams`), its texts and services once each. Times are relative to the trace's start or to a time that is near,
//! in the coarsest unit that loses nothing; what a call repeats of the segment that answered it is not written again.
//! What searches sort and prune by, the [`Head`], is not in the page: it is kept in columns.
//!
//! ```text
//! page = version, rows varint, names, values, structure, random    each with its length in front, compressed
//! ```
//!
//! Names are what a few hundred things are called by, and are numbered. Values are what differs from digest to digest:
//! where one comes for the first time, stands 0, so that a column of values that never come again is empty. Most
//! annotations of a service always say the same, and then only that they do is written.

use std::sync::OnceLock;

use beamline_model::digest::{Digest, SegmentFact, ServiceFact};
use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use self::read::Reader;
use self::streams::{Place, Stream, Streams};
use self::texts::Texts;
use super::squeeze;
use super::varint::Take;

mod read;
mod streams;
mod texts;
mod write;

pub use write::encode;

const VERSION: u8 = 2;
const UNITS: [i64; 3] = [1_000_000, 1_000, 1];
/// No section of a page is larger than this, so a damaged length cannot ask for more.
const MOST_BYTES: usize = 256 << 20;
/// So many rows are skipped at most to get to one.
const ROWS_PER_MARK: usize = 8;
/// A share is kept in this many parts of the whole, if it is a whole number of them.
const SHARES: f32 = 1000.0;

/// Bits of a digest.
mod head {
    pub(super) const ERROR: u64 = 1;
    pub(super) const FAULT: u64 = 1 << 1;
    pub(super) const THROTTLE: u64 = 1 << 2;
    pub(super) const PARTIAL: u64 = 1 << 3;
    pub(super) const INFERRED: u64 = 1 << 4;
    pub(super) const ENTRY: u64 = 1 << 5;
    /// Its HTTP facts are those of its first segment.
    pub(super) const FIRST_HTTP: u64 = 1 << 6;
    pub(super) const LIMIT_EXCEEDED: u64 = 1 << 7;
    pub(super) const WEIGHT: u64 = 1 << 8;
}

/// Bits of a segment.
mod segment {
    pub(super) const ENDED: u64 = 1;
    /// It ends with its trace.
    pub(super) const ENDS_LAST: u64 = 1 << 1;
    pub(super) const HTTP: u64 = 1 << 2;
    pub(super) const ROOT: u64 = 1 << 3;
    pub(super) const INFERRED: u64 = 1 << 4;
    pub(super) const ERROR: u64 = 1 << 5;
    pub(super) const FAULT: u64 = 1 << 6;
    pub(super) const THROTTLE: u64 = 1 << 7;
    pub(super) const ASYNC_END: u64 = 1 << 8;
    pub(super) const WEIGHT: u64 = 1 << 9;
}

/// Bits of a call. It is a pair with the segment of the same number when that is of the service called.
mod call {
    pub(super) const PAIR: u64 = 1;
    pub(super) const SAME_TIME: u64 = 1 << 1;
    pub(super) const SAME_HTTP: u64 = 1 << 2;
    pub(super) const SAME_FLAGS: u64 = 1 << 3;
    pub(super) const ENDED: u64 = 1 << 4;
    pub(super) const LINK: u64 = 1 << 5;
    pub(super) const HTTP: u64 = 1 << 6;
    pub(super) const ERROR: u64 = 1 << 7;
    pub(super) const FAULT: u64 = 1 << 8;
    pub(super) const THROTTLE: u64 = 1 << 9;
    pub(super) const ALIAS: u64 = 1 << 10;
    pub(super) const WEIGHT: u64 = 1 << 11;
}

/// Kinds of annotation values.
mod kind {
    /// What this key said first in the page, for the same service.
    pub(super) const USUAL: u8 = 0;
    pub(super) const TEXT: u8 = 1;
    pub(super) const WHOLE: u8 = 2;
    pub(super) const FLOAT: u8 = 3;
    pub(super) const FALSE: u8 = 4;
    pub(super) const TRUE: u8 = 5;
}

/// Where an annotation was said.
mod place {
    /// Its services do not follow from its segments.
    pub(super) const SERVICES: u64 = 1;
    /// Not by one segment: a list of them follows.
    pub(super) const LIST: u64 = 1 << 1;
    /// By all segments.
    pub(super) const ALL: u64 = 1 << 2;
    /// By one: how far it is from the one before.
    pub(super) const DISTANCE: u32 = 3;
}

/// A key, by its number, and the service that says it, by its number in the page or [`NO_SERVICE`].
type Saying = (u32, u32);
const NO_SERVICE: u32 = u32::MAX;

/// A value: its kind, and the number of its text or its bits.
type Said = (u8, u64);

/// The part of a digest that its page leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// See [`Digest::trace`].
    pub trace: TraceId,
    /// See [`Digest::revision`].
    pub revision: u32,
    /// See [`Digest::start`].
    pub start: Timestamp,
    /// See [`Digest::end`].
    pub end: Timestamp,
    /// See [`Digest::updated`].
    pub updated: Timestamp,
    /// See [`Digest::response_time`].
    pub response_time: Option<u64>,
}

impl Head {
    /// The head of a digest.
    #[must_use]
    pub fn of(digest: &Digest) -> Self {
        Self {
            trace: digest.trace,
            revision: digest.revision,
            start: digest.start,
            end: digest.end,
            updated: digest.updated,
            response_time: digest.response_time,
        }
    }
}

/// A page that was decompressed. Its texts are at hand; the way to its digests is found when the first one is read.
#[derive(Debug)]
pub struct Page {
    names: Texts,
    values: Texts,
    services: Vec<ServiceFact>,
    streams: Streams,
    rows: usize,
    walked: OnceLock<Option<Walked>>,
}

/// What is known after walking over all rows once.
#[derive(Debug)]
struct Walked {
    /// Where every eighth row begins.
    marks: Vec<Mark>,
    /// What each key says first, service by service.
    usual: FxHashMap<Saying, Said>,
}

#[derive(Clone, Debug)]
struct Mark {
    place: Place,
    next_value: usize,
}

impl Page {
    /// Decompresses a page; `None` if the bytes are not one.
    #[must_use]
    pub fn open(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        if take.byte()? != VERSION {
            return None;
        }
        let rows = take.number::<usize>()?;
        let mut section = || squeeze::take(Take(take.sized()?), MOST_BYTES);
        let (names, values) = (section()?, section()?);
        let streams = Streams::take(&mut take, MOST_BYTES)?;
        let mut begin = streams.begin();
        let packed = begin.of(Stream::Packed);
        let names = Texts::read(&names, packed)?;
        let values = Texts::read(&values, packed)?;
        let services = read::services(begin.of(Stream::Services), &names)?;
        Some(Self {
            names,
            values,
            services,
            streams,
            rows,
            walked: OnceLock::new(),
        })
    }

    fn walk(&self) -> Option<Walked> {
        let mut reader = Reader::first(self);
        let mut marks = Vec::new();
        for row in 0..self.rows {
            if row.is_multiple_of(ROWS_PER_MARK) {
                marks.push(Mark {
                    place: reader.cursors.place(),
                    next_value: reader.next_value,
                });
            }
            reader.skip()?;
        }
        Some(Walked {
            marks,
            usual: reader.learnt?,
        })
    }

    /// How many digests it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Reads one digest, completed with its head; `None` if there is no such row or its bytes are damaged.
    #[must_use]
    pub fn digest(&self, row: usize, head: &Head) -> Option<Digest> {
        if row >= self.rows {
            return None;
        }
        let walked = self.walked.get_or_init(|| self.walk()).as_ref()?;
        let mark = walked.marks.get(row / ROWS_PER_MARK)?;
        let mut reader = Reader::at(self, mark, &walked.usual);
        for _ in 0..row % ROWS_PER_MARK {
            reader.skip()?;
        }
        reader.digest(head)
    }

    /// Every text in it, names and values.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().chain(self.names.iter())
    }

    /// Bytes of memory it takes once digests were read, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let marks = self.rows.div_ceil(ROWS_PER_MARK) * size_of::<Mark>();
        let services = self.services.len() * size_of::<ServiceFact>() * 8;
        self.names.bytes() + self.values.bytes() + self.streams.bytes() + marks + services
    }
}

/// The services of these segments, ascending: mostly those that say what the segments say.
fn services_of(segments: &[u16], all: &[SegmentFact], services: &mut Vec<u16>) {
    services.clear();
    services.extend(
        segments
            .iter()
            .filter_map(|&at| all.get(usize::from(at)).map(|segment| segment.service)),
    );
    services.sort_unstable();
    services.dedup();
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
