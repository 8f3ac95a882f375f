//! Which traces are due, and how far the hot log is needed once they are sealed.

use std::sync::Arc;
use std::time::Instant;

use crate::config::SealConfig;
use crate::inner::Inner;
use crate::live::entry::Entry;
use crate::live::{SHARDS, shard_of};

/// What to seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// What is idle, old or large, and more when memory is short.
    Due,
    /// Everything.
    All,
}

/// Traces to seal in one write.
pub(crate) struct Picked {
    pub(crate) entries: Vec<Arc<Entry>>,
    /// Per shard, the first commit that is still needed after that write.
    pub(crate) watermarks: [u64; SHARDS],
}

/// Picks traces, oldest first, in batches of a bearable size. The watermarks count on all batches before being
/// written too.
pub(crate) fn pick(store: &Inner, which: Which) -> Vec<Picked> {
    let now = Instant::now();
    let mut floor = [u64::MAX; SHARDS];
    let mut due = Vec::new();
    let mut rest = Vec::new();
    for (index, floor) in floor.iter_mut().enumerate() {
        let shard = store.live.shard(index);
        // Whatever is being committed now has a number from here on.
        *floor = shard.next_commit;
        for entry in shard.entries.values() {
            let due_now = which == Which::All || is_due(entry, &store.config.seal, now);
            if due_now { &mut due } else { &mut rest }.push(Arc::clone(entry));
        }
    }
    relieve(store, &mut due, &mut rest);
    for entry in &rest {
        let floor = &mut floor[shard_of(entry.key.1)];
        *floor = (*floor).min(entry.first_commit());
    }
    drop(rest);
    due.sort_unstable_by_key(|entry| entry.first_commit());
    batches(due, floor, &store.config.seal)
}

fn is_due(entry: &Entry, seal: &SealConfig, now: Instant) -> bool {
    let idle = if entry.in_progress {
        seal.idle_in_progress
    } else {
        seal.idle
    };
    now.saturating_duration_since(entry.touched) >= idle
        || now.saturating_duration_since(entry.opened) >= seal.age
        || entry.arena().len() >= seal.bytes
}

/// When memory is short, takes the longest untouched as well, until three quarters of the budget are left.
fn relieve(store: &Inner, due: &mut Vec<Arc<Entry>>, rest: &mut Vec<Arc<Entry>>) {
    let taken: usize = due.iter().map(|entry| entry.held_bytes()).sum();
    let mut left = store.live.bytes().saturating_sub(taken);
    if left <= store.live_budget() {
        return;
    }
    rest.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.touched));
    while left > store.live_budget() / 4 * 3
        && let Some(entry) = rest.pop()
    {
        left = left.saturating_sub(entry.held_bytes());
        due.push(entry);
    }
}

fn batches(due: Vec<Arc<Entry>>, floor: [u64; SHARDS], seal: &SealConfig) -> Vec<Picked> {
    /// A write of more would hold readers up.
    const MOST_BYTES: usize = 64 << 20;
    let mut batches: Vec<Vec<Arc<Entry>>> = Vec::new();
    let (mut records, mut bytes) = (usize::MAX, 0usize);
    for entry in due {
        records = records.saturating_add(entry.len());
        bytes = bytes.saturating_add(entry.arena().len());
        match batches.last_mut() {
            Some(batch) if records <= seal.batch_records && bytes <= MOST_BYTES => batch.push(entry),
            _ => {
                (records, bytes) = (entry.len(), entry.arena().len());
                batches.push(vec![entry]);
            }
        }
    }
    // From the last batch back: while one is written, those after it are still needed.
    let mut needed = floor;
    let mut picked: Vec<Picked> = Vec::with_capacity(batches.len());
    for entries in batches.into_iter().rev() {
        let watermarks = needed;
        for entry in &entries {
            let needed = &mut needed[shard_of(entry.key.1)];
            *needed = (*needed).min(entry.first_commit());
        }
        picked.push(Picked { entries, watermarks });
    }
    picked.reverse();
    picked
}
