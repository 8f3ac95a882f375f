//! Log records by OTLP, over gRPC and over HTTP.

use beamline_collector::report::{Dropped, Rejected, Transport};
use beamline_model::otlp::Signal;
use beamline_store::StoreConfig;
use beamline_store::api::Account;
use beamline_store::api::log::{LogEvent, LogGroups, LogSearch};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::grpc::{call, channel};
use crate::http::{PROTOBUF, gzip, send};
use crate::support::{Server, resource, start, start_on, too_deep};

const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const TIME: u64 = 1_795_415_913_219_000_000;

fn record(text: &str) -> LogRecord {
    LogRecord {
        time_unix_nano: TIME,
        severity_number: 9,
        body: Some(AnyValue {
            value: Some(Value::StringValue(text.to_owned())),
        }),
        trace_id: vec![7; 16],
        span_id: vec![8; 8],
        ..LogRecord::default()
    }
}

fn request(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource()),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope {
                    name: "lib".to_owned(),
                    ..InstrumentationScope::default()
                }),
                log_records,
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

fn too_deep_record() -> LogRecord {
    LogRecord {
        body: Some(too_deep()),
        ..LogRecord::default()
    }
}

async fn export(server: &Server, message: ExportLogsServiceRequest) -> Result<ExportLogsServiceResponse, Status> {
    call(channel(server).await, LOGS, None, tonic::Request::new(message)).await
}

/// Everything that is kept, in order of time and then of arrival.
async fn events(server: &Server, account: Account) -> Vec<LogEvent> {
    let store = server.store.clone();
    let search = move || {
        store
            .search_logs(&LogSearch::new(account, LogGroups::All))
            .unwrap()
            .events
    };
    tokio::task::spawn_blocking(search).await.unwrap()
}

async fn bodies(server: &Server) -> Vec<String> {
    let text = |event: LogEvent| match LogRecord::decode(event.body).unwrap().body.unwrap().value {
        Some(Value::StringValue(text)) => text,
        other => panic!("{other:?}"),
    };
    events(server, Account::default()).await.into_iter().map(text).collect()
}

#[tokio::test]
async fn records_are_kept_as_they_came_before_they_are_acknowledged() {
    let server = start(|_| ()).await;
    let message = request(vec![record("one"), record("two")]);
    assert_eq!(export(&server, message.clone()).await.unwrap().partial_success, None);
    let kept = events(&server, Account::default()).await;
    for (event, sent) in kept.iter().zip([record("one"), record("two")]) {
        assert_eq!(event.body, sent.encode_to_vec());
        let mut context = message.resource_logs[0].clone();
        context.scope_logs[0].log_records.clear();
        assert_eq!(ResourceLogs::decode(event.context.clone().unwrap()), Ok(context));
        assert_eq!(
            (event.group.name.as_str(), event.stream.as_str()),
            ("/otlp/cart", "default")
        );
        assert_eq!(event.time.0, TIME as i64);
    }
    assert_eq!(kept.len(), 2);
    let report = &server.running.collector.report;
    assert_eq!(report.stored_of(Transport::OtlpGrpc, Signal::Logs), 2);
    assert_eq!(report.stored_of(Transport::OtlpGrpc, Signal::Traces), 0);
}

#[tokio::test]
async fn every_framing_compression_and_encoding_brings_the_same() {
    let server = start(|_| ()).await;
    for compression in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let message = tonic::Request::new(request(vec![record(&format!("{compression:?}"))]));
        let answer = call::<_, ExportLogsServiceResponse>(channel(&server).await, LOGS, Some(compression), message);
        assert_eq!(answer.await.unwrap().partial_success, None);
    }
    let gzipped = [("content-type", PROTOBUF), ("content-encoding", "gzip")];
    let body = gzip(&request(vec![record("protobuf")]).encode_to_vec());
    let answer = send(&server, Method::POST, "/v1/logs", &gzipped, body).await;
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
    let json = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"timeUnixNano":"{TIME}","body":{{"stringValue":"json"}}}}]}}]}}]}}"#
    );
    let headers = [("content-type", "application/json")];
    let answer = send(&server, Method::POST, "/v1/logs", &headers, json).await;
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, &b"{}"[..]));
    let mut found = bodies(&server).await;
    found.sort();
    assert_eq!(found, ["Gzip", "Zstd", "json", "protobuf"]);
}

#[tokio::test]
async fn the_sender_may_say_which_group_and_stream() {
    let server = start(|_| ()).await;
    let headers = [
        ("content-type", PROTOBUF),
        ("x-aws-log-group", "/app/http"),
        ("x-aws-log-stream", "one:two"),
    ];
    let body = request(vec![record("http")]).encode_to_vec();
    assert_eq!(
        send(&server, Method::POST, "/v1/logs", &headers, body).await.status(),
        200
    );
    let mut message = tonic::Request::new(request(vec![record("grpc")]));
    message
        .metadata_mut()
        .insert("x-aws-log-group", "/app/grpc".parse().unwrap());
    let answer: ExportLogsServiceResponse = call(channel(&server).await, LOGS, None, message).await.unwrap();
    assert_eq!(answer.partial_success, None);
    // Somebody's who signed at the AWS endpoint, which hands the request over.
    let account = server.store.account("210987654321", "eu-central-1").unwrap();
    let body = Full::new(Bytes::from(request(vec![record("aws")]).encode_to_vec()));
    let aws = Request::post("/v1/logs")
        .header("content-type", PROTOBUF)
        .header("x-aws-log-group", "/app/aws");
    let answer = server
        .running
        .collector
        .export(account, None, aws.body(body).unwrap())
        .await;
    assert_eq!(answer.status(), 200);
    let place = |event: LogEvent| format!("{} {}", event.group.name, event.stream);
    let places: Vec<_> = events(&server, Account::default())
        .await
        .into_iter()
        .map(place)
        .collect();
    assert_eq!(places, ["/app/http one_two", "/app/grpc default"]);
    let places: Vec<_> = events(&server, account).await.into_iter().map(place).collect();
    assert_eq!(places, ["/app/aws default"]);
}

