//! Segments and spans taken in.

use http::Request;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::{Value, json};

use crate::server::Server;
use crate::shop::{put, shopping, within};

#[tokio::test]
async fn documents_that_cannot_be_kept_are_named_and_do_not_fail_the_others() {
    let server = Server::start().await;
    let mut documents = shopping(0);
    documents.push(json!({"name": "x", "id": "6226467e3f845502", "start_time": 1, "end_time": 2}));
    let mut texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    texts.push("{".to_owned());
    let answer = server
        .post("/TraceSegments", &json!({"TraceSegmentDocuments": texts}))
        .await
        .body;
    let unprocessed = answer["UnprocessedTraceSegments"].as_array().unwrap();
    assert_eq!(unprocessed.len(), 2, "{answer}");
    assert_eq!(unprocessed[0]["Id"], "6226467e3f845502");
    assert_eq!(unprocessed[0]["ErrorCode"], "MissingTraceId");
    assert!(
        unprocessed[0]["Message"]
            .as_str()
            .unwrap()
            .starts_with("Invalid segment. ErrorCode: MissingTraceId")
    );
    assert_eq!(
        [&unprocessed[1]["Id"], &unprocessed[1]["ErrorCode"]],
        [&Value::Null, &json!("ParseError")]
    );
    let summaries = server.post("/TraceSummaries", &within(json!({}))).await.body;
    assert_eq!(summaries["TraceSummaries"].as_array().unwrap().len(), 1);
    let many = json!({"TraceSegmentDocuments": vec!["{}"; 1_001]});
    server
        .refuses(
            "/TraceSegments",
            many,
            "InvalidRequestException",
            "1001 documents, 1000 are allowed",
        )
        .await;
}

#[tokio::test]
async fn a_large_call_is_kept_whole() {
    let server = Server::start().await;
    let mut documents = Vec::new();
    for number in 0..200 {
        documents.extend(shopping(number));
        documents[2 * number as usize]["metadata"] = json!({"default": {"page": "x".repeat(4_000)}});
    }
    assert_eq!(put(&server, &documents).await, json!({"UnprocessedTraceSegments": []}));
    let graph = server.post("/ServiceGraph", &within(json!({}))).await.body;
    let services = graph["Services"].as_array().unwrap();
    let shop = services.iter().find(|service| service["Root"] == true).unwrap();
    assert_eq!(shop["SummaryStatistics"]["TotalCount"], 200);
}

#[tokio::test]
async fn otlp_is_taken_where_exporters_send_it() {
    let server = Server::start().await;
    let span = Span {
        trace_id: vec![0x6b, 0x03, 0xdf, 0x66, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        span_id: vec![1; 8],
        name: "GET /".to_owned(),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: 1_795_415_910_000_000_000,
        end_time_unix_nano: 1_795_415_910_500_000_000,
        ..Span::default()
    };
    let name = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue("web".to_owned())),
        }),
        ..KeyValue::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![name],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    let post = Request::post("/v1/traces").header("Content-Type", "application/x-protobuf");
    assert_eq!(server.status(post, request.encode_to_vec()).await, 200);
    let found = server
        .post(
            "/TraceSummaries",
            &within(json!({"FilterExpression": "service(\"web\")"})),
        )
        .await
        .body;
    assert_eq!(
        found["TraceSummaries"][0]["Id"], "1-6b03df66-0102030405060708090a0b0c",
        "{found}"
    );
}
