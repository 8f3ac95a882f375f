use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::otlp::wire::write_bytes;

fn text(key: &str, value: &str) -> KeyValue {
    let value = any_value::Value::StringValue(value.into());
    let value = Some(AnyValue { value: Some(value) });
    KeyValue {
        key: key.into(),
        value,
        ..Default::default()
    }
}

fn span(id: u8) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: vec![id; 8],
        start_time_unix_nano: 1_000,
        end_time_unix_nano: 2_000,
        ..Default::default()
    }
}

fn scope(name: &str, spans: Vec<Span>) -> ScopeSpans {
    ScopeSpans {
        scope: Some(InstrumentationScope {
            name: name.into(),
            ..Default::default()
        }),
        spans,
        schema_url: "scope-schema".into(),
    }
}

fn request_of(service: &str, scope_spans: Vec<ScopeSpans>) -> ExportTraceServiceRequest {
    let resource = Resource {
        attributes: vec![text("service.name", service), text("cloud.platform", "aws_ecs")],
        ..Default::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans,
            schema_url: "resource-schema".into(),
        }],
    }
}

fn walk(bytes: &[u8]) -> Vec<Walked<'_>> {
    let mut walked = Vec::new();
    request(bytes, &mut |item| walked.push(item)).unwrap();
    walked
}

/// Prints what was walked as words: `context`, span ids, reasons.
fn check(message: &ExportTraceServiceRequest, expected: &str) {
    let bytes = message.encode_to_vec();
    let words: Vec<String> = walk(&bytes)
        .into_iter()
        .map(|item| match item {
            Walked::Context(_) => "context".into(),
            Walked::Span(span) => format!("{:x}", span.id.0 as u8),
            Walked::Rejected(rejected) => rejected.reason.to_string(),
        })
        .collect();
    assert_eq!(words.join(" "), expected);
}

#[test]
fn each_scope_has_one_context_and_empty_ones_have_none() {
    let scopes = vec![
        scope("a", vec![span(1), span(2)]),
        scope("empty", vec![]),
        scope("b", vec![span(3)]),
    ];
    check(&request_of("shop", scopes), "context 1 2 context 3");
    check(&ExportTraceServiceRequest::default(), "");
}

#[test]
fn a_span_that_cannot_be_kept_is_rejected_alone() {
    let broken = |change: fn(&mut Span)| {
        let mut span = span(9);
        change(&mut span);
        span
    };
    let spans = vec![
        broken(|span| span.trace_id = vec![0; 16]),
        span(1),
        broken(|span| span.trace_id = vec![1; 15]),
        broken(|span| span.span_id = vec![]),
        span(2),
    ];
    check(
        &request_of("shop", vec![scope("a", spans)]),
        "invalid_trace_id context 1 invalid_trace_id invalid_span_id 2",
    );
}

#[test]
fn the_bytes_are_those_of_the_request() {
    let message = request_of("shop", vec![scope("a", vec![span(1)])]);
    let bytes = message.encode_to_vec();
    let walked = walk(&bytes);
    let [Walked::Context(context), Walked::Span(head)] = &walked[..] else {
        panic!("{walked:?}")
    };
    let decoded = Span::decode(&bytes[head.range.clone()]).unwrap();
    assert_eq!((decoded, head.bytes), (span(1), &bytes[head.range.clone()]));
    let mut without_spans = message.resource_spans[0].clone();
    without_spans.scope_spans[0].spans.clear();
    assert_eq!(ResourceSpans::decode(&context.bytes[..]), Ok(without_spans));
    assert_eq!(context.resource.service_name, Some("shop"));
    assert_eq!(context.resource.service_type, "AWS::ECS::Container");
}

#[test]
fn a_resource_may_follow_its_spans() {
    let message = request_of("shop", vec![scope("a", vec![span(1)])]);
    let whole = &message.resource_spans[0];
    let mut reordered = ResourceSpans {
        resource: None,
        ..whole.clone()
    }
    .encode_to_vec();
    write_bytes(&mut reordered, 1, &whole.resource.as_ref().unwrap().encode_to_vec());
    let mut bytes = Vec::new();
    write_bytes(&mut bytes, 1, &reordered);
    let walked = walk(&bytes);
    let Walked::Context(context) = &walked[0] else {
        panic!("{walked:?}")
    };
    assert_eq!(context.resource.service_name, Some("shop"));
    let decoded = ResourceSpans::decode(&context.bytes[..]).unwrap();
    assert_eq!(decoded.resource, whole.resource);
}

