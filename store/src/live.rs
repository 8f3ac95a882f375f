//! The live table: traces that are not sealed yet, in memory.
//!
//! Shards are plain maps behind short locks. The commit thread alone adds; the sealer alone takes away; readers take
//! an entry by counting a reference. Whoever changes an entry that somebody holds changes a copy, so nobody ever
//! computes under a lock.

pub(crate) mod entry;

use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use beamline_model::id::TraceId;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use self::entry::Entry;
use crate::api::Account;
use crate::hot::Incoming;

/// How many shards there are. Part of the format: the hot log is kept by shard.
pub(crate) const SHARDS: usize = 4;

/// Whose trace.
pub(crate) type Key = (Account, TraceId);

/// The shard of a trace.
pub(crate) fn shard_of(trace: TraceId) -> usize {
    xxh3_64(&trace.to_bytes()) as usize % SHARDS
}

/// All live traces.
#[derive(Default)]
pub(crate) struct Live {
    shards: [Mutex<Shard>; SHARDS],
    bytes: AtomicUsize,
    /// No trace has more bytes than this; may be too much.
    largest: AtomicUsize,
}

#[derive(Default)]
pub(crate) struct Shard {
    pub(crate) entries: FxHashMap<Key, Arc<Entry>>,
    /// Contexts are sent again and again; each is kept once.
    contexts: FxHashMap<u64, Bytes>,
    /// Bytes already sealed of traces that are near their limit.
    pub(crate) sealed_bytes: FxHashMap<Key, usize>,
    /// The first commit that is not in this table yet.
    pub(crate) next_commit: u64,
}

impl Live {
    pub(crate) fn shard(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes held by all entries.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Live traces.
    pub(crate) fn len(&self) -> usize {
        (0..SHARDS).map(|shard| self.shard(shard).entries.len()).sum()
    }

    /// Whether every trace has room for so many more bytes, known without looking at any.
    pub(crate) fn all_have_room(&self, more: usize, limit: usize) -> bool {
        self.largest.load(Ordering::Relaxed).saturating_add(more) <= limit
    }

    /// How many bytes a trace has, sealed ones included where that matters.
    pub(crate) fn size(&self, key: &Key) -> usize {
        let shard = self.shard(shard_of(key.1));
        let live = shard.entries.get(key).map(|entry| entry.total_bytes());
        live.unwrap_or_else(|| shard.sealed_bytes.get(key).copied().unwrap_or(0))
    }

    /// The trace as it is now.
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        self.shard(shard_of(key.1)).entries.get(key).map(Arc::clone)
    }

    /// All traces of an account.
    pub(crate) fn of_account(&self, account: Account) -> Vec<Arc<Entry>> {
        let mut found = Vec::new();
        for shard in 0..SHARDS {
            let shard = self.shard(shard);
            let entries = shard.entries.iter().filter(|((owner, _), _)| *owner == account);
            found.extend(entries.map(|(_, entry)| Arc::clone(entry)));
        }
        found
    }

    /// Adds what a commit brought to one shard. `each` is handed a function to call with every record.
    pub(crate) fn apply(&self, shard: usize, commit: u64, each: impl FnOnce(&mut dyn FnMut(&Incoming<'_>))) {
        let now = Instant::now();
        let mut shard = self.shard(shard);
        let (mut added, mut largest) = (0, 0);
        each(&mut |record| {
            let (more, total) = shard.add(record, commit, now);
            added += more;
            largest = largest.max(total);
        });
        shard.next_commit = shard.next_commit.max(commit + 1);
        self.bytes.fetch_add(added, Ordering::Relaxed);
        self.largest.fetch_max(largest, Ordering::Relaxed);
    }

    /// Remembers that records of a trace were refused for its size.
    pub(crate) fn mark_limit_exceeded(&self, key: Key) {
        let mut shard = self.shard(shard_of(key.1));
        let Shard {
            entries, sealed_bytes, ..
        } = &mut *shard;
        let (entry, made) = entry_of(entries, sealed_bytes, key, Instant::now());
        entry.mark_limit_exceeded();
        self.bytes.fetch_add(made, Ordering::Relaxed);
    }

    /// Takes a trace away that was sealed as it is in `sealed`, with `total` bytes in all. What arrived for it
    /// meanwhile stays. Gives back what is to be freed.
    pub(crate) fn sealed(&self, sealed: &Arc<Entry>, total: usize, limit: usize) -> Option<Arc<Entry>> {
        let key = sealed.key;
        let mut shard = self.shard(shard_of(key.1));
        if total >= limit / 8 {
            shard.remember_size(key, total);
        }
        let gone = shard.entries.remove(&key)?;
        self.bytes.fetch_sub(gone.held_bytes(), Ordering::Relaxed);
        if !Arc::ptr_eq(&gone, sealed)
            && let Some(rest) = gone.without_first(sealed.len(), total)
        {
            self.bytes.fetch_add(rest.held_bytes(), Ordering::Relaxed);
            shard.entries.insert(key, Arc::new(rest));
        }
        Some(gone)
    }
}

// === impl Shard ===

impl Shard {
    /// Adds a record; says how many bytes that took and how many the trace has.
    fn add(&mut self, record: &Incoming<'_>, commit: u64, now: Instant) -> (usize, usize) {
        let key = (record.account, record.trace);
        let Self {
            entries,
            contexts,
            sealed_bytes,
            ..
        } = self;
        let (entry, made) = entry_of(entries, sealed_bytes, key, now);
        let before = entry.held_bytes();
        entry.add(record, commit, now, |context| intern(contexts, context));
        (made + entry.held_bytes() - before, entry.total_bytes())
    }

    /// Remembers how large a sealed trace is. Of very many large ones some are forgotten, and may then grow further.
    fn remember_size(&mut self, key: Key, total: usize) {
        const MOST: usize = 4096;
        if self.sealed_bytes.len() >= MOST
            && let Some(&any) = self.sealed_bytes.keys().next()
        {
            self.sealed_bytes.remove(&any);
        }
        self.sealed_bytes.insert(key, total);
    }

    /// Forgets contexts that no entry uses any more.
    pub(crate) fn sweep(&mut self) {
        self.contexts.retain(|_, context| !context.is_unique());
    }
}

/// The entry of a trace, to be changed, and how many bytes making it took.
fn entry_of<'a>(
    entries: &'a mut FxHashMap<Key, Arc<Entry>>,
    sealed_bytes: &FxHashMap<Key, usize>,
    key: Key,
    now: Instant,
) -> (&'a mut Entry, usize) {
    match entries.entry(key) {
        Occupied(found) => (Arc::make_mut(found.into_mut()), 0),
        Vacant(vacant) => {
            let sealed = sealed_bytes.get(&key).copied().unwrap_or(0);
            let entry = Arc::make_mut(vacant.insert(Arc::new(Entry::new(key, sealed, now))));
            let made = entry.held_bytes();
            (entry, made)
        }
    }
}

fn intern(contexts: &mut FxHashMap<u64, Bytes>, context: &[u8]) -> Bytes {
    let known = contexts
        .entry(xxh3_64(context))
        .or_insert_with(|| Bytes::copy_from_slice(context));
    if known[..] == *context {
        return known.clone();
    }
    // Two contexts with one hash: the second is simply not shared.
    Bytes::copy_from_slice(context)
}
