//! Web services instrumented with official SDKs, as processes of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime};

use super::collector::Collector;
use super::program::Program;
use crate::harness::Server;

/// Where a service sends its spans.
#[derive(Clone, Copy)]
pub(super) enum Reports<'a> {
    Directly,
    Through(&'a Collector),
    BothWays(&'a Collector),
}

/// A process that printed its port and answers `/call`.
pub(super) struct Service {
    process: Child,
    url: String,
}

impl Service {
    /// Starts it, and waits until it listens. It calls `next` whenever it is called.
    pub(super) fn start(server: &Server, name: &str, program: &Program, next: Option<&Service>) -> Self {
        Self::reporting(Reports::Directly, server, name, program, next)
    }

    /// The same with a say in where its spans go.
    pub(super) fn reporting(
        reports: Reports<'_>,
        server: &Server,
        name: &str,
        program: &Program,
        next: Option<&Service>,
    ) -> Self {
        let direct = otlp_endpoint(name, server.otlp_grpc(), server.otlp_http());
        let through = |collector: &Collector| otlp_endpoint(name, collector.grpc, collector.http);
        let [otlp, second] = match reports {
            Reports::Directly => [direct, String::new()],
            Reports::Through(collector) => [through(collector), String::new()],
            Reports::BothWays(collector) => [through(collector), direct],
        };
        let mut command = program.command(server);
        command
            .env("SERVICE", name)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", otlp)
            .env("OTEL_EXPORTER_OTLP_INSECURE", "true")
            .env("SECOND_OTLP_ENDPOINT", second)
            .stdout(Stdio::piped());
        if let Some(next) = next {
            command.env("NEXT", &next.url);
        }
        let mut process = command
            .spawn()
            .unwrap_or_else(|error| panic!("starting {name} as {program:?}: {error}"));
        let mut output = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let port = loop {
            let mut line = String::new();
            let read = output.read_line(&mut line).expect("the service's output can be read");
            assert!(read > 0, "{name} ended before it listened");
            if let Ok(hello) = serde_json::from_str::<serde_json::Value>(&line) {
                break hello["port"].as_u64().expect("the service prints its port");
            }
        };
        // Keep reading, so that a talkative SDK never blocks on a full pipe.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Self {
            process,
            url: format!("http://127.0.0.1:{port}/call"),
        }
    }

    /// A GET with the X-Ray header that a load balancer in front would send; gives the whole answer.
    pub(super) fn call(&self, query: &str, trace_id: &str) -> String {
        let address = self.url.trim_start_matches("http://").trim_end_matches("/call");
        let mut stream = TcpStream::connect(address).expect("the service listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a timeout can be set");
        write!(
            stream,
            "GET /call{query} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Amzn-Trace-Id: \
             Root={trace_id};Sampled=1\r\n\r\n"
        )
        .expect("the request can be sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the service answers");
        answer
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The SDK for Python reports over gRPC, the others over HTTP.
fn otlp_endpoint(service: &str, grpc: SocketAddr, http: SocketAddr) -> String {
    let address = if service == "otel-python" { grpc } else { http };
    format!("http://{address}")
}

/// An id of now, as X-Ray SDKs make them.
pub(super) fn new_trace_id() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("the clock is after 1970");
    format!(
        "1-{:08x}-{:024x}",
        now.as_secs(),
        u128::from(now.subsec_nanos()) << 40 | u128::from(std::process::id())
    )
}
