//! From the socket to the answer.

use beamline_proto::query::document::Body;
use beamline_proto::query::search_response::Part;
use beamline_proto::query::{GetServiceGraphRequest, GetStatusRequest, SearchRequest, Selection, TimeRange, Trace};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

use crate::harness::{Server, block_on, http};

const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// Now, as X-Ray documents have it.
fn seconds() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

/// The last hour and a minute of the next.
fn lately() -> Option<TimeRange> {
    let now = SystemTime::now();
    Some(TimeRange {
        start: Some((now - Duration::from_secs(3600)).into()),
        end: Some((now + Duration::from_secs(60)).into()),
    })
}

fn new_trace_id(unique: u32) -> String {
    format!("1-{:08x}-{unique:024x}", seconds() as u32)
}

/// X-Ray documents of a trace, as text.
pub(crate) fn documents(trace: &Trace) -> Vec<String> {
    let text = |body: &Body| match body {
        Body::Xray(bytes) => Some(String::from_utf8(bytes.clone()).unwrap()),
        Body::Otlp(_) => None,
    };
    trace
        .documents
        .iter()
        .filter_map(|document| text(document.body.as_ref()?))
        .collect()
}

/// The traces of the last hour that a filter finds.
pub(crate) async fn found(server: &Server, filter: &str) -> Vec<String> {
    let request = SearchRequest {
        range: lately(),
        selection: Some(Selection {
            filter: filter.to_owned(),
            group: String::new(),
        }),
        ..SearchRequest::default()
    };
    let mut parts = server.query().await.search(request).await.unwrap().into_inner();
    let mut ids = Vec::new();
    while let Some(message) = parts.message().await.unwrap() {
        if let Some(Part::Trace(trace)) = message.part {
            ids.push(trace.trace_id);
        }
    }
    ids
}

#[test]
fn a_datagram_becomes_an_answer_byte_for_byte() {
    let server = Server::start();
    let id = new_trace_id(1);
    let (start, end) = (seconds() - 0.5, seconds());
    // Odd spacing, an unknown key and a number spelled its own way have to survive.
    let document = format!(
        "{{ \"trace_id\":\"{id}\",\"id\":\"53995c3f42cd8ad8\", \"name\":\"cart\",\"start_time\":{start:.3},\
         \"end_time\":{end:.6}, \"mood\":[1.50,true],\"fault\":true,\"annotations\":{{\"tier\":\"gold\"}}}}"
    );
    block_on(async {
        let datagram = format!("{HEADER}{document}");
        server
            .await_trace(&id, 1, || server.send_datagram(datagram.as_bytes()))
            .await;
        let trace = server.trace(&id).await.unwrap();
        assert_eq!(documents(&trace), [document.as_str()]);
        assert_eq!(
            found(&server, "annotation[tier] = \"gold\" AND fault").await,
            [id.as_str()]
        );
        assert_eq!(found(&server, "ok").await, [""; 0]);
    });
    let body = json!({"TraceIds": [id]}).to_string();
    let (status, answer) = http(server.http(), "POST", "/Traces", "application/json", body.as_bytes());
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["Traces"][0]["Segments"][0]["Document"], document);
}

#[test]
fn whoever_does_not_sign_finds_in_an_account_of_ones_own_what_came_unsigned() {
    let server = Server::start_with(&["--account", "111122223333", "--region", "eu-north-1"]);
    let id = new_trace_id(9);
    let (start, end) = (seconds() - 0.5, seconds());
    let document =
        json!({"trace_id": id, "id": "53995c3f42cd8ad8", "name": "cart", "start_time": start, "end_time": end});
    block_on(server.await_trace(&id, 1, || {
        server.send_datagram(format!("{HEADER}{document}").as_bytes())
    }));
    let body = json!({"TraceIds": [id]}).to_string();
    let (status, answer) = http(server.http(), "POST", "/Traces", "application/json", body.as_bytes());
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["Traces"][0]["Id"], id, "{answer}");
}