#[tokio::test]
async fn a_record_without_a_time_happened_when_it_came() {
    let server = start(|_| ()).await;
    export(&server, request(vec![LogRecord::default()])).await.unwrap();
    let kept = events(&server, Account::default()).await;
    assert_eq!(kept[0].time, kept[0].received);
}

#[tokio::test]
async fn a_bad_record_does_not_take_the_good_ones_with_it() {
    let server = start(|config| config.limits.log_record_bytes = 1_000).await;
    let records = || {
        vec![
            record("good"),
            too_deep_record(),
            record(&"x".repeat(1_000)),
            record("fine"),
        ]
    };
    let partial = export(&server, request(records()))
        .await
        .unwrap()
        .partial_success
        .unwrap();
    assert_eq!(
        (partial.rejected_log_records, &*partial.error_message),
        (2, "attribute nested too deeply")
    );
    assert_eq!(bodies(&server).await, ["good", "fine"]);
    assert_eq!(server.rejected(Transport::OtlpGrpc, Rejected::Protobuf), 1);
    assert_eq!(server.rejected(Transport::OtlpGrpc, Rejected::TooLarge), 1);
    let latest = server.running.collector.report.rejects.latest();
    assert_eq!(latest[1].length, too_deep_record().encoded_len());
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"TEXT"}]}]}]}"#;
    let headers = [("content-type", "application/json")];
    let json = json.replace("TEXT", &"x".repeat(1_000));
    let answer = send(&server, Method::POST, "/v1/logs", &headers, json).await;
    let told: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(told["partialSuccess"]["rejectedLogRecords"], "1", "{told}");
}

#[tokio::test]
async fn bad_requests_get_their_status_and_keep_nothing() {
    let server = start(|config| config.limits.request_bytes = 1 << 20).await;
    let good = request(vec![record("good")]).encode_to_vec();
    let gzipped = vec![("content-type", PROTOBUF), ("content-encoding", "gzip")];
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
        (
            vec![("content-type", "application/json")],
            good.clone(),
            400,
            Rejected::Json,
        ),
        (
            vec![("content-type", "text/plain")],
            good.clone(),
            415,
            Rejected::ContentType,
        ),
    ];
    for (headers, body, status, reason) in cases {
        let before = server.rejected(Transport::OtlpHttp, reason);
        let answer = send(&server, Method::POST, "/v1/logs", &headers, body).await;
        assert_eq!(answer.status(), status, "{reason:?}");
        assert_eq!(server.rejected(Transport::OtlpHttp, reason), before + 1, "{reason:?}");
    }
    let answer = send(&server, Method::GET, "/v1/logs", &[], "").await;
    assert_eq!(answer.status(), 405);
    assert_eq!(events(&server, Account::default()).await.len(), 0);
    assert_eq!(export(&server, request(vec![])).await.unwrap().partial_success, None);
}

#[tokio::test]
async fn an_overloaded_server_says_when_to_come_back() {
    let server = start(|config| config.limits.in_flight_bytes = 1_024).await;
    let refused = export(&server, request(vec![record(&"x".repeat(10_000))]))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert!(refused.get_details_retry_info().unwrap().retry_delay.is_some());
    assert_eq!(server.dropped(Transport::OtlpGrpc, Dropped::InFlight), 1);
}

#[tokio::test]
async fn where_no_more_groups_may_be_made_what_needs_one_is_rejected() {
    let mut config = StoreConfig::in_memory();
    config.logs.groups = 1;
    let server = start_on(config, |_| ()).await;
    let mut message = request(vec![record("kept")]);
    let mut other = request(vec![record("lost"), record("lost")]);
    other.resource_logs[0].resource = None;
    message.resource_logs.extend(other.resource_logs);
    let partial = export(&server, message).await.unwrap().partial_success.unwrap();
    assert_eq!(partial.rejected_log_records, 2, "{partial:?}");
    assert_eq!(bodies(&server).await, ["kept"]);
    assert_eq!(server.rejected(Transport::OtlpGrpc, Rejected::TooManyStreams), 2);
}

#[tokio::test]
async fn many_requests_may_make_the_same_stream_at_once() {
    let server = start(|_| ()).await;
    let channel = channel(&server).await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..100 {
        let message = tonic::Request::new(request(vec![record(&number.to_string())]));
        calls.spawn(call::<_, ExportLogsServiceResponse>(
            channel.clone(),
            LOGS,
            None,
            message,
        ));
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    let kept = events(&server, Account::default()).await;
    assert_eq!(kept.len(), 100);
    assert!(kept.iter().all(|event| event.group.number == kept[0].group.number));
}
