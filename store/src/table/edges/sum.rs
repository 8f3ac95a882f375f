//! Adding up graph statistics fast.
//!
//! The same sums as [`GraphStats`] and [`contribution`](beamline_model::stats::contribution), but with services named
//! once and histograms as arrays, because a day of a large graph is millions of additions.

use std::collections::BTreeMap;
use std::ops::Range;

use beamline_model::digest::{CallFact, Digest, ServiceId};
use beamline_model::node::Flags;
use beamline_model::stats::{EdgeId, EdgeStats, GraphStats, Histogram, NodeStats, Stats};
use rustc_hash::FxHashMap;

use crate::api::{Wanted, WholeGraph};

const PAGE: usize = 64;

/// A histogram as an array of pages, of which those exist that something was added to.
#[derive(Clone, Debug, Default)]
pub struct Dense(Vec<Option<Box<[i64; PAGE]>>>);

impl Dense {
    /// Adds to one bucket.
    pub fn add(&mut self, bucket: u16, count: i64) {
        let (page, at) = (usize::from(bucket) / PAGE, usize::from(bucket) % PAGE);
        if page >= self.0.len() {
            self.0.resize(page + 1, None);
        }
        let page = self.0[page].get_or_insert_with(|| Box::new([0; PAGE]));
        page[at] = page[at].saturating_add(count);
    }

    /// Adds all buckets of another.
    pub fn merge(&mut self, other: &Self) {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), None);
        }
        for (mine, others) in self.0.iter_mut().zip(&other.0) {
            match (mine, others) {
                (_, None) => {}
                (Some(mine), Some(others)) => mine
                    .iter_mut()
                    .zip(&**others)
                    .for_each(|(mine, &count)| *mine = mine.saturating_add(count)),
                (mine @ None, Some(others)) => *mine = Some(others.clone()),
            }
        }
    }

    fn bytes(&self) -> usize {
        self.0.len() * 8 + self.0.iter().flatten().count() * (PAGE * 8 + 16)
    }

    /// The buckets that are not zero, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (u16, i64)> + '_ {
        let pages = self
            .0
            .iter()
            .enumerate()
            .filter_map(|(number, page)| page.as_ref().map(|page| (number, page)));
        pages.flat_map(|(number, page)| {
            let counts = page.iter().enumerate().filter(|&(_, &count)| count != 0);
            // A bucket is a `u16`, so its place in the pages is one too.
            counts.map(move |(at, &count)| ((number * PAGE + at) as u16, count))
        })
    }

    fn histogram(&self) -> Histogram {
        Histogram {
            buckets: self.buckets().collect(),
        }
    }
}

/// [`Stats`] that is being summed up: the counts of outcomes, total time and weight in the order of its fields.
#[derive(Clone, Debug, Default)]
pub struct StatsSum {
    /// ok, error, throttle, fault, total time, thousandths of weight.
    pub counts: [i64; 6],
    /// Response times.
    pub response_times: Dense,
    /// Durations.
    pub durations: Dense,
}

impl StatsSum {
    fn add(&mut self, flags: Flags, response_time: u64, weight: f32, times: i64) {
        let outcome = match flags {
            Flags { fault: true, .. } => 3,
            Flags { throttle: true, .. } => 2,
            Flags { error: true, .. } => 1,
            _ => 0,
        };
        self.counts[outcome] += times;
        let time = i64::try_from(response_time).unwrap_or(i64::MAX);
        self.counts[4] = self.counts[4].saturating_add(time.saturating_mul(times));
        self.counts[5] += (f64::from(weight) * 1000.0).round() as i64 * times;
        self.response_times.add(Histogram::bucket(response_time), times);
    }

    fn merge(&mut self, other: &Self) {
        for (mine, count) in self.counts.iter_mut().zip(other.counts) {
            *mine = mine.saturating_add(count);
        }
        self.response_times.merge(&other.response_times);
        self.durations.merge(&other.durations);
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.response_times.bytes() + self.durations.bytes()
    }

    fn stats(&self) -> Stats {
        let [ok, error, throttle, fault, total_time, weighted_milli] = self.counts;
        Stats {
            ok,
            error,
            throttle,
            fault,
            total_time,
            response_times: self.response_times.histogram(),
            durations: self.durations.histogram(),
            weighted_milli,
        }
    }
}

/// A service's sum.
#[derive(Clone, Debug, Default)]
pub struct NodeSum {
    /// Its requests.
    pub stats: StatsSum,
    /// See [`NodeStats::roots`].
    pub roots: i64,
    /// See [`NodeStats::reported`].
    pub reported: i64,
}

/// An edge's sum.
#[derive(Clone, Debug, Default)]
pub struct EdgeSum {
    /// The calls.
    pub stats: StatsSum,
    /// See [`EdgeStats::aliases`].
    pub aliases: BTreeMap<String, i64>,
}

/// An edge, its services by their number in the sum; the client is `None`.
pub type EdgeKey = (Option<u32>, u32, bool);

/// A graph that is being summed up.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    numbers: FxHashMap<ServiceId, u32>,
    /// Services by number.
    pub services: Vec<ServiceId>,
    /// Nodes by the number of their service.
    pub nodes: FxHashMap<u32, NodeSum>,
    /// Edges.
    pub edges: FxHashMap<EdgeKey, EdgeSum>,
}

