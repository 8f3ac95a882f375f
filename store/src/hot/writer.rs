//! The commit thread: takes a group, logs it, lets the live table have it, acknowledges.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustc_hash::FxHashMap;

use super::Incoming;
use super::codec::Encoder;
use super::queue::Job;
use crate::api::{Batch, BatchRecord, Committed, Touched};
use crate::engine::{Family, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::{Key, SHARDS, shard_of};

/// Runs until the queue is closed and empty.
pub(crate) fn run(store: &Arc<Inner>) {
    let mut writer = Writer {
        store,
        encoders: Default::default(),
    };
    let grouping = store.config.commit;
    while let Some(group) = store.queue.group(grouping.linger, grouping.group_bytes) {
        writer.commit(group);
    }
}

struct Writer<'a> {
    store: &'a Inner,
    encoders: [Encoder; SHARDS],
}

/// A job on its way, with what is known of its records.
struct Taken {
    job: Job,
    /// Shard of each record, or refused.
    shards: Vec<u8>,
    refused: Vec<u32>,
}

/// Instead of a shard: the record is not kept.
const REFUSED: u8 = u8::MAX;

impl Writer<'_> {
    fn commit(&mut self, group: Vec<Job>) {
        let bytes: usize = group.iter().map(|job| job.batch.buffer.len()).sum();
        let group = self.admit(group, bytes);
        match self.log(&group) {
            Ok(commit) => {
                self.apply(&group, commit);
                self.store.counters.commits.fetch_add(1, Ordering::Relaxed);
                for taken in group {
                    self.tell(&taken);
                    let refused = taken.refused;
                    taken.job.answer(Ok(Committed { refused }));
                }
            }
            Err(error) => {
                tracing::error!(%error, "commit failed");
                for taken in group {
                    self.store.counters.failed(taken.job.batch.records.len());
                    taken.job.answer(Err(error.clone()));
                }
            }
        }
    }

    /// Decides which records are kept. Traces are far below their limit nearly always, and then none is looked up.
    fn admit(&self, group: Vec<Job>, bytes: usize) -> Vec<Taken> {
        let limit = self.store.config.trace_limit;
        let all_fit = self.store.live.all_have_room(bytes, limit);
        let mut sizes: FxHashMap<Key, usize> = FxHashMap::default();
        let mut fits = |key: Key, more: usize| {
            let size = sizes.entry(key).or_insert_with(|| self.store.live.size(&key));
            let fits = size.saturating_add(more) <= limit;
            *size += if fits { more } else { 0 };
            fits
        };
        let mut taken = Vec::with_capacity(group.len());
        for job in group {
            let mut shards = Vec::with_capacity(job.batch.records.len());
            let mut refused = Vec::new();
            for (index, record) in job.batch.records.iter().enumerate() {
                let key = (job.batch.account, record.trace);
                if all_fit || fits(key, record.body.len()) {
                    shards.push(shard_of(record.trace) as u8);
                } else {
                    shards.push(REFUSED);
                    refused.push(index as u32);
                }
            }
            self.store.counters.refused(refused.len());
            taken.push(Taken { job, shards, refused });
        }
        taken
    }

    /// Writes the group to the hot log; gives the commit's number.
    fn log(&mut self, group: &[Taken]) -> Result<u64, StoreError> {
        for taken in group {
            let batch = &taken.job.batch;
            self.encoders.iter_mut().for_each(Encoder::next_batch);
            for (record, &shard) in batch.records.iter().zip(&taken.shards) {
                if let Some(encoder) = self.encoders.get_mut(usize::from(shard)) {
                    encoder.add(&Incoming::of(batch, record), record.context);
                }
            }
        }
        let commit = self.store.next_commit.fetch_add(1, Ordering::Relaxed);
        let mut write = WriteBatch::default();
        for (shard, encoder) in self.encoders.iter_mut().enumerate() {
            if !encoder.is_empty() {
                write.put(Family::Hot, [shard as u8], commit.to_be_bytes(), encoder.finish());
            }
        }
        if !write.changes.is_empty() {
            self.store.write(write, self.store.config.durability)?;
        }
        Ok(commit)
    }

    fn apply(&self, group: &[Taken], commit: u64) {
        for shard in 0..SHARDS {
            self.store.live.apply(shard, commit, |add| {
                for taken in group {
                    for record in kept(taken, shard as u8) {
                        add(&Incoming::of(&taken.job.batch, record));
                    }
                }
            });
        }
        for taken in group {
            for &index in &taken.refused {
                let batch = &taken.job.batch;
                let trace = batch.records[index as usize].trace;
                self.store.live.mark_limit_exceeded((batch.account, trace));
            }
        }
    }

    /// Tells subscribers; a run of records of one trace is told once.
    fn tell(&self, taken: &Taken) {
        let batch: &Batch = &taken.job.batch;
        let kept = batch.records.len() - taken.refused.len();
        self.store.counters.committed(kept);
        if self.store.touched.receiver_count() == 0 {
            return;
        }
        let mut last = None;
        for (record, &shard) in batch.records.iter().zip(&taken.shards) {
            if shard == REFUSED || last.replace(record.trace) == Some(record.trace) {
                continue;
            }
            let touched = Touched {
                account: batch.account,
                trace: record.trace,
                received: record.received,
            };
            // An error means that the last subscriber has just left.
            let _ = self.store.touched.send(touched);
        }
    }
}

fn kept(taken: &Taken, shard: u8) -> impl Iterator<Item = &BatchRecord> {
    let records = taken.job.batch.records.iter().zip(&taken.shards);
    records.filter(move |(_, of)| **of == shard).map(|(record, _)| record)
}
