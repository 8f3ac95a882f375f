//! Counts and response times that add up.
//!
//! Everything here is a sum: minutes add to hours, and what a trace contributed earlier can be subtracted again when a
//! late record changes it. Counts are therefore signed while they travel; only complete sums are non-negative.

use std::collections::BTreeMap;

use crate::digest::{CallFact, Digest, ServiceId};
use crate::node::Flags;

/// Response times by value, to three significant digits.
///
/// A value is kept in steps of 10 µs below 10 ms, 100 µs below 100 ms, 1 ms below 1 s and so on: never more than 0.5 %
/// off (5 µs for the fastest), and exactly what X-Ray shows for round milliseconds. The steps are the same everywhere,
/// so that adding and subtracting histograms is exact whatever the order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Count by bucket; never holds a zero.
    pub buckets: BTreeMap<u16, i64>,
}

/// 10 µs steps up to 10 ms are buckets 0..=1000; each further decade has 900.
const STEP_NANOS: u64 = 10_000;

impl Histogram {
    /// The bucket that a duration falls into.
    #[must_use]
    pub fn bucket(nanos: u64) -> u16 {
        let (mut step, mut base) = (STEP_NANOS, 0u64);
        loop {
            let units = nanos.saturating_add(step / 2) / step;
            if units < 1000 {
                return u16::try_from(base + units).unwrap_or(u16::MAX);
            }
            (step, base) = (step.saturating_mul(10), base + 900);
        }
    }

    /// The duration that a bucket stands for, in nanoseconds.
    #[must_use]
    pub fn value(bucket: u16) -> u64 {
        let bucket = u64::from(bucket);
        if bucket < 1000 {
            return bucket * STEP_NANOS;
        }
        let decade = (bucket - 100) / 900;
        let units = bucket - decade * 900;
        units.saturating_mul(STEP_NANOS.saturating_mul(10u64.saturating_pow(decade as u32)))
    }

    /// Adds a number of equal durations.
    pub fn add(&mut self, nanos: u64, count: i64) {
        self.add_bucket(Self::bucket(nanos), count);
    }

    /// Adds to one bucket.
    pub fn add_bucket(&mut self, bucket: u16, count: i64) {
        let sum = self.buckets.entry(bucket).or_default();
        *sum += count;
        if *sum == 0 {
            self.buckets.remove(&bucket);
        }
    }

    /// Adds another histogram `times` times; −1 takes it away.
    pub fn merge(&mut self, other: &Self, times: i64) {
        for (&bucket, &count) in &other.buckets {
            self.add_bucket(bucket, count * times);
        }
    }

    /// How many durations it holds.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.buckets.values().sum()
    }

    /// The share of all durations that are shorter than this one, from 0 to 1; `None` when it is empty.
    #[must_use]
    pub fn shorter(&self, nanos: u64) -> Option<f64> {
        let all = self.count();
        let below: i64 = self.buckets.range(..Self::bucket(nanos)).map(|(_, count)| count).sum();
        (all > 0).then(|| below as f64 / all as f64)
    }

    /// The duration in nanoseconds that a share `q` of all are not above; `None` when it is empty.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let rank = ((self.count() as f64 * q).ceil() as i64).max(1);
        let mut seen = 0;
        self.buckets.iter().find_map(|(&bucket, &count)| {
            seen += count;
            (seen >= rank).then(|| Self::value(bucket))
        })
    }
}

/// Requests by outcome, and how long they took. The outcomes exclude each other, so that they sum to the total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Neither fault nor error.
    pub ok: i64,
    /// Error that is not a throttle, and no fault.
    pub error: i64,
    /// Throttled, and no fault.
    pub throttle: i64,
    /// Fault, whatever else.
    pub fault: i64,
    /// Sum of response times in nanoseconds.
    pub total_time: i64,
    /// Response times.
    pub response_times: Histogram,
    /// Durations including asynchronous work; empty on edges.
    pub durations: Histogram,
    /// Requests scaled by their sampling weight, in thousandths.
    pub weighted_milli: i64,
}

impl Stats {
    /// All requests.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.ok + self.error + self.throttle + self.fault
    }

    /// Adds one finished request.
    pub fn add(&mut self, flags: Flags, response_time: u64, weight: f32) {
        let outcome = match flags {
            Flags { fault: true, .. } => &mut self.fault,
            Flags { throttle: true, .. } => &mut self.throttle,
            Flags { error: true, .. } => &mut self.error,
            _ => &mut self.ok,
        };
        *outcome += 1;
        self.total_time = self.total_time.saturating_add_unsigned(response_time);
        self.response_times.add(response_time, 1);
        self.weighted_milli += (f64::from(weight) * 1000.0).round() as i64;
    }

    /// Adds other statistics `times` times; −1 takes them away.
    pub fn merge(&mut self, other: &Self, times: i64) {
        self.ok += other.ok * times;
        self.error += other.error * times;
        self.throttle += other.throttle * times;
        self.fault += other.fault * times;
        self.total_time = self.total_time.saturating_add(other.total_time.saturating_mul(times));
        self.response_times.merge(&other.response_times, times);
        self.durations.merge(&other.durations, times);
        self.weighted_milli += other.weighted_milli * times;
    }

    /// Whether nothing is left of it.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// A service in the graph, and how many of its segments say each thing about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeStats {
    /// Its requests.
    pub stats: Stats,
    /// Segments that entered the system here.
    pub roots: i64,
    /// Segments it reported itself; 0 for a service that is inferred throughout.
    pub reported: i64,
}

/// Who calls whom. A `from` of `None` is the client of root segments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeId {
    /// Caller.
    pub from: Option<ServiceId>,
    /// Callee.
    pub to: ServiceId,
    /// A message rather than a request.
    pub link: bool,
}

