//! Shapes as OTLP requests.

use std::collections::BTreeMap;

use super::shape::{SpanShape, TraceShape, huge, service_name, traces};
use super::template::{Template, What};
use crate::cli::ShapeArg;

/// Different requests before they repeat.
const VARIANTS: u64 = 16;

/// Requests to send in turn. With the skewed shape the last one is a huge trace.
pub(super) fn templates(shape: ShapeArg, batch: u32, seed: u64) -> Vec<Template> {
    let variants = (0..VARIANTS).map(|variant| request(&traces(shape, batch as usize, seed ^ (variant << 32))));
    let rare = (shape == ShapeArg::Skewed).then(|| request(&[huge(seed)]));
    variants.chain(rare).collect()
}

/// One `ExportTraceServiceRequest`: one `ResourceSpans` for each service.
fn request(traces: &[TraceShape]) -> Template {
    let mut by_service: BTreeMap<u16, Template> = BTreeMap::new();
    let mut count = 0;
    for (number, trace) in traces.iter().enumerate() {
        for (index, shape) in trace.spans.iter().enumerate() {
            let span = span(number as u32, index as u32, shape);
            nested(by_service.entry(shape.service).or_default(), 2, &span);
            count += 1;
        }
    }
    let mut request = Template::default();
    (request.traces, request.spans) = (traces.len() as u32, count);
    for (service, spans) in &by_service {
        let mut scope_spans = Template::default();
        nested(
            &mut scope_spans,
            1,
            &fixed(&[(1, b"load.instrumentation"), (2, b"1.0.0")]),
        );
        scope_spans.append(spans);
        let mut resource_spans = Template::default();
        nested(&mut resource_spans, 1, &resource(*service));
        nested(&mut resource_spans, 2, &scope_spans);
        nested(&mut request, 1, &resource_spans);
    }
    request
}

