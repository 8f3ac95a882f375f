//! Data points by OTLP, over gRPC and over HTTP.

use std::path::PathBuf;

use beamline_collector::report::{Dropped, Rejected, Transport};
use beamline_model::metric::{Descriptor, Point, request as written};
use beamline_model::otlp::{Signal, json};
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use beamline_store::api::metric::SeriesQuery;
use beamline_store::{Store, StoreConfig};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, number_data_point,
};
use prost::Message;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::grpc::{call, channel};
use crate::http::{PROTOBUF, gzip, send};
use crate::support::{Server, resource, start, start_on, too_deep};

const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const TIME: u64 = 1_795_415_913_219_000_000;

fn point(value: f64) -> NumberDataPoint {
    NumberDataPoint {
        time_unix_nano: TIME,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn gauge(name: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    Metric {
        name: name.to_owned(),
        data: Some(Data::Gauge(Gauge { data_points })),
        ..Metric::default()
    }
}

fn request(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource()),
            scope_metrics: vec![ScopeMetrics {
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

pub(crate) fn one(name: &str) -> ExportMetricsServiceRequest {
    request(vec![gauge(name, vec![point(1.5)])])
}

async fn export(server: &Server, message: ExportMetricsServiceRequest) -> Result<ExportMetricsServiceResponse, Status> {
    call(channel(server).await, METRICS, None, tonic::Request::new(message)).await
}

/// Everything that is kept, by series.
pub(crate) fn kept_in(store: &Store, account: Account) -> Vec<(Descriptor, Vec<Point>)> {
    let query = SeriesQuery {
        account,
        limit: 1_000,
        ..SeriesQuery::default()
    };
    let whole = Timestamp::ZERO..Timestamp::MAX;
    let found = store.series(&query).unwrap().series;
    let points = |series| store.points(account, series, &whole).unwrap();
    found
        .into_iter()
        .map(|found| (found.descriptor, points(found.series)))
        .collect()
}

async fn kept(server: &Server) -> Vec<(Descriptor, Vec<Point>)> {
    let store = server.store.clone();
    let kept = move || kept_in(&store, Account::default());
    tokio::task::spawn_blocking(kept).await.unwrap()
}

/// The names of the metrics that are kept, with how many points each has.
pub(crate) async fn names(server: &Server) -> Vec<(String, usize)> {
    let name = |(descriptor, points): (Descriptor, Vec<Point>)| (descriptor.facts().name.to_string(), points.len());
    let mut names: Vec<_> = kept(server).await.into_iter().map(name).collect();
    names.sort();
    names
}

/// The JSON of a recorded request, with numbers where its test fills them in.
fn sample(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/samples/otlp")
        .join(name);
    let mut json = std::fs::read_to_string(path).unwrap();
    for word in ["COUNTER_VALUE", "GAUGE_VALUE", "START_TIME_NANO", "TIMESTAMP_NANO"] {
        json = json.replace(&format!("\"{word}\""), "\"1795415913219000000\"");
    }
    json
}

/// Every point of a request on its own with all that is said about it, sorted.
fn flat(request: &[u8]) -> Vec<String> {
    // Zeros that were said are the same as those that were not.
    let request = ExportMetricsServiceRequest::decode(request).unwrap().encode_to_vec();
    let json = json::from_protobuf(Signal::Metrics, &request).unwrap();
    let mut request: serde_json::Value = serde_json::from_str(&json).unwrap();
    let mut all = Vec::new();
    for resource in request["resourceMetrics"].as_array_mut().unwrap() {
        let scopes = resource["scopeMetrics"].take();
        for mut scope in scopes.as_array().unwrap().clone() {
            let metrics = scope["metrics"].take();
            for mut metric in metrics.as_array().unwrap().clone() {
                let kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
                let kind = kinds.into_iter().find(|kind| metric.get(kind).is_some()).unwrap();
                for mut point in metric[kind]["dataPoints"].take().as_array().unwrap().clone() {
                    sort(&mut point);
                    sort(&mut resource["resource"]);
                    all.push(format!("{resource} {scope} {metric} {point}"));
                }
            }
        }
    }
    all.sort();
    all
}

/// The order of attributes means nothing.
fn sort(value: &mut serde_json::Value) {
    if let Some(attributes) = value["attributes"].as_array_mut() {
        attributes.sort_by_key(|attribute| attribute["key"].to_string());
    }
}

#[tokio::test]
async fn recorded_requests_are_kept_without_loss() {
    for name in [
        "proto-example-metrics.json",
        "demo-metrics-086.json",
        "cwagent-otlp-metrics.json",
    ] {
        let server = start(|_| ()).await;
        let json = sample(name);
        let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
        let answer = send(&server, Method::POST, "/v1/metrics", &headers, gzip(json.as_bytes())).await;
        assert_eq!(
            (answer.status().as_u16(), answer.body().as_ref()),
            (200, &b"{}"[..]),
            "{name}"
        );
        let protobuf = json::to_protobuf(Signal::Metrics, json.as_bytes()).unwrap();
        let sent = flat(&protobuf);
        let kept = kept(&server).await;
        let again = written::write(kept.iter().map(|(descriptor, points)| (descriptor, &points[..])));
        assert_eq!(flat(&again), sent, "{name}");
        let report = &server.running.collector.report;
        assert_eq!(
            report.stored_of(Transport::OtlpHttp, Signal::Metrics),
            sent.len() as u64,
            "{name}"
        );
    }
}

#[tokio::test]
async fn every_framing_compression_and_encoding_brings_the_same() {
    let server = start(|_| ()).await;
    assert_eq!(export(&server, one("plain")).await.unwrap().partial_success, None);
    for (name, compression) in [("gzip", CompressionEncoding::Gzip), ("zstd", CompressionEncoding::Zstd)] {
        let message = tonic::Request::new(one(name));
        let answer =
            call::<_, ExportMetricsServiceResponse>(channel(&server).await, METRICS, Some(compression), message);
        assert_eq!(answer.await.unwrap().partial_success, None);
    }
    let headers = [("content-type", PROTOBUF), ("content-encoding", "gzip")];
    let body = gzip(&one("http").encode_to_vec());
    assert_eq!(
        send(&server, Method::POST, "/v1/metrics", &headers, body)
            .await
            .status(),
        200
    );
    let found = ["gzip", "http", "plain", "zstd"].map(|name| (name.to_owned(), 1));
    assert_eq!(names(&server).await, found);
}

#[tokio::test]
async fn a_second_request_adds_to_the_same_series() {
    let server = start(|_| ()).await;
    for value in [1.0, 2.0, 3.0] {
        let later = NumberDataPoint {
            time_unix_nano: TIME + value as u64,
            ..point(value)
        };
        export(&server, request(vec![gauge("load", vec![later])]))
            .await
            .unwrap();
    }
    assert_eq!(names(&server).await, [("load".to_owned(), 3)]);
}

#[tokio::test]
async fn a_bad_point_does_not_take_the_good_ones_with_it() {
    let server = start(|_| ()).await;
    let deep = NumberDataPoint {
        attributes: vec![KeyValue {
            value: Some(too_deep()),
            ..KeyValue::default()
        }],
        ..point(2.0)
    };
    let timeless = NumberDataPoint {
        time_unix_nano: 0,
        ..point(3.0)
    };
    let buckets = Metric {
        name: "buckets".to_owned(),
        data: Some(Data::Histogram(Histogram {
            data_points: vec![HistogramDataPoint {
                time_unix_nano: TIME,
                bucket_counts: vec![1, 2, 3],
                explicit_bounds: vec![1.0],
                ..HistogramDataPoint::default()
            }],
            aggregation_temporality: 2,
        })),
        ..Metric::default()
    };
    let nothing = Metric {
        name: "nothing".to_owned(),
        ..Metric::default()
    };
    let message = || {
        request(vec![
            gauge("good", vec![point(1.0), deep.clone(), timeless.clone()]),
            buckets.clone(),
            gauge("", vec![point(4.0)]),
            nothing.clone(),
        ])
    };
    let partial = export(&server, message()).await.unwrap().partial_success.unwrap();
    assert_eq!(partial.rejected_data_points, 5, "{partial:?}");
    assert_eq!(names(&server).await, [("good".to_owned(), 1)]);
    for reason in [
        Rejected::Protobuf,
        Rejected::PointTime,
        Rejected::PointBuckets,
        Rejected::MetricName,
        Rejected::MetricKind,
    ] {
        assert_eq!(server.rejected(Transport::OtlpGrpc, reason), 1, "{reason:?}");
    }
    let json = json::from_protobuf(Signal::Metrics, &message().encode_to_vec()).unwrap();
    let headers = [("content-type", "application/json")];
    let answer = send(&server, Method::POST, "/v1/metrics", &headers, json).await;
    let told: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(told["partialSuccess"]["rejectedDataPoints"], "5", "{told}");
}

#[tokio::test]
async fn bad_requests_get_their_status_and_keep_nothing() {
    let server = start(|config| config.limits.request_bytes = 1 << 20).await;
    let good = one("good").encode_to_vec();
    let gzipped = vec![("content-type", PROTOBUF), ("content-encoding", "gzip")];
    let json = vec![("content-type", "application/json")];
    // Short in JSON and long in protobuf.
    let numbers = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{{"bucketCounts":[{}0]}}]}}}}]}}]}}]}}"#,
        "0,".repeat(200_000)
    );
    let cases = [
        (
            vec![("content-type", PROTOBUF)],
            good[..good.len() - 1].to_vec(),
            400,
            Rejected::Protobuf,
        ),
        (
            vec![("content-type", PROTOBUF)],
            vec![0; 2 << 20],
            413,
            Rejected::TooLarge,
        ),
        (gzipped.clone(), gzip(&vec![0; 8 << 20]), 413, Rejected::TooLarge),
        (gzipped, good.clone(), 400, Rejected::Compression),
        (json.clone(), numbers.into_bytes(), 400, Rejected::Json),
        (
            json.clone(),
            "{\"resourceMetrics\":[".repeat(50_000).into_bytes(),
            400,
            Rejected::Json,
        ),
        (json, good.clone(), 400, Rejected::Json),
    ];
    for (headers, body, status, reason) in cases {
        let before = server.rejected(Transport::OtlpHttp, reason);
        let answer = send(&server, Method::POST, "/v1/metrics", &headers, body).await;
        assert_eq!(answer.status(), status, "{reason:?}");
        assert_eq!(server.rejected(Transport::OtlpHttp, reason), before + 1, "{reason:?}");
    }
    assert_eq!(names(&server).await, []);
    assert_eq!(export(&server, request(vec![])).await.unwrap().partial_success, None);
}

