//! Why traces fail or are slow.

use std::collections::{BTreeMap, HashMap};

use beamline_model::digest::{CauseEntity, CauseService, Digest, RootCause, ServiceFact, ServiceId};
use beamline_model::id::TraceId;
use beamline_model::lang::trace_filter::ast::CauseKind;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_model::trace::{At, Trace};
use beamline_store::api::Account;

use crate::QueryError;
use crate::filter::Selection;
use crate::search::{SearchRequest, Seen, each};
use crate::source::Source;
use crate::trace::{TraceView, stored};

/// How many traces causes are counted in, the newest ones.
pub const MOST_TRACES: u64 = 200_000;
/// How many traces are opened for their critical paths, the newest ones.
pub const MOST_OPENED: usize = 100;
/// Most ways of one trace, the deepest first.
const MOST_ERROR_PATHS: usize = 16;
/// How many traces are named as examples of a cause.
const EXAMPLES: usize = 5;

/// How a failure spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPath {
    /// From the node that failed while nothing below it did, up to the entry point.
    pub nodes: Vec<At>,
    /// It began with a fault; with an error otherwise.
    pub fault: bool,
    /// Everything up to the entry point failed too.
    pub client_impacting: bool,
}

/// One path for each node that failed while nothing below it did, the deepest first.
#[must_use]
pub fn error_paths(trace: &Trace<'_>) -> Vec<ErrorPath> {
    let failed = |at: At| !trace[at].flags.ok();
    let mut beginnings: Vec<(At, u32)> = trace
        .walk()
        .filter(|&(at, _)| failed(at) && !trace.children(at).iter().copied().any(failed))
        .collect();
    beginnings.sort_by_key(|&(_, depth)| std::cmp::Reverse(depth));
    let path = |(at, _): (At, u32)| {
        let nodes: Vec<At> = std::iter::successors(Some(at), |&at| trace.parent(at)).collect();
        ErrorPath {
            client_impacting: nodes.iter().copied().all(failed),
            fault: trace[at].flags.fault,
            nodes,
        }
    };
    beginnings.into_iter().take(MOST_ERROR_PATHS).map(path).collect()
}

/// Asks why traces fail.
#[derive(Clone, Debug)]
pub struct PathsRequest {
    /// Whose.
    pub account: Account,
    /// When, by the start of traces.
    pub range: TimeRange,
    /// Of which traces.
    pub selection: Selection,
    /// Which kinds of causes.
    pub kinds: Vec<CauseKind>,
    /// At most so many causes of each kind.
    pub limit: usize,
}

/// Why traces fail.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RankedPaths {
    /// By kind; in each, the most frequent first.
    pub causes: Vec<RankedCause>,
    /// Where time went, largest share first.
    pub critical_path: Vec<CriticalShare>,
    /// What was looked at.
    pub seen: Seen,
}

/// A root cause of many traces.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedCause {
    /// What it explains.
    pub kind: CauseKind,
    /// The path: that of the newest trace, with the mean of the shares. Services are indexes into `services`.
    pub cause: RootCause,
    /// The services of the newest trace.
    pub services: Vec<ServiceFact>,
    /// Traces that have it.
    pub traces: u64,
    /// Their share among the selected traces that have any cause of this kind.
    pub share: f64,
    /// Traces whose client felt it.
    pub client_impacting: u64,
    /// Mean response time of those of the traces that have one, in nanoseconds.
    pub mean_response_time: Option<u64>,
    /// First start.
    pub first: Timestamp,
    /// Last start.
    pub last: Timestamp,
    /// Some of the traces, the newest first.
    pub examples: Vec<TraceId>,
}

/// What one service contributes to the duration of many traces.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticalShare {
    /// Which.
    pub service: ServiceId,
    /// Traces on whose critical path it is.
    pub traces: u64,
    /// Its own time on them, in nanoseconds.
    pub own_time: u64,
    /// That time as a share of all critical paths together.
    pub share: f64,
}

/// Ranks root causes over all selected traces of a time range.
///
/// # Errors
/// If the selection's group does not exist or the store fails.
pub fn paths(source: &dyn Source, request: &PathsRequest, now: Timestamp) -> Result<RankedPaths, QueryError> {
    let search = SearchRequest {
        selection: request.selection.clone(),
        ..SearchRequest::new(request.account, request.range.clone())
    };
    let mut tally = Tally::default();
    let mut newest = Vec::new();
    let seen = each(source, search, MOST_TRACES, |digest| {
        if newest.len() < MOST_OPENED {
            newest.push(digest.trace);
        }
        for &kind in &request.kinds {
            tally.add(kind, digest);
        }
    })?;
    Ok(RankedPaths {
        causes: tally.ranked(request.limit),
        critical_path: critical_shares(source, request.account, &newest, now)?,
        seen,
    })
}

fn causes(digest: &Digest, kind: CauseKind) -> &[RootCause] {
    match kind {
        CauseKind::Fault => &digest.fault_causes,
        CauseKind::Error => &digest.error_causes,
        CauseKind::ResponseTime => &digest.response_time_causes,
    }
}

/// What makes two causes the same: the path by services, entities and types of exceptions.
type Signature = (CauseKind, Vec<(ServiceId, bool, Vec<(String, bool, Vec<String>)>)>);

fn signature(kind: CauseKind, cause: &RootCause, digest: &Digest) -> Option<Signature> {
    let entity = |entity: &CauseEntity| {
        let types = entity.exceptions.iter().map(|(name, _)| name.clone()).collect();
        (entity.name.clone(), entity.remote, types)
    };
    let service = |service: &CauseService| {
        let id = digest.services.get(usize::from(service.service))?.id.clone();
        Some((id, service.inferred, service.path.iter().map(entity).collect()))
    };
    let services: Option<Vec<_>> = cause.services.iter().map(service).collect();
    Some((kind, services?))
}

