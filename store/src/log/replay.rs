//! Recovery of log events: those that are not sealed go back into the live table.

use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::keys::GroupKey;
use super::{hot, seal};
use crate::error::StoreError;
use crate::hot::envelope::Damaged;
use crate::inner::Inner;

/// A replay. One commit has events of many groups; of those that were sealed since, its events are sealed too.
pub(crate) struct Replay<'a> {
    store: &'a Inner,
    /// From which commit on events of a group are not sealed; none of a group that is gone.
    unsealed: FxHashMap<GroupKey, Option<u64>>,
    failed: Option<StoreError>,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(store: &'a Inner) -> Self {
        Self {
            store,
            unsealed: FxHashMap::default(),
            failed: None,
        }
    }

    /// Replays one value, and makes `last` the last reception in it if that is later.
    pub(crate) fn commit(&mut self, commit: u64, value: &[u8], last: &mut Timestamp) -> Result<(), Damaged> {
        let store = self.store;
        let mut result = Ok(());
        store.logs.apply(commit, |add| {
            result = hot::decode(value, &mut |event| {
                *last = (*last).max(event.received);
                let key = GroupKey {
                    account: event.account,
                    group: event.stream.group,
                };
                if self.unsealed_from(key).is_some_and(|from| commit >= from) {
                    store.counters.events.replayed();
                    add(&event);
                }
            });
        });
        result
    }

    fn unsealed_from(&mut self, key: GroupKey) -> Option<u64> {
        if let Some(&known) = self.unsealed.get(&key) {
            return known;
        }
        let found = match self.store.log_groups.of_number(key) {
            Some(_) => seal::unsealed(&*self.store.engine.view(), key).map(Some),
            None => Ok(None),
        };
        let from = found.unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            None
        });
        self.unsealed.insert(key, from);
        from
    }

    /// Says what could not be read.
    pub(crate) fn finish(self) -> Result<(), StoreError> {
        self.failed.map_or(Ok(()), Err)
    }
}
