//! The fuzz targets' corpora, and real documents with damage, through the same functions that the targets call.

use std::path::PathBuf;

use beamline_model::otlp;
use proptest::prelude::*;

use super::{documents, otlp_json};

#[path = "../../fuzz/reading.rs"]
#[allow(unreachable_pub, reason = "shared with the fuzz targets")]
mod reading;

use reading::{
    read_datagram, read_document, read_filter, read_json, read_logs, read_message, read_metrics, read_request,
};

fn replay(target: &str, read: fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        read(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{target} has no corpus");
}

#[test]
fn corpora_are_read_without_a_panic() {
    replay("datagram", read_datagram);
    replay("segment", read_document);
    replay("otlp", read_request);
    replay("otlp_json", read_json);
    replay("metrics", read_metrics);
    replay("trace_filter", read_filter);
    replay("log_message", read_message);
}

fn damaged(mut bytes: Vec<u8>, damage: &[(usize, u8)], cut: usize) -> Vec<u8> {
    for (at, byte) in damage {
        let at = at % bytes.len();
        bytes[at] = *byte;
    }
    bytes.truncate(bytes.len() - cut % bytes.len());
    bytes
}

proptest! {
    #[test]
    fn a_damaged_document_is_read_or_refused(
        which in 0usize..10,
        damage in prop::collection::vec((any::<usize>(), prop::sample::select(b"0x\"{}[]:,-eE.nt\\ \xff".to_vec())), 0..4),
        cut in prop_oneof![4 => Just(0usize), 1 => any::<usize>()],
    ) {
        let document = documents().swap_remove(which).into_bytes();
        read_document(&damaged(document, &damage, cut));
    }

    #[test]
    fn a_damaged_request_is_read_or_refused(
        damage in prop::collection::vec(any::<(usize, u8)>(), 0..4),
        cut in prop_oneof![4 => Just(0usize), 1 => any::<usize>()],
    ) {
        let bytes = otlp::json::to_protobuf(otlp::Signal::Traces, otlp_json("demo-traces-067").as_bytes()).unwrap();
        read_request(&damaged(bytes, &damage, cut));
        read_json(&damaged(otlp_json("proto-example-trace").into_bytes(), &damage, cut));
    }

    #[test]
    fn damaged_log_records_are_read_or_refused(
        which in prop::sample::select(vec!["proto-example-logs", "demo-logs-036"]),
        damage in prop::collection::vec(any::<(usize, u8)>(), 0..4),
        cut in prop_oneof![4 => Just(0usize), 1 => any::<usize>()],
    ) {
        let bytes = otlp::json::to_protobuf(otlp::Signal::Logs, otlp_json(which).as_bytes()).unwrap();
        read_logs(&damaged(bytes, &damage, cut));
        read_json(&damaged(otlp_json(which).into_bytes(), &damage, cut));
    }

    #[test]
    fn damaged_metrics_are_read_or_refused(
        which in prop::sample::select(vec!["proto-example-metrics", "demo-metrics-086"]),
        damage in prop::collection::vec(any::<(usize, u8)>(), 0..4),
        cut in prop_oneof![4 => Just(0usize), 1 => any::<usize>()],
    ) {
        let bytes = otlp::json::to_protobuf(otlp::Signal::Metrics, otlp_json(which).as_bytes()).unwrap();
        read_metrics(&damaged(bytes, &damage, cut));
    }
}
