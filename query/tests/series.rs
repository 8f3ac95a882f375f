//! A week by the minute: what comes in several answers is what the graphs of the minutes say, and no answer reads or
//! holds more than its own part.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use beamline_model::digest::Digest;
use beamline_model::group::Group;
use beamline_model::id::TraceId;
use beamline_model::insight::{Insight, InsightId, Minute};
use beamline_model::lang::trace_filter::EntitySelector;
use beamline_model::sampling::record::RuleRecord;
use beamline_model::stats::{GraphStats, Stats};
use beamline_model::testkit::conformance;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_proto::query as pb;
use beamline_query::filter::Selection;
use beamline_query::graph::graph;
use beamline_query::series::{Entity, MOST_BUCKETS, SeriesRequest, SeriesSet, series};
use beamline_query::source::{LogSource, MetricSource, Nothing, Source};
use beamline_store::api::{Account, Page, Search, StoredTrace, Touched, Wanted};
use beamline_store::{ObjectKind, Store, StoreConfig, StoreError};
use tokio::sync::broadcast;
use tonic::Code;

use crate::server::{Server, refused, time};
use crate::store::batch;
use crate::support::{ACCOUNT, List};

const WEEK: u32 = 10_080;

/// A store with traces every 173 minutes of a week, most of them sealed, and a group that has statistics of its own from
/// the middle of the week on. Also the first minute of the week.
async fn week() -> (Watched, u32) {
    let store = Store::open(StoreConfig::in_memory()).unwrap();
    let begin = store.stamp().minute() - WEEK / 2;
    let group = Group {
        name: "slow".to_owned(),
        unique: "1".to_owned(),
        expression: Some("responsetime > 0.3".to_owned()),
        insights: false,
        notifications: false,
    };
    let value = serde_json::to_vec(&group).unwrap();
    store.put_object(ObjectKind::Group, ACCOUNT, "slow", value).unwrap();
    for (number, minute) in (begin + 7..begin + WEEK - 7).step_by(173).enumerate() {
        for sample in conformance(Timestamp::from_minute(minute)) {
            let kept = store.commit(batch(&store, &sample)).await.unwrap();
            assert!(kept.refused.is_empty());
        }
        if number % 20 == 10 {
            store.seal_all().unwrap();
        }
    }
    let store = Watched {
        store,
        longest: Mutex::default(),
        largest: Mutex::default(),
    };
    (store, begin)
}

fn range(begin: u32, minutes: u32) -> TimeRange {
    Timestamp::from_minute(begin)..Timestamp::from_minute(begin + minutes)
}

/// All answers to a request.
fn answers(source: &dyn Source, mut request: SeriesRequest) -> Vec<SeriesSet> {
    let mut answers = Vec::new();
    loop {
        let answer = series(source, &request).unwrap();
        request.from = answer.next;
        answers.push(answer);
        if request.from.is_none() {
            return answers;
        }
    }
}

fn points(answers: &[SeriesSet]) -> Vec<(u32, Stats)> {
    let points = answers.iter().flat_map(|answer| &answer.series[0].points);
    points.map(|(at, stats)| (at.minute(), stats.clone())).collect()
}

/// What the graph of a time says of what a selector means.
fn in_graph(source: &dyn Source, range: TimeRange, selection: &Selection, selector: &str) -> Stats {
    let told = graph(source, ACCOUNT, range, selection).unwrap().graph;
    let mut sum = Stats::default();
    for node in told.node_weights().filter(|node| !node.client) {
        if selector == "service(\"payments\")" && node.id.name == "payments" {
            sum.merge(&node.stats, 1);
        }
    }
    for edge in told.edge_indices() {
        let (from, to) = told.edge_endpoints(edge).unwrap();
        let wanted = match selector {
            "" => told[from].client,
            "edge(\"shop\", \"payments\")" => {
                !told[from].client && told[from].id.name == "shop" && told[to].id.name == "payments"
            }
            _ => false,
        };
        if wanted {
            sum.merge(&told[edge].stats, 1);
        }
    }
    sum
}

