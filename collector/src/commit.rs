//! Many items, one write: what the store answers, in words that receivers can pass on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use beamline_model::otlp::Signal;
use beamline_store::api::log::{LogBatch, LogBatchEvent};
use beamline_store::api::metric::{BatchPoint, PointBatch};
use beamline_store::api::{Account, Batch, Committed};
use beamline_store::{Store, StoreError};
use bytes::Bytes;

use crate::decode::{Decode, DraftedPoint, Logs, Points, Record, Series, Traces};
use crate::register::Registrar;
use crate::report::{Dropped, Rejected};

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

/// What one OTLP request was made into, and how it is kept.
pub(crate) trait Keep: Decode {
    /// What it carries.
    const SIGNAL: Signal;
    /// Why some of it may be refused although each item is sound: for counters, and for people.
    const REFUSAL: (Rejected, &'static str);

    /// How many items it holds.
    fn items(&self) -> usize;

    /// Keeps it, and returns when it is kept, with how many items were refused. Spans and log records point into the
    /// request.
    fn keep(
        self,
        registrar: &Registrar,
        account: Account,
        request: Bytes,
    ) -> impl Future<Output = Result<usize, Busy>> + Send;
}

impl Keep for Traces {
    const SIGNAL: Signal = Signal::Traces;
    const REFUSAL: (Rejected, &'static str) = (Rejected::TraceTooLarge, "trace size exceeded");

    fn items(&self) -> usize {
        self.records.len()
    }

    async fn keep(self, registrar: &Registrar, account: Account, request: Bytes) -> Result<usize, Busy> {
        let committed = commit(registrar.store(), self.over(account, request)).await?;
        Ok(committed.refused.len())
    }
}

impl Keep for Logs {
    const SIGNAL: Signal = Signal::Logs;
    const REFUSAL: (Rejected, &'static str) = (
        Rejected::TooManyStreams,
        "the account has its most log groups or streams",
    );

    fn items(&self) -> usize {
        self.records.len()
    }

    async fn keep(self, registrar: &Registrar, account: Account, request: Bytes) -> Result<usize, Busy> {
        let found = self.records.len();
        let streams = registrar.streams(account, self.destinations).await?;
        let event = |record: Record| {
            let stream = streams.get(record.context as usize).copied().flatten()?;
            Some(LogBatchEvent {
                stream,
                time: record.time,
                received: record.received,
                context: Some(record.context),
                body: record.body,
            })
        };
        let events: Vec<LogBatchEvent> = self.records.into_iter().filter_map(event).collect();
        let refused = found - events.len();
        if !events.is_empty() {
            let batch = LogBatch {
                account,
                buffer: request,
                contexts: self.contexts,
                events,
            };
            let committed = registrar.store().commit_logs(batch).await;
            committed.map_err(|error| told(&error))?;
        }
        Ok(refused)
    }
}

impl Keep for Points {
    const SIGNAL: Signal = Signal::Metrics;
    const REFUSAL: (Rejected, &'static str) = (Rejected::TooManySeries, "the account has its most series");

    fn items(&self) -> usize {
        self.points.len()
    }

    async fn keep(self, registrar: &Registrar, account: Account, _: Bytes) -> Result<usize, Busy> {
        let found = self.points.len();
        let made = registrar.series(account, self.new).await?;
        let point = |point: DraftedPoint| {
            let series = match point.series {
                Series::Known(number) => number,
                Series::New(place) => made.get(place).copied().flatten()?,
            };
            Some(BatchPoint {
                series,
                time: point.time,
                received: point.received,
                body: point.body,
            })
        };
        let points: Vec<BatchPoint> = self.points.into_iter().filter_map(point).collect();
        let refused = found - points.len();
        if !points.is_empty() {
            let batch = PointBatch {
                account,
                buffer: self.buffer.into(),
                points,
            };
            let committed = registrar.store().commit_points(batch).await;
            committed.map_err(|error| told(&error))?;
        }
        Ok(refused)
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

pub(crate) fn told(error: &StoreError) -> Busy {
    let busy = Busy::from(error);
    if busy.reason == Dropped::StoreFailed {
        tracing::error!("keeping what came in: {error}");
    }
    busy
}
