//! Records without meaning, for tests of keeping.
#![allow(dead_code, reason = "every test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use beamline_store::Store;
use beamline_store::api::{Batch, BatchRecord};

pub(crate) struct Sent {
    pub(crate) trace: u128,
    pub(crate) context: Option<String>,
    pub(crate) body: String,
}

pub(crate) fn xray(trace: u128, body: &str) -> Sent {
    Sent {
        trace,
        context: None,
        body: body.to_owned(),
    }
}

pub(crate) fn otlp(trace: u128, context: &str, body: &str) -> Sent {
    Sent {
        context: Some(context.to_owned()),
        ..xray(trace, body)
    }
}

pub(crate) fn trace_id(trace: u128) -> TraceId {
    TraceId((1_795_415_913 << 96) + trace + 1)
}

/// A batch as a receiver makes it, with stamps of the store.
pub(crate) fn batch(store: &Store, records: &[Sent]) -> Batch {
    let mut batch = Batch::default();
    let mut buffer = Vec::new();
    for sent in records {
        let from = buffer.len() as u32;
        buffer.extend_from_slice(sent.body.as_bytes());
        let context = sent.context.as_ref().map(|context| {
            batch.contexts.push(context.clone().into());
            batch.contexts.len() as u32 - 1
        });
        let start = Timestamp::from_seconds(1_795_415_913);
        batch.records.push(BatchRecord {
            trace: trace_id(sent.trace),
            received: store.stamp(),
            start,
            end: Some(start.plus(1_000_000)),
            weight: 1.0,
            context,
            body: from..buffer.len() as u32,
        });
    }
    batch.buffer = buffer.into();
    batch
}

/// The records of a trace as text: `context|body`, or just the document.
pub(crate) fn bodies(store: &Store, trace: u128) -> Vec<String> {
    let found = store
        .trace(Default::default(), trace_id(trace))
        .unwrap()
        .unwrap_or_default();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let spell = |record: &beamline_store::api::OwnedRecord| match &record.context {
        Some(context) => format!("{}|{}", text(context), text(&record.body)),
        None => text(&record.body),
    };
    found.records.iter().map(spell).collect()
}

/// One of the store's figures.
pub(crate) fn figure(store: &Store, wanted: &str) -> u64 {
    let figures = store.figures();
    figures.iter().find(|(name, _)| *name == wanted).unwrap().1
}
