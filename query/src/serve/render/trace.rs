//! One trace, in parts that are small enough for any client.

use std::collections::BTreeMap;

use beamline_model::trace::At;
use beamline_proto::query as pb;
use beamline_store::api::OwnedRecord;
use prost::Message;

use super::node::node;
use super::summary::summary;
use super::{length, time};
use crate::trace::TraceView;

/// A part ends when it has become this large. Clients take 4 MiB unless told otherwise, and a single node or document
/// may still be added to a part that is nearly full.
const PART_BYTES: usize = 1 << 20;

pub(in super::super) fn trace_parts(view: &TraceView<'_>, documents: bool) -> Vec<pb::Trace> {
    let trace = &view.trace;
    let rows: BTreeMap<At, u32> = trace.walk().map(|(at, _)| at).zip(0..).collect();
    let row = |at: At| rows.get(&at).copied().unwrap_or_default();
    let first = pb::Trace {
        summary: Some(summary(&view.digest)),
        critical_path: view
            .critical_path
            .iter()
            .map(|step| pb::CriticalStep {
                node: row(step.at),
                start: Some(time(trace.adjusted_start(step.at))),
                duration: Some(length(step.self_time)),
            })
            .collect(),
        error_paths: view
            .error_paths
            .iter()
            .map(|path| pb::ErrorPath {
                nodes: path.nodes.iter().copied().map(row).collect(),
                fault: path.fault,
                client_impacting: path.client_impacting,
            })
            .collect(),
        ..pb::Trace::default()
    };
    let mut parts = Parts::starting_with(first);
    for (at, _) in trace.walk() {
        let node = node(trace, at, trace.parent(at).map(row));
        parts.part_for(node.encoded_len()).nodes.push(node);
    }
    if documents {
        for record in &view.stored.records {
            let document = document(record);
            parts.part_for(document.encoded_len()).documents.push(document);
        }
    }
    parts.done
}

/// The parts of a trace with what goes with it: all but the log events in the first, those where there is room.
pub(in super::super) fn with_enrichment(
    done: Vec<pb::Trace>,
    enrichment: pb::Enrichment,
    logs: impl Iterator<Item = pb::JoinedLog>,
) -> Vec<pb::Trace> {
    let mut parts = Parts::resumed(done);
    if let Some(first) = parts.done.first_mut() {
        first.enrichment = Some(enrichment);
    }
    for log in logs {
        let part = parts.part_for(log.encoded_len());
        part.enrichment.get_or_insert_default().logs.push(log);
    }
    parts.done
}

struct Parts {
    done: Vec<pb::Trace>,
    last_bytes: usize,
}

impl Parts {
    fn starting_with(first: pb::Trace) -> Self {
        Self {
            last_bytes: first.encoded_len(),
            done: vec![first],
        }
    }

    /// Goes on with parts, of which there is at least one.
    fn resumed(done: Vec<pb::Trace>) -> Self {
        Self {
            last_bytes: done.last().map_or(0, Message::encoded_len),
            done,
        }
    }

    /// The part that something of so many bytes goes to.
    fn part_for(&mut self, bytes: usize) -> &mut pb::Trace {
        if self.last_bytes >= PART_BYTES {
            self.done.push(pb::Trace::default());
            self.last_bytes = 0;
        }
        self.last_bytes += bytes;
        self.done.last_mut().expect("there is a part from the start")
    }
}

fn document(record: &OwnedRecord) -> pb::Document {
    let body = record.body.to_vec();
    pb::Document {
        received: Some(time(record.received)),
        body: Some(match &record.context {
            None => pb::document::Body::Xray(body),
            Some(context) => pb::document::Body::Otlp(pb::OtlpDocument {
                context: context.to_vec(),
                span: body,
            }),
        }),
    }
}
