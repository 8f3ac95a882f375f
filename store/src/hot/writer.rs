//! The commit thread: takes a group, logs it, lets the live tables have it, acknowledges.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::codec::Encoder;
use super::group::{Group, Taken};
use super::queue::Job;
use super::{Incoming, LOGS, POINTS};
use crate::api::Touched;
use crate::engine::{Family, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::SHARDS;
use crate::{log, metric};

/// Runs until the queue is closed and empty.
pub(crate) fn run(store: &Arc<Inner>) {
    let mut writer = Writer {
        store,
        traces: Default::default(),
        logs: Default::default(),
        points: Default::default(),
    };
    let grouping = store.config.commit;
    while let Some(jobs) = store.queue.group(grouping.linger, grouping.group_bytes) {
        writer.commit(jobs);
    }
}

struct Writer<'a> {
    store: &'a Inner,
    traces: [Encoder; SHARDS],
    logs: log::hot::Encoder,
    points: metric::hot::Encoder,
}

impl Writer<'_> {
    fn commit(&mut self, jobs: Vec<Job>) {
        let group = Group::of(self.store, jobs);
        match self.log(&group) {
            Ok(commit) => {
                self.apply(&group, commit);
                self.count(&group);
                group.traces.iter().for_each(|taken| self.tell(taken));
                group.succeed();
            }
            Err(error) => {
                tracing::error!(%error, "commit failed");
                group.fail(self.store, &error);
            }
        }
    }

    /// Writes the group to the hot log; gives the commit's number.
    fn log(&mut self, group: &Group) -> Result<u64, StoreError> {
        self.encode(group);
        let commit = self.store.next_commit.fetch_add(1, Ordering::Relaxed);
        let mut write = WriteBatch::default();
        let mut put = |shard: usize, value| write.put(Family::Hot, [shard as u8], commit.to_be_bytes(), value);
        for (shard, encoder) in self.traces.iter_mut().enumerate() {
            if !encoder.is_empty() {
                put(shard, encoder.finish());
            }
        }
        if !self.logs.is_empty() {
            put(LOGS, self.logs.finish());
        }
        if !self.points.is_empty() {
            put(POINTS, self.points.finish());
        }
        if !write.changes.is_empty() {
            self.store.write(write, self.store.config.durability)?;
        }
        Ok(commit)
    }

    fn encode(&mut self, group: &Group) {
        for taken in &group.traces {
            self.traces.iter_mut().for_each(Encoder::next_batch);
            for (shard, record) in taken.kept() {
                self.traces[shard].add(&Incoming::of(&taken.batch, record), record.context);
            }
        }
        for asked in &group.logs {
            self.logs.next_batch();
            for event in &asked.batch.events {
                self.logs.add(&log::Incoming::of(&asked.batch, event), event.context);
            }
        }
        for asked in &group.points {
            for point in &asked.batch.points {
                self.points.add(&metric::Incoming::of(&asked.batch, point));
            }
        }
    }

    fn apply(&self, group: &Group, commit: u64) {
        for shard in 0..SHARDS {
            self.store.live.apply(shard, commit, |add| {
                for taken in &group.traces {
                    let of_shard = taken.kept().filter(|(of, _)| *of == shard);
                    of_shard.for_each(|(_, record)| add(&Incoming::of(&taken.batch, record)));
                }
            });
        }
        for taken in &group.traces {
            for &index in &taken.refused {
                let trace = taken.batch.records[index as usize].trace;
                self.store.live.mark_limit_exceeded((taken.batch.account, trace));
            }
        }
        self.store.logs.apply(commit, |add| {
            for asked in &group.logs {
                let events = asked.batch.events.iter();
                events.for_each(|event| add(&log::Incoming::of(&asked.batch, event)));
            }
        });
        self.store.points.apply(commit, |add| {
            for asked in &group.points {
                let points = asked.batch.points.iter();
                points.for_each(|point| add(&metric::Incoming::of(&asked.batch, point)));
            }
        });
    }

    fn count(&self, group: &Group) {
        let counters = &self.store.counters;
        for taken in &group.traces {
            counters.refused(taken.refused.len());
            counters.records.kept(taken.batch.records.len() - taken.refused.len());
        }
        let events = group.logs.iter().map(|asked| asked.batch.events.len()).sum();
        let points = group.points.iter().map(|asked| asked.batch.points.len()).sum();
        counters.events.kept(events);
        counters.points.kept(points);
        counters.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Tells subscribers; a run of records of one trace is told once.
    fn tell(&self, taken: &Taken) {
        if self.store.touched.receiver_count() == 0 {
            return;
        }
        let mut last = None;
        for (_, record) in taken.kept() {
            if last.replace(record.trace) == Some(record.trace) {
                continue;
            }
            let touched = Touched {
                account: taken.batch.account,
                trace: record.trace,
                received: record.received,
            };
            // An error means that the last subscriber has just left.
            let _ = self.store.touched.send(touched);
        }
    }
}
