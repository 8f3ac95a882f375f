//! The conformance table of the filter language, over the wire: seven traces sent as documents, each expression asked
//! through `GetTraceSummaries`.

use std::collections::BTreeSet;

use beamline_model::testkit::conformance;
use beamline_model::time::Timestamp;
use serde_json::json;

use crate::harness::Server;
use crate::wire::{now, post};

/// Expression → the traces it matches. Rows with several spellings of one question are several rows here.
const TABLE: &[(&str, &str)] = &[
    ("ok", "T1 T3 T6 T7"),
    ("!ok", "T2 T4 T5"),
    ("ok = false", "T2 T4 T5"),
    ("NOT ok", "T2 T4 T5"),
    ("error", "T4 T5"),
    ("fault", "T2"),
    ("fault = true", "T2"),
    ("throttle", "T5"),
    ("partial", "T6"),
    ("inferred", "T1 T2"),
    ("responsetime > 2", "T2 T3"),
    ("responseTime > 2", "T2 T3"),
    ("duration >= 5 AND duration <= 8", "T3"),
    ("ok !partial duration <3", "T1 T7"),
    ("http.status != 200", "T2 T4 T5"),
    ("http.status >= 400 and http.status < 500", "T4 T5"),
    (r#"http.url CONTAINS "/v2/""#, "T4"),
    (
        r#"http.url BEGINSWITH "http://shop.example.com/" AND !service("payments")"#,
        "T4 T5 T6",
    ),
    (r#"http.url ENDSWITH "/cart""#, "T1 T3 T5 T6"),
    (r#"http.method = "POST""#, "T2"),
    ("http.url AND responsetime > 2", "T2 T3"),
    (r#"user CONTAINS """#, "T1 T2"),
    ("user", "T1 T2"),
    ("!user", "T3 T4 T5 T6 T7"),
    (r#"user = "alice""#, "T1"),
    (r#"service("payments")"#, "T1 T2 T3"),
    (r#"service("payments") { fault }"#, "T2 T3"),
    ("service() { fault }", "T2 T3"),
    (r#"service("shop") { fault }"#, "T2"),
    (r#"service("shop") { root = true and fault = true }"#, "T2"),
    (r#"service("payments") { root }"#, ""),
    (r#"service("shop") { fault = true OR responsetime >= 2 }"#, "T2 T3"),
    (r#"edge("shop", "payments")"#, "T1 T2 T3"),
    (r#"edge("shop", "payments") { fault }"#, "T2 T3"),
    (r#"edge("payments", id(type: "AWS::DynamoDB::Table")) { fault }"#, "T2"),
    (r#"service(id(name: "fn-a", type: "AWS::Lambda::Function"))"#, "T7"),
    (r#"service(id(type: "AWS::EC2::Instance")) { error }"#, "T4 T5"),
    (r#"service("fn-a") { error }"#, ""),
    (r#"annotation.tier = "gold""#, "T1"),
    (r#"annotation[tier] = "gold""#, "T1"),
    ("annotation.age", "T1 T7"),
    ("!annotation.age", "T2 T3 T4 T5 T6"),
    ("annotation.age > 29", "T1"),
    ("annotation.beta", "T1"),
    ("annotation.beta = true", "T1"),
    (r#"annotation.tier BEGINSWITH "s""#, "T2"),
    (r#"(error OR fault) AND http.method = "GET""#, "T4 T5"),
    (r#"error OR fault AND http.method = "POST""#, "T2 T4 T5"),
    (r#"rootcause.fault.service { last and name = "orders" }"#, "T2"),
    (
        r#"rootcause.fault.service { inferred and type = "AWS::DynamoDB::Table" }"#,
        "T2",
    ),
    (
        r#"rootcause.fault.exception { last and message = "rate exceeded for orders" }"#,
        "T2",
    ),
    (r#"rootcause.fault.service { name = "payments" }"#, "T2 T3"),
    (
        r#"rootcause.responsetime.service { first and name = "shop" }"#,
        "T1 T2 T3 T4 T5",
    ),
    (r#"group.name = "slow" AND user = "bob""#, "T2"),
    (
        r#"rootcause.fault.json = #[{"Services":[{"Name":"shop"},{"Name":"payments"}]}]"#,
        "T3",
    ),
    (r#"service(id(account.id: "000000000000"))"#, ""),
    // What the X-Ray console generates.
    (r#"service("payments") { ok = true }"#, "T1"),
    (
        r#"service(id(name: "shop" , type: "AWS::EC2::Instance"))"#,
        "T1 T2 T3 T4 T5 T6",
    ),
    (
        r#"edge(id(name: "shop", type: "AWS::EC2::Instance"), id(name: "payments")) { fault = true }"#,
        "T2 T3",
    ),
    ("responsetime >= 2 AND responsetime <= 3", "T3"),
    (r#"edge(id(type:"client"), "shop")"#, "T1 T2 T3 T4 T5 T6"),
];

const REFUSED: &[&str] = &["responsetime >", "foo = 1", r#"service("x""#, "user > 3"];

#[test]
fn every_row_of_the_filter_table_holds_over_the_wire() {
    let server = Server::start();
    let start = now() - 60;
    let samples = conformance(Timestamp::from_seconds(start as i64));
    for sample in &samples {
        let body = json!({ "TraceSegmentDocuments": sample.documents }).to_string();
        let reply = post(server.http(), "/TraceSegments", &[], body.as_bytes());
        assert_eq!(
            reply.json()["UnprocessedTraceSegments"],
            json!([]),
            "{} is accepted",
            sample.name
        );
    }
    let group = json!({ "GroupName": "slow", "FilterExpression": "responsetime > 3" }).to_string();
    assert_eq!(post(server.http(), "/CreateGroup", &[], group.as_bytes()).status, 200);

    let mut wrong = Vec::new();
    for (expression, expected) in TABLE {
        let query = json!({ "StartTime": start - 60, "EndTime": start + 120, "FilterExpression": expression });
        let reply = post(server.http(), "/TraceSummaries", &[], query.to_string().as_bytes());
        let found: BTreeSet<&str> = reply.json()["TraceSummaries"]
            .as_array()
            .map(|summaries| {
                let ids = summaries
                    .iter()
                    .filter_map(|summary| summary["Id"].as_str().map(str::to_owned));
                ids.filter_map(|id| {
                    samples
                        .iter()
                        .find(|sample| sample.trace.to_string() == id)
                        .map(|sample| sample.name)
                })
                .collect()
            })
            .unwrap_or_default();
        let expected: BTreeSet<&str> = expected.split_whitespace().collect();
        if reply.status != 200 || found != expected {
            wrong.push(format!(
                "{expression}: {found:?} instead of {expected:?} ({} {})",
                reply.status,
                reply.text()
            ));
        }
    }
    for expression in REFUSED {
        let query = json!({ "StartTime": start - 60, "EndTime": start + 120, "FilterExpression": expression });
        let reply = post(server.http(), "/TraceSummaries", &[], query.to_string().as_bytes());
        if reply.status != 400 || reply.json()["__type"] != "InvalidRequestException" {
            wrong.push(format!("{expression}: {} {}", reply.status, reply.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
