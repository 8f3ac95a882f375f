//! Pages of digests.
//!
//! A page holds up to some hundred digests of neighbouring traces, fact by fact rather than digest by digest
//! (`streams`), its texts and services once each. Times are relative to the trace's start or to a time that is near,
//! in the coarsest unit that loses nothing; what a call repeats of the segment that answered it is not written again.
//! What searches sort and prune by, the [`Head`], is not in the page: it is kept in columns.
//!
//! ```text
//! page = version, rows varint, names, values, structure, random
//! ```
//!
//! The last four are sections, each compressed by itself with its length in front.
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
use self::streams::{Cursors, Place, Section, Stream};
use self::texts::Texts;
use super::squeeze;
use super::varint::Take;

mod read;
mod streams;
mod texts;
mod write;

pub use write::{Encoded, encode};

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

/// A page that was opened. Its texts are at hand; the way to its digests is found when the first one is read.
#[derive(Debug)]
pub struct Page {
    rows: usize,
    names: Texts,
    values: Texts,
    /// Compressed.
    structure: Vec<u8>,
    random: Section,
    walked: OnceLock<Option<Walked>>,
}

/// What is known after walking over all rows once.
#[derive(Debug)]
struct Walked {
    structure: Section,
    services: Vec<ServiceFact>,
    /// Where every eighth row begins.
    marks: Vec<Mark>,
    /// What each key says first, service by service.
    usual: FxHashMap<Saying, Said>,
    /// By row, how many values were new before it.
    new_before: Vec<u32>,
    /// Values that come again after the row that had them first, a bit each.
    again: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Mark {
    place: Place,
    next_value: usize,
}

impl Page {
    /// Opens a page; `None` if the bytes are not one.
    #[must_use]
    pub fn open(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        if take.byte()? != VERSION {
            return None;
        }
        let rows = take.number::<usize>()?;
        let mut texts = || squeeze::take(Take(take.sized()?), MOST_BYTES);
        let (names, values) = (texts()?, texts()?);
        let structure = take.sized()?.to_vec();
        let random = Section::random(take.sized()?, MOST_BYTES)?;
        let mut packed = random.packed();
        let names = Texts::read(&names, &mut packed)?;
        let values = Texts::read(&values, &mut packed)?;
        Some(Self {
            rows,
            names,
            values,
            structure,
            random,
            walked: OnceLock::new(),
        })
    }

    fn walk(&self) -> Option<Walked> {
        let structure = Section::structure(&self.structure, MOST_BYTES)?;
        let mut cursors = Cursors::begin(&structure, &self.random);
        let services = read::services(cursors.of(Stream::Services), &self.names)?;
        let mut reader = Reader::new(self, &services, cursors);
        let (mut marks, mut new_before) = (Vec::new(), Vec::new());
        for row in 0..self.rows {
            let mark = reader.mark();
            new_before.push(u32::try_from(mark.next_value).ok()?);
            if row.is_multiple_of(ROWS_PER_MARK) {
                marks.push(mark);
            }
            reader.skip()?;
        }
        let (usual, again) = reader.learnt()?;
        Some(Walked {
            structure,
            services,
            marks,
            usual,
            new_before,
            again,
        })
    }

    fn walked(&self) -> Option<&Walked> {
        self.walked.get_or_init(|| self.walk()).as_ref()
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
        let walked = self.walked()?;
        let cursors = Cursors::begin(&walked.structure, &self.random);
        let mut reader = Reader::new(self, &walked.services, cursors);
        reader.go_to(walked.marks.get(row / ROWS_PER_MARK)?, &walked.usual);
        for _ in 0..row % ROWS_PER_MARK {
            reader.skip()?;
        }
        reader.digest(head)
    }

    /// Calls `each` with every row whose digest may have such a text; says `None` if the page is damaged.
    ///
    /// A value that came once is known to be of one row. One that came again, or a name, may be of any.
    #[must_use]
    pub fn rows_with(&self, wanted: impl Fn(&str) -> bool, each: impl FnMut(usize)) -> Option<()> {
        let mut values = self
            .values
            .iter()
            .enumerate()
            .filter(|(_, text)| wanted(text))
            .peekable();
        if self.names.iter().any(&wanted) {
            (0..self.rows).for_each(each);
            return Some(());
        }
        if values.peek().is_none() {
            return Some(());
        }
        let Walked { new_before, again, .. } = self.walked()?;
        let mut found = Vec::new();
        for (value, _) in values {
            let comes_again = again.get(value / 64).is_some_and(|bits| bits >> (value % 64) & 1 == 1);
            if comes_again {
                (0..self.rows).for_each(each);
                return Some(());
            }
            found.push(
                new_before
                    .partition_point(|&before| before as usize <= value)
                    .saturating_sub(1),
            );
        }
        found.into_iter().for_each(each);
        Some(())
    }

    /// Bytes of memory it takes once digests were read, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let marks = self.rows.div_ceil(ROWS_PER_MARK) * size_of::<Mark>() + self.rows * 4;
        // The structure becomes about four times as large when it is opened.
        self.names.bytes() + self.values.bytes() + self.random.bytes() + self.structure.len() * 5 + marks
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
