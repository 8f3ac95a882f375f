//! Reading and changing the chunks of one hour of one series.

use std::sync::atomic::Ordering;

use beamline_model::time::TimeRange;

use super::chunk::{Chunk, Part, Place, Row};
use super::{MetricCounters, SeriesKey, keys};
use crate::engine::{Family, View, WriteBatch};
use crate::error::StoreError;

/// A part with more rows is cut.
const MOST_ROWS: usize = 4_096;
/// Into parts of about so many.
const ENOUGH_ROWS: usize = 2_048;

/// One hour of one series: the points whose own time is in it, or those that merely came then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Hour {
    pub(super) series: SeriesKey,
    pub(super) hour: u32,
    pub(super) strays: bool,
}

impl Hour {
    /// Partition and key of a part.
    pub(super) fn place(self, part: u16) -> (Vec<u8>, Vec<u8>) {
        let (account, series) = self.series;
        (keys::points(self.hour, account), keys::chunk(series, self.strays, part))
    }

    /// Adds the rows of an hour that lie in a range. `head` is the value of its first part.
    pub(super) fn read(
        self,
        view: &dyn View,
        counters: &MetricCounters,
        head: &[u8],
        range: &TimeRange,
        rows: &mut Vec<Row>,
    ) -> Result<(), StoreError> {
        let mut take = |value: &[u8]| -> Vec<Part> {
            let Some(chunk) = Chunk::decode(value) else {
                counters.damaged.fetch_add(1, Ordering::Relaxed);
                return Vec::new();
            };
            let inside = |row: &Row| range.start <= row.point.time && row.point.time < range.end;
            rows.extend(chunk.rows.into_iter().filter(inside));
            chunk.parts
        };
        let parts = take(head);
        let ends = parts.iter().skip(1).map(|next| next.first.0).chain([i64::MAX]);
        for (part, end) in parts.iter().zip(ends) {
            if part.first.0 < range.end.0 && end >= range.start.0 {
                let (partition, key) = self.place(part.number);
                if let Some(value) = view.get(Family::Points, &partition, &key)? {
                    take(&value);
                }
            }
        }
        Ok(())
    }

    /// Adds rows to an hour, later ones in the place of those before, and puts what that changes into a batch. `head`
    /// is the value of the first part, if there is one.
    pub(super) fn add(
        self,
        view: &dyn View,
        counters: &MetricCounters,
        head: Option<&[u8]>,
        mut rows: Vec<Row>,
        batch: &mut WriteBatch,
    ) -> Result<(), StoreError> {
        let read = |value: &[u8]| {
            Chunk::decode(value).unwrap_or_else(|| {
                counters.damaged.fetch_add(1, Ordering::Relaxed);
                Chunk::default()
            })
        };
        let mut first = head.map(read).unwrap_or_default();
        let mut put = |part: u16, chunk: &Chunk| {
            let (partition, key) = self.place(part);
            let value = chunk.encode();
            counters.chunks.fetch_add(1, Ordering::Relaxed);
            counters.chunk_bytes.fetch_add(value.len() as u64, Ordering::Relaxed);
            batch.put(Family::Points, partition, key, value);
        };
        if first.parts.is_empty() {
            merge(&mut first.rows, rows);
        } else {
            // Which rows belong to which part, from the last part back.
            rows.sort_by_key(Row::place);
            let mut parts = first.parts.clone();
            for part in first.parts.iter().rev() {
                let of_part = rows.split_off(rows.partition_point(|row| row.place() < part.first));
                if of_part.is_empty() {
                    continue;
                }
                let (partition, key) = self.place(part.number);
                let value = view.get(Family::Points, &partition, &key)?;
                let mut chunk = value.as_deref().map(read).unwrap_or_default();
                merge(&mut chunk.rows, of_part);
                for (number, rest) in cut(&mut chunk.rows, &mut parts) {
                    put(number, &rest);
                }
                put(part.number, &chunk);
            }
            first.parts = parts;
            merge(&mut first.rows, rows);
        }
        let mut parts = std::mem::take(&mut first.parts);
        for (number, rest) in cut(&mut first.rows, &mut parts) {
            put(number, &rest);
        }
        first.parts = parts;
        put(0, &first);
        Ok(())
    }
}

/// Merges rows by place; of those with the same place the last of `more` stays.
pub(super) fn merge(rows: &mut Vec<Row>, more: Vec<Row>) {
    let in_order = more.is_sorted_by(|one, next| one.place() < next.place());
    let behind = rows
        .last()
        .zip(more.first())
        .is_none_or(|(last, first)| last.place() < first.place());
    rows.extend(more);
    if in_order && behind {
        return;
    }
    rows.sort_by_key(Row::place);
    rows.dedup_by(|later, earlier| {
        let same = later.place() == earlier.place();
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
}

/// Cuts what is too much off the end, into parts that are added to the list.
fn cut(rows: &mut Vec<Row>, parts: &mut Vec<Part>) -> Vec<(u16, Chunk)> {
    let mut made = Vec::new();
    if rows.len() <= MOST_ROWS {
        return made;
    }
    while rows.len() > MOST_ROWS {
        let Some(number) = parts.iter().map(|part| part.number).max().unwrap_or(0).checked_add(1) else {
            break;
        };
        let rest = rows.split_off(rows.len() - ENOUGH_ROWS);
        let first: Place = rest.first().map_or((i64::MAX, i64::MAX), Row::place);
        parts.push(Part { first, number });
        made.push((
            number,
            Chunk {
                parts: Vec::new(),
                rows: rest,
            },
        ));
    }
    parts.sort_unstable_by_key(|part| part.first);
    made
}