#[test]
fn both_protocols_meet_in_one_trace_and_one_graph() {
    let server = Server::start();
    let id = new_trace_id(2);
    let w3c = id.replace("1-", "").replace('-', "");
    let now = seconds();
    let caller = json!({
        "trace_id": id, "id": "1111111111111111", "name": "front", "start_time": now - 1.0, "end_time": now,
        "subsegments": [{"id": "2222222222222222", "name": "back", "namespace": "remote",
            "start_time": now - 0.9, "end_time": now - 0.1, "http": {"request": {"method": "GET", "url": "http://back/x", "traced": true}}}],
    });
    let nanos = |seconds: f64| format!("{}", (seconds * 1e9) as u64);
    let callee = json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "back"}}]},
        "scopeSpans": [{"spans": [{
            "traceId": w3c, "spanId": "3333333333333333", "parentSpanId": "2222222222222222", "kind": 2, "name": "GET /x",
            "startTimeUnixNano": nanos(now - 0.8), "endTimeUnixNano": nanos(now - 0.2),
        }]}],
    }]});
    let body = json!({"TraceSegmentDocuments": [caller.to_string()]}).to_string();
    let (status, answer) = http(
        server.http(),
        "POST",
        "/TraceSegments",
        "application/json",
        body.as_bytes(),
    );
    assert_eq!((status, answer.as_str()), (200, "{\"UnprocessedTraceSegments\":[]}"));
    let body = callee.to_string();
    let (status, answer) = http(
        server.otlp_http(),
        "POST",
        "/v1/traces",
        "application/json",
        body.as_bytes(),
    );
    assert_eq!(status, 200, "{answer}");

    // Acknowledged, so there is nothing to wait for.
    block_on(async {
        let trace = server.trace(&id).await.unwrap();
        let summary = trace.summary.unwrap();
        let names: Vec<&str> = summary
            .services
            .iter()
            .filter_map(|it| Some(it.id.as_ref()?.name.as_str()))
            .collect();
        assert_eq!(names, ["front", "back"]);
        assert!(trace.nodes.iter().skip(1).all(|node| node.parent.is_some()), "one tree");
        assert_eq!(found(&server, "service(\"back\")").await, [id.as_str()]);
        let request = GetServiceGraphRequest {
            range: lately(),
            ..GetServiceGraphRequest::default()
        };
        let graph = server
            .query()
            .await
            .get_service_graph(request)
            .await
            .unwrap()
            .into_inner();
        let name = |index: u32| graph.nodes[index as usize].id.as_ref().unwrap().name.as_str();
        let edges: Vec<(&str, &str)> = graph
            .edges
            .iter()
            .map(|edge| (name(edge.from), name(edge.to)))
            .collect();
        assert!(edges.contains(&("front", "back")), "{edges:?}");
    });
}

#[test]
fn what_is_refused_is_counted_with_a_reason_and_kept_to_be_looked_at() {
    let server = Server::start();
    let id = new_trace_id(3);
    let good = json!({"trace_id": id, "id": "53995c3f42cd8ad8", "name": "cart", "start_time": 1.0, "end_time": 2.0});
    block_on(async {
        let send = || {
            server.send_datagram(b"no header at all");
            server.send_datagram(format!("{HEADER}{{\"name\":").as_bytes());
            server.send_datagram(format!("{HEADER}{}", "[".repeat(60_000)).as_bytes());
            server.send_datagram(&[0xff; 5_000]);
            // One that is right, so that there is something to wait for.
            server.send_datagram(format!("{HEADER}{good}").as_bytes());
        };
        server.await_trace(&id, 1, send).await;
        let status = server
            .query()
            .await
            .get_status(GetStatusRequest { rejected_limit: 10 })
            .await
            .unwrap();
        assert_eq!(status.get_ref().rejected.len(), 4, "{:?}", status.get_ref().rejected);
    });
    let (status, metrics) = http(server.http(), "GET", "/metrics", "text/plain", b"");
    assert_eq!(status, 200);
    let rejected: f64 = metrics
        .lines()
        .filter(|line| line.starts_with("beamline_collector_rejected_total{transport=\"xray_udp\""))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum();
    assert_eq!(rejected, 4.0, "{metrics}");
}

#[test]
fn stopping_loses_nothing_and_starting_again_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start_on(&data, &[]);
    let id = new_trace_id(4);
    let document =
        json!({"trace_id": id, "id": "53995c3f42cd8ad8", "name": "cart", "start_time": seconds(), "in_progress": true});
    let body = json!({"TraceSegmentDocuments": [document.to_string()]}).to_string();
    assert_eq!(
        http(
            server.http(),
            "POST",
            "/TraceSegments",
            "application/json",
            body.as_bytes()
        )
        .0,
        200
    );
    assert!(server.terminate().success());
    let server = Server::start_on(&data, &[]);
    let trace = block_on(server.trace(&id)).unwrap();
    assert_eq!(documents(&trace), [document.to_string()]);
    assert!(trace.nodes[0].in_progress);
    assert_eq!(server.data(), data);
}

#[test]
fn the_daemons_tcp_port_answers_sdks_that_ask_for_sampling_rules() {
    let server = Server::start();
    let (status, answer) = http(server.xray(), "POST", "/GetSamplingRules", "application/json", b"{}");
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["SamplingRuleRecords"][0]["SamplingRule"]["RuleName"], "Default");
    assert_eq!(http(server.xray(), "GET", "/metrics", "text/plain", b"").0, 404);
}

#[test]
fn one_port_serves_people_and_programs() {
    let server = Server::start();
    let get = |path: &str| http(server.http(), "GET", path, "text/plain", b"");
    assert_eq!(get("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(get("/readyz"), (200, "ready\n".to_owned()));
    let (status, page) = get("/");
    assert_eq!(status, 200);
    assert!(page.contains(&server.otlp_grpc().to_string()), "{page}");
    assert_eq!(get("/nowhere").0, 404);
}