#[tokio::test]
async fn an_overloaded_server_says_when_to_come_back() {
    let server = start(|config| config.limits.in_flight_bytes = 1_024).await;
    let refused = export(&server, one(&"x".repeat(10_000))).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert!(refused.get_details_retry_info().unwrap().retry_delay.is_some());
    assert_eq!(server.dropped(Transport::OtlpGrpc, Dropped::InFlight), 1);
}

#[tokio::test]
async fn where_no_more_series_may_be_made_what_needs_one_is_rejected() {
    let config = StoreConfig {
        series_limit: 2,
        ..StoreConfig::in_memory()
    };
    let server = start_on(config, |_| ()).await;
    let metrics = || {
        ["a", "b", "c"]
            .map(|name| gauge(name, vec![point(1.0), point(2.0)]))
            .to_vec()
    };
    let partial = export(&server, request(metrics()))
        .await
        .unwrap()
        .partial_success
        .unwrap();
    assert_eq!(partial.rejected_data_points, 2, "{partial:?}");
    assert_eq!(names(&server).await.len(), 2);
    assert_eq!(server.rejected(Transport::OtlpGrpc, Rejected::TooManySeries), 2);
    assert_eq!(
        export(&server, request(metrics()[..2].to_vec()))
            .await
            .unwrap()
            .partial_success,
        None
    );
}

