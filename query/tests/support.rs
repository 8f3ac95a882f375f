//! A source of traces that answers from a plain list: no index, nothing cached, so that it is plainly right.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use beamline_model::digest::Digest;
use beamline_model::group::Group;
use beamline_model::id::TraceId;
use beamline_model::insight::{Insight, InsightId, Minute};
use beamline_model::sampling::record::RuleRecord;
use beamline_model::sampling::rule::Rule;
use beamline_model::stats::{GraphStats, contribution};
use beamline_model::testkit::{Sample, conformance};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_model::trace::GRACE;
use beamline_query::source::{LogSource, MetricSource, Nothing, Source};
use beamline_query::trace::TraceView;
use beamline_store::StoreError;
use beamline_store::api::{Account, Cursor, Order, OwnedRecord, Page, Search, StoredTrace, TimeBasis, Touched, Wanted};
use tokio::sync::broadcast;

pub(crate) const ACCOUNT: Account = Account(0);

/// When the traces of the fixture start.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_795_392_000);

/// Long after everything.
pub(crate) fn now() -> Timestamp {
    START.plus(10 * GRACE)
}

/// The two minutes that everything in the fixture happens in.
pub(crate) fn range() -> TimeRange {
    START..START.plus(120_000_000_000)
}

/// A sampling rule that keeps all it is about, once changed.
pub(crate) fn rule(name: &str, priority: u16, change: impl FnOnce(&mut Rule)) -> Rule {
    let mut rule = Rule {
        name: name.to_owned(),
        priority,
        fixed_rate: 1.0,
        ..Rule::default_rule()
    };
    change(&mut rule);
    rule
}

pub(crate) struct List {
    traces: Mutex<BTreeMap<TraceId, (StoredTrace, Arc<Digest>)>>,
    groups: Vec<Group>,
    pub(crate) insights: Mutex<Vec<Insight>>,
    rules: Vec<RuleRecord>,
    touched: broadcast::Sender<Touched>,
}

impl List {
    /// T1 to T7, and some groups.
    pub(crate) fn conformance() -> Self {
        let group = |name: &str, expression: &str| Group {
            name: name.to_owned(),
            unique: "1".to_owned(),
            expression: Some(expression.to_owned()),
            insights: false,
            notifications: false,
        };
        let list = Self {
            traces: Mutex::default(),
            groups: vec![
                group("slow", "responsetime > 3"),
                group("slow-faults", "group.name = \"slow\" fault"),
                group("circle", "group.name = \"circle\""),
                group("broken", "responsetime >"),
            ],
            insights: Mutex::default(),
            rules: vec![RuleRecord::new(
                rule("kept", 5, |rule| rule.http_method = "GET".to_owned()),
                START,
            )],
            touched: broadcast::channel(64).0,
        };
        for sample in conformance(START) {
            list.send(&sample);
        }
        list
    }

    pub(crate) fn send(&self, sample: &Sample) {
        let records = (0..).zip(&sample.documents).map(|(number, document)| OwnedRecord {
            trace: sample.trace,
            received: START.plus(60_000_000_000 + number),
            weight: 1.0,
            context: None,
            body: document.clone().into(),
        });
        let mut traces = self.traces.lock().unwrap();
        let (stored, digest) = traces
            .entry(sample.trace)
            .or_insert_with(|| (StoredTrace::default(), Arc::new(Digest::new(sample.trace))));
        stored.records.extend(records);
        stored.revision += 1;
        *digest = Arc::new(TraceView::open(sample.trace, stored, now()).digest);
        drop(traces);
        // Nobody listening is fine.
        let _ = self.touched.send(Touched {
            account: ACCOUNT,
            trace: sample.trace,
            received: START,
        });
    }

    pub(crate) fn digests(&self) -> Vec<Arc<Digest>> {
        let traces = self.traces.lock().unwrap();
        traces.values().map(|(_, digest)| Arc::clone(digest)).collect()
    }

    fn minutes(&self, minutes: Range<u32>) -> impl Iterator<Item = (u32, GraphStats)> {
        let all = self.digests().into_iter().flat_map(|digest| contribution(&digest));
        all.filter(move |(minute, _)| minutes.contains(minute))
    }
}

fn lies_in(digest: &Digest, basis: TimeBasis, range: &TimeRange) -> bool {
    match basis {
        TimeBasis::Start => range.contains(&digest.start),
        TimeBasis::Update => range.contains(&digest.updated),
        TimeBasis::SegmentEnd => {
            let mut ends = digest.segments.iter().filter_map(|segment| segment.end);
            ends.any(|end| range.contains(&end))
        }
    }
}

/// What an order sorts by, the first result having the largest.
fn place(digest: &Digest, order: Order) -> Cursor {
    let failed = digest.segments.iter().filter(|segment| !segment.flags.ok()).count();
    Cursor {
        key: match order {
            Order::Newest => digest.start.0,
            Order::Oldest => -digest.start.0,
            Order::Slowest => digest.duration() as i64,
            Order::MostErrors => failed as i64,
        },
        start: digest.start,
        trace: digest.trace,
    }
}

