//! An OpenTelemetry Collector between services and servers, as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::Program;
use crate::harness::Server;
use crate::wire::eventually;

/// What the collector says for a batch that it will send again.
const RETRIES: &str = "Exporting failed. Will retry the request after interval.";

/// An exporter: its name, and its settings beside those for retrying.
pub(super) type Exporter = (&'static str, Value);

pub(super) struct Collector {
    process: Child,
    /// Each line that it logged, as JSON.
    log: Arc<Mutex<Vec<Value>>>,
    /// Writes that down until the collector ends.
    reader: Option<JoinHandle<()>>,
    /// Where it takes OTLP over gRPC.
    pub(super) grpc: SocketAddr,
    /// Where it takes OTLP over HTTP.
    pub(super) http: SocketAddr,
    _folder: TempDir,
}

impl Collector {
    /// Starts it, and waits until it listens. It sends whatever it gets to every exporter, and signs with these
    /// credentials.
    pub(super) fn start(program: &Program, server: &Server, exporters: &[Exporter], [key, secret]: [&str; 2]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("collector.yaml");
        // Its settings are YAML, which JSON is.
        std::fs::write(&file, settings(exporters).to_string()).expect("it is writable");
        let mut process = program
            .clone()
            .with(&["--config", &file.display().to_string()])
            .command(server)
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("starting {program:?}: {error}"));
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "msg": line }));
                kept.lock().expect("nobody panics with it").push(line);
            }
        });
        let mut collector = Self {
            process,
            log,
            reader: Some(reader),
            grpc: ([127, 0, 0, 1], 0).into(),
            http: ([127, 0, 0, 1], 0).into(),
            _folder: folder,
        };
        collector.await_line("Everything is ready");
        // It was free to choose its ports, and tells which it took.
        let endpoint = |line: Value| line["endpoint"].as_str().and_then(|text| text.parse().ok());
        collector.grpc = endpoint(collector.await_line("Starting GRPC server")).expect("it tells its address");
        collector.http = endpoint(collector.await_line("Starting HTTP server")).expect("it tells its address");
        collector
    }

    /// The lines that it has logged which begin like that.
    pub(super) fn lines(&self, start: &str) -> Vec<Value> {
        let log = self.log.lock().expect("nobody panics with it");
        let said = |line: &&Value| line["msg"].as_str().is_some_and(|said| said.starts_with(start));
        log.iter().filter(said).cloned().collect()
    }

    /// How long an exporter said that it would wait before it tries again, each time that it said so.
    pub(super) fn waits(&self, exporter: &str) -> Vec<Duration> {
        let lines = self.lines(RETRIES);
        let of = lines.iter().filter(|line| line["otelcol.component.id"] == exporter);
        of.map(|line| interval(line["interval"].as_str().unwrap_or_default()))
            .collect()
    }

    fn await_line(&mut self, start: &str) -> Value {
        eventually(start, || {
            let ended = self.process.try_wait().expect("it can be asked");
            assert!(
                ended.is_none(),
                "the collector ended: {:#?}",
                self.log.lock().expect("nobody panics with it")
            );
            self.lines(start).pop()
        })
    }

    /// What it sent nowhere: for each batch that it gave up, the exporter and why.
    pub(super) fn lost(&self) -> Vec<[String; 2]> {
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let lost = self.lines("Exporting failed. Dropping data.");
        let told = |line: &Value| ["otelcol.component.id", "error"].map(|key| text(line, key));
        lost.iter().map(told).collect()
    }

    /// Ends it as a host does, so that it sends what it still has.
    pub(super) fn end(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).expect("it is a process id"));
        kill(pid, Signal::SIGTERM).expect("it runs");
        assert!(self.process.wait().expect("it ends").success());
        let reader = self.reader.take().expect("it ends once");
        reader.join().expect("it only reads");
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// As ADOT's default settings are, but for ports, times and what it exports to.
fn settings(exporters: &[Exporter]) -> Value {
    // Where a server does not say how long to wait, the collector's own 5 s and 30 s would only make the tests longer.
    let retry = json!({"initial_interval": "50ms", "max_interval": "100ms"});
    let with_retry = |(name, settings): &Exporter| {
        let mut settings = settings.clone();
        settings["retry_on_failure"] = retry.clone();
        ((*name).to_owned(), settings)
    };
    let names: Vec<&str> = exporters.iter().map(|(name, _)| *name).collect();
    let anywhere = json!({"endpoint": "127.0.0.1:0"});
    json!({
        "receivers": {"otlp": {"protocols": {"grpc": anywhere, "http": anywhere}}},
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_mib": 200},
            "batch": {"timeout": "50ms", "send_batch_size": 50},
        },
        "exporters": exporters.iter().map(with_retry).collect::<serde_json::Map<_, _>>(),
        "extensions": {"sigv4auth": {"region": "eu-west-1", "service": "xray"}},
        "service": {
            "extensions": ["sigv4auth"],
            "pipelines": {"traces": {
                "receivers": ["otlp"], "processors": ["memory_limiter", "batch"], "exporters": names,
            }},
            // Sampled, the log would leave out lines that the tests count.
            "telemetry": {"metrics": {"level": "none"}, "logs": {"encoding": "json", "sampling": {"enabled": false}}},
        },
    })
}

/// A duration as Go prints it, where it has only one unit.
fn interval(text: &str) -> Duration {
    let (number, seconds) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.trim_end_matches('s'), 1.0),
    };
    let number: f64 = number
        .parse()
        .unwrap_or_else(|_| panic!("{text:?} is no duration of one unit"));
    Duration::from_secs_f64(number * seconds)
}
