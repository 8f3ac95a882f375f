//! How the segments of a trace compare with others of their services.

use beamline_model::digest::ServiceId;
use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_model::trace::Trace;
use beamline_store::api::Account;

use super::{Found, Rank};
use crate::QueryError;
use crate::source::Source;

/// Segments beyond these are not ranked, those that took longest first.
const MOST: usize = 200;
/// Half an hour, in nanoseconds.
const HALF: i64 = 1_800_000_000_000;

/// What a trace has to be ranked.
#[derive(Clone, Debug, Default)]
pub struct Ranked {
    /// When the trace started.
    pub start: Timestamp,
    /// Segments that ended: the row of each in the trace, its service, and how long it took in nanoseconds.
    pub segments: Vec<(usize, ServiceId, u64)>,
}

/// What a trace has to be ranked.
#[must_use]
pub fn ranked(trace: &Trace<'_>) -> Ranked {
    let rows = trace.walk().enumerate().filter(|(_, (at, _))| trace.enters(*at));
    let segment = |(row, (at, _))| {
        let service = trace.service(at);
        let id = ServiceId {
            name: service.name.to_owned(),
            kind: service.kind.to_owned(),
            account: service.account.to_owned(),
        };
        let took = trace[at].duration()?;
        Some((row, id, took))
    };
    let mut segments: Vec<(usize, ServiceId, u64)> = rows.filter_map(segment).collect();
    segments.sort_by_key(|(row, _, took)| (std::cmp::Reverse(*took), *row));
    Ranked {
        start: trace.start(),
        segments,
    }
}

/// Ranks segments in the hour around the trace, in the order of their rows.
///
/// # Errors
/// If the store fails.
pub fn ranks(source: &dyn Source, account: Account, ranked: &Ranked) -> Result<Found<Rank>, QueryError> {
    let mut found = Found::default();
    if ranked.segments.is_empty() {
        return Ok(found);
    }
    let graph = source.graph(account, hour_around(ranked.start))?;
    let rank = |(spot, service, took): &(usize, ServiceId, u64)| rank(&graph, *spot, service, *took);
    found.items.extend(ranked.segments.iter().filter_map(rank));
    found.cut(MOST);
    found.items.sort_by_key(|rank| rank.spot);
    Ok(found)
}

fn hour_around(start: Timestamp) -> TimeRange {
    start.plus(-HALF)..start.plus(HALF)
}

fn rank(graph: &GraphStats, spot: usize, service: &ServiceId, took: u64) -> Option<Rank> {
    let times = &graph.nodes.get(service)?.stats.response_times;
    Some(Rank {
        spot,
        faster: times.shorter(took)?,
        requests: u64::try_from(times.count()).ok()?,
        p50: times.quantile(0.5)?,
        p99: times.quantile(0.99)?,
    })
}
