use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::otlp::wire::write_bytes;

const LIMIT: usize = 10_000;

fn text(key: &str, values: &[&str]) -> KeyValue {
    let any = |text: &&str| AnyValue {
        value: Some(Any::StringValue((*text).into())),
    };
    let value = match values {
        [one] => any(one),
        many => AnyValue {
            value: Some(Any::ArrayValue(ArrayValue {
                values: many.iter().map(any).collect(),
            })),
        },
    };
    KeyValue {
        key: key.into(),
        value: Some(value),
        ..KeyValue::default()
    }
}

fn record(time: u64) -> LogRecord {
    LogRecord {
        time_unix_nano: time,
        ..LogRecord::default()
    }
}

fn scope(name: &str, log_records: Vec<LogRecord>) -> ScopeLogs {
    ScopeLogs {
        scope: Some(InstrumentationScope {
            name: name.into(),
            ..InstrumentationScope::default()
        }),
        log_records,
        schema_url: "scope-schema".into(),
    }
}

fn request_of(scope_logs: Vec<ScopeLogs>) -> ExportLogsServiceRequest {
    let attributes = vec![
        text("service.name", &["cart"]),
        text("aws.log.group.names", &["", "/ecs/cart", "/ecs/other"]),
        text("aws.log.stream.names", &["task"]),
        text("service.instance.id", &["cart-1"]),
        text("host.name", &["ip-10"]),
    ];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource {
                attributes,
                ..Resource::default()
            }),
            scope_logs,
            schema_url: "resource-schema".into(),
        }],
    }
}

fn walk(bytes: &[u8]) -> Vec<Walked<'_>> {
    let mut walked = Vec::new();
    request(bytes, LIMIT, &mut |item| walked.push(item)).unwrap();
    walked
}

/// Prints what was walked as words: `context`, times, reasons.
fn check(message: &ExportLogsServiceRequest, expected: &str) {
    let bytes = message.encode_to_vec();
    let word = |item| match item {
        Walked::Context(_) => "context".to_owned(),
        Walked::Record(record) => record.head.time.map_or(0, |time| time.0).to_string(),
        Walked::Rejected(rejected) => rejected.reason.to_string(),
    };
    let words: Vec<String> = walk(&bytes).into_iter().map(word).collect();
    assert_eq!(words.join(" "), expected);
}

#[test]
fn each_scope_has_one_context_and_empty_ones_have_none() {
    let scopes = vec![
        scope("a", vec![record(1), record(2)]),
        scope("empty", vec![]),
        scope("b", vec![record(3)]),
    ];
    check(&request_of(scopes), "context 1 2 context 3");
    check(&ExportLogsServiceRequest::default(), "");
}

#[test]
fn the_bytes_are_those_of_the_request() {
    let message = request_of(vec![scope("a", vec![record(1)])]);
    let bytes = message.encode_to_vec();
    let walked = walk(&bytes);
    let [Walked::Context(context), Walked::Record(found)] = &walked[..] else {
        panic!("{walked:?}")
    };
    assert_eq!(LogRecord::decode(&bytes[found.range.clone()]), Ok(record(1)));
    let mut without_records = message.resource_logs[0].clone();
    without_records.scope_logs[0].log_records.clear();
    assert_eq!(ResourceLogs::decode(&context.bytes[..]), Ok(without_records));
    let facts = &context.facts;
    let said = [
        &facts.group,
        &facts.stream,
        &facts.service,
        &facts.instance,
        &facts.host,
    ];
    let said = said.map(|fact| fact.as_deref().unwrap());
    assert_eq!(said, ["/ecs/cart", "task", "cart", "cart-1", "ip-10"]);
}

#[test]
fn a_record_that_cannot_be_kept_is_rejected_alone() {
    let deep = |depth: usize| {
        let mut value = AnyValue::default();
        for _ in 0..depth {
            value = AnyValue {
                value: Some(Any::ArrayValue(ArrayValue { values: vec![value] })),
            };
        }
        value
    };
    let with_body = |body| LogRecord {
        body: Some(body),
        ..record(7)
    };
    let with_attribute = |value| LogRecord {
        attributes: vec![KeyValue {
            value: Some(value),
            ..KeyValue::default()
        }],
        ..record(8)
    };
    let long = LogRecord {
        severity_text: "x".repeat(LIMIT),
        ..record(9)
    };
    let most = check::MAX_VALUE_DEPTH;
    let records = vec![
        record(1),
        with_body(deep(most)),
        with_body(deep(most + 1)),
        with_attribute(deep(most)),
        with_attribute(deep(most + 1)),
        long,
        record(2),
    ];
    let request = request_of(vec![scope("a", records)]);
    check(&request, "context 1 7 malformed 8 malformed too_large 2");
    assert!(ExportLogsServiceRequest::decode(&request.encode_to_vec()[..]).is_ok());
}

