//! What one commit writes, by kind.

use rustc_hash::FxHashMap;

use super::queue::{Job, Outcome, Reply};
use super::work::Work;
use crate::api::log::LogBatch;
use crate::api::metric::PointBatch;
use crate::api::{Batch, BatchRecord, Committed};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::{Key, shard_of};

/// What one commit writes.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) traces: Vec<Taken>,
    pub(crate) logs: Vec<Asked<LogBatch>>,
    pub(crate) points: Vec<Asked<PointBatch>>,
}

/// A batch, and who wants to know what became of it.
pub(crate) struct Asked<T> {
    pub(crate) batch: T,
    reply: Option<Reply>,
}

/// A batch of trace records, with what was decided of each.
pub(crate) struct Taken {
    pub(crate) batch: Batch,
    /// Shard of each record, or refused.
    shards: Vec<u8>,
    /// Indexes of those refused.
    pub(crate) refused: Vec<u32>,
    reply: Option<Reply>,
}

/// Instead of a shard: the record is not kept.
const REFUSED: u8 = u8::MAX;

impl Group {
    /// Sorts jobs by kind, and decides which trace records are kept. Traces are far below their limit nearly always,
    /// and then none is looked up.
    pub(crate) fn of(store: &Inner, jobs: Vec<Job>) -> Self {
        let bytes: usize = jobs.iter().map(|job| job.work.payload()).sum();
        let limit = store.config.trace_limit;
        let all_fit = store.live.all_have_room(bytes, limit);
        let mut sizes: FxHashMap<Key, usize> = FxHashMap::default();
        let mut fits = |key: Key, more: usize| {
            let size = sizes.entry(key).or_insert_with(|| store.live.size(&key));
            let fits = size.saturating_add(more) <= limit;
            *size += if fits { more } else { 0 };
            fits
        };
        let mut group = Self::default();
        for Job { work, reply } in jobs {
            match work {
                Work::Logs(batch) => group.logs.push(Asked { batch, reply }),
                Work::Points(batch) => group.points.push(Asked { batch, reply }),
                Work::Records(batch) => {
                    let account = batch.account;
                    let fits = |record: &BatchRecord| all_fit || fits((account, record.trace), record.body.len());
                    group.traces.push(Taken::of(batch, reply, fits));
                }
            }
        }
        group
    }

    /// Tells everybody that it was kept.
    pub(crate) fn succeed(self) {
        for taken in self.traces {
            let refused = taken.refused;
            Reply::tell(taken.reply, Ok(Committed { refused }));
        }
        let kept = || Ok(Committed::default());
        self.logs.into_iter().for_each(|asked| Reply::tell(asked.reply, kept()));
        self.points
            .into_iter()
            .for_each(|asked| Reply::tell(asked.reply, kept()));
    }

    /// Tells everybody that nothing was kept, and counts it.
    pub(crate) fn fail(self, store: &Inner, error: &StoreError) {
        let outcome = || -> Outcome { Err(error.clone()) };
        for taken in self.traces {
            store.counters.records.failed(taken.batch.records.len());
            Reply::tell(taken.reply, outcome());
        }
        for asked in self.logs {
            store.counters.events.failed(asked.batch.events.len());
            Reply::tell(asked.reply, outcome());
        }
        for asked in self.points {
            store.counters.points.failed(asked.batch.points.len());
            Reply::tell(asked.reply, outcome());
        }
    }
}

impl Taken {
    fn of(batch: Batch, reply: Option<Reply>, mut fits: impl FnMut(&BatchRecord) -> bool) -> Self {
        let mut shards = Vec::with_capacity(batch.records.len());
        let mut refused = Vec::new();
        for (index, record) in batch.records.iter().enumerate() {
            if fits(record) {
                shards.push(shard_of(record.trace) as u8);
            } else {
                shards.push(REFUSED);
                refused.push(index as u32);
            }
        }
        Self {
            batch,
            shards,
            refused,
            reply,
        }
    }

    /// The records that are kept, each with its shard.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (usize, &BatchRecord)> {
        let records = self.shards.iter().zip(&self.batch.records);
        records
            .filter(|(shard, _)| **shard != REFUSED)
            .map(|(shard, record)| (usize::from(*shard), record))
    }
}
