//! What queries need of a store.
//!
//! A [`Store`] is one; tests answer from a plain list instead, which is what its indexes are
//! held against.

use std::ops::Range;
use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::group::Group;
use beamline_model::id::TraceId;
use beamline_model::insight::{Insight, InsightId, Minute};
use beamline_model::sampling::record::RuleRecord;
use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::{Account, Page, Search, StoredTrace, Touched, Wanted};
use beamline_store::{ObjectKind, Store, StoreError};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::sync::broadcast;

use crate::QueryError;

mod logs;
mod metrics;

pub use logs::LogSource;
pub use metrics::{MetricSource, Periods};

/// Something that traces, logs and metrics can be read from. Calls block.
pub trait Source: Send + Sync {
    /// Every (account, region) pair, the default one first.
    fn accounts(&self) -> Vec<(Account, String, String)>;

    /// The groups that are kept of an account. Of the one that always exists there is only what was chosen about it.
    fn groups(&self, account: Account) -> Result<Vec<Group>, StoreError>;

    /// The sampling rules of an account, without the default one if nobody has changed it, in any order.
    fn sampling_rules(&self, account: Account) -> Result<Vec<RuleRecord>, StoreError>;

    /// Everything kept of one trace.
    fn trace(&self, account: Account, trace: TraceId) -> Result<Option<StoredTrace>, StoreError>;

    /// The digest of one trace.
    fn digest(&self, account: Account, trace: TraceId) -> Result<Option<Arc<Digest>>, StoreError>;

    /// One page of a search.
    fn search(&self, search: &Search) -> Result<Page, StoreError>;

    /// The sum of the service graphs of all minutes that a range touches.
    fn graph(&self, account: Account, range: TimeRange) -> Result<GraphStats, StoreError>;

    /// Visits what is wanted of each stretch of so many minutes, by its begin and ascending; stretches with nothing may
    /// be left out. The range is a whole number of them.
    fn each_graph(
        &self,
        account: Account,
        range: TimeRange,
        minutes: u32,
        wanted: &dyn Wanted,
        visit: &mut dyn FnMut(Timestamp, GraphStats),
    ) -> Result<(), StoreError>;

    /// Under which number a version of a group (see [`GroupSet::version`](beamline_model::group::GroupSet::version)) has
    /// statistics of its own, and the first minute that they have. What takes an account for statistics takes that
    /// number too.
    fn group_statistics(&self, account: Account, name: &str, version: u64) -> Option<(Account, u32)>;

    /// Requests and faults of some minutes; those without any may be left out.
    fn counts(&self, account: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, StoreError>;

    /// All insights that are kept of an account.
    fn insights(&self, account: Account) -> Result<Vec<Insight>, StoreError>;

    /// One of them.
    fn insight(&self, account: Account, id: InsightId) -> Result<Option<Insight>, StoreError>;

    /// Follows along: every trace that changes from now on.
    fn subscribe(&self) -> broadcast::Receiver<Touched>;

    /// Its logs.
    fn logs(&self) -> &dyn LogSource;

    /// Its metrics.
    fn metrics(&self) -> &dyn MetricSource;
}

/// No logs and no metrics, for sources that have only traces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Source for Store {
    fn accounts(&self) -> Vec<(Account, String, String)> {
        self.accounts()
    }

    fn groups(&self, account: Account) -> Result<Vec<Group>, StoreError> {
        objects(self, ObjectKind::Group, "group", account)
    }

    fn sampling_rules(&self, account: Account) -> Result<Vec<RuleRecord>, StoreError> {
        objects(self, ObjectKind::SamplingRule, "sampling rule", account)
    }

    fn trace(&self, account: Account, trace: TraceId) -> Result<Option<StoredTrace>, StoreError> {
        self.trace(account, trace)
    }

    fn digest(&self, account: Account, trace: TraceId) -> Result<Option<Arc<Digest>>, StoreError> {
        self.digest(account, trace)
    }

    fn search(&self, search: &Search) -> Result<Page, StoreError> {
        self.search(search)
    }

    fn graph(&self, account: Account, range: TimeRange) -> Result<GraphStats, StoreError> {
        self.graph(account, range)
    }

    fn each_graph(
        &self,
        account: Account,
        range: TimeRange,
        minutes: u32,
        wanted: &dyn Wanted,
        visit: &mut dyn FnMut(Timestamp, GraphStats),
    ) -> Result<(), StoreError> {
        self.each_graph(account, range, minutes, wanted, visit)
    }

    fn group_statistics(&self, account: Account, name: &str, version: u64) -> Option<(Account, u32)> {
        self.group_statistics(account, name, version)
    }

    fn counts(&self, account: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, StoreError> {
        self.counts(account, minutes)
    }

    fn insights(&self, account: Account) -> Result<Vec<Insight>, StoreError> {
        let kept = self.objects(ObjectKind::Insight, account)?.into_iter();
        kept.map(|(id, value)| read_insight(&id, &value)).collect()
    }

    fn insight(&self, account: Account, id: InsightId) -> Result<Option<Insight>, StoreError> {
        let id = id.to_string();
        let value = self.object(ObjectKind::Insight, account, &id)?;
        value.map(|value| read_insight(&id, &value)).transpose()
    }

    fn subscribe(&self) -> broadcast::Receiver<Touched> {
        self.subscribe()
    }

    fn logs(&self) -> &dyn LogSource {
        self
    }

    fn metrics(&self) -> &dyn MetricSource {
        self
    }
}

fn read_insight(id: &str, value: &[u8]) -> Result<Insight, StoreError> {
    serde_json::from_slice(value).map_err(|error| StoreError::Damaged(format!("insight {id}: {error}")))
}

/// Every object of a kind, read from its JSON.
fn objects<T: DeserializeOwned>(
    store: &Store,
    kind: ObjectKind,
    what: &str,
    account: Account,
) -> Result<Vec<T>, StoreError> {
    let read = |(name, value): (String, Bytes)| {
        let object = serde_json::from_slice(&value);
        object.map_err(|error| StoreError::Damaged(format!("{what} {name}: {error}")))
    };
    store.objects(kind, account)?.into_iter().map(read).collect()
}

/// The account that a client names; what it does not name is the default's.
///
/// # Errors
/// If nothing was ever sent to it.
pub fn find_account(source: &dyn Source, id: &str, region: &str) -> Result<Account, QueryError> {
    let accounts = source.accounts();
    let default = accounts.first().map(|(_, id, region)| (id.as_str(), region.as_str()));
    let (default_id, default_region) = default.unwrap_or_default();
    let id = if id.is_empty() { default_id } else { id };
    let region = if region.is_empty() { default_region } else { region };
    let found = accounts.iter().find(|(_, known, at)| known == id && at == region);
    match found {
        Some((account, ..)) => Ok(*account),
        None => Err(QueryError::NoSuchAccount {
            account: id.to_owned(),
            region: region.to_owned(),
        }),
    }
}

/// Who owns what an account number stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// AWS account id, 12 digits.
    pub account: String,
    /// AWS region.
    pub region: String,
}

/// The owner of an account; nobody if there is no such number.
pub fn find_owner(source: &dyn Source, account: Account) -> Owner {
    let accounts = source.accounts().into_iter();
    let mut found = accounts.filter(|(number, ..)| *number == account);
    found
        .next()
        .map(|(_, account, region)| Owner { account, region })
        .unwrap_or_default()
}
