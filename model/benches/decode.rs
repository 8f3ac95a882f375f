//! Reading: what one document or span costs at the door and when it is sealed. `cargo bench -p beamline-model`.

#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

use beamline_model::id::TraceId;
use beamline_model::otlp::walk::{self, Walked};
use beamline_model::record::{Body, Record};
use beamline_model::time::Timestamp;
use beamline_model::{otlp, segment};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// The segment that the SDK for Python sends last: 1.5 KB with four subsegments.
fn document() -> String {
    let lines = include_str!("../../tests/samples/xray/sdk-python-2.15.0-orders-api.ndjson");
    let line: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let (_, body) = line["datagram"].as_str().unwrap().split_once('\n').unwrap();
    body.to_owned()
}

/// A request of 100 client spans with 11 attributes each.
fn request() -> Vec<u8> {
    let attributes = r#"[
        {"key":"http.request.method","value":{"stringValue":"GET"}},
        {"key":"url.full","value":{"stringValue":"https://shop.example.com/api/carts/17?full=1"}},
        {"key":"http.response.status_code","value":{"intValue":"200"}},
        {"key":"server.address","value":{"stringValue":"shop.example.com"}},
        {"key":"server.port","value":{"intValue":"443"}},
        {"key":"network.peer.address","value":{"stringValue":"10.0.0.17"}},
        {"key":"user_agent.original","value":{"stringValue":"curl/8.5.0"}},
        {"key":"thread.id","value":{"intValue":"28"}},
        {"key":"thread.name","value":{"stringValue":"http-nio-8080-exec-1"}},
        {"key":"app.tenant","value":{"stringValue":"blue"}},
        {"key":"app.retry","value":{"boolValue":false}}]"#;
    let spans: Vec<String> = (1..=100)
        .map(|id| {
            format!(
                r#"{{"traceId":"6b03df9f429d14ed5031f517127f5323","spanId":"{id:016x}","parentSpanId":"00000000000000ff",
                "name":"GET /api/carts","kind":3,"startTimeUnixNano":"1795415967000000000",
                "endTimeUnixNano":"1795415967000900000","attributes":{attributes}}}"#
            )
        })
        .collect();
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}"#;
    let spans = spans.join(",");
    let json = format!(r#"{{"resourceSpans":[{{"resource":{resource},"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#);
    otlp::json::to_protobuf(otlp::Signal::Traces, json.as_bytes()).unwrap()
}

fn record(body: Body<'_>) -> Record<'_> {
    Record {
        trace: TraceId(7),
        received: Timestamp::from_seconds(1_795_415_970),
        weight: 1.0,
        body,
    }
}

#[divan::bench]
fn head(bencher: Bencher<'_, '_>) {
    let document = document();
    let bytes = BytesCount::new(document.len());
    bencher
        .counter(bytes)
        .bench_local(|| segment::head(black_box(document.as_bytes())).unwrap().start);
}

/// The same pass by serde_json, which only validates: what the own reader has to be measured against.
#[divan::bench]
fn head_as_serde_json_skips_it(bencher: Bencher<'_, '_>) {
    let document = document();
    let bytes = BytesCount::new(document.len());
    bencher
        .counter(bytes)
        .bench_local(|| serde_json::from_slice::<serde::de::IgnoredAny>(black_box(document.as_bytes())).is_ok());
}

#[divan::bench]
fn nodes(bencher: Bencher<'_, '_>) {
    let document = document();
    let record = record(Body::Xray(document.as_bytes()));
    bencher.bench_local(|| segment::nodes(black_box(&record)).unwrap().len());
}

#[divan::bench]
fn walk_100_spans(bencher: Bencher<'_, '_>) {
    let request = request();
    bencher.counter(ItemsCount::new(100u32)).bench_local(|| {
        let mut spans = 0;
        walk::request(black_box(&request), &mut |item| {
            spans += usize::from(matches!(item, Walked::Span(_)))
        })
        .unwrap();
        spans
    });
}

#[divan::bench]
fn span_with_11_attributes(bencher: Bencher<'_, '_>) {
    let request = request();
    let (mut context, mut span) = (Vec::new(), Vec::new());
    walk::request(&request, &mut |item| match item {
        Walked::Context(walked) => context = walked.bytes,
        Walked::Span(walked) => span = walked.bytes.to_vec(),
        Walked::Rejected(_) => {}
    })
    .unwrap();
    let source = otlp::context(&context);
    let record = record(Body::Otlp {
        context: &context,
        span: &span,
    });
    bencher.bench_local(|| otlp::span(black_box(&span), &source, &record));
}
