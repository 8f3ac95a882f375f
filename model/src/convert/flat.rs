//! Spans as CloudWatch keeps them in the log group `aws/spans`: one flat JSON object each.
//!
//! OTLP's JSON is made for machines: attributes are lists of tagged values, numbers are strings. Here attributes are an
//! object, moments are numbers of nanoseconds, kinds and status codes are words, and each span says itself which
//! process and library made it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde_json::{Map, Value, json};

use super::span::resource_spans;
use crate::id::SpanId;
use crate::node::Node;
use crate::time::Timestamp;

/// One span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatSpan {
    /// Its id.
    pub id: SpanId,
    /// When it started.
    pub start: Timestamp,
    /// JSON text.
    pub json: String,
}

/// The nodes as flat spans, by start: OTLP spans as they came, X-Ray nodes translated. Nodes that nobody sent are left
/// out.
#[must_use]
pub fn spans<'n, 'a: 'n>(nodes: impl IntoIterator<Item = &'n Node<'a>>) -> Vec<FlatSpan> {
    let mut spans = Vec::new();
    for ResourceSpans {
        resource, scope_spans, ..
    } in resource_spans(nodes)
    {
        let resource = resource.map(of_resource).unwrap_or_else(|| json!({ "attributes": {} }));
        for ScopeSpans {
            scope, spans: inside, ..
        } in scope_spans
        {
            let scope = of_scope(scope.unwrap_or_default());
            spans.extend(inside.into_iter().filter_map(|span| flat(&resource, &scope, span)));
        }
    }
    spans.sort_by_key(|span| (span.start, span.id));
    spans
}

fn flat(resource: &Value, scope: &Value, span: Span) -> Option<FlatSpan> {
    let id = SpanId::from_bytes(&span.span_id)?;
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    let mut json = json!({
        "resource": resource, "scope": scope,
        "traceId": hex(&span.trace_id), "spanId": hex(&span.span_id),
    });
    if !span.parent_span_id.is_empty() {
        json["parentSpanId"] = json!(hex(&span.parent_span_id));
    }
    if !span.trace_state.is_empty() {
        json["traceState"] = json!(span.trace_state);
    }
    json["flags"] = json!(span.flags);
    json["name"] = json!(span.name);
    json["kind"] = json!(kind(span.kind));
    json["startTimeUnixNano"] = json!(start);
    // A span in progress has no end, and OTLP says that with 0.
    if end > 0 {
        json["endTimeUnixNano"] = json!(end);
        json["durationNano"] = json!(end.saturating_sub(start));
    }
    json["attributes"] = attributes(span.attributes);
    for (member, list) in [
        ("events", span.events.into_iter().map(event).collect::<Vec<_>>()),
        ("links", span.links.into_iter().map(link).collect()),
    ] {
        if !list.is_empty() {
            json[member] = Value::Array(list);
        }
    }
    for (member, count) in [
        ("droppedAttributesCount", span.dropped_attributes_count),
        ("droppedEventsCount", span.dropped_events_count),
        ("droppedLinksCount", span.dropped_links_count),
    ] {
        dropped(&mut json, member, count);
    }
    json["status"] = status(span.status.unwrap_or_default());
    Some(FlatSpan {
        id,
        start: Timestamp::from_nanos(start),
        json: json.to_string(),
    })
}

fn of_resource(resource: Resource) -> Value {
    let mut json = json!({ "attributes": attributes(resource.attributes) });
    dropped(&mut json, "droppedAttributesCount", resource.dropped_attributes_count);
    json
}

fn of_scope(scope: InstrumentationScope) -> Value {
    let mut json = json!({ "name": scope.name });
    if !scope.version.is_empty() {
        json["version"] = json!(scope.version);
    }
    if !scope.attributes.is_empty() {
        json["attributes"] = attributes(scope.attributes);
    }
    dropped(&mut json, "droppedAttributesCount", scope.dropped_attributes_count);
    json
}

