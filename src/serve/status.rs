//! What the query API tells about the process around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use beamline_collector::Collector;
use beamline_collector::report::Reject;
use beamline_collector::sample::Activity;
use beamline_model::time::Timestamp;
use beamline_query::serve::{Operations, Rejected, RuleUse, SamplingUse, Status};
use beamline_store::api::Account;

use super::figures::Figures;

/// Knows how the server is.
pub(super) struct Operator {
    figures: Figures,
    collector: Collector,
    open: Arc<AtomicBool>,
}

impl Operator {
    pub(super) fn new(figures: Figures, collector: Collector, open: Arc<AtomicBool>) -> Self {
        Self {
            figures,
            collector,
            open,
        }
    }
}

impl Operations for Operator {
    fn status(&self, rejected: usize) -> Status {
        let latest = self.collector.report.rejects.latest();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: moment(self.figures.started()),
            ready: self.open.load(Ordering::Acquire),
            figures: self.figures.pairs(),
            rejected: latest.into_iter().take(rejected).map(told).collect(),
        }
    }

    fn sampling(&self, account: Account, now: Timestamp) -> SamplingUse {
        let since = moment(self.figures.started()).max(now.plus(-LATELY));
        let used = self.collector.targets.activity(account, since, now);
        let changed = self.collector.rules.set(account).map(|(_, changed)| changed);
        SamplingUse {
            since,
            // Rules that cannot be read are told of by whoever asked for them.
            changed: changed.unwrap_or_default(),
            rules: used
                .into_iter()
                .map(|(name, activity)| (name, rule_use(&activity)))
                .collect(),
        }
    }
}

/// So far back reports of sampling clients are counted, in nanoseconds.
const LATELY: i64 = 300 * 1_000_000_000;

fn rule_use(activity: &Activity) -> RuleUse {
    RuleUse {
        clients: activity.clients,
        leased: activity.leased,
        requests: activity.requests,
        sampled: activity.sampled,
        borrowed: activity.borrowed,
        boosted_rate: activity.boost.map(|boost| boost.rate),
    }
}

fn told(reject: Reject) -> Rejected {
    let id = reject.id.map(|id| format!(" (id {id})")).unwrap_or_default();
    let peer = reject.peer.map(|peer| format!(" from {peer}")).unwrap_or_default();
    Rejected {
        time: reject.at,
        receiver: reject.transport.as_str().to_owned(),
        reason: reject.reason.as_str().to_owned(),
        message: format!("{}{id}{peer}", reject.message),
        excerpt: reject.bytes,
    }
}

fn moment(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
