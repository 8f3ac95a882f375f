//! Search and service graph over a day of synthetic digests on disk.
//!
//! ```sh
//! cargo bench -p beamline-store --features rocks --bench search
//! ```
//!
//! `DIGESTS` says how many traces the day has (1,000,000), `SEALS` in how many batches they come (20,000).
#![allow(clippy::print_stdout, clippy::expect_used, reason = "it prints what it measures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use beamline_model::digest::{
    AnnotationFact, CallFact, Digest, HttpFact, SegmentFact, ServiceFact, ServiceId, UserFact,
};
use beamline_model::id::TraceId;
use beamline_model::node::{Flags, Scalar};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::{Account, Matcher, Order, Required, Search, Term, TimeBasis, TraceFlag};
use beamline_store::engine::rocks::{Memory, Rocks};
use beamline_store::engine::{Durability, Engine, WriteBatch};
use beamline_store::plan;
use beamline_store::table::cache::Cache;
use beamline_store::table::edges::read;
use beamline_store::table::{Live, Moment, Sealed, Tables};

const ACCOUNT: Account = Account(0);
const BEGIN: i64 = 1_795_392_000_000_000_000;
const DAY: i64 = 86_400_000_000_000;
const SERVICES: u64 = 50;
const SPANS: u64 = 9;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn digest(dice: &mut Dice, start: i64) -> Digest {
    let random = u128::from(dice.roll(u64::MAX)) << 32 | u128::from(dice.roll(1 << 32));
    let mut digest = Digest::new(TraceId((start as u128 / 1_000_000_000) << 96 | random));
    digest.start = Timestamp(start);
    let mut at = start;
    let first = dice.roll(SERVICES / 5) * 5;
    for number in 0..SPANS {
        // A third of the services call three others each: about 150 edges.
        let service = if number == 0 {
            first
        } else {
            (first + number * (1 + dice.roll(3))) % SERVICES
        };
        let id = ServiceId {
            name: format!("service-{service}"),
            kind: "AWS::ECS::Container".into(),
            account: String::new(),
        };
        let index = digest
            .services
            .iter()
            .position(|fact| fact.id == id)
            .unwrap_or_else(|| {
                digest.services.push(ServiceFact {
                    id,
                    ..ServiceFact::default()
                });
                digest.services.len() - 1
            }) as u16;
        let fault = dice.roll(200) == 0;
        let flags = Flags {
            fault,
            error: !fault && dice.roll(50) == 0,
            throttle: false,
        };
        let length =
            1_000_000 + dice.roll(80_000) as i64 * 1_000 + if dice.roll(1000) == 0 { 3_000_000_000 } else { 0 };
        let (begin, end) = (Timestamp(at), Timestamp(at + length));
        let caller = if number == 0 { CallFact::CLIENT } else { 0 };
        digest.segments.push(SegmentFact {
            service: index,
            root: number == 0,
            flags,
            start: begin,
            end: Some(end),
            weight: 1.0,
            ..SegmentFact::default()
        });
        digest.calls.push(CallFact {
            from: caller,
            to: index,
            flags,
            start: begin,
            end: Some(end),
            weight: 1.0,
            ..CallFact::default()
        });
        digest.end = digest.end.max(end);
        at += dice.roll(10_000) as i64 * 1_000;
    }
    digest.segments[0].end = Some(digest.end);
    digest.updated = digest.end.plus(5_000_000_000);
    digest.response_time = Some(digest.duration());
    digest.flags = digest.segments[0].flags;
    digest.entry = Some(0);
    digest.nodes = SPANS as u32;
    digest.http = HttpFact {
        url: Some(format!("https://shop.example.com/item/{}", dice.roll(50_000))),
        method: Some("GET".into()),
        status: Some(if digest.flags.fault { 500 } else { 200 }),
        user_agent: Some(format!("agent/{}", dice.roll(200))),
        client_ip: Some(format!("10.{}.{}.{}", dice.roll(256), dice.roll(256), dice.roll(256))),
    };
    let annotation = |key: &str, value: String| AnnotationFact {
        key: key.into(),
        value: Scalar::Text(value.into()),
        services: vec![0].into(),
        segments: vec![0].into(),
    };
    digest.annotations = vec![
        annotation("tier", ["gold", "silver", "free"][dice.roll(3) as usize].into()),
        annotation("order", format!("{:016x}", dice.roll(u64::MAX))),
    ];
    digest.users = vec![UserFact {
        name: format!("user-{}", dice.roll(20_000)),
        services: vec![0].into(),
    }];
    digest
}

