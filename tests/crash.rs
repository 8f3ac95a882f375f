//! Kills the server at random moments under load. What it acknowledged has to be there afterwards, once.
#![allow(
    clippy::print_stdout,
    reason = "the figures are for whoever runs it with --nocapture"
)]

mod logs;
mod points;
mod traces;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime};

use beamline_proto::query::TimeRange;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::harness::{Server, block_on, try_http};

/// Senders of traces at a time; one more sends log events, and one data points.
const SENDERS: u64 = 4;

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    traces: traces::Acknowledged,
    logs: logs::Acknowledged,
    points: points::Acknowledged,
}

impl Acknowledged {
    fn extend(&mut self, other: Self) {
        self.traces.extend(other.traces);
        self.logs.extend(other.logs);
        self.points.extend(other.points);
    }
}

/// Tells senders that the server is dead.
#[derive(Clone, Default)]
struct Stop(Arc<AtomicBool>);

impl Stop {
    fn now(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

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
    let seed = now().as_secs();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut acknowledged = Acknowledged::default();
    for round in 0..rounds() {
        let lifetime = Duration::from_millis(rng.random_range(200..2_500));
        let gained = run_and_kill(data, flags, round, lifetime);
        assert!(
            !gained.traces.is_empty(),
            "seed {seed}, round {round}: nothing was acknowledged in {lifetime:?}"
        );
        let when = format!("seed {seed}, round {round}, killed after {lifetime:?}");
        verify(data, flags, &gained, &when);
        acknowledged.extend(gained);
    }
    // What a later kill did to earlier traces shows at the end, without reading all of them after each round.
    verify(data, flags, &acknowledged, &format!("seed {seed}, after all rounds"));
    println!(
        "{} rounds: {} traces, {} log events, {} data points kept",
        rounds(),
        acknowledged.traces.len(),
        acknowledged.logs.values().sum::<u64>(),
        acknowledged.points.values().sum::<u64>()
    );
}

/// Sends until the server is dead, and tells what it had acknowledged.
fn run_and_kill(data: &Path, flags: &[&str], round: u64, lifetime: Duration) -> Acknowledged {
    // Traces are sealed soon, so that kills fall into sealing as well.
    let mut server = Server::start_on(data, &[flags, &["--seal-after", "150ms", "--log", "info"]].concat());
    if !flags.is_empty() {
        let encrypt = json!({"Type": "KMS", "KeyId": "alias/crash"});
        assert!(post(server.http(), "/PutEncryptionConfig", &encrypt));
    }
    let (stop, aws, otlp) = (Stop::default(), server.http(), server.otlp_http());
    let senders: Vec<_> = (0..SENDERS)
        .map(|number| {
            let stop = stop.clone();
            std::thread::spawn(move || traces::send(round * SENDERS + number, aws, otlp, &stop))
        })
        .collect();
    let logs = std::thread::spawn({
        let stop = stop.clone();
        move || logs::send(round, otlp, &stop)
    });
    let points = std::thread::spawn({
        let stop = stop.clone();
        move || points::send(round, otlp, &stop)
    });
    // Nothing is ever sent here: this only lets the time pass.
    let (_never, time) = mpsc::channel::<()>();
    let _ = time.recv_timeout(lifetime);
    server.kill();
    stop.0.store(true, Ordering::Relaxed);
    Acknowledged {
        traces: senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect(),
        logs: logs.join().unwrap(),
        points: points.join().unwrap(),
    }
}

/// Opens the data again and compares everything with what was acknowledged.
fn verify(data: &Path, flags: &[&str], acknowledged: &Acknowledged, when: &str) {
    let server = Server::start_on(data, flags);
    block_on(async {
        traces::verify(&server, &acknowledged.traces, when).await;
        logs::verify(&server, &acknowledged.logs, when).await;
        points::verify(&server, &acknowledged.points, when).await;
    });
}

fn post(address: SocketAddr, path: &str, body: &Value) -> bool {
    let answer = try_http(address, "POST", path, "application/json", body.to_string().as_bytes());
    answer.is_ok_and(|(status, _)| status == 200)
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

/// All the time in which anything was sent.
fn everything() -> TimeRange {
    let at = |time: Duration| prost_types::Timestamp {
        seconds: time.as_secs() as i64,
        nanos: 0,
    };
    TimeRange {
        start: Some(at(now() - Duration::from_secs(3_600))),
        end: Some(at(now() + Duration::from_secs(60))),
    }
}
