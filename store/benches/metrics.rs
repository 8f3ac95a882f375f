//! Series and points: how fast they are taken in and found, and how many bytes they take.
//!
//! ```sh
//! cargo bench -p beamline-store --features rocks --bench metrics
//! ```
//!
//! One core takes in: requests are walked, their series looked up, points committed, and all of it sealed.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::sync::OnceLock;

use beamline_model::metric::walk::{self, Walked};
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use beamline_store::api::metric::{BatchPoint, PointBatch, SeriesQuery, SeriesTerm};
use beamline_store::{Location, Store, StoreConfig};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tempfile::TempDir;

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MINUTE: u64 = 60_000_000_000;
const ACCOUNT: Account = Account(0);

fn main() {
    for kind in KINDS {
        let (store, _folder) = opened(&hour(kind, 1_000, 1));
        let points = take_in(&store, &hour(kind, 1_000, 60));
        store.seal_all().unwrap();
        let figure = |wanted| store.figures().iter().find(|(name, _)| *name == wanted).unwrap().1;
        let bytes = figure("beamline_store_point_chunks_written_bytes");
        println!("{kind:?}: {:.2} bytes a point a minute", bytes as f64 / points as f64);
    }
    divan::main();
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Gauge,
    Counter,
    Histogram,
}

const KINDS: [Kind; 3] = [Kind::Gauge, Kind::Counter, Kind::Histogram];

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

fn tag(out: &mut Vec<u8>, number: u8, wire_type: u8) {
    out.push(number << 3 | wire_type);
}

fn varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn bytes(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    tag(out, number, 2);
    varint(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn fixed(out: &mut Vec<u8>, number: u8, bits: u64) {
    tag(out, number, 1);
    out.extend_from_slice(&bits.to_le_bytes());
}

fn attribute(out: &mut Vec<u8>, number: u8, key: &str, value: &str) {
    let (mut any, mut pair) = (Vec::new(), Vec::new());
    bytes(&mut any, 1, value.as_bytes());
    bytes(&mut pair, 1, key.as_bytes());
    bytes(&mut pair, 2, &any);
    bytes(out, number, &pair);
}

/// A point of a series: what is counted goes on from minute to minute.
fn point(out: &mut Vec<u8>, kind: Kind, series: usize, time: u64, counts: &mut [u64; 15], dice: &mut Dice) {
    let attributes = if let Kind::Histogram = kind { 9 } else { 7 };
    attribute(out, attributes, "http.request.method", ["GET", "POST"][series % 2]);
    attribute(out, attributes, "http.route", &format!("/item/{}", series / 2));
    fixed(out, 2, BEGIN - 3_600 * 1_000_000_000);
    fixed(out, 3, time);
    match kind {
        Kind::Gauge => fixed(out, 4, (dice.roll(10_000) as f64 / 100.0).to_bits()),
        Kind::Counter => {
            counts[0] += dice.roll(500);
            fixed(out, 6, counts[0]);
        }
        Kind::Histogram => {
            let (mut packed, mut bounds) = (Vec::new(), Vec::new());
            for (bucket, count) in counts.iter_mut().enumerate() {
                *count += dice.roll(1 + 60 / (bucket as u64 + 1));
                packed.extend_from_slice(&count.to_le_bytes());
            }
            for bound in [
                5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000,
            ] {
                bounds.extend_from_slice(&f64::from(bound).to_le_bytes());
            }
            let sum: u64 = counts.iter().sum();
            fixed(out, 4, sum);
            fixed(out, 5, (sum as f64 * 20.25).to_bits());
            bytes(out, 6, &packed);
            bytes(out, 7, &bounds);
        }
    }
}

const BEGIN: u64 = 1_795_392_000_000_000_000;

/// Requests of so many minutes, each with a point of every series of ten instances of a service.
fn hour(kind: Kind, series: usize, minutes: u64) -> Vec<Vec<u8>> {
    let mut dice = Dice(42);
    let mut counts = vec![[0; 15]; series];
    let requests = (0..minutes).map(|minute| {
        // An exporter's timer is a few milliseconds late.
        let time = now() / 3_600_000_000_000 * 3_600_000_000_000 + minute * MINUTE + dice.roll(8) * 1_000_000;
        let mut request = Vec::new();
        for (instance, counts) in counts.chunks_mut(series.div_ceil(10)).enumerate() {
            let (mut resource, mut data) = (Vec::new(), Vec::new());
            attribute(&mut resource, 1, "service.name", "checkout");
            attribute(&mut resource, 1, "service.namespace", "shop");
            attribute(&mut resource, 1, "service.instance.id", &format!("checkout-{instance}"));
            attribute(&mut resource, 1, "deployment.environment.name", "production");
            attribute(&mut resource, 1, "telemetry.sdk.language", "java");
            for (index, counts) in counts.iter_mut().enumerate() {
                let mut message = Vec::new();
                point(&mut message, kind, index, time, counts, &mut dice);
                bytes(&mut data, 1, &message);
            }
            if !matches!(kind, Kind::Gauge) {
                data.extend([2 << 3, 2]);
            }
            let (mut metric, mut scope, mut enclosed) = (Vec::new(), Vec::new(), Vec::new());
            bytes(&mut metric, 1, b"http.server.request.duration");
            bytes(&mut metric, 2, b"Duration of HTTP server requests.");
            bytes(&mut metric, 3, b"ms");
            let number = match kind {
                Kind::Gauge => 5,
                Kind::Counter => 7,
                Kind::Histogram => 9,
            };
            bytes(&mut metric, number, &data);
            bytes(&mut scope, 1, &[0x0a, 3, b'l', b'i', b'b']);
            bytes(&mut scope, 2, &metric);
            bytes(&mut enclosed, 1, &resource);
            bytes(&mut enclosed, 2, &scope);
            bytes(&mut request, 1, &enclosed);
        }
        request
    });
    requests.collect()
}

fn now() -> u64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    since.as_nanos() as u64
}

/// A store that knows the series of the first of these requests.
fn opened(requests: &[Vec<u8>]) -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = StoreConfig::new(Location::Folder(folder.path().join("data")));
    config.seal.every = std::time::Duration::from_secs(86_400);
    let store = Store::open(config).unwrap();
    requests
        .first()
        .into_iter()
        .for_each(|request| register(&store, request));
    (store, folder)
}

