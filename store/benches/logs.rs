//! How fast log events are sealed, what they cost on disk, and how fast they are found.
//!
//! `cargo bench -p beamline-store --features rocks --bench logs -- [events]`
//!
//! Half of the events are JSON lines in one group, the other half OTLP records in another; both are spread over 24 hours
//! and most name a trace. Requests hold a thousand events each and are committed durably. Sealing is timed apart: it is
//! one thread, so events a second are those of a core.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use beamline_store::api::log::{LogBatch, LogBatchEvent, LogGroupChange, LogGroups, LogSearch, LogStreamId};
use beamline_store::{Location, Store, StoreConfig};

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ACCOUNT: Account = Account(0);
const DAY: i64 = 86_400_000_000_000;
const STREAMS: u64 = 20;
const REQUEST: u64 = 1000;
/// Events between two seals: about as many bytes as a group has when it is sealed for its size, several times over.
const ROUND: u64 = 100_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let events = arguments
        .iter()
        .filter_map(|argument| argument.parse().ok())
        .next_back();
    let events: u64 = events.unwrap_or(2_000_000);
    for (name, event) in [("JSON lines", json as Make), ("OTLP records", otlp as Make)] {
        measure(name, events / 2, event);
    }
}

/// Appends an event; gives its context, if it has one.
type Make = fn(&mut Vec<u8>, u64, Timestamp) -> Option<Vec<u8>>;

