//! Days of service-graph statistics read by the minute: how long it takes and how much memory.
//!
//! ```sh
//! cargo bench -p beamline-store --bench series
//! ```
//!
//! `DAYS` says how many days (2).
#![allow(clippy::print_stdout, clippy::expect_used, reason = "it prints what it measures")]

use std::sync::Arc;
use std::time::Instant;

use beamline_model::digest::{CallFact, Digest, SegmentFact, ServiceFact, ServiceId};
use beamline_model::id::TraceId;
use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::{Account, Wanted};
use beamline_store::engine::memory::Memory;
use beamline_store::engine::{Durability, Engine, WriteBatch};
use beamline_store::table::cache::Cache;
use beamline_store::table::edges::read;
use beamline_store::table::{Live, Moment, Sealed, Tables};

const ACCOUNT: Account = Account(0);
const MINUTE: i64 = 60_000_000_000;
const SERVICES: u16 = 60;
/// Calls of each service in a minute, each to another one.
const CALLS: u16 = 3;

fn id(service: u16) -> ServiceId {
    ServiceId {
        name: format!("service-{service}"),
        kind: "AWS::ECS::Container".to_owned(),
        account: String::new(),
    }
}

/// All requests of one minute, as if they were of one trace.
fn digest(minute: u32) -> Digest {
    let start = Timestamp::from_minute(minute);
    let mut digest = Digest::new(TraceId((u128::from(minute) * 60) << 96 | 1));
    (digest.start, digest.end) = (start, start.plus(MINUTE - 1));
    digest.updated = digest.end;
    digest.services = (0..SERVICES)
        .map(|service| ServiceFact {
            id: id(service),
            ..ServiceFact::default()
        })
        .collect();
    for service in 0..SERVICES {
        for number in 0..CALLS * 4 {
            // Lengths differ from minute to minute, so that histograms are as wide as those of real requests.
            let length = 1_000_000 + i64::from((minute.wrapping_mul(31) + u32::from(number * service)) % 900) * 100_000;
            let end = Some(start.plus(length));
            digest.segments.push(SegmentFact {
                service,
                start,
                end,
                weight: 1.0,
                ..SegmentFact::default()
            });
            let from = if service == 0 {
                CallFact::CLIENT
            } else {
                (service + number % CALLS + 1) % SERVICES
            };
            digest.calls.push(CallFact {
                from,
                to: service,
                start,
                end,
                weight: 1.0,
                ..CallFact::default()
            });
        }
    }
    digest
}

/// Wants one service.
struct Only(ServiceId);

impl Wanted for Only {
    fn service(&self, id: &ServiceId) -> bool {
        *id == self.0
    }

    fn edge(&self, _: Option<&ServiceId>, _: &ServiceId) -> bool {
        false
    }
}

/// Bytes of memory of this process: now, and the most since this was asked before.
fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse::<u64>().ok()).unwrap_or(0)
    };
    let told = (kib("VmRSS:") << 10, kib("VmHWM:") << 10);
    // Begins a new peak; where that is not possible, the peak is that since the start.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    told
}

fn main() {
    let days: u32 = std::env::var("DAYS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2);
    let engine = Memory::default();
    let mut tables = Tables::open(&*engine.view()).expect("opens");
    let begin = 29_923_200;
    let minutes = begin..begin + days * 1_440;
    for minute in minutes.clone() {
        let sealed = [Sealed {
            account: ACCOUNT,
            digest: Arc::new(digest(minute)),
            before: None,
        }];
        let mut batch = WriteBatch::default();
        tables.seal(&*engine.view(), &sealed, &mut batch).expect("seals");
        engine.write(batch, Durability::Memory).expect("writes");
    }
    let late = Timestamp::from_minute(minutes.end + 1_440);
    while let Some(batch) = tables.maintain(&*engine.view(), late).expect("maintains") {
        engine.write(batch, Durability::Memory).expect("writes");
    }
    drop(tables);
    let view = engine.view();
    let moment = Moment {
        view: &*view,
        live: &Vec::<Live>::new(),
        cache: &Cache::new(128 << 20),
    };
    let measure = |name: &str, ask: &mut dyn FnMut() -> i64| {
        let (before, _) = memory();
        let begin = Instant::now();
        let requests = ask();
        let took = begin.elapsed();
        let (_, most) = memory();
        println!(
            "{name:<40} {requests:>9} requests {:>9.1} ms {:>8.1} MB more",
            took.as_secs_f64() * 1e3,
            most.saturating_sub(before) as f64 / 1e6
        );
    };
    let range = |minutes: u32| -> TimeRange { Timestamp::from_minute(begin)..Timestamp::from_minute(begin + minutes) };
    for (name, length, period) in [
        ("half a day by the minute, a service", 720, 1),
        ("a day by the minute, a service", 1_440, 1),
        ("all by the minute, a service", days * 1_440, 1),
        ("all by the hour, a service", days * 1_440, 60),
    ] {
        measure(name, &mut || {
            let mut points = Vec::new();
            let mut keep = |start, graph: GraphStats| {
                points.extend(graph.nodes.into_values().map(|node| (start, node.stats)));
            };
            read::each(&moment, ACCOUNT, &range(length), period, &Only(id(7)), &mut keep).expect("reads");
            points.iter().map(|(_, stats)| stats.total()).sum()
        });
    }
}
