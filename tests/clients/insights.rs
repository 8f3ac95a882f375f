//! Faults that were injected hours into a quiet shop: in through the real sockets, out over boto3 and the terminal.

use std::time::{Duration, Instant};

use beamline_model::testkit::{Sample, shop};
use serde_json::{Value, json};

use super::program::python;
use crate::harness::{Server, beamline, http};

/// How long after its arrival data is judged at the latest.
const JUDGED_WITHIN: Duration = Duration::from_secs(30);

/// As the X-Ray daemon sends them.
fn put(server: &Server, samples: impl Iterator<Item = Sample>) {
    let documents: Vec<String> = samples.flat_map(|sample| sample.documents).collect();
    for part in documents.chunks(500) {
        let body = json!({"TraceSegmentDocuments": part}).to_string();
        let (status, answer) = http(
            server.http(),
            "POST",
            "/TraceSegments",
            "application/json",
            body.as_bytes(),
        );
        assert_eq!((status, answer.as_str()), (200, r#"{"UnprocessedTraceSegments":[]}"#));
    }
}

/// As X-Ray SDKs send them.
fn send(server: &Server, samples: impl Iterator<Item = Sample>) {
    for document in samples.flat_map(|sample| sample.documents) {
        // A datagram's document is all that follows the first line break.
        let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
        server.send_datagram(datagram.as_bytes());
    }
}

fn shown(server: &Server, args: &[&str]) -> String {
    let output = beamline(args)
        .args(["--endpoint", &server.endpoint()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_injected_fault_is_an_insight_within_half_a_minute() {
    let server = Server::start();
    let now = u32::try_from(crate::wire::now() / 60).unwrap();
    // Three hours that were fine, but for five minutes that have not been told of yet.
    let minutes = (now - 200..now).filter(|minute| !(now - 30..now - 25).contains(minute));
    put(&server, minutes.flat_map(|minute| shop(minute, 6, 0)));
    let sent = Instant::now();
    send(&server, (now - 30..now - 25).flat_map(|minute| shop(minute, 10, 8)));

    let start = ((now - 30) * 60).to_string();
    let mut tests = python("insights.py").with(&[&start]).command(&server);
    let output = tests.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let judged = Duration::from_secs_f64(told["waited"].as_f64().unwrap());
    assert!(
        judged < JUDGED_WITHIN,
        "judged after {judged:?}; asked after {:?}",
        sent.elapsed()
    );

    let id = told["id"].as_str().unwrap();
    let listed: Value = serde_json::from_str(&shown(&server, &["insights", "--json"])).unwrap();
    assert_eq!(
        (listed["id"].as_str(), &listed["rootCause"]["name"]),
        (Some(id), &json!("cart"))
    );
    let again = shown(&server, &["insights", "replay", "--since", "3h", "--json"]);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["id"], listed["id"], "judged again it is the same");
    assert_eq!(again["anomalies"], listed["anomalies"]);
    let text = shown(&server, &["insights"]);
    assert!(text.contains("80 % of the requests to cart failed from"), "{text}");
    assert!(text.contains("✗  cart"), "{text}");
    let none = shown(
        &server,
        &[
            "insights",
            "replay",
            "--from",
            "2026-01-01T00:00:00Z",
            "--to",
            "2026-01-02T00:00:00Z",
        ],
    );
    assert_eq!(none, "");
}
