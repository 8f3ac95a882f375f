//! The insights that are kept, also in memory: this is the only one who changes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use beamline_model::insight::{Insight, State};
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use beamline_store::{ObjectKind, Store, StoreError};

/// Nobody can ask for older ones: AWS takes no start that is longer ago.
const KEPT_FOR_MINUTES: u32 = 30 * 24 * 60;
/// Of one group; beyond, the oldest go.
const MOST: usize = 1_000;

/// The insights of all accounts.
pub(super) struct Kept {
    store: Arc<Store>,
    accounts: BTreeMap<Account, BTreeMap<String, Insight>>,
}

impl Kept {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            accounts: BTreeMap::new(),
        }
    }

    /// Reads those of an account, unless that was done.
    pub(super) fn load(&mut self, account: Account) -> Result<(), StoreError> {
        if self.accounts.contains_key(&account) {
            return Ok(());
        }
        let mut insights = BTreeMap::new();
        for (id, value) in self.store.objects(ObjectKind::Insight, account)? {
            match serde_json::from_slice(&value) {
                Ok(insight) => drop(insights.insert(id, insight)),
                // What it says can be found again; that it is damaged must not end the watch.
                Err(error) => tracing::error!(id, %error, "an insight cannot be read"),
            }
        }
        self.accounts.insert(account, insights);
        Ok(())
    }

    /// Those of an account.
    pub(super) fn all(&self, account: Account) -> impl Iterator<Item = &Insight> {
        self.accounts.get(&account).into_iter().flat_map(BTreeMap::values)
    }

    /// Those of a group.
    pub(super) fn of(&self, account: Account, group_unique: &str) -> impl Iterator<Item = &Insight> {
        self.all(account)
            .filter(move |insight| insight.group_unique == group_unique)
    }

    /// Keeps one, durably.
    pub(super) fn put(&mut self, account: Account, insight: Insight) -> Result<(), StoreError> {
        let value = serde_json::to_vec(&insight)
            .map_err(|error| StoreError::Damaged(format!("insight {}: {error}", insight.id())))?;
        self.store
            .put_object(ObjectKind::Insight, account, insight.id(), value)?;
        let insights = self.accounts.entry(account).or_default();
        insights.insert(insight.id().to_owned(), insight);
        Ok(())
    }

    /// Forgets those that ended too long ago, and the oldest of too many.
    pub(super) fn forget_old(&mut self, account: Account, now: Timestamp) -> Result<(), StoreError> {
        let Some(insights) = self.accounts.get_mut(&account) else {
            return Ok(());
        };
        let oldest = now.minute().saturating_sub(KEPT_FOR_MINUTES);
        let mut by_group: BTreeMap<&str, Vec<&Insight>> = BTreeMap::new();
        for insight in insights.values().filter(|insight| insight.state == State::Closed) {
            by_group.entry(&insight.group_unique).or_default().push(insight);
        }
        let mut gone: Vec<String> = Vec::new();
        for closed in by_group.values_mut() {
            closed.sort_by_key(|insight| std::cmp::Reverse(insight.end));
            let old = closed.iter().enumerate();
            let old = old.filter(|(place, insight)| *place >= MOST || insight.end < oldest);
            gone.extend(old.map(|(_, insight)| insight.id().to_owned()));
        }
        for id in gone {
            self.store.delete_object(ObjectKind::Insight, account, &id)?;
            insights.remove(&id);
        }
        Ok(())
    }
}
