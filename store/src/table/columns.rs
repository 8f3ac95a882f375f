//! What a search sorts and prunes by, in columns: everything about a chunk's digests that can be told without opening
//! their pages.

use std::ops::Range;

use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_model::time::{TimeRange, Timestamp};

use super::bounds::{self, Bounds, MOST_KEYS};
use super::terms::flag_bits;
use crate::api::TimeBasis;
use crate::codec::digest::Head;
use crate::codec::squeeze::{self, Effort};
use crate::codec::varint::{Put, Take};

const VERSION: u8 = 1;

/// One digest's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What its page leaves out.
    pub head: Head,
    /// Segments with an error or a fault.
    pub failed: u32,
    /// The flags of the whole trace, as [`TraceFlag::bit`](crate::api::TraceFlag::bit) has them.
    pub flags: u8,
    /// HTTP status of the root.
    pub status: Option<u16>,
}

impl Row {
    /// The row of a digest.
    #[must_use]
    pub fn of(digest: &Digest) -> Self {
        let failed = digest.segments.iter().filter(|segment| !segment.flags.ok()).count();
        Self {
            head: Head::of(digest),
            failed: u32::try_from(failed).unwrap_or(u32::MAX),
            flags: flag_bits(digest),
            status: digest.http.status,
        }
    }

    /// See [`Digest::duration`].
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.head.end.since(self.head.start)
    }

    /// Whether the digest may lie in the range. Only segment ends need a look into it to be sure.
    #[must_use]
    pub fn may_lie_in(&self, basis: TimeBasis, range: &TimeRange) -> bool {
        match basis {
            TimeBasis::Start => range.contains(&self.head.start),
            TimeBasis::Update => range.contains(&self.head.updated),
            TimeBasis::SegmentEnd => self.head.start < range.end && self.head.end >= range.start,
        }
    }
}

/// All rows of a chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// In ascending order of start, as written.
    pub rows: Vec<Row>,
    /// The first row of each page.
    pub pages: Vec<u16>,
    /// Between which numbers the annotations of each key lie, page by page; `None` where the keys are too many.
    pub bounds: Vec<Option<Vec<Bounds>>>,
}

impl Columns {
    /// Adds a page that begins with a row, and the bounds of its keys.
    pub fn add_page(&mut self, first: u16, bounds: Vec<Bounds>) {
        self.pages.push(first);
        self.bounds
            .push(Some(bounds).filter(|bounds| bounds.len() <= MOST_KEYS));
    }

    /// Whether an annotation in a page, of the key with this hash, may have a number between two, both included.
    #[must_use]
    pub fn may_number(&self, page: u16, key: u64, least: f64, most: f64) -> bool {
        let of_page = self.bounds.get(usize::from(page)).and_then(Option::as_deref);
        bounds::may_number(of_page, key, least, most)
    }

