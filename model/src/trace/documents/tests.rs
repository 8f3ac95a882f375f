use proptest::prelude::*;

use super::*;
use crate::record::{Body, Record};
use crate::segment;
use crate::trace::sketch::{TRACE, at};

/// Assembles documents that came in the given order, and tells what X-Ray would give back.
fn assembled<'a>(trace: crate::id::TraceId, sent: &[&'a str]) -> (Trace<'a>, Vec<String>) {
    let record = |(number, document): (i64, &&'a str)| Record {
        trace,
        received: at(number),
        weight: 1.0,
        body: Body::Xray(document.as_bytes()),
    };
    let records: Vec<_> = (1..).zip(sent).map(record).collect();
    let nodes = records
        .iter()
        .flat_map(|record| segment::nodes(record).unwrap())
        .collect();
    let trace = Trace::assemble(trace, nodes);
    let documents = documents(&trace, &records);
    let whose = |document: &Document| assert!(document.json.contains(&document.id.to_string()));
    documents.iter().for_each(whose);
    (trace, documents.into_iter().map(|document| document.json).collect())
}

fn given(sent: &[&str]) -> Vec<String> {
    assembled(TRACE, sent).1
}

fn check(sent: &[&str], expected: &[&str]) {
    assert_eq!(given(sent), expected);
}

const TIMES: &str = r#""trace_id":"1-5759e988-bd862e3fe1be46a994272793","start_time":1,"end_time":2"#;

/// A document with `TIMES` in place of `…`, and ids of one digit in `#`.
fn doc(text: &str) -> String {
    let mut whole = text.replace('…', TIMES);
    for digit in 1..=9 {
        whole = whole.replace(&format!("#{digit}"), &format!("\"000000000000000{digit}\""));
    }
    whole
}

