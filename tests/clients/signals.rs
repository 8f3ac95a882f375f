//! Log records and metrics of the official OpenTelemetry SDKs of Python, Node and Java: over gRPC, and over HTTP as
//! protobuf and as JSON. What they were told is kept is in the data after the server has ended.

use std::collections::BTreeMap;
use std::process::Stdio;

use beamline_model::id::TraceId;
use beamline_model::metric::{Facts, Kind, Point, PointValue, Temporality};
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use beamline_store::api::log::{LogGroups, LogSearch};
use beamline_store::api::metric::{SeriesQuery, SeriesTerm};
use beamline_store::{Location, Store, StoreConfig};

use super::program::{available, java, node, python};
use crate::harness::Server;

/// A service that reported, and the span in which it did.
#[derive(serde::Deserialize)]
struct Told {
    service: String,
    trace: String,
    span: String,
}

#[test]
fn logs_and_metrics_of_three_sdks_are_kept_whatever_they_are_sent_by() {
    let mut server = Server::start();
    let programs = available([
        ("python", Some(python("otel_signals.py"))),
        ("node", Some(node("otel_signals.js"))),
        ("java", java("OtelSignals")),
    ]);
    let mut told: Vec<Told> = Vec::new();
    for (name, program) in &programs {
        let mut command = program.command(&server);
        command
            .env("OTLP_GRPC", server.otlp_grpc().to_string())
            .env("OTLP_HTTP", server.otlp_http().to_string())
            .stderr(Stdio::piped());
        let output = command.output().expect("the program can be started");
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        told.extend(
            lines
                .lines()
                .map(|line| serde_json::from_str::<Told>(line).expect("each line is JSON")),
        );
    }
    let expected = if programs.len() == 3 { 6 } else { 5 };
    assert_eq!(told.len(), expected, "one line for each service");
    assert!(server.terminate().success());
    let store = Store::open(StoreConfig::new(Location::Folder(server.data()))).expect("the data can be opened");
    for one in &told {
        check_log(&store, one);
        check_metrics(&store, one);
    }
}

fn check_log(store: &Store, told: &Told) {
    let group = format!("/otlp/{}", told.service);
    let search = LogSearch::new(Account::default(), LogGroups::Named(vec![group.clone()]));
    let events = store.search_logs(&search).expect("there is such a group").events;
    assert_eq!(events.len(), 1, "{group}: {events:?}");
    assert_eq!(events[0].stream.as_str(), "one", "{group}");
    let message: serde_json::Value = serde_json::from_str(&events[0].message()).expect("a message is JSON");
    assert_eq!(
        message["resource"]["attributes"]["service.name"],
        told.service.as_str(),
        "{message}"
    );
    assert_eq!(message["body"], "order 17 was lost", "{message}");
    assert_eq!(
        (&message["severityNumber"], &message["severityText"]),
        (&17.into(), &"ERROR".into()),
        "{message}"
    );
    assert_eq!(message["attributes"]["order"], 17, "{message}");
    assert_eq!(
        message["attributes"]["items"],
        serde_json::json!(["a", "b"]),
        "{message}"
    );
    assert_eq!(
        (&message["traceId"], &message["spanId"]),
        (&told.trace.as_str().into(), &told.span.as_str().into())
    );
    let trace: TraceId = told.trace.parse().expect("the SDK has made an id");
    let of_trace = store
        .log_events_of_trace(Account::default(), trace, 10)
        .expect("it can be looked up");
    assert_eq!(of_trace.events.len(), 1, "{group} by its trace");
}

fn check_metrics(store: &Store, told: &Told) {
    let query = SeriesQuery {
        terms: vec![SeriesTerm::Service(told.service.clone())],
        limit: 100,
        ..SeriesQuery::default()
    };
    let found = store.series(&query).expect("series can be looked up").series;
    let mut metrics: BTreeMap<String, (Facts<'_>, Point)> = BTreeMap::new();
    for series in &found {
        let whole = Timestamp::ZERO..Timestamp::MAX;
        let points = store
            .points(Account::default(), series.series, &whole)
            .expect("points can be read");
        let facts = series.descriptor.facts();
        // Some SDKs send what they have once more when they are shut down.
        let last = points.last().expect("a series has points").clone();
        metrics.insert(facts.name.to_string(), (facts, last));
    }
    let of = |name: &str| {
        metrics
            .get(name)
            .unwrap_or_else(|| panic!("no {name} of {} in {metrics:?}", told.service))
    };
    let shop = |facts: &Facts<'_>| {
        let label = facts.labels.iter().find(|label| label.key == "shop");
        label.map(|label| label.value.to_string())
    };
    let (orders, point) = of("orders");
    assert_eq!(
        (&*orders.unit, &*orders.description),
        ("{order}", "Orders taken"),
        "{orders:?}"
    );
    assert_eq!((orders.kind, orders.monotonic), (Kind::Sum, true), "{orders:?}");
    assert_eq!(orders.temporality, Temporality::Cumulative, "{orders:?}");
    assert!(
        matches!(point.value, PointValue::Int(3) | PointValue::Double(3.0)),
        "{point:?}"
    );
    assert!(point.start > Timestamp::ZERO && point.start <= point.time, "{point:?}");
    let (stock, point) = of("stock");
    assert_eq!(
        (stock.kind, shop(stock).as_deref()),
        (Kind::Gauge, Some("north")),
        "{stock:?}"
    );
    assert_eq!(point.value, PointValue::Double(7.5), "{point:?}");
    let (took, point) = of("took");
    let PointValue::Histogram(histogram) = &point.value else {
        panic!("{point:?}")
    };
    assert_eq!(
        (took.kind, &*took.unit, histogram.count),
        (Kind::Histogram, "s", 2),
        "{took:?}"
    );
    assert_eq!(
        (histogram.sum, histogram.min, histogram.max),
        (Some(0.254), Some(0.004), Some(0.25))
    );
    assert_eq!(histogram.counts.iter().sum::<u64>(), 2, "{histogram:?}");
    assert_eq!(histogram.counts.len(), histogram.bounds.len() + 1, "{histogram:?}");
    let (size, point) = of("size");
    let PointValue::Exponential(exponential) = &point.value else {
        panic!("{point:?}")
    };
    assert_eq!(
        (size.kind, exponential.count, exponential.sum),
        (Kind::Exponential, 2, Some(254.0)),
        "{size:?}"
    );
    let positive = exponential.positive.as_ref().expect("both are above zero");
    assert_eq!(positive.counts.iter().sum::<u64>(), 2, "{exponential:?}");
}