fn resource(service: u16) -> Template {
    let name = service_name(service);
    let mut resource = Template::default();
    for (key, value) in [
        ("service.name", name.as_str()),
        ("service.version", "2.3.1"),
        ("telemetry.sdk.language", "go"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("host.name", &format!("{name}-7c9fbd6c5-x2x9k")),
        ("deployment.environment.name", "load"),
    ] {
        nested(&mut resource, 1, &text(key, value));
    }
    resource
}

/// A `Span` with 11 attributes.
fn span(trace: u32, index: u32, shape: &SpanShape) -> Template {
    let mut span = Template::default();
    hole(&mut span, 1, 2, trace, What::TraceId);
    hole(&mut span, 2, 2, trace, What::SpanId(index));
    if let Some(parent) = shape.parent {
        hole(&mut span, 4, 2, trace, What::SpanId(parent as u32));
    }
    let route = format!("/api/v1/resource-{}/{{id}}", shape.operation);
    field(&mut span, 5, format!("GET {route}").as_bytes());
    // SPAN_KIND_SERVER
    varint_field(&mut span, 6, 2);
    hole(&mut span, 7, 1, trace, What::Nanos(shape.from));
    hole(&mut span, 8, 1, trace, What::Nanos(shape.to));
    let status: u64 = if shape.fault { 500 } else { 200 };
    let variety = shape.variety;
    for attribute in [
        text("http.request.method", "GET"),
        text("http.route", &route),
        text("url.scheme", "https"),
        text("server.address", &format!("{}.internal", service_name(shape.service))),
        integer("server.port", 8443),
        integer("http.response.status_code", status),
        text(
            "network.peer.address",
            &format!("10.{}.{}.{}", variety % 4, variety / 4 % 16, variety / 64 % 250),
        ),
        text("user_agent.original", "Go-http-client/2.0"),
        integer("thread.id", u64::from(variety % 64)),
        held("request.id", "", trace, What::Unique(index)),
        held("user.id", "user-", trace, What::User),
    ] {
        nested(&mut span, 9, &attribute);
    }
    // `Status { code: STATUS_CODE_ERROR }`
    if shape.fault {
        let mut status = Template::default();
        varint_field(&mut status, 3, 2);
        nested(&mut span, 15, &status);
    }
    // `flags`: sampled.
    span.push(&[0x85, 0x01]);
    span.push(&0x101_u32.to_le_bytes());
    span
}

// === protobuf, as far as it is needed ===

fn varint(out: &mut Template, mut number: u64) {
    while number >= 0x80 {
        out.push(&[(number as u8) | 0x80]);
        number >>= 7;
    }
    out.push(&[number as u8]);
}

fn varint_field(out: &mut Template, tag: u8, number: u64) {
    out.push(&[tag << 3]);
    varint(out, number);
}

fn field(out: &mut Template, tag: u8, bytes: &[u8]) {
    out.push(&[tag << 3 | 2]);
    varint(out, bytes.len() as u64);
    out.push(bytes);
}

fn nested(out: &mut Template, tag: u8, message: &Template) {
    out.push(&[tag << 3 | 2]);
    varint(out, message.len() as u64);
    out.append(message);
}

/// A field that is a hole: wire type 2 has its length before it, wire type 1 is eight bytes.
fn hole(out: &mut Template, tag: u8, wire_type: u8, trace: u32, what: What) {
    out.push(&[tag << 3 | wire_type]);
    if wire_type == 2 {
        varint(out, what.size() as u64);
    }
    out.hole(trace, what);
}

fn fixed(fields: &[(u8, &[u8])]) -> Template {
    let mut message = Template::default();
    for (tag, bytes) in fields {
        field(&mut message, *tag, bytes);
    }
    message
}

/// A `KeyValue` with a value built by `value`, the content of an `AnyValue`.
fn pair(key: &str, value: impl FnOnce(&mut Template)) -> Template {
    let mut any = Template::default();
    value(&mut any);
    let mut pair = fixed(&[(1, key.as_bytes())]);
    nested(&mut pair, 2, &any);
    pair
}

fn text(key: &str, value: &str) -> Template {
    pair(key, |any| field(any, 1, value.as_bytes()))
}

fn integer(key: &str, value: u64) -> Template {
    pair(key, |any| varint_field(any, 3, value))
}

/// A text with a hole after `prefix`.
fn held(key: &str, prefix: &str, trace: u32, what: What) -> Template {
    pair(key, |any| {
        let mut value = Template::default();
        value.push(prefix.as_bytes());
        value.hole(trace, what);
        nested(any, 1, &value);
    })
}

#[cfg(test)]
mod tests {
    use super::super::template::Filling;
    use super::*;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;
    use std::collections::{BTreeSet, HashSet};

    fn decoded(template: &Template, trace: u128) -> ExportTraceServiceRequest {
        let fillings: Vec<Filling> = (0..template.traces)
            .map(|number| Filling {
                trace: trace + u128::from(number),
                start: 1_795_415_913_000_000_000,
                length: 1_000_000_000,
            })
            .collect();
        let mut bytes = Vec::new();
        template.fill(&fillings, &mut bytes);
        ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap()
    }

    #[test]
    fn a_filled_template_is_the_request_it_claims_to_be() {
        for template in templates(ShapeArg::Jaeger, 100, 7) {
            let request = decoded(&template, 1 << 100);
            assert_eq!(request.resource_spans.len(), 10);
            let spans: Vec<_> = request
                .resource_spans
                .iter()
                .flat_map(|it| &it.scope_spans[0].spans)
                .collect();
            assert_eq!((spans.len(), template.spans, template.traces), (100, 100, 10));
            let ids: HashSet<_> = spans.iter().map(|span| (&span.trace_id, &span.span_id)).collect();
            assert_eq!(ids.len(), 100);
            for span in &spans {
                let keys: BTreeSet<&str> = span.attributes.iter().map(|it| it.key.as_str()).collect();
                assert_eq!(keys.len(), 11);
                assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
                assert_eq!(span.flags, 0x101);
                let parent = (&span.trace_id, &span.parent_span_id);
                assert!(span.parent_span_id.is_empty() || ids.contains(&parent));
            }
        }
    }

    #[test]
    fn the_skewed_templates_end_with_a_huge_trace() {
        let templates = templates(ShapeArg::Skewed, 500, 7);
        let last = templates.last().unwrap();
        assert_eq!((last.traces, last.spans), (1, 5_000));
        assert_eq!(
            decoded(last, 5)
                .resource_spans
                .iter()
                .map(|it| it.scope_spans[0].spans.len())
                .sum::<usize>(),
            5_000
        );
    }
}
