//! AWS's own X-Ray daemon in front of the server: what it forwards, what it hears back, what it proxies.
//!
//! The daemon is in no package registry, so the tests cannot install it. Where `BEAMLINE_XRAY_DAEMON` names its binary
//! it runs; elsewhere that is said aloud.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::program::{pointed_at, say_aloud};
use super::service::new_trace_id;
use crate::harness::{Server, block_on, http};
use crate::wire::post;

/// Longer than the daemon keeps segments before it sends them.
const PATIENCE: Duration = Duration::from_secs(20);

struct Daemon {
    process: Child,
    address: SocketAddr,
    log: mpsc::Receiver<String>,
}

impl Daemon {
    fn start(binary: &str, server: &Server) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let settings = folder.path().join("daemon.yaml");
        std::fs::write(&settings, format!("Version: 2\nEndpoint: {}\n", server.endpoint())).expect("it is writable");
        let address = free_port().to_string();
        let mut command = Command::new(binary);
        // Local mode: it asks no metadata service where it runs.
        command.args([
            "--local-mode",
            "--region",
            "us-east-1",
            "--log-level",
            "dev",
            "--buffer-memory",
            "3",
        ]);
        command
            .args(["--bind", &address, "--bind-tcp", &address, "--config"])
            .arg(&settings);
        let mut process = pointed_at(server, command)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("starting {binary}: {error}"));
        let (tell, log) = mpsc::channel();
        let output = BufReader::new(process.stdout.take().expect("stdout is piped"));
        std::thread::spawn(move || {
            // Nobody listens any more once the test is over; the daemon goes on writing until it ends.
            output
                .lines()
                .map_while(Result::ok)
                .for_each(|line| drop(tell.send(line)));
        });
        let address = address.parse().expect("it was printed by an address");
        let daemon = Self { process, address, log };
        daemon.await_line("Starting proxy http server");
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "the daemon does not listen");
        }
        daemon
    }

    /// Waits until it logs something, and gives that line.
    fn await_line(&self, part: &str) -> String {
        let mut said = Vec::new();
        while let Ok(line) = self.log.recv_timeout(PATIENCE) {
            if line.contains(part) {
                return line;
            }
            said.push(line);
        }
        panic!("the daemon did not log {part:?}: {}", said.join("\n"));
    }

    fn send(&self, document: &str) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
        socket
            .send_to(datagram.as_bytes(), self.address)
            .expect("it can be sent");
    }

    /// Ends it as a host does, so that it sends what it still has.
    fn end(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).expect("it is a process id"));
        kill(pid, Signal::SIGTERM).expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that is free for UDP and TCP: the daemon does not tell which one it got, so it has to be given one.
fn free_port() -> SocketAddr {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = tcp.local_addr().expect("it is bound");
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

#[test]
fn the_genuine_daemon_forwards_to_the_server() {
    let Ok(binary) = std::env::var("BEAMLINE_XRAY_DAEMON") else {
        say_aloud("SKIPPED the genuine X-Ray daemon: BEAMLINE_XRAY_DAEMON does not name its binary");
        return;
    };
    let server = Server::start();
    let daemon = Daemon::start(&binary, &server);
    let (trace, now) = (new_trace_id(), crate::wire::now());

    let good = json!({"trace_id": trace, "id": "53995c3f42cd8ad8", "name": "behind a daemon", "start_time": now,
        "end_time": now + 1})
    .to_string();
    block_on(server.await_trace(&trace, 1, || daemon.send(&good)));
    let found = block_on(server.trace(&trace)).expect("the trace is there");
    assert_eq!(crate::flow::documents(&found), [good.as_str()]);

    // It knows its segment again by the id, which comes back as it was sent, and then tells the trace.
    let bad = json!({"trace_id": trace, "id": "53995C3F42CD8AD9", "start_time": now, "end_time": now + 1}).to_string();
    daemon.send(&bad);
    let line = daemon.await_line("Unprocessed trace");
    assert!(line.contains(&trace), "{line}");

    // It signs and passes on whatever is asked of it, not only what SDKs ask.
    let rules = post(daemon.address, "/GetSamplingRules", &[], b"{}");
    assert_eq!(rules.status, 200, "{}", rules.text());
    assert_eq!(
        rules.json()["SamplingRuleRecords"][0]["SamplingRule"]["RuleName"],
        "Default"
    );
    let statistics = json!({"SamplingStatisticsDocuments": [{"RuleName": "Default", "Timestamp": now,
        "ClientID": "abcdef0123456789abcdef01", "RequestCount": 10, "SampledCount": 1, "BorrowCount": 1}]});
    let targets = post(
        daemon.address,
        "/SamplingTargets",
        &[],
        statistics.to_string().as_bytes(),
    );
    assert_eq!(targets.json()["SamplingTargetDocuments"][0]["RuleName"], "Default");
    let groups = post(daemon.address, "/Groups", &[], b"{}");
    assert_eq!(groups.json()["Groups"][0]["GroupName"], "Default", "{}", groups.text());

    daemon.end();
    let figures = http(server.http(), "GET", "/metrics", "text/plain", b"").1;
    for (fate, count) in [("received", 2), ("sent", 2), ("rejected", 1), ("failed", 0)] {
        let line = format!("beamline_collector_daemon_segments_total{{fate=\"{fate}\"}} {count}\n");
        assert!(figures.contains(&line), "{line} in {figures}");
    }
}
