//! Reads of one moment.

use std::ops::{Bound, ControlFlow};

use bytes::Bytes;
use rocksdb::{IteratorMode, ReadOptions, SnapshotWithThreadMode};

use super::{Db, Rocks, tables};
use crate::engine::{EngineError, Family, KeyRange, View, Visit};

pub(super) struct Snapshot<'a> {
    engine: &'a Rocks,
    moment: SnapshotWithThreadMode<'a, Db>,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(engine: &'a Rocks) -> Self {
        Self {
            engine,
            moment: engine.db.snapshot(),
        }
    }
}

impl View for Snapshot<'_> {
    fn get(&self, family: Family, part: &[u8], key: &[u8]) -> Result<Option<Bytes>, EngineError> {
        let Some(table) = self.engine.table(family) else {
            return Ok(None);
        };
        let found = self
            .moment
            .get_pinned_cf(&table, tables::whole(family, part, key))
            .map_err(|error| self.engine.fail(&error))?;
        Ok(found.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn multi_get(&self, family: Family, keys: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<Option<Bytes>>, EngineError> {
        let Some(table) = self.engine.table(family) else {
            return Ok(vec![None; keys.len()]);
        };
        let keys = keys
            .iter()
            .map(|(part, key)| (&table, tables::whole(family, part, key)));
        let found = self.moment.multi_get_cf(keys).into_iter();
        found
            .map(|value| match value {
                Ok(value) => Ok(value.map(Bytes::from)),
                Err(error) => Err(self.engine.fail(&error)),
            })
            .collect()
    }

    fn scan(
        &self,
        family: Family,
        part: &[u8],
        range: KeyRange,
        reverse: bool,
        visit: Visit<'_>,
    ) -> Result<(), EngineError> {
        let Some(table) = self.engine.table(family) else {
            return Ok(());
        };
        let prefix = tables::prefix(family, part);
        let whole = |key: &[u8]| tables::whole(family, part, key);
        // RocksDB's bounds are inclusive below and exclusive above; a zero byte makes the next possible key.
        let start = match &range.start {
            Bound::Unbounded => Some(prefix.clone()),
            Bound::Included(key) => Some(whole(key)),
            Bound::Excluded(key) => Some([&whole(key)[..], &[0]].concat()),
        };
        let end = match &range.end {
            Bound::Unbounded => successor(&prefix),
            Bound::Included(key) => Some([&whole(key)[..], &[0]].concat()),
            Bound::Excluded(key) => Some(whole(key)),
        };
        if let (Some(start), Some(end)) = (&start, &end)
            && start >= end
        {
            return Ok(());
        }
        let mut how = ReadOptions::default();
        // With bounds, no prefix is needed, and none is right for a range that leaves the prefix.
        how.set_total_order_seek(true);
        start.into_iter().for_each(|key| how.set_iterate_lower_bound(key));
        end.into_iter().for_each(|key| how.set_iterate_upper_bound(key));
        let mode = if reverse {
            IteratorMode::End
        } else {
            IteratorMode::Start
        };
        for row in self.moment.iterator_cf_opt(&table, how, mode) {
            let (key, value) = row.map_err(|error| self.engine.fail(&error))?;
            if visit(&key[prefix.len()..], &value) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn parts(&self, family: Family, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), EngineError> {
        let Some(table) = self.engine.table(family) else {
            return Ok(());
        };
        let mut how = ReadOptions::default();
        how.set_total_order_seek(true);
        let mut rows = self.moment.raw_iterator_cf_opt(&table, how);
        rows.seek_to_first();
        while let Some(part) = rows.key().and_then(|key| tables::part(family, key)) {
            let next = successor(&tables::prefix(family, part));
            if visit(part) == ControlFlow::Break(()) {
                break;
            }
            match next {
                Some(next) => rows.seek(next),
                None => break,
            }
        }
        rows.status().map_err(|error| self.engine.fail(&error))
    }

    fn days(&self) -> Vec<u16> {
        self.engine.days()
    }
}

/// The smallest key that is above everything beginning with `prefix`; `None` when there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}
