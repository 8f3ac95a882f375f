//! Traces, logs and metrics that the official SDK reports about one request are found together.

use std::process::Output;

use beamline_proto::query::{Enrichment, GetTraceRequest, JoinKind, JoinReason, LookState, Trace};

use super::program::python;
use crate::harness::{Server, block_on};

#[test]
fn what_the_sdk_for_python_reports_about_a_request_is_joined() {
    let server = Server::start();
    let mut command = python("otel_joined.py").command(&server);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", server.otlp_grpc()))
        .env("OTEL_EXPORTER_OTLP_INSECURE", "true");
    let output = command.output().expect("the program can be started");
    let ids = ids(&output);
    let id = |name: &str| ids[name].as_str().unwrap_or_default().to_owned();
    let trace = block_on(enriched(&server, &id("trace")));
    let enrichment = trace.enrichment.as_ref().expect("it was asked for");
    let row = |span: &str| {
        let found = trace.nodes.iter().position(|node| node.id == id(span));
        Some(u32::try_from(found.expect("the span is there")).unwrap())
    };

    let exact = |reason: &Option<JoinReason>, key: &str| {
        let reason = reason.as_ref().expect("each join has a reason");
        assert_eq!(
            (reason.kind(), reason.confidence, reason.key.as_str()),
            (JoinKind::Exact, 1.0, key)
        );
    };
    let logged: Vec<_> = enrichment
        .logs
        .iter()
        .map(|log| (log.event.as_ref().unwrap().text.as_str(), log.node))
        .collect();
    assert_eq!(
        logged,
        [("order o-17 is not there", row("inner")), ("answered", row("outer"))]
    );
    for log in &enrichment.logs {
        exact(&log.reason, "trace_id");
        exact(&log.node_reason, "span_id");
    }

    let [exemplar] = enrichment.exemplars.as_slice() else {
        panic!("one measurement was made: {:?}", enrichment.exemplars);
    };
    assert_eq!((exemplar.value, exemplar.node), (0.25, row("inner")));
    assert_eq!(exemplar.series.as_ref().unwrap().name, "http.server.request.duration");
    exact(&exemplar.reason, "span_id");

    let metric = enrichment.metrics.first().expect("the service has a metric");
    assert_eq!(metric.series.as_ref().unwrap().name, "http.server.request.duration");
    assert_eq!(metric.statistic, "p99");
    assert_eq!(metric.reason.as_ref().unwrap().kind(), JoinKind::Inferred);
    assert!(
        enrichment.ranks.iter().all(|rank| rank.requests == 1),
        "{:?}",
        enrichment.ranks
    );
    assert_complete(enrichment);
}

fn assert_complete(enrichment: &Enrichment) {
    assert_eq!(enrichment.looks.len(), 5);
    for look in &enrichment.looks {
        assert_eq!(look.state(), LookState::Complete, "{look:?}");
    }
}

fn ids(output: &Output) -> serde_json::Value {
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let last = told.lines().last().expect("the program prints its ids");
    serde_json::from_str(last).expect("the ids are JSON")
}

async fn enriched(server: &Server, id: &str) -> Trace {
    let request = GetTraceRequest {
        trace_id: id.to_owned(),
        enrich: true,
        ..GetTraceRequest::default()
    };
    let mut parts = server.query().await.get_trace(request).await.unwrap().into_inner();
    parts.message().await.unwrap().expect("a trace has a part")
}
