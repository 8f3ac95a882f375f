//! Who calls whom, how often, how well.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use beamline_model::digest::{Digest, ServiceId};
use beamline_model::id::TraceId;
use beamline_model::stats::{EdgeId, EdgeStats, GraphStats, NodeStats, Stats, contribution};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::{Account, TimeBasis, WholeGraph};
use petgraph::algo::all_simple_paths;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};

use crate::QueryError;
use crate::filter::{Selection, divided, kept};
use crate::search::{SearchRequest, each};
use crate::source::Source;

/// How many traces a filter expression is decided on for one graph, the newest ones.
pub const MOST_TRACES: u64 = 200_000;

/// Services and calls. A node's index is its reference id: dense from 0, and the same for the same data.
#[derive(Clone, Debug)]
pub struct ServiceGraph {
    /// The time that was looked at, in whole minutes.
    pub range: TimeRange,
    /// Services and clients, by id; calls, by their ends.
    pub graph: DiGraph<GraphNode, GraphEdge>,
    /// There were more traces than [`MOST_TRACES`].
    pub truncated: bool,
}

/// A service, or the client of one.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphNode {
    /// Which. A client has the name and account of the service that it calls, and the type `client`.
    pub id: ServiceId,
    /// Its name, then the others under which it was called.
    pub names: Vec<String>,
    /// Not a service but who calls one from outside.
    pub client: bool,
    /// Requests enter the system here.
    pub root: bool,
    /// It reports itself.
    pub active: bool,
    /// Its requests; nothing for clients.
    pub stats: Stats,
    /// From its first request to its last. Of single traces in whole seconds; of a time range, where requests are
    /// counted by when they ended, in whole minutes, tens of them, or the whole range, the coarser the longer it is.
    pub range: TimeRange,
}

/// The calls from one service to another.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphEdge {
    /// Messages rather than requests.
    pub link: bool,
    /// The calls as the caller saw them.
    pub stats: Stats,
    /// Names other than its own under which the callee was called, and how often.
    pub aliases: BTreeMap<String, i64>,
    /// From its first call to its last, as [`GraphNode::range`].
    pub range: TimeRange,
}

/// The type of clients.
pub const CLIENT: &str = "client";

/// The service graph of a time range, widened to whole minutes.
///
/// # Errors
/// If the selection's group does not exist or the store fails.
pub fn graph(
    source: &dyn Source,
    account: Account,
    range: TimeRange,
    selection: &Selection,
) -> Result<ServiceGraph, QueryError> {
    let range = whole(range, 1);
    let mut builder = Builder::new(range.clone());
    let kept = kept(source, account, selection)?;
    let (before, since) = divided(&range, kept, 1);
    if let Some(kept) = kept.filter(|_| !since.is_empty()) {
        match step(&range) {
            None => builder.add(&since, &source.graph(kept.statistics, since.clone())?),
            Some(minutes) => {
                source.each_graph(
                    kept.statistics,
                    since.clone(),
                    minutes,
                    &WholeGraph,
                    &mut |start, stats| {
                        let end = Timestamp::from_minute(start.minute().saturating_add(minutes));
                        builder.add(&(start..end.min(since.end)), &stats);
                    },
                )?;
            }
        }
    }
    let mut truncated = false;
    if !before.is_empty() {
        truncated = each_contribution(source, account, &before, selection, |minute, stats| {
            builder.add(&minute_range(minute), stats);
        })?;
    }
    let mut graph = builder.finish();
    graph.truncated = truncated;
    Ok(graph)
}

/// The service graph of single traces, and those of them that there are none of.
///
/// # Errors
/// If the store fails.
pub fn trace_graph(
    source: &dyn Source,
    account: Account,
    traces: &[TraceId],
) -> Result<(ServiceGraph, Vec<TraceId>), QueryError> {
    let mut unknown = Vec::new();
    let mut digests = Vec::new();
    for &trace in traces.iter().collect::<BTreeSet<_>>() {
        match source.digest(account, trace)? {
            Some(digest) => digests.push(digest),
            None => unknown.push(trace),
        }
    }
    Ok((graph_of(&digests), unknown))
}

/// The service graph of traces that are at hand.
#[must_use]
pub fn graph_of<D: Borrow<Digest>>(digests: &[D]) -> ServiceGraph {
    let digests = || digests.iter().map(Borrow::borrow);
    let start = digests().map(|digest| digest.start).min();
    let end = digests().map(|digest| digest.end).max();
    let mut builder = Builder::new(whole(start.unwrap_or_default()..end.unwrap_or_default(), 1));
    for digest in digests() {
        builder.add_digest(digest);
    }
    builder.finish()
}

