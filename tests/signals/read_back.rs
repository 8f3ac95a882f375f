//! What was sent, asked for by the query API, compared part by part.

use beamline_proto::query::logs_client::LogsClient;
use beamline_proto::query::metrics_client::MetricsClient;
use beamline_proto::query::{
    LogOrder, ReadLogsRequest, ReadPointsRequest, TimeRange, document, read_logs_response, read_points_response,
};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, metric::Data};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;

use super::Sample;
use crate::harness::Server;

/// All of time.
fn ever() -> Option<TimeRange> {
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    Some(TimeRange {
        start: time(0),
        end: time(9_000_000_000),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

// === traces ===

pub(super) async fn traces(server: &Server, sample: &Sample, when: &str) {
    let request = ExportTraceServiceRequest::decode(sample.protobuf.as_slice()).expect("it is OTLP");
    for (envelope, span) in spans(request.resource_spans) {
        let id = hex(&span.trace_id);
        let trace = server.trace(&id).await;
        let trace = trace.unwrap_or_else(|| panic!("{id} of {} is found {when}", sample.name));
        let kept = trace
            .documents
            .iter()
            .filter_map(|document| match document.body.as_ref()? {
                document::Body::Otlp(otlp) => Some((
                    ResourceSpans::decode(otlp.context.as_slice()).expect("a context is a ResourceSpans"),
                    Span::decode(otlp.span.as_slice()).expect("a span is a Span"),
                )),
                document::Body::Xray(_) => None,
            });
        let same = kept.filter(|kept| *kept == (envelope.clone(), span.clone())).count();
        assert_eq!(same, 1, "span {} of {} {when}", hex(&span.span_id), sample.name);
    }
}

/// Each span with the resource and scope around it.
fn spans(resources: Vec<ResourceSpans>) -> Vec<(ResourceSpans, Span)> {
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

// === logs ===

/// All log records together: nothing may be missing, and nothing more may be there.
pub(super) async fn logs<'s>(server: &Server, samples: impl Iterator<Item = &'s Sample>, when: &str) {
    let mut sent: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for sample in samples {
        let request = ExportLogsServiceRequest::decode(sample.protobuf.as_slice()).expect("it is OTLP");
        sent.extend(records(request.resource_logs));
    }
    let mut client = LogsClient::connect(server.endpoint()).await.unwrap();
    let request = ReadLogsRequest {
        range: ever(),
        order: LogOrder::Oldest.into(),
        limit: 10_000,
        documents: true,
        ..ReadLogsRequest::default()
    };
    let mut answer = client.read_logs(request).await.unwrap().into_inner();
    let mut kept = Vec::new();
    let mut last = String::new();
    while let Some(message) = answer.message().await.unwrap() {
        let Some(read_logs_response::Part::Event(event)) = message.part else {
            continue;
        };
        assert!(event.id > last, "ids are in the order of events");
        last.clone_from(&event.id);
        let document = event.document.expect("all were sent by OTLP");
        let envelope = ResourceLogs::decode(document.context.as_slice()).expect("a context is a ResourceLogs");
        let record = LogRecord::decode(document.record.as_slice()).expect("a record is a LogRecord");
        assert_eq!(event.severity_number, u32::try_from(record.severity_number).unwrap());
        kept.push((envelope.encode_to_vec(), record.encode_to_vec()));
    }
    sent.sort();
    kept.sort();
    assert!(sent == kept, "{} log records became {} {when}", sent.len(), kept.len());
}

/// Each record with the resource and scope around it, encoded.
fn records(resources: Vec<ResourceLogs>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut records = Vec::new();
    for resource in resources {
        for scope in &resource.scope_logs {
            let mut envelope = resource.clone();
            envelope.scope_logs = vec![scope.clone()];
            envelope.scope_logs[0].log_records.clear();
            let envelope = envelope.encode_to_vec();
            records.extend(
                scope
                    .log_records
                    .iter()
                    .map(|record| (envelope.clone(), record.encode_to_vec())),
            );
        }
    }
    records
}

// === metrics ===

/// All points together, each under its resource, scope and metric.
pub(super) async fn metrics<'s>(server: &Server, samples: impl Iterator<Item = &'s Sample>, when: &str) {
    let mut sent = Vec::new();
    for sample in samples {
        let request = ExportMetricsServiceRequest::decode(sample.protobuf.as_slice()).expect("it is OTLP");
        sent.extend(request.resource_metrics.into_iter().flat_map(points));
    }
    let mut client = MetricsClient::connect(server.endpoint()).await.unwrap();
    let request = ReadPointsRequest {
        range: ever(),
        limit: 1_000,
        ..ReadPointsRequest::default()
    };
    let mut answer = client.read_points(request).await.unwrap().into_inner();
    let (mut kept, mut told) = (Vec::new(), 0);
    while let Some(message) = answer.message().await.unwrap() {
        match message.part {
            Some(read_points_response::Part::ResourceMetrics(bytes)) => {
                kept.extend(points(ResourceMetrics::decode(bytes.as_slice()).expect("it is OTLP")));
            }
            Some(read_points_response::Part::End(end)) => told = end.points,
            None => {}
        }
    }
    sent.sort();
    kept.sort();
    assert_eq!(told, kept.len() as u64);
    for (sent, kept) in sent.iter().zip(&kept) {
        let (sent, kept) = (
            ResourceMetrics::decode(sent.as_slice()),
            ResourceMetrics::decode(kept.as_slice()),
        );
        assert_eq!(sent, kept, "{when}");
    }
    assert_eq!(sent.len(), kept.len(), "{when}");
}

/// Each point in an envelope of its own, attributes sorted, encoded.
fn points(resource: ResourceMetrics) -> Vec<Vec<u8>> {
    let mut alone = Vec::new();
    for scope in &resource.scope_metrics {
        for metric in &scope.metrics {
            for metric in single_points(metric) {
                let mut envelope = resource.clone();
                envelope.scope_metrics = vec![scope.clone()];
                envelope.scope_metrics[0].metrics = vec![metric];
                sort_envelope(&mut envelope);
                alone.push(envelope.encode_to_vec());
            }
        }
    }
    alone
}

fn sort_envelope(envelope: &mut ResourceMetrics) {
    if let Some(resource) = &mut envelope.resource {
        sorted(&mut resource.attributes);
    }
    for scope in &mut envelope.scope_metrics {
        if let Some(scope) = &mut scope.scope {
            sorted(&mut scope.attributes);
        }
    }
}

fn sorted(attributes: &mut [KeyValue]) {
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
}

/// The metric once for each of its points.
fn single_points(metric: &Metric) -> Vec<Metric> {
    macro_rules! each {
        ($variant:ident, $data:expr) => {
            $data
                .data_points
                .iter()
                .map(|point| {
                    let mut point = point.clone();
                    sorted(&mut point.attributes);
                    let mut data = $data.clone();
                    data.data_points = vec![point];
                    Data::$variant(data)
                })
                .collect::<Vec<_>>()
        };
    }
    let data = match metric.data.as_ref().expect("each sample has data") {
        Data::Gauge(data) => each!(Gauge, data),
        Data::Sum(data) => each!(Sum, data),
        Data::Histogram(data) => each!(Histogram, data),
        Data::ExponentialHistogram(data) => each!(ExponentialHistogram, data),
        Data::Summary(data) => each!(Summary, data),
    };
    let with = |data| Metric {
        data: Some(data),
        ..metric.clone()
    };
    data.into_iter().map(with).collect()
}
