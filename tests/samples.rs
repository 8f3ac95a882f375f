//! Every recorded trace payload goes in through its own socket and comes back: X-Ray documents byte for byte, OTLP
//! spans equal field by field.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use beamline_proto::query::query_client::QueryClient;
use beamline_proto::query::{Document, GetTraceRequest, Trace, document};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;
use serde_json::json;

use crate::harness::Server;
use crate::wire::{datagram, eventually, post};

fn samples(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(folder)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn recorded_datagrams_come_back_byte_for_byte() {
    let server = Server::start();
    let mut datagrams = vec![read(&samples("xray/contrib-serverSample.dgram"))];
    for line in read(&samples("xray/sdk-python-2.15.0-orders-api.ndjson")).lines() {
        let recorded: serde_json::Value = serde_json::from_str(line).expect("the sample is NDJSON");
        datagrams.push(
            recorded["datagram"]
                .as_str()
                .expect("each line has a datagram")
                .to_owned(),
        );
    }
    for bytes in &datagrams {
        datagram(server.xray(), bytes.as_bytes());
    }
    let sent: BTreeSet<&str> = datagrams
        .iter()
        .map(|text| text.split_once('\n').expect("header and document").1)
        .collect();
    let ids = [
        "1-5f2aebcc-b475d14618c51eaa28753d37",
        "1-6b03e078-ef9d2b4c4441e69a9daf6ad2",
    ];
    let stored = eventually("all datagrams to be stored", || {
        let stored = ids
            .iter()
            .filter_map(|id| fetch(&server, id))
            .flat_map(|trace| xray_texts(&trace))
            .collect::<Vec<_>>();
        (stored.len() >= sent.len()).then_some(stored)
    });
    assert_eq!(stored.iter().map(String::as_str).collect::<BTreeSet<_>>(), sent);
    assert_eq!(stored.len(), sent.len(), "each is kept once");
}

#[test]
fn a_segment_from_the_api_comes_back_verbatim_through_batch_get_traces() {
    let server = Server::start();
    let sample: serde_json::Value =
        serde_json::from_str(&read(&samples("xray/awscli-batch-get-traces.json"))).expect("JSON");
    let trace = &sample["Traces"][0];
    let documents: Vec<&str> = trace["Segments"]
        .as_array()
        .expect("segments")
        .iter()
        .filter_map(|segment| segment["Document"].as_str())
        .collect();
    let body = json!({ "TraceSegmentDocuments": documents }).to_string();
    let reply = post(
        server.http(),
        "/TraceSegments",
        &[("Content-Type", "application/json")],
        body.as_bytes(),
    );
    assert_eq!(reply.json(), json!({ "UnprocessedTraceSegments": [] }));

    let query = json!({ "TraceIds": [trace["Id"]] }).to_string();
    let back = post(server.http(), "/Traces", &[], query.as_bytes()).json();
    let returned: BTreeSet<&str> = back["Traces"][0]["Segments"]
        .as_array()
        .expect("segments")
        .iter()
        .filter_map(|segment| segment["Document"].as_str())
        .collect();
    assert!(
        returned.is_superset(&documents.iter().copied().collect()),
        "{returned:#?}"
    );
}

/// The recorded OTLP requests that hold spans, in JSON.
pub(crate) fn otlp_requests() -> Vec<(PathBuf, String)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(samples("otlp"))
        .expect("the samples are there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| read(path).contains("\"resourceSpans\""))
        .collect();
    files.sort();
    assert!(files.len() >= 6, "only {files:?} hold spans");
    let with_text = |file: PathBuf| {
        let text = with_ids(&read(&file));
        (file, text)
    };
    files.into_iter().map(with_text).collect()
}

#[test]
fn recorded_otlp_requests_come_back_equal() {
    let server = Server::start();
    for (file, text) in otlp_requests() {
        let reply = post(
            server.otlp_http(),
            "/v1/traces",
            &[("Content-Type", "application/json")],
            text.as_bytes(),
        );
        assert_eq!((reply.status, reply.json()), (200, json!({})), "{}", file.display());

        for (envelope, span) in flatten(decoded(&text).resource_spans) {
            let id = hex(&span.trace_id);
            let trace = fetch(&server, &id).unwrap_or_else(|| panic!("{id} of {} is found", file.display()));
            let kept = otlp_spans(&trace);
            assert!(
                kept.iter()
                    .any(|(kept_envelope, kept_span)| *kept_span == span && *kept_envelope == envelope),
                "span {} of {} differs",
                hex(&span.span_id),
                file.display()
            );
        }
    }
}

