//! What X-Ray daemons tell about themselves with `PutTelemetryRecords`, kept per host to be looked at. The sum of all
//! is among the figures of the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use beamline_model::time::Timestamp;

/// Hosts remembered; then the one that was silent for longest makes room.
const MOST_HOSTS: usize = 1_000;

/// Counts of one daemon for about a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaemonCounts {
    /// Segments that applications sent to it.
    pub received: u64,
    /// Segments it passed on.
    pub sent: u64,
    /// Segments it lost because it was full.
    pub spilled: u64,
    /// Segments it refused.
    pub rejected: u64,
    /// Times it could not pass some on.
    pub failed: u64,
}

/// A daemon's host, and what it told so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonHost {
    /// Host name or instance id, empty if it gave none.
    pub name: String,
    /// When it told something last.
    pub heard: Timestamp,
    /// All it told, added up.
    pub counts: DaemonCounts,
}

/// All daemons.
#[derive(Debug, Default)]
pub struct Daemons {
    // A plain mutex: it is held for one update or one copy, never across an await.
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    hosts: BTreeMap<String, (Timestamp, DaemonCounts)>,
    /// Also of hosts that are no longer remembered.
    total: DaemonCounts,
}

impl DaemonCounts {
    /// Each count with its name, as figures tell them apart.
    #[must_use]
    pub fn each(&self) -> [(&'static str, u64); 5] {
        [
            ("received", self.received),
            ("sent", self.sent),
            ("spilled", self.spilled),
            ("rejected", self.rejected),
            ("failed", self.failed),
        ]
    }

    fn add(&mut self, more: &Self) {
        self.received = self.received.saturating_add(more.received);
        self.sent = self.sent.saturating_add(more.sent);
        self.spilled = self.spilled.saturating_add(more.spilled);
        self.rejected = self.rejected.saturating_add(more.rejected);
        self.failed = self.failed.saturating_add(more.failed);
    }
}

impl Daemons {
    /// Adds what one host told.
    pub fn put(&self, name: &str, records: &[DaemonCounts], now: Timestamp) {
        let name: String = name.chars().take(255).collect();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Told { hosts, total } = &mut *told;
        if !hosts.contains_key(&name) && hosts.len() >= MOST_HOSTS {
            let silent = hosts
                .iter()
                .min_by_key(|(_, (heard, _))| *heard)
                .map(|(name, _)| name.clone());
            if let Some(silent) = silent {
                hosts.remove(&silent);
            }
        }
        let (heard, counts) = hosts.entry(name).or_default();
        *heard = now.max(*heard);
        for record in records {
            counts.add(record);
            total.add(record);
        }
    }

    /// All that was told, added up.
    #[must_use]
    pub fn total(&self) -> DaemonCounts {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    /// All hosts by name.
    #[must_use]
    pub fn hosts(&self) -> Vec<DaemonHost> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = |(name, (heard, counts)): (&String, &(Timestamp, DaemonCounts))| DaemonHost {
            name: name.clone(),
            heard: *heard,
            counts: *counts,
        };
        told.hosts.iter().map(copy).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_tells_adds_up_and_the_most_silent_host_makes_room() {
        let daemons = Daemons::default();
        let one = DaemonCounts {
            received: 1,
            ..DaemonCounts::default()
        };
        daemons.put("first", &[one, one], Timestamp(1));
        assert_eq!(daemons.hosts()[0].counts.received, 2);
        for number in 0..MOST_HOSTS {
            daemons.put(&format!("host-{number}"), &[one], Timestamp(2));
        }
        assert_eq!(daemons.hosts().len(), MOST_HOSTS);
        assert!(daemons.hosts().iter().all(|host| host.name != "first"));
        assert_eq!(
            daemons.total().received,
            2 + MOST_HOSTS as u64,
            "the first is still counted"
        );
    }
}