fn event(event: Event) -> Value {
    let mut json = json!({
        "timeUnixNano": event.time_unix_nano, "name": event.name, "attributes": attributes(event.attributes),
    });
    dropped(&mut json, "droppedAttributesCount", event.dropped_attributes_count);
    json
}

fn link(link: Link) -> Value {
    let mut json = json!({
        "traceId": hex(&link.trace_id), "spanId": hex(&link.span_id), "attributes": attributes(link.attributes),
        "flags": link.flags,
    });
    if !link.trace_state.is_empty() {
        json["traceState"] = json!(link.trace_state);
    }
    dropped(&mut json, "droppedAttributesCount", link.dropped_attributes_count);
    json
}

fn status(status: Status) -> Value {
    let code = match status.code {
        1 => "OK",
        2 => "ERROR",
        _ => "UNSET",
    };
    let mut json = json!({ "code": code });
    if !status.message.is_empty() {
        json["message"] = json!(status.message);
    }
    json
}

fn kind(kind: i32) -> &'static str {
    match kind {
        1 => "INTERNAL",
        2 => "SERVER",
        3 => "CLIENT",
        4 => "PRODUCER",
        5 => "CONSUMER",
        _ => "UNSPECIFIED",
    }
}

/// What was left out, where anything was.
fn dropped(json: &mut Value, member: &str, count: u32) {
    if count > 0 {
        json[member] = json!(count);
    }
}

/// Of a key that is there twice, the last one counts, as everywhere.
fn attributes(attributes: Vec<KeyValue>) -> Value {
    let entry = |attribute: KeyValue| (attribute.key, any(attribute.value));
    Value::Object(attributes.into_iter().map(entry).collect::<Map<_, _>>())
}

