//! The official SDKs, one service each, calling one another: one trace, whoever looks at it.
//!
//! `xray-python` calls `xray-node` calls `otel-python` calls `otel-node`. The first two report X-Ray segments over UDP,
//! the others OTLP over gRPC and over HTTP. The clients are pinned in `tests/clients/*/`; `make test` installs them and
//! names the interpreter in `BEAMLINE_PYTHON`.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use beamline_proto::query::query_client::QueryClient;
use beamline_proto::query::{GetTraceRequest, Trace};

use crate::harness::Server;

/// One service of the chain: a process that printed its port and answers `/call`.
struct Service {
    process: Child,
    url: String,
}

impl Service {
    fn start(server: &Server, name: &str, program: &[&str], next: Option<&Service>) -> Self {
        let mut command = Command::new(program[0]);
        command
            .args(&program[1..])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients"))
            .env("SERVICE", name)
            .env("AWS_XRAY_DAEMON_ADDRESS", server.xray().to_string())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", otlp_endpoint(server, name))
            .env("OTEL_EXPORTER_OTLP_INSECURE", "true")
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
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The SDK for Python reports over gRPC, the one for Node over HTTP.
fn otlp_endpoint(server: &Server, service: &str) -> String {
    let address = if service == "otel-python" {
        server.otlp_grpc()
    } else {
        server.otlp_http()
    };
    format!("http://{address}")
}

fn python() -> String {
    std::env::var("BEAMLINE_PYTHON").unwrap_or_else(|_| {
        panic!("BEAMLINE_PYTHON is not set; run `make test`, or set it to what tools/client-packages.sh prints")
    })
}

/// A GET with the X-Ray header that a load balancer in front would send.
fn call(url: &str, trace_id: &str) -> String {
    let address = url.trim_start_matches("http://").trim_end_matches("/call");
    let mut stream = TcpStream::connect(address).expect("the first service listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout can be set");
    write!(
        stream,
        "GET /call HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Amzn-Trace-Id: Root={trace_id};Sampled=1\r\n\r\n"
    )
    .expect("the request can be sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the chain answers");
    answer
}

fn new_trace_id() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("the clock is after 1970");
    format!(
        "1-{:08x}-{:024x}",
        now.as_secs(),
        u128::from(now.subsec_nanos()) << 40 | u128::from(std::process::id())
    )
}

const CHAIN: [&str; 4] = ["xray-python", "xray-node", "otel-python", "otel-node"];

#[test]
fn four_official_sdks_meet_in_one_trace() {
    let python = python();
    let server = Server::start();
    let otel_node = Service::start(&server, CHAIN[3], &["node", "node/otel_service.js"], None);
    let otel_python = Service::start(
        &server,
        CHAIN[2],
        &[&python, "python/otel_service.py"],
        Some(&otel_node),
    );
    let xray_node = Service::start(&server, CHAIN[1], &["node", "node/xray_service.js"], Some(&otel_python));
    let xray_python = Service::start(
        &server,
        CHAIN[0],
        &[&python, "python/xray_service.py"],
        Some(&xray_node),
    );

    let trace_id = new_trace_id();
    let answer = call(&xray_python.url, &trace_id);
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");

    // boto3 first: it waits until every exporter has reported.
    let endpoint = format!("http://{}", server.http());
    let output = Command::new(&python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/python/connected_trace.py"))
        .args([endpoint.as_str(), trace_id.as_str()])
        .args(CHAIN)
        .output()
        .expect("the assertions can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let trace = fetch(&endpoint, &trace_id);
    assert_eq!(chain_of(&trace), CHAIN, "callers and callees, by the gRPC API");
}

fn fetch(endpoint: &str, trace_id: &str) -> Trace {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be built");
    runtime.block_on(async {
        let mut client = QueryClient::connect(endpoint.to_owned())
            .await
            .expect("the query API listens");
        let request = GetTraceRequest {
            trace_id: trace_id.to_owned(),
            ..Default::default()
        };
        let mut parts = client
            .get_trace(request)
            .await
            .expect("the trace is there")
            .into_inner();
        let mut whole = Trace::default();
        while let Some(part) = parts.message().await.expect("all parts arrive") {
            whole.nodes.extend(part.nodes);
        }
        whole
    })
}

/// The services on the way from the root to the deepest node that the last service reported.
fn chain_of(trace: &Trace) -> Vec<String> {
    let last = trace
        .nodes
        .iter()
        .rposition(|node| service_name(node) == CHAIN[3])
        .expect("the last service reported");
    let (mut chain, mut at) = (Vec::<String>::new(), last);
    let mut seen = BTreeSet::new();
    loop {
        assert!(seen.insert(at), "the tree has a cycle");
        let name = service_name(&trace.nodes[at]);
        if chain.last() != Some(&name) {
            chain.push(name);
        }
        match trace.nodes[at].parent {
            Some(parent) => at = parent as usize,
            None => break,
        }
    }
    chain.reverse();
    chain
}

fn service_name(node: &beamline_proto::query::Node) -> String {
    node.service
        .as_ref()
        .map(|service| service.name.clone())
        .unwrap_or_default()
}

/// The client's own environment, pointed at the server and at nothing else.
fn pointed_at(server: &Server, mut command: Command) -> Command {
    let endpoint = format!("http://{}", server.http());
    command
        .env("BEAMLINE_ENDPOINT", &endpoint)
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_ACCESS_KEY_ID", "any")
        .env("AWS_SECRET_ACCESS_KEY", "any")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command
}

#[test]
fn boto3_tries_every_operation_that_has_behaviour() {
    let server = Server::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/python/aws_api.py");
    let mut command = Command::new(python());
    command.arg(script);
    let output = pointed_at(&server, command).output().expect("the tests can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_aws_cli_sends_a_segment_and_finds_it() {
    let server = Server::start();
    let cli = Path::new(&python()).with_file_name("aws");
    let aws = |arguments: &[&str]| {
        let mut command = Command::new(&cli);
        command.args(["--output", "json", "xray"]).args(arguments);
        let output = pointed_at(&server, command).output().expect("the CLI can be started");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("the CLI prints JSON")
    };
    let (trace_id, now) = (new_trace_id(), crate::wire::now());
    let document = format!(
        r#"{{"name":"cli","id":"00000000000000c1","trace_id":"{trace_id}","start_time":{now}.25,"end_time":{now}.75}}"#
    );
    let refused = aws(&["put-trace-segments", "--trace-segment-documents", &document]);
    assert_eq!(refused["UnprocessedTraceSegments"], serde_json::json!([]));
    let (from, to) = ((now - 60).to_string(), (now + 60).to_string());
    let filter = r#"service("cli") AND responsetime = 0.5"#;
    let found = aws(&[
        "get-trace-summaries",
        "--start-time",
        &from,
        "--end-time",
        &to,
        "--filter-expression",
        filter,
    ]);
    assert_eq!(found["TraceSummaries"][0]["Id"], trace_id.as_str(), "{found}");
    let traces = aws(&["batch-get-traces", "--trace-ids", &trace_id]);
    assert_eq!(
        traces["Traces"][0]["Segments"][0]["Document"],
        document.as_str(),
        "{traces}"
    );
    let graph = aws(&["get-service-graph", "--start-time", &from, "--end-time", &to]);
    assert_eq!(
        graph["Services"].as_array().map(Vec::len),
        Some(2),
        "the service and its client: {graph}"
    );
}
