//! The log group `aws/spans` is what the stored spans say, in order, whatever the pages.

use std::collections::BTreeSet;
use std::sync::Arc;

use beamline_model::id::{SpanId, TraceId};
use beamline_model::testkit::conformance;
use beamline_model::time::Timestamp;
use beamline_query::QueryError;
use beamline_query::logs::spans::{GROUP, REACH, STREAM};
use beamline_query::logs::{Event, ReadRequest, groups, read, streams};
use beamline_query::source::Source;
use beamline_query::trace::{TraceView, stored as stored_trace};
use beamline_store::api::log::{LogGroups, LogStreamQuery, LogStreams};
use beamline_store::api::{Batch, BatchRecord};
use beamline_store::{Store, StoreConfig};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{ACCOUNT, List, START, now};

/// A trace by its number: its start, and its spans by start after that and length, all in milliseconds.
#[derive(Clone, Debug)]
struct Planned {
    start: i64,
    spans: Vec<(i64, i64)>,
}

fn planned() -> impl Strategy<Value = Vec<Planned>> {
    let span = (prop_oneof![0i64..5, 0i64..2_000, 59_000i64..130_000], 0i64..100_000);
    let trace = (0i64..200_000, prop::collection::vec(span, 1..5));
    prop::collection::vec(trace.prop_map(|(start, spans)| Planned { start, spans }), 0..12)
}

fn at(millis: i64) -> Timestamp {
    START.plus(millis * 1_000_000)
}

fn trace_id(number: usize) -> TraceId {
    TraceId(0x6920_0000 << 96 | (number as u128 + 1))
}

fn span_id(trace: usize, number: usize) -> SpanId {
    SpanId((trace as u64 + 1) * 100 + number as u64)
}

/// One segment for each span.
fn document(trace: usize, number: usize, plan: &Planned) -> String {
    let (after, length) = plan.spans[number];
    let start = at(plan.start + after);
    json!({
        "name": format!("service-{}", number % 3), "trace_id": trace_id(trace).to_string(),
        "id": span_id(trace, number).to_string(), "start_time": start.seconds(),
        "end_time": start.plus(length * 1_000_000).seconds(),
        "annotations": { "parity": if number.is_multiple_of(2) { "even" } else { "odd" } },
    })
    .to_string()
}

async fn stored(plans: &[Planned]) -> Arc<Store> {
    let store = Arc::new(Store::open(StoreConfig::in_memory()).unwrap());
    for (trace, plan) in plans.iter().enumerate() {
        for number in 0..plan.spans.len() {
            let text = document(trace, number, plan);
            let head = beamline_model::segment::head(text.as_bytes()).unwrap();
            let record = BatchRecord {
                trace: trace_id(trace),
                received: store.stamp(),
                start: head.start,
                end: head.end,
                weight: 1.0,
                context: None,
                body: 0..u32::try_from(text.len()).unwrap(),
            };
            let batch = Batch {
                account: ACCOUNT,
                buffer: Bytes::from(text),
                contexts: Vec::new(),
                records: vec![record],
            };
            store.commit(batch).await.unwrap();
        }
    }
    store
}

/// What the group should have: time, trace and span of each event, in order. Seconds as documents have them are not exact
/// to the nanosecond, so the times are read from there.
fn expected(plans: &[Planned]) -> Vec<(Timestamp, TraceId, SpanId)> {
    let mut all = Vec::new();
    for (trace, plan) in plans.iter().enumerate() {
        let documents = (0..plan.spans.len()).map(|number| document(trace, number, plan));
        let start = |text: String| beamline_model::segment::head(text.as_bytes()).unwrap().start;
        let starts: Vec<Timestamp> = documents.map(start).collect();
        let latest = starts.iter().min().unwrap().plus(REACH);
        for (number, start) in starts.into_iter().enumerate() {
            all.push((start.min(latest), trace_id(trace), span_id(trace, number)));
        }
    }
    all.sort();
    all
}

fn request() -> ReadRequest {
    ReadRequest::new(ACCOUNT, LogGroups::Named(vec![GROUP.to_owned()]))
}

/// Everything, page by page, and how many pages that took.
fn all(source: &dyn Source, mut request: ReadRequest) -> (Vec<Event>, usize) {
    let (mut events, mut pages) = (Vec::new(), 0);
    loop {
        let page = read(source, &request).unwrap();
        assert!(page.events.len() <= request.limit);
        events.extend(page.events);
        pages += 1;
        assert!(pages < 2_000, "pages do not end");
        request.cursor = page.cursor;
        if request.cursor.is_none() {
            return (events, pages);
        }
    }
}

fn told(events: &[Event]) -> Vec<(Timestamp, TraceId, SpanId)> {
    let place = |event: &Event| match event {
        Event::Span(span) => (span.place.time, span.place.trace, span.place.span),
        Event::Kept(_) => panic!("only spans are in {GROUP}"),
    };
    events.iter().map(place).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_pages_in_any_direction_give_every_span_once_in_order(
        plans in planned(),
        limit in 1usize..8,
        budget in prop_oneof![Just(u64::MAX), 1u64..3_000],
        from in 0i64..250_000,
        length in 1i64..250_000,
        whole: bool,
        sealed: bool,
    ) {
        let store = block_on(stored(&plans));
        if sealed {
            store.seal_all().unwrap();
        }
        let mut wanted = request();
        (wanted.limit, wanted.budget) = (limit, budget);
        if !whole {
            wanted.range = at(from)..at(from + length);
        }
        let mut right = expected(&plans);
        right.retain(|(time, ..)| wanted.range.contains(time));

        let (events, _) = all(&*store, wanted.clone());
        prop_assert_eq!(told(&events), right.clone());
        let ids: Vec<String> = events.iter().map(Event::id).collect();
        prop_assert!(ids.windows(2).all(|two| two[0] < two[1]), "{:?}", ids);
        prop_assert!(ids.iter().flat_map(|id| id.bytes()).all(|byte| byte.is_ascii_digit()));

        wanted.descending = true;
        let (events, _) = all(&*store, wanted);
        right.reverse();
        prop_assert_eq!(told(&events), right);
    }
}