/// The calls between two services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgeStats {
    /// The calls; for a link the times are the ages of the received events.
    pub stats: Stats,
    /// Names that callers used for the callee other than its own, and how often.
    pub aliases: BTreeMap<String, i64>,
}

/// The service graph of one minute, or of any time that is a sum of minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphStats {
    /// Services.
    pub nodes: BTreeMap<ServiceId, NodeStats>,
    /// Calls.
    pub edges: BTreeMap<EdgeId, EdgeStats>,
}

impl GraphStats {
    /// Adds another graph `times` times; −1 takes it away. Whatever becomes zero disappears.
    pub fn merge(&mut self, other: &Self, times: i64) {
        for (id, node) in &other.nodes {
            let sum = self.nodes.entry(id.clone()).or_default();
            sum.stats.merge(&node.stats, times);
            sum.roots += node.roots * times;
            sum.reported += node.reported * times;
            if *sum == NodeStats::default() {
                self.nodes.remove(id);
            }
        }
        for (id, edge) in &other.edges {
            let sum = self.edges.entry(id.clone()).or_default();
            sum.stats.merge(&edge.stats, times);
            for (alias, count) in &edge.aliases {
                let uses = sum.aliases.entry(alias.clone()).or_default();
                *uses += count * times;
                if *uses == 0 {
                    sum.aliases.remove(alias);
                }
            }
            if *sum == EdgeStats::default() {
                self.edges.remove(id);
            }
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.edges.is_empty()
    }
}

impl Digest {
    /// The service with this number.
    #[must_use]
    pub fn service(&self, number: u16) -> Option<&ServiceId> {
        self.services.get(usize::from(number)).map(|fact| &fact.id)
    }

    /// The edge that a call is one of; `None` if an end of it is not known.
    #[must_use]
    pub fn edge(&self, call: &CallFact) -> Option<EdgeId> {
        let from = match call.from {
            CallFact::CLIENT => None,
            number => Some(self.service(number)?.clone()),
        };
        Some(EdgeId {
            from,
            to: self.service(call.to)?.clone(),
            link: call.link,
        })
    }
}

/// What one trace adds to the service graph, by the minute in which each request ended. Requests in progress are not
/// counted yet.
#[must_use]
pub fn contribution(digest: &Digest) -> BTreeMap<u32, GraphStats> {
    let mut minutes: BTreeMap<u32, GraphStats> = BTreeMap::new();
    for segment in &digest.segments {
        let (Some(end), Some(id)) = (segment.end, digest.service(segment.service)) else {
            continue;
        };
        let nodes = &mut minutes.entry(end.minute()).or_default().nodes;
        let node = nodes.entry(id.clone()).or_default();
        node.stats.add(segment.flags, end.since(segment.start), segment.weight);
        let last = segment.async_end.unwrap_or(end);
        node.stats.durations.add(last.since(segment.start), 1);
        node.roots += i64::from(segment.root);
        node.reported += i64::from(!segment.inferred);
    }
    for call in &digest.calls {
        let (Some(end), Some(id)) = (call.end, digest.edge(call)) else {
            continue;
        };
        let edge = minutes.entry(end.minute()).or_default().edges.entry(id).or_default();
        edge.stats.add(call.flags, end.since(call.start), call.weight);
        if let Some(alias) = &call.alias {
            *edge.aliases.entry(alias.clone()).or_default() += 1;
        }
    }
    minutes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn round_milliseconds_stay_what_they_are() {
        for millis in [0, 1, 5, 157, 800, 999, 1_230, 12_300, 123_000] {
            assert_eq!(
                Histogram::value(Histogram::bucket(millis * 1_000_000)),
                millis * 1_000_000
            );
        }
    }

    #[test]
    fn quantiles_are_values_that_occurred() {
        let mut times = Histogram::default();
        for millis in 1..=100 {
            times.add(millis * 1_000_000, 1);
        }
        assert_eq!(times.quantile(0.5), Some(50_000_000));
        assert_eq!(times.quantile(0.99), Some(99_000_000));
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn a_rank_counts_those_that_are_shorter() {
        let mut times = Histogram::default();
        for millis in 1..=100 {
            times.add(millis * 1_000_000, 1);
        }
        let rank = |millis: u64| times.shorter(millis * 1_000_000);
        assert_eq!(
            [rank(0), rank(1), rank(50), rank(101)],
            [Some(0.0), Some(0.0), Some(0.49), Some(1.0)]
        );
        assert_eq!(Histogram::default().shorter(1), None);
    }

    proptest! {
        #[test]
        fn a_bucket_is_never_far_from_its_values(nanos in 0u64..1_000_000_000_000_000) {
            let value = Histogram::value(Histogram::bucket(nanos));
            let error = value.abs_diff(nanos);
            prop_assert!(error <= (nanos / 200).max(5_000), "{nanos} became {value}");
        }

        #[test]
        fn longer_never_falls_into_an_earlier_bucket(a: u64, b: u64) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(Histogram::bucket(low / 2) <= Histogram::bucket(high / 2));
        }

        #[test]
        fn taking_away_undoes_adding(times in prop::collection::vec((any::<[bool; 3]>(), 0u64..10_000_000_000), 0..20)) {
            let mut before = Stats::default();
            before.add(Flags::default(), 1_000_000, 1.0);
            let mut added = Stats::default();
            for ([error, fault, throttle], nanos) in times {
                added.add(Flags { error, fault, throttle }, nanos, 20.0);
            }
            let mut sum = before.clone();
            sum.merge(&added, 1);
            prop_assert_eq!(sum.total(), before.total() + added.total());
            sum.merge(&added, -1);
            prop_assert_eq!(sum, before);
        }
    }
}
