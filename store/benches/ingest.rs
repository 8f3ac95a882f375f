//! How fast the store takes spans in, and what they cost: CPU, bytes on disk, reads by id.
//!
//! `cargo bench -p beamline-store --features rocks --bench ingest -- [spans]`
//!
//! The shape is the one Jaeger publishes its figures for: 10 spans a trace, 10 services, 11 attributes a span. Spans
//! arrive in requests of one service each, every request committed durably; the sealer works beside them.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use beamline_store::api::{Account, Batch, BatchRecord};
use beamline_store::{Location, Store, StoreConfig};
use tokio::task::JoinSet;

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SERVICES: u64 = 10;
const TRACES_A_ROUND: u64 = 1000;
const REQUEST_SPANS: usize = 500;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let spans = arguments
        .iter()
        .filter_map(|argument| argument.parse().ok())
        .next_back();
    let spans: u64 = spans.unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let mut config = StoreConfig::new(Location::Folder(folder.path().join("data")));
    config.memory = 2 << 30;
    let store = Arc::new(Store::open(config).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();

    let rounds = (spans / (TRACES_A_ROUND * SERVICES)).max(1);
    let mut made = Usage::default();
    let begin = Usage::now();
    for round in 0..rounds {
        let before = Usage::now();
        let batches = round_of_requests(&store, round);
        made = made.plus(Usage::now().minus(before));
        runtime.block_on(commit_all(&store, batches));
    }
    let committed = Usage::now().minus(begin).minus(made);
    store.seal_all().unwrap();
    let sealed = Usage::now().minus(begin).minus(made);
    let total = (rounds * TRACES_A_ROUND * SERVICES) as f64;
    println!("spans                 {total:>12.0}");
    println!(
        "committed durably     {:>12.0} spans/s",
        total / committed.wall.as_secs_f64()
    );
    println!(
        "and sealed            {:>12.0} spans/s",
        total / sealed.wall.as_secs_f64()
    );
    let micros = |usage: Usage| usage.cpu.as_secs_f64() * 1e6 / total;
    println!(
        "CPU                   {:>12.2} µs/span, {:.2} of them before sealing",
        micros(sealed),
        micros(committed)
    );
    println!(
        "cores used            {:>12.2}",
        sealed.cpu.as_secs_f64() / sealed.wall.as_secs_f64()
    );

    let figures = store.figures();
    let figure = |wanted: &str| {
        figures
            .iter()
            .find(|(name, _)| *name == wanted)
            .map_or(0, |(_, value)| *value) as f64
    };
    println!(
        "frames                {:>12.1} bytes/span",
        figure("beamline_store_frames_written_bytes") / total
    );
    let mut times: Vec<Duration> = (0..2000u64)
        .map(|n| {
            let trace = trace_id(n * 7919 % (rounds * TRACES_A_ROUND));
            let from = Instant::now();
            let found = store.trace(Account::default(), trace).unwrap().unwrap();
            assert_eq!(found.records.len(), SERVICES as usize);
            from.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("trace by id           p50 {:?}  p99 {:?}", times[1000], times[1980]);
    drop(store);
    let folder_bytes = || -> u64 {
        let files = std::fs::read_dir(folder.path().join("data")).unwrap();
        files
            .filter_map(|entry| entry.ok()?.metadata().ok())
            .map(|metadata| metadata.len())
            .sum()
    };
    println!(
        "folder                {:>12.1} bytes/span (logs not yet dropped included)",
        folder_bytes() as f64 / total
    );
    let from = Instant::now();
    let again = Store::open(StoreConfig::new(Location::Folder(folder.path().join("data")))).unwrap();
    println!("opened again in       {:>12.0?}", from.elapsed());
    let verified = again.verify().unwrap();
    assert_eq!((verified.records as f64, verified.problems.len()), (total, 0));
    println!(
        "folder                {:>12.1} bytes/span (without them)",
        folder_bytes() as f64 / total
    );
}

async fn commit_all(store: &Arc<Store>, batches: Vec<Batch>) {
    // As many requests in flight as a handful of exporters have.
    const IN_FLIGHT: usize = 16;
    let mut running = JoinSet::new();
    for batch in batches {
        if running.len() >= IN_FLIGHT {
            running.join_next().await.unwrap().unwrap();
        }
        let store = Arc::clone(store);
        running.spawn(async move {
            while let Err(error) = store.commit(batch.clone()).await {
                assert!(error.is_temporary(), "{error}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
    running.join_all().await;
}

fn trace_id(trace: u64) -> TraceId {
    let mixed = trace.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
    TraceId((u128::from(mixed) << 64) | u128::from(mixed.wrapping_mul(0xd6e8_feb8_6659_fd93) | 1))
}

/// The requests of some traces, a service after the other.
fn round_of_requests(store: &Store, round: u64) -> Vec<Batch> {
    let traces = round * TRACES_A_ROUND..(round + 1) * TRACES_A_ROUND;
    let mut requests = Vec::new();
    for service in 0..SERVICES {
        for traces in traces.clone().collect::<Vec<_>>().chunks(REQUEST_SPANS) {
            let mut buffer = Vec::new();
            let records = traces.iter().map(|&trace| {
                let from = buffer.len() as u32;
                let received = store.stamp();
                let start = received.plus(-2_000_000_000 + service as i64 * 1_000_000);
                let end = start.plus(20_000_000 - service as i64 * 1_000_000);
                span(&mut buffer, trace, service, start, end);
                BatchRecord {
                    trace: trace_id(trace),
                    received,
                    start,
                    end: Some(end),
                    weight: 1.0,
                    context: Some(0),
                    body: from..buffer.len() as u32,
                }
            });
            let records = records.collect();
            requests.push(Batch {
                account: Account::default(),
                buffer: buffer.into(),
                contexts: vec![context(service).into()],
                records,
            });
        }
    }
    requests
}

fn span_id(trace: u64, service: u64) -> [u8; 8] {
    (trace * SERVICES + service + 1)
        .wrapping_mul(0xa076_1d64_78bd_642f)
        .to_be_bytes()
}

/// A protobuf `Span` with eleven attributes.
fn span(out: &mut Vec<u8>, trace: u64, service: u64, start: Timestamp, end: Timestamp) {
    sized(out, 1, &trace_id(trace).to_bytes());
    sized(out, 2, &span_id(trace, service));
    if service > 0 {
        sized(out, 4, &span_id(trace, service - 1));
    }
    sized(out, 5, format!("GET /api/v1/resource-{service}").as_bytes());
    out.extend([6 << 3, 2]);
    for (field, moment) in [(7u8, start), (8, end)] {
        out.push(field << 3 | 1);
        out.extend_from_slice(&moment.0.to_le_bytes());
    }
    let customer = trace.wrapping_mul(0x2545_f491_4f6c_dd1d) % 5000;
    for (key, value) in [
        ("http.request.method", "GET".to_owned()),
        ("url.path", format!("/api/v1/resource-{service}/{customer}")),
        ("url.scheme", "https".to_owned()),
        ("http.response.status_code", "200".to_owned()),
        ("server.address", format!("service-{service}.shop.internal")),
        ("network.peer.address", format!("10.0.{service}.{}", customer % 250)),
        ("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)".to_owned()),
        ("app.customer", format!("customer-{customer}")),
        ("app.order", format!("{:016x}", trace.wrapping_mul(0x9e37_79b9))),
        ("thread.name", format!("worker-{}", trace % 32)),
        ("code.function", "handle_request".to_owned()),
    ] {
        sized(out, 9, &attribute(key, &value));
    }
}

/// A protobuf `ResourceSpans` without spans.
fn context(service: u64) -> Vec<u8> {
    let mut resource = Vec::new();
    for (key, value) in [
        ("service.name", format!("service-{service}")),
        (
            "service.instance.id",
            format!("service-{service}-7c9d-{}", service * 31),
        ),
        ("telemetry.sdk.language", "rust".to_owned()),
    ] {
        sized(&mut resource, 1, &attribute(key, &value));
    }
    let mut scope = Vec::new();
    sized(&mut scope, 1, b"bench");
    let mut spans = Vec::new();
    sized(&mut spans, 1, &scope);
    let mut context = Vec::new();
    sized(&mut context, 1, &resource);
    sized(&mut context, 2, &spans);
    context
}

fn attribute(key: &str, value: &str) -> Vec<u8> {
    let (mut text, mut pair) = (Vec::new(), Vec::new());
    sized(&mut text, 1, value.as_bytes());
    sized(&mut pair, 1, key.as_bytes());
    sized(&mut pair, 2, &text);
    pair
}

fn sized(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(bytes);
}

/// Time that passed, and time that this process computed.
#[derive(Clone, Copy, Default)]
struct Usage {
    wall: Duration,
    cpu: Duration,
}

impl Usage {
    fn now() -> Self {
        static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        // Fields 14 and 15 of `stat` are user and system time in hundredths of a second.
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        let ticks: u64 = after_name
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Self {
            wall: BEGIN.get_or_init(Instant::now).elapsed(),
            cpu: Duration::from_millis(ticks * 10),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            wall: self.wall.saturating_sub(other.wall),
            cpu: self.cpu.saturating_sub(other.cpu),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
        }
    }
}
