//! What search and the service graph look at: sealed and live traces of one moment, each once.

use std::sync::{Arc, PoisonError};

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;

use crate::api::Account;
use crate::derive;
use crate::engine::{EngineError, EngineErrorKind, View};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::entry::Entry;
use crate::table::{Live, LiveTraces, Moment};

impl Inner {
    /// Lets `read` look at the traces of an account as they are now. Everything acknowledged before the call is
    /// there; nothing is there twice.
    pub(crate) fn at_this_moment<T, E: From<StoreError>>(
        &self,
        account: Account,
        read: impl FnOnce(&Moment<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let entries = self.live.of_account(account);
        let view = self.engine.view();
        drop(gate);
        let live = Entries {
            store: self,
            days: view.days(),
            view: &*view,
            entries,
        };
        read(&Moment {
            view: &*view,
            live: &live,
            cache: &self.cache,
        })
    }
}

/// Live traces, and what is needed to derive them.
struct Entries<'a> {
    store: &'a Inner,
    view: &'a dyn View,
    days: Vec<u16>,
    entries: Vec<Arc<Entry>>,
}

impl LiveTraces for Entries<'_> {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn trace(&self, number: usize) -> TraceId {
        self.entries[number].key.1
    }

    fn latest_start(&self, number: usize) -> Timestamp {
        self.entries[number].latest_start
    }

    fn derive(&self, number: usize) -> Result<Option<Live>, EngineError> {
        let entry = &self.entries[number];
        derive::for_readers(self.store, self.view, &self.days, entry).map_err(|error| match error {
            StoreError::Engine { kind, detail } => kind.because(detail),
            other => EngineErrorKind::Corrupted.because(other.to_string()),
        })
    }
}
