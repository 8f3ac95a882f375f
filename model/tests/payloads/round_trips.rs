use beamline_model::convert;
use beamline_model::record::{Body, Record};
use beamline_model::{decode, segment};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use serde_json::Value;

use super::{OTLP, documents, identified, record, with_records};

fn xray(document: &str) -> Record<'_> {
    let head = segment::head(document.as_bytes()).unwrap_or_else(|refused| panic!("{document}: {refused}"));
    record(head.trace, Body::Xray(document.as_bytes()))
}

/// Numbers by their value, so that `1.5E0` equals `1.5` and `2` equals `2.0`.
fn by_value(json: &mut Value) {
    match json {
        Value::Number(number) => *json = Value::from(number.as_f64()),
        Value::Array(items) => items.iter_mut().for_each(by_value),
        Value::Object(members) => members.values_mut().for_each(by_value),
        _ => {}
    }
}

fn check_document(document: &str) {
    let nodes = segment::nodes(&xray(document)).unwrap();
    let written = convert::segment::document(&nodes).unwrap();
    let [mut sent, mut back] = [document, &written].map(|json| serde_json::from_str::<Value>(json).unwrap());
    by_value(&mut sent);
    by_value(&mut back);
    assert_eq!(back, sent, "{written}");
}

#[test]
fn real_documents_are_written_as_they_were() {
    documents().iter().for_each(|document| check_document(document));
}

#[test]
fn flawed_documents_are_written_as_they_were() {
    const HEAD: &str = r#""id":"1a8ea28ac3381a40","trace_id":"1-6b03df9f-429d14ed5031f517127f5323","name":"shop","start_time":1795415967.9915116"#;
    for members in [
        r#""end_time":1795415968,"in_progress":false,"parent_id":"","namespace":"local","service":{},"Dummy":false"#,
        r#""in_progress":true,"traced":true,"namespace":"mars","user":"","origin":"AWS::EC2::Instance""#,
        r#""end_time":5,"http":{"request":{"traced":true,"method":"GET"},"response":{"status":"200","content_length":-1}}"#,
        r#""end_time":"1795415968","cause":{"id":"8cc6f7d1276bd09b"},"error":false,"http":{"response":{"status":404}}"#,
        r#""cause":"f819622fb9f87036","annotations":{"a":1,"b":"x","c":true,"d":[1],"e":12345678901234567890}"#,
        r#""cause":{"exceptions":[{"stack":[{"line":null,"path":"p"}],"extra":1}]},"metadata":{},"links":[]"#,
        r#""metadata":{"a":{"b":[1,null]}},"aws":{"x":null,"xray":{"sdk":"s"}},"sql":{"url":"u","odd":1},"type":"segment""#,
        r#""links":[{"trace_id":"1-6b03df9f-429d14ed5031f517127f5323","id":"1a8ea28ac3381a41","attributes":{"a":[1,{"b":null}]}}]"#,
        r#""precursor_ids":["1a8ea28ac3381a41"],"http":null,"aws":null,"annotations":null,"metadata":[1],"sql":{}"#,
        r#""end_time":1795415969,"subsegments":[{"id":"1a8ea28ac3381a42","name":"a","start_time":1795415968,"in_progress":true,
            "trace_id":"1-6b03df9f-429d14ed5031f517127f5323","type":"subsegment","parent_id":"1a8ea28ac3381a40",
            "subsegments":[{"id":"1A8EA28AC3381A43","name":"b","start_time":1795415968,"end_time":1795415968.5}]},
            {"id":"1a8ea28ac3381a44","name":"c","start_time":1795415968,"end_time":1795415969}]"#,
    ] {
        check_document(&format!("{{{HEAD},{members}}}"));
    }
}

type Flat = (Option<Resource>, String, Option<InstrumentationScope>, String, Span);

fn flat(groups: &[ResourceSpans]) -> Vec<Flat> {
    let mut flat = Vec::new();
    for group in groups {
        for scope in &group.scope_spans {
            flat.extend(scope.spans.iter().map(|span| {
                let mut span = span.clone();
                // An empty status says nothing, as none does.
                span.status = span.status.filter(|status| *status != Default::default());
                let (resource, schema) = (group.resource.clone(), group.schema_url.clone());
                (resource, schema, scope.scope.clone(), scope.schema_url.clone(), span)
            }));
        }
    }
    flat
}

#[test]
fn spans_are_written_as_they_were() {
    for name in OTLP {
        let request = identified(name);
        with_records(name, &request, |records| {
            let nodes = decode::nodes(records).nodes;
            let back = convert::span::resource_spans(&nodes);
            assert_eq!(flat(&back), flat(&request.resource_spans), "{name}");
        });
    }
}

fn spans_by_id(groups: &[ResourceSpans]) -> Vec<Span> {
    let mut spans: Vec<Span> = flat(groups).into_iter().map(|(.., span)| span).collect();
    spans.sort_by(|a, b| (&a.trace_id, &a.span_id).cmp(&(&b.trace_id, &b.span_id)));
    spans
}

/// What X-Ray must not lose.
fn essence(request: &ExportTraceServiceRequest, back: &[ResourceSpans]) {
    let (sent, back) = (spans_by_id(&request.resource_spans), spans_by_id(back));
    assert_eq!(back.len(), sent.len());
    for (back, sent) in back.into_iter().zip(sent) {
        let back = Span {
            attributes: sent.attributes.clone(),
            ..back
        };
        assert_eq!(back, sent);
    }
}