/// In steps of how many minutes a range is looked at, so that each node can say when it was there. Longer ranges than
/// the six hours that X-Ray allows are looked at as a whole: steps would cost more than they tell.
fn step(range: &TimeRange) -> Option<u32> {
    match range.end.minute() - range.start.minute() {
        0..=60 => Some(1),
        61..=360 => Some(10),
        _ => None,
    }
}

/// Widens a range to whole stretches of so many minutes, counted from the epoch. Never empty.
#[must_use]
pub fn whole(range: TimeRange, minutes: u32) -> TimeRange {
    let minutes = minutes.max(1);
    let start = range.start.minute() / minutes * minutes;
    let last = Timestamp(range.end.0.saturating_sub(1).max(range.start.0)).minute();
    let end = (last / minutes + 1).saturating_mul(minutes);
    Timestamp::from_minute(start)..Timestamp::from_minute(end)
}

fn minute_range(minute: u32) -> TimeRange {
    Timestamp::from_minute(minute)..Timestamp::from_minute(minute.saturating_add(1))
}

/// Visits what each selected trace adds to each minute of a range, and says whether traces were left out.
pub(crate) fn each_contribution(
    source: &dyn Source,
    account: Account,
    range: &TimeRange,
    selection: &Selection,
    mut visit: impl FnMut(u32, &GraphStats),
) -> Result<bool, QueryError> {
    // A request counts in the minute in which it ended, so traces are looked for by that too.
    let request = SearchRequest {
        basis: TimeBasis::SegmentEnd,
        selection: selection.clone(),
        ..SearchRequest::new(account, range.clone())
    };
    let minutes = range.start.minute()..range.end.minute();
    let seen = each(source, request, MOST_TRACES, |digest| {
        for (minute, stats) in contribution(digest) {
            if minutes.contains(&minute) {
                visit(minute, &stats);
            }
        }
    })?;
    Ok(seen.truncated)
}

impl ServiceGraph {
    /// The services that feel it when one fails: all from which calls reach it, itself not included, by reference id.
    #[must_use]
    pub fn blast_radius(&self, of: NodeIndex) -> Vec<NodeIndex> {
        self.reached(Dfs::new(Reversed(&self.graph), of), |dfs| {
            dfs.next(Reversed(&self.graph))
        })
    }

    /// The services that one depends on: all that calls from it reach, itself not included, by reference id.
    #[must_use]
    pub fn dependencies(&self, of: NodeIndex) -> Vec<NodeIndex> {
        self.reached(Dfs::new(&self.graph, of), |dfs| dfs.next(&self.graph))
    }

    fn reached<M>(
        &self,
        mut dfs: Dfs<NodeIndex, M>,
        next: impl Fn(&mut Dfs<NodeIndex, M>) -> Option<NodeIndex>,
    ) -> Vec<NodeIndex> {
        let origin = next(&mut dfs);
        let mut reached: Vec<NodeIndex> = std::iter::from_fn(|| next(&mut dfs)).collect();
        reached.retain(|node| Some(*node) != origin);
        reached.sort_unstable();
        reached
    }

    /// Up to `most` ways that calls can take from one service to another without passing any twice.
    #[must_use]
    pub fn ways(&self, from: NodeIndex, to: NodeIndex, most: usize) -> Vec<Vec<NodeIndex>> {
        /// Longer ways exist in theory only, and looking for them takes exponential time.
        const LONGEST: usize = 16;
        let ways = all_simple_paths::<Vec<_>, _, std::hash::RandomState>(&self.graph, from, to, 0, Some(LONGEST));
        ways.take(most).collect()
    }
}

/// A graph under construction.
pub(crate) struct Builder {
    range: TimeRange,
    nodes: BTreeMap<ServiceId, (NodeStats, TimeRange)>,
    edges: BTreeMap<EdgeId, (EdgeStats, TimeRange)>,
}

impl Builder {
    pub(crate) fn new(range: TimeRange) -> Self {
        Self {
            range,
            nodes: BTreeMap::new(),
            edges: BTreeMap::new(),
        }
    }

    /// Adds what happened in a stretch of time.
    pub(crate) fn add(&mut self, when: &TimeRange, stats: &GraphStats) {
        self.add_at(stats, |_| when.clone(), |_| when.clone());
    }

    /// Adds a whole trace, which tells when each of its requests was.
    fn add_digest(&mut self, digest: &Digest) {
        let mut sum = GraphStats::default();
        contribution(digest).values().for_each(|stats| sum.merge(stats, 1));
        let mut nodes: BTreeMap<ServiceId, TimeRange> = BTreeMap::new();
        let mut edges: BTreeMap<EdgeId, TimeRange> = BTreeMap::new();
        for segment in &digest.segments {
            if let (Some(id), Some(end)) = (digest.service(segment.service), segment.end) {
                note(&mut nodes, id.clone(), segment.start..end);
            }
        }
        for call in &digest.calls {
            if let (Some(id), Some(end)) = (digest.edge(call), call.end) {
                note(&mut edges, id, call.start..end);
            }
        }
        let known = |range: Option<&TimeRange>| range.cloned().unwrap_or(digest.start..digest.end);
        self.add_at(&sum, |id| known(nodes.get(id)), |id| known(edges.get(id)));
    }

