//! Bounds of what many digests say, for skipping them together.

use beamline_model::time::{TimeRange, Timestamp};

use super::columns::Row;
use crate::api::TimeBasis;
use crate::codec::varint::{Put, Take};

/// How many digests there are and between which bounds their sort keys lie. Bounds may be wider than the truth, never
/// narrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone {
    /// Digests that are not superseded.
    pub rows: u64,
    /// Earliest and latest start.
    pub start: (i64, i64),
    /// Latest end.
    pub end: i64,
    /// Earliest and latest change.
    pub updated: (i64, i64),
    /// Longest duration.
    pub duration: u64,
    /// Most failed segments.
    pub failed: u32,
    /// Flags that any of them has, as [`TraceFlag::bit`](crate::api::TraceFlag::bit) has them.
    pub flags: u8,
    /// Lowest and highest HTTP status of a root.
    pub status: (u16, u16),
}

impl Default for Zone {
    fn default() -> Self {
        let nowhere = (i64::MAX, i64::MIN);
        Self {
            rows: 0,
            start: nowhere,
            end: i64::MIN,
            updated: nowhere,
            duration: 0,
            failed: 0,
            flags: 0,
            status: (u16::MAX, 0),
        }
    }
}

impl Zone {
    /// Includes one more digest.
    pub fn add(&mut self, row: &Row) {
        let head = &row.head;
        self.merge(&Self {
            rows: 1,
            start: (head.start.0, head.start.0),
            end: head.end.0,
            updated: (head.updated.0, head.updated.0),
            duration: row.duration(),
            failed: row.failed,
            flags: row.flags,
            status: row.status.map_or((u16::MAX, 0), |status| (status, status)),
        });
    }

    /// Includes all digests of another zone.
    pub fn merge(&mut self, other: &Self) {
        let wider = |a: (i64, i64), b: (i64, i64)| (a.0.min(b.0), a.1.max(b.1));
        self.rows += other.rows;
        self.start = wider(self.start, other.start);
        self.end = self.end.max(other.end);
        self.updated = wider(self.updated, other.updated);
        self.duration = self.duration.max(other.duration);
        self.failed = self.failed.max(other.failed);
        self.flags |= other.flags;
        self.status = (self.status.0.min(other.status.0), self.status.1.max(other.status.1));
    }

    /// Whether some digest may lie in the range.
    #[must_use]
    pub fn may_lie_in(&self, basis: TimeBasis, range: &TimeRange) -> bool {
        let (from, to) = (range.start.0, range.end.0);
        self.rows > 0
            && match basis {
                TimeBasis::Start => self.start.0 < to && self.start.1 >= from,
                TimeBasis::Update => self.updated.0 < to && self.updated.1 >= from,
                TimeBasis::SegmentEnd => self.start.0 < to && self.end >= from,
            }
    }

    /// Appends its binary form; times are relative to `base`.
    pub fn encode(&self, base: Timestamp, out: &mut Vec<u8>) {
        out.varint(self.rows);
        for time in [self.start.0, self.start.1, self.end, self.updated.0, self.updated.1] {
            out.zigzag(time.wrapping_sub(base.0));
        }
        out.varint(self.duration);
        out.varint(u64::from(self.failed));
        out.push(self.flags);
        out.varint(u64::from(self.status.0));
        out.varint(u64::from(self.status.1));
    }

    /// Takes it back.
    pub fn decode(base: Timestamp, take: &mut Take<'_>) -> Option<Self> {
        let rows = take.varint()?;
        let mut time = || Some(take.zigzag()?.wrapping_add(base.0));
        let (start, end, updated) = ((time()?, time()?), time()?, (time()?, time()?));
        Some(Self {
            rows,
            start,
            end,
            updated,
            duration: take.varint()?,
            failed: take.number()?,
            flags: take.byte()?,
            status: (take.number()?, take.number()?),
        })
    }
}