#[test]
fn what_xray_has_no_word_for_survives_it() {
    for name in OTLP {
        let request = identified(name);
        with_records(name, &request, |records| {
            let nodes = decode::nodes(records).nodes;
            let documents = convert::segment::documents(&nodes);
            assert!(documents.iter().any(|document| document.is_segment), "{name}");
            let records: Vec<_> = documents.iter().map(|document| xray(&document.json)).collect();
            for record in &records {
                let Body::Xray(json) = record.body else {
                    panic!("{record:?}")
                };
                assert_eq!(
                    segment::head(json).unwrap().oddities,
                    [],
                    "{}",
                    String::from_utf8_lossy(json)
                );
            }
            let back = convert::span::resource_spans(&decode::nodes(&records).nodes);
            essence(&request, &back);
        });
    }
}

#[test]
fn a_local_root_that_calls_is_a_service_and_a_call() {
    let mut request = identified("proto-example-trace");
    let span = &mut request.resource_spans[0].scope_spans[0].spans[0];
    span.kind = 3;
    let kind = span.attributes[0].clone();
    let mut root = kind.clone();
    root.key = "aws.span.kind".into();
    let local_root = opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue("LOCAL_ROOT".into());
    root.value = Some(opentelemetry_proto::tonic::common::v1::AnyValue {
        value: Some(local_root),
    });
    span.attributes.push(root);
    with_records("local root", &request, |records| {
        let nodes = decode::nodes(records).nodes;
        let documents = convert::segment::documents(&nodes);
        let [document] = &documents[..] else {
            panic!("{documents:?}")
        };
        let json: Value = serde_json::from_str(&document.json).unwrap();
        let call = &json["subsegments"][0];
        assert_eq!(
            (&json["name"], &json["id"]),
            (&Value::from("my.service"), &Value::from(document.id.to_string()))
        );
        assert_eq!(
            (&call["id"], &call["namespace"]),
            (&Value::from("eee19b7ec3c1b174"), &Value::from("remote"))
        );
        assert_ne!(json["id"], call["id"]);
    });
}

#[test]
fn a_translated_segment_says_what_it_said() {
    let documents = documents();
    let records: Vec<_> = documents[..7].iter().map(|document| xray(document)).collect();
    let groups = convert::span::resource_spans(&decode::nodes(&records).nodes);
    let spans = flat(&groups);
    assert_eq!((groups.len(), spans.len()), (1, 10));
    let (resource, .., span) = spans.iter().find(|(.., span)| span.name == "orders-api").unwrap();
    let said = |attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue], wanted: &str| {
        let found = attributes.iter().find(|attribute| attribute.key == wanted);
        format!(
            "{:?}",
            found
                .unwrap_or_else(|| panic!("no {wanted}"))
                .value
                .as_ref()
                .unwrap()
                .value
        )
    };
    assert_eq!(span.kind, 2);
    assert!(said(&resource.as_ref().unwrap().attributes, "service.name").contains("orders-api"));
    assert!(said(&span.attributes, "aws.xray.metadata.shop").contains("sku"));
    assert!(said(&span.attributes, "http.status_code").contains("500"));
    assert!(said(&span.attributes, "tenant").contains("blue"));
    let (.., failed) = spans.iter().find(|(.., span)| !span.events.is_empty()).unwrap();
    assert_eq!(
        (&*failed.events[0].name, failed.status.as_ref().unwrap().code),
        ("exception", 2)
    );
}

#[test]
fn a_chain_of_any_length_is_nested_to_a_limit() {
    let mut request = identified("proto-example-trace");
    let spans = &mut request.resource_spans[0].scope_spans[0].spans;
    let first = Span {
        parent_span_id: Vec::new(),
        span_id: 1u64.to_be_bytes().to_vec(),
        ..spans[0].clone()
    };
    *spans = (1..=20_000u64)
        .map(|id| Span {
            span_id: id.to_be_bytes().to_vec(),
            parent_span_id: if id == 1 {
                Vec::new()
            } else {
                (id - 1).to_be_bytes().to_vec()
            },
            kind: if id == 1 { 2 } else { 1 },
            ..first.clone()
        })
        .collect();
    with_records("chain", &request, |records| {
        let documents = convert::segment::documents(&decode::nodes(records).nodes);
        assert_eq!(documents.len(), 1);
        let record = record(records[0].trace, Body::Xray(documents[0].json.as_bytes()));
        assert_eq!(segment::nodes(&record).map(|nodes| nodes.len()), Ok(20_000));
    });
}

#[test]
fn a_circle_of_parents_is_cut() {
    let mut request = identified("proto-example-trace");
    let spans = &mut request.resource_spans[0].scope_spans[0].spans;
    let of = |id: u8, parent: u8| Span {
        span_id: vec![id; 8],
        parent_span_id: vec![parent; 8],
        kind: 1,
        ..spans[0].clone()
    };
    *spans = vec![of(1, 2), of(2, 1), of(3, 3)];
    with_records("circle", &request, |records| {
        let documents = convert::segment::documents(&decode::nodes(records).nodes);
        let ids: Vec<_> = documents.iter().map(|document| document.id.0 as u8).collect();
        assert_eq!(ids, [3, 1]);
    });
}