/// What a recorded request says.
pub(crate) fn decoded(text: &str) -> ExportTraceServiceRequest {
    let bytes = beamline_model::otlp::json::to_protobuf(beamline_model::otlp::Signal::Traces, text.as_bytes())
        .expect("the sample is OTLP/JSON");
    ExportTraceServiceRequest::decode(bytes.as_slice()).expect("it is OTLP")
}

/// Two captures had their ids blanked before they were published: each span gets one of its own again.
pub(crate) fn with_ids(text: &str) -> String {
    const BLANK: &str = "\"xxxxx\"";
    let mut parts = text.split(BLANK);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for (number, part) in parts.enumerate() {
        let digits = if whole.trim_end().ends_with("\"traceId\":") {
            32
        } else {
            16
        };
        whole.push_str(&format!("\"{:0digits$x}\"", number + 1));
        whole.push_str(part);
    }
    whole
}

#[test]
fn spans_with_blanked_ids_are_refused_one_by_one() {
    let server = Server::start();
    let text = read(&samples("otlp/go-ebpf-grpc.json"));
    let reply = post(
        server.otlp_http(),
        "/v1/traces",
        &[("Content-Type", "application/json")],
        text.as_bytes(),
    );
    let spans = text.matches("\"spanId\"").count();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(
        reply.json()["partialSuccess"]["rejectedSpans"],
        spans.to_string(),
        "{}",
        reply.text()
    );
}

fn fetch(server: &Server, trace_id: &str) -> Option<Trace> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be built");
    runtime.block_on(async {
        let mut client = QueryClient::connect(format!("http://{}", server.http()))
            .await
            .expect("the query API listens");
        let request = GetTraceRequest {
            trace_id: trace_id.to_owned(),
            documents: true,
            ..Default::default()
        };
        let mut parts = match client.get_trace(request).await {
            Ok(parts) => parts.into_inner(),
            Err(status) if status.code() == tonic::Code::NotFound => return None,
            Err(status) => panic!("{status}"),
        };
        let mut whole = Trace::default();
        while let Some(part) = parts.message().await.expect("all parts arrive") {
            whole.documents.extend(part.documents);
        }
        Some(whole)
    })
}

fn bodies(trace: &Trace) -> impl Iterator<Item = &document::Body> {
    trace.documents.iter().filter_map(|Document { body, .. }| body.as_ref())
}

fn xray_texts(trace: &Trace) -> Vec<String> {
    bodies(trace)
        .filter_map(|body| match body {
            document::Body::Xray(bytes) => Some(String::from_utf8(bytes.clone()).expect("documents are UTF-8")),
            document::Body::Otlp(_) => None,
        })
        .collect()
}

/// The spans that a trace was made of, each with the resource and scope around it.
pub(crate) fn otlp_spans(trace: &Trace) -> Vec<(ResourceSpans, Span)> {
    bodies(trace)
        .filter_map(|body| match body {
            document::Body::Otlp(otlp) => Some((
                ResourceSpans::decode(otlp.context.as_slice()).expect("a context is a ResourceSpans"),
                Span::decode(otlp.span.as_slice()).expect("a span is a Span"),
            )),
            document::Body::Xray(_) => None,
        })
        .collect()
}

/// Each span with the resource and scope around it.
pub(crate) fn flatten(resources: Vec<ResourceSpans>) -> Vec<(ResourceSpans, Span)> {
    let mut spans = Vec::new();
    for resource in resources {
        for scope in &resource.scope_spans {
            let mut envelope = resource.clone();
            envelope.scope_spans = vec![scope.clone()];
            envelope.scope_spans[0].spans.clear();
            spans.extend(scope.spans.iter().map(|span| (envelope.clone(), span.clone())));
        }
    }
    spans
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