/// A name, an order, what is required and what decides.
type Case = (&'static str, Order, Required, fn(&Digest) -> bool);

struct Having(Required, fn(&Digest) -> bool);

impl Matcher for Having {
    fn matches(&self, digest: &Digest) -> bool {
        (self.1)(digest)
    }

    fn required(&self) -> Required {
        self.0.clone()
    }
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// Runs after the first, of which percentiles are told.
const RUNS: usize = 100;

/// Measures a question: the first time, when little of it is in memory, apart from the rest. It answers how much it
/// found.
fn measure(name: &str, mut ask: impl FnMut() -> usize) {
    let mut timed = || {
        let begin = Instant::now();
        let found = ask();
        (begin.elapsed().as_secs_f64() * 1e3, found)
    };
    let (first, found) = timed();
    let mut times: Vec<f64> = (0..RUNS).map(|_| timed().0).collect();
    times.sort_unstable_by(f64::total_cmp);
    // The smallest time that so many of a hundred runs do not exceed.
    let at = |percent: usize| times[(RUNS * percent).div_ceil(100) - 1];
    println!(
        "{name:<44} {found:>4} found   first {first:>7.2} ms   p50 {:>7.2}   p95 {:>7.2}   max {:>7.2}",
        at(50),
        at(95),
        at(100),
    );
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Rocks::open(
        folder.path(),
        Memory {
            cache: 128 << 20,
            buffers: 64 << 20,
        },
    )
    .expect("opens");
    let (digests, seals) = (number("DIGESTS", 1_000_000), number("SEALS", 20_000));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut tables = Tables::open(&*engine.view()).expect("opens");
    let (mut sealing, mut tidying) = (Duration::ZERO, Duration::ZERO);
    let mut some = None;
    for seal in 0..seals as i64 {
        let each = digests / seals;
        let span = DAY / seals as i64;
        let sealed: Vec<Sealed> = (0..each)
            .map(|_| Sealed {
                account: ACCOUNT,
                digest: Arc::new(digest(&mut dice, BEGIN + seal * span + dice_time(seal, span))),
                before: None,
            })
            .collect();
        some = sealed
            .last()
            .map(|sealed| Arc::clone(&sealed.digest))
            .filter(|_| seal == seals as i64 / 2)
            .or(some);
        let begin = Instant::now();
        let mut batch = WriteBatch::default();
        tables.seal(&*engine.view(), &sealed, &mut batch).expect("seals");
        sealing += begin.elapsed();
        engine.write(batch, Durability::Memory).expect("writes");
        let begin = Instant::now();
        let now = Timestamp(BEGIN + (seal + 1) * span);
        while let Some(batch) = tables.maintain(&*engine.view(), now).expect("maintains") {
            engine.write(batch, Durability::Memory).expect("writes");
        }
        tidying += begin.elapsed();
    }
    let begin = Instant::now();
    while let Some(batch) = tables
        .maintain(&*engine.view(), Timestamp(BEGIN + 2 * DAY))
        .expect("maintains")
    {
        engine.write(batch, Durability::Memory).expect("writes");
    }
    tidying += begin.elapsed();
    let spans = (digests as u64 * SPANS) as f64;
    println!("{digests} digests, {spans} spans, {seals} seals");
    println!(
        "sealing  {:.3} µs a span (one thread, engine not counted)",
        sealing.as_secs_f64() * 1e6 / spans
    );
    println!("tidying  {:.3} µs a span", tidying.as_secs_f64() * 1e6 / spans);
    drop(tables);
    let copy = folder.path().join("copy");
    engine.checkpoint(&copy).expect("copies");
    let bytes: u64 = std::fs::read_dir(&copy)
        .expect("lists")
        .flatten()
        .filter_map(|file| file.metadata().ok())
        .map(|data| data.len())
        .sum();
    println!("on disk  {:.2} bytes a span", bytes as f64 / spans);

    let view = engine.view();
    let moment = Moment {
        view: &*view,
        live: &Vec::<Live>::new(),
        cache: &Cache::new(128 << 20),
    };
    let day = Timestamp(BEGIN)..Timestamp(BEGIN + DAY);
    let some = some.expect("a digest from the middle");
    let user = some.users[0].name.clone();
    let order = some.annotations[1].value.to_string();
    let service = |n: u64| format!("service-{n}");
    let all = |parts| Required::All(parts);
    let cases: Vec<Case> = vec![
        ("everything, newest", Order::Newest, Required::Anything, |_| true),
        (
            "fault, newest",
            Order::Newest,
            Required::Term(Term::Flag(TraceFlag::Fault)),
            |d| d.flags.fault,
        ),
        (
            "one order of all, newest",
            Order::Newest,
            Required::Term(Term::Annotation("order".into(), order)),
            |_| true,
        ),
        (
            "an order that is not there",
            Order::Newest,
            Required::Term(Term::Annotation("order".into(), "none".into())),
            |_| true,
        ),
        (
            "one user, newest",
            Order::Newest,
            Required::Term(Term::User(user.clone())),
            |_| true,
        ),
        (
            "one user with a fault",
            Order::Newest,
            all(vec![
                Required::Term(Term::User(user)),
                Required::Term(Term::Flag(TraceFlag::Fault)),
            ]),
            |d| d.flags.fault,
        ),
        (
            "service{fault} and tier gold, oldest",
            Order::Oldest,
            all(vec![
                Required::Term(Term::ServiceFlag(service(5), TraceFlag::Fault)),
                Required::Term(Term::Annotation("tier".into(), "gold".into())),
            ]),
            |d| d.annotations[0].value.to_string() == "gold",
        ),
        (
            "edge, slowest",
            Order::Slowest,
            Required::Term(Term::Edge(service(5), service(7))),
            |_| true,
        ),
        (
            "fault, slowest",
            Order::Slowest,
            Required::Term(Term::Flag(TraceFlag::Fault)),
            |d| d.flags.fault,
        ),
        (
            "duration above 3 s, newest",
            Order::Newest,
            Required::Duration(3_000_000_000..u64::MAX),
            |d| d.duration() >= 3_000_000_000,
        ),
        ("everything, slowest", Order::Slowest, Required::Anything, |_| true),
        ("everything, most errors", Order::MostErrors, Required::Anything, |_| {
            true
        }),
    ];
    for (name, order, required, matches) in cases {
        let search = Search {
            account: ACCOUNT,
            range: day.clone(),
            basis: TimeBasis::Start,
            matcher: Some(Arc::new(Having(required, matches))),
            order,
            limit: 100,
            budget: 1_000_000,
            cursor: None,
        };
        measure(name, || plan::search(&moment, &search).expect("searches").digests.len());
    }
    let mut dice = Dice(77);
    measure("another user each time, newest", || {
        let required = Required::Term(Term::User(format!("user-{}", dice.roll(20_000))));
        let search = Search {
            account: ACCOUNT,
            range: day.clone(),
            basis: TimeBasis::Start,
            matcher: Some(Arc::new(Having(required, |_| true))),
            order: Order::Newest,
            limit: 100,
            budget: 1_000_000,
            cursor: None,
        };
        plan::search(&moment, &search).expect("searches").digests.len()
    });
    let ranges: [(&str, TimeRange); 2] = [
        ("graph, 24 h", day.clone()),
        (
            "graph, 24 h less 5 min 20 s at both ends",
            day.start.plus(320_000_000_000)..day.end.plus(-320_000_000_000),
        ),
    ];
    for (name, range) in ranges {
        measure(name, || {
            read::graph(&moment, ACCOUNT, &range).expect("reads").edges.len()
        });
    }
}

/// Spreads the starts of one batch over its span.
fn dice_time(seal: i64, span: i64) -> i64 {
    (seal.wrapping_mul(7_919)).rem_euclid(span.max(1)) / 1_000_000 * 1_000_000
}
