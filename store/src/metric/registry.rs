//! Which number a series has.
//!
//! Numbers are given out per account, in order. A row under the descriptor's hash leads to the number, one under the
//! number to the descriptor; both are synced before anybody is told the number. Descriptors with the same hash are told
//! apart by what is in the second row, and find places behind each other.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError, RwLock};

use beamline_model::metric::{Descriptor, descriptor};
use beamline_model::time::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::activity::Activity;
use super::{keys, terms};
use crate::Store;
use crate::api::Account;
use crate::codec::varint::{Put, Take, corrupt};
use crate::engine::{Durability, Family, View, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;

const VERSION: u8 = 1;

/// The numbers that are known without asking the engine, and what it takes to give out more.
pub(crate) struct Registry {
    known: RwLock<Known>,
    /// Held while numbers are given out or taken back.
    numbers: Mutex<FxHashMap<Account, Numbers>>,
    /// Makes hashes that nobody outside can foresee, so that nobody can choose descriptors that look the same.
    secret: u64,
    /// So many numbers are remembered at least, and twice as many at most.
    most_known: usize,
}

/// The numbers of one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Numbers {
    next: u32,
    count: u32,
}

/// Two generations: when the younger is full, the older is forgotten.
#[derive(Default)]
struct Known {
    young: FxHashMap<(Account, u128), Entry>,
    old: FxHashMap<(Account, u128), Entry>,
    /// Series that are about to be forgotten: nobody is told their number without asking the engine.
    retiring: FxHashSet<super::SeriesKey>,
}

#[derive(Clone, Copy)]
struct Entry {
    series: u32,
    /// A second hash of the descriptor.
    check: u64,
}

impl Registry {
    pub(crate) fn new(most_known: usize) -> Self {
        Self {
            known: RwLock::default(),
            numbers: Mutex::default(),
            secret: rand::random(),
            most_known,
        }
    }

    /// The number of a series, from memory.
    fn known(&self, account: Account, descriptor: &[u8]) -> Option<u32> {
        let hash = descriptor::hash(descriptor);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let entry = match known.young.get(&(account, hash)) {
            Some(entry) => *entry,
            None => {
                let entry = *known.old.get(&(account, hash))?;
                drop(known);
                self.remember(account, hash, entry);
                entry
            }
        };
        (entry.check == self.check(descriptor)).then_some(entry.series)
    }

    fn check(&self, descriptor: &[u8]) -> u64 {
        xxh3_64_with_seed(descriptor, self.secret)
    }

    fn remember(&self, account: Account, hash: u128, entry: Entry) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retiring.remove(&(account, entry.series));
        known.young.insert((account, hash), entry);
        if known.young.len() >= self.most_known {
            known.old = std::mem::take(&mut known.young);
        }
    }

    /// Gives nobody the number of this series any more who does not ask the engine.
    pub(super) fn begin_retiring(&self, key: super::SeriesKey, descriptor: &Descriptor) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let place = (key.0, descriptor.hash());
        known.young.remove(&place);
        known.old.remove(&place);
        known.retiring.insert(key);
    }

    /// Ends what [`begin_retiring`](Self::begin_retiring) began; `false` if somebody asked for the number since.
    fn is_retiring(&self, key: super::SeriesKey) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retiring.remove(&key)
    }

    /// Which series were about to be forgotten when this was asked.
    pub(super) fn retiring(&self) -> Vec<super::SeriesKey> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.retiring.iter().copied().collect()
    }
}

impl Numbers {
    fn read(view: &dyn View, account: Account) -> Result<Self, StoreError> {
        let Some(value) = view.get(Family::Series, &keys::account(account), &keys::NUMBERS)? else {
            return Ok(Self::default());
        };
        let mut take = Take(&value);
        let read = |take: &mut Take<'_>| {
            (take.byte()? == VERSION).then_some(())?;
            Some(Self {
                next: take.number()?,
                count: take.number()?,
            })
        };
        Ok(read(&mut take).ok_or_else(|| corrupt("the number of series"))?)
    }

    fn put(self, account: Account, batch: &mut WriteBatch) {
        let mut value = vec![VERSION];
        value.varint(u64::from(self.next));
        value.varint(u64::from(self.count));
        batch.put(Family::Series, keys::account(account), keys::NUMBERS, value);
    }
}

