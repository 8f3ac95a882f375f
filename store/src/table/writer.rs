//! The one writer of the derived tables.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use beamline_model::digest::Digest;
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::calendar::{Calendar, Table};
use super::edges::EdgeWriter;
use super::groups::{CountedGroups, GroupWriter};
use super::hours::Hour;
use super::keys::Place;
use super::summaries::{self, CHUNK_ROWS, Head};
use super::{DigestAt, Sealed};
use crate::api::Account;
use crate::codec::varint::corrupt;
use crate::engine::{EngineError, View, WriteBatch};

/// A chunk of at least so many rows gets its index when it is sealed, a smaller one when it is merged.
const INDEX_AT_ONCE: usize = 128;
/// A chunk of fewer rows is merged with others.
pub(super) const SMALL: usize = 2048;
/// Records of hours kept in memory.
const MOST_HOURS: usize = 512;

/// Writes summaries, indexes and graph statistics. There is one; what its calls put into a batch has to be written
/// before the next call, and if that fails, it has to be opened anew.
#[derive(Debug)]
pub struct Tables {
    pub(super) calendars: BTreeMap<Account, Calendar>,
    pub(super) edges: EdgeWriter,
    groups: GroupWriter,
    hours: FxHashMap<Place, Hour>,
    counters: Counters,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) digests: u64,
    pub(super) superseded: u64,
    pub(super) bytes: u64,
    pub(super) merged: u64,
}

impl Tables {
    /// The writer of what the view shows.
    pub fn open(view: &dyn View) -> Result<Self, EngineError> {
        Ok(Self {
            calendars: Calendar::read_all(view, Table::Summaries)?,
            edges: EdgeWriter::open(view)?,
            groups: GroupWriter::open(view)?,
            hours: FxHashMap::default(),
            counters: Counters::default(),
        })
    }

    /// Adds to a batch what follows for statistics from groups that were made, changed or removed. Has to be called
    /// before traces are sealed after opening.
    pub fn follow_groups(
        &mut self,
        view: &dyn View,
        owners: &[(Account, String, String)],
        now: Timestamp,
        batch: &mut WriteBatch,
    ) -> Result<(), EngineError> {
        self.groups.follow(view, owners, now, batch)
    }

    /// The groups that have statistics of their own.
    #[must_use]
    pub fn counted_groups(&self) -> &CountedGroups {
        self.groups.counted()
    }

    /// Adds to a batch all that sealing these traces changes, and says where each digest will be, in the order given.
    /// No trace may be among them twice; `view` shows everything written so far.
    pub fn seal(
        &mut self,
        view: &dyn View,
        sealed: &[Sealed],
        batch: &mut WriteBatch,
    ) -> Result<Vec<DigestAt>, EngineError> {
        let first_change = batch.changes.len();
        let mut touched: BTreeMap<Place, ()> = BTreeMap::new();
        self.supersede(view, sealed, batch, &mut touched)?;

        let mut minutes: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (number, sealed) in sealed.iter().enumerate() {
            let place = Place {
                account: sealed.account,
                minute: sealed.digest.start.minute(),
            };
            minutes.entry(place).or_default().push(number);
        }
        let mut places = vec![DigestAt::default(); sealed.len()];
        for (place, mut numbers) in minutes {
            numbers.sort_by_key(|&number| (sealed[number].digest.start, sealed[number].digest.trace));
            for numbers in numbers.chunks(CHUNK_ROWS) {
                let digests: Vec<&Digest> = numbers.iter().map(|&number| &*sealed[number].digest).collect();
                let head = self.write_chunk(view, &place, &digests, digests.len() >= INDEX_AT_ONCE, batch)?;
                for (row, &number) in (0u16..).zip(numbers) {
                    places[number] = DigestAt {
                        minute: place.minute,
                        chunk: head.chunk,
                        row,
                    };
                }
                touched.insert(place.hour(), ());
            }
        }
        self.put_hours(view, touched.keys(), batch)?;
        self.edges.seal(view, self.groups.counted(), sealed, batch)?;
        self.counters.digests += sealed.len() as u64;
        self.counters.bytes += bytes_of(batch, first_change);
        Ok(places)
    }

    /// Marks the rows that sealed traces had before.
    fn supersede(
        &mut self,
        view: &dyn View,
        sealed: &[Sealed],
        batch: &mut WriteBatch,
        touched: &mut BTreeMap<Place, ()>,
    ) -> Result<(), EngineError> {
        let mut heads: BTreeMap<(Place, u32), Head> = BTreeMap::new();
        for Sealed {
            account,
            digest,
            before,
        } in sealed
        {
            let Some((_, at)) = before else { continue };
            let Some((place, head, _, row)) = summaries::locate(view, *account, digest.trace, *at)? else {
                continue; // dropped by retention meanwhile
            };
            let head = heads.entry((place, head.chunk)).or_insert(head);
            let row = u16::try_from(row).map_err(|_| corrupt("a summary chunk"))?;
            if let Err(at) = head.dead.binary_search(&row) {
                head.dead.insert(at, row);
                head.zone.rows = head.zone.rows.saturating_sub(1);
                self.counters.superseded += 1;
                let zone = &mut self.hour(view, &place)?.at(place.minute).zone;
                zone.rows = zone.rows.saturating_sub(1);
                touched.insert(place.hour(), ());
            }
        }
        heads.iter().for_each(|((place, _), head)| head.put(place, batch));
        Ok(())
    }

