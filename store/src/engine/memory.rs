//! The engine for tests and for `--data memory`: ordered maps, nothing on disk.
//!
//! It also plays the disk in crash tests: [`Memory::crash`] gives what a machine that lost power would find, which is
//! everything up to the last write that was synced.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;

use super::{Change, Durability, Engine, EngineError, EngineErrorKind, Family, KeyRange, View, Visit, WriteBatch};

type Table = BTreeMap<Vec<u8>, BTreeMap<Vec<u8>, Bytes>>;

/// All tables. Tables are shared with the views that were taken before they changed.
#[derive(Clone, Default)]
struct Tables(BTreeMap<Family, Arc<Table>>);

/// An engine that forgets everything when it is dropped.
#[derive(Default)]
pub struct Memory {
    now: RwLock<Tables>,
    /// What a loss of power leaves; `None` for an engine that is not asked about that.
    synced: Option<Mutex<Tables>>,
}

impl Memory {
    /// An empty engine.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty engine that remembers what was synced. Every synced write copies the tables it touched, so this is
    /// for tests.
    #[must_use]
    pub fn crashing() -> Self {
        Self {
            now: RwLock::default(),
            synced: Some(Mutex::default()),
        }
    }

    /// What is found after a loss of power: every write up to the last synced one. For an engine made by
    /// [`Memory::new`] that is nothing.
    #[must_use]
    pub fn crash(&self) -> Self {
        let found = match &self.synced {
            Some(synced) => synced.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            None => Tables::default(),
        };
        Self {
            now: RwLock::new(found.clone()),
            synced: Some(Mutex::new(found)),
        }
    }

    fn change<T>(&self, synced: bool, edit: impl FnOnce(&mut Tables) -> T) -> T {
        let mut tables = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let result = edit(&mut tables);
        if let (true, Some(durable)) = (synced, &self.synced) {
            *durable.lock().unwrap_or_else(PoisonError::into_inner) = tables.clone();
        }
        result
    }
}

// === impl Tables ===

impl Tables {
    fn table(&mut self, family: Family) -> &mut Table {
        Arc::make_mut(self.0.entry(family).or_default())
    }

    fn find(&self, family: Family, part: &[u8], key: &[u8]) -> Option<&Bytes> {
        self.0.get(&family)?.get(part)?.get(key)
    }

    fn put(&mut self, family: Family, part: Vec<u8>, key: Vec<u8>, value: Vec<u8>) {
        self.table(family).entry(part).or_default().insert(key, value.into());
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Put {
                family,
                part,
                key,
                value,
            } => self.put(family, part, key, value),
            Change::Delete { family, part, key } => {
                if let Some(keys) = self.table(family).get_mut(&part) {
                    keys.remove(&key);
                }
            }
            Change::DeleteBelow { family, part, end } => {
                if let Some(keys) = self.table(family).get_mut(&part) {
                    *keys = keys.split_off(&end);
                }
            }
        }
    }
}

/// The tables as they were.
struct Moment(Tables);

impl View for Moment {
    fn get(&self, family: Family, part: &[u8], key: &[u8]) -> Result<Option<Bytes>, EngineError> {
        Ok(self.0.find(family, part, key).cloned())
    }

    fn scan(
        &self,
        family: Family,
        part: &[u8],
        range: KeyRange,
        reverse: bool,
        visit: Visit<'_>,
    ) -> Result<(), EngineError> {
        let Some(keys) = self.0.0.get(&family).and_then(|table| table.get(part)) else {
            return Ok(());
        };
        if is_empty(&range) {
            return Ok(());
        }
        let mut rows = keys.range::<[u8], _>((bound(&range.start), bound(&range.end)));
        while let Some((key, value)) = if reverse { rows.next_back() } else { rows.next() } {
            if visit(key, value) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn parts(&self, family: Family, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), EngineError> {
        let Some(table) = self.0.0.get(&family) else {
            return Ok(());
        };
        for (part, keys) in table.iter() {
            if !keys.is_empty() && visit(part) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn days(&self) -> Vec<u16> {
        let days = self.0.0.iter().filter_map(|(family, table)| match family {
            Family::Trace(day) if !table.is_empty() => Some(*day),
            _ => None,
        });
        days.collect()
    }
}

fn bound(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

/// Whether no key can lie in the range. A map would rather be asked nothing than asked that.
fn is_empty(range: &KeyRange) -> bool {
    match (&range.start, &range.end) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (Bound::Included(start) | Bound::Excluded(start), Bound::Included(end) | Bound::Excluded(end)) => start >= end,
    }
}

impl Engine for Memory {
    fn write(&self, batch: WriteBatch, durability: Durability) -> Result<(), EngineError> {
        self.change(durability == Durability::Commit, |tables| {
            batch.changes.into_iter().for_each(|change| tables.apply(change));
        });
        Ok(())
    }

    fn view(&self) -> Box<dyn View + '_> {
        Box::new(Moment(self.now.read().unwrap_or_else(PoisonError::into_inner).clone()))
    }

    fn drop_before(&self, family: Family, bucket: u32) -> Result<(), EngineError> {
        self.change(true, |tables| match family {
            Family::Trace(last) => tables
                .0
                .retain(|family, _| !matches!(family, Family::Trace(day) if *day <= last)),
            _ => {
                let first_kept = family.bucket(bucket);
                let table = tables.table(family);
                *table = table.split_off(&first_kept);
            }
        });
        Ok(())
    }

    fn cas(&self, part: &[u8], key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) -> Result<bool, EngineError> {
        Ok(self.change(true, |tables| {
            let found = tables.find(Family::Object, part, key);
            if found.map(|value| &value[..]) != old {
                return false;
            }
            let (part, key) = (part.to_vec(), key.to_vec());
            let family = Family::Object;
            tables.apply(match new {
                Some(new) => Change::Put {
                    family,
                    part,
                    key,
                    value: new.to_vec(),
                },
                None => Change::Delete { family, part, key },
            });
            true
        }))
    }

    fn checkpoint(&self, _to: &Path) -> Result<(), EngineError> {
        Err(EngineErrorKind::Unsupported.because("data in memory cannot be copied to disk"))
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let tables = self.now.read().unwrap_or_else(PoisonError::into_inner);
        let rows = tables.0.values().flat_map(|table| table.values()).map(BTreeMap::len);
        vec![("beamline_store_engine_rows", rows.sum::<usize>() as u64)]
    }
}
