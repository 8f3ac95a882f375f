//! What waits to be committed: bounded in bytes, and never waited for.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::work::Work;
use crate::api::Committed;
use crate::error::StoreError;

/// A batch, and who wants to know what became of it.
pub(crate) struct Job {
    pub(crate) work: Work,
    pub(crate) reply: Option<Reply>,
}

/// How to say what became of a batch.
pub(crate) enum Reply {
    /// To a task.
    Later(oneshot::Sender<Outcome>),
    /// To a thread that stands still for it.
    Now(SyncSender<Outcome>),
}

/// What became of a batch.
pub(crate) type Outcome = Result<Committed, StoreError>;

impl Reply {
    /// Tells whoever wants to know.
    pub(crate) fn tell(reply: Option<Self>, outcome: Outcome) {
        // Not being heard is fine: whoever asked has gone away, and the batch is kept all the same.
        match reply {
            None => {}
            Some(Self::Later(reply)) => drop(reply.send(outcome)),
            Some(Self::Now(reply)) => drop(reply.send(outcome)),
        }
    }
}

/// Batches in order of arrival.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    most_bytes: usize,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    bytes: usize,
    /// When the oldest of them came.
    since: Option<Instant>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            most_bytes,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job or gives it back at once, with the reason.
    pub(crate) fn push(&self, job: Job) -> Result<(), Box<(Job, StoreError)>> {
        let bytes = job.work.size();
        let mut waiting = self.waiting();
        if waiting.closed {
            return Err(Box::new((job, StoreError::Closed)));
        }
        // A batch larger than the queue is taken when it is alone, or it would never be.
        if waiting.bytes.saturating_add(bytes) > self.most_bytes && !waiting.jobs.is_empty() {
            return Err(Box::new((job, StoreError::Overloaded("the commit queue is full"))));
        }
        waiting.bytes += bytes;
        waiting.since.get_or_insert_with(Instant::now);
        waiting.jobs.push_back(job);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next group: waits for a first job, then until it is `linger` old or the group has `full` bytes, and takes
    /// no more than four times that. `None` once the queue is closed and empty.
    pub(crate) fn group(&self, linger: Duration, full: usize) -> Option<Vec<Job>> {
        let mut waiting = self.waiting();
        loop {
            let since = match waiting.since {
                Some(since) => since,
                None if waiting.closed => return None,
                None => {
                    waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
            };
            let left = linger.saturating_sub(since.elapsed());
            if left.is_zero() || waiting.bytes >= full || waiting.closed {
                break;
            }
            waiting = self
                .arrived
                .wait_timeout(waiting, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let mut group = Vec::new();
        let mut bytes = 0;
        while bytes < full.saturating_mul(4)
            && let Some(job) = waiting.jobs.pop_front()
        {
            bytes += job.work.size();
            group.push(job);
        }
        waiting.bytes -= bytes;
        waiting.since = (!waiting.jobs.is_empty()).then(Instant::now);
        Some(group)
    }

    /// Bytes waiting.
    pub(crate) fn bytes(&self) -> usize {
        self.waiting().bytes
    }

    /// Takes nothing more; what waits is still handed out.
    pub(crate) fn close(&self) {
        self.waiting().closed = true;
        self.arrived.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Batch;

    fn job(bytes: usize) -> Job {
        let batch = Batch {
            buffer: vec![0; bytes].into(),
            ..Batch::default()
        };
        Job {
            work: Work::Records(batch),
            reply: None,
        }
    }

    #[test]
    fn a_full_queue_gives_back_what_does_not_fit() {
        let queue = Queue::new(100);
        assert!(queue.push(job(60)).is_ok());
        let Err(refused) = queue.push(job(60)) else {
            panic!("it is full");
        };
        let (returned, error) = *refused;
        assert_eq!((returned.work.payload(), error.is_temporary()), (60, true));
        assert!(queue.push(job(40)).is_ok());
        assert_eq!(queue.group(Duration::ZERO, 1000).unwrap().len(), 2);
        assert!(queue.push(job(200)).is_ok(), "alone, it is taken whatever its size");
    }

    #[test]
    fn a_closed_queue_hands_out_what_waits_and_then_ends() {
        let queue = Queue::new(100);
        assert!(queue.push(job(1)).is_ok());
        queue.close();
        assert!(queue.push(job(1)).is_err_and(|refused| refused.1 == StoreError::Closed));
        assert_eq!(queue.group(Duration::from_secs(60), 1000).unwrap().len(), 1);
        assert!(queue.group(Duration::from_secs(60), 1000).is_none());
    }
}