#[test]
fn a_record_with_fields_of_other_types_is_malformed() {
    let check = |record: &[u8], expected: &str| {
        assert_eq!(read(record).unwrap_err(), expected, "{record:x?}");
        let (mut scope, mut resource, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        write_bytes(&mut scope, 2, record);
        write_bytes(&mut resource, 2, &scope);
        write_bytes(&mut bytes, 1, &resource);
        assert!(matches!(&walk(&bytes)[..], [Walked::Rejected(_)]), "{record:x?}");
        assert_eq!(head(record), RecordHead::default());
    };
    let wrong = "field of another type than its number says";
    // Field number and wire type: 1 as varint, 2 as bytes, 9 as varint, 5 as varint.
    check(&[1 << 3, 1], wrong);
    check(&[2 << 3 | 2, 0], wrong);
    check(&[9 << 3, 1], wrong);
    check(&[5 << 3, 1], wrong);
    check(&[1 << 3 | 1, 1, 2], "field longer than what holds it");
    check(&[6 << 3 | 2, 2, 8, 1], wrong);
}

#[test]
fn the_head_says_when_and_in_which_span() {
    let check = |change: fn(&mut LogRecord), expected: (Option<i64>, Option<u128>, Option<u64>, u8)| {
        let mut record = LogRecord::default();
        change(&mut record);
        let head = head(&record.encode_to_vec());
        let found = (
            head.time.map(|time| time.0),
            head.trace.map(|id| id.0),
            head.span.map(|id| id.0),
            head.severity,
        );
        assert_eq!(found, expected, "{record:?}");
    };
    check(|_| (), (None, None, None, 0));
    check(|record| record.observed_time_unix_nano = 5, (Some(5), None, None, 0));
    let both = |record: &mut LogRecord| {
        record.time_unix_nano = 4;
        record.observed_time_unix_nano = 5;
    };
    check(both, (Some(4), None, None, 0));
    check(
        |record| record.time_unix_nano = u64::MAX,
        (Some(i64::MAX), None, None, 0),
    );
    let ids = |record: &mut LogRecord| {
        record.trace_id = 7u128.to_be_bytes().to_vec();
        record.span_id = 8u64.to_be_bytes().to_vec();
        record.severity_number = 24;
    };
    check(ids, (None, Some(7), Some(8), 24));
    let no_trace = |record: &mut LogRecord| {
        record.trace_id = vec![1; 15];
        record.span_id = 8u64.to_be_bytes().to_vec();
        record.severity_number = 25;
    };
    check(no_trace, (None, None, None, 0));
}

#[test]
fn what_is_more_than_a_request_may_have_is_rejected_at_once() {
    let mut records = [2 << 3 | 2, 0].repeat(MAX_RECORDS);
    records.extend([2 << 3 | 2, 3, 3 << 3 | 2, 1, b'x']);
    records.extend([2 << 3 | 2, 0]);
    let (mut resource, mut bytes) = (Vec::new(), Vec::new());
    write_bytes(&mut resource, 2, &records);
    write_bytes(&mut bytes, 1, &resource);
    let walked = walk(&bytes);
    assert_eq!(walked.len(), 1 + MAX_RECORDS + 1);
    let Some(Walked::Rejected(rejected)) = walked.last() else {
        panic!("{:?}", walked.last())
    };
    assert_eq!((rejected.reason, rejected.records), (LogRejection::TooMany, 2));
    assert_eq!(&bytes[rejected.range.clone()], [3 << 3 | 2, 1, b'x']);
}

#[test]
fn contexts_grow_with_the_request_and_not_faster() {
    let request = |scopes: usize| {
        let scopes = (0..scopes).map(|_| scope("a", vec![record(1)])).collect();
        let mut request = request_of(scopes);
        let large = text("large", &[&"x".repeat(100_000)]);
        request.resource_logs[0]
            .resource
            .as_mut()
            .unwrap()
            .attributes
            .push(large);
        request.encode_to_vec()
    };
    let walk = |bytes: &[u8]| super::request(bytes, LIMIT, &mut |_| ());
    assert_eq!(walk(&request(20)), Ok(()));
    assert_eq!(
        walk(&request(100)).unwrap_err().message,
        "resource too large for so many scopes"
    );
}

proptest! {
    #[test]
    fn a_damaged_request_is_walked_without_a_panic(at in 0usize..300, byte: u8, cut in 0usize..300) {
        let mut bytes = request_of(vec![scope("a", vec![record(1), record(2)])]).encode_to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut % bytes.len());
        let _ = request(&bytes, LIMIT, &mut |item| if let Walked::Record(record) = item {
            assert!(LogRecord::decode(&bytes[record.range.clone()]).is_ok() || !bytes.is_ascii());
            assert_eq!(head(&bytes[record.range.clone()]), record.head);
        });
    }
}