/// The descriptor with a number.
pub(super) fn descriptor_of(
    view: &dyn View,
    (account, series): super::SeriesKey,
) -> Result<Option<Descriptor>, StoreError> {
    let row = view.get(Family::Series, &keys::account(account), &keys::descriptor(series))?;
    row.map(|row| read_descriptor(&row)).transpose()
}

/// The descriptor in a row.
pub(super) fn read_descriptor(row: &[u8]) -> Result<Descriptor, StoreError> {
    let bytes = row.strip_prefix(&[VERSION]);
    let read = bytes.and_then(Descriptor::from_bytes);
    Ok(read.ok_or_else(|| corrupt("the descriptor of a series"))?)
}

/// Where a descriptor is, or where it can be put.
enum Slot {
    Taken(u32),
    Free(u8),
}

fn find(
    view: &dyn View,
    account: Account,
    hash: u128,
    descriptor: &[u8],
    new: &FxHashMap<(u128, u8), u32>,
) -> Result<Option<Slot>, StoreError> {
    for probe in 0..=u8::MAX {
        if new.contains_key(&(hash, probe)) {
            continue;
        }
        let row = view.get(Family::Series, &keys::account(account), &keys::by_hash(hash, probe))?;
        let Some(row) = row else {
            return Ok(Some(Slot::Free(probe)));
        };
        let series = row.as_ref().try_into().map(u32::from_le_bytes);
        let series = series.map_err(|_| corrupt("the number of a series"))?;
        let found = descriptor_of(view, (account, series))?;
        if found.is_some_and(|found| found.bytes() == descriptor) {
            return Ok(Some(Slot::Taken(series)));
        }
    }
    Ok(None)
}

/// The numbers of some series, given out now to those that are new.
fn register(
    store: &Inner,
    account: Account,
    descriptors: &[&[u8]],
    now: Timestamp,
) -> Result<Vec<Option<u32>>, StoreError> {
    let registry = &store.registry;
    let mut found: Vec<Option<u32>> = descriptors.iter().map(|bytes| registry.known(account, bytes)).collect();
    if found.iter().all(Option::is_some) {
        return Ok(found);
    }
    let mut all = registry.numbers.lock().unwrap_or_else(PoisonError::into_inner);
    let view = store.engine.view();
    let before = match all.get(&account) {
        Some(numbers) => *numbers,
        None => Numbers::read(&*view, account)?,
    };
    let (mut numbers, mut batch) = (before, WriteBatch::default());
    let (mut new, mut slots) = (FxHashMap::<&[u8], u32>::default(), FxHashMap::default());
    let mut learned = Vec::new();
    let mut refused = 0;
    for (number, &bytes) in found.iter_mut().zip(descriptors).filter(|(number, _)| number.is_none()) {
        if let Some(known) = new.get(bytes) {
            *number = Some(*known);
            continue;
        }
        let hash = descriptor::hash(bytes);
        let series = match find(&*view, account, hash, bytes, &slots)? {
            Some(Slot::Taken(series)) => series,
            Some(Slot::Free(probe)) if numbers.count < store.config.series_limit && numbers.next < u32::MAX => {
                let parsed = Descriptor::from_bytes(bytes).ok_or(StoreError::Malformed("not a descriptor"))?;
                let series = numbers.next;
                (numbers.next, numbers.count) = (series + 1, numbers.count + 1);
                put(account, series, hash, probe, &parsed, now, &mut batch);
                slots.insert((hash, probe), series);
                new.insert(bytes, series);
                series
            }
            _ => {
                refused += 1;
                continue;
            }
        };
        *number = Some(series);
        learned.push((hash, registry.check(bytes), series));
    }
    drop(view);
    if numbers != before {
        numbers.put(account, &mut batch);
        store.write(batch, Durability::Commit)?;
    }
    all.insert(account, numbers);
    for (hash, check, series) in learned {
        registry.remember(account, hash, Entry { series, check });
    }
    let counters = &store.metric_counters;
    counters.registered.fetch_add(new.len() as u64, Ordering::Relaxed);
    counters.refused.fetch_add(refused, Ordering::Relaxed);
    Ok(found)
}

