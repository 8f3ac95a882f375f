//! Requests and faults by the minute.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::digest::ServiceId;
use crate::stats::{GraphStats, Stats};

/// Requests by outcome, as far as faults are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All requests.
    pub total: i64,
    /// Those that ended well: neither fault nor error nor throttle.
    pub ok: i64,
    /// Those that ended in a fault.
    pub fault: i64,
}

impl Counts {
    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        self.ok = self.ok.saturating_add(other.ok);
        self.fault = self.fault.saturating_add(other.fault);
    }
}

impl From<&Stats> for Counts {
    fn from(stats: &Stats) -> Self {
        Self {
            total: stats.total(),
            ok: stats.ok,
            fault: stats.fault,
        }
    }
}

/// What is counted of one minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Requests of each service.
    pub services: BTreeMap<ServiceId, Counts>,
    /// Requests that entered from outside.
    pub clients: Counts,
    /// Who called whom, and how often, and waited for the answer. Messages are left out: a sender does not fail with its
    /// receiver.
    pub calls: BTreeMap<(ServiceId, ServiceId), i64>,
}

impl From<&GraphStats> for Minute {
    fn from(graph: &GraphStats) -> Self {
        let mut minute = Self::default();
        for (id, node) in &graph.nodes {
            minute.services.insert(id.clone(), Counts::from(&node.stats));
        }
        for (id, edge) in &graph.edges {
            match &id.from {
                None => minute.clients.add(Counts::from(&edge.stats)),
                Some(from) if !id.link => {
                    minute.calls.insert((from.clone(), id.to.clone()), edge.stats.total());
                }
                Some(_) => {}
            }
        }
        minute
    }
}

impl Minute {
    /// Adds what is counted elsewhere of the same minute.
    pub fn add(&mut self, other: Self) {
        for (id, counts) in other.services {
            self.services.entry(id).or_default().add(counts);
        }
        self.clients.add(other.clients);
        for (pair, calls) in other.calls {
            *self.calls.entry(pair).or_default() += calls;
        }
    }
}

/// The minutes of one service, or of all clients. Minutes without a request are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track(BTreeMap<u32, Counts>);

impl Track {
    /// Sets a minute.
    pub fn put(&mut self, minute: u32, counts: Counts) {
        if counts.total > 0 {
            self.0.insert(minute, counts);
        } else {
            self.0.remove(&minute);
        }
    }

    /// Adds to a minute.
    pub fn add(&mut self, minute: u32, counts: Counts) {
        self.0.entry(minute).or_default().add(counts);
    }

    /// One minute.
    #[must_use]
    pub fn at(&self, minute: u32) -> Counts {
        self.0.get(&minute).copied().unwrap_or_default()
    }

    /// The sum of some minutes.
    #[must_use]
    pub fn sum(&self, minutes: Range<u32>) -> Counts {
        let mut sum = Counts::default();
        self.within(minutes).for_each(|(_, counts)| sum.add(counts));
        sum
    }

    /// The minutes with requests among some, in order.
    pub fn within(&self, minutes: Range<u32>) -> impl DoubleEndedIterator<Item = (u32, Counts)> + '_ {
        let minutes = minutes.start..minutes.end.max(minutes.start);
        self.0.range(minutes).map(|(&minute, &counts)| (minute, counts))
    }
}

/// What is known of some minutes. Which ones, and in which order they became known, is the business of who asks.
#[derive(Clone, Debug, Default)]
pub struct History {
    numbers: BTreeMap<ServiceId, usize>,
    /// Services by number, with their minutes.
    pub(super) tracks: Vec<(ServiceId, Track)>,
    pub(super) clients: Track,
    /// Minutes in which one service called another, by their numbers.
    calls: BTreeMap<(usize, usize), BTreeSet<u32>>,
    known: BTreeSet<u32>,
}

impl History {
    /// Sets a minute that was not known.
    pub fn put(&mut self, at: u32, minute: Minute) {
        self.known.insert(at);
        for (id, counts) in minute.services {
            let number = self.number(id);
            self.tracks[number].1.put(at, counts);
        }
        self.clients.put(at, minute.clients);
        // What was corrected away leaves a zero.
        for ((from, to), _) in minute.calls.into_iter().filter(|&(_, calls)| calls > 0) {
            let pair = (self.number(from), self.number(to));
            self.calls.entry(pair).or_default().insert(at);
        }
    }

    /// Notes that all is known of some minutes: those that were not set had no request.
    pub fn complete(&mut self, minutes: Range<u32>) {
        self.known.extend(minutes);
    }

    /// Whether a minute is known, with or without requests.
    #[must_use]
    pub fn knows(&self, minute: u32) -> bool {
        self.known.contains(&minute)
    }

    /// The minutes of a service.
    #[must_use]
    pub fn track(&self, service: &ServiceId) -> Option<&Track> {
        self.numbers.get(service).map(|&number| &self.tracks[number].1)
    }

    /// Whether a service called another in some minutes.
    pub(super) fn called(&self, from: usize, to: usize, minutes: Range<u32>) -> bool {
        let calls = self.calls.get(&(from, to));
        calls.is_some_and(|calls| calls.range(minutes).next().is_some())
    }

    fn number(&mut self, id: ServiceId) -> usize {
        let next = self.tracks.len();
        match self.numbers.entry(id) {
            std::collections::btree_map::Entry::Occupied(known) => *known.get(),
            std::collections::btree_map::Entry::Vacant(unknown) => {
                self.tracks.push((unknown.key().clone(), Track::default()));
                *unknown.insert(next)
            }
        }
    }
}