#[tokio::test]
async fn a_week_by_the_minute_is_what_the_graphs_say() {
    let (store, begin) = week().await;
    for (filter, group) in [("", ""), ("fault", ""), ("", "slow"), ("ok OR !ok", "slow")] {
        for selector in ["", "service(\"payments\")", "edge(\"shop\", \"payments\")"] {
            let selection = Selection::parse(filter, group).unwrap();
            let request = SeriesRequest {
                minutes: Some(1),
                selection: selection.clone(),
                entity: (!selector.is_empty()).then(|| EntitySelector::parse(selector).unwrap()),
                ..SeriesRequest::new(ACCOUNT, range(begin, WEEK))
            };
            let answers = answers(&store, request.clone());
            let points = points(&answers);
            assert_eq!(answers.len(), 7);
            let starts: Vec<u32> = points.iter().map(|(at, _)| *at).collect();
            assert_eq!(starts, (begin..begin + WEEK).collect::<Vec<u32>>());

            let whole = in_graph(&store, range(begin, WEEK), &selection, selector);
            let mut sum = Stats::default();
            points.iter().for_each(|(_, stats)| sum.merge(stats, 1));
            assert_eq!(sum, whole, "{filter} {group} {selector}");
            assert!(sum.total() > 0, "{filter} {group} {selector}");
            for (minute, stats) in points.iter().filter(|(at, stats)| at % 97 == 0 || !stats.is_zero()) {
                let of_minute = in_graph(&store, range(*minute, 1), &selection, selector);
                assert_eq!(*stats, of_minute, "{filter} {group} {selector} {minute}");
            }
            // However an answer is cut, the points are the same.
            let some = SeriesRequest {
                most: 999,
                ..request.clone()
            };
            assert_eq!(self::points(&self::answers(&store, some)), points);
        }
    }
}

#[tokio::test]
async fn longer_buckets_are_the_sums_of_shorter_ones() {
    let (store, begin) = week().await;
    store.store.seal_all().unwrap();
    let request = |minutes| SeriesRequest {
        minutes: Some(minutes),
        entity: Some(EntitySelector::parse("service()").unwrap()),
        ..SeriesRequest::new(ACCOUNT, range(begin, WEEK))
    };
    let minutes: BTreeMap<u32, Stats> = points(&answers(&store, request(1))).into_iter().collect();
    for length in [5, 10, 60, 7] {
        for (start, stats) in points(&answers(&store, request(length))) {
            let mut sum = Stats::default();
            minutes
                .range(start..start + length)
                .for_each(|(_, stats)| sum.merge(stats, 1));
            assert_eq!(stats, sum, "{length} {start}");
        }
    }
}

#[tokio::test]
async fn an_answer_reads_its_own_part_and_holds_what_it_tells() {
    let (store, begin) = week().await;
    let request = SeriesRequest {
        minutes: Some(1),
        entity: Some(EntitySelector::parse("service(\"payments\")").unwrap()),
        ..SeriesRequest::new(ACCOUNT, range(begin, WEEK))
    };
    answers(&store, request);
    assert_eq!(*store.longest.lock().unwrap(), MOST_BUCKETS);
    assert_eq!(
        *store.largest.lock().unwrap(),
        1,
        "of nothing else than what is asked for"
    );
}

#[tokio::test]
async fn many_series_come_in_shorter_answers() {
    let (store, begin) = week().await;
    let split = |selector: &str| SeriesRequest {
        minutes: Some(1),
        split: true,
        entity: Some(EntitySelector::parse(selector).unwrap()),
        ..SeriesRequest::new(ACCOUNT, range(begin, WEEK))
    };
    let mut sums: BTreeMap<Entity, i64> = BTreeMap::new();
    for answer in answers(&store, split("service()")) {
        let points: usize = answer.series.iter().map(|series| series.points.len()).sum();
        assert!(points <= beamline_query::series::MOST_POINTS as usize);
        for series in answer.series {
            let total: i64 = series.points.iter().map(|(_, stats)| stats.total()).sum();
            *sums.entry(series.entity).or_default() += total;
        }
    }
    let told = graph(&store, ACCOUNT, range(begin, WEEK), &Selection::default())
        .unwrap()
        .graph;
    let services = told.node_weights().filter(|node| node.stats.total() > 0);
    let expected: BTreeMap<Entity, i64> = services
        .map(|node| (Entity::Service(node.id.clone()), node.stats.total()))
        .collect();
    assert_eq!(sums, expected);
}

