//! Whose data a caller may see.

use crate::source::{LogSource, MetricSource, Source};
use beamline_model::digest::Digest;
use beamline_model::group::Group;
use beamline_model::id::TraceId;
use beamline_model::insight::{Insight, InsightId, Minute};
use beamline_model::sampling::record::RuleRecord;
use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::StoreError;
use beamline_store::api::{Account, Page, Search, StoredTrace, Touched, Wanted};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Who calls, as whoever mounts the API found out. A request with this among its extensions sees this account only, in
/// all its regions; one without sees all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
}

impl Caller {
    /// A source in which there are no other accounts.
    pub(super) fn restrict(&self, source: Arc<dyn Source>) -> Arc<dyn Source> {
        let account = self.account.clone();
        Arc::new(Restricted { source, account })
    }
}

/// Requests name accounts, and nothing but the list of accounts turns a name into the number that everything else asks
/// for. So it is enough to leave others out there.
struct Restricted {
    source: Arc<dyn Source>,
    account: String,
}

impl Source for Restricted {
    fn accounts(&self) -> Vec<(Account, String, String)> {
        let mut accounts = self.source.accounts();
        accounts.retain(|(_, id, _)| *id == self.account);
        accounts
    }

    fn groups(&self, account: Account) -> Result<Vec<Group>, StoreError> {
        self.source.groups(account)
    }

    fn sampling_rules(&self, account: Account) -> Result<Vec<RuleRecord>, StoreError> {
        self.source.sampling_rules(account)
    }

    fn trace(&self, account: Account, trace: TraceId) -> Result<Option<StoredTrace>, StoreError> {
        self.source.trace(account, trace)
    }

    fn digest(&self, account: Account, trace: TraceId) -> Result<Option<Arc<Digest>>, StoreError> {
        self.source.digest(account, trace)
    }

    fn search(&self, search: &Search) -> Result<Page, StoreError> {
        self.source.search(search)
    }

    fn graph(&self, account: Account, range: TimeRange) -> Result<GraphStats, StoreError> {
        self.source.graph(account, range)
    }

    fn each_graph(
        &self,
        account: Account,
        range: TimeRange,
        minutes: u32,
        wanted: &dyn Wanted,
        visit: &mut dyn FnMut(Timestamp, GraphStats),
    ) -> Result<(), StoreError> {
        self.source.each_graph(account, range, minutes, wanted, visit)
    }

    fn group_statistics(&self, account: Account, name: &str, version: u64) -> Option<(Account, u32)> {
        self.source.group_statistics(account, name, version)
    }

    fn counts(&self, account: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, StoreError> {
        self.source.counts(account, minutes)
    }

    fn insights(&self, account: Account) -> Result<Vec<Insight>, StoreError> {
        self.source.insights(account)
    }

    fn insight(&self, account: Account, id: InsightId) -> Result<Option<Insight>, StoreError> {
        self.source.insight(account, id)
    }

    fn subscribe(&self) -> broadcast::Receiver<Touched> {
        self.source.subscribe()
    }

    fn logs(&self) -> &dyn LogSource {
        self.source.logs()
    }

    fn metrics(&self) -> &dyn MetricSource {
        self.source.metrics()
    }
}