    /// Every page with its rows.
    pub fn pages(&self) -> impl Iterator<Item = (u16, Range<usize>)> + '_ {
        (0u16..).zip(&self.pages).map(|(number, &first)| {
            let next = self.pages.get(usize::from(number) + 1).copied().map(usize::from);
            (number, usize::from(first)..next.unwrap_or(self.rows.len()))
        })
    }

    /// The page that a row is in, and its place there.
    #[must_use]
    pub fn page_of(&self, row: usize) -> Option<(u16, usize)> {
        let page = self
            .pages
            .partition_point(|&first| usize::from(first) <= row)
            .checked_sub(1)?;
        Some((u16::try_from(page).ok()?, row - usize::from(self.pages[page])))
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.len() * size_of::<Row>()
            + self.pages.len() * 2
            + self
                .bounds
                .iter()
                .flatten()
                .map(|page| page.len() * 24 + 24)
                .sum::<usize>()
            + size_of::<Self>()
    }

    /// Its binary form; times are relative to `base`.
    #[must_use]
    pub fn encode(&self, base: Timestamp) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.varint(self.rows.len() as u64);
        let heads = || self.rows.iter().map(|row| &row.head);
        heads().for_each(|head| out.extend_from_slice(&head.trace.to_bytes()));
        let mut before = base.0;
        for head in heads() {
            out.zigzag(head.start.0.wrapping_sub(before));
            before = head.start.0;
        }
        heads().for_each(|head| out.zigzag(head.end.0.wrapping_sub(head.start.0)));
        heads().for_each(|head| out.zigzag(head.updated.0.wrapping_sub(head.end.0)));
        for row in &self.rows {
            // Mostly the response time is the duration, so that what is left is nothing.
            out.push(u8::from(row.head.response_time.is_some()));
            if let Some(nanos) = row.head.response_time {
                out.zigzag(nanos.wrapping_sub(row.duration()) as i64);
            }
        }
        heads().for_each(|head| out.varint(u64::from(head.revision)));
        self.rows.iter().for_each(|row| out.varint(u64::from(row.failed)));
        out.extend(self.rows.iter().map(|row| row.flags));
        let statuses = self
            .rows
            .iter()
            .map(|row| row.status.map_or(0, |status| u64::from(status) + 1));
        statuses.for_each(|status| out.varint(status));
        out.varint(self.pages.len() as u64);
        self.pages.iter().for_each(|&first| out.varint(u64::from(first)));
        self.bounds
            .iter()
            .for_each(|page| bounds::put(page.as_deref(), &mut out));
        let mut value = Vec::new();
        squeeze::put(&mut value, &out, Effort::Fast);
        value
    }

    /// Reads it back; `None` if the bytes are damaged.
    #[must_use]
    pub fn decode(base: Timestamp, bytes: &[u8]) -> Option<Self> {
        let bytes = squeeze::take(Take(bytes), MAX_BYTES)?;
        let mut take = Take(&bytes);
        if take.byte()? != VERSION {
            return None;
        }
        let count = take.count()?;
        let nothing = Head {
            trace: TraceId(0),
            revision: 0,
            start: base,
            end: base,
            updated: base,
            response_time: None,
        };
        let mut rows = vec![
            Row {
                head: nothing,
                failed: 0,
                flags: 0,
                status: None,
            };
            count
        ];
        for row in &mut rows {
            row.head.trace = TraceId(u128::from_be_bytes(take.array()?));
        }
        let mut before = base.0;
        for row in &mut rows {
            before = before.wrapping_add(take.zigzag()?);
            row.head.start = Timestamp(before);
        }
        for row in &mut rows {
            row.head.end = Timestamp(row.head.start.0.wrapping_add(take.zigzag()?));
        }
        for row in &mut rows {
            row.head.updated = Timestamp(row.head.end.0.wrapping_add(take.zigzag()?));
        }
        for row in &mut rows {
            if take.byte()? == 1 {
                row.head.response_time = Some(row.duration().wrapping_add(take.zigzag()? as u64));
            }
        }
        for row in &mut rows {
            row.head.revision = take.number()?;
        }
        for row in &mut rows {
            row.failed = take.number()?;
        }
        for row in &mut rows {
            row.flags = take.byte()?;
        }
        for row in &mut rows {
            row.status = match take.number::<u32>()?.checked_sub(1) {
                None => None,
                Some(status) => Some(u16::try_from(status).ok()?),
            };
        }
        let pages: Vec<u16> = (0..take.count()?).map(|_| take.number()).collect::<Option<_>>()?;
        let bounds = pages.iter().map(|_| bounds::take(&mut take)).collect::<Option<_>>()?;
        Some(Self { rows, pages, bounds })
    }
}

/// More than the columns of a full chunk can take.
const MAX_BYTES: usize = super::summaries::CHUNK_ROWS * (96 + MOST_KEYS * 24) + 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::arbitrary;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_come_back(
            digests in prop::collection::vec(arbitrary::digest(any::<u128>(), 2), 0..20),
            extreme in any::<[i64; 3]>(),
        ) {
            let mut rows: Vec<Row> = digests.iter().map(Row::of).collect();
            if let Some(row) = rows.first_mut() {
                (row.head.start, row.head.end, row.head.updated) =
                    (Timestamp(extreme[0]), Timestamp(extreme[1]), Timestamp(extreme[2]));
            }
            let mut columns = Columns { rows, ..Columns::default() };
            columns.add_page(0, vec![Bounds { key: 7, least: -1.5, most: 3.0 }]);
            columns.add_page(5, Vec::new());
            columns.add_page(9, vec![Bounds { key: 7, least: 0.0, most: 0.0 }; MOST_KEYS + 1]);
            prop_assert!(columns.may_number(0, 7, 3.0, 4.0) && !columns.may_number(0, 7, 3.5, 4.0));
            prop_assert!(!columns.may_number(1, 7, 3.0, 4.0) && columns.may_number(2, 8, 3.0, 4.0));
            let base = Timestamp(arbitrary::BEGIN);
            prop_assert_eq!(Columns::decode(base, &columns.encode(base)), Some(columns.clone()));
            prop_assert_eq!(columns.page_of(4), Some((0, 4)));
            prop_assert_eq!(columns.page_of(10), Some((2, 1)));
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut value = Vec::new();
            squeeze::put(&mut value, &[&[VERSION], &bytes[..]].concat(), Effort::Fast);
            let _ = Columns::decode(Timestamp::ZERO, &value);
        }
    }
}
