//! Series and points: kept once, found again, whatever happens in between.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "metrics/model.rs"]
mod model;
#[path = "metrics/samples.rs"]
mod samples;

use std::sync::Arc;

use beamline_model::id::TraceId;
use beamline_model::metric::point::{IdBytes, Measured};
use beamline_model::metric::{Descriptor, Exemplar, Point, PointValue, Statistics};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::Account;
use beamline_store::api::metric::{BatchPoint, PointBatch, SeriesQuery, SeriesTerm};
use beamline_store::engine::memory::Memory;
use beamline_store::{Store, StoreConfig};

const EVER: TimeRange = Timestamp(i64::MIN)..Timestamp::MAX;
const HOUR: i64 = 3_600_000_000_000;
const ACCOUNT: Account = Account(0);

fn now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Timestamp(since.as_nanos() as i64)
}

fn open() -> (Arc<Memory>, Store) {
    let engine = Arc::new(Memory::crashing());
    let store = Store::on(Arc::clone(&engine) as _, StoreConfig::in_memory()).unwrap();
    (engine, store)
}

/// The store as it is after a loss of power.
fn crashed(engine: &Memory) -> (Arc<Memory>, Store) {
    let engine = Arc::new(engine.crash());
    let store = Store::on(Arc::clone(&engine) as _, StoreConfig::in_memory()).unwrap();
    (engine, store)
}

fn descriptor(name: &str, dimensions: &[(&str, &str)]) -> Descriptor {
    Descriptor::cloudwatch("Shop", name, dimensions)
}

fn register(store: &Store, descriptor: &Descriptor) -> u32 {
    store.register_series(ACCOUNT, &[descriptor.bytes()]).unwrap()[0].unwrap()
}

fn gauge(time: i64, value: f64) -> Point {
    Point {
        time: Timestamp(time),
        value: PointValue::Double(value),
        ..Point::default()
    }
}

