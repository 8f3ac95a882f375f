//! The live table of data points: in memory until they are sealed.
//!
//! The commit thread alone adds, the sealer alone takes away; readers take an entry by counting a reference. Whoever
//! changes an entry that somebody holds changes a copy.

use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use beamline_model::metric::Point;
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::chunk::Row;
use super::{Incoming, SeriesKey};
use crate::api::Account;

/// All live data points.
#[derive(Default)]
pub(crate) struct Live {
    state: Mutex<State>,
}

/// What the table holds.
#[derive(Default)]
pub(crate) struct State {
    entries: FxHashMap<SeriesKey, Arc<Entry>>,
    bytes: usize,
    points: usize,
    /// The first commit that is not in this table yet.
    pub(crate) next_commit: u64,
}

/// The live points of one series, in order of arrival.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: SeriesKey,
    /// When the first point arrived in this table.
    pub(crate) opened: Instant,
    /// Some point has exemplars.
    pub(crate) has_exemplars: bool,
    points: Vec<Held>,
    arena: Vec<u8>,
}

/// One point, its body in the arena.
#[derive(Clone, Copy, Debug)]
struct Held {
    time: Timestamp,
    received: Timestamp,
    commit: u64,
    at: u32,
    length: u32,
}

impl Entry {
    fn new(key: SeriesKey, now: Instant) -> Self {
        Self {
            key,
            opened: now,
            has_exemplars: false,
            points: Vec::new(),
            arena: Vec::new(),
        }
    }

    fn add(&mut self, time: Timestamp, received: Timestamp, commit: u64, body: &[u8]) {
        self.has_exemplars |= Point::has_exemplars(body);
        self.points.push(Held {
            time,
            received,
            commit,
            at: self.arena.len() as u32,
            length: body.len() as u32,
        });
        self.arena.extend_from_slice(body);
    }

    fn body(&self, held: &Held) -> &[u8] {
        &self.arena[held.at as usize..][..held.length as usize]
    }

    /// How many points there are.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// The first commit that holds a point of this entry.
    pub(crate) fn first_commit(&self) -> u64 {
        self.points.first().map_or(u64::MAX, |held| held.commit)
    }

    /// Bytes of memory it takes, roughly.
    pub(crate) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.arena.len() + self.points.len() * size_of::<Held>()
    }

    /// The points that can be read, and how many cannot, each with the moment of its reception.
    pub(crate) fn rows(&self) -> (Vec<(Row, Timestamp)>, u64) {
        let mut damaged = 0;
        let rows = self.points.iter().filter_map(|held| {
            let point = Point::decode(self.body(held));
            damaged += u64::from(point.is_none());
            Some((Row::new(point?, held.received), held.received))
        });
        let rows = rows.collect();
        (rows, damaged)
    }

    /// Earliest and latest time of a point.
    pub(crate) fn times(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.points.iter().map(|held| held.time).min()?;
        let last = self.points.iter().map(|held| held.time).max()?;
        Some((first, last))
    }

    /// What is left when the first `sealed` points are sealed; `None` when nothing is.
    fn without_first(&self, sealed: usize, now: Instant) -> Option<Self> {
        let left = self.points.get(sealed..).filter(|left| !left.is_empty())?;
        let mut rest = Self::new(self.key, now);
        for held in left {
            rest.add(held.time, held.received, held.commit, self.body(held));
        }
        Some(rest)
    }
}

impl State {
    /// Bytes held by all entries.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All entries.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.values()
    }

    fn add(&mut self, point: &Incoming<'_>, commit: u64, now: Instant) {
        let key = (point.account, point.series);
        let (entry, made) = match self.entries.entry(key) {
            Occupied(found) => (Arc::make_mut(found.into_mut()), 0),
            Vacant(vacant) => {
                let entry = Arc::make_mut(vacant.insert(Arc::new(Entry::new(key, now))));
                let made = entry.held_bytes();
                (entry, made)
            }
        };
        let before = entry.held_bytes();
        entry.add(point.time, point.received, commit, point.body);
        self.bytes += made + entry.held_bytes() - before;
        self.points += 1;
    }
}

impl Live {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes held by all entries.
    pub(crate) fn bytes(&self) -> usize {
        self.state().bytes
    }

    /// Live points.
    pub(crate) fn len(&self) -> usize {
        self.state().points
    }

    /// The live points of a series as they are now.
    pub(crate) fn get(&self, key: SeriesKey) -> Option<Arc<Entry>> {
        self.state().entries.get(&key).map(Arc::clone)
    }

    /// The live points of an account's series that have exemplars.
    pub(crate) fn with_exemplars(&self, account: Account) -> Vec<Arc<Entry>> {
        let state = self.state();
        let wanted = |entry: &&Arc<Entry>| entry.has_exemplars && entry.key.0 == account;
        state.entries().filter(wanted).map(Arc::clone).collect()
    }

    /// Between which times series have live points; `None` for those without.
    pub(crate) fn times(&self, account: Account, series: &[u32]) -> Vec<Option<(Timestamp, Timestamp)>> {
        let state = self.state();
        let entries = series.iter().map(|&series| state.entries.get(&(account, series)));
        entries.map(|entry| entry.and_then(|entry| entry.times())).collect()
    }

    /// Adds what a commit brought. `each` is handed a function to call with every point.
    pub(crate) fn apply(&self, commit: u64, each: impl FnOnce(&mut dyn FnMut(&Incoming<'_>))) {
        let now = Instant::now();
        let mut state = self.state();
        each(&mut |point| state.add(point, commit, now));
        state.next_commit = state.next_commit.max(commit + 1);
    }

    /// Takes points away that were sealed as they are in `sealed`. What arrived meanwhile stays. Gives back what is to be
    /// freed.
    pub(crate) fn sealed(&self, sealed: &[Arc<Entry>]) -> Vec<Arc<Entry>> {
        let now = Instant::now();
        let mut state = self.state();
        let mut gone = Vec::with_capacity(sealed.len());
        for entry in sealed {
            let Some(found) = state.entries.remove(&entry.key) else {
                continue;
            };
            state.bytes -= found.held_bytes();
            state.points -= entry.len();
            if !Arc::ptr_eq(&found, entry)
                && let Some(rest) = found.without_first(entry.len(), now)
            {
                state.bytes += rest.held_bytes();
                state.entries.insert(entry.key, Arc::new(rest));
            }
            gone.push(found);
        }
        gone
    }
}
