use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::otlp::wire::write_bytes;

fn any(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(any(value)),
        ..KeyValue::default()
    }
}

fn context() -> ResourceLogs {
    ResourceLogs {
        resource: Some(Resource {
            attributes: vec![attribute("service.name", Any::StringValue("cart".into()))],
            ..Resource::default()
        }),
        scope_logs: vec![ScopeLogs {
            scope: Some(InstrumentationScope {
                name: "lib".into(),
                version: "2".into(),
                attributes: vec![attribute("a", Any::BoolValue(true))],
                dropped_attributes_count: 3,
            }),
            ..ScopeLogs::default()
        }],
        schema_url: "https://opentelemetry.io/schemas/1.21.0".into(),
    }
}

#[test]
fn everything_that_was_said_is_there_in_order() {
    let record = LogRecord {
        time_unix_nano: 1_795_415_913_219_000_001,
        observed_time_unix_nano: 2,
        severity_number: 17,
        severity_text: "ERROR".into(),
        body: Some(any(Any::StringValue("it \"broke\"\n".into()))),
        attributes: vec![attribute("n", Any::IntValue(-7))],
        dropped_attributes_count: 1,
        flags: 257,
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        event_name: "device.app.lifecycle".into(),
    };
    assert_eq!(
        message(&context().encode_to_vec(), &record.encode_to_vec()),
        r#"{"resource":{"attributes":{"service.name":"cart"}},"#.to_owned()
            + r#""scope":{"name":"lib","version":"2","attributes":{"a":true},"droppedAttributesCount":3},"#
            + r#""timeUnixNano":1795415913219000001,"observedTimeUnixNano":2,"severityNumber":17,"severityText":"ERROR","#
            + r#""body":"it \"broke\"\n","attributes":{"n":-7},"droppedAttributesCount":1,"flags":257,"#
            + r#""traceId":"abababababababababababababababab","spanId":"cdcdcdcdcdcdcdcd","eventName":"device.app.lifecycle"}"#
    );
}

#[test]
fn what_was_not_said_is_left_out() {
    assert_eq!(message(&[], &[]), "{}");
    let empty = ResourceLogs {
        resource: Some(Resource::default()),
        scope_logs: vec![ScopeLogs {
            scope: Some(InstrumentationScope::default()),
            ..ScopeLogs::default()
        }],
        ..ResourceLogs::default()
    };
    let no_ids = LogRecord {
        trace_id: vec![0; 16],
        span_id: vec![1; 7],
        ..LogRecord::default()
    };
    assert_eq!(message(&empty.encode_to_vec(), &no_ids.encode_to_vec()), "{}");
}

fn check(value: Option<Any>, expected: &str) {
    let record = LogRecord {
        body: Some(AnyValue { value }),
        ..LogRecord::default()
    };
    let found = message(&[], &record.encode_to_vec());
    assert_eq!(found, format!("{{\"body\":{expected}}}"));
}

#[test]
fn every_kind_of_value_has_a_form() {
    let list = |values: Vec<AnyValue>| Some(Any::ArrayValue(ArrayValue { values }));
    let map = |values: Vec<KeyValue>| Some(Any::KvlistValue(KeyValueList { values }));
    check(None, "null");
    check(Some(Any::StringValue("ü\u{1}".into())), "\"ü\\u0001\"");
    check(Some(Any::BoolValue(false)), "false");
    check(Some(Any::IntValue(i64::MIN)), "-9223372036854775808");
    check(Some(Any::DoubleValue(1.0)), "1");
    check(Some(Any::DoubleValue(0.1)), "0.1");
    check(Some(Any::DoubleValue(f64::NAN)), "\"NaN\"");
    check(Some(Any::DoubleValue(f64::NEG_INFINITY)), "\"-Infinity\"");
    check(Some(Any::BytesValue(vec![0xfb, 0xff])), "\"+/8=\"");
    check(list(vec![]), "[]");
    check(list(vec![AnyValue::default(), any(Any::IntValue(1))]), "[null,1]");
    check(map(vec![]), "{}");
    check(map(vec![attribute("k", Any::BoolValue(true))]), "{\"k\":true}");
}

#[test]
fn the_last_of_a_key_counts() {
    let int = |key: &str, int| attribute(key, Any::IntValue(int));
    let attributes = vec![int("a", 1), int("b", 2), int("a", 3), int("c", 4), int("b", 5)];
    let values = attributes.clone();
    let record = LogRecord {
        body: Some(any(Any::KvlistValue(KeyValueList { values }))),
        attributes,
        ..LogRecord::default()
    };
    let once = r#"{"a":3,"c":4,"b":5}"#;
    let found = message(&[], &record.encode_to_vec());
    assert_eq!(found, format!("{{\"body\":{once},\"attributes\":{once}}}"));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| {
        let mut value = Vec::new();
        for _ in 0..depth {
            let mut list = Vec::new();
            write_bytes(&mut list, 1, &value);
            value.clear();
            write_bytes(&mut value, 5, &list);
        }
        let mut record = Vec::new();
        write_bytes(&mut record, 5, &value);
        message(&[], &record)
    };
    let inside = |depth: usize| format!("{{\"body\":{}null{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(nested(MAX_VALUE_DEPTH), inside(MAX_VALUE_DEPTH));
    assert_eq!(nested(5_000), inside(MAX_VALUE_DEPTH + 1));
}

proptest! {
    #[test]
    fn any_bytes_give_json_of_a_bounded_size(context: Vec<u8>, record: Vec<u8>) {
        let text = message(&context, &record);
        prop_assert!(serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text).is_ok(), "{}", text);
        prop_assert!(text.len() <= 6 * (context.len() + record.len()) + 512, "{}", text.len());
    }

    #[test]
    fn any_attributes_give_json(entries: Vec<(String, Vec<u8>)>, key in "[ab]") {
        let bytes = |(key, bytes): &(String, Vec<u8>)| attribute(key, Any::BytesValue(bytes.clone()));
        let mut attributes: Vec<_> = entries.iter().map(bytes).collect();
        attributes.push(attribute(&key, Any::BoolValue(true)));
        let record = LogRecord { attributes, ..LogRecord::default() };
        let text = message(&[], &record.encode_to_vec());
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read["attributes"][key], &serde_json::Value::Bool(true));
    }
}
