//! Services report to an OpenTelemetry Collector, and that to the server: what arrives, what is refused, and what becomes
//! of it while the server is away or has too much to do.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use beamline_proto::query::Trace;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;
use serde_json::{Value, json};

use super::collector::Collector;
use super::program::{collector, go, node, python};
use super::service::{Reports, Service, new_trace_id};
use crate::harness::{Server, block_on};
use crate::samples::{decoded, flatten, hex, otlp_requests, otlp_spans};
use crate::signatures::{self, KEY, SECRET};
use crate::wire::{eventually, get, now, post};

/// An exporter's settings: OTLP over gRPC to the port for it.
fn grpc(server: &Server) -> Value {
    json!({"endpoint": server.otlp_grpc().to_string(), "tls": {"insecure": true}})
}

/// What `/metrics` says of one figure.
fn figure(server: &Server, name: &str) -> u64 {
    let figures = get(server.http(), "/metrics").text();
    let found = figures
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    found.unwrap_or_else(|| panic!("no {name} in {figures}")) as u64
}

/// How many spans were handed to the store that came that way, again and again included.
fn stored(server: &Server, transport: &str) -> u64 {
    figure(
        server,
        &format!("beamline_collector_stored_total{{transport=\"{transport}\",signal=\"traces\"}}"),
    )
}

/// A request to a service, which answers as it should; gives the trace. It comes from a caller that reports nothing but
/// names its span, since the SDKs of OpenTelemetry take a trace from no other.
fn call(service: &Service, query: &str, status: u16) -> String {
    let trace = new_trace_id();
    let answer = service.call(query, &format!("{trace};Parent=53995c3f42cd8ad8"));
    assert!(answer.starts_with(&format!("HTTP/1.0 {status}")), "{answer}");
    trace
}

/// How many documents the trace has.
fn documents(server: &Server, trace: &str) -> usize {
    block_on(server.trace(trace)).map_or(0, |trace| trace.documents.len())
}

#[test]
fn what_a_collector_forwards_is_what_was_sent() {
    let Some(program) = collector() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (direct, forwarded, asking) = (Server::start(), Server::start(), signatures::server(folder.path()));
    let exporters = [
        ("otlp_grpc", grpc(&forwarded)),
        (
            "otlp_http/signed",
            json!({"endpoint": asking.endpoint(), "auth": {"authenticator": "sigv4auth"}}),
        ),
        ("otlp_http/unsigned", json!({"endpoint": asking.endpoint()})),
    ];
    let mut collector = Collector::start(&program, &direct, &exporters, [KEY, SECRET]);
    let (reports, in_node, in_python) = (
        Reports::BothWays(&collector),
        node("otel_service.js"),
        python("otel_service.py"),
    );
    let last = Service::reporting(reports, &direct, "otel-node", &in_node, None);
    let middle = Service::reporting(reports, &direct, "otel-python", &in_python, Some(&last));
    let first = Service::start(&forwarded, "xray-python", &python("xray_service.py"), Some(&middle));

    // An X-Ray SDK, which no collector stands before, and two of OpenTelemetry behind one meet in a trace.
    let mixed = new_trace_id();
    assert!(first.call("", &mixed).starts_with("HTTP/1.0 200"));
    let endpoint = forwarded.endpoint();
    let connected = [
        "connected_trace.py",
        &endpoint,
        &mixed,
        "xray-python",
        "otel-python",
        "otel-node",
    ];
    succeed(python(connected[0]).with(&connected[1..]).command(&forwarded));

    let [fine, failed] = [call(&middle, "", 200), call(&middle, "?fail", 500)];
    for (server, trace) in [
        (&direct, &fine),
        (&forwarded, &fine),
        (&direct, &failed),
        (&forwarded, &failed),
    ] {
        eventually("five spans", || (documents(server, trace) == 5).then_some(()));
    }
    let mut traces = BTreeSet::from([fine, failed]);
    for (file, text) in otlp_requests() {
        let mut request = decoded(&text);
        with_times(&mut request);
        for to in [collector.http, direct.otlp_http()] {
            let reply = post(
                to,
                "/v1/traces",
                &[("Content-Type", "application/x-protobuf")],
                &request.encode_to_vec(),
            );
            assert_eq!(reply.status, 200, "{}: {}", file.display(), reply.text());
        }
        let spans = flatten(request.resource_spans);
        traces.extend(spans.iter().map(|(_, span)| hex(&span.trace_id)));
    }
    collector.end();

    for trace in &traces {
        assert_eq!(told(&forwarded, trace), told(&direct, trace), "by gRPC");
    }
    let traces: Vec<&str> = traces.iter().map(String::as_str).collect();
    let graph = |server: &Server| {
        let request = json!({ "TraceIds": traces }).to_string();
        post(server.http(), "/TraceGraph", &[], request.as_bytes()).json()["Services"].clone()
    };
    assert_eq!(graph(&forwarded), graph(&direct));
    let by_boto3 = |server: &Server, region| {
        let endpoint = server.endpoint();
        let arguments = [&[endpoint.as_str(), region, KEY, SECRET], traces.as_slice()].concat();
        succeed(python("documents.py").with(&arguments).command(server))
    };
    assert_eq!(
        by_boto3(&asking, "eu-west-1"),
        by_boto3(&direct, "us-east-1"),
        "as whoever signed sees it"
    );

    let refused = figure(
        &asking,
        "beamline_collector_rejected_total{transport=\"otlp_aws\",reason=\"signature\"}",
    );
    let received = figure(&asking, "beamline_collector_received_total{transport=\"otlp_aws\"}");
    assert!(
        refused > 0 && received == 2 * refused,
        "{refused} of {received} are refused"
    );
    let lost = collector.lost();
    assert_eq!(lost.len() as u64, refused, "{lost:#?}");
    for [exporter, why] in lost {
        assert_eq!(exporter, "otlp_http/unsigned", "{why}");
        assert!(
            why.contains("403") && why.contains("Missing Authentication Token"),
            "{why}"
        );
    }
}