fn sorts_by(cursor: &Cursor) -> (i64, Timestamp, TraceId) {
    (cursor.key, cursor.start, cursor.trace)
}

impl Source for List {
    fn accounts(&self) -> Vec<(Account, String, String)> {
        vec![(ACCOUNT, "123456789012".to_owned(), "us-east-1".to_owned())]
    }

    fn groups(&self, _: Account) -> Result<Vec<Group>, StoreError> {
        Ok(self.groups.clone())
    }

    fn sampling_rules(&self, _: Account) -> Result<Vec<RuleRecord>, StoreError> {
        Ok(self.rules.clone())
    }

    fn trace(&self, _: Account, trace: TraceId) -> Result<Option<StoredTrace>, StoreError> {
        Ok(self
            .traces
            .lock()
            .unwrap()
            .get(&trace)
            .map(|(stored, _)| stored.clone()))
    }

    fn digest(&self, _: Account, trace: TraceId) -> Result<Option<Arc<Digest>>, StoreError> {
        Ok(self
            .traces
            .lock()
            .unwrap()
            .get(&trace)
            .map(|(_, digest)| Arc::clone(digest)))
    }

    fn search(&self, search: &Search) -> Result<Page, StoreError> {
        let mut digests = self.digests();
        digests.retain(|digest| lies_in(digest, search.basis, &search.range));
        digests.sort_by_key(|digest| std::cmp::Reverse(sorts_by(&place(digest, search.order))));
        let after = search.cursor.as_ref().map(sorts_by);
        let mut page = Page::default();
        for digest in digests {
            let here = place(&digest, search.order);
            if after.is_some_and(|after| sorts_by(&here) >= after) {
                continue;
            }
            if page.digests.len() == search.limit || page.scanned as usize == search.budget {
                return Ok(page);
            }
            page.scanned += 1;
            page.cursor = Some(here);
            if search.matcher.as_ref().is_none_or(|matcher| matcher.matches(&digest)) {
                page.digests.push(digest);
            }
        }
        page.cursor = None;
        Ok(page)
    }

    fn graph(&self, _: Account, range: TimeRange) -> Result<GraphStats, StoreError> {
        let mut sum = GraphStats::default();
        for (_, stats) in self.minutes(range.start.minute()..range.end.minute()) {
            sum.merge(&stats, 1);
        }
        Ok(sum)
    }

    fn each_graph(
        &self,
        _: Account,
        range: TimeRange,
        minutes: u32,
        wanted: &dyn Wanted,
        visit: &mut dyn FnMut(Timestamp, GraphStats),
    ) -> Result<(), StoreError> {
        let mut sums: BTreeMap<u32, GraphStats> = BTreeMap::new();
        for (minute, stats) in self.minutes(range.start.minute()..range.end.minute()) {
            let bucket = minute - (minute - range.start.minute()) % minutes;
            sums.entry(bucket).or_default().merge(&stats, 1);
        }
        for (minute, mut stats) in sums {
            stats.nodes.retain(|id, _| wanted.service(id));
            stats.edges.retain(|id, _| wanted.edge(id.from.as_ref(), &id.to));
            visit(Timestamp::from_minute(minute), stats);
        }
        Ok(())
    }

    fn group_statistics(&self, _: Account, _: &str, _: u64) -> Option<(Account, u32)> {
        None
    }

    fn counts(&self, _: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, StoreError> {
        let mut sums: BTreeMap<u32, GraphStats> = BTreeMap::new();
        for (minute, stats) in self.minutes(minutes) {
            sums.entry(minute).or_default().merge(&stats, 1);
        }
        Ok(sums.iter().map(|(&at, stats)| (at, Minute::from(stats))).collect())
    }

    fn insights(&self, _: Account) -> Result<Vec<Insight>, StoreError> {
        Ok(self.insights.lock().unwrap().clone())
    }

    fn insight(&self, _: Account, id: InsightId) -> Result<Option<Insight>, StoreError> {
        let insights = self.insights.lock().unwrap();
        Ok(insights.iter().find(|insight| insight.id() == id.to_string()).cloned())
    }

    fn subscribe(&self) -> broadcast::Receiver<Touched> {
        self.touched.subscribe()
    }

    fn logs(&self) -> &dyn LogSource {
        &Nothing
    }

    fn metrics(&self) -> &dyn MetricSource {
        &Nothing
    }
}

/// The names of traces, in the order given.
pub(crate) fn names<'a>(digests: impl IntoIterator<Item = &'a Arc<Digest>>) -> String {
    let name = |digest: &Arc<Digest>| format!("T{}", digest.trace.0 & 0xff);
    digests.into_iter().map(name).collect::<Vec<_>>().join(" ")
}

/// A fixture's trace by its number.
pub(crate) fn sample(number: usize) -> Sample {
    conformance(START).swap_remove(number - 1)
}
