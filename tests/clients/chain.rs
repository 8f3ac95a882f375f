//! One service of each SDK, calling one another: one trace, whoever looks at it.
//!
//! The X-Ray SDKs of Python, Node, Go and Java report segments over UDP; the OpenTelemetry SDKs of Java, Python and Node
//! come behind them and report by OTLP over HTTP and gRPC.

use std::collections::BTreeSet;

use beamline_proto::query::{Node, Trace};

use super::program::{Named, Program, available, go, java, node, python};
use super::service::{Service, new_trace_id};
use crate::harness::{Server, block_on};

/// In the order in which they call one another. Without Go or Java the chain is shorter, which is said aloud.
fn chain() -> Vec<Named> {
    available([
        ("xray-python", Some(python("xray_service.py"))),
        ("xray-node", Some(node("xray_service.js"))),
        ("xray-go", go("xray_service")),
        ("xray-java", java("XRayService")),
        ("otel-java", java("OtelService")),
        ("otel-python", Some(python("otel_service.py"))),
        ("otel-node", Some(node("otel_service.js"))),
    ])
}

#[test]
fn seven_official_sdks_meet_in_one_trace() {
    let chain = chain();
    let names: Vec<&str> = chain.iter().map(|(name, _)| *name).collect();
    let server = Server::start();
    // From the last to the first, since each has to know whom it calls.
    let mut services: Vec<Service> = Vec::new();
    for (name, program) in chain.iter().rev() {
        let service = Service::start(&server, name, program, services.last());
        services.push(service);
    }

    let trace_id = new_trace_id();
    let first = services.last().expect("the chain is not empty");
    let answer = first.call("", &trace_id);
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");

    // boto3 first: it waits until every exporter has reported.
    let endpoint = server.endpoint();
    let arguments: Vec<&str> = [endpoint.as_str(), &trace_id]
        .into_iter()
        .chain(names.clone())
        .collect();
    let output = python("connected_trace.py")
        .with(&arguments)
        .command(&server)
        .output()
        .expect("the assertions can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let trace = block_on(server.trace(&trace_id)).expect("the trace is there");
    assert_eq!(chain_of(&trace, names[names.len() - 1]), names, "by the gRPC API");
    let roots = trace.nodes.iter().filter(|node| node.parent.is_none()).count();
    assert_eq!(roots, 1, "everything hangs below the first request");
}

/// The services on the way from the root to the deepest node that the last service reported.
fn chain_of(trace: &Trace, last: &str) -> Vec<String> {
    let deepest = trace
        .nodes
        .iter()
        .rposition(|node| service_name(node) == last)
        .expect("the last service reported");
    let (mut chain, mut at) = (Vec::<String>::new(), deepest);
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

fn service_name(node: &Node) -> String {
    node.service
        .as_ref()
        .map(|service| service.name.clone())
        .unwrap_or_default()
}

/// A service of one SDK, and what becomes of an error in the innermost of its nested subsegments.
fn check_failure(name: &str, program: Option<Program>, nested: [&str; 2], exception: &str, message: &str) {
    let Some(program) = program else { return };
    let server = Server::start();
    let service = Service::start(&server, name, &program, None);

    let fine = new_trace_id();
    block_on(server.await_trace(&fine, 1, || {
        assert!(service.call("", &fine).starts_with("HTTP/1.1 200"));
    }));
    let trace = block_on(server.trace(&fine)).expect("the trace is there");
    let find = |name: &str| trace.nodes.iter().find(|node| node.name == name);
    let [outer, inner] = nested.map(|name| find(name).unwrap_or_else(|| panic!("{name} in {:?}", trace.nodes)));
    let parent = inner.parent.map(|parent| trace.nodes[parent as usize].id.as_str());
    assert_eq!(parent, Some(outer.id.as_str()), "{inner:?}");
    assert!(!inner.metadata.is_empty(), "{inner:?}");
    let call = trace
        .nodes
        .iter()
        .find(|node| node.namespace == "aws")
        .expect("an AWS call");
    let operation = call.aws.as_ref().map(|aws| aws.operation.as_str());
    assert_eq!(operation, Some("GetGroups"), "{call:?}");
    let silent = trace.nodes.iter().find(|node| node.inferred).expect("AWS answered it");
    let kind = silent
        .service
        .as_ref()
        .map(|service| service.r#type.to_ascii_lowercase());
    assert_eq!(kind.as_deref(), Some("aws::xray"), "{silent:?}");

    let failed = new_trace_id();
    block_on(server.await_trace(&failed, 1, || {
        assert!(service.call("?fail", &failed).starts_with("HTTP/1.1 500"));
    }));
    let trace = block_on(server.trace(&failed)).expect("the trace is there");
    let faults: BTreeSet<&str> = trace
        .nodes
        .iter()
        .filter(|node| node.flags.is_some_and(|flags| flags.fault))
        .map(|node| node.name.as_str())
        .collect();
    assert_eq!(
        faults,
        BTreeSet::from([name, nested[0], nested[1]]),
        "{:?}",
        trace.nodes
    );
    for expression in [
        format!("rootcause.fault.exception {{ message = \"{message}\" }}"),
        format!("rootcause.fault.entity {{ last AND name = \"{}\" }}", nested[1]),
        format!("rootcause.fault.exception {{ name = \"{exception}\" }}"),
    ] {
        let found = block_on(crate::flow::found(&server, &expression));
        assert_eq!(found, [failed.as_str()], "{expression}: {:?}", trace.summary);
    }
}

#[test]
fn an_error_in_go_travels_outwards() {
    let name = "errors.errorString";
    check_failure(
        "xray-go",
        go("xray_service"),
        ["pick", "weigh"],
        name,
        "the scale is broken",
    );
}

#[test]
fn an_exception_in_java_travels_outwards() {
    let name = "java.lang.IllegalStateException";
    let nested = ["charge", "ask the bank"];
    check_failure("xray-java", java("XRayService"), nested, name, "the card was declined");
}
