//! Counts and response times over time, of everything, a service or an edge.
//!
//! The minutes are read one after the other, and of each only what was asked for is kept, so that memory grows with the
//! answer and not with the graph. An answer is as long as [`MOST_BUCKETS`] allows; what is longer comes in several.

use std::collections::{BTreeMap, BTreeSet};

use beamline_model::digest::ServiceId;
use beamline_model::lang::trace_filter::EntitySelector;
use beamline_model::stats::{EdgeId, GraphStats, Stats};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::{Account, Wanted};

use crate::QueryError;
use crate::filter::{Selection, divided, kept};
use crate::graph::{each_contribution, whole};
use crate::source::Source;

/// Most buckets of one answer.
pub const MOST_BUCKETS: u32 = 1_440;

/// Most points of one answer, of all its series together: tens of megabytes. An answer with more series than this has
/// one bucket.
pub const MOST_POINTS: u32 = 50_000;

/// Asks for statistics over time.
#[derive(Clone, Debug)]
pub struct SeriesRequest {
    /// Whose.
    pub account: Account,
    /// When; widened to whole buckets.
    pub range: TimeRange,
    /// Length of a bucket; `None` for one minute, or more if that gave over [`MOST_BUCKETS`].
    pub minutes: Option<u32>,
    /// Of which traces.
    pub selection: Selection,
    /// Of what; `None` for all traffic, counted once where it enters.
    pub entity: Option<EntitySelector>,
    /// One series for each service or edge rather than their sum.
    pub split: bool,
    /// The bucket to begin with, as [`SeriesSet::next`] of the answer before said; `None` for the first.
    pub from: Option<Timestamp>,
    /// At most so many buckets at once.
    pub most: u32,
}

impl SeriesRequest {
    /// Asks for all traffic in a range.
    #[must_use]
    pub fn new(account: Account, range: TimeRange) -> Self {
        Self {
            account,
            range,
            minutes: None,
            selection: Selection::default(),
            entity: None,
            split: false,
            from: None,
            most: MOST_BUCKETS,
        }
    }
}

/// Statistics over time.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesSet {
    /// The time that this answer is of.
    pub range: TimeRange,
    /// Length of a bucket in minutes.
    pub minutes: u32,
    /// The sum, or one for each entity in order.
    pub series: Vec<Series>,
    /// There were more traces than a filter is decided on.
    pub truncated: bool,
    /// The bucket that the next answer begins with; `None` if this was the last.
    pub next: Option<Timestamp>,
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
/// If no answer before told to go on from where the request begins, the selection's group does not exist, or the store
/// fails.
pub fn series(source: &dyn Source, request: &SeriesRequest) -> Result<SeriesSet, QueryError> {
    let buckets = Buckets::of(request);
    let (asked, entities) = Asked::of(source, request, &buckets.range)?;
    let most = if request.split {
        MOST_POINTS / entities.max(1)
    } else {
        MOST_BUCKETS
    };
    let (part, next) = buckets.part(request.from, request.most.min(most).clamp(1, MOST_BUCKETS))?;
    let (sums, truncated) = read(source, request, &asked, &part, buckets.minutes)?;
    let starts = || (part.start.minute()..part.end.minute()).step_by(buckets.minutes as usize);
    let series = sums.into_iter().map(|(entity, mut sums)| {
        let point = |start: u32| (Timestamp::from_minute(start), sums.remove(&start).unwrap_or_default());
        let points = starts().map(point).collect();
        Series { entity, points }
    });
    Ok(SeriesSet {
        series: series.collect(),
        minutes: buckets.minutes,
        truncated,
        next,
        range: part.clone(),
    })
}

/// The services that the selector of a request means, of those that had requests in its time.
pub(crate) fn services_meant(source: &dyn Source, request: &SeriesRequest) -> Result<BTreeSet<ServiceId>, QueryError> {
    let graph = source.graph(request.account, Buckets::of(request).range)?;
    let asked = Asked {
        selector: request.entity.as_ref(),
        names: names(&graph),
    };
    Ok(graph.nodes.into_keys().filter(|id| asked.service(id)).collect())
}

/// The buckets of a request, in whichever number of answers they are told.
struct Buckets {
    range: TimeRange,
    minutes: u32,
}

impl Buckets {
    fn of(request: &SeriesRequest) -> Self {
        let long = |minutes| Self {
            range: whole(request.range.clone(), minutes),
            minutes,
        };
        match request.minutes {
            Some(minutes) => long(minutes.max(1)),
            None => {
                let shortest = long(1).count().div_ceil(MOST_BUCKETS).max(1);
                let wider = long(shortest.saturating_add(1));
                // Widened to whole buckets it may be one more.
                Some(long(shortest))
                    .filter(|it| it.count() <= MOST_BUCKETS)
                    .unwrap_or(wider)
            }
        }
    }

    fn count(&self) -> u32 {
        (self.range.end.minute() - self.range.start.minute()) / self.minutes
    }