/// Nested values cannot be deeper than what was read from the wire, which is bounded there.
fn any(value: Option<AnyValue>) -> Value {
    use any_value::Value as Any;
    match value.and_then(|value| value.value) {
        None | Some(Any::StringValueStrindex(_)) => Value::Null,
        Some(Any::StringValue(text)) => Value::String(text),
        Some(Any::BoolValue(truth)) => Value::Bool(truth),
        Some(Any::IntValue(int)) => json!(int),
        // JSON has no word for what is not a number or not finite; the text says it.
        Some(Any::DoubleValue(double)) if !double.is_finite() => json!(double.to_string()),
        Some(Any::DoubleValue(double)) => json!(double),
        Some(Any::ArrayValue(list)) => list.values.into_iter().map(|item| any(Some(item))).collect(),
        Some(Any::KvlistValue(entries)) => attributes(entries.values),
        Some(Any::BytesValue(bytes)) => Value::String(STANDARD.encode(bytes)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;
    use crate::id::TraceId;
    use crate::record::{Body, Record};
    use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValueList};
    use prost::Message;

    const TRACE: TraceId = TraceId(0x6b03_df66_0102_0304_0506_0708_090a_0b0c);

    fn check(body: Body<'_>, expected: &[Value]) {
        let record = Record {
            trace: TRACE,
            received: Timestamp(1),
            weight: 1.0,
            body,
        };
        let nodes = decode::nodes(std::slice::from_ref(&record)).nodes;
        let found: Vec<Value> = spans(&nodes)
            .iter()
            .map(|span| serde_json::from_str(&span.json).unwrap())
            .collect();
        assert_eq!(found, expected);
    }

    fn attribute(key: &str, value: any_value::Value) -> KeyValue {
        KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..Default::default()
        }
    }

    #[test]
    fn a_span_says_everything_in_plain_words() {
        use any_value::Value as Any;
        let text = |text: &str| Any::StringValue(text.to_owned());
        let any = |value| AnyValue { value: Some(value) };
        let context = ResourceSpans {
            resource: Some(Resource {
                attributes: vec![attribute("service.name", text("web"))],
                dropped_attributes_count: 2,
                ..Default::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "lib".to_owned(),
                    version: "1.2".to_owned(),
                    ..Default::default()
                }),
                ..Default::default()
            }],
            ..Default::default()
        };
        let values = ArrayValue {
            values: vec![
                any(Any::IntValue(i64::MIN)),
                any(Any::DoubleValue(0.5)),
                AnyValue::default(),
            ],
        };
        let span = Span {
            trace_id: TRACE.to_bytes().to_vec(),
            span_id: vec![1; 8],
            parent_span_id: vec![2; 8],
            trace_state: "a=b".to_owned(),
            flags: 257,
            name: "GET /".to_owned(),
            kind: 2,
            start_time_unix_nano: 1_795_415_910_000_000_001,
            end_time_unix_nano: 1_795_415_910_500_000_000,
            attributes: vec![
                attribute("list", Any::ArrayValue(values)),
                attribute(
                    "map",
                    Any::KvlistValue(KeyValueList {
                        values: vec![attribute("k", Any::BoolValue(true))],
                    }),
                ),
                attribute("bytes", Any::BytesValue(vec![255])),
                attribute("nan", Any::DoubleValue(f64::NAN)),
            ],
            events: vec![Event {
                time_unix_nano: 7,
                name: "e".to_owned(),
                ..Default::default()
            }],
            links: vec![Link {
                trace_id: vec![3; 16],
                span_id: vec![4; 8],
                ..Default::default()
            }],
            dropped_links_count: 5,
            status: Some(Status {
                code: 2,
                message: "broke".to_owned(),
            }),
            ..Default::default()
        };
        check(
            Body::Otlp {
                context: &context.encode_to_vec(),
                span: &span.encode_to_vec(),
            },
            &[json!({
                "resource": {"attributes": {"service.name": "web"}, "droppedAttributesCount": 2},
                "scope": {"name": "lib", "version": "1.2"},
                "traceId": "6b03df660102030405060708090a0b0c", "spanId": "0101010101010101",
                "parentSpanId": "0202020202020202", "traceState": "a=b", "flags": 257, "name": "GET /", "kind": "SERVER",
                "startTimeUnixNano": 1_795_415_910_000_000_001_u64, "endTimeUnixNano": 1_795_415_910_500_000_000_u64,
                "durationNano": 499_999_999,
                "attributes": {"list": [i64::MIN, 0.5, null], "map": {"k": true}, "bytes": "/w==", "nan": "NaN"},
                "events": [{"timeUnixNano": 7, "name": "e", "attributes": {}}],
                "links": [{"traceId": "03".repeat(16), "spanId": "04".repeat(8), "attributes": {}, "flags": 0}],
                "droppedLinksCount": 5, "status": {"code": "ERROR", "message": "broke"},
            })],
        );
    }

    #[test]
    fn a_document_becomes_a_span_for_each_of_its_parts() {
        let document = json!({
            "name": "shop", "id": "00000000000000a1", "trace_id": TRACE.to_string(), "start_time": 10.0,
            "in_progress": true,
            "subsegments": [{"name": "work", "id": "00000000000000a2", "start_time": 9.5, "end_time": 9.75}],
        });
        let document = document.to_string();
        let span = |id: &str, name: &str, start: u64| {
            json!({
                "resource": {"attributes": {"service.name": "shop", "cloud.provider": "unknown"}},
                "scope": {"name": ""}, "traceId": "6b03df660102030405060708090a0b0c", "spanId": id, "flags": 0,
                "name": name, "startTimeUnixNano": start, "attributes": {}, "status": {"code": "UNSET"},
            })
        };
        let mut work = span("00000000000000a2", "work", 9_500_000_000);
        work["parentSpanId"] = json!("00000000000000a1");
        work["kind"] = json!("INTERNAL");
        work["endTimeUnixNano"] = json!(9_750_000_000_u64);
        work["durationNano"] = json!(250_000_000);
        let mut shop = span("00000000000000a1", "shop", 10_000_000_000);
        shop["kind"] = json!("SERVER");
        shop["attributes"] = json!({"aws.xray.inprogress": true});
        check(Body::Xray(document.as_bytes()), &[work, shop]);
    }
}
