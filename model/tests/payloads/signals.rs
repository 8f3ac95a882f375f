//! Requests with log records and metrics in JSON, held against the published types.

use beamline_model::otlp::Signal;
use beamline_model::otlp::json::{from_protobuf, to_protobuf, to_protobuf_within};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use proptest::prelude::*;
use prost::Message;

use super::arbitrary::Random;
use super::fields::attribute;
use super::otlp_json;

pub(super) fn logs(json: &str) -> ExportLogsServiceRequest {
    let bytes = to_protobuf(Signal::Logs, json.as_bytes()).unwrap_or_else(|bad| panic!("{json}: {bad}"));
    ExportLogsServiceRequest::decode(&bytes[..]).unwrap()
}

pub(super) fn metrics(json: &str) -> ExportMetricsServiceRequest {
    let bytes = to_protobuf(Signal::Metrics, json.as_bytes()).unwrap_or_else(|bad| panic!("{json}: {bad}"));
    ExportMetricsServiceRequest::decode(&bytes[..]).unwrap()
}

#[test]
fn a_number_that_is_none_costs_the_request_unless_it_is_an_attribute_s() {
    let point = |members: &str| {
        format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"gauge":{{"dataPoints":[{{{members}}}]}}}}]}}]}}]}}"#
        )
    };
    for members in [
        r#""asInt":"COUNTER""#,
        r#""asDouble":"x""#,
        r#""asDouble":true"#,
        r#""timeUnixNano":-1"#,
        r#""flags":4294967296"#,
        r#""exemplars":{}"#,
        r#""attributes":[{"key":5}]"#,
    ] {
        let json = point(members);
        assert!(to_protobuf(Signal::Metrics, json.as_bytes()).is_err(), "{json}");
    }
    let kept = metrics(&point(
        r#""attributes":[{"key":"k","value":{"intValue":"COUNTER"}}],"asInt":null"#,
    ));
    let Some(Data::Gauge(gauge)) = &kept.resource_metrics[0].scope_metrics[0].metrics[0].data else {
        panic!("{kept:?}")
    };
    assert_eq!(
        gauge.data_points[0].attributes,
        [attribute("k", Any::StringValue("COUNTER".into()))]
    );
}

#[test]
fn lists_of_numbers_are_bounded() {
    let json = |count: usize| {
        format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{{"bucketCounts":[{}]}}]}}}}]}}]}}]}}"#,
            vec!["0"; count].join(",")
        )
    };
    let within = |count, limit| to_protobuf_within(Signal::Metrics, json(count).as_bytes(), limit);
    assert!(within(100, 800).is_ok());
    assert_eq!(
        within(101, 800).unwrap_err().message,
        "more numbers than a request may have"
    );
}

#[test]
fn a_signal_does_not_read_what_is_another_s() {
    assert_eq!(
        logs(&otlp_json("proto-example-metrics")),
        ExportLogsServiceRequest::default()
    );
    assert_eq!(
        metrics(&otlp_json("proto-example-logs")),
        ExportMetricsServiceRequest::default()
    );
}

/// The sample has words where its test fills in numbers.
fn filled_in(name: &str) -> String {
    let mut json = otlp_json(name);
    for word in ["COUNTER_VALUE", "GAUGE_VALUE", "START_TIME_NANO", "TIMESTAMP_NANO"] {
        json = json.replace(&format!("\"{word}\""), "\"1544712660300000000\"");
    }
    json
}

#[test]
fn every_sample_is_read_and_survives_the_way_back() {
    for name in ["proto-example-logs", "demo-logs-036"] {
        let request = logs(&otlp_json(name));
        let records = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
        assert!(
            records
                .flat_map(|scope| &scope.log_records)
                .all(|record| record.body.is_some()),
            "{name}"
        );
        let json = from_protobuf(Signal::Logs, &request.encode_to_vec()).unwrap();
        assert_eq!(logs(&json), request, "{name}");
    }
    for name in ["proto-example-metrics", "demo-metrics-086", "cwagent-otlp-metrics"] {
        let request = metrics(&filled_in(name));
        let scopes = request
            .resource_metrics
            .iter()
            .flat_map(|resource| &resource.scope_metrics);
        assert!(
            scopes
                .flat_map(|scope| &scope.metrics)
                .all(|metric| metric.data.is_some()),
            "{name}"
        );
        let json = from_protobuf(Signal::Metrics, &request.encode_to_vec()).unwrap();
        assert_eq!(metrics(&json), request, "{name}");
    }
}

#[test]
fn numbers_are_read_packed_and_one_by_one() {
    // A point with bucket counts 1 and 2 (field 6), each in a field of its own; then the same point packed.
    let point = |counts: &[u8]| {
        let mut bytes = counts.to_vec();
        for number in [1, 9, 2, 2, 1] {
            bytes = [&[number << 3 | 2, bytes.len() as u8][..], &bytes].concat();
        }
        from_protobuf(Signal::Metrics, &bytes)
    };
    let (one, two) = (1u64.to_le_bytes(), 2u64.to_le_bytes());
    let single = point(&[&[6 << 3 | 1][..], &one, &[6 << 3 | 1], &two].concat()).unwrap();
    let packed = point(&[&[6 << 3 | 2, 16][..], &one, &two].concat()).unwrap();
    assert!(single.contains(r#""bucketCounts":["1","2"]"#), "{single}");
    assert_eq!(single, packed);
    assert!(point(&[&[6 << 3 | 2, 9][..], &one, &[0]].concat()).is_err());
}

proptest! {
    #[test]
    fn any_request_survives_json(seed: u64) {
        let mut random = Random::new(seed);
        let request = random.logs();
        let json = from_protobuf(Signal::Logs, &request.encode_to_vec()).unwrap();
        prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok(), "{}", json);
        prop_assert_eq!(logs(&json), request, "{}", json);
        let request = random.metrics();
        let json = from_protobuf(Signal::Metrics, &request.encode_to_vec()).unwrap();
        prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok(), "{}", json);
        prop_assert_eq!(metrics(&json), request, "{}", json);
    }

    #[test]
    fn any_bytes_are_written_without_a_panic(bytes: Vec<u8>) {
        for signal in [Signal::Logs, Signal::Metrics] {
            if let Ok(json) = from_protobuf(signal, &bytes) {
                prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok(), "{}", json);
            }
        }
    }

    #[test]
    fn a_damaged_sample_is_read_or_refused(at in 0usize..9_000, byte in 0u8..128) {
        for (signal, name) in [(Signal::Logs, "demo-logs-036"), (Signal::Metrics, "demo-metrics-086")] {
            let mut json = otlp_json(name).into_bytes();
            let at = at % json.len();
            json[at] = byte;
            if let Ok(bytes) = to_protobuf(signal, &json) {
                let decodes = match signal {
                    Signal::Logs => ExportLogsServiceRequest::decode(&bytes[..]).is_ok(),
                    _ => ExportMetricsServiceRequest::decode(&bytes[..]).is_ok(),
                };
                prop_assert!(decodes);
            }
        }
    }
}