#[tokio::test]
async fn a_long_series_comes_in_several_answers_over_grpc() {
    let server = Server::with(Arc::new(List::conformance())).await;
    let week = pb::TimeRange {
        start: Some(time(crate::support::range().start.plus(-3 * 86_400_000_000_000))),
        end: Some(time(crate::support::range().start.plus(4 * 86_400_000_000_000))),
    };
    let mut request = pb::GetTimeSeriesRequest {
        range: Some(week),
        period: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        ..pb::GetTimeSeriesRequest::default()
    };
    let mut totals = Vec::new();
    for _ in 0..7 {
        let told = server
            .client()
            .get_time_series(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(told.range.unwrap().start, told.series[0].points[0].start);
        let statistics = told.series[0]
            .points
            .iter()
            .map(|point| point.statistics.as_ref().unwrap().total);
        totals.push((told.series[0].points.len(), statistics.sum::<u64>()));
        request.cursor = told.cursor;
    }
    assert!(request.cursor.is_empty());
    let nothing = (1_440, 0);
    assert_eq!(
        totals,
        [nothing, nothing, nothing, (1_440, 6), nothing, nothing, nothing]
    );
    for cursor in [vec![1], [&[1][..], &7i64.to_be_bytes()[..]].concat()] {
        let request = pb::GetTimeSeriesRequest {
            cursor,
            ..request.clone()
        };
        let status = server.client().get_time_series(request).await.unwrap_err();
        refused(status, Code::InvalidArgument, "cursor", "cursor");
    }
}

/// A store, and how much was read from it at once.
struct Watched {
    store: Store,
    /// Minutes of the longest read by the minute.
    longest: Mutex<u32>,
    /// Services and edges of the largest graph that it gave.
    largest: Mutex<usize>,
}

impl Source for Watched {
    fn accounts(&self) -> Vec<(Account, String, String)> {
        self.store.accounts()
    }

    fn groups(&self, account: Account) -> Result<Vec<Group>, StoreError> {
        Source::groups(&self.store, account)
    }

    fn sampling_rules(&self, account: Account) -> Result<Vec<RuleRecord>, StoreError> {
        self.store.sampling_rules(account)
    }

    fn trace(&self, account: Account, trace: TraceId) -> Result<Option<StoredTrace>, StoreError> {
        self.store.trace(account, trace)
    }

    fn digest(&self, account: Account, trace: TraceId) -> Result<Option<Arc<Digest>>, StoreError> {
        self.store.digest(account, trace)
    }

    fn search(&self, search: &Search) -> Result<Page, StoreError> {
        self.store.search(search)
    }

    fn graph(&self, account: Account, range: TimeRange) -> Result<GraphStats, StoreError> {
        self.store.graph(account, range)
    }

    fn each_graph(
        &self,
        account: Account,
        range: TimeRange,
        minutes: u32,
        wanted: &dyn Wanted,
        visit: &mut dyn FnMut(Timestamp, GraphStats),
    ) -> Result<(), StoreError> {
        let length = range.end.minute() - range.start.minute();
        let mut longest = self.longest.lock().unwrap();
        *longest = length.max(*longest);
        self.store
            .each_graph(account, range, minutes, wanted, &mut |start, graph| {
                let mut largest = self.largest.lock().unwrap();
                *largest = (graph.nodes.len() + graph.edges.len()).max(*largest);
                visit(start, graph);
            })
    }

    fn group_statistics(&self, account: Account, name: &str, version: u64) -> Option<(Account, u32)> {
        self.store.group_statistics(account, name, version)
    }

    fn counts(&self, account: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, StoreError> {
        self.store.counts(account, minutes)
    }

    fn insights(&self, account: Account) -> Result<Vec<Insight>, StoreError> {
        self.store.insights(account)
    }

    fn insight(&self, account: Account, id: InsightId) -> Result<Option<Insight>, StoreError> {
        self.store.insight(account, id)
    }

    fn subscribe(&self) -> broadcast::Receiver<Touched> {
        self.store.subscribe()
    }

    fn logs(&self) -> &dyn LogSource {
        &Nothing
    }

    fn metrics(&self) -> &dyn MetricSource {
        &Nothing
    }
}