fn keep(store: &Store, points: &[(u32, Point)]) {
    let mut buffer = Vec::new();
    let points = points.iter().map(|(series, point)| {
        let from = buffer.len() as u32;
        point.encode(&mut buffer);
        BatchPoint {
            series: *series,
            time: point.time,
            received: store.stamp(),
            body: from..buffer.len() as u32,
        }
    });
    let batch = PointBatch {
        account: ACCOUNT,
        points: points.collect(),
        buffer: buffer.into(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.commit_points(batch)).unwrap();
}

/// The values of a series in a range.
fn values(store: &Store, series: u32, range: &TimeRange) -> Vec<f64> {
    let points = store.points(ACCOUNT, series, range).unwrap();
    let value = |point: &Point| match point.value {
        PointValue::Double(double) => double,
        ref other => panic!("{other:?}"),
    };
    points.iter().map(value).collect()
}

fn figure(store: &Store, wanted: &str) -> u64 {
    let figures = store.figures();
    figures.iter().find(|(name, _)| *name == wanted).unwrap().1
}

#[test]
fn a_point_sent_again_is_kept_once_and_the_later_one_wins() {
    let (_, store) = open();
    let series = register(&store, &descriptor("m", &[]));
    let time = now().0;
    keep(&store, &[(series, gauge(time, 1.0)), (series, gauge(time - 5, 0.0))]);
    keep(&store, &[(series, gauge(time, 2.0))]);
    assert_eq!(values(&store, series, &EVER), [0.0, 2.0]);
    store.seal_all().unwrap();
    assert_eq!(values(&store, series, &EVER), [0.0, 2.0]);
    keep(&store, &[(series, gauge(time, 3.0))]);
    assert_eq!(values(&store, series, &EVER), [0.0, 3.0]);
    store.seal_all().unwrap();
    assert_eq!(values(&store, series, &EVER), [0.0, 3.0]);
    assert_eq!(values(&store, series, &(Timestamp(time - 5)..Timestamp(time))), [0.0]);
}

#[test]
fn data_of_cloudwatch_at_one_time_add_up() {
    let (_, store) = open();
    let series = register(&store, &descriptor("m", &[]));
    let datum = |value| Point {
        time: Timestamp(now().0 / 60_000_000_000 * 60_000_000_000),
        value: PointValue::Statistics(Box::new(Statistics {
            resolution: 60,
            measured: Measured::Values(vec![(value, 1.0)]),
            ..Statistics::default()
        })),
        ..Point::default()
    };
    keep(&store, &[(series, datum(1.0)), (series, datum(1.0))]);
    store.seal_all().unwrap();
    keep(&store, &[(series, datum(4.0))]);
    let range = Timestamp(0)..now().plus(1);
    let range = range.end.plus(-HOUR)..range.end;
    let found = store
        .series_statistics(ACCOUNT, &[series], &range, 60_000_000_000)
        .unwrap();
    let told: Vec<_> = found.iter().map(|(_, of)| (of.count, of.sum, of.min, of.max)).collect();
    assert_eq!(told, [(3.0, 6.0, 1.0, 4.0)]);
    let too_many = store.series_statistics(ACCOUNT, &[series], &EVER, 1);
    assert!(too_many.is_err());
}

#[test]
fn what_was_acknowledged_is_there_after_a_loss_of_power() {
    let (engine, store) = open();
    let series = register(&store, &descriptor("m", &[]));
    let time = now().0;
    keep(&store, &[(series, gauge(time - HOUR, 1.0)), (series, gauge(time, 2.0))]);
    let (engine, store) = crashed(&engine);
    assert_eq!(register(&store, &descriptor("m", &[])), series);
    assert_eq!(values(&store, series, &EVER), [1.0, 2.0]);
    store.seal_all().unwrap();
    let (_, store) = crashed(&engine);
    assert_eq!(values(&store, series, &EVER), [1.0, 2.0]);
    assert_eq!(
        figure(&store, "beamline_store_live_points"),
        0,
        "the watermark was moved"
    );
    let verified = store.verify().unwrap();
    assert_eq!((verified.series, verified.points, verified.problems), (1, 2, vec![]));
}

#[test]
fn a_point_of_another_age_is_found_by_its_own_time() {
    let (engine, store) = open();
    let series = register(&store, &descriptor("m", &[]));
    let (of_2018, of_2100) = (1_544_712_660_300_000_000, 4_102_444_800_000_000_000);
    keep(
        &store,
        &[
            (series, gauge(of_2018, 1.0)),
            (series, gauge(now().0, 2.0)),
            (series, gauge(of_2100, 3.0)),
        ],
    );
    let around = |time: i64| Timestamp(time - HOUR)..Timestamp(time + HOUR);
    let check = |store: &Store| {
        assert_eq!(values(store, series, &around(of_2018)), [1.0]);
        assert_eq!(values(store, series, &around(of_2100)), [3.0]);
        assert_eq!(values(store, series, &around(now().0)), [2.0]);
        assert_eq!(values(store, series, &EVER), [1.0, 2.0, 3.0]);
        let query = SeriesQuery {
            range: Some(around(of_2018)),
            limit: 10,
            ..SeriesQuery::default()
        };
        assert_eq!(store.series(&query).unwrap().series.len(), 1);
    };
    check(&store);
    store.seal_all().unwrap();
    check(&store);
    store.retain(now()).unwrap();
    let (_, store) = crashed(&engine);
    check(&store);
}

#[test]
fn series_are_found_by_what_they_have_in_common() {
    let (_, store) = open();
    let mut numbers = Vec::new();
    for host in 0..300 {
        for name in ["cpu", "memory"] {
            let host = host.to_string();
            let of_host = descriptor(
                name,
                &[("Host", &host), ("Service", if host.len() == 1 { "a" } else { "b" })],
            );
            numbers.push(register(&store, &of_host));
        }
    }
    let find = |terms: &[SeriesTerm], limit| {
        let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let query = SeriesQuery {
                terms: terms.to_vec(),
                limit,
                after,
                ..SeriesQuery::default()
            };
            let page = store.series(&query).unwrap();
            found.extend(page.series.iter().map(|series| series.series));
            pages += 1;
            after = page.next;
            if after.is_none() {
                return (found, pages);
            }
        }
    };
    let label = |key: &str, value: &str| SeriesTerm::Label(key.to_owned(), value.to_owned());
    assert_eq!(find(&[], 1_000).0, numbers);
    assert_eq!(
        find(&[SeriesTerm::Name("cpu".to_owned())], 100),
        (numbers.iter().copied().step_by(2).collect(), 3)
    );
    assert_eq!(
        find(&[label("Host", "7"), SeriesTerm::Name("memory".to_owned())], 10).0,
        [numbers[15]]
    );
    assert_eq!(
        find(
            &[
                SeriesTerm::Service("a".to_owned()),
                SeriesTerm::Namespace("Shop".to_owned())
            ],
            100
        )
        .0,
        numbers[..20]
    );
    assert_eq!(
        find(&[SeriesTerm::LabelKey("Host".to_owned()), label("Host", "299")], 10).0,
        numbers[598..]
    );
    assert_eq!(find(&[label("Host", "nowhere")], 10).0, Vec::<u32>::new());
    let both = [
        SeriesTerm::Name("cpu".to_owned()),
        SeriesTerm::Name("memory".to_owned()),
    ];
    assert!(find(&both, 10).0.is_empty());
}

