//! Counts and response times over time, of everything, a service or an edge.

use std::collections::{BTreeMap, BTreeSet};

use beamline_model::digest::ServiceId;
use beamline_model::lang::trace_filter::EntitySelector;
use beamline_model::stats::{EdgeId, GraphStats, Stats};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::Account;

use crate::QueryError;
use crate::filter::{Selection, divided, kept};
use crate::graph::{each_contribution, whole};
use crate::source::Source;

/// Most buckets of one answer.
pub const MOST_BUCKETS: u32 = 1_440;

/// Asks for statistics over time.
#[derive(Clone, Debug)]
pub struct SeriesRequest {
    /// Whose.
    pub account: Account,
    /// When; widened to whole buckets.
    pub range: TimeRange,
    /// Length of a bucket; `None` for one minute, or as many as keep the answer below [`MOST_BUCKETS`].
    pub minutes: Option<u32>,
    /// Of which traces.
    pub selection: Selection,
    /// Of what; `None` for all traffic, counted once where it enters.
    pub entity: Option<EntitySelector>,
    /// One series for each service or edge rather than their sum.
    pub split: bool,
}

/// Statistics over time.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesSet {
    /// The time that was looked at.
    pub range: TimeRange,
    /// Length of a bucket in minutes.
    pub minutes: u32,
    /// The sum, or one for each entity in order.
    pub series: Vec<Series>,
    /// There were more traces than a filter is decided on.
    pub truncated: bool,
}

/// Statistics over time of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Of what.
    pub entity: Entity,
    /// One for each bucket, also where nothing happened.
    pub points: Vec<(Timestamp, Stats)>,
}

/// What a series is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    /// Everything that was selected.
    Sum,
    /// A service.
    Service(ServiceId),
    /// An edge.
    Edge(EdgeId),
}

/// Statistics over time.
///
/// # Errors
/// If there would be too many buckets, the selection's group does not exist, or the store fails.
pub fn series(source: &dyn Source, request: &SeriesRequest) -> Result<SeriesSet, QueryError> {
    let span = whole(request.range.clone(), 1);
    let length = span.end.minute() - span.start.minute();
    let minutes = request.minutes.unwrap_or_else(|| length.div_ceil(MOST_BUCKETS)).max(1);
    let range = whole(request.range.clone(), minutes);
    let buckets = (range.end.minute() - range.start.minute()) / minutes;
    if buckets > MOST_BUCKETS + 1 {
        return Err(QueryError::Invalid {
            field: "period",
            message: format!("the range has {buckets} periods of {minutes} min, more than {MOST_BUCKETS}"),
        });
    }
    let (by_bucket, truncated) = read(source, request, &range, minutes)?;
    let names = names(by_bucket.values());

    let mut sums: BTreeMap<Entity, BTreeMap<u32, Stats>> = BTreeMap::new();
    if !request.split {
        sums.insert(Entity::Sum, BTreeMap::new());
    }
    for (&bucket, stats) in &by_bucket {
        each_selected(stats, request.entity.as_ref(), &names, |entity, stats| {
            let entity = if request.split { entity() } else { Entity::Sum };
            let sum = sums.entry(entity).or_default().entry(bucket).or_default();
            sum.merge(stats, 1);
        });
    }
    let starts = || (0..buckets).map(|bucket| range.start.minute() + bucket * minutes);
    let series = sums.into_iter().map(|(entity, mut sums)| {
        let point = |start: u32| (Timestamp::from_minute(start), sums.remove(&start).unwrap_or_default());
        let points = starts().map(point).collect();
        Series { entity, points }
    });
    Ok(SeriesSet {
        series: series.collect(),
        range,
        minutes,
        truncated,
    })
}

/// The statistics of each bucket, by its first minute.
fn read(
    source: &dyn Source,
    request: &SeriesRequest,
    range: &TimeRange,
    minutes: u32,
) -> Result<(BTreeMap<u32, GraphStats>, bool), QueryError> {
    let mut by_bucket: BTreeMap<u32, GraphStats> = BTreeMap::new();
    let mut add = |minute: u32, stats: &GraphStats| {
        by_bucket.entry(minute / minutes * minutes).or_default().merge(stats, 1);
    };
    let kept = kept(source, request.account, &request.selection)?;
    let (before, since) = divided(range, kept, minutes);
    if let Some(kept) = kept.filter(|_| !since.is_empty()) {
        for (start, stats) in source.graph_series(kept.statistics, since, minutes)? {
            add(start.minute(), &stats);
        }
    }
    let mut truncated = false;
    if !before.is_empty() {
        truncated = each_contribution(source, request.account, &before, &request.selection, add)?;
    }
    Ok((by_bucket, truncated))
}

/// The services that the selector of a request means, of those that had requests in the time that was looked at.
pub(crate) fn services_meant(
    source: &dyn Source,
    request: &SeriesRequest,
    set: &SeriesSet,
) -> Result<BTreeSet<ServiceId>, QueryError> {
    let (by_bucket, _) = read(source, request, &set.range, set.minutes)?;
    let names = names(by_bucket.values());
    let mut meant = BTreeSet::new();
    for stats in by_bucket.values() {
        each_selected(stats, request.entity.as_ref(), &names, |entity, _| {
            if let Entity::Service(service) = entity() {
                meant.insert(service);
            }
        });
    }
    Ok(meant)
}

type Names = BTreeMap<ServiceId, BTreeSet<String>>;

/// The names other than their own under which services are called.
fn names<'a>(all: impl Iterator<Item = &'a GraphStats>) -> Names {
    let mut names = Names::new();
    for (id, edge) in all.flat_map(|stats| &stats.edges) {
        if !edge.aliases.is_empty() {
            names
                .entry(id.to.clone())
                .or_default()
                .extend(edge.aliases.keys().cloned());
        }
    }
    names
}

fn each_selected(
    stats: &GraphStats,
    selector: Option<&EntitySelector>,
    names: &Names,
    mut visit: impl FnMut(&dyn Fn() -> Entity, &Stats),
) {
    let known_as = |id: &ServiceId| {
        let names = names.get(id);
        move |name: &str| names.is_some_and(|names| names.contains(name))
    };
    for (id, node) in &stats.nodes {
        if selector.is_some_and(|selector| selector.accepts_service(id, known_as(id))) {
            visit(&|| Entity::Service(id.clone()), &node.stats);
        }
    }
    for (id, edge) in &stats.edges {
        let selected = match selector {
            None => id.from.is_none(),
            Some(selector) => selector.accepts_edge(id.from.as_ref(), &id.to, known_as(&id.to)),
        };
        if selected {
            visit(&|| Entity::Edge(id.clone()), &edge.stats);
        }
    }
}
