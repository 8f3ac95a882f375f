//! Search right after very many traces arrived, none of them sealed yet.
//!
//! ```sh
//! cargo bench -p beamline-store --features rocks --bench live
//! ```
//!
//! `TRACES` says how many (100,000); with `WAITING` set, each of them waits for a callee that was announced.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "it prints what it measures")]

use std::time::Instant;

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use beamline_store::api::{Account, Batch, BatchRecord, Order, Search, TimeBasis};
use beamline_store::{Store, StoreConfig};

const BEGIN: i64 = 1_795_392_000_000_000_000;

fn main() {
    let traces = std::env::var("TRACES").ok().and_then(|text| text.parse().ok());
    let traces: i64 = traces.unwrap_or(100_000);
    let announced = if std::env::var_os("WAITING").is_some() {
        r#""traced":true,"#
    } else {
        ""
    };
    let store = Store::open(StoreConfig::in_memory()).expect("opens");
    let numbers: Vec<i64> = (0..traces).collect();
    for some in numbers.chunks(1_000) {
        let mut bytes = Vec::new();
        let mut records = Vec::new();
        for &number in some {
            let start = Timestamp(BEGIN + number * 100_000);
            let end = start.plus(40_000_000);
            let trace = TraceId((start.0 as u128 / 1_000_000_000) << 96 | (number as u128 + 1));
            let from = bytes.len() as u32;
            let body = format!(
                r#"{{"name":"shop","id":"{number:016x}","trace_id":"{trace}","start_time":{start},"end_time":{end},"http":{{"request":{{"method":"GET","url":"https://shop.example.com/item/{number}"}},"response":{{"status":200}}}},"annotations":{{"tier":"gold"}},"subsegments":[{{"name":"stock","id":"{:016x}","namespace":"remote",{announced}"start_time":{start},"end_time":{end}}}]}}"#,
                number + traces
            );
            bytes.extend_from_slice(body.as_bytes());
            records.push(BatchRecord {
                trace,
                received: store.stamp(),
                start,
                end: Some(end),
                weight: 1.0,
                context: None,
                body: from..bytes.len() as u32,
            });
        }
        let batch = Batch {
            account: Account::default(),
            buffer: bytes.into(),
            contexts: Vec::new(),
            records,
        };
        store.offer(batch).map_err(|(_, error)| error).expect("takes it");
        store.flush().expect("writes");
    }
    for (name, order) in [
        ("newest, the first page", Order::Newest),
        ("newest, the same page again", Order::Newest),
        ("slowest, for which all are derived", Order::Slowest),
        ("slowest again", Order::Slowest),
    ] {
        let search = Search {
            account: Account::default(),
            range: Timestamp::ZERO..Timestamp::MAX,
            basis: TimeBasis::Start,
            matcher: None,
            order,
            limit: 100,
            budget: 1_000_000,
            cursor: None,
        };
        let begin = Instant::now();
        let found = store.search(&search).expect("searches").digests.len();
        println!(
            "{name:<36} {found:>4} found {:>9.2} ms",
            begin.elapsed().as_secs_f64() * 1e3
        );
    }
}