#[test]
fn an_account_has_a_most_of_series() {
    let mut config = StoreConfig::in_memory();
    config.series_limit = 2;
    let store = Store::open(config).unwrap();
    let all = ["a", "b", "a", "c", "b"].map(|name| descriptor(name, &[]));
    let bytes: Vec<&[u8]> = all.iter().map(Descriptor::bytes).collect();
    let expected = [Some(0), Some(1), Some(0), None, Some(1)];
    assert_eq!(store.register_series(ACCOUNT, &bytes).unwrap(), expected);
    assert_eq!(store.known_series(ACCOUNT, bytes[1]), Some(1));
    assert_eq!(store.known_series(Account(1), bytes[1]), None);
    assert_eq!(figure(&store, "beamline_store_series_refused_total"), 1);
    assert_eq!(store.descriptor(ACCOUNT, 1).unwrap().as_ref(), Some(&all[1]));
    assert!(
        store
            .register_series(ACCOUNT, &[b"no descriptor"])
            .is_ok_and(|found| found == [None])
    );
}

#[test]
fn points_and_then_series_are_forgotten_with_their_day() {
    let (_, store) = open();
    let day = 24 * HOUR;
    let (old, young) = (
        register(&store, &descriptor("old", &[])),
        register(&store, &descriptor("young", &[])),
    );
    let time = now().0;
    keep(&store, &[(old, gauge(time, 1.0)), (young, gauge(time, 2.0))]);
    store.seal_all().unwrap();
    store.retain(Timestamp(time + 40 * day)).unwrap();
    assert_eq!(values(&store, old, &EVER), Vec::<f64>::new());
    assert!(
        store.descriptor(ACCOUNT, old).unwrap().is_some(),
        "somebody may be about to send its points"
    );
    assert_eq!(register(&store, &descriptor("young", &[])), young);
    store.retain(Timestamp(time + 40 * day)).unwrap();
    assert_eq!(store.descriptor(ACCOUNT, old).unwrap(), None);
    assert!(
        store.descriptor(ACCOUNT, young).unwrap().is_some(),
        "somebody asked for its number"
    );
    assert_eq!(figure(&store, "beamline_store_series_retired_total"), 1);
    let anew = register(&store, &descriptor("old", &[]));
    assert!(anew > young, "numbers are not given out again");
    let query = SeriesQuery {
        limit: 10,
        ..SeriesQuery::default()
    };
    let found = store.series(&query).unwrap().series;
    assert_eq!(
        found.iter().map(|found| found.series).collect::<Vec<_>>(),
        [young, anew]
    );
}

#[test]
fn a_trace_leads_to_the_measurements_made_in_it() {
    let (engine, store) = open();
    let series = register(&store, &descriptor("m", &[]));
    let trace = TraceId((1_795_415_913 << 96) + 7);
    let with = |time: i64, traces: &[TraceId]| {
        let mut point = gauge(time, 1.0);
        let exemplar = |trace: &TraceId| Exemplar {
            time: Timestamp(time - 1),
            trace_id: IdBytes::from_slice(&trace.to_bytes()),
            ..Exemplar::default()
        };
        point.exemplars = traces.iter().map(exemplar).collect();
        point
    };
    let time = now().0;
    let points = [
        with(time, &[trace, TraceId(9), trace]),
        with(time + 5, &[trace]),
        with(time + 9, &[TraceId(9)]),
    ];
    keep(&store, &points.map(|point| (series, point)));
    let find = |store: &Store, limit| {
        let found = store.exemplars_of_trace(ACCOUNT, trace, limit).unwrap();
        found
            .iter()
            .map(|found| (found.series, found.time.0 - time))
            .collect::<Vec<_>>()
    };
    let expected = [(series, 0), (series, 0), (series, 5)];
    assert_eq!(find(&store, 10), expected);
    store.seal_all().unwrap();
    assert_eq!(find(&store, 10), expected);
    assert_eq!(find(&store, 2), expected[..2]);
    keep(&store, &[(series, with(time + 7, &[trace]))]);
    store.seal_all().unwrap();
    let (_, store) = crashed(&engine);
    assert_eq!(find(&store, 10).len(), 4);
    assert_eq!(store.exemplars_of_trace(Account(1), trace, 10).unwrap(), []);
    assert_eq!(store.verify().unwrap().problems, Vec::<String>::new());
}

