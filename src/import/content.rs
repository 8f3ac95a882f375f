//! What a file of telemetry holds: told by its content, not by its name.

use beamline_model::otlp::Signal;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// One thing to send.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// An X-Ray segment or subsegment document, its text as it was.
    Document(String),
    /// An OTLP request as JSON.
    OtlpJson(Signal, Bytes),
    /// An OTLP request as protobuf.
    OtlpProtobuf(Signal, Bytes),
}

/// Nothing that is understood.
#[derive(Debug, PartialEq)]
pub(super) struct Unknown(pub(super) String);

/// Everything that a file holds, in its order.
pub(super) fn recognise(bytes: &[u8]) -> Result<Vec<Content>, Unknown> {
    let text = std::str::from_utf8(bytes)
        .ok()
        .map(|text| text.trim_start_matches('\u{feff}').trim());
    match text {
        Some("") => Err(Unknown("empty".to_owned())),
        Some(text) if text.starts_with(['{', '[']) => json_values(text),
        _ => protobuf(bytes),
    }
}

/// Protobuf has no mark to know it by, and requests of all signals begin alike. One that has spans with ids of the right
/// size, metrics with names and points, or log records with a time or a text is taken for what it then is.
fn protobuf(bytes: &[u8]) -> Result<Vec<Content>, Unknown> {
    let found = if has_spans(bytes) {
        Signal::Traces
    } else if has_metrics(bytes) {
        Signal::Metrics
    } else if has_logs(bytes) {
        Signal::Logs
    } else {
        return Err(Unknown("neither JSON nor an OTLP request in protobuf".to_owned()));
    };
    Ok(vec![Content::OtlpProtobuf(found, Bytes::copy_from_slice(bytes))])
}

fn has_spans(bytes: &[u8]) -> bool {
    let request = ExportTraceServiceRequest::decode(bytes).unwrap_or_default();
    let mut scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
    scopes.any(|scope| {
        let mut spans = scope.spans.iter();
        spans.any(|span| span.trace_id.len() == 16 && span.span_id.len() == 8)
    })
}

fn has_metrics(bytes: &[u8]) -> bool {
    let request = ExportMetricsServiceRequest::decode(bytes).unwrap_or_default();
    let mut scopes = request.resource_metrics.iter().flat_map(|it| &it.scope_metrics);
    scopes.any(|scope| {
        let mut metrics = scope.metrics.iter();
        metrics.any(|metric| !metric.name.is_empty() && metric.data.is_some())
    })
}

fn has_logs(bytes: &[u8]) -> bool {
    let request = ExportLogsServiceRequest::decode(bytes).unwrap_or_default();
    let mut scopes = request.resource_logs.iter().flat_map(|it| &it.scope_logs);
    scopes.any(|scope| {
        let mut records = scope.log_records.iter();
        records.any(|record| record.time_unix_nano > 0 || record.observed_time_unix_nano > 0 || record.body.is_some())
    })
}

/// JSON values one after the other: a single document, one to a line, or datagrams with their header lines.
fn json_values(text: &str) -> Result<Vec<Content>, Unknown> {
    let mut contents = Vec::new();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Box<RawValue>>();
    while let Some(value) = values.next() {
        let at = values.byte_offset();
        let value = value.map_err(|error| Unknown(format!("not JSON at byte {at}: {error}")))?;
        sort(&value, &mut contents).map_err(|Unknown(why)| Unknown(format!("before byte {at}: {why}")))?;
    }
    if contents.is_empty() {
        Err(Unknown("no traces in it".to_owned()))
    } else {
        Ok(contents)
    }
}

fn sort(value: &RawValue, into: &mut Vec<Content>) -> Result<(), Unknown> {
    let text = value.get();
    if text.starts_with('[') {
        let items: Vec<Box<RawValue>> = serde_json::from_str(text).map_err(|error| Unknown(error.to_string()))?;
        return items.iter().try_for_each(|item| sort(item, into));
    }
    let fields: Map<String, Value> = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(Value::String(document)) => {
            // A document inside a string, as PutTraceSegments has them.
            into.push(Content::Document(document));
            return Ok(());
        }
        _ => return Err(Unknown("not an object".to_owned())),
    };
    if let Some(signal) = signal_of(&fields) {
        into.push(Content::OtlpJson(signal, Bytes::copy_from_slice(text.as_bytes())));
    } else if let Some(traces) = fields.get("Traces").and_then(Value::as_array) {
        into.extend(traces.iter().flat_map(answered_documents));
    } else if let Some(documents) = fields.get("TraceSegmentDocuments").and_then(Value::as_array) {
        into.extend(
            documents
                .iter()
                .filter_map(Value::as_str)
                .map(|text| Content::Document(text.to_owned())),
        );
    } else if fields.contains_key("id") || fields.contains_key("trace_id") {
        into.push(Content::Document(text.to_owned()));
    } else if let Some(body) = recorded_body(&fields) {
        let body = RawValue::from_string(body).map_err(|error| Unknown(error.to_string()))?;
        return sort(&body, into);
    } else if !is_header(&fields) {
        return Err(Unknown(
            "an object that is no segment, no answer of BatchGetTraces and no OTLP request".to_owned(),
        ));
    }
    Ok(())
}

