//! What readers have decoded and may want again, up to a number of bytes.
//!
//! Nothing here is ever told of a change: every key names one state of what it stands for, so that what is out of date
//! is not asked for any more and falls out.

use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::chunks::{Chunk, ChunkId};
use super::columns::Columns;
use super::edges::read::Piece;
use super::edges::sum::Sum;
use super::hours::Minute;
use super::keys::Place;
use super::rows::Rows;
use super::sketch::Sketch;
use crate::codec::digest::Page;

/// Shares of a cache, in sixteenths of the whole.
const SHARES: [usize; 6] = [1, 2, 2, 4, 3, 4];

/// Decoded parts of the tables.
pub struct Cache {
    /// The chunks of a minute, by what its hour's record says of it: every change of a chunk changes that.
    pub(super) chunks: Kept<(Place, Minute), [Chunk]>,
    pub(super) sketches: Kept<ChunkId, Sketch>,
    /// Rows by the hash of a term.
    pub(super) rows: Kept<(ChunkId, u64), Rows>,
    pub(super) columns: Kept<ChunkId, Columns>,
    pub(super) pages: Kept<(ChunkId, u16), Page>,
    pub(super) sums: Kept<Piece, Sum>,
}

impl Cache {
    /// A cache of about so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let share = |number: usize| bytes / 16 * SHARES[number];
        Self {
            chunks: Kept::new(share(0)),
            sketches: Kept::new(share(1)),
            rows: Kept::new(share(2)),
            columns: Kept::new(share(3)),
            pages: Kept::new(share(4)),
            sums: Kept::new(share(5)),
        }
    }

    /// Bytes held now, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.chunks.bytes()
            + self.sketches.bytes()
            + self.rows.bytes()
            + self.columns.bytes()
            + self.pages.bytes()
            + self.sums.bytes()
    }
}

/// Values of one kind. The young fill one half; when it is full they become old, and what was old is forgotten, unless
/// it is asked for, which makes it young again.
pub(super) struct Kept<K, V: ?Sized> {
    generations: Mutex<Generations<K, V>>,
    half: usize,
}

struct Generations<K, V: ?Sized> {
    young: FxHashMap<K, (Arc<V>, usize)>,
    old: FxHashMap<K, (Arc<V>, usize)>,
    /// Bytes of the young, and of the old.
    bytes: (usize, usize),
}

impl<K: Clone + Eq + Hash, V: ?Sized> Kept<K, V> {
    fn new(bytes: usize) -> Self {
        let generations = Generations {
            young: FxHashMap::default(),
            old: FxHashMap::default(),
            bytes: (0, 0),
        };
        Self {
            generations: Mutex::new(generations),
            half: bytes / 2,
        }
    }

    /// The value under a key, or else what `make` gives, and its size in bytes. Nobody waits while it is made; two may
    /// make the same.
    pub(super) fn get<E>(&self, key: &K, make: impl FnOnce() -> Result<(Arc<V>, usize), E>) -> Result<Arc<V>, E> {
        if let Some(known) = self.known(key) {
            return Ok(known);
        }
        let (value, size) = make()?;
        // A value may stand for nothing and still takes its place in the map.
        self.keep(key.clone(), &value, size + size_of::<K>() + 64);
        Ok(value)
    }

    fn known(&self, key: &K) -> Option<Arc<V>> {
        let mut guard = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((value, _)) = guard.young.get(key) {
            return Some(Arc::clone(value));
        }
        let (value, size) = guard.old.remove(key)?;
        guard.bytes.1 -= size;
        drop(guard);
        self.keep(key.clone(), &value, size);
        Some(value)
    }

    fn keep(&self, key: K, value: &Arc<V>, size: usize) {
        if size > self.half {
            return;
        }
        let mut guard = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = FxHashMap::default();
        if guard.bytes.0 + size > self.half {
            let young = std::mem::take(&mut guard.young);
            gone = std::mem::replace(&mut guard.old, young);
            guard.bytes = (0, guard.bytes.0);
        }
        if let Entry::Vacant(free) = guard.young.entry(key) {
            free.insert((Arc::clone(value), size));
            guard.bytes.0 += size;
        }
        drop(guard);
        // Freeing takes long, so nobody waits for it.
        drop(gone);
    }

    fn bytes(&self) -> usize {
        let guard = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        guard.bytes.0 + guard.bytes.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_kept_is_what_was_made_and_never_too_much(asked in prop::collection::vec((0u32..40, 0usize..300), 0..200)) {
            let kept: Kept<u32, u32> = Kept::new(2000);
            for (key, size) in asked {
                let made = kept.get(&key, || Ok::<_, ()>((Arc::new(key), size)));
                prop_assert_eq!(made, Ok(Arc::new(key)));
                prop_assert!(kept.bytes() <= 2000);
            }
        }
    }

    #[test]
    fn what_is_asked_for_again_and_again_stays() {
        let kept: Kept<u32, u32> = Kept::new(2000);
        let mut made = 0;
        for other in 1..100 {
            for key in [0, other] {
                let make = || {
                    made += u32::from(key == 0);
                    Ok::<_, ()>((Arc::new(key), 100))
                };
                assert_eq!(kept.get(&key, make), Ok(Arc::new(key)));
            }
        }
        assert_eq!(made, 1);
    }
}
