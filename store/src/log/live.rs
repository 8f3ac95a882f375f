//! The live table of log events: in memory until they are sealed.
//!
//! The commit thread alone adds, the sealer alone takes away.

use std::sync::{Mutex, MutexGuard, PoisonError};

use beamline_model::time::Timestamp;
use bytes::Bytes;

use super::Incoming;
use crate::api::Account;
use crate::api::log::LogStreamId;

/// All live log events.
#[derive(Default)]
pub(crate) struct Live {
    state: Mutex<State>,
}

/// What the table holds.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) events: Vec<Event>,
    /// The first commit that is not in this table yet.
    pub(crate) next_commit: u64,
}

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) account: Account,
    pub(crate) stream: LogStreamId,
    pub(crate) time: Timestamp,
    pub(crate) received: Timestamp,
    pub(crate) context: Option<Bytes>,
    pub(crate) body: Bytes,
}

impl Live {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what a commit brought. `each` is handed a function to call with every event.
    pub(crate) fn apply(&self, commit: u64, each: impl FnOnce(&mut dyn FnMut(&Incoming<'_>))) {
        let mut state = self.state();
        each(&mut |event| {
            let kept = Event {
                account: event.account,
                stream: event.stream,
                time: event.time,
                received: event.received,
                context: event.context.map(Bytes::copy_from_slice),
                body: Bytes::copy_from_slice(event.body),
            };
            state.events.push(kept);
        });
        state.next_commit = state.next_commit.max(commit + 1);
    }
}
