//! Insights as they are kept.

use serde::{Deserialize, Serialize};

use super::detect::Anomaly;
use super::history::Counts;
use super::id::InsightId;
use super::words;
use crate::digest::ServiceId;
use crate::time::Timestamp;

/// Whether it is still going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// Something unusual happened less than ten minutes ago.
    Active,
    /// It is over.
    Closed,
}

/// What is known of an insight, and what it was concluded from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insight {
    id: String,
    /// Name of the group in which it was found.
    pub group: String,
    /// What tells that group from a deleted one of the same name; empty for the group that always exists.
    pub group_unique: String,
    /// Whether it is still going on.
    pub state: State,
    /// First minute in which something was unusual.
    pub first: u32,
    /// The minute after the last.
    pub end: u32,
    updated: i64,
    /// The farthest downstream of the unusual services.
    pub root: ServiceId,
    /// The unusual services, the one with the most unexpected faults first. Never empty.
    pub anomalies: Vec<Anomaly>,
    /// The root's requests in that time.
    pub at_root: Counts,
    /// Requests from outside in that time.
    pub clients: Counts,
    /// How it came about, in order. Never empty.
    pub events: Vec<Event>,
}

/// A change of an insight that was worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    at: i64,
    /// What was known then.
    pub summary: String,
    /// See [`Insight::root`].
    pub root: ServiceId,
    /// The unusual services then.
    pub services: Vec<ServiceId>,
    /// See [`Insight::at_root`].
    pub at_root: Counts,
    /// See [`Insight::clients`].
    pub clients: Counts,
    /// The insight's state then.
    pub state: State,
    /// The group wanted it to be announced. Kept for a bus that is to carry it.
    pub announce: bool,
}

impl Insight {
    /// One that nothing is known of yet.
    pub(super) fn new(id: InsightId, group: &str, group_unique: &str, root: ServiceId) -> Self {
        Self {
            id: id.to_string(),
            group: group.to_owned(),
            group_unique: group_unique.to_owned(),
            state: State::Active,
            first: 0,
            end: 0,
            updated: 0,
            root,
            anomalies: Vec::new(),
            at_root: Counts::default(),
            clients: Counts::default(),
            events: Vec::new(),
        }
    }

    /// Its id as text, which is also the name it is kept under.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it began.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        Timestamp::from_minute(self.first)
    }

    /// When it ended; `None` while it goes on.
    #[must_use]
    pub fn ended(&self) -> Option<Timestamp> {
        (self.state == State::Closed).then(|| Timestamp::from_minute(self.end))
    }

    /// When it was changed last.
    #[must_use]
    pub fn updated(&self) -> Timestamp {
        Timestamp(self.updated)
    }

    pub(super) fn touch(&mut self, now: Timestamp) {
        self.updated = self.updated.max(now.0);
    }

    /// What happened, in at least two sentences.
    #[must_use]
    pub fn summary(&self) -> String {
        words::summary(self)
    }

    /// The services that are most to blame, the root cause among them; at most five and at least one.
    pub fn top_services(&self) -> impl Iterator<Item = &ServiceId> {
        top(self.anomalies.iter().map(|anomaly| &anomaly.service), &self.root)
    }
}

impl Event {
    pub(super) fn of(insight: &Insight, now: Timestamp, announce: bool) -> Self {
        Self {
            at: now.0,
            summary: insight.summary(),
            root: insight.root.clone(),
            services: insight.anomalies.iter().map(|it| it.service.clone()).collect(),
            at_root: insight.at_root,
            clients: insight.clients,
            state: insight.state,
            announce,
        }
    }

    /// When this was found out.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        Timestamp(self.at)
    }

    /// See [`Insight::top_services`].
    pub fn top_services(&self) -> impl Iterator<Item = &ServiceId> {
        top(self.services.iter(), &self.root)
    }
}

fn top<'a>(all: impl Iterator<Item = &'a ServiceId>, root: &'a ServiceId) -> impl Iterator<Item = &'a ServiceId> {
    const MOST: usize = 5;
    let others = all.filter(move |service| *service != root).take(MOST - 1);
    std::iter::once(root).chain(others)
}
