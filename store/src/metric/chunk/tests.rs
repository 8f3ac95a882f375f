use beamline_model::metric::point::Measured;
use beamline_model::metric::{Buckets, Exemplar, Exponential, Histogram, Number, Statistics, Summary, Unit};
use proptest::prelude::*;

use super::*;

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => any::<f64>(),
        1 => Just(f64::NAN),
        1 => prop::sample::select(vec![0.0, -0.0, f64::INFINITY, 0.1, 1e300, -2.5]),
        4 => (-100_000i64..100_000).prop_map(|cents| cents as f64 / 100.0),
    ]
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0u64..20, 1 => any::<u64>()]
}

fn buckets() -> impl Strategy<Value = Option<Buckets>> {
    let buckets = (any::<i16>(), prop::collection::vec(count(), 0..6));
    prop::option::of(buckets.prop_map(|(offset, counts)| Buckets {
        offset: offset.into(),
        counts,
    }))
}

fn value() -> impl Strategy<Value = PointValue> {
    let said = || {
        (
            prop::option::of(double()),
            prop::option::of(double()),
            prop::option::of(double()),
        )
    };
    let pairs = || prop::collection::vec((double(), double()), 0..4);
    prop_oneof![
        Just(PointValue::Nothing),
        prop_oneof![any::<i64>(), -9i64..9].prop_map(PointValue::Int),
        double().prop_map(PointValue::Double),
        (count(), said(), 0usize..4, prop::collection::vec(count(), 4)).prop_map(
            |(count, (sum, min, max), bounds, counts)| {
                PointValue::Histogram(Box::new(Histogram {
                    count,
                    sum,
                    min,
                    max,
                    bounds: (0..bounds).map(|bound| bound as f64).collect(),
                    counts: counts[..bounds + usize::from(bounds > 0)].to_vec(),
                }))
            }
        ),
        (count(), said(), any::<i8>(), double(), buckets(), buckets()).prop_map(
            |(count, (sum, min, max), scale, zero_threshold, positive, negative)| {
                PointValue::Exponential(Box::new(Exponential {
                    count,
                    sum,
                    min,
                    max,
                    scale: scale.into(),
                    zero_count: count / 3,
                    zero_threshold,
                    positive,
                    negative,
                }))
            }
        ),
        (count(), double(), pairs()).prop_map(|(count, sum, quantiles)| PointValue::Summary(Box::new(Summary {
            count,
            sum,
            quantiles
        }))),
        (0u8..27, any::<u8>(), pairs(), double(), any::<bool>()).prop_map(|(unit, resolution, pairs, sum, set)| {
            let measured = match set {
                true => Measured::Set {
                    count: 3.0,
                    sum,
                    min: sum,
                    max: sum,
                },
                false => Measured::Values(pairs),
            };
            PointValue::Statistics(Box::new(Statistics {
                unit: Unit::from_number(unit).unwrap(),
                resolution,
                measured,
            }))
        }),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    let exemplar = (any::<i64>(), double(), any::<[u8; 16]>()).prop_map(|(time, value, trace)| Exemplar {
        time: Timestamp(time),
        value: Number::Double(value),
        trace_id: trace.into(),
        span_id: trace[..8].into(),
        attributes: vec![2, 10, 0],
    });
    let exemplars = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(exemplar, 0..4)];
    let times = (any::<i64>(), -3i64..3, any::<bool>());
    (times, any::<u16>(), value(), exemplars).prop_map(|((time, start, regular), flags, value, exemplars)| {
        let time = if regular {
            time / (1 << 40) * 60_000_000_000
        } else {
            time
        };
        let point = Point {
            time: Timestamp(time),
            start: Timestamp(start),
            flags: (flags / 60_000).into(),
            value,
            exemplars,
        };
        Row::new(point, Timestamp(start * 1_000))
    })
}

fn check(chunk: &Chunk) -> usize {
    let bytes = chunk.encode();
    // NaN is not equal to itself, but printed alike.
    let again = Chunk::decode(&bytes).unwrap();
    assert_eq!(format!("{again:?}"), format!("{chunk:?}"));
    bytes.len()
}

proptest! {
    #[test]
    fn rows_come_back(rows in prop::collection::vec(row(), 0..40), parts in prop::collection::vec(any::<(i64, i64, u16)>(), 0..3)) {
        let parts = parts.into_iter().map(|(time, identity, number)| Part { first: (time, identity), number });
        check(&Chunk { parts: parts.collect(), rows });
    }

    #[test]
    fn numbers_come_back(values in prop::collection::vec(prop_oneof![any::<i64>(), -3i64..3, Just(i64::MIN)], 0..100)) {
        let mut out = Vec::new();
        numbers::put(&mut out, &values);
        let mut take = Take(&out);
        prop_assert_eq!(numbers::take(&mut take, values.len()), Some(values));
        prop_assert!(take.0.is_empty());
    }

    #[test]
    fn damage_is_noticed(rows in prop::collection::vec(row(), 1..10), at: prop::sample::Index, bit in 0u8..8) {
        let mut bytes = Chunk { parts: vec![], rows }.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        prop_assert_eq!(Chunk::decode(&bytes), None);
    }

    #[test]
    fn no_bytes_make_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 5..200), kind in 0u8..9, rows in 0u8..30) {
        bytes.splice(5..5, [0, rows, kind]);
        bytes[0] = VERSION;
        let crc = crc32c::crc32c(&bytes[5..]).to_le_bytes();
        bytes[1..5].copy_from_slice(&crc);
        let _ = Chunk::decode(&bytes);
    }
}

/// Bytes a point, of an hour with a point a minute.
fn bytes_a_point(value: impl Fn(u64) -> PointValue) -> f64 {
    let mut random = 7u64;
    let rows = (0..60u64).map(|minute| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let jitter = (random >> 33) % 8;
        let time = 1_795_392_000_000_000_000 + minute * 60_000_000_000 + jitter * 1_000_000;
        let point = Point {
            time: Timestamp(time as i64),
            start: Timestamp(1_795_300_000_000_000_000),
            value: value(random >> 40),
            ..Point::default()
        };
        Row::new(point, Timestamp::ZERO)
    });
    let rows: Vec<Row> = rows.collect();
    check(&Chunk { parts: vec![], rows }) as f64 / 60.0
}

#[test]
fn a_minute_takes_few_bytes() {
    let gauge = bytes_a_point(|random| PointValue::Double((random % 10_000) as f64 / 100.0));
    let constant = bytes_a_point(|_| PointValue::Int(42));
    let counter = bytes_a_point(|random| PointValue::Int((random % 100) as i64));
    assert!(
        gauge < 3.5 && constant < 1.3 && counter < 2.5,
        "{gauge} {constant} {counter}"
    );
}