    fn add_at(
        &mut self,
        stats: &GraphStats,
        node_at: impl Fn(&ServiceId) -> TimeRange,
        edge_at: impl Fn(&EdgeId) -> TimeRange,
    ) {
        for (id, node) in &stats.nodes {
            let when = node_at(id);
            let (sum, range) = self
                .nodes
                .entry(id.clone())
                .or_insert_with(|| (NodeStats::default(), when.clone()));
            widen(range, &when);
            sum.stats.merge(&node.stats, 1);
            sum.roots += node.roots;
            sum.reported += node.reported;
        }
        for (id, edge) in &stats.edges {
            let when = edge_at(id);
            let (sum, range) = self
                .edges
                .entry(id.clone())
                .or_insert_with(|| (EdgeStats::default(), when.clone()));
            widen(range, &when);
            sum.stats.merge(&edge.stats, 1);
            for (alias, count) in &edge.aliases {
                *sum.aliases.entry(alias.clone()).or_default() += count;
            }
        }
    }

    pub(crate) fn finish(self) -> ServiceGraph {
        let mut nodes: BTreeMap<ServiceId, GraphNode> = BTreeMap::new();
        for (id, (node, range)) in self.nodes {
            let service = GraphNode {
                root: node.roots > 0,
                active: node.reported > 0,
                stats: node.stats,
                ..silent(id.clone(), range)
            };
            nodes.insert(id, service);
        }
        for (id, (edge, range)) in &self.edges {
            // A caller whose own segments ended outside of the range is in the graph for its calls.
            let caller = id.from.clone().unwrap_or_else(|| client_of(&id.to));
            let node = nodes
                .entry(caller)
                .or_insert_with_key(|caller| silent(caller.clone(), range.clone()));
            node.client = id.from.is_none();
            widen(&mut node.range, range);
            let callee = nodes
                .entry(id.to.clone())
                .or_insert_with_key(|to| silent(to.clone(), range.clone()));
            for alias in edge.aliases.keys() {
                if !callee.names.contains(alias) {
                    callee.names.push(alias.clone());
                }
            }
        }
        let mut graph = DiGraph::with_capacity(nodes.len(), self.edges.len());
        let places: BTreeMap<ServiceId, NodeIndex> =
            nodes.into_iter().map(|(id, node)| (id, graph.add_node(node))).collect();
        let mut edges = Vec::with_capacity(self.edges.len());
        for (id, (edge, range)) in self.edges {
            let caller = id.from.unwrap_or_else(|| client_of(&id.to));
            if let (Some(&from), Some(&to)) = (places.get(&caller), places.get(&id.to)) {
                let edge = GraphEdge {
                    link: id.link,
                    stats: edge.stats,
                    aliases: edge.aliases,
                    range,
                };
                edges.push((from, to, edge));
            }
        }
        edges.sort_by_key(|(from, to, edge)| (*from, *to, edge.link));
        for (from, to, edge) in edges {
            graph.add_edge(from, to, edge);
        }
        ServiceGraph {
            range: self.range,
            graph,
            truncated: false,
        }
    }
}

/// The client that calls a service from outside.
#[must_use]
pub fn client_of(service: &ServiceId) -> ServiceId {
    ServiceId {
        kind: CLIENT.to_owned(),
        ..service.clone()
    }
}

pub(crate) fn silent(id: ServiceId, range: TimeRange) -> GraphNode {
    GraphNode {
        names: vec![id.name.clone()],
        id,
        client: false,
        root: false,
        active: false,
        stats: Stats::default(),
        range,
    }
}

/// Widens what is known of something by a stretch of time, in whole seconds.
fn note<K: Ord>(known: &mut BTreeMap<K, TimeRange>, of: K, time: TimeRange) {
    const SECOND: i64 = 1_000_000_000;
    let start = Timestamp(time.start.0.div_euclid(SECOND).saturating_mul(SECOND));
    let end = Timestamp(
        time.end
            .0
            .saturating_add(SECOND - 1)
            .div_euclid(SECOND)
            .saturating_mul(SECOND),
    );
    widen(known.entry(of).or_insert(start..end), &(start..end));
}

fn widen(range: &mut TimeRange, with: &TimeRange) {
    range.start = range.start.min(with.start);
    range.end = range.end.max(with.end);
}
