//! Service-graph statistics by time.
//!
//! A bucket's statistics are the sum of all values under it: every seal adds one value to each minute that its traces'
//! requests ended in, and background work replaces many values by their sum. When the minutes of ten are quiet, their
//! sum is also kept for the ten minutes, and then for the hour. From then on what comes late is added to each length
//! that is there, so that all lengths stay exact.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::ops::{Bound, ControlFlow};

use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::Sealed;
use super::calendar::{Calendar, Table};
use super::groups::CountedGroups;
use super::keys::{self, Place};
use crate::api::{Account, Wanted, WholeGraph};
use crate::codec::varint::{Put, Take, corrupt};
use crate::engine::{Change, EngineError, Family, KeyRange, View, WriteBatch};

pub mod counts;
pub mod marks;
pub mod packed;
pub mod read;
pub mod sum;

use sum::{Minutes, Sum};

const SECOND: i64 = 1_000_000_000;
/// So many values of one bucket are summed up at once, however busy it is.
const MOST_VALUES: u16 = 32;
const QUIET: i64 = 90 * SECOND;
const MOST_HOURS: usize = 512;

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// A minute.
    Minute = 0,
    /// Ten minutes.
    Ten = 1,
    /// An hour.
    Hour = 2,
}

const SLOTS: usize = 60 + 6 + 1;

/// How many values there are for each bucket of an hour: its minutes, its tens, itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeHour {
    values: [u16; SLOTS],
    next: u32,
    /// Latest change.
    changed: Timestamp,
    /// Of each minute, a number that grows when something is added to it; 0 if nothing was, or by a version that did not
    /// keep it.
    marks: [u32; 60],
}

impl Default for EdgeHour {
    fn default() -> Self {
        Self {
            values: [0; SLOTS],
            next: 0,
            changed: Timestamp::ZERO,
            marks: [0; 60],
        }
    }
}

/// The bucket of a slot: its length and its first minute in the hour.
fn bucket(slot: usize) -> (Length, u32) {
    match slot {
        0..60 => (Length::Minute, slot as u32),
        60..66 => (Length::Ten, (slot as u32 - 60) * 10),
        _ => (Length::Hour, 0),
    }
}

/// The slots that hold a minute of the hour, shortest first.
fn slots(minute: u32) -> [usize; 3] {
    let minute = minute as usize % 60;
    [minute, 60 + minute / 10, 66]
}

impl EdgeHour {
    /// Reads the record of an hour; empty if there is none.
    pub fn read(view: &dyn View, hour: &Place) -> Result<Self, EngineError> {
        match view.get(Family::Edge, &hour.part(), &keys::EDGE_HOUR)? {
            Some(bytes) => Self::decode(&bytes).ok_or_else(|| corrupt("an hour of graph statistics")),
            None => Ok(Self::default()),
        }
    }

    /// Whether there are statistics of this length beginning at this minute.
    #[must_use]
    pub fn has(&self, length: Length, minute: u32) -> bool {
        self.values[slots(minute)[length as usize]] > 0
    }

    /// What every change of the hour changes: how many values it got so far, and the latest change.
    #[must_use]
    pub fn state(&self) -> (u32, Timestamp) {
        (self.next, self.changed)
    }

    fn put(&self, hour: &Place, batch: &mut WriteBatch) {
        let mut value = vec![2];
        self.values.iter().for_each(|&values| value.varint(u64::from(values)));
        value.varint(u64::from(self.next));
        value.zigzag(self.changed.0);
        self.marks.iter().for_each(|&mark| value.varint(u64::from(mark)));
        batch.changes.push(Change::Put {
            family: Family::Edge,
            part: hour.part(),
            key: keys::EDGE_HOUR.to_vec(),
            value,
        });
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        let mut hour = Self::default();
        let version = take.byte()?;
        if !(1..=2).contains(&version) {
            return None;
        }
        for values in &mut hour.values {
            *values = take.number()?;
        }
        hour.next = take.number()?;
        hour.changed = Timestamp(take.zigzag()?);
        if version == 2 {
            for mark in &mut hour.marks {
                *mark = take.number()?;
            }
        }
        Some(hour)
    }
}

