//! Spans go into columns when they are sealed, and come back byte for byte.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod common;

use std::sync::Arc;

use beamline_model::time::Timestamp;
use beamline_store::api::{Account, Batch, BatchRecord};
use beamline_store::engine::memory::Memory;
use beamline_store::{Store, StoreConfig};
use common::{figure, trace_id};

const SPANS: u64 = 12;
const CONTEXT: &[u8] = b"\x0a\x18\x0a\x16\x0a\x0cservice.name\x12\x06\x0a\x04shop";

fn sized(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.extend([field << 3 | 2, u8::try_from(bytes.len()).unwrap()]);
    out.extend_from_slice(bytes);
}

/// A protobuf `Span`; every seventh says its end before its start, every eleventh says a number longer than needed.
fn span(trace: u128, number: u64) -> Vec<u8> {
    let id = |number: u64| {
        (trace as u64 * SPANS + number + 1)
            .wrapping_mul(0xa076_1d64_78bd_642f)
            .to_be_bytes()
    };
    let start = 1_795_415_913_000_000_000 + trace as u64 * 1_000_003 + number * 77_777;
    let mut times = [(7u8, start), (8, start + 5_000 * number)];
    if number % 7 == 6 {
        times.reverse();
    }
    let mut out = Vec::new();
    sized(&mut out, 1, &trace_id(trace).to_bytes());
    sized(&mut out, 2, &id(number));
    if number > 0 {
        sized(&mut out, 4, &id(number / 2));
    }
    sized(&mut out, 5, format!("GET /item/{}", number % 3).as_bytes());
    for (field, moment) in times {
        out.push(field << 3 | 1);
        out.extend_from_slice(&moment.to_le_bytes());
    }
    for (key, value) in [
        (
            "request.id",
            format!(
                "{:016x}",
                u64::from_be_bytes(id(number)).wrapping_mul(0xe703_7ed1_a0b4_28db)
            ),
        ),
        ("user.id", format!("user-{:05}", trace % 100)),
    ] {
        let (mut text, mut pair) = (Vec::new(), Vec::new());
        sized(&mut text, 1, value.as_bytes());
        sized(&mut pair, 1, key.as_bytes());
        sized(&mut pair, 2, &text);
        sized(&mut out, 9, &pair);
    }
    out.extend(if number % 11 == 10 {
        &[0x30, 0x82, 0x00][..]
    } else {
        &[0x30, 2]
    });
    out
}

async fn commit(store: &Store, traces: std::ops::Range<u128>) {
    let (mut buffer, mut records) = (Vec::new(), Vec::new());
    for trace in traces {
        for number in 0..SPANS {
            let from = buffer.len() as u32;
            buffer.extend(span(trace, number));
            let start = Timestamp::from_seconds(1_795_415_913);
            records.push(BatchRecord {
                trace: trace_id(trace),
                received: store.stamp(),
                start,
                end: Some(start.plus(1_000_000)),
                weight: 1.0,
                context: Some(0),
                body: from..buffer.len() as u32,
            });
        }
    }
    let batch = Batch {
        account: Account::default(),
        buffer: buffer.into(),
        contexts: vec![CONTEXT.into()],
        records,
    };
    store.commit(batch).await.unwrap();
}

fn check(store: &Store, trace: u128) {
    let found = store.trace(Account::default(), trace_id(trace)).unwrap().unwrap();
    let bodies: Vec<&[u8]> = found.records.iter().map(|record| &record.body[..]).collect();
    let sent: Vec<_> = (0..SPANS).map(|number| span(trace, number)).collect();
    assert_eq!(bodies, sent, "trace {trace}");
    assert!(
        found
            .records
            .iter()
            .all(|record| record.context.as_deref() == Some(CONTEXT))
    );
    assert!(found.records.is_sorted_by(|a, b| a.received < b.received));
}

#[tokio::test]
async fn sealed_spans_come_back_byte_for_byte_after_reopening_too() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as _, StoreConfig::in_memory()).unwrap();
    // Enough for a dictionary, which the second seal uses.
    for traces in [0..1_500, 1_500..2_000] {
        commit(&store, traces).await;
        store.seal_all().unwrap();
    }
    assert_eq!(figure(&store, "beamline_store_live_traces"), 0);
    for trace in (0..2_000).step_by(97) {
        check(&store, trace);
    }
    let spans = 2_000 * SPANS;
    let ids = figure(&store, "beamline_store_frames_ids_written_bytes");
    assert!(
        (7 * spans..10 * spans).contains(&ids),
        "span ids are kept as they are: {ids}"
    );
    let all = figure(&store, "beamline_store_frames_written_bytes");
    assert!(all < 30 * spans, "{all}");
    drop(store);
    let store = Store::on(engine, StoreConfig::in_memory()).unwrap();
    for trace in (0..2_000).step_by(89) {
        check(&store, trace);
    }
    let verified = store.verify().unwrap();
    assert_eq!((verified.records, verified.problems.len()), (spans, 0));
}
