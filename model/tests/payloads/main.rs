//! Real payloads: accepted, read back as they were, and translated without loss.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arbitrary;
mod corpora;
mod fields;
mod round_trips;
mod samples;
mod signals;

use std::path::PathBuf;

use beamline_model::id::TraceId;
use beamline_model::otlp;
use beamline_model::otlp::walk::{self, Walked};
use beamline_model::record::{Body, Record};
use beamline_model::time::Timestamp;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

const OTLP: [&str; 6] = [
    "proto-example-trace",
    "go-ebpf-grpc",
    "go-ebpf-databasesql",
    "demo-traces-023",
    "demo-traces-037",
    "demo-traces-067",
];

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/samples")
        .join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn otlp_json(name: &str) -> String {
    read(&format!("otlp/{name}.json"))
}

/// The documents of the recorded and the documented X-Ray payloads.
fn documents() -> Vec<String> {
    let mut documents = Vec::new();
    for line in read("xray/sdk-python-2.15.0-orders-api.ndjson").lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let (_, body) = line["datagram"].as_str().unwrap().split_once('\n').unwrap();
        documents.push(body.to_owned());
    }
    let datagram = read("xray/contrib-serverSample.dgram");
    documents.push(datagram.split_once('\n').unwrap().1.to_owned());
    let answer: serde_json::Value = serde_json::from_str(&read("xray/awscli-batch-get-traces.json")).unwrap();
    for segment in answer["Traces"][0]["Segments"].as_array().unwrap() {
        documents.push(segment["Document"].as_str().unwrap().to_owned());
    }
    documents
}

fn record(trace: TraceId, body: Body<'_>) -> Record<'_> {
    Record {
        trace,
        received: Timestamp::from_seconds(1_795_420_000),
        weight: 1.0,
        body,
    }
}

/// The sample with ids and times where its authors replaced them by `xxxxx` or left them out.
fn identified(name: &str) -> ExportTraceServiceRequest {
    let bytes = otlp::json::to_protobuf(otlp::Signal::Traces, otlp_json(name).as_bytes()).unwrap();
    let mut request = ExportTraceServiceRequest::decode(&bytes[..]).unwrap();
    let scopes = request
        .resource_spans
        .iter_mut()
        .flat_map(|resource| &mut resource.scope_spans);
    for (index, span) in scopes.flat_map(|scope| &mut scope.spans).enumerate() {
        if span.trace_id.len() != 16 {
            span.trace_id = vec![9; 16];
            span.span_id = (index as u64 + 1).to_be_bytes().to_vec();
            span.parent_span_id.clear();
        }
        if span.start_time_unix_nano == 0 {
            span.start_time_unix_nano = 1_795_415_967_000_000_000;
            span.end_time_unix_nano = 1_795_415_968_000_000_000;
        }
    }
    request
}

/// Calls `then` with the records of a request.
fn with_records(name: &str, request: &ExportTraceServiceRequest, then: impl FnOnce(&[Record<'_>])) {
    let bytes = request.encode_to_vec();
    let (mut contexts, mut spans) = (Vec::new(), Vec::new());
    walk::request(&bytes, &mut |item| match item {
        Walked::Context(context) => contexts.push(context.bytes),
        Walked::Span(span) => spans.push((contexts.len() - 1, span)),
        Walked::Rejected(rejected) => panic!("{name}: {rejected:?}"),
    })
    .unwrap();
    let records: Vec<_> = spans
        .iter()
        .map(|(context, span)| {
            let context = &contexts[*context];
            record(
                span.trace,
                Body::Otlp {
                    context,
                    span: span.bytes,
                },
            )
        })
        .collect();
    then(&records);
}