/// What a program printed that may not fail.
fn succeed(mut command: Command) -> String {
    let output = command.output().expect("it can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// Two captures had their times taken out before they were published, and a server gives such spans the time when it got
/// them.
fn with_times(request: &mut ExportTraceServiceRequest) {
    let scopes = request
        .resource_spans
        .iter_mut()
        .flat_map(|spans| &mut spans.scope_spans);
    for span in scopes
        .flat_map(|spans| &mut spans.spans)
        .filter(|span| span.start_time_unix_nano == 0)
    {
        (span.start_time_unix_nano, span.end_time_unix_nano) = (1_700_000_000_000_000_000, 1_700_000_001_000_000_000);
    }
}

/// What the server tells of a trace but for when it heard of it, and the spans that it heard of.
fn told(server: &Server, trace: &str) -> (Trace, Vec<(ResourceSpans, Span)>) {
    let mut told = block_on(server.trace(trace)).unwrap_or_else(|| panic!("{trace} is not there"));
    let mut spans = otlp_spans(&told);
    for (context, span) in &mut spans {
        // A collector writes down what has no value, where an SDK leaves it out.
        context.resource.get_or_insert_default();
        context.scope_spans[0].scope.get_or_insert_default();
        span.status.get_or_insert_default();
    }
    spans.sort_by(|one, other| one.1.span_id.cmp(&other.1.span_id));
    told.documents.clear();
    let summary = told.summary.as_mut().expect("every trace has a summary");
    (summary.revision, summary.updated) = (0, None);
    told.nodes.iter_mut().for_each(|node| node.received = None);
    (told, spans)
}

#[test]
fn what_a_collector_could_not_deliver_comes_once_when_the_server_is_back() {
    let Some(program) = collector() else { return };
    let mut server = Server::start();
    // Twice: by gRPC, and over HTTP to the AWS endpoint. It stays one of each.
    let exporters = [
        ("otlp_grpc", grpc(&server)),
        ("otlp_http", json!({"endpoint": server.endpoint()})),
    ];
    let collector = Collector::start(&program, &server, &exporters, ["any", "any"]);
    let reports = Reports::Through(&collector);
    let service = Service::reporting(reports, &server, "otel-python", &python("otel_service.py"), None);
    let calls = |count: usize| -> Vec<String> { (0..count).map(|_| call(&service, "", 200)).collect() };

    // Killed in the middle of it, so that some of what is stored is not acknowledged.
    let mut traces = std::thread::scope(|threads| {
        let calling = threads.spawn(|| calls(40));
        eventually("something to be stored", || {
            (stored(&server, "otlp_grpc") > 4).then_some(())
        });
        server.kill();
        calling.join().expect("the service goes on")
    });
    traces.extend(calls(10));
    eventually("both exporters to try again", || {
        let waits = ["otlp_grpc", "otlp_http"].map(|exporter| collector.waits(exporter).len());
        waits.iter().all(|waits| *waits >= 10).then_some(())
    });
    server.start_again();
    traces.extend(calls(10));
    eventually("all traces", || {
        let whole = traces.iter().all(|trace| documents(&server, trace) == 2);
        // What nobody tried to send before the server was back: two spans of each of the last 20 calls.
        let delivered = ["otlp_grpc", "otlp_aws"].map(|transport| stored(&server, transport));
        (whole && delivered.iter().all(|spans| *spans >= 40)).then_some(())
    });
    assert_eq!(collector.lost(), [[""; 2]; 0], "nothing is given up");
    check_requests(&server, "otel-python", traces.len());
}

/// Asserts how many requests the service graph counts of a service.
fn check_requests(server: &Server, service: &str, expected: usize) {
    let range = json!({"StartTime": now() - 3_600, "EndTime": now() + 60}).to_string();
    let graph = post(server.http(), "/ServiceGraph", &[], range.as_bytes()).json();
    let nodes = graph["Services"].as_array().cloned().unwrap_or_default();
    let node = nodes
        .iter()
        .find(|node| node["Name"] == service && node["Type"] != "client");
    let count = node.map(|node| node["SummaryStatistics"]["TotalCount"].clone());
    assert_eq!(count, Some(json!(expected)), "{graph}");
}

/// All bytes that may be worked on at once, and the largest request: the defaults.
const ROOM: u64 = 256 << 20;
const LARGEST: usize = 64 << 20;

/// Requests that never end, and take up all the room that there is for requests.
fn occupy(server: &Server) -> Vec<TcpStream> {
    let clients: Vec<_> = (0..ROOM as usize / LARGEST)
        .map(|_| {
            let address = server.otlp_http();
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(address).expect("the server listens");
                let head = format!(
                    "POST /v1/traces HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-protobuf\r\n\
                     Content-Length: {LARGEST}\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).expect("it is read");
                stream.write_all(&vec![0; LARGEST - 1]).expect("it is read");
                stream
            })
        })
        .collect();
    let streams = clients
        .into_iter()
        .map(|client| client.join().expect("it only writes"))
        .collect();
    eventually("all room to be taken", || {
        (figure(server, "beamline_collector_in_flight_bytes ") == ROOM).then_some(())
    });
    streams
}

#[test]
fn a_collector_waits_as_long_as_an_overloaded_server_says() {
    let Some(program) = collector() else { return };
    let server = Server::start();
    let http = format!("http://{}", server.otlp_http());
    let exporters = [("otlp_grpc", grpc(&server)), ("otlp_http", json!({ "endpoint": http }))];
    let collector = Collector::start(&program, &server, &exporters, ["any", "any"]);
    let reports = Reports::Through(&collector);
    let service = Service::reporting(reports, &server, "otel-python", &python("otel_service.py"), None);
    let occupied = occupy(&server);
    let trace = call(&service, "", 200);
    let both = ["otlp_grpc", "otlp_http"];
    eventually("both exporters to be told to wait twice", || {
        both.iter()
            .all(|exporter| collector.waits(exporter).len() >= 2)
            .then_some(())
    });
    drop(occupied);
    // From each of both; there is still one of it.
    eventually("the trace", || {
        both.iter()
            .all(|transport| stored(&server, transport) == 2)
            .then_some(())
    });
    assert_eq!(documents(&server, &trace), 2);
    assert_eq!(collector.lost(), [[""; 2]; 0], "nothing is given up");
    let waits = both.map(|exporter| (exporter, collector.waits(exporter)));
    for (exporter, waits) in waits {
        // By itself it would be back in a fraction of a second.
        let told = |wait: &Duration| (1..=3).map(Duration::from_secs).any(|seconds| *wait == seconds);
        assert!(waits.iter().all(told), "{exporter} waited {waits:?}");
        let refused =
            format!("beamline_collector_dropped_total{{transport=\"{exporter}\",reason=\"in_flight_bytes\"}}");
        assert_eq!(figure(&server, &refused), waits.len() as u64, "{exporter}");
    }
    check_requests(&server, "otel-python", 1);
}

#[test]
fn what_a_load_generator_sends_through_a_collector_arrives_to_the_last_span() {
    const TRACES: u64 = 200;
    const SPANS: u64 = 9;
    let (Some(program), Some(generator)) = (collector(), go("tracegen")) else {
        return;
    };
    let server = Server::start();
    let mut collector = Collector::start(&program, &server, &[("otlp_grpc", grpc(&server))], ["any", "any"]);
    for (transport, to) in [("otlp-grpc", collector.grpc), ("otlp-http", collector.http)] {
        let (traces, spans) = (TRACES.to_string(), (SPANS - 1).to_string());
        let arguments = [
            "-service",
            transport,
            "-traces",
            &traces,
            "-spans",
            &spans,
            "-trace-exporter",
            transport,
        ];
        let mut load = generator.clone().with(&arguments).command(&server);
        load.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{to}"));
        succeed(load);
    }
    collector.end();
    assert_eq!(collector.lost(), [[""; 2]; 0], "nothing is given up");
    assert_eq!(stored(&server, "otlp_grpc"), 2 * TRACES * SPANS);
    for service in ["otlp-grpc", "otlp-http"] {
        check_requests(&server, service, TRACES as usize);
    }
}
