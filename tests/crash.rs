//! Kills the server at random moments under load. What it acknowledged has to be there afterwards, once.
#![allow(
    clippy::print_stdout,
    reason = "the figures are for whoever runs it with --nocapture"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use beamline_proto::query::document::Body;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::harness::{Server, block_on, try_http};

/// Senders at a time.
const SENDERS: u64 = 4;
/// Documents of one trace, each sent in a request of its own, so that a kill falls between them.
const DOCUMENTS: u64 = 4;

/// Acknowledged segment ids by trace.
type Acknowledged = BTreeMap<String, Vec<String>>;

/// How often to kill. `BEAMLINE_CRASH_ROUNDS` asks for more than `make test` has time for.
fn rounds() -> u64 {
    std::env::var("BEAMLINE_CRASH_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3)
}

#[test]
fn what_was_acknowledged_survives_a_kill_exactly_once() {
    let folder = tempfile::tempdir().unwrap();
    kill_again_and_again(&folder.path().join("data"), &[]);
}

#[test]
fn what_was_acknowledged_and_encrypted_does_too() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, format!("{}\n", "5a".repeat(32))).unwrap();
    kill_again_and_again(
        &folder.path().join("data"),
        &["--encryption-key-file", key.to_str().unwrap()],
    );
}

fn kill_again_and_again(data: &Path, flags: &[&str]) {
    let seed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut acknowledged = Acknowledged::new();
    for round in 0..rounds() {
        let lifetime = Duration::from_millis(rng.random_range(200..2_500));
        let gained = run_and_kill(data, flags, round, lifetime);
        assert!(
            !gained.is_empty(),
            "seed {seed}, round {round}: nothing was acknowledged in {lifetime:?}"
        );
        let when = format!("seed {seed}, round {round}, killed after {lifetime:?}");
        verify(data, flags, &gained, &when);
        acknowledged.extend(gained);
    }
    // What a later kill did to earlier traces shows at the end, without reading all of them after each round.
    verify(data, flags, &acknowledged, &format!("seed {seed}, after all rounds"));
    println!("{} rounds: {} traces kept", rounds(), acknowledged.len());
}

/// Sends until the server is dead, and tells what it had acknowledged.
fn run_and_kill(data: &Path, flags: &[&str], round: u64, lifetime: Duration) -> Acknowledged {
    // Traces are sealed soon, so that kills fall into sealing as well.
    let mut server = Server::start_on(data, &[flags, &["--seal-after", "150ms", "--log", "info"]].concat());
    if !flags.is_empty() {
        let encrypt = json!({"Type": "KMS", "KeyId": "alias/crash"});
        assert!(post(server.http(), "/PutEncryptionConfig", &encrypt));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<JoinHandle<Acknowledged>> = (0..SENDERS)
        .map(|number| {
            let (stop, aws, otlp) = (Arc::clone(&stop), server.http(), server.otlp_http());
            std::thread::spawn(move || send(round * SENDERS + number, aws, otlp, &stop))
        })
        .collect();
    // Nothing is ever sent here: this only lets the time pass.
    let (_never, time) = mpsc::channel::<()>();
    let _ = time.recv_timeout(lifetime);
    server.kill();
    stop.store(true, Ordering::Relaxed);
    senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
}

/// Sends traces, half of them by each protocol, until the server no longer answers.
fn send(sender: u64, aws: SocketAddr, otlp: SocketAddr, stop: &AtomicBool) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    for number in 0u64.. {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        let unique = (u128::from(sender) << 48) | u128::from(number);
        let trace = format!("1-{:08x}-{unique:024x}", now as u32);
        for index in 1..=DOCUMENTS {
            if stop.load(Ordering::Relaxed) {
                return acknowledged;
            }
            let id = format!("{:016x}", (number << 8) | index);
            let sent = if number % 2 == 0 {
                let document =
                    json!({"trace_id": trace, "id": id, "name": "crash", "start_time": now, "end_time": now + 0.1});
                let body = json!({"TraceSegmentDocuments": [document.to_string()]});
                post(aws, "/TraceSegments", &body)
            } else {
                post(otlp, "/v1/traces", &span(&trace, &id, now))
            };
            // Without an answer nothing was promised: it may be there or not.
            if !sent {
                return acknowledged;
            }
            acknowledged.entry(trace.clone()).or_default().push(id);
        }
    }
    acknowledged
}

fn span(trace: &str, id: &str, now: f64) -> Value {
    let nanos = |seconds: f64| format!("{}", (seconds * 1e9) as u64);
    json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "crash"}}]},
        "scopeSpans": [{"spans": [{
            "traceId": trace[2..].replace('-', ""), "spanId": id, "kind": 2, "name": "crash",
            "startTimeUnixNano": nanos(now), "endTimeUnixNano": nanos(now + 0.1),
        }]}],
    }]})
}

fn post(address: SocketAddr, path: &str, body: &Value) -> bool {
    let answer = try_http(address, "POST", path, "application/json", body.to_string().as_bytes());
    answer.is_ok_and(|(status, _)| status == 200)
}

/// Opens the data again and compares every trace with what was acknowledged.
fn verify(data: &Path, flags: &[&str], acknowledged: &Acknowledged, when: &str) {
    let server = Server::start_on(data, flags);
    block_on(async {
        for (trace, ids) in acknowledged {
            let found = server
                .trace(trace)
                .await
                .unwrap_or_else(|| panic!("{when}: {trace} is gone"));
            let mut kept: Vec<String> = found
                .documents
                .iter()
                .filter_map(|it| id_of(it.body.as_ref()?))
                .collect();
            kept.sort();
            let mut once = kept.clone();
            once.dedup();
            assert_eq!(kept, once, "{when}: something of {trace} is there twice");
            let lost: Vec<&String> = ids.iter().filter(|id| !kept.contains(id)).collect();
            assert!(lost.is_empty(), "{when}: {trace} lost {lost:?}");
            // At most the one request that was under way may be there unacknowledged.
            assert!(kept.len() <= ids.len() + 1, "{when}: {trace} has more than was sent");
        }
    });
}

fn id_of(body: &Body) -> Option<String> {
    match body {
        Body::Xray(document) => {
            let document: Value = serde_json::from_slice(document).ok()?;
            Some(document["id"].as_str()?.to_owned())
        }
        Body::Otlp(document) => {
            use opentelemetry_proto::tonic::trace::v1::Span;
            use prost::Message;
            let span = Span::decode(document.span.as_slice()).ok()?;
            Some(span.span_id.iter().map(|byte| format!("{byte:02x}")).collect())
        }
    }
}
