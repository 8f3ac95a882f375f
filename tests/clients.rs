//! The official clients, driven against the binary. They are pinned in `tests/clients/*/`; `make test` installs and
//! builds them by `tools/client-packages.sh`, which also says where they are.

mod chain;
mod collector;
mod daemon;
mod forwarded;
mod insights;
mod joined;
mod poller;
mod program;
mod sampling;
mod service;
mod signals;
mod strict;

use std::path::Path;
use std::process::Command;

pub(crate) use self::program::interpreter;
use self::program::{pointed_at, python};
use self::service::new_trace_id;
use crate::harness::Server;

#[test]
fn boto3_tries_every_operation_that_has_behaviour() {
    let server = Server::start();
    let mut tests = python("aws_api.py").command(&server);
    let output = tests.output().expect("the tests can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_aws_cli_sends_a_segment_and_finds_it() {
    let server = Server::start();
    let cli = Path::new(&interpreter()).with_file_name("aws");
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