/// Gives the series of a request their numbers, ten thousand in a write.
fn register(store: &Store, request: &[u8]) {
    let mut all: Vec<Vec<u8>> = Vec::new();
    walk::request(request, &mut |item| {
        if let Walked::Point { descriptor, .. } = item {
            all.push(descriptor.to_vec());
        }
    })
    .unwrap();
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    all.chunks(10_000)
        .for_each(|some| drop(store.register_series(ACCOUNT, some).unwrap()));
}

/// Walks requests and commits their points; says how many there were.
fn take_in(store: &Store, requests: &[Vec<u8>]) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut count = 0;
    for request in requests {
        let (mut buffer, mut points) = (Vec::new(), Vec::new());
        walk::request(request, &mut |item| {
            let Walked::Point { descriptor, point } = item else {
                panic!("{item:?}");
            };
            let series = store.known_series(ACCOUNT, descriptor).unwrap();
            let from = buffer.len() as u32;
            point.encode(&mut buffer);
            points.push(BatchPoint {
                series,
                time: point.time,
                received: store.stamp(),
                body: from..buffer.len() as u32,
            });
        })
        .unwrap();
        count += points.len();
        let batch = PointBatch {
            account: ACCOUNT,
            buffer: buffer.into(),
            points,
        };
        runtime.block_on(store.commit_points(batch)).unwrap();
    }
    count
}

/// Everything from a request's bytes to sealed chunks, of 2,000 series that are known.
#[divan::bench(args = KINDS, sample_count = 5, sample_size = 1)]
fn walk_to_seal(bencher: Bencher<'_, '_>, kind: Kind) {
    let requests = hour(kind, 2_000, 60);
    bencher
        .counter(ItemsCount::new(2_000 * 60_u64))
        // What is measured is points, not the first time of a series.
        .with_inputs(|| opened(&requests))
        .bench_values(|(store, folder)| {
            take_in(&store, &requests);
            store.seal_all().unwrap();
            (store, folder)
        });
}

/// The walk alone.
#[divan::bench(args = KINDS)]
fn walk(bencher: Bencher<'_, '_>, kind: Kind) {
    let requests = hour(kind, 1_000, 1);
    bencher.counter(ItemsCount::new(1_000_u64)).bench(|| {
        let mut points = 0;
        walk::request(&requests[0], &mut |item| {
            points += usize::from(matches!(item, Walked::Point { .. }))
        })
        .unwrap();
        points
    });
}

/// A day of points of ten series, sealed; the number of one of them.
fn day(kind: Kind) -> &'static (Store, TempDir) {
    static DAYS: [OnceLock<(Store, TempDir)>; 3] = [const { OnceLock::new() }; 3];
    DAYS[kind as usize].get_or_init(|| {
        let requests = hour(kind, 10, 24 * 60);
        let (store, folder) = opened(&requests);
        take_in(&store, &requests);
        store.seal_all().unwrap();
        (store, folder)
    })
}

/// The points of 24 hours of one series.
#[divan::bench(args = KINDS)]
fn read_a_day(bencher: Bencher<'_, '_>, kind: Kind) {
    let (store, _) = day(kind);
    let begin = Timestamp(now() as i64 / 3_600_000_000_000 * 3_600_000_000_000);
    let range = begin..begin.plus(24 * 3_600_000_000_000);
    assert_eq!(store.points(ACCOUNT, 0, &range).unwrap().len(), 24 * 60);
    bencher.bench(|| store.points(ACCOUNT, 0, black_box(&range)).unwrap());
}

/// What these points amount to, in periods of five minutes.
#[divan::bench(args = KINDS)]
fn add_up_a_day(bencher: Bencher<'_, '_>, kind: Kind) {
    let (store, _) = day(kind);
    let begin = Timestamp(now() as i64 / 3_600_000_000_000 * 3_600_000_000_000);
    let range = begin..begin.plus(24 * 3_600_000_000_000);
    bencher.bench(|| {
        store
            .series_statistics(ACCOUNT, &[0], black_box(&range), 5 * MINUTE)
            .unwrap()
    });
}

/// One route's series of all instances, among 100,000 series.
#[divan::bench]
fn look_up_among_100_000(bencher: Bencher<'_, '_>) {
    static STORE: OnceLock<(Store, TempDir)> = OnceLock::new();
    let (store, _) = STORE.get_or_init(|| {
        let requests = hour(Kind::Gauge, 100_000, 1);
        let (store, folder) = opened(&requests);
        take_in(&store, &requests);
        (store, folder)
    });
    let query = SeriesQuery {
        terms: vec![
            SeriesTerm::Name("http.server.request.duration".to_owned()),
            SeriesTerm::Service("checkout".to_owned()),
            SeriesTerm::Label("http.route".to_owned(), "/item/77".to_owned()),
        ],
        limit: 100,
        ..SeriesQuery::default()
    };
    assert_eq!(store.series(&query).unwrap().series.len(), 20);
    bencher.bench(|| store.series(black_box(&query)).unwrap());
}
