//! The sampling rules of each account, kept in the store.

use std::sync::{Arc, Mutex, PoisonError};

use beamline_model::sampling::matching::RuleSet;
use beamline_model::sampling::rule::{BadRule, DEFAULT_RULE, Rule, RuleUpdate};
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use beamline_store::{ObjectKind, Store, StoreError};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Under this name of [`ObjectKind::State`] is the moment of the last change, which outlives the rule that changed.
const LAST_CHANGE: &str = "sampling-rules-changed";

/// A rule, and when it was made and changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleRecord {
    /// The rule.
    pub rule: Rule,
    /// Nanoseconds since the epoch; 0 for the default rule.
    created: i64,
    /// Nanoseconds since the epoch.
    modified: i64,
    /// Nanoseconds since the epoch.
    #[serde(default)]
    placed: i64,
}

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
    /// The ARN is not one of a sampling rule.
    #[error("not the ARN of a sampling rule: {0}")]
    BadArn(String),
    /// The store failed.
    #[error("keeping sampling rules: {0}")]
    Store(#[from] StoreError),
}

/// The rules of all accounts. Reading is from memory; every change is durable before its call returns, which blocks for
/// one write.
pub struct Rules {
    store: Arc<Store>,
    limit: usize,
    // A plain mutex, also held while a change is written, so that changes come one after the other.
    known: Mutex<FxHashMap<Account, Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    records: Arc<Vec<RuleRecord>>,
    set: Arc<RuleSet>,
    changed: Timestamp,
}

impl RuleRecord {
    fn default_rule() -> Self {
        Self {
            rule: Rule::default_rule(),
            created: 0,
            modified: 0,
            placed: 0,
        }
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        Timestamp(self.created)
    }

    /// When it was changed last.
    #[must_use]
    pub fn modified(&self) -> Timestamp {
        Timestamp(self.modified)
    }

    /// When it got its place among the rules: made, or given another priority.
    #[must_use]
    pub fn placed(&self) -> Timestamp {
        Timestamp(self.placed)
    }
}

impl RuleKey {
    /// From the two members of AWS's requests, of which exactly one must be there.
    ///
    /// # Errors
    /// When both or neither are there, or the ARN is of something else.
    pub fn of(name: Option<&str>, arn: Option<&str>) -> Result<Self, RulesError> {
        match (name, arn) {
            (Some(name), None) => Ok(Self(name.to_owned())),
            (None, Some(arn)) => match arn.split_once(":sampling-rule/") {
                Some((prefix, name)) if prefix.starts_with("arn:") && !name.is_empty() => Ok(Self(name.to_owned())),
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
            known: Mutex::default(),
        }
    }

    /// All rules of an account in the order in which they are tried, the default one last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self, account: Account) -> Result<Arc<Vec<RuleRecord>>, RulesError> {
        Ok(self.known(account)?.records)
    }

    /// When any rule was made, changed or removed last; the epoch if that never happened.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_change(&self, account: Account) -> Result<Timestamp, RulesError> {
        Ok(self.known(account)?.changed)
    }

    /// The rules, ready to match.
    pub(crate) fn set(&self, account: Account) -> Result<Arc<RuleSet>, RulesError> {
        Ok(self.known(account)?.set)
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
                return Err(RulesError::Exists(rule.name.clone()));
            }
            if records.len() > self.limit {
                return Err(RulesError::TooMany(self.limit));
            }
            let record = RuleRecord {
                rule,
                created: now.0,
                modified: now.0,
                placed: now.0,
            };
            self.write(account, &record)?;
            Ok(record)
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
            let rule = before.rule.updated(update)?;
            let moves = rule.priority != before.rule.priority;
            let record = RuleRecord {
                rule,
                created: before.created,
                modified: now.0,
                placed: if moves { now.0 } else { before.placed },
            };
            self.write(account, &record)?;
            Ok(record)
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
            let record = find(records, key)?;
            self.store
                .delete_object(ObjectKind::SamplingRule, account, &record.rule.name)?;
            Ok(record.clone())
        })
    }

    fn known(&self, account: Account) -> Result<Known, RulesError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&account) {
            return Ok(known.clone());
        }
        let loaded = self.load(account)?;
        known.insert(account, loaded.clone());
        Ok(loaded)
    }

    fn change(
        &self,
        account: Account,
        now: Timestamp,
        change: impl FnOnce(&[RuleRecord]) -> Result<RuleRecord, RulesError>,
    ) -> Result<RuleRecord, RulesError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match known.get(&account) {
            Some(known) => known.clone(),
            None => self.load(account)?,
        };
        let record = change(&before.records)?;
        let moment = now.max(before.changed).0.to_string().into_bytes();
        self.store.put_object(ObjectKind::State, account, LAST_CHANGE, moment)?;
        known.insert(account, self.load(account)?);
        Ok(record)
    }

    fn write(&self, account: Account, record: &RuleRecord) -> Result<(), RulesError> {
        let value = serde_json::to_vec(record).map_err(|bad| StoreError::Damaged(bad.to_string()))?;
        let name = &record.rule.name;
        Ok(self.store.put_object(ObjectKind::SamplingRule, account, name, value)?)
    }

    fn load(&self, account: Account) -> Result<Known, RulesError> {
        let damaged = |name: &str, what: String| StoreError::Damaged(format!("sampling rule {name}: {what}"));
        let mut records = Vec::new();
        for (name, value) in self.store.objects(ObjectKind::SamplingRule, account)? {
            let record: RuleRecord = serde_json::from_slice(&value).map_err(|bad| damaged(&name, bad.to_string()))?;
            records.push(record);
        }
        if !records.iter().any(|record| record.rule.is_default()) {
            records.push(RuleRecord::default_rule());
        }
        records.sort_by(|a, b| (a.rule.priority, &a.rule.name).cmp(&(b.rule.priority, &b.rule.name)));
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

fn find<'a>(records: &'a [RuleRecord], key: &RuleKey) -> Result<&'a RuleRecord, RulesError> {
    let found = records.iter().find(|record| record.rule.name == key.0);
    found.ok_or_else(|| RulesError::NoSuchRule(key.0.chars().take(64).collect()))
}

