//! Real payloads: walked, kept, sealed, and said again.

use std::path::PathBuf;

use beamline_model::metric::walk::{self, Walked};
use beamline_model::metric::{Descriptor, Point, request};
use beamline_model::otlp::{Signal, json};
use beamline_store::Store;
use beamline_store::api::metric::{FoundSeries, SeriesQuery};

use super::*;

fn sample(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/samples/otlp")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // One of them is a template.
    text.replace("START_TIME_NANO", "1730291043283321209")
        .replace("TIMESTAMP_NANO", "1730291079960531853")
        .replace("COUNTER_VALUE", "12")
        .replace("GAUGE_VALUE", "3.25")
}

/// Everything a request says, a line per point and in an order of its own.
fn told(request: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    walk::request(request, &mut |item| match item {
        Walked::Point { descriptor, point } => {
            let descriptor = Descriptor::from_bytes(descriptor).unwrap();
            lines.push(format!("{:?} {point:?}", descriptor.facts()));
        }
        Walked::Rejected(rejected) => panic!("{rejected:?}"),
    })
    .unwrap();
    lines.sort();
    lines
}

fn keep_request(store: &Store, bytes: &[u8]) {
    let mut points: Vec<(u32, Point)> = Vec::new();
    walk::request(bytes, &mut |item| {
        if let Walked::Point { descriptor, point } = item {
            let number = store.register_series(ACCOUNT, &[descriptor]).unwrap()[0].unwrap();
            assert_eq!(store.known_series(ACCOUNT, descriptor), Some(number));
            points.push((number, point));
        }
    })
    .unwrap();
    keep(store, &points);
}

fn said_again(store: &Store) -> Vec<u8> {
    let query = SeriesQuery {
        limit: 1_000,
        ..SeriesQuery::default()
    };
    let mut series: Vec<FoundSeries> = store.series(&query).unwrap().series;
    series.sort_by(|one, other| one.descriptor.bytes().cmp(other.descriptor.bytes()));
    let points: Vec<_> = series
        .iter()
        .map(|found| store.points(ACCOUNT, found.series, &EVER).unwrap())
        .collect();
    request::write(
        series
            .iter()
            .zip(&points)
            .map(|(found, points)| (&found.descriptor, &points[..])),
    )
}

#[test]
fn samples_are_said_again_as_they_were() {
    for (name, points) in [
        ("proto-example-metrics", 4),
        ("demo-metrics-086", 14),
        ("cwagent-otlp-metrics", 2),
    ] {
        let sent = json::to_protobuf(Signal::Metrics, sample(&format!("{name}.json")).as_bytes()).unwrap();
        let expected = told(&sent);
        let (_, store) = open();
        keep_request(&store, &sent);
        assert_eq!(told(&said_again(&store)), expected, "{name}");
        store.seal_all().unwrap();
        keep_request(&store, &sent);
        store.seal_all().unwrap();
        let again = said_again(&store);
        assert_eq!(told(&again), expected, "{name}");
        assert_eq!(expected.len(), points, "{name}");
        let json = json::from_protobuf(Signal::Metrics, &again).unwrap();
        assert_eq!(
            told(&json::to_protobuf(Signal::Metrics, json.as_bytes()).unwrap()),
            expected,
            "{name}"
        );
    }
}
