//! What encryption at rest costs, off and on, measured in turns within one run.
//!
//! `cargo bench -p beamline-store --features rocks --bench encryption -- [documents]`
//!
//! Three stores take in the same X-Ray documents again and again: one without a master key, where the layer is not
//! there; one with, in which no account asked for encryption; one in which everything is sealed. What is told of each is
//! its median over all turns, so that whatever else the machine does hits all three alike.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::time::{Duration, Instant};

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use beamline_store::api::{Account, Batch, BatchRecord};
use beamline_store::cipher::{Master, MasterKey, MasterKeys};
use beamline_store::{Location, Store, StoreConfig};

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TURNS: usize = 9;
const DOCUMENTS_A_TRACE: u64 = 10;
const REQUEST: u64 = 500;

#[derive(Clone, Copy, Debug)]
enum Kind {
    NoMasterKey,
    NobodyEncrypts,
    Encrypted,
}

const KINDS: [Kind; 3] = [Kind::NoMasterKey, Kind::NobodyEncrypts, Kind::Encrypted];

/// Of one turn: microseconds of wall time a document taken in and sealed, and a trace read; bytes a document on disk.
#[derive(Clone, Copy)]
struct Measured {
    taken_in: f64,
    read: f64,
    bytes: f64,
}

fn main() {
    let documents = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next_back();
    let documents: u64 = documents.unwrap_or(100_000);
    let mut all: [Vec<Measured>; 3] = Default::default();
    for turn in 0..TURNS {
        for step in 0..KINDS.len() {
            let kind = (turn + step) % KINDS.len();
            all[kind].push(measure(KINDS[kind], documents));
        }
    }
    let median = |kind: usize, of: fn(&Measured) -> f64| {
        let mut values: Vec<f64> = all[kind].iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("{documents} documents, medians of {TURNS} turns");
    println!("                  µs a document   ratio   µs a trace read   ratio   bytes a document");
    for (kind, name) in KINDS.iter().enumerate() {
        let (taken_in, read) = (median(kind, |it| it.taken_in), median(kind, |it| it.read));
        println!(
            "{:<17} {taken_in:>13.2}   {:>5.3}   {read:>15.1}   {:>5.3}   {:>16.1}",
            format!("{name:?}"),
            taken_in / median(0, |it| it.taken_in),
            read / median(0, |it| it.read),
            median(kind, |it| it.bytes)
        );
    }
}

fn measure(kind: Kind, documents: u64) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let mut config = StoreConfig::new(Location::Folder(folder.path().join("data")));
    config.seal.every = Duration::from_secs(86_400);
    if !matches!(kind, Kind::NoMasterKey) {
        config.masters = MasterKeys(vec![Master::Key(MasterKey::new([7; 32]))]);
    }
    let store = Store::open(config).unwrap();
    if matches!(kind, Kind::Encrypted) {
        store.encrypt(Account::default(), "alias/bench").unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let begin = Instant::now();
    let mut making = Duration::ZERO;
    for first in (0..documents).step_by(REQUEST as usize) {
        let from = Instant::now();
        let batch = request(&store, first..(first + REQUEST).min(documents));
        making += from.elapsed();
        runtime.block_on(store.commit(batch)).unwrap();
    }
    store.seal_all().unwrap();
    let taken_in = begin.elapsed().saturating_sub(making);

    const READS: u64 = 2_000;
    let traces = documents / DOCUMENTS_A_TRACE;
    let begin = Instant::now();
    for n in 0..READS {
        let found = store.trace(Account::default(), trace_id(n * 7_919 % traces)).unwrap();
        assert_eq!(found.unwrap().records.len() as u64, DOCUMENTS_A_TRACE);
    }
    let read = begin.elapsed();
    // A copy has everything in tables, nothing in a log.
    let copy = folder.path().join("copy");
    store.checkpoint(&copy).unwrap();
    let files = std::fs::read_dir(&copy).unwrap();
    let sizes = files.filter_map(|entry| {
        let entry = entry.ok()?;
        let is_table = entry.path().extension().is_some_and(|kind| kind == "sst");
        is_table.then(|| entry.metadata().map_or(0, |metadata| metadata.len()))
    });
    Measured {
        taken_in: taken_in.as_secs_f64() * 1e6 / documents as f64,
        read: read.as_secs_f64() * 1e6 / READS as f64,
        bytes: sizes.sum::<u64>() as f64 / documents as f64,
    }
}

fn trace_id(trace: u64) -> TraceId {
    let mixed = trace.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
    TraceId((1_795_415_913 << 96) | u128::from(mixed) << 32 | u128::from(trace & 0xffff_ffff))
}

fn request(store: &Store, numbers: std::ops::Range<u64>) -> Batch {
    let (mut batch, mut buffer) = (Batch::default(), Vec::new());
    for number in numbers {
        let (trace, part) = (trace_id(number / DOCUMENTS_A_TRACE), number % DOCUMENTS_A_TRACE);
        let noise = number.wrapping_mul(0xd6e8_feb8_6659_fd93);
        let from = buffer.len() as u32;
        let document = format!(
            r#"{{"name":"service-{part}","id":"{:016x}","trace_id":"{trace}","start_time":1795415913.{part},"end_time":1795415914.{},"http":{{"request":{{"method":"GET","url":"https://shop.example/orders/{noise:x}"}},"response":{{"status":200}}}},"annotations":{{"customer":"{noise:016x}","tier":"{}","cart":{}}},"metadata":{{"note":"the same in every document"}}}}"#,
            noise | 1,
            part + 1,
            noise % 5,
            noise % 1_000,
        );
        buffer.extend_from_slice(document.as_bytes());
        let start = Timestamp::from_seconds(1_795_415_913);
        batch.records.push(BatchRecord {
            trace,
            received: store.stamp(),
            start,
            end: Some(start.plus(1_000_000_000)),
            weight: 1.0,
            context: None,
            body: from..buffer.len() as u32,
        });
    }
    batch.buffer = buffer.into();
    batch
}