#[cfg(test)]
mod tests {
    use beamline_store::StoreConfig;

    use super::*;

    fn rules(limit: usize) -> Rules {
        Rules::new(Arc::new(Store::open(StoreConfig::in_memory()).unwrap()), limit)
    }

    fn rule(name: &str, priority: u16) -> Rule {
        Rule {
            name: name.to_owned(),
            priority,
            ..Rule::default_rule()
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    const US: Account = Account(0);

    fn names(rules: &Rules) -> Vec<String> {
        let records = rules.list(US).unwrap();
        records.iter().map(|record| record.rule.name.clone()).collect()
    }

    #[test]
    fn rules_are_listed_in_order_and_survive_their_keeper() {
        let first = rules(10);
        assert_eq!(names(&first), ["Default"]);
        assert_eq!(first.last_change(US), Ok(Timestamp::ZERO));
        first.create(US, rule("late", 9_000), at(10)).unwrap();
        first.create(US, rule("b", 5), at(11)).unwrap();
        first.create(US, rule("a", 5), at(12)).unwrap();
        let again = Rules::new(Arc::clone(&first.store), 10);
        assert_eq!(names(&again), ["a", "b", "late", "Default"]);
        assert_eq!(again.last_change(US), Ok(at(12)));
        assert_eq!(again.list(Account(7)).unwrap().len(), 1, "another account has its own");
    }

    #[test]
    fn every_change_moves_the_last_change() {
        let rules = rules(10);
        rules.create(US, rule("a", 5), at(10)).unwrap();
        let key = RuleKey::of(None, Some("arn:aws:xray:us-east-1:123456789012:sampling-rule/a")).unwrap();
        let update = RuleUpdate {
            fixed_rate: Some(0.5),
            ..RuleUpdate::default()
        };
        let changed = rules.update(US, &key, update, at(20)).unwrap();
        assert_eq!(
            (changed.created(), changed.modified(), changed.rule.fixed_rate),
            (at(10), at(20), 0.5)
        );
        assert_eq!(rules.last_change(US), Ok(at(20)));
        assert_eq!(rules.delete(US, &key, at(30)).unwrap(), changed);
        assert_eq!(
            (names(&rules), rules.last_change(US)),
            (vec!["Default".to_owned()], Ok(at(30)))
        );
    }

    #[test]
    fn what_cannot_be_is_refused_and_changes_nothing() {
        let rules = rules(1);
        rules.create(US, rule("a", 5), at(10)).unwrap();
        let named = |name| RuleKey::of(Some(name), None).unwrap();
        let nothing = RuleUpdate::default;
        assert_eq!(
            rules.create(US, rule("a", 6), at(11)),
            Err(RulesError::Exists("a".to_owned()))
        );
        assert_eq!(rules.create(US, rule("b", 6), at(11)), Err(RulesError::TooMany(1)));
        assert_eq!(
            rules.create(US, Rule::default_rule(), at(11)),
            Err(BadRule::Reserved.into())
        );
        assert_eq!(
            rules.delete(US, &named("Default"), at(11)),
            Err(RulesError::DefaultStays)
        );
        assert_eq!(
            rules.delete(US, &named("x"), at(11)),
            Err(RulesError::NoSuchRule("x".to_owned()))
        );
        assert_eq!(
            rules.update(US, &named("x"), nothing(), at(11)),
            Err(RulesError::NoSuchRule("x".to_owned()))
        );
        assert_eq!(RuleKey::of(None, None), Err(RulesError::NotOneName));
        assert_eq!(RuleKey::of(Some("a"), Some("b")), Err(RulesError::NotOneName));
        assert!(RuleKey::of(None, Some("arn:aws:xray:us-east-1:1:group/a")).is_err());
        assert_eq!((names(&rules).len(), rules.last_change(US)), (2, Ok(at(10))));
    }

    #[test]
    fn the_rates_of_the_default_rule_can_be_changed() {
        let rules = rules(1);
        let key = RuleKey::of(Some("Default"), None).unwrap();
        let update = RuleUpdate {
            fixed_rate: Some(1.0),
            ..RuleUpdate::default()
        };
        rules.update(US, &key, update, at(10)).unwrap();
        let records = rules.list(US).unwrap();
        assert_eq!(
            (records.len(), records[0].rule.fixed_rate, records[0].created()),
            (1, 1.0, Timestamp::ZERO)
        );
    }
}
