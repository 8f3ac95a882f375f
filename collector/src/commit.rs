//! Many records, one write: what the store answers, in words that receivers can pass on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use beamline_store::api::{Batch, Committed};
use beamline_store::{Store, StoreError};

use crate::report::Dropped;

/// Nothing is wrong with the input, but it cannot be taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Busy {
    /// Why.
    pub reason: Dropped,
    /// When trying again makes sense.
    pub retry_after: Duration,
}

impl Busy {
    /// For this reason. When to come back is different for each who is refused.
    #[must_use]
    pub fn new(reason: Dropped) -> Self {
        // Clients that are refused together should not come back together.
        static REFUSED: AtomicU64 = AtomicU64::new(0);
        let spread = REFUSED.fetch_add(1, Ordering::Relaxed) % 3;
        let seconds = match reason {
            Dropped::StoreReadOnly | Dropped::StoreFailed => 3 + spread,
            _ => 1 + spread,
        };
        Self {
            reason,
            retry_after: Duration::from_secs(seconds),
        }
    }

    fn message(self) -> &'static str {
        match self.reason {
            Dropped::InFlight => "too many bytes are being worked on",
            Dropped::StoreOverloaded => "more comes in than can be written",
            Dropped::StoreReadOnly => "nothing can be written at the moment",
            Dropped::Stopping => "the server is stopping",
            _ => "the store failed",
        }
    }
}

impl From<&StoreError> for Busy {
    fn from(error: &StoreError) -> Self {
        Self::new(match error {
            StoreError::Overloaded(_) => Dropped::StoreOverloaded,
            StoreError::ReadOnly(_) => Dropped::StoreReadOnly,
            StoreError::Closed => Dropped::Stopping,
            _ => Dropped::StoreFailed,
        })
    }
}

/// Keeps a batch, and returns when it is kept.
pub(crate) async fn commit(store: &Store, batch: Batch) -> Result<Committed, Busy> {
    if batch.records.is_empty() {
        return Ok(Committed::default());
    }
    store.commit(batch).await.map_err(|error| told(&error))
}

/// Hands a batch over without waiting; whoever sent it expects no answer.
pub(crate) fn offer(store: &Store, batch: Batch) -> Result<(), Busy> {
    if batch.records.is_empty() {
        return Ok(());
    }
    store.offer(batch).map_err(|(_, error)| told(&error))
}

fn told(error: &StoreError) -> Busy {
    let busy = Busy::from(error);
    if busy.reason == Dropped::StoreFailed {
        tracing::error!("keeping records: {error}");
    }
    busy
}
