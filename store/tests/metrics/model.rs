//! Any interleaving of commits, seals and restarts, against a map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    /// Series, hours ago, slot in the hour, start, value.
    Keep(Vec<(u8, u8, u8, bool, i16)>),
    Seal,
    Crash,
    Reopen,
    Read(u8, u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    // An hour of long ago and one to come are among them.
    let hours = prop_oneof![4 => 0u8..3, 1 => Just(254u8), 1 => Just(255u8)];
    let point = (0u8..3, hours, 0u8..6, any::<bool>(), any::<i16>());
    prop_oneof![
        4 => prop::collection::vec(point, 0..12).prop_map(Step::Keep),
        2 => Just(Step::Seal),
        1 => Just(Step::Crash),
        1 => Just(Step::Reopen),
        2 => (0u8..3, 0u8..18, 0u8..18).prop_map(|(series, from, to)| Step::Read(series, from, to)),
    ]
}

fn time(base: i64, hours_ago: u8, slot: u8) -> i64 {
    let hour = match hours_ago {
        254 => base - 10 * 365 * 24 * HOUR,
        255 => base + 10 * 365 * 24 * HOUR,
        hours => base - i64::from(hours) * HOUR,
    };
    hour + i64::from(slot) * HOUR / 6
}

type Model = BTreeMap<(u32, i64, i64), f64>;

fn check(store: &Store, model: &Model, series: u32, range: &TimeRange) {
    let found = store.points(ACCOUNT, series, range).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|point| (point.time.0, point.start.0, point.value.clone()))
        .collect();
    let inside = model
        .iter()
        .filter(|((of, time, _), _)| *of == series && range.contains(&Timestamp(*time)));
    let expected: Vec<_> = inside
        .map(|((_, time, start), value)| (*time, *start, PointValue::Double(*value)))
        .collect();
    assert_eq!(found, expected);
}

fn follow(steps: &[Step]) {
    let base = now().0 / HOUR * HOUR;
    let (mut engine, mut store) = open();
    let numbers: Vec<u32> = (0..3)
        .map(|series| register(&store, &descriptor(&format!("m{series}"), &[])))
        .collect();
    let mut model = Model::new();
    for step in steps {
        match step {
            Step::Keep(points) => {
                let points = points.iter().map(|(series, hours, slot, started, value)| {
                    let mut point = gauge(time(base, *hours, *slot), f64::from(*value));
                    point.start = Timestamp(i64::from(*started) * 1_000);
                    let series = numbers[usize::from(*series)];
                    model.insert((series, point.time.0, point.start.0), f64::from(*value));
                    (series, point)
                });
                let points: Vec<_> = points.collect();
                keep(&store, &points);
            }
            Step::Seal => store.seal_all().unwrap(),
            Step::Crash => (engine, store) = crashed(&engine),
            Step::Reopen => {
                drop(store);
                store = Store::on(Arc::clone(&engine) as _, StoreConfig::in_memory()).unwrap();
            }
            Step::Read(series, from, to) => {
                let moment = |step: &u8| Timestamp(time(base, 2, 0) + i64::from(*step) * HOUR / 6);
                check(
                    &store,
                    &model,
                    numbers[usize::from(*series)],
                    &(moment(from)..moment(to)),
                );
            }
        }
    }
    for series in numbers {
        check(&store, &model, series, &EVER);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn points_are_what_a_map_would_hold(steps in prop::collection::vec(step(), 1..20)) {
        follow(&steps);
    }
}
