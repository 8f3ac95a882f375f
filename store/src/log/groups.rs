//! Log groups: all of them are known in memory, and every change is written, synced, before it is known.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use beamline_model::log::{LogGroup, LogGroupName};

use super::keys::GroupKey;
use super::{day, keys};
use crate::api::Account;
use crate::api::log::LogGroupChange;
use crate::engine::{Change, Durability, Family, KeyRange, View, WriteBatch};
use crate::error::{LogError, StoreError};
use crate::inner::Inner;
use crate::object::{self, ObjectKind};
use crate::{clock, meta};

/// All groups there are.
#[derive(Default)]
pub(crate) struct Groups {
    known: RwLock<Known>,
    /// Held while groups or streams are made, changed or removed: one at a time, since each is written, synced.
    changing: Mutex<()>,
}

#[derive(Default)]
struct Known {
    by_name: BTreeMap<(Account, String), Arc<LogGroup>>,
    by_number: BTreeMap<GroupKey, Arc<LogGroup>>,
}

impl Known {
    fn insert(&mut self, account: Account, group: LogGroup) -> Arc<LogGroup> {
        let group = Arc::new(group);
        let name = (account, group.name.to_string());
        let key = GroupKey {
            account,
            group: group.number,
        };
        self.by_name.insert(name, Arc::clone(&group));
        self.by_number.insert(key, Arc::clone(&group));
        group
    }
}

impl Groups {
    /// Reads all groups of these accounts.
    pub(crate) fn load(view: &dyn View, accounts: &[Account]) -> Result<Self, StoreError> {
        let mut known = Known::default();
        let mut damaged = None;
        for &account in accounts {
            let part = object::part(ObjectKind::LogGroup, account);
            view.scan(Family::Object, &part, KeyRange::all(), false, &mut |key, value| {
                match serde_json::from_slice(value) {
                    Ok(group) => drop(known.insert(account, group)),
                    Err(error) => damaged = Some(format!("log group {}: {error}", String::from_utf8_lossy(key))),
                }
                ControlFlow::Continue(())
            })?;
        }
        match damaged {
            Some(what) => Err(StoreError::Damaged(what)),
            None => Ok(Self {
                known: RwLock::new(known),
                changing: Mutex::default(),
            }),
        }
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, account: Account, name: &str) -> Result<Arc<LogGroup>, LogError> {
        let found = self.known().by_name.get(&(account, name.to_owned())).map(Arc::clone);
        found.ok_or(LogError::NoSuchGroup)
    }

    pub(crate) fn of_number(&self, key: GroupKey) -> Option<Arc<LogGroup>> {
        self.known().by_number.get(&key).map(Arc::clone)
    }

    /// Every group, by account and number.
    pub(crate) fn all(&self) -> Vec<(GroupKey, Arc<LogGroup>)> {
        let known = self.known();
        known
            .by_number
            .iter()
            .map(|(&key, group)| (key, Arc::clone(group)))
            .collect()
    }

    /// Groups of an account by name: those that begin with `prefix`, behind `after`.
    pub(crate) fn list(&self, account: Account, prefix: &str, after: Option<&str>) -> Vec<Arc<LogGroup>> {
        let start = match after.filter(|after| *after >= prefix) {
            Some(after) => Bound::Excluded((account, after.to_owned())),
            None => Bound::Included((account, prefix.to_owned())),
        };
        let known = self.known();
        let behind = known.by_name.range((start, Bound::Unbounded));
        behind
            .take_while(|((of, name), _)| *of == account && name.starts_with(prefix))
            .map(|(_, group)| Arc::clone(group))
            .collect()
    }

    fn count(&self, account: Account) -> usize {
        self.list(account, "", None).len()
    }

    fn keep(&self, account: Account, group: LogGroup) -> Arc<LogGroup> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(account, group)
    }

    fn forget(&self, account: Account, group: &LogGroup) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.by_name.remove(&(account, group.name.to_string()));
        known.by_number.remove(&GroupKey {
            account,
            group: group.number,
        });
    }
}