fn measure(name: &str, events: u64, make: Make) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut config = StoreConfig::new(Location::Folder(data.clone()));
    config.memory = 2 << 30;
    // Sealing is asked for.
    config.seal.every = Duration::from_secs(86_400);
    let store = Arc::new(Store::open(config).unwrap());
    let chosen = LogGroupChange::default();
    store
        .create_log_group(ACCOUNT, "/shop/checkout".parse().unwrap(), chosen)
        .unwrap();
    let streams: Vec<LogStreamId> = (0..STREAMS)
        .map(|stream| {
            let name = format!("checkout-7c9fbd6c5-{:05x}", mix(stream) & 0xf_ffff)
                .parse()
                .unwrap();
            store.ensure_log_stream(ACCOUNT, "/shop/checkout", &name).unwrap()
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let begin = Timestamp(store.stamp().0 - DAY);
    let time = |number: u64| begin.plus((number as i128 * i128::from(DAY) / i128::from(events)) as i64);

    let (mut committing, mut sealing, mut bytes) = (Duration::ZERO, Usage::default(), 0u64);
    let mut number = 0;
    while number < events {
        let end = (number + ROUND).min(events);
        while number < end {
            let to = (number + REQUEST).min(end);
            let batch = request(&store, &streams, number..to, time, make);
            bytes += batch.buffer.len() as u64;
            let from = Instant::now();
            runtime.block_on(store.commit_logs(batch)).unwrap();
            committing += from.elapsed();
            number = to;
        }
        let before = Usage::now();
        store.seal_all().unwrap();
        sealing = sealing.plus(Usage::now().minus(before));
    }
    let total = events as f64;
    println!(
        "{name}: {events} events of {:.0} bytes over 24 hours in one group",
        bytes as f64 / total
    );
    println!(
        "  committed durably   {:>10.0} events/s",
        total / committing.as_secs_f64()
    );
    println!(
        "  sealed and merged   {:>10.0} events/s, {:.2} µs of CPU each",
        total / sealing.wall.as_secs_f64(),
        sealing.cpu.as_secs_f64() * 1e6 / total
    );
    let figures = store.figures();
    let figure = |wanted: &str| {
        let found = figures.iter().find(|(name, _)| *name == wanted);
        found.map_or(0, |(_, value)| *value) as f64
    };
    println!(
        "  chunks              {:>10.1} bytes/event written, {:.0} chunks",
        figure("beamline_store_log_chunks_written_bytes") / total,
        figure("beamline_store_log_chunks_sealed_total")
    );
    drop(store);
    let store = Store::open(StoreConfig::new(Location::Folder(data))).unwrap();
    store.seal_all().unwrap();
    for (table, size) in store.figures() {
        let of = ["log", "lidx", "tid"]
            .into_iter()
            .find(|of| table.ends_with(&format!("{{table=\"{of}\"}}")));
        if let Some(of) = of {
            println!("  table {of:<14}{:>10.1} bytes/event", size as f64 / total);
        }
    }
    find(&store, events);
}

fn find(store: &Store, events: u64) {
    let of_group = || LogSearch::new(ACCOUNT, LogGroups::Named(vec!["/shop/checkout".to_owned()]));
    let picked = |n: u64| mix(n ^ 0xabcd) % events;
    let by_trace = |n: u64| {
        let found = store.log_events_of_trace(ACCOUNT, trace_of(picked(n)), 1000).unwrap();
        assert!(!found.events.is_empty());
    };
    let by_word = |n: u64| {
        let mut search = of_group();
        search.words = vec![format!("{:016x}", request_of(picked(n)))];
        let page = store.search_logs(&search).unwrap();
        assert_eq!((page.events.len(), page.cursor), (1, None));
    };
    let absent = |n: u64| {
        let mut search = of_group();
        search.words = vec![format!("absent{n}")];
        assert_eq!(store.search_logs(&search).unwrap().events.len(), 0);
    };
    let newest = |_: u64| {
        let mut search = of_group();
        search.words = vec!["declined".to_owned()];
        search.descending = true;
        search.limit = 100;
        assert_eq!(store.search_logs(&search).unwrap().events.len(), 100);
    };
    percentiles("by trace id", 200, by_trace);
    percentiles("rare word, 24 h", 200, by_word);
    percentiles("absent word, 24 h", 200, absent);
    percentiles("newest 100 of a common word", 50, newest);
}

fn percentiles(what: &str, times: u64, ask: impl Fn(u64)) {
    let mut took: Vec<Duration> = (0..times)
        .map(|n| {
            let from = Instant::now();
            ask(n);
            from.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!(
        "  {what:<28} p50 {:>8.2} ms  p95 {:>8.2} ms",
        took[took.len() / 2].as_secs_f64() * 1e3,
        took[took.len() * 95 / 100].as_secs_f64() * 1e3
    );
}

fn request(
    store: &Store,
    streams: &[LogStreamId],
    numbers: std::ops::Range<u64>,
    time: impl Fn(u64) -> Timestamp,
    make: Make,
) -> LogBatch {
    let (mut buffer, mut batch) = (Vec::new(), LogBatch::default());
    let mut known: Vec<Vec<u8>> = Vec::new();
    for number in numbers {
        let from = buffer.len() as u32;
        let context = make(&mut buffer, number, time(number)).map(|context| {
            let found = known.iter().position(|known| *known == context);
            found.unwrap_or_else(|| {
                known.push(context);
                known.len() - 1
            }) as u32
        });
        batch.events.push(LogBatchEvent {
            stream: streams[(number / REQUEST % STREAMS) as usize],
            time: time(number),
            received: store.stamp(),
            context,
            body: from..buffer.len() as u32,
        });
    }
    batch.buffer = buffer.into();
    batch.contexts = known.into_iter().map(Into::into).collect();
    batch
}

/// Spreads a number over 64 bits (the finalizer of SplitMix64).
fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Five events each name the same trace.
fn trace_of(number: u64) -> TraceId {
    let trace = number / 5;
    let random = (u128::from(mix(trace)) << 64) | u128::from(mix(!trace));
    TraceId((1_795_415_913 + u128::from(trace / 1000)) << 96 | random >> 32)
}

fn request_of(number: u64) -> u64 {
    mix(number ^ 0x5a5a << 40)
}

/// What the event says, in words that repeat.
fn said(number: u64) -> (&'static str, String) {
    let random = mix(number);
    let user = random >> 20 & 0xffff;
    match random % 100 {
        0 => (
            "ERROR",
            format!(
                "payment of order {} declined by provider acme-pay: insufficient funds",
                random >> 40
            ),
        ),
        1..=5 => (
            "WARN",
            format!(
                "retrying call to stock-service, attempt {} of 5 for user-{user}",
                random >> 8 & 3
            ),
        ),
        6..=40 => (
            "INFO",
            format!(
                "order {} placed by user-{user} with {} items",
                random >> 40,
                random >> 4 & 15
            ),
        ),
        _ => (
            "INFO",
            format!(
                "GET /api/v1/cart/{user} completed with status 200 in {} ms",
                random >> 32 & 511
            ),
        ),
    }
}

fn json(out: &mut Vec<u8>, number: u64, time: Timestamp) -> Option<Vec<u8>> {
    let (level, message) = said(number);
    let line = format!(
        r#"{{"timestamp":"{time}","level":"{level}","logger":"com.example.checkout.CartController","thread":"http-nio-8080-exec-{}","message":"{message}","requestId":"{:016x}","trace_id":"{}","span_id":"{:016x}"}}"#,
        mix(number) >> 50 & 63,
        request_of(number),
        trace_of(number).to_w3c(),
        mix(number ^ 77),
    );
    out.extend_from_slice(line.as_bytes());
    None
}

/// A protobuf `LogRecord`.
fn otlp(out: &mut Vec<u8>, number: u64, time: Timestamp) -> Option<Vec<u8>> {
    let (level, message) = said(number);
    for (field, moment) in [(1u8, time), (11, time.plus(1_000))] {
        out.push(field << 3 | 1);
        out.extend_from_slice(&moment.0.to_le_bytes());
    }
    out.extend([2 << 3, 9]);
    sized(out, 3, level.as_bytes());
    let mut body = Vec::new();
    sized(&mut body, 1, message.as_bytes());
    sized(out, 5, &body);
    for (key, value) in [
        ("code.namespace", "com.example.checkout.CartController".to_owned()),
        ("thread.name", format!("http-nio-8080-exec-{}", mix(number) >> 50 & 63)),
        ("request.id", format!("{:016x}", request_of(number))),
    ] {
        sized(out, 6, &pair(key, &value));
    }
    sized(out, 9, &trace_of(number).to_bytes());
    sized(out, 10, &mix(number ^ 77).to_be_bytes());
    Some(context(number / REQUEST % STREAMS))
}

/// A protobuf `ResourceLogs` without records.
fn context(instance: u64) -> Vec<u8> {
    let mut resource = Vec::new();
    for (key, value) in [
        ("service.name", "checkout".to_owned()),
        ("service.version", "2.3.1".to_owned()),
        ("telemetry.sdk.language", "java".to_owned()),
        (
            "host.name",
            format!("checkout-7c9fbd6c5-{:05x}", mix(instance) & 0xf_ffff),
        ),
        ("deployment.environment.name", "production".to_owned()),
    ] {
        sized(&mut resource, 1, &pair(key, &value));
    }
    let mut scope = Vec::new();
    sized(&mut scope, 1, b"io.opentelemetry.logback-appender-1.0");
    let mut scope_logs = Vec::new();
    sized(&mut scope_logs, 1, &scope);
    let mut context = Vec::new();
    sized(&mut context, 1, &resource);
    sized(&mut context, 2, &scope_logs);
    context
}

fn pair(key: &str, value: &str) -> Vec<u8> {
    let mut any = Vec::new();
    sized(&mut any, 1, value.as_bytes());
    let mut pair = Vec::new();
    sized(&mut pair, 1, key.as_bytes());
    sized(&mut pair, 2, &any);
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
        let fields = after_name.split(' ').skip(11).take(2);
        let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
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
