//! The sampling rules of each account, kept in the store.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use beamline_model::sampling::matching::RuleSet;
use beamline_model::sampling::record::{RuleRecord, in_order};
use beamline_model::sampling::rule::{BadRule, DEFAULT_RULE, Rule, RuleUpdate};
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use beamline_store::{ObjectChange, ObjectKind, Store, StoreError};
use rustc_hash::FxHashMap;

/// Under this name of [`ObjectKind::State`] is the moment of the last change, which outlives the rule that changed.
const LAST_CHANGE: &str = "sampling-rules-changed";

/// How a caller names a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleKey(String);

/// Why a rule could not be made, changed or removed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RulesError {
    /// The rule itself cannot be.
    #[error(transparent)]
    Bad(#[from] BadRule),
    /// A rule with this name exists.
    #[error("a sampling rule with the name {0} already exists")]
    Exists(String),
    /// No rule with this name exists.
    #[error("no sampling rule with the name {0} exists")]
    NoSuchRule(String),
    /// The account has as many rules as it may have.
    #[error("an account may have at most {0} sampling rules")]
    TooMany(usize),
    /// The default rule cannot be removed.
    #[error("the Default rule cannot be deleted")]
    DefaultStays,
    /// A caller has to name a rule by its name or by its ARN, and not by both.
    #[error("specify either RuleName or RuleARN")]
    NotOneName,
    /// The ARN is not one of a sampling rule of the caller.
    #[error("not the ARN of a sampling rule of this account and region: {0}")]
    BadArn(String),
    /// The store failed.
    #[error("keeping sampling rules: {0}")]
    Store(#[from] StoreError),
}

/// The rules of all accounts. Reading is from memory and never waits for a change; every change is durable before its
/// call returns, which blocks for one write.
pub struct Rules {
    store: Arc<Store>,
    limit: usize,
    /// Held for a look-up or an insertion alone.
    known: RwLock<FxHashMap<Account, Known>>,
    /// Held while a change is decided on and written, so that changes come one after the other.
    changing: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Known {
    records: Arc<Vec<RuleRecord>>,
    set: Arc<RuleSet>,
    changed: Timestamp,
}

/// What a change comes to.
enum Change {
    /// The rule is this from now on.
    Put(RuleRecord),
    /// The rule is gone.
    Remove(RuleRecord),
}

impl RuleKey {
    /// From the two members of AWS's requests, of which exactly one must be there. `prefix` is what the ARNs of all
    /// sampling rules of the caller begin with, up to the name.
    ///
    /// # Errors
    /// When both or neither are there, or the ARN is of something else.
    pub fn of(name: Option<&str>, arn: Option<&str>, prefix: &str) -> Result<Self, RulesError> {
        match (name, arn) {
            (Some(name), None) => Ok(Self(name.to_owned())),
            (None, Some(arn)) => match arn.strip_prefix(prefix) {
                Some(name) if !name.is_empty() => Ok(Self(name.to_owned())),
                _ => Err(RulesError::BadArn(arn.chars().take(128).collect())),
            },
            _ => Err(RulesError::NotOneName),
        }
    }
}

impl Rules {
    /// Rules that `store` keeps; every account may have `limit` besides the default one.
    #[must_use]
    pub fn new(store: Arc<Store>, limit: usize) -> Self {
        Self {
            store,
            limit,
            known: RwLock::default(),
            changing: Mutex::default(),
        }
    }

    /// Whether the rules of an account are in memory, so that reading them does not block. They are once they were read
    /// or changed for the first time.
    #[must_use]
    pub fn are_known(&self, account: Account) -> bool {
        self.remembered(account).is_some()
    }

    /// All rules of an account in the order in which they are tried, the default one last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self, account: Account) -> Result<Arc<Vec<RuleRecord>>, RulesError> {
        Ok(self.known(account)?.records)
    }

    /// The rules, ready to match, and when any of them was made, changed or removed last; the epoch if that never
    /// happened.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn set(&self, account: Account) -> Result<(Arc<RuleSet>, Timestamp), RulesError> {
        let known = self.known(account)?;
        Ok((known.set, known.changed))
    }

    /// Makes a rule.
    ///
    /// # Errors
    /// When it cannot be, its name is taken, or there are too many.
    pub fn create(&self, account: Account, rule: Rule, now: Timestamp) -> Result<RuleRecord, RulesError> {
        if rule.is_default() {
            return Err(BadRule::Reserved.into());
        }
        rule.check()?;
        self.change(account, now, |records| {
            if records.iter().any(|record| record.rule.name == rule.name) {
                return Err(RulesError::Exists(rule.name));
            }
            let custom = records.iter().filter(|record| !record.rule.is_default()).count();
            if custom >= self.limit {
                return Err(RulesError::TooMany(self.limit));
            }
            Ok(Change::Put(RuleRecord::new(rule, now)))
        })
    }

    /// Changes what `update` names.
    ///
    /// # Errors
    /// When there is no such rule, or it cannot be so.
    pub fn update(
        &self,
        account: Account,
        key: &RuleKey,
        update: RuleUpdate,
        now: Timestamp,
    ) -> Result<RuleRecord, RulesError> {
        self.change(account, now, |records| {
            let before = find(records, key)?;
            Ok(Change::Put(before.changed(before.rule.updated(update)?, now)))
        })
    }

    /// Removes a rule, and returns what it was.
    ///
    /// # Errors
    /// When there is no such rule, or it is the default one.
    pub fn delete(&self, account: Account, key: &RuleKey, now: Timestamp) -> Result<RuleRecord, RulesError> {
        self.change(account, now, |records| {
            if key.0 == DEFAULT_RULE {
                return Err(RulesError::DefaultStays);
            }
            Ok(Change::Remove(find(records, key)?.clone()))
        })
    }

    fn remembered(&self, account: Account) -> Option<Known> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&account).cloned()
    }

    fn remember(&self, account: Account, known: Known) {
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(account, known);
    }

    fn known(&self, account: Account) -> Result<Known, RulesError> {
        if let Some(known) = self.remembered(account) {
            return Ok(known);
        }
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.known_or_loaded(account)
    }

    /// To be called by whoever holds `changing`, so that what is loaded is not already outdated when remembered.
    fn known_or_loaded(&self, account: Account) -> Result<Known, RulesError> {
        if let Some(known) = self.remembered(account) {
            return Ok(known);
        }
        let loaded = self.load(account)?;
        self.remember(account, loaded.clone());
        Ok(loaded)
    }

    /// The rule and the moment are one write, so that no crash leaves a change behind that clients do not hear of.
    fn change(
        &self,
        account: Account,
        now: Timestamp,
        decide: impl FnOnce(&[RuleRecord]) -> Result<Change, RulesError>,
    ) -> Result<RuleRecord, RulesError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.known_or_loaded(account)?;
        let (change, record) = match decide(&before.records)? {
            Change::Put(record) => (rule_object(&record, true)?, record),
            Change::Remove(record) => (rule_object(&record, false)?, record),
        };
        let moment = ObjectChange {
            kind: ObjectKind::State,
            name: LAST_CHANGE.to_owned(),
            value: Some(now.max(before.changed).0.to_string().into_bytes()),
        };
        self.store.change_objects(account, vec![change, moment])?;
        let after = self.load(account)?;
        self.remember(account, after);
        Ok(record)
    }

    fn load(&self, account: Account) -> Result<Known, RulesError> {
        let damaged = |name: &str, what: String| StoreError::Damaged(format!("sampling rule {name}: {what}"));
        let mut records = Vec::new();
        for (name, value) in self.store.objects(ObjectKind::SamplingRule, account)? {
            let record: RuleRecord = serde_json::from_slice(&value).map_err(|bad| damaged(&name, bad.to_string()))?;
            records.push(record);
        }
        let records = in_order(records);
        let changed = self.store.object(ObjectKind::State, account, LAST_CHANGE)?;
        let changed = changed.and_then(|value| std::str::from_utf8(&value).ok()?.parse().ok());
        let set = RuleSet::new(records.iter().map(|record| record.rule.clone()).collect());
        Ok(Known {
            records: Arc::new(records),
            set: Arc::new(set),
            changed: Timestamp(changed.unwrap_or(0)),
        })
    }
}

fn rule_object(record: &RuleRecord, there: bool) -> Result<ObjectChange, StoreError> {
    let value = serde_json::to_vec(record).map_err(|bad| StoreError::Damaged(bad.to_string()))?;
    Ok(ObjectChange {
        kind: ObjectKind::SamplingRule,
        name: record.rule.name.clone(),
        value: there.then_some(value),
    })
}

fn find<'a>(records: &'a [RuleRecord], key: &RuleKey) -> Result<&'a RuleRecord, RulesError> {
    let found = records.iter().find(|record| record.rule.name == key.0);
    found.ok_or_else(|| RulesError::NoSuchRule(key.0.chars().take(64).collect()))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