fn put(
    account: Account,
    series: u32,
    hash: u128,
    probe: u8,
    descriptor: &Descriptor,
    now: Timestamp,
    batch: &mut WriteBatch,
) {
    let part = keys::account(account);
    batch.put(
        Family::Series,
        part,
        keys::by_hash(hash, probe),
        series.to_le_bytes().to_vec(),
    );
    let row = [&[VERSION][..], descriptor.bytes()].concat();
    batch.put(Family::Series, part, keys::descriptor(series), row);
    let activity = Activity::new(keys::hour(now));
    batch.put(Family::Series, part, keys::activity(series), activity.encode());
    for part in terms::parts_of(account, descriptor) {
        batch.put(Family::SeriesIndex, part, series.to_be_bytes(), Vec::new());
    }
}

/// Forgets some series of an account that are still about to be forgotten; says how many those were.
pub(super) fn forget(store: &Inner, account: Account, series: &[u32]) -> Result<u64, StoreError> {
    let mut all = store.registry.numbers.lock().unwrap_or_else(PoisonError::into_inner);
    let view = store.engine.view();
    let mut numbers = match all.get(&account) {
        Some(numbers) => *numbers,
        None => Numbers::read(&*view, account)?,
    };
    let part = keys::account(account).to_vec();
    let mut batch = WriteBatch::default();
    let mut forgotten = 0;
    for &series in series {
        if !store.registry.is_retiring((account, series)) {
            continue;
        }
        let Some(descriptor) = descriptor_of(&*view, (account, series))? else {
            continue;
        };
        let mut delete = |family, part: &[u8], key: Vec<u8>| {
            let part = part.to_vec();
            batch.changes.push(crate::engine::Change::Delete { family, part, key });
        };
        for term in terms::parts_of(account, &descriptor) {
            delete(Family::SeriesIndex, &term, series.to_be_bytes().to_vec());
        }
        for probe in 0..=u8::MAX {
            let key = keys::by_hash(descriptor.hash(), probe);
            match view.get(Family::Series, &part, &key)? {
                // Those behind it would not be found any more, so it stays the place of a series that is not there.
                Some(row) if row[..] == series.to_le_bytes() => {
                    let behind = keys::by_hash(descriptor.hash(), probe.saturating_add(1));
                    if view.get(Family::Series, &part, &behind)?.is_none() {
                        delete(Family::Series, &part, key);
                    }
                    break;
                }
                Some(_) => {}
                None => break,
            }
        }
        delete(Family::Series, &part, keys::descriptor(series).to_vec());
        delete(Family::Series, &part, keys::activity(series).to_vec());
        numbers.count = numbers.count.saturating_sub(1);
        forgotten += 1;
    }
    if forgotten > 0 {
        numbers.put(account, &mut batch);
        store.write(batch, Durability::Commit)?;
        all.insert(account, numbers);
    }
    Ok(forgotten)
}

impl Store {
    /// The number of a series, if it can be told without waiting for anything: for callers that must not block.
    /// `descriptor` is the bytes of a [`Descriptor`].
    #[must_use]
    pub fn known_series(&self, account: Account, descriptor: &[u8]) -> Option<u32> {
        self.inner.registry.known(account, descriptor)
    }

    /// The numbers of some series, given out now to those that are new, durably. `None` for those that would be more
    /// than an account may have. Blocks.
    pub fn register_series(&self, account: Account, descriptors: &[&[u8]]) -> Result<Vec<Option<u32>>, StoreError> {
        register(&self.inner, account, descriptors, crate::clock::now())
    }

    /// What a series is; `None` if there is none with this number. Blocks.
    pub fn descriptor(&self, account: Account, series: u32) -> Result<Option<Descriptor>, StoreError> {
        descriptor_of(&*self.inner.engine.view(), (account, series))
    }
}
