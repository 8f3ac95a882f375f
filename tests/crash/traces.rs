//! Traces: documents of one trace, each in a request of its own, so that a kill falls between them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use beamline_proto::query::document::Body;
use serde_json::{Value, json};

use super::{Stop, now, post};
use crate::harness::Server;

/// Documents of one trace.
const DOCUMENTS: u64 = 4;

/// Acknowledged segment ids by trace.
pub(super) type Acknowledged = BTreeMap<String, Vec<String>>;

/// Sends traces, half of them by each protocol, until the server no longer answers.
pub(super) fn send(sender: u64, aws: SocketAddr, otlp: SocketAddr, stop: &Stop) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    for number in 0u64.. {
        let now = now().as_secs_f64();
        let unique = (u128::from(sender) << 48) | u128::from(number);
        let trace = format!("1-{:08x}-{unique:024x}", now as u32);
        for index in 1..=DOCUMENTS {
            let id = format!("{:016x}", (number << 8) | index);
            let sent = !stop.now()
                && if number % 2 == 0 {
                    let document =
                        json!({"trace_id": trace, "id": id, "name": "crash", "start_time": now, "end_time": now + 0.1});
                    let body = json!({"TraceSegmentDocuments": [document.to_string()]});
                    post(aws, "/TraceSegments", &body)
                } else {
                    post(otlp, "/v1/traces", &span(&trace, &id, now))
                };
            // Without an answer nothing was promised: it may be there or not.
            if !sent {
                return acknowledged;
            }
            acknowledged.entry(trace.clone()).or_default().push(id);
        }
    }
    acknowledged
}

fn span(trace: &str, id: &str, now: f64) -> Value {
    let nanos = |seconds: f64| format!("{}", (seconds * 1e9) as u64);
    json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "crash"}}]},
        "scopeSpans": [{"spans": [{
            "traceId": trace[2..].replace('-', ""), "spanId": id, "kind": 2, "name": "crash",
            "startTimeUnixNano": nanos(now), "endTimeUnixNano": nanos(now + 0.1),
        }]}],
    }]})
}

/// Compares every trace with what was acknowledged.
pub(super) async fn verify(server: &Server, acknowledged: &Acknowledged, when: &str) {
    for (trace, ids) in acknowledged {
        let found = server
            .trace(trace)
            .await
            .unwrap_or_else(|| panic!("{when}: {trace} is gone"));
        let mut kept: Vec<String> = found
            .documents
            .iter()
            .filter_map(|it| id_of(it.body.as_ref()?))
            .collect();
        kept.sort();
        let mut once = kept.clone();
        once.dedup();
        assert_eq!(kept, once, "{when}: something of {trace} is there twice");
        let lost: Vec<&String> = ids.iter().filter(|id| !kept.contains(id)).collect();
        assert!(lost.is_empty(), "{when}: {trace} lost {lost:?}");
        // At most the one request that was under way may be there unacknowledged.
        assert!(kept.len() <= ids.len() + 1, "{when}: {trace} has more than was sent");
    }
}

fn id_of(body: &Body) -> Option<String> {
    match body {
        Body::Xray(document) => {
            let document: Value = serde_json::from_slice(document).ok()?;
            Some(document["id"].as_str()?.to_owned())
        }
        Body::Otlp(document) => {
            use opentelemetry_proto::tonic::trace::v1::Span;
            use prost::Message;
            let span = Span::decode(document.span.as_slice()).ok()?;
            Some(span.span_id.iter().map(|byte| format!("{byte:02x}")).collect())
        }
    }
}
