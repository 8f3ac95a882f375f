//! One live trace: its records in one arena, and what the sealer and readers need to know about them.

use std::sync::OnceLock;
use std::time::Instant;

use beamline_model::record::{Body, Record};
use beamline_model::time::Timestamp;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Key;
use crate::hot::Incoming;
use crate::table::Live;

/// Up to so many records, looking through all is cheaper than a map.
const FEW: usize = 32;

/// One live trace.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    /// When the first record arrived in this table.
    pub(crate) opened: Instant,
    /// When the last one did.
    pub(crate) touched: Instant,
    /// Earliest start.
    pub(crate) start: Timestamp,
    /// Latest start of a record.
    pub(crate) latest_start: Timestamp,
    /// Some record says that something is in progress.
    pub(crate) in_progress: bool,
    /// Records were refused because the trace is too large.
    pub(crate) limit_exceeded: bool,
    /// Bytes of it that are sealed, as far as that matters for the limit.
    sealed_bytes: usize,
    contexts: Vec<Bytes>,
    arena: Vec<u8>,
    records: Vec<Held>,
    /// First record by hash, once there are many.
    by_hash: FxHashMap<u64, u32>,
    /// What readers asked for once; forgotten with every change. `None` inside when all of it is sealed already.
    pub(crate) derived: OnceLock<Option<Live>>,
    /// The same of a trace that was waited for in vain, once that is known.
    pub(crate) derived_settled: OnceLock<Option<Live>>,
}

/// One record, its body in the arena.
#[derive(Clone, Copy, Debug)]
struct Held {
    received: Timestamp,
    start: Timestamp,
    commit: u64,
    hash: u64,
    at: u32,
    length: u32,
    /// Index into the entry's contexts; `u32::MAX` for none.
    context: u32,
    weight: f32,
    in_progress: bool,
}

const NO_CONTEXT: u32 = u32::MAX;

impl Clone for Entry {
    /// A copy is made to be changed, so it starts without a digest.
    fn clone(&self) -> Self {
        Self {
            contexts: self.contexts.clone(),
            arena: self.arena.clone(),
            records: self.records.clone(),
            by_hash: self.by_hash.clone(),
            derived: OnceLock::new(),
            derived_settled: OnceLock::new(),
            ..*self
        }
    }
}

impl Entry {
    pub(crate) fn new(key: Key, sealed_bytes: usize, now: Instant) -> Self {
        Self {
            key,
            opened: now,
            touched: now,
            start: Timestamp::MAX,
            latest_start: Timestamp(i64::MIN),
            in_progress: false,
            limit_exceeded: false,
            sealed_bytes,
            contexts: Vec::new(),
            arena: Vec::new(),
            records: Vec::new(),
            by_hash: FxHashMap::default(),
            derived: OnceLock::new(),
            derived_settled: OnceLock::new(),
        }
    }

    /// Adds a record unless the very same one is here.
    pub(crate) fn add(
        &mut self,
        record: &Incoming<'_>,
        commit: u64,
        now: Instant,
        intern: impl FnOnce(&[u8]) -> Bytes,
    ) {
        self.touched = now;
        let hash = hash(record.context, record.body);
        if self.has(hash, record.context, record.body) {
            return;
        }
        let context = match record.context {
            None => NO_CONTEXT,
            Some(context) => self.context(context, intern),
        };
        self.start = self.start.min(record.start);
        self.latest_start = self.latest_start.max(record.start);
        self.in_progress |= record.in_progress;
        self.forget_derived();
        let held = Held {
            received: record.received,
            start: record.start,
            commit,
            hash,
            at: self.arena.len() as u32,
            length: record.body.len() as u32,
            context,
            weight: record.weight,
            in_progress: record.in_progress,
        };
        self.arena.extend_from_slice(record.body);
        self.push(held);
    }

    fn push(&mut self, held: Held) {
        self.records.push(held);
        if self.records.len() > FEW {
            let indexed = if self.by_hash.is_empty() {
                0
            } else {
                self.records.len() - 1
            };
            for (index, held) in self.records.iter().enumerate().skip(indexed) {
                self.by_hash.entry(held.hash).or_insert(index as u32);
            }
        }
    }