#[test]
fn times_left_out_are_tolerated() {
    let check = |start, end, expected: (i64, Option<i64>)| {
        let (start, end) = times(start, end).unwrap();
        assert_eq!((start.0, end.map(|end| end.0)), expected);
    };
    check(5, 9, (5, Some(9)));
    check(5, 0, (5, None));
    check(0, 9, (9, Some(9)));
    check(9, 5, (9, Some(9)));
    check(u64::MAX, u64::MAX, (i64::MAX, Some(i64::MAX)));
}

#[test]
fn values_nest_to_a_limit() {
    let nested = |depth: usize| {
        let mut value = any_value::Value::BoolValue(true);
        for _ in 0..depth {
            let values = vec![AnyValue { value: Some(value) }];
            value = any_value::Value::ArrayValue(ArrayValue { values });
        }
        let mut span = span(1);
        span.attributes.push(KeyValue {
            key: "deep".into(),
            value: Some(AnyValue { value: Some(value) }),
            ..Default::default()
        });
        request_of("shop", vec![scope("a", vec![span])])
    };
    check(&nested(check::MAX_VALUE_DEPTH), "context 1");
    check(&nested(check::MAX_VALUE_DEPTH + 1), "malformed");
    let deepest = nested(check::MAX_VALUE_DEPTH).encode_to_vec();
    assert!(ExportTraceServiceRequest::decode(&deepest[..]).is_ok());
}

#[test]
fn a_value_nested_a_hundred_thousand_deep_costs_no_stack() {
    let mut value = Vec::new();
    for _ in 0..100_000 {
        let mut list = Vec::with_capacity(value.len() + 8);
        write_bytes(&mut list, 1, &value);
        value.clear();
        write_bytes(&mut value, 5, &list);
        if value.len() > 1 << 16 {
            break;
        }
    }
    let mut attribute = Vec::new();
    write_bytes(&mut attribute, 2, &value);
    assert!(check::key_value(&attribute, 0).is_err());
}

#[test]
fn sampling_learns_what_the_request_was() {
    let check = |attributes: &[(&str, &str)], expected: RequestFacts<'_>| {
        let mut span = span(1);
        span.attributes = attributes.iter().map(|(key, value)| text(key, value)).collect();
        let bytes = span.encode_to_vec();
        assert_eq!(RequestFacts::of_span(&bytes), expected, "{attributes:?}");
    };
    let facts = |method, target, host| RequestFacts { method, target, host };
    check(&[], facts(None, None, None));
    check(
        &[("http.method", "GET"), ("http.target", "/a?b"), ("http.host", "h:1")],
        facts(Some("GET"), Some("/a?b"), Some("h:1")),
    );
    check(
        &[
            ("http.request.method", "PUT"),
            ("url.path", "/a"),
            ("server.address", "h"),
        ],
        facts(Some("PUT"), Some("/a"), Some("h")),
    );
    check(
        &[("url.full", "https://u:p@h:8/x?y#z")],
        facts(None, Some("/x?y#z"), Some("h:8")),
    );
    check(&[("http.url", "http://h")], facts(None, Some("/"), Some("h")));
    check(&[("http.url", "nonsense")], facts(None, None, None));
}

proptest! {
    #[test]
    fn a_damaged_request_is_walked_without_a_panic(at in 0usize..200, byte: u8, cut in 0usize..200) {
        let spans = vec![span(1), span(2)];
        let mut bytes = request_of("shop", vec![scope("a", spans)]).encode_to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut % bytes.len());
        let mut spans = 0;
        let whole = request(&bytes, &mut |item| if let Walked::Span(head) = item {
            assert_eq!(&bytes[head.range.clone()], head.bytes);
            assert!(head.times.is_none_or(|(start, end)| end.is_none_or(|end| end >= start)));
            spans += 1;
        });
        if ExportTraceServiceRequest::decode(&bytes[..]).is_ok_and(|decoded| decoded.resource_spans.is_empty()) {
            prop_assert_eq!(spans, 0);
        }
        prop_assert!(whole.is_ok() || spans <= 2);
    }
}