    /// At most so many buckets from one on, and the one after them.
    fn part(&self, from: Option<Timestamp>, most: u32) -> Result<(TimeRange, Option<Timestamp>), QueryError> {
        let from = from.unwrap_or(self.range.start);
        let distance = from.minute().saturating_sub(self.range.start.minute());
        let is_one = self.range.contains(&from)
            && distance.is_multiple_of(self.minutes)
            && from == Timestamp::from_minute(from.minute());
        if !is_one {
            return Err(QueryError::Invalid {
                field: "cursor",
                message: "is not one that an answer to the same question gave".to_owned(),
            });
        }
        let end = from.minute().saturating_add(most.saturating_mul(self.minutes));
        let end = Timestamp::from_minute(end).min(self.range.end);
        Ok((from..end, Some(end).filter(|end| *end < self.range.end)))
    }
}

/// What is wanted of the graph of each bucket.
struct Asked<'a> {
    selector: Option<&'a EntitySelector>,
    names: Names,
}

/// The names other than their own under which services are called.
type Names = BTreeMap<ServiceId, BTreeSet<String>>;

impl<'a> Asked<'a> {
    /// What a request asks for, and how many services or edges that are. A service is known under the names that any
    /// caller in the whole time used, of whichever traces, so that a name means the same in every part of an answer.
    fn of(source: &dyn Source, request: &'a SeriesRequest, range: &TimeRange) -> Result<(Self, u32), QueryError> {
        let selector = request.entity.as_ref();
        let mut asked = Self {
            selector,
            names: Names::new(),
        };
        if !request.split && !selector.is_some_and(EntitySelector::asks_for_names) {
            return Ok((asked, 1));
        }
        let graph = source.graph(request.account, range.clone())?;
        asked.names = names(&graph);
        let services = graph.nodes.keys().filter(|id| asked.service(id)).count();
        let edges = graph
            .edges
            .keys()
            .filter(|id| asked.edge(id.from.as_ref(), &id.to))
            .count();
        Ok((asked, u32::try_from(services + edges).unwrap_or(u32::MAX)))
    }

    fn known_as(&self, id: &ServiceId) -> impl Fn(&str) -> bool {
        let names = self.names.get(id);
        move |name: &str| names.is_some_and(|names| names.contains(name))
    }
}

impl Wanted for Asked<'_> {
    fn service(&self, id: &ServiceId) -> bool {
        self.selector
            .is_some_and(|selector| selector.accepts_service(id, self.known_as(id)))
    }

    fn edge(&self, from: Option<&ServiceId>, to: &ServiceId) -> bool {
        match self.selector {
            None => from.is_none(),
            Some(selector) => selector.accepts_edge(from, to, self.known_as(to)),
        }
    }
}

fn names(graph: &GraphStats) -> Names {
    let mut names = Names::new();
    for (id, edge) in graph.edges.iter().filter(|(_, edge)| !edge.aliases.is_empty()) {
        let known = names.entry(id.to.clone()).or_default();
        known.extend(edge.aliases.keys().cloned());
    }
    names
}

/// Statistics of what was asked for, by entity and the first minute of the bucket.
type Sums = BTreeMap<Entity, BTreeMap<u32, Stats>>;

/// Reads some buckets, and says whether traces were left out.
fn read(
    source: &dyn Source,
    request: &SeriesRequest,
    asked: &Asked<'_>,
    part: &TimeRange,
    minutes: u32,
) -> Result<(Sums, bool), QueryError> {
    let mut sums = Sums::new();
    if !request.split {
        sums.insert(Entity::Sum, BTreeMap::new());
    }
    let mut add = |minute: u32, graph: &GraphStats| {
        let bucket = minute / minutes * minutes;
        let mut add = |entity: &dyn Fn() -> Entity, stats: &Stats| {
            let entity = if request.split { entity() } else { Entity::Sum };
            sums.entry(entity)
                .or_default()
                .entry(bucket)
                .or_default()
                .merge(stats, 1);
        };
        for (id, node) in graph.nodes.iter().filter(|(id, _)| asked.service(id)) {
            add(&|| Entity::Service(id.clone()), &node.stats);
        }
        for (id, edge) in graph
            .edges
            .iter()
            .filter(|(id, _)| asked.edge(id.from.as_ref(), &id.to))
        {
            add(&|| Entity::Edge(id.clone()), &edge.stats);
        }
    };
    let kept = kept(source, request.account, &request.selection)?;
    let (before, since) = divided(part, kept, minutes);
    if let Some(kept) = kept.filter(|_| !since.is_empty()) {
        let mut visit = |start: Timestamp, graph: GraphStats| add(start.minute(), &graph);
        source.each_graph(kept.statistics, since, minutes, asked, &mut visit)?;
    }
    let mut truncated = false;
    if !before.is_empty() {
        truncated = each_contribution(source, request.account, &before, &request.selection, add)?;
    }
    Ok((sums, truncated))
}