    /// Whether a record of this content is here. With two contents of one hash the answer may be no for the second,
    /// which only means that a copy is kept.
    fn has(&self, hash: u64, context: Option<&[u8]>, body: &[u8]) -> bool {
        let found = if self.by_hash.is_empty() {
            self.records.iter().find(|held| held.hash == hash)
        } else {
            self.by_hash
                .get(&hash)
                .and_then(|&index| self.records.get(index as usize))
        };
        found.is_some_and(|held| self.body(held) == body && self.context_of(held) == context)
    }

    fn context(&mut self, context: &[u8], intern: impl FnOnce(&[u8]) -> Bytes) -> u32 {
        // The latest is the likeliest: an exporter sends its spans under one context.
        let known = self.contexts.iter().rposition(|known| known[..] == *context);
        let index = known.unwrap_or_else(|| {
            self.contexts.push(intern(context));
            self.contexts.len() - 1
        });
        index as u32
    }

    fn body(&self, held: &Held) -> &[u8] {
        &self.arena[held.at as usize..][..held.length as usize]
    }

    fn context_of(&self, held: &Held) -> Option<&[u8]> {
        self.contexts.get(held.context as usize).map(|context| &context[..])
    }

    /// The context of a record, shared.
    pub(crate) fn shared_context(&self, index: usize) -> Option<Bytes> {
        self.contexts.get(self.records[index].context as usize).cloned()
    }

    /// The records in order of arrival.
    pub(crate) fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.records.iter().map(|held| Record {
            trace: self.key.1,
            received: held.received,
            weight: held.weight,
            body: match self.context_of(held) {
                Some(context) => Body::Otlp {
                    context,
                    span: self.body(held),
                },
                None => Body::Xray(self.body(held)),
            },
        })
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Where the body of a record is in [`Entry::arena`].
    pub(crate) fn range(&self, index: usize) -> std::ops::Range<usize> {
        let held = &self.records[index];
        held.at as usize..held.at as usize + held.length as usize
    }

    /// The bodies one after the other.
    pub(crate) fn arena(&self) -> &[u8] {
        &self.arena
    }

    /// The first commit that holds a record of this entry.
    pub(crate) fn first_commit(&self) -> u64 {
        // In order of arrival, so the first record has it.
        self.records.first().map_or(u64::MAX, |held| held.commit)
    }

    /// How many commits brought something of it that is `new`.
    pub(crate) fn changes(&self, new: impl Fn(&Record<'_>) -> bool) -> u32 {
        let mut last = None;
        let mut changes = 0;
        for (held, record) in self.records.iter().zip(self.records()) {
            if last != Some(held.commit) && new(&record) {
                (last, changes) = (Some(held.commit), changes + 1);
            }
        }
        changes
    }

    /// When the last record was received.
    pub(crate) fn last_received(&self) -> Timestamp {
        let received = self.records.iter().map(|held| held.received);
        received.max().unwrap_or(Timestamp::ZERO)
    }

    /// Bytes of memory it takes, roughly.
    pub(crate) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.arena.len() + self.records.len() * size_of::<Held>()
    }

    /// Bytes that count towards the trace's limit.
    pub(crate) fn total_bytes(&self) -> usize {
        self.sealed_bytes + self.arena.len()
    }

    fn forget_derived(&mut self) {
        (self.derived, self.derived_settled) = (OnceLock::new(), OnceLock::new());
    }

    pub(crate) fn mark_limit_exceeded(&mut self) {
        self.limit_exceeded = true;
        self.forget_derived();
    }

    /// What is left when the first `sealed` records are sealed; `None` when nothing is.
    pub(crate) fn without_first(&self, sealed: usize, sealed_bytes: usize) -> Option<Self> {
        let left = self.records.get(sealed..).filter(|left| !left.is_empty())?;
        let mut rest = Self::new(self.key, sealed_bytes, self.touched);
        rest.limit_exceeded = self.limit_exceeded;
        rest.contexts.clone_from(&self.contexts);
        for held in left {
            let at = rest.arena.len() as u32;
            rest.arena.extend_from_slice(self.body(held));
            rest.start = rest.start.min(held.start);
            rest.latest_start = rest.latest_start.max(held.start);
            rest.in_progress |= held.in_progress;
            rest.push(Held { at, ..*held });
        }
        Some(rest)
    }
}

/// Tells contents apart. An X-Ray document and a span never look alike, because a context seeds the hash.
pub(crate) fn hash(context: Option<&[u8]>, body: &[u8]) -> u64 {
    xxh3_64_with_seed(body, context.map_or(0, |context| xxh3_64_with_seed(context, 1)))
}