#[tokio::test]
async fn whoever_signs_at_the_aws_endpoint_has_series_of_their_own() {
    let server = start(|_| ()).await;
    let account = server.store.account("210987654321", "eu-central-1").unwrap();
    let body = Full::new(Bytes::from(one("theirs").encode_to_vec()));
    let request = Request::post("/v1/metrics")
        .header("content-type", PROTOBUF)
        .body(body)
        .unwrap();
    let answer = server.running.collector.export(account, None, request).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(names(&server).await, []);
    let store = server.store.clone();
    let theirs = tokio::task::spawn_blocking(move || kept_in(&store, account))
        .await
        .unwrap();
    assert_eq!(theirs.len(), 1);
}

#[tokio::test]
async fn many_requests_may_make_the_same_series_at_once() {
    let server = start(|_| ()).await;
    let channel = channel(&server).await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..100 {
        let later = NumberDataPoint {
            time_unix_nano: TIME + number,
            ..point(number as f64)
        };
        let message = tonic::Request::new(request(vec![gauge("load", vec![later])]));
        calls.spawn(call::<_, ExportMetricsServiceResponse>(
            channel.clone(),
            METRICS,
            None,
            message,
        ));
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    assert_eq!(names(&server).await, [("load".to_owned(), 100)]);
}