#[test]
fn an_hour_with_very_many_points_is_cut_into_parts() {
    let (_, store) = open();
    let series = register(&store, &descriptor("m", &[]));
    let begin = now().0 / HOUR * HOUR;
    // Every second point first, then the others and some again, in an order that is no order.
    let times = |step: usize| (step as i64 * 7_919 % 10_007) * 1_000_000;
    for steps in [0..6_000, 4_000..10_007] {
        let points: Vec<_> = steps
            .map(|step| (series, gauge(begin + times(step), step as f64)))
            .collect();
        keep(&store, &points);
        store.seal_all().unwrap();
    }
    let points = store.points(ACCOUNT, series, &EVER).unwrap();
    assert_eq!(points.len(), 10_007);
    assert!(points.is_sorted_by(|one, next| one.time < next.time));
    let few = Timestamp(begin + 5_000_000_000)..Timestamp(begin + 5_003_000_000);
    assert_eq!(values(&store, series, &few).len(), 3);
    let verified = store.verify().unwrap();
    assert!(
        verified.chunks > 3 && verified.points == 10_007 && verified.problems.is_empty(),
        "{verified:?}"
    );
}

/// On disk and encrypted, over a restart and in a checkpoint.
#[cfg(feature = "rocks")]
#[test]
fn points_on_disk_are_there_after_opening_again_and_in_a_checkpoint() {
    use beamline_store::Location;
    use beamline_store::cipher::{Master, MasterKey, MasterKeys};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        let mut config = StoreConfig::in_memory();
        config.location = Location::Folder(folder.path().join(name));
        config.masters = MasterKeys(vec![Master::Key(MasterKey::new([7; 32]))]);
        Store::open(config).unwrap()
    };
    let time = now().0;
    let secret = [("Customer", "very secret name")];
    let series = {
        let store = at("data");
        store.encrypt(ACCOUNT, "alias/metrics").unwrap();
        let series = register(&store, &descriptor("m", &secret));
        keep(
            &store,
            &[
                (series, gauge(time - HOUR, 1.0)),
                (series, gauge(1_544_712_660_300_000_000, 0.0)),
            ],
        );
        store.seal_all().unwrap();
        keep(&store, &[(series, gauge(time - HOUR, 2.0)), (series, gauge(time, 3.0))]);
        store.checkpoint(&folder.path().join("copy")).unwrap();
        series
    };
    for name in ["data", "copy"] {
        let store = at(name);
        assert_eq!(values(&store, series, &EVER), [0.0, 2.0, 3.0], "{name}");
        store.seal_all().unwrap();
        assert_eq!(values(&store, series, &EVER), [0.0, 2.0, 3.0], "{name}");
        let terms = vec![SeriesTerm::Label("Customer".to_owned(), "very secret name".to_owned())];
        let query = SeriesQuery {
            terms,
            limit: 10,
            ..SeriesQuery::default()
        };
        let found = store.series(&query).unwrap().series;
        assert_eq!(
            found.iter().map(|found| found.series).collect::<Vec<_>>(),
            [series],
            "{name}"
        );
        assert_eq!(store.verify().unwrap().problems, Vec::<String>::new(), "{name}");
    }
    let files = std::fs::read_dir(folder.path().join("data")).unwrap();
    for file in files.map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        let secret = b"very secret name";
        assert!(
            !bytes.windows(secret.len()).any(|part| part == secret),
            "{}",
            file.display()
        );
    }
}