#[test]
fn a_segment_alone_comes_back_as_it_came() {
    let odd = doc(r#" { "name" : "\u00e4" , "zzz": 1.50e0, "id":#1, … , "id":#1 }  "#);
    check(&[&odd], &[&odd]);
}

#[test]
fn streamed_subsegments_are_put_where_they_belong() {
    let part = doc(r#"{"type":"subsegment","id":#2,"name":"b","parent_id":#1,…}"#);
    check(
        &[&part, &doc(r#"{"id":#1, "name":"a",… , "x":[] }"#)],
        &[&doc(r#"{"id":#1, "name":"a",… , "x":[] ,"subsegments":[P]}"#).replace('P', &part)],
    );
    check(
        &[&part, &doc(r#"{"subsegments":[ ],"id":#1,"name":"a",…}"#)],
        &[&doc(r#"{"subsegments":[ P],"id":#1,"name":"a",…}"#).replace('P', &part)],
    );
    check(
        &[&part, &doc(r#"{"subsegments": null,"id":#1,"name":"a",…}"#)],
        &[&doc(r#"{"subsegments": [P],"id":#1,"name":"a",…}"#).replace('P', &part)],
    );
    let whole = r#"{"id":#1,"name":"a",…,"subsegments":[{"id":#3,"name":"c",… }P]}"#;
    check(
        &[&part, &doc(&whole.replace('P', ""))],
        &[&doc(whole).replace('P', &format!(",{part}"))],
    );
}

#[test]
fn streamed_subsegments_nest_in_each_other_and_in_embedded_ones() {
    let outer = doc(r#"{"type":"subsegment","id":#3,"name":"c","parent_id":#2,…}"#);
    let inner = doc(r#"{"type":"subsegment","id":#4,"name":"d","parent_id":#3,…}"#);
    let whole = r#"{"id":#1,"name":"a",…,"subsegments":[{"id":#2,"name":"b",…P}]}"#;
    let nested = format!("{},\"subsegments\":[{inner}]}}", &outer[..outer.len() - 1]);
    check(
        &[&inner, &outer, &doc(&whole.replace('P', ""))],
        &[&doc(whole).replace('P', &format!(",\"subsegments\":[{nested}]"))],
    );
}

#[test]
fn the_copy_that_counts_is_given_once() {
    let alone = doc(r#"{"type":"subsegment","id":#2,"name":"b","parent_id":#1,…}"#);
    let open = doc(r#"{"id":#2,"name":"b","start_time":1,"in_progress":true}"#);
    let whole = doc(r#"{"id":#1,"name":"a",…,"subsegments":[P]}"#);
    check(&[&alone, &whole.replace('P', &open)], &[&whole.replace('P', &alone)]);
    let later = doc(r#"{"id":#2,"name":"b",…,"later":true}"#);
    check(&[&alone, &whole.replace('P', &later)], &[&whole.replace('P', &later)]);
}

#[test]
fn only_the_document_that_counts_is_given() {
    let open = doc(
        r#"{"id":#1,"name":"a","trace_id":"1-5759e988-bd862e3fe1be46a994272793","start_time":1,"in_progress":true}"#,
    );
    let done = doc(r#"{"id":#1,"name":"a",…}"#);
    check(&[&open, &done], &[&done]);
    check(&[&done, &open], &[&done]);
    check(&[&done, &done, &done], &[&done]);
}

#[test]
fn lone_subsegments_come_in_a_placeholder() {
    let part = doc(r#"{"type":"subsegment","id":#2,"name":"b","parent_id":#1,…}"#);
    let placeholder = doc(
        r#"{"id":#1,"name":"unknown","start_time":1.0,"in_progress":true,"trace_id":"1-5759e988-bd862e3fe1be46a994272793","subsegments":[P]}"#,
    );
    check(&[&part], &[&placeholder.replace('P', &part)]);
}

#[test]
fn inferred_segments_have_documents_of_their_own() {
    let call = r#"{"id":#2,"name":"DynamoDB","start_time":1.25,"end_time":1.5,"namespace":"aws",
        "http":{"response":{"status":200}},"aws":{"table_name":"orders","operation":"UpdateItem"}}"#;
    let segment = doc(&r#"{"id":#1,"name":"a",…,"subsegments":[P]}"#.replace('P', call));
    let documents = given(&[&segment]);
    assert_eq!(documents[0], segment);
    let inferred: serde_json::Value = serde_json::from_str(&documents[1]).unwrap();
    let id = inferred["id"].as_str().unwrap();
    let expected = doc(
        r#"{"id":"I","name":"DynamoDB","start_time":1.25,"end_time":1.5,"parent_id":#2,"inferred":true,"http":{"response":{"status":200}},"aws":{"table_name":"orders","operation":"UpdateItem"},"trace_id":"1-5759e988-bd862e3fe1be46a994272793","origin":"AWS::DynamoDB::Table"}"#,
    );
    assert_eq!(documents[1], expected.replace("\"I\"", &format!("\"{id}\"")));
    assert_eq!(id.len(), 16);
}

/// The genuine SDK sends finished subsegments before their parents; nothing of any document is lost or altered.
#[test]
fn what_an_sdk_streamed_is_put_together_again() {
    let lines: Vec<serde_json::Value> = crate::testkit::RECORDED_PYTHON
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let datagrams: Vec<&str> = lines.iter().map(|line| line["datagram"].as_str().unwrap()).collect();
    let sent: Vec<&str> = datagrams
        .iter()
        .map(|datagram| datagram.split_once('\n').unwrap().1)
        .collect();
    let trace: crate::id::TraceId = "1-6b03e078-ef9d2b4c4441e69a9daf6ad2".parse().unwrap();
    let (trace, documents) = assembled(trace, &sent);
    assert_eq!(
        trace.to_string(),
        "orders-api fault\n\
         ├─ dynamodb\n\
         │  └─ (DynamoDB: AWS::DynamoDB)\n\
         ├─ dynamodb fault error\n\
         │  └─ (missing: AWS::DynamoDB::Table) fault error\n\
         ├─ 127.0.0.1\n\
         │  └─ (127.0.0.1: remote)\n\
         ├─ 127.0.0.1 error\n\
         │  └─ (127.0.0.1: remote) error\n\
         ├─ 127.0.0.1 error throttle\n\
         │  └─ (127.0.0.1: remote) error throttle\n\
         ├─ db-work\n\
         │  ├─ :memory:\n\
         │  │  └─ (:memory:: Database::SQL)\n\
         │  └─ :memory:\n\
         │     └─ (:memory:: Database::SQL)\n\
         └─ compute fault"
    );
    assert_eq!(documents.len(), 8);
    for part in &sent[..6] {
        assert!(documents[0].contains(part), "{part}");
    }
    let mut rest = documents[0].clone();
    for part in &sent[..6] {
        let at = rest.find(part).unwrap();
        rest.replace_range(at..at + part.len(), "");
    }
    assert_eq!(
        rest.replace(",,,,,]", "]").replace("},]", "}]"),
        sent[6],
        "only commas were added"
    );
    let digest = crate::derive::digest(&trace, at(10_000_000));
    assert_eq!(digest.http.status, Some(500));
    assert!(digest.flags.fault && digest.flags.throttle && digest.inferred && !digest.partial);
    assert_eq!(digest.annotations.len(), 3);
    assert_eq!(digest.users[0].name, "u-1029");
}

/// Whether brackets and strings are well-formed however deep, and the largest depth.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in json.bytes() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    assert_eq!(depth, 0);
    deepest
}

#[test]
fn a_long_chain_of_streamed_subsegments_stays_readable() {
    let mut sent = vec![doc(r#"{"id":#1,"name":"a",…}"#)];
    for number in 2..2_000u32 {
        let ids = format!(r#""id":"{number:016x}","parent_id":"{:016x}""#, number - 1);
        sent.push(doc(&format!(r#"{{"type":"subsegment",{ids},"name":"b",…}}"#)));
    }
    let sent: Vec<&str> = sent.iter().map(String::as_str).collect();
    let documents = given(&sent);
    assert_eq!(documents.len(), 1);
    assert!(depth(&documents[0]) <= 2 * DEPTH as usize + 1);
    assert_eq!(documents[0].matches("\"name\":\"b\"").count(), 1_998);
}

proptest! {
    /// Documents of few ids in any relation: each that counts is given once, as valid JSON.
    #[test]
    fn nothing_is_given_twice_and_nothing_is_broken(
        sent in prop::collection::vec((1u8..9, 1u8..9, any::<bool>(), prop::option::of(1u8..9)), 0..12)
    ) {
        let sent: Vec<String> = (0..)
            .zip(sent)
            .map(|(number, (id, parent, alone, inside))| {
                let inside = inside.map_or(String::new(), |inside| {
                    format!(r#","subsegments":[{{"id":#{inside},"name":"e{number}","start_time":1,"end_time":2}}]"#)
                });
                let kind = if alone { format!(r#""type":"subsegment","parent_id":#{parent},"#) } else { String::new() };
                doc(&format!(r#"{{{kind}"id":#{id},"name":"d{number}",…{inside}}}"#))
            })
            .collect();
        let texts: Vec<&str> = sent.iter().map(String::as_str).collect();
        let (trace, documents) = assembled(TRACE, &texts);
        for json in &documents {
            prop_assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{json}");
        }
        let all = documents.concat();
        for name in (0..sent.len()).map(|number| format!("d{number}")) {
            let counts = trace.arrived().iter().any(|node| node.name == name && node.form != Form::Embedded);
            prop_assert_eq!(all.matches(&format!("\"{name}\"")).count(), usize::from(counts), "{} in {}", name, all);
        }
    }
}

#[test]
fn spans_are_given_as_documents_among_the_segments() {
    let segment = doc(r#"{"name":"a","id":#1,…}"#);
    let span = |kind: i32, id: u8, parent: u8, name: &str, start: u64| {
        use opentelemetry_proto::tonic::trace::v1::Span;
        use prost::Message;
        Span {
            trace_id: TRACE.to_bytes().to_vec(),
            span_id: vec![0, 0, 0, 0, 0, 0, 0, id],
            parent_span_id: vec![0, 0, 0, 0, 0, 0, 0, parent],
            kind,
            name: name.to_owned(),
            start_time_unix_nano: start * 1_000_000_000,
            end_time_unix_nano: (start + 1) * 1_000_000_000,
            ..Span::default()
        }
        .encode_to_vec()
    };
    let spans = [span(1, 3, 2, "work", 6), span(2, 2, 1, "serve", 5)];
    let bodies = spans.iter().map(|span| Body::Otlp { context: b"", span });
    let bodies: Vec<_> = bodies.chain([Body::Xray(segment.as_bytes())]).collect();
    let record = |(number, &body)| Record {
        trace: TRACE,
        received: at(number),
        weight: 1.0,
        body,
    };
    let records: Vec<_> = (1..).zip(&bodies).map(record).collect();
    let trace = Trace::assemble(TRACE, crate::decode::nodes(&records).nodes);
    let given = documents(&trace, &records);
    let ids: Vec<_> = given.iter().map(|document| document.id.0).collect();
    assert_eq!(ids, [1, 2], "one document for each segment, by start");
    assert!(
        given[1].json.contains(r#""parent_id":"0000000000000001""#),
        "{}",
        given[1].json
    );
    assert!(
        given[1].json.contains(r#""id":"0000000000000003""#),
        "{}",
        given[1].json
    );
}
