//! The live table of data points: in memory until they are sealed.
//!
//! The commit thread alone adds, the sealer alone takes away.

use std::sync::{Mutex, MutexGuard, PoisonError};

use beamline_model::time::Timestamp;
use bytes::Bytes;

use super::Incoming;
use crate::api::Account;

/// All live data points.
#[derive(Default)]
pub(crate) struct Live {
    state: Mutex<State>,
}

/// What the table holds.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) points: Vec<Point>,
    /// The first commit that is not in this table yet.
    pub(crate) next_commit: u64,
}

/// One point.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) account: Account,
    pub(crate) series: u32,
    pub(crate) time: Timestamp,
    pub(crate) received: Timestamp,
    pub(crate) body: Bytes,
}

impl Live {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what a commit brought. `each` is handed a function to call with every point.
    pub(crate) fn apply(&self, commit: u64, each: impl FnOnce(&mut dyn FnMut(&Incoming<'_>))) {
        let mut state = self.state();
        each(&mut |point| {
            let kept = Point {
                account: point.account,
                series: point.series,
                time: point.time,
                received: point.received,
                body: Bytes::copy_from_slice(point.body),
            };
            state.points.push(kept);
        });
        state.next_commit = state.next_commit.max(commit + 1);
    }
}