fn put(account: Account, group: &LogGroup, batch: &mut WriteBatch) -> Result<(), StoreError> {
    let value = serde_json::to_vec(group).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let part = object::part(ObjectKind::LogGroup, account);
    batch.put(Family::Object, part, group.name.as_str().as_bytes(), value);
    Ok(())
}

fn apply(change: LogGroupChange, group: &mut LogGroup) {
    let LogGroupChange {
        class,
        retention,
        key,
        protected,
    } = change;
    class.into_iter().for_each(|class| group.class = class);
    retention.into_iter().for_each(|retention| group.retention = retention);
    key.into_iter().for_each(|key| group.key = key);
    protected.into_iter().for_each(|protected| group.protected = protected);
}

/// Makes a group.
pub(crate) fn create(
    store: &Inner,
    account: Account,
    name: LogGroupName,
    chosen: LogGroupChange,
) -> Result<Arc<LogGroup>, StoreError> {
    let groups = &store.log_groups;
    let _alone = groups.changing();
    if groups.get(account, name.as_str()).is_ok() {
        return Err(LogError::GroupExists.into());
    }
    if groups.count(account) >= store.config.logs.groups {
        return Err(LogError::TooManyGroups(store.config.logs.groups).into());
    }
    let number = meta::next_log_group(&*store.engine.view())?;
    let mut group = LogGroup {
        name,
        number,
        created: clock::now(),
        class: Default::default(),
        retention: None,
        key: None,
        protected: false,
    };
    apply(chosen, &mut group);
    let mut batch = WriteBatch::default();
    meta::put_next_log_group(
        &mut batch,
        number.checked_add(1).ok_or(LogError::TooManyGroups(usize::MAX))?,
    );
    put(account, &group, &mut batch)?;
    store.write(batch, Durability::Commit)?;
    Ok(groups.keep(account, group))
}

/// Changes what was chosen about a group.
pub(crate) fn change(
    store: &Inner,
    account: Account,
    name: &str,
    change: LogGroupChange,
) -> Result<Arc<LogGroup>, StoreError> {
    let groups = &store.log_groups;
    let _alone = groups.changing();
    let mut group = LogGroup::clone(&*groups.get(account, name)?);
    apply(change, &mut group);
    let mut batch = WriteBatch::default();
    put(account, &group, &mut batch)?;
    store.write(batch, Durability::Commit)?;
    Ok(groups.keep(account, group))
}

/// Removes a group with its streams and events, all at once.
pub(crate) fn delete(store: &Inner, account: Account, name: &str) -> Result<(), StoreError> {
    // No event of the group is sealed meanwhile, or it would come back.
    let _unsealed = store.log_sealer.alone();
    let groups = &store.log_groups;
    let _alone = groups.changing();
    let group = groups.get(account, name)?;
    if group.protected {
        return Err(LogError::Protected.into());
    }
    let key = GroupKey {
        account,
        group: group.number,
    };
    let mut batch = WriteBatch::default();
    for (day, _) in day::all(&*store.engine.view(), key)? {
        batch.changes.push(whole(Family::Log, key.on(day).part()));
    }
    batch.changes.push(whole(Family::LogIndex, key.part()));
    batch.changes.push(Change::Delete {
        family: Family::Object,
        part: object::part(ObjectKind::LogGroup, account).to_vec(),
        key: name.as_bytes().to_vec(),
    });
    store.write(batch, Durability::Commit)?;
    groups.forget(account, &group);
    store.log_streams.forget(key);
    let orphans = store.logs.forget(key) as u64;
    store.counters.logs.orphans.fetch_add(orphans, Ordering::Relaxed);
    Ok(())
}

/// Removes a whole partition.
pub(crate) fn whole(family: Family, part: Vec<u8>) -> Change {
    Change::DeleteBelow {
        family,
        part,
        end: keys::ABOVE_ALL.to_vec(),
    }
}
