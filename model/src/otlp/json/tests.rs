use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::otlp::Signal;

fn decode(json: &str) -> ExportTraceServiceRequest {
    let bytes = to_protobuf(Signal::Traces, json.as_bytes()).unwrap_or_else(|bad| panic!("{json}: {bad}"));
    ExportTraceServiceRequest::decode(&bytes[..]).unwrap()
}

fn span_of(members: &str) -> opentelemetry_proto::tonic::trace::v1::Span {
    let json = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{members}}}]}}]}}]}}"#);
    decode(&json).resource_spans[0].scope_spans[0].spans[0].clone()
}

#[test]
fn numbers_ids_and_enums_come_in_every_allowed_spelling() {
    let check = |members: &str| {
        let span = span_of(members);
        assert_eq!(
            (span.kind, span.start_time_unix_nano),
            (2, 1_544_712_660_000_000_000),
            "{members}"
        );
        assert_eq!(
            span.span_id,
            [0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74],
            "{members}"
        );
    };
    check(r#""kind":2,"startTimeUnixNano":"1544712660000000000","spanId":"EEE19B7EC3C1B174""#);
    check(r#""kind":"SPAN_KIND_SERVER","startTimeUnixNano":1544712660000000000,"spanId":"eee19b7ec3c1b174""#);
    check(r#""kind":"2","startTimeUnixNano":1.54471266e18,"spanId":"eee19b7ec3c1b174","events":null,"new":[{}]"#);
}

#[test]
fn an_id_that_is_no_id_costs_its_span_only() {
    for id in ["xxxxx", "0", "xxxxxxxxxxxxxxxx", "zz"] {
        let span = span_of(&format!(r#""spanId":"{id}","traceId":"","parentSpanId":"""#));
        assert_eq!((&span.span_id[..], &span.trace_id[..]), (&[0][..], &[][..]), "{id}");
    }
}

#[test]
fn every_kind_of_value_is_read() {
    let check = |value: &str, expected: Option<Any>| {
        let span = span_of(&format!(r#""attributes":[{{"key":"k","value":{value}}}]"#));
        let found = span.attributes[0].value.clone().and_then(|any| any.value);
        assert_eq!(found, expected, "{value}");
    };
    check("null", None);
    check("{}", None);
    check(r#"{"stringValue":"\u00fc"}"#, Some(Any::StringValue("ü".into())));
    check(r#"{"intValue":"-9223372036854775808"}"#, Some(Any::IntValue(i64::MIN)));
    check(r#"{"intValue":7}"#, Some(Any::IntValue(7)));
    check(
        r#"{"doubleValue":"-Infinity"}"#,
        Some(Any::DoubleValue(f64::NEG_INFINITY)),
    );
    check(r#"{"doubleValue":1}"#, Some(Any::DoubleValue(1.0)));
    check(r#"{"intValue":"xxxxx"}"#, Some(Any::StringValue("xxxxx".into())));
    check(r#"{"boolValue":false}"#, Some(Any::BoolValue(false)));
    check(r#"{"bytesValue":"AQI="}"#, Some(Any::BytesValue(vec![1, 2])));
}

#[test]
fn what_does_not_fit_is_refused_where_it_stands() {
    let check = |json: &str, position: usize| {
        let bad = to_protobuf(Signal::Traces, json.as_bytes()).expect_err(json);
        assert_eq!(bad.position, position, "{json}: {bad}");
    };
    check("", 0);
    check("[]", 0);
    check("{} {}", 3);
    check(r#"{"resourceSpans":{}}"#, 17);
    check(r#"{"resourceSpans":[5]}"#, 18);
    check(r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"X"}]}]}]}"#, 51);
    check(r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"flags":-1}]}]}]}"#, 52);
    check(
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"1.5"}]}]}]}"#,
        64,
    );
    check(r#"{"resourceSpans":[{"schemaUrl":7}]}"#, 31);
    assert!(to_protobuf(Signal::Traces, b"{\"\xff\":1}").is_err());
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| {
        let open = r#"{"arrayValue":{"values":["#.repeat(depth);
        let value = format!(r#"{open}{{"intValue":1}}{}"#, "]}}".repeat(depth));
        format!(r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"k","value":{value}}}]}}}}]}}"#)
    };
    assert!(to_protobuf(Signal::Traces, nested(crate::otlp::MAX_VALUE_DEPTH).as_bytes()).is_ok());
    assert!(to_protobuf(Signal::Traces, nested(100_000).as_bytes()).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in r#"(\{|\}|\[|\]|,|:|"resourceSpans"|"scopeSpans"|"spans"|"kind"|"attributes"|"value"|"intValue"|1|"a"|null){0,40}"#) {
        if let Ok(bytes) = to_protobuf(Signal::Traces, text.as_bytes()) {
            prop_assert!(ExportTraceServiceRequest::decode(&bytes[..]).is_ok());
            prop_assert!(from_protobuf(Signal::Traces, &bytes).is_ok());
        }
    }

    #[test]
    fn any_bytes_are_written_without_a_panic(bytes: Vec<u8>) {
        if let Ok(json) = from_protobuf(Signal::Traces, &bytes) {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        }
    }
}
