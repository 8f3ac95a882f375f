//! How fast the store takes spans in, and what they cost: CPU, bytes on disk, reads by id.
//!
//! `cargo bench -p beamline-store --features rocks --bench ingest -- [spans]`
//!
//! The shape is that of `beamline load`, which is the one Jaeger publishes its figures for: 10 spans a trace, 10 services,
//! 11 attributes a span. Requests hold whole traces, every request is committed durably; the sealer works beside them.
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
const REQUEST_TRACES: usize = 50;

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
    let parts = figures.iter().filter_map(|(name, bytes)| {
        let part = name
            .strip_prefix("beamline_store_frames_")?
            .strip_suffix("_written_bytes")?;
        Some((part, *bytes as f64 / total))
    });
    parts.for_each(|(part, bytes)| println!("  {part:<20}{bytes:>12.1}"));
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
    let random = (u128::from(mix(trace)) << 64) | u128::from(mix(!trace));
    // As X-Ray makes them, and X-Ray's propagators for OpenTelemetry: the second in front.
    TraceId((1_795_415_913 + u128::from(trace / 10_000)) << 96 | random >> 32)
}

/// Spreads a number over 64 bits (the finalizer of SplitMix64).
fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The requests of some traces: whole traces in each, its spans by service, as `beamline load` sends them.
fn round_of_requests(store: &Store, round: u64) -> Vec<Batch> {
    let traces: Vec<u64> = (round * TRACES_A_ROUND..(round + 1) * TRACES_A_ROUND).collect();
    traces
        .chunks(REQUEST_TRACES)
        .map(|traces| request(store, traces))
        .collect()
}

fn request(store: &Store, traces: &[u64]) -> Batch {
    let shapes: Vec<Vec<Shape>> = traces.iter().map(|&trace| shapes(trace, store.stamp())).collect();
    let (mut buffer, mut records) = (Vec::new(), Vec::new());
    for service in 0..SERVICES {
        for (&trace, shapes) in traces.iter().zip(&shapes) {
            let from = buffer.len() as u32;
            let shape = &shapes[service as usize];
            span(&mut buffer, trace, service, shape);
            records.push(BatchRecord {
                trace: trace_id(trace),
                received: store.stamp(),
                start: shape.start,
                end: Some(shape.end),
                weight: 1.0,
                context: Some(service as u32),
                body: from..buffer.len() as u32,
            });
        }
    }
    Batch {
        account: Account::default(),
        buffer: buffer.into(),
        contexts: (0..SERVICES).map(|service| context(service).into()).collect(),
        records,
    }
}

/// Where a span is in its trace.
struct Shape {
    parent: Option<u64>,
    start: Timestamp,
    end: Timestamp,
    /// Picks the values of attributes that repeat.
    variety: u64,
}

/// A tree of spans, each within its parent. Traces are around a second long.
fn shapes(trace: u64, now: Timestamp) -> Vec<Shape> {
    let length = 250_000_000 << (mix(trace) % 5);
    let length = length + mix(trace ^ 0x5555) as i64 % length / 2;
    let mut shapes: Vec<Shape> = Vec::new();
    for service in 0..SERVICES {
        let random = mix(trace << 8 | service);
        let parent = (service > 0).then(|| random % service);
        let (start, end) = match parent.map(|parent| &shapes[parent as usize]) {
            None => (now.plus(-length), now),
            Some(parent) => {
                let length = (parent.end.0 - parent.start.0) as f64;
                let part = |bits: u64| (bits & 0xffff_ffff) as f64 / (1u64 << 32) as f64;
                let (a, b) = (part(mix(random)), part(mix(random) >> 32));
                (
                    parent.start.plus((length * 0.9 * a.min(b)) as i64),
                    parent.end.plus(-((length * 0.1 * a.max(b)) as i64)),
                )
            }
        };
        shapes.push(Shape {
            parent,
            start,
            end,
            variety: mix(!random),
        });
    }
    shapes
}

fn span_id(trace: u64, service: u64) -> u64 {
    mix(mix(trace) ^ service << 40) | 1
}

/// A protobuf `Span` with eleven attributes, as `beamline load` sends it.
fn span(out: &mut Vec<u8>, trace: u64, service: u64, shape: &Shape) {
    sized(out, 1, &trace_id(trace).to_bytes());
    sized(out, 2, &span_id(trace, service).to_be_bytes());
    if let Some(parent) = shape.parent {
        sized(out, 4, &span_id(trace, parent).to_be_bytes());
    }
    let variety = shape.variety;
    let route = format!("/api/v1/resource-{}/{{id}}", variety >> 32 & 7);
    sized(out, 5, format!("GET {route}").as_bytes());
    out.extend([6 << 3, 2]);
    for (field, moment) in [(7u8, shape.start), (8, shape.end)] {
        out.push(field << 3 | 1);
        out.extend_from_slice(&moment.0.to_le_bytes());
    }
    for pair in [
        text("http.request.method", "GET"),
        text("http.route", &route),
        text("url.scheme", "https"),
        text("server.address", &format!("service-{service:03}.internal")),
        integer("server.port", 8443),
        integer("http.response.status_code", 200),
        text(
            "network.peer.address",
            &format!("10.{}.{}.{}", variety % 4, variety / 4 % 16, variety / 64 % 250),
        ),
        text("user_agent.original", "Go-http-client/2.0"),
        integer("thread.id", variety % 64),
        text("request.id", &format!("{:016x}", mix(span_id(trace, service)))),
        text("user.id", &format!("user-{:05}", mix(trace) % 10_000)),
    ] {
        sized(out, 9, &pair);
    }
    // `flags`: sampled.
    out.extend([0x85, 0x01, 1, 1, 0, 0]);
}

/// A protobuf `ResourceSpans` without spans.
fn context(service: u64) -> Vec<u8> {
    let name = format!("service-{service:03}");
    let mut resource = Vec::new();
    for (key, value) in [
        ("service.name", name.as_str()),
        ("service.version", "2.3.1"),
        ("telemetry.sdk.language", "go"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("host.name", &format!("{name}-7c9fbd6c5-x2x9k")),
        ("deployment.environment.name", "load"),
    ] {
        sized(&mut resource, 1, &text(key, value));
    }
    let mut scope = Vec::new();
    sized(&mut scope, 1, b"load.instrumentation");
    sized(&mut scope, 2, b"1.0.0");
    let mut spans = Vec::new();
    sized(&mut spans, 1, &scope);
    let mut context = Vec::new();
    sized(&mut context, 1, &resource);
    sized(&mut context, 2, &spans);
    context
}

fn text(key: &str, value: &str) -> Vec<u8> {
    let mut any = Vec::new();
    sized(&mut any, 1, value.as_bytes());
    pair(key, &any)
}

fn integer(key: &str, value: u64) -> Vec<u8> {
    let mut any = vec![3 << 3];
    varint(&mut any, value);
    pair(key, &any)
}

fn pair(key: &str, value: &[u8]) -> Vec<u8> {
    let mut pair = Vec::new();
    sized(&mut pair, 1, key.as_bytes());
    sized(&mut pair, 2, value);
    pair
}

fn sized(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
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
