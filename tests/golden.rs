//! A scripted system of five services, and every field of what the API says of it, as worked out by hand.
//!
//! `tests/golden/shop/README.md` tells the story and the arithmetic. The documents are sent one after the other, each
//! acknowledged or seen before the next, so that revisions are known too.

use serde_json::{Map, Value, json};

use crate::harness::{Server, block_on};
use crate::wire::post;

const SEGMENTS: &str = include_str!("golden/shop/segments.ndjson");
const SPANS: &str = include_str!("golden/shop/spans.json");

/// The two minutes in which everything happens.
pub(crate) const RANGE: [u64; 2] = [1_767_225_600, 1_767_225_720];

/// The system, with everything that it reported.
pub(crate) fn shop() -> Server {
    // The script's times are fixed, so it grows old.
    let server = Server::start_with(&["--retention", "3650d"]);
    for document in SEGMENTS.lines() {
        let segment: Value = serde_json::from_str(document).unwrap();
        let trace = segment["trace_id"].as_str().unwrap();
        let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
        block_on(server.await_trace(trace, 1, || server.send_datagram(datagram.as_bytes())));
    }
    let kind = [("Content-Type", "application/json")];
    let reply = post(server.otlp_http(), "/v1/traces", &kind, SPANS.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    server
}

fn ask(server: &Server, path: &str, body: &Value) -> Value {
    let reply = post(server.http(), path, &[], body.to_string().as_bytes());
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn within(more: Value) -> Value {
    let mut body = json!({"StartTime": RANGE[0], "EndTime": RANGE[1]});
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Fails with every field that differs.
fn check(what: &str, expected: &Value, found: &Value) {
    let mut differences = Vec::new();
    compare(what, expected, found, &mut differences);
    assert!(differences.is_empty(), "{}\n\nfound: {found:#}", differences.join("\n"));
}

fn compare(at: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let keys: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            for key in keys {
                let value = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or_else(|| json!("<absent>"));
                compare(&format!("{at}.{key}"), &value(expected), &value(found), differences);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{at}[{index}]"), expected, found, differences);
            }
        }
        (Value::Number(expected), Value::Number(found)) => {
            // 5 and 5.0 are one number, and sums of floating point numbers end in what they end in.
            let [expected, found] = [expected, found].map(|number| number.as_f64().unwrap());
            if (expected - found).abs() > 1e-9 {
                differences.push(format!("{at}: expected {expected}, found {found}"));
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{at}: expected {expected}, found {found}")),
    }
}

/// The same graph with its references resolved and everything in an order of its own: the API promises none.
fn resolved(mut graph: Value) -> Value {
    let services = graph["Services"].as_array_mut().unwrap();
    let name = |service: &Value| {
        let part = |key: &str| service[key].as_str().unwrap_or("<absent>").to_owned();
        format!("{} {}", part("Name"), part("Type"))
    };
    let names: Vec<String> = services.iter().map(name).collect();
    for (place, service) in services.iter_mut().enumerate() {
        let service = service.as_object_mut().unwrap();
        assert_eq!(service.remove("ReferenceId"), Some(json!(place)), "dense from 0");
        for edge in service["Edges"].as_array_mut().unwrap() {
            let edge = edge.as_object_mut().unwrap();
            let to = edge.remove("ReferenceId").and_then(|id| id.as_u64()).unwrap();
            edge.insert("To".to_owned(), json!(names[to as usize]));
        }
    }
    ordered(graph)
}

fn ordered(mut graph: Value) -> Value {
    let by = |key: fn(&Value) -> String| move |value: &Value| key(value);
    let services = graph["Services"].as_array_mut().unwrap();
    services.sort_by_key(by(|it| format!("{} {}", it["Name"], it["Type"])));
    for service in services {
        let edges = service["Edges"].as_array_mut().unwrap();
        edges.sort_by_key(by(|it| it["To"].to_string()));
    }
    graph
}

#[test]
fn every_field_of_every_summary_is_as_worked_out_by_hand() {
    let server = shop();
    let found = ask(&server, "/TraceSummaries", &within(json!({})));
    check("summaries", &read(include_str!("golden/shop/summaries.json")), &found);
    // Asked for by when they changed, they tell when that was: it is the only field that has to do with now.
    let now = crate::wire::now();
    let body = json!({"StartTime": now - 600, "EndTime": now + 60, "TimeRangeType": "Event"});
    let by_event = ask(&server, "/TraceSummaries", &body);
    let summaries = by_event["TraceSummaries"].as_array().unwrap();
    assert_eq!(summaries.len(), 6, "{by_event}");
    for summary in summaries {
        let matched = summary["MatchedEventTime"].as_f64().unwrap();
        assert!(matched > (now - 600) as f64 && matched < (now + 60) as f64, "{summary}");
    }
}

#[test]
fn every_field_of_the_graphs_is_as_worked_out_by_hand() {
    let server = shop();
    let found = ask(&server, "/ServiceGraph", &within(json!({})));
    let expected = read(include_str!("golden/shop/service-graph.json"));
    check("service graph", &ordered(expected), &resolved(found));
    let traces = [
        "1-6955b94b-000000000000000000000004",
        "1-6955b950-000000000000000000000005",
    ];
    let found = ask(&server, "/TraceGraph", &json!({"TraceIds": traces}));
    let expected = read(include_str!("golden/shop/trace-graph.json"));
    check("trace graph", &ordered(expected), &resolved(found));
}

#[test]
fn every_point_of_the_time_series_is_as_worked_out_by_hand() {
    let server = shop();
    for case in read(include_str!("golden/shop/time-series.json")).as_array().unwrap() {
        let found = ask(&server, "/TimeSeriesServiceStatistics", &within(case["asked"].clone()));
        let expected = json!({"TimeSeriesServiceStatistics": case["points"], "ContainsOldGroupVersions": false});
        check(&case["asked"].to_string(), &expected, &found);
    }
}
