//! Every recorded OTLP request, of whatever signal, is taken in by every transport and comes back equal: at once, and
//! after everything was sealed and the server started anew.

mod asked;
mod read_back;
mod sent;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use beamline_model::otlp::Signal;

use crate::harness::{Server, block_on};
use crate::samples::with_ids;
use crate::wire::eventually;
use sent::{Transport, send};

/// A recorded request.
struct Sample {
    name: String,
    signal: Signal,
    json: String,
    protobuf: Vec<u8>,
}

fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/otlp");
    let entries = std::fs::read_dir(folder).expect("the samples are there");
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.iter().map(|file| sample(file)).collect()
}

fn sample(file: &Path) -> Sample {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let json = filled_in(&with_ids(&text));
    let signal = [
        ("\"resourceSpans\"", Signal::Traces),
        ("\"resourceLogs\"", Signal::Logs),
        ("\"resourceMetrics\"", Signal::Metrics),
    ];
    let signal = signal.into_iter().find(|(key, _)| json.contains(key));
    let (_, signal) = signal.unwrap_or_else(|| panic!("{} is of no signal", file.display()));
    Sample {
        name: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        protobuf: beamline_model::otlp::json::to_protobuf(signal, json.as_bytes()).expect("the sample is OTLP/JSON"),
        signal,
        json,
    }
}

/// One sample is a template of the agent's own test: its blanks get numbers.
fn filled_in(text: &str) -> String {
    let blanks = [
        ("COUNTER_VALUE", "7"),
        ("GAUGE_VALUE", "2.5"),
        ("START_TIME_NANO", "1544712600300000000"),
        ("TIMESTAMP_NANO", "1544712660300000000"),
    ];
    let fill = |text: String, (blank, value)| text.replace(&format!("\"{blank}\""), &format!("\"{value}\""));
    blanks.into_iter().fold(text.to_owned(), fill)
}

#[test]
fn all_signals_are_among_the_samples() {
    let mut counts: BTreeMap<Signal, usize> = BTreeMap::new();
    for sample in samples() {
        *counts.entry(sample.signal).or_default() += 1;
    }
    assert!(counts[&Signal::Traces] >= 6, "{counts:?}");
    assert!(counts[&Signal::Logs] >= 2, "{counts:?}");
    assert!(counts[&Signal::Metrics] >= 3, "{counts:?}");
}

#[test]
fn by_json_over_http_everything_comes_back_equal() {
    check(Transport::HttpJson);
}

#[test]
fn by_protobuf_over_http_everything_comes_back_equal() {
    check(Transport::HttpProtobuf);
}

#[test]
fn by_grpc_everything_comes_back_equal() {
    check(Transport::Grpc);
}

fn check(transport: Transport) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let flags = ["--seal-after", "150ms"];
    let mut server = Server::start_on(&data, &flags);
    let samples = samples();
    for sample in &samples {
        send(&server, transport, sample);
    }
    compare(&server, &samples, "at once");
    eventually("traces to be sealed", || {
        let (_, figures) = crate::harness::http(server.http(), "GET", "/metrics", "text/plain", b"");
        let sealed = figures
            .lines()
            .find(|line| line.starts_with("beamline_store_traces_sealed_total "))?;
        (!sealed.ends_with(" 0")).then_some(())
    });
    compare(&server, &samples, "once sealed");
    assert!(server.terminate().success());
    let server = Server::start_on(&data, &flags);
    compare(&server, &samples, "after a restart");
}

fn compare(server: &Server, samples: &[Sample], when: &str) {
    let of = |signal: Signal| samples.iter().filter(move |sample| sample.signal == signal);
    block_on(async {
        for sample in of(Signal::Traces) {
            read_back::traces(server, sample, when).await;
        }
        read_back::logs(server, of(Signal::Logs), when).await;
        read_back::metrics(server, of(Signal::Metrics), when).await;
    });
}