/// The documents of one trace in an answer of `BatchGetTraces`.
fn answered_documents(trace: &Value) -> impl Iterator<Item = Content> + '_ {
    let segments = trace["Segments"].as_array().into_iter().flatten();
    segments.filter_map(|segment| Some(Content::Document(segment["Document"].as_str()?.to_owned())))
}

/// The body of a recorded datagram: after the header line in a text, or beside its header.
fn recorded_body(fields: &Map<String, Value>) -> Option<String> {
    let text = ["datagram", "payload", "body", "data", "raw"]
        .iter()
        .find_map(|key| fields.get(*key)?.as_str())?;
    let body = text.split_once('\n').map_or(text, |(_, body)| body).trim();
    body.starts_with(['{', '[']).then(|| body.to_owned())
}

/// Which signal an OTLP request is of.
fn signal_of(fields: &Map<String, Value>) -> Option<Signal> {
    let has = |keys: [&str; 2]| keys.iter().any(|key| fields.contains_key(*key));
    if has(["resourceSpans", "resource_spans"]) {
        Some(Signal::Traces)
    } else if has(["resourceLogs", "resource_logs"]) {
        Some(Signal::Logs)
    } else if has(["resourceMetrics", "resource_metrics"]) {
        Some(Signal::Metrics)
    } else {
        None
    }
}

/// The header of a datagram, which stands beside what it is about.
fn is_header(fields: &Map<String, Value>) -> bool {
    fields.contains_key("format") && fields.contains_key("version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SEGMENT: &str =
        r#"{"id":"1a8ea28ac3381a40","trace_id":"1-6b03df9f-429d14ed5031f517127f5323","name":"a", "start_time":1.50}"#;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = recognise(text.as_bytes())
            .unwrap_or_else(|Unknown(why)| panic!("{why}: {text}"))
            .into_iter()
            .map(|content| match content {
                Content::Document(text) => format!("document {text}"),
                Content::OtlpJson(signal, body) => format!("{signal} {}", String::from_utf8_lossy(&body)),
                Content::OtlpProtobuf(signal, body) => format!("{signal} in {} bytes", body.len()),
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn documents_are_found_wherever_they_are_and_keep_their_spelling() {
        let document = format!("document {SEGMENT}");
        let quoted = serde_json::to_string(SEGMENT).unwrap();
        check(SEGMENT, &[&document]);
        check(&format!("[{SEGMENT},{SEGMENT}]"), &[&document, &document]);
        check(&format!("{SEGMENT}\n{SEGMENT}\n"), &[&document, &document]);
        check(
            &format!("{{\"format\":\"json\",\"version\":1}}\n{SEGMENT}"),
            &[&document],
        );
        check(
            &format!("{{\"Traces\":[{{\"Id\":\"x\",\"Segments\":[{{\"Id\":\"y\",\"Document\":{quoted}}}]}}]}}"),
            &[&document],
        );
        check(&format!("{{\"TraceSegmentDocuments\":[{quoted}]}}"), &[&document]);
        let datagram = serde_json::to_string(&format!("{{\"format\":\"json\",\"version\":1}}\n{SEGMENT}")).unwrap();
        check(&format!("{{\"datagram\":{datagram}}}"), &[&document]);
    }

    #[test]
    fn otlp_requests_are_told_from_documents() {
        check("{\"resourceSpans\":[]}", &["traces {\"resourceSpans\":[]}"]);
        check(
            "{\"resourceMetrics\":[]}\n{\"resourceSpans\":[]}\n{\"resource_logs\":[]}",
            &[
                "metrics {\"resourceMetrics\":[]}",
                "traces {\"resourceSpans\":[]}",
                "logs {\"resource_logs\":[]}",
            ],
        );
    }

    #[test]
    fn signals_are_told_apart_in_protobuf() {
        let samples = [
            (
                Signal::Traces,
                include_str!("../../tests/samples/otlp/proto-example-trace.json"),
            ),
            (
                Signal::Logs,
                include_str!("../../tests/samples/otlp/proto-example-logs.json"),
            ),
            (
                Signal::Metrics,
                include_str!("../../tests/samples/otlp/proto-example-metrics.json"),
            ),
        ];
        for (signal, json) in samples {
            let bytes = beamline_model::otlp::json::to_protobuf(signal, json.as_bytes()).unwrap();
            let expected = Content::OtlpProtobuf(signal, Bytes::from(bytes.clone()));
            assert_eq!(recognise(&bytes), Ok(vec![expected]));
        }
    }

    #[test]
    fn what_is_none_of_them_is_refused_with_a_reason() {
        for bytes in [
            &b""[..],
            b"  \n",
            b"hello",
            b"{\"a\":1}",
            b"[1]",
            b"{\"id\":",
            b"\xff\xfe\x00",
        ] {
            assert!(recognise(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            let _ = recognise(&bytes);
        }

        #[test]
        fn any_json_like_text_gets_an_answer(text in "[\\[\\]{}\",:a-z0-9 ]{0,60}") {
            let _ = recognise(text.as_bytes());
        }
    }
}
