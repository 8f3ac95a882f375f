//! Threads that may block, and deadlines.
//!
//! Reading the store blocks, so it happens on threads for that, a bounded number at once. A few more calls wait for
//! their turn; all beyond are refused at once, since a client that waits longer than it wants to is worse off than
//! one that knows.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;

use super::fault::Failure;
use crate::QueryError;

/// How many calls are answered at once, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct PoolConfig {
    /// Reads at once.
    pub at_once: usize,
    /// Reads that wait for their turn.
    pub waiting: usize,
    /// The longest time for a call whose client set no deadline, or a later one. Does not apply to `Tail`.
    pub longest: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            at_once: 4,
            waiting: 256,
            longest: Duration::from_secs(60),
        }
    }
}

/// Runs reads.
pub(super) struct Pool {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    longest: Duration,
}

impl Pool {
    pub(super) fn new(config: PoolConfig) -> Self {
        let at_once = config.at_once.max(1);
        Self {
            turns: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once.saturating_add(config.waiting))),
            longest: config.longest,
        }
    }

    /// When a call has to be answered.
    pub(super) fn deadline(&self, metadata: &MetadataMap) -> Deadline {
        let wanted = client_timeout(metadata).unwrap_or(self.longest);
        Deadline(Some(Instant::now() + wanted.min(self.longest)))
    }

    /// When a call that may go on for ever has to end: if and when the client says so.
    pub(super) fn open_end(metadata: &MetadataMap) -> Deadline {
        let end = |timeout| Instant::now().checked_add(timeout);
        Deadline(client_timeout(metadata).and_then(end))
    }

    /// Runs work that blocks. Work that outlives the deadline keeps its turn until it is done, as it cannot be
    /// stopped.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        deadline: Deadline,
        work: impl FnOnce() -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, Failure> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Failure::Query(QueryError::Busy))?;
        let turns = Arc::clone(&self.turns);
        let answer = async {
            let turn = turns.acquire_owned().await;
            let work = move || {
                let _held_while_working = (turn, place);
                work()
            };
            tokio::task::spawn_blocking(work).await
        };
        let answer = deadline.limit(answer).await?;
        answer.unwrap_or(Err(QueryError::Lost)).map_err(Failure::Query)
    }
}

/// A moment until which something has to be done; or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// The same, or so far from now if that is sooner.
    pub(super) fn within(self, budget: Duration) -> Self {
        let end = Instant::now() + budget;
        Self(Some(self.0.map_or(end, |own| own.min(end))))
    }

    /// Waits for something, but not beyond the deadline.
    pub(super) async fn limit<T>(self, work: impl Future<Output = T>) -> Result<T, Failure> {
        match self.0 {
            None => Ok(work.await),
            Some(end) => tokio::time::timeout_at(end, work).await.map_err(|_| Failure::Deadline),
        }
    }
}

/// The `grpc-timeout` header: up to eight digits and a unit. One that cannot be read is as good as none.
fn client_timeout(metadata: &MetadataMap) -> Option<Duration> {
    let text = metadata.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let plausible = (1..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count: u64 = digits.parse().ok().filter(|_| plausible)?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3_600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}