    /// Writes a chunk under the next number of its minute, and notes it in the hour and in the calendar.
    pub(super) fn write_chunk(
        &mut self,
        view: &dyn View,
        place: &Place,
        digests: &[&Digest],
        indexed: bool,
        batch: &mut WriteBatch,
    ) -> Result<Head, EngineError> {
        let minute = self.hour(view, place)?.at(place.minute);
        let head = summaries::write(place, minute.next_chunk, digests, indexed, batch);
        minute.next_chunk += 1;
        minute.zone.merge(&head.zone);
        minute.filtered = false;
        minute.loose += u32::from(is_loose(&head));
        let calendar = self.calendars.entry(place.account).or_default();
        if calendar.note(place.hour().minute, Some(&head.zone)) {
            calendar.put(Table::Summaries, place.account, batch);
        }
        Ok(head)
    }

    /// The record of the hour that a place is in.
    pub(super) fn hour(&mut self, view: &dyn View, place: &Place) -> Result<&mut Hour, EngineError> {
        let hour = place.hour();
        Ok(match self.hours.entry(hour) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(Hour::read(view, &hour)?),
        })
    }

    pub(super) fn put_hours<'a>(
        &mut self,
        view: &dyn View,
        hours: impl Iterator<Item = &'a Place>,
        batch: &mut WriteBatch,
    ) -> Result<(), EngineError> {
        for hour in hours {
            self.hour(view, hour)?.put(hour, batch);
        }
        if self.hours.len() > MOST_HOURS {
            self.hours.clear();
        }
        Ok(())
    }

    /// Adds to a batch one piece of background work that is due, such as merging the small chunks of a minute that has
    /// become quiet; `None` when there is nothing to do now. `view` shows everything written so far.
    pub fn maintain(&mut self, view: &dyn View, now: Timestamp) -> Result<Option<WriteBatch>, EngineError> {
        let mut batch = WriteBatch::default();
        let worked = self.tidy_summaries(view, now, &mut batch)? || self.edges.tidy(view, now, &mut batch)?;
        Ok(worked.then_some(batch))
    }

    pub(super) fn note_merged(&mut self, rows: usize) {
        self.counters.merged += rows as u64;
    }

    /// Forgets what lies below a minute, rounded down to the hour, and gives that hour's first minute: the bucket below
    /// which `Summary`, `Bitmap`, `Filter` and `Edge` can be dropped once the batch is written.
    pub fn drop_before(&mut self, minute: u32, batch: &mut WriteBatch) -> u32 {
        let cut = minute - minute % 60;
        for (table, calendars) in [
            (Table::Summaries, &mut self.calendars),
            (Table::Edges, &mut self.edges.calendars),
        ] {
            for (&account, calendar) in calendars {
                if calendar.forget_below(cut) {
                    calendar.put(table, account, batch);
                }
            }
        }
        self.hours.retain(|hour, _| hour.minute >= cut);
        self.edges.forget_below(cut);
        self.groups.forget_below(cut, batch);
        cut
    }

    /// Counters for `/metrics` since the start: name and value.
    #[must_use]
    pub fn figures(&self) -> Vec<(&'static str, u64)> {
        let days = |calendars: &BTreeMap<Account, Calendar>| {
            calendars
                .values()
                .flat_map(|calendar| calendar.days.values())
                .map(|day| u64::from(day.open.count_ones()))
                .sum()
        };
        vec![
            ("beamline_store_digests_sealed_total", self.counters.digests),
            ("beamline_store_digests_superseded_total", self.counters.superseded),
            ("beamline_store_digests_merged_total", self.counters.merged),
            ("beamline_store_table_written_bytes_total", self.counters.bytes),
            ("beamline_store_summary_hours_open", days(&self.calendars)),
            ("beamline_store_edge_hours_open", days(&self.edges.calendars)),
        ]
    }
}

/// Whether a chunk waits for background work.
pub(super) fn is_loose(head: &Head) -> bool {
    head.index.is_none() || head.size < SMALL
}

fn bytes_of(batch: &WriteBatch, from: usize) -> u64 {
    let size = |change: &crate::engine::Change| match change {
        crate::engine::Change::Put { part, key, value, .. } => part.len() + key.len() + value.len(),
        _ => 0,
    };
    batch.changes[from..].iter().map(|change| size(change) as u64).sum()
}

#[cfg(test)]
#[path = "writer_tests.rs"]
pub(crate) mod tests;