#[test]
fn words_traces_and_streams_select() {
    let plans = [
        Planned {
            start: 0,
            spans: vec![(0, 10), (1, 10), (2, 10)],
        },
        Planned {
            start: 5,
            spans: vec![(0, 10), (70_000, 10)],
        },
    ];
    let store = block_on(stored(&plans));
    let count = |change: &dyn Fn(&mut ReadRequest)| {
        let mut wanted = request();
        change(&mut wanted);
        all(&*store, wanted).0.len()
    };
    assert_eq!(count(&|_| ()), 5);
    assert_eq!(count(&|wanted| wanted.words = vec!["odd".to_owned()]), 2);
    assert_eq!(
        count(&|wanted| wanted.words = vec!["odd".to_owned(), "even".to_owned()]),
        0
    );
    assert_eq!(count(&|wanted| wanted.trace = Some(trace_id(1))), 2);
    assert_eq!(count(&|wanted| wanted.trace = Some(trace_id(9))), 0);
    assert_eq!(
        count(&|wanted| wanted.streams = LogStreams::Prefix("def".to_owned())),
        5
    );
    assert_eq!(
        count(&|wanted| wanted.streams = LogStreams::Named(vec!["x".to_owned()])),
        0
    );
}

#[test]
fn an_event_is_the_span_in_opentelemetrys_words() {
    let store = block_on(stored(&[Planned {
        start: 0,
        spans: vec![(0, 250)],
    }]));
    let (events, _) = all(&*store, request());
    let event = events.first().unwrap();
    assert_eq!((event.group(), event.stream(), event.time()), (GROUP, STREAM, at(0)));
    let message: serde_json::Value = serde_json::from_str(&event.message()).unwrap();
    assert_eq!(message["traceId"], trace_id(0).to_w3c());
    assert_eq!(message["spanId"], span_id(0, 0).to_string());
    let duration = message["durationNano"].as_i64().unwrap();
    assert!(
        (duration - 250_000_000).abs() < 1_000,
        "{duration}: seconds are exact to a microsecond"
    );
    assert_eq!(message["kind"], "SERVER");
    assert_eq!(message["resource"]["attributes"]["service.name"], "service-0");
    let mention = event.mentions()[0];
    assert_eq!((mention.trace, mention.span), (trace_id(0), Some(span_id(0, 0))));
}

#[test]
fn the_group_is_listed_among_the_others_and_read_by_itself() {
    let store = block_on(stored(&[Planned {
        start: 0,
        spans: vec![(0, 1)],
    }]));
    for name in ["/otlp/cart", "zoo", "Air"] {
        store
            .create_log_group(ACCOUNT, name.parse().unwrap(), Default::default())
            .unwrap();
    }
    let listed = |prefix: &str, after: Option<&str>, limit| {
        let (found, more) = groups(&*store, ACCOUNT, prefix, after, limit).unwrap();
        (
            found
                .iter()
                .map(|group| group.name().to_owned())
                .collect::<Vec<_>>()
                .join(" "),
            more,
        )
    };
    assert_eq!(listed("", None, 10), ("/otlp/cart Air aws/spans zoo".to_owned(), false));
    assert_eq!(listed("", None, 3), ("/otlp/cart Air aws/spans".to_owned(), true));
    assert_eq!(listed("", Some("aws/spans"), 3), ("zoo".to_owned(), false));
    assert_eq!(listed("aws/", None, 3), ("aws/spans".to_owned(), false));
    let page = streams(
        &*store,
        ACCOUNT,
        GROUP,
        &LogStreamQuery {
            limit: 5,
            ..Default::default()
        },
    )
    .unwrap();
    assert_eq!(page.streams[0].name.as_str(), STREAM);
    assert_eq!(page.streams[0].last_event, Some(at(1)));

    let mut mixed = request();
    mixed.groups = LogGroups::Named(vec![GROUP.to_owned(), "zoo".to_owned()]);
    assert!(matches!(
        read(&*store, &mixed),
        Err(QueryError::Invalid { field: "groups", .. })
    ));
    let mut everything = request();
    everything.groups = LogGroups::All;
    assert!(read(&*store, &everything).unwrap().events.is_empty());
}

/// A list is as good a source as a store, so that nothing here depends on how the store keeps traces.
#[test]
fn the_fixture_has_an_event_for_each_node_that_arrived() {
    let list = List::conformance();
    let traces: BTreeSet<TraceId> = conformance(START).iter().map(|sample| sample.trace).collect();
    let arrived = traces.into_iter().map(|id| {
        let stored = stored_trace(&list, ACCOUNT, id).unwrap();
        TraceView::open(id, &stored, now()).trace.arrived().len()
    });
    let (events, _) = all(&list, request());
    assert_eq!(events.len(), arrived.sum::<usize>());
    let mut wanted = request();
    wanted.limit = 3;
    let (paged, pages) = all(&list, wanted);
    assert_eq!(told(&paged), told(&events));
    assert!(pages > events.len() / 3);
}