impl Sum {
    /// The number of a service in this sum.
    pub fn service(&mut self, id: &ServiceId) -> u32 {
        if let Some(&number) = self.numbers.get(id) {
            return number;
        }
        let number = self.services.len() as u32;
        self.services.push(id.clone());
        self.numbers.insert(id.clone(), number);
        number
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        let numbers: Vec<u32> = other.services.iter().map(|id| self.service(id)).collect();
        let number = |theirs: u32| numbers[theirs as usize];
        for (&service, theirs) in &other.nodes {
            let mine = self.nodes.entry(number(service)).or_default();
            mine.stats.merge(&theirs.stats);
            mine.roots = mine.roots.saturating_add(theirs.roots);
            mine.reported = mine.reported.saturating_add(theirs.reported);
        }
        for (&(from, to, link), theirs) in &other.edges {
            let mine = self.edges.entry((from.map(number), number(to), link)).or_default();
            mine.stats.merge(&theirs.stats);
            for (alias, &uses) in &theirs.aliases {
                let mine = mine.aliases.entry(alias.clone()).or_default();
                *mine = mine.saturating_add(uses);
            }
        }
    }

    /// Bytes of memory it takes, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let services = self
            .services
            .iter()
            .map(|id| 200 + 2 * (id.name.len() + id.kind.len() + id.account.len()));
        let nodes = self.nodes.values().map(|node| 32 + node.stats.bytes());
        let edges = self.edges.values().map(|edge| {
            let aliases = edge.aliases.keys().map(|alias| 64 + alias.len()).sum::<usize>();
            64 + edge.stats.bytes() + aliases
        });
        services.chain(nodes).chain(edges).sum()
    }

    /// The graph; what has become zero is not in it.
    #[must_use]
    pub fn graph(&self) -> GraphStats {
        self.part(&WholeGraph)
    }

    /// What is wanted of the graph.
    #[must_use]
    pub fn part(&self, wanted: &dyn Wanted) -> GraphStats {
        let known = |number: u32| &self.services[number as usize];
        let id = |number: u32| self.services[number as usize].clone();
        let mut graph = GraphStats::default();
        for (&number, node) in self.nodes.iter().filter(|(number, _)| wanted.service(known(**number))) {
            let node = NodeStats {
                stats: node.stats.stats(),
                roots: node.roots,
                reported: node.reported,
            };
            if node != NodeStats::default() {
                graph.nodes.insert(id(number), node);
            }
        }
        for (&(from, to, link), edge) in &self.edges {
            if !wanted.edge(from.map(known), known(to)) {
                continue;
            }
            let aliases = edge
                .aliases
                .iter()
                .filter(|&(_, &uses)| uses != 0)
                .map(|(a, &uses)| (a.clone(), uses))
                .collect();
            let edge = EdgeStats {
                stats: edge.stats.stats(),
                aliases,
            };
            if edge != EdgeStats::default() {
                graph.edges.insert(
                    EdgeId {
                        from: from.map(id),
                        to: id(to),
                        link,
                    },
                    edge,
                );
            }
        }
        graph
    }
}

/// Sums by minute.
#[derive(Debug, Default)]
pub struct Minutes {
    sums: BTreeMap<u32, Sum>,
}

impl Minutes {
    /// Adds what a digest contributes `times` times.
    pub fn add(&mut self, digest: &Digest, times: i64) {
        self.add_where(digest, times, |_| true);
    }

    /// Adds what a digest contributes to some minutes.
    pub fn add_where(&mut self, digest: &Digest, times: i64, wanted: impl Fn(u32) -> bool) {
        let service = |index: u16| digest.services.get(usize::from(index)).map(|fact| &fact.id);
        // A service is looked up once, not once for each of its requests.
        let mut known: Vec<Option<(u32, u32)>> = vec![None; digest.services.len()];
        let mut number = |sum: &mut Sum, minute: u32, index: u16, id: &ServiceId| match known[usize::from(index)] {
            Some((of, number)) if of == minute => number,
            _ => {
                let number = sum.service(id);
                known[usize::from(index)] = Some((minute, number));
                number
            }
        };
        for segment in &digest.segments {
            let Some((end, id)) = segment
                .end
                .zip(service(segment.service))
                .filter(|(end, _)| wanted(end.minute()))
            else {
                continue;
            };
            let sum = self.sums.entry(end.minute()).or_default();
            let number = number(sum, end.minute(), segment.service, id);
            let node = sum.nodes.entry(number).or_default();
            node.stats
                .add(segment.flags, end.since(segment.start), segment.weight, times);
            let last = segment.async_end.unwrap_or(end);
            node.stats
                .durations
                .add(Histogram::bucket(last.since(segment.start)), times);
            node.roots += i64::from(segment.root) * times;
            node.reported += i64::from(!segment.inferred) * times;
        }
        for call in &digest.calls {
            let Some((end, to)) = call.end.zip(service(call.to)).filter(|(end, _)| wanted(end.minute())) else {
                continue;
            };
            let from = service(call.from);
            if from.is_none() && call.from != CallFact::CLIENT {
                continue;
            }
            let sum = self.sums.entry(end.minute()).or_default();
            let from = from.map(|id| number(sum, end.minute(), call.from, id));
            let to = number(sum, end.minute(), call.to, to);
            let edge = sum.edges.entry((from, to, call.link)).or_default();
            edge.stats.add(call.flags, end.since(call.start), call.weight, times);
            if let Some(alias) = &call.alias {
                match edge.aliases.get_mut(alias) {
                    Some(uses) => *uses += times,
                    None => drop(edge.aliases.insert(alias.clone(), times)),
                }
            }
        }
    }

    /// The sums, by minute.
    pub fn sums(&self) -> impl Iterator<Item = (u32, &Sum)> {
        self.sums.iter().map(|(&minute, sum)| (minute, sum))
    }

    /// The sums of some minutes.
    pub fn within(&self, minutes: Range<u32>) -> impl Iterator<Item = &Sum> {
        self.sums.range(minutes).map(|(_, sum)| sum)
    }

    /// The sum of a minute, for more to be added.
    pub fn minute(&mut self, minute: u32) -> &mut Sum {
        self.sums.entry(minute).or_default()
    }
}