#[derive(Default)]
struct Tally {
    causes: HashMap<Signature, Counted>,
    traces: BTreeMap<CauseKind, u64>,
}

struct Counted {
    ranked: RankedCause,
    coverage: Vec<f64>,
    response_time: u64,
    timed: u64,
}

impl Tally {
    /// Counts the causes of a trace, each once. The newest trace comes first.
    fn add(&mut self, kind: CauseKind, digest: &Digest) {
        let mut counted_here: Vec<Signature> = Vec::new();
        for cause in causes(digest, kind) {
            let Some(signature) = signature(kind, cause, digest) else {
                continue;
            };
            if counted_here.contains(&signature) {
                continue;
            }
            let counted = self
                .causes
                .entry(signature.clone())
                .or_insert_with(|| Counted::new(kind, cause, digest));
            counted.add(cause, digest);
            counted_here.push(signature);
        }
        *self.traces.entry(kind).or_default() += u64::from(!counted_here.is_empty());
    }

    fn ranked(self, limit: usize) -> Vec<RankedCause> {
        let mut by_kind: BTreeMap<CauseKind, Vec<(Signature, RankedCause)>> = BTreeMap::new();
        for (signature, counted) in self.causes {
            let all = self.traces.get(&signature.0).copied().unwrap_or(1);
            by_kind
                .entry(signature.0)
                .or_default()
                .push((signature, counted.finish(all)));
        }
        let ranked = by_kind.into_values().flat_map(|mut causes| {
            causes.sort_by(|(a, x), (b, y)| y.traces.cmp(&x.traces).then_with(|| a.cmp(b)));
            causes.into_iter().map(|(_, cause)| cause).take(limit)
        });
        ranked.collect()
    }
}

fn coverages(cause: &RootCause) -> impl Iterator<Item = f64> {
    let entities = cause.services.iter().flat_map(|service| &service.path);
    entities.map(|entity| f64::from(entity.coverage))
}

impl Counted {
    fn new(kind: CauseKind, cause: &RootCause, digest: &Digest) -> Self {
        Self {
            ranked: RankedCause {
                kind,
                cause: cause.clone(),
                services: digest.services.clone(),
                traces: 0,
                share: 0.0,
                client_impacting: 0,
                mean_response_time: None,
                first: digest.start,
                last: digest.start,
                examples: Vec::new(),
            },
            coverage: vec![0.0; coverages(cause).count()],
            response_time: 0,
            timed: 0,
        }
    }

    fn add(&mut self, cause: &RootCause, digest: &Digest) {
        let ranked = &mut self.ranked;
        ranked.traces += 1;
        ranked.client_impacting += u64::from(cause.client_impacting);
        ranked.first = ranked.first.min(digest.start);
        ranked.last = ranked.last.max(digest.start);
        if ranked.examples.len() < EXAMPLES {
            ranked.examples.push(digest.trace);
        }
        for (sum, coverage) in self.coverage.iter_mut().zip(coverages(cause)) {
            *sum += coverage;
        }
        if let Some(time) = digest.response_time {
            self.response_time = self.response_time.saturating_add(time);
            self.timed += 1;
        }
    }

    /// `all` is the number of traces with any cause of this kind.
    fn finish(self, all: u64) -> RankedCause {
        let mut ranked = self.ranked;
        let traces = ranked.traces as f64;
        ranked.share = traces / all as f64;
        ranked.mean_response_time = self.response_time.checked_div(self.timed);
        ranked.cause.client_impacting = ranked.client_impacting > 0;
        let entities = ranked.cause.services.iter_mut().flat_map(|service| &mut service.path);
        for (entity, sum) in entities.zip(&self.coverage) {
            entity.coverage = (sum / traces) as f32;
        }
        ranked
    }
}

/// Whose time the critical paths of some traces consist of.
fn critical_shares(
    source: &dyn Source,
    account: Account,
    traces: &[TraceId],
    now: Timestamp,
) -> Result<Vec<CriticalShare>, QueryError> {
    let mut shares: BTreeMap<ServiceId, (u64, u64)> = BTreeMap::new();
    for &id in traces {
        let stored = match stored(source, account, id) {
            Ok(stored) => stored,
            // It was dropped by age since it was found.
            Err(QueryError::NoSuchTrace(_)) => continue,
            Err(error) => return Err(error),
        };
        let view = TraceView::open(id, &stored, now);
        let mut own: BTreeMap<ServiceId, u64> = BTreeMap::new();
        for step in &view.critical_path {
            let service = view.trace.service(step.at);
            let id = ServiceId {
                name: service.name.to_owned(),
                kind: service.kind.to_owned(),
                account: service.account.to_owned(),
            };
            let time = own.entry(id).or_default();
            *time = time.saturating_add(step.self_time);
        }
        for (service, time) in own {
            let (traces, sum) = shares.entry(service).or_default();
            *traces += 1;
            *sum = sum.saturating_add(time);
        }
    }
    let all: u64 = shares.values().fold(0, |all, (_, time)| all.saturating_add(*time));
    let share = |(service, (traces, own_time)): (ServiceId, (u64, u64))| CriticalShare {
        service,
        traces,
        own_time,
        share: own_time as f64 / all.max(1) as f64,
    };
    let mut shares: Vec<CriticalShare> = shares.into_iter().map(share).collect();
    shares.sort_by(|a, b| b.own_time.cmp(&a.own_time).then_with(|| a.service.cmp(&b.service)));
    Ok(shares)
}