/// Adds what is wanted of all values of a bucket to a sum.
pub fn add_bucket(
    view: &dyn View,
    place: &Place,
    length: Length,
    wanted: &dyn Wanted,
    sum: &mut Sum,
) -> Result<(), EngineError> {
    let start = keys::edges(length as u8);
    let end = keys::edges(length as u8 + 1);
    let range = KeyRange {
        start: Bound::Included(start),
        end: Bound::Excluded(end),
    };
    let mut sound = Some(());
    view.scan(Family::Edge, &place.part(), range, false, &mut |_, value| {
        sound = packed::add(value, wanted, sum);
        if sound.is_some() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    sound.ok_or_else(|| corrupt("graph statistics"))
}

/// Writes graph statistics; see [`Tables`](super::Tables).
#[derive(Debug, Default)]
pub(super) struct EdgeWriter {
    pub(super) calendars: BTreeMap<Account, Calendar>,
    hours: FxHashMap<Place, EdgeHour>,
}

impl EdgeWriter {
    pub(super) fn open(view: &dyn View) -> Result<Self, EngineError> {
        Ok(Self {
            calendars: Calendar::read_all(view, Table::Edges)?,
            hours: FxHashMap::default(),
        })
    }

    pub(super) fn forget_below(&mut self, minute: u32) {
        self.hours.retain(|hour, _| hour.minute >= minute);
    }

    fn hour(&mut self, view: &dyn View, place: &Place) -> Result<&mut EdgeHour, EngineError> {
        let hour = place.hour();
        Ok(match self.hours.entry(hour) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(EdgeHour::read(view, &hour)?),
        })
    }

    /// Adds what sealed traces contribute to their account and to the groups they belong to, less what they contributed
    /// before.
    pub(super) fn seal(
        &mut self,
        view: &dyn View,
        groups: &CountedGroups,
        sealed: &[Sealed],
        batch: &mut WriteBatch,
    ) -> Result<(), EngineError> {
        let mut accounts: BTreeMap<Account, Minutes> = BTreeMap::new();
        let mut latest = Timestamp::ZERO;
        for Sealed {
            account,
            digest,
            before,
        } in sealed
        {
            let minutes = accounts.entry(*account).or_default();
            minutes.add(digest, 1);
            if let Some((before, _)) = before {
                minutes.add(before, -1);
            }
            for group in groups.of(*account) {
                let counts = |minute| minute >= group.since;
                if group.has(digest) {
                    let minutes = accounts.entry(group.number).or_default();
                    minutes.add_where(digest, 1, counts);
                }
                if let Some((before, _)) = before.as_ref().filter(|(before, _)| group.has(before)) {
                    let minutes = accounts.entry(group.number).or_default();
                    minutes.add_where(before, -1, counts);
                }
            }
            latest = latest.max(digest.updated);
        }
        for (account, minutes) in accounts {
            let mut touched = BTreeMap::new();
            for (minute, sum) in minutes.sums() {
                let Some(value) = packed::encode(sum) else { continue };
                let place = Place { account, minute };
                let hour = self.hour(view, &place)?;
                hour.changed = hour.changed.max(latest);
                for slot in slots(minute) {
                    if slot < 60 || hour.values[slot] > 0 {
                        push(hour, &place.hour(), slot, value.clone(), batch);
                    }
                }
                hour.marks[minute as usize % 60] = hour.next;
                touched.insert(place.hour(), ());
            }
            let calendar = self.calendars.entry(account).or_default();
            let mut changed = false;
            touched
                .keys()
                .for_each(|hour: &Place| changed |= calendar.note(hour.minute, None));
            if changed {
                calendar.put(Table::Edges, account, batch);
            }
            for hour in touched.keys() {
                self.hour(view, hour)?.put(hour, batch);
            }
        }
        if self.hours.len() > MOST_HOURS {
            self.hours.clear();
        }
        Ok(())
    }

    /// Sums up the values of a bucket that has become quiet, or makes the next longer bucket.
    pub(super) fn tidy(
        &mut self,
        view: &dyn View,
        now: Timestamp,
        batch: &mut WriteBatch,
    ) -> Result<bool, EngineError> {
        let open: Vec<Place> = self
            .calendars
            .iter()
            .flat_map(|(&account, days)| days.open_hours().map(move |minute| Place { account, minute }))
            .collect();
        for place in open {
            let hour = self.hour(view, &place)?;
            let quiet = hour.changed.plus(QUIET) < now;
            let ended = |minutes: u32| Timestamp::from_minute(place.minute.saturating_add(minutes)).plus(QUIET) < now;
            let due = |slot: usize, values: u16| {
                let (length, first) = bucket(slot);
                let last = first + [1, 10, 60][length as usize];
                values > MOST_VALUES || values > 1 && (quiet || ended(last))
            };
            let busy = (0..SLOTS).find(|&slot| due(slot, hour.values[slot]));
            if let Some(slot) = busy {
                self.replace(view, &place, slot, batch)?;
                return Ok(true);
            }
            let filled = |slots: std::ops::Range<usize>| hour.values[slots].iter().any(|&values| values > 0);
            let ten = (0..6).find(|&ten| {
                hour.values[60 + ten] == 0 && filled(ten * 10..ten * 10 + 10) && (quiet || ended(ten as u32 * 10 + 10))
            });
            let slot = ten
                .map(|ten| 60 + ten)
                .or_else(|| (hour.values[66] == 0 && (quiet || ended(60))).then_some(66));
            if let Some(slot) = slot {
                self.roll_up(view, &place, slot, batch)?;
                return Ok(true);
            }
            if quiet
                && hour.values[66] > 0
                && let Some(calendar) = self.calendars.get_mut(&place.account)
            {
                calendar.close(place.minute);
                calendar.put(Table::Edges, place.account, batch);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Replaces all values of a bucket by their sum.
    fn replace(
        &mut self,
        view: &dyn View,
        hour: &Place,
        slot: usize,
        batch: &mut WriteBatch,
    ) -> Result<(), EngineError> {
        let (length, first) = bucket(slot);
        let place = Place {
            minute: hour.minute + first,
            ..*hour
        };
        let mut sum = Sum::default();
        add_bucket(view, &place, length, &WholeGraph, &mut sum)?;
        let all = KeyRange {
            start: Bound::Included(keys::edges(length as u8)),
            end: Bound::Excluded(keys::edges(length as u8 + 1)),
        };
        view.scan(Family::Edge, &place.part(), all, false, &mut |key, _| {
            batch.changes.push(Change::Delete {
                family: Family::Edge,
                part: place.part(),
                key: key.to_vec(),
            });
            ControlFlow::Continue(())
        })?;
        let record = self.hour(view, hour)?;
        record.values[slot] = 0;
        // Even of nothing there is one value: a longer bucket without any would count as not made yet.
        push(record, hour, slot, packed::encode_even_nothing(&sum), batch);
        record.put(hour, batch);
        Ok(())
    }

    /// Makes a longer bucket from the shorter ones in it.
    fn roll_up(
        &mut self,
        view: &dyn View,
        hour: &Place,
        slot: usize,
        batch: &mut WriteBatch,
    ) -> Result<(), EngineError> {
        let (length, first) = bucket(slot);
        let mut sum = Sum::default();
        let record = self.hour(view, hour)?;
        let parts = match length {
            // All tens with anything in them are made before the hour is.
            Length::Hour => 60..66,
            Length::Minute | Length::Ten => first as usize..first as usize + 10,
        };
        for part in parts.filter(|&part| record.values[part] > 0) {
            let (length, first) = bucket(part);
            add_bucket(
                view,
                &Place {
                    minute: hour.minute + first,
                    ..*hour
                },
                length,
                &WholeGraph,
                &mut sum,
            )?;
        }
        push(record, hour, slot, packed::encode_even_nothing(&sum), batch);
        record.put(hour, batch);
        Ok(())
    }
}

/// Adds one value to a bucket.
fn push(record: &mut EdgeHour, hour: &Place, slot: usize, value: Vec<u8>, batch: &mut WriteBatch) {
    let (length, first) = bucket(slot);
    let place = Place {
        minute: hour.minute + first,
        ..*hour
    };
    let key = keys::edge(length as u8, record.next);
    record.next = record.next.wrapping_add(1);
    record.values[slot] = record.values[slot].saturating_add(1);
    batch.changes.push(Change::Put {
        family: Family::Edge,
        part: place.part(),
        key,
        value,
    });
}
