use std::borrow::Cow;

use super::*;
use crate::metric::Statistic;
use crate::metric::point::{Exponential, Histogram, Summary};

const MINUTE: i64 = 60_000_000_000;

fn facts(kind: Kind, temporality: Temporality, monotonic: bool) -> Facts<'static> {
    Facts {
        name: Cow::Borrowed("m"),
        namespace: None,
        description: Cow::Borrowed(""),
        unit: Cow::Borrowed(""),
        kind,
        temporality,
        monotonic,
        scope: Cow::Borrowed(""),
        labels: Vec::new(),
    }
}

fn point(minute: i64, start: i64, value: PointValue) -> Point {
    Point {
        time: Timestamp(minute * MINUTE),
        start: Timestamp(start * MINUTE),
        value,
        ..Point::default()
    }
}

/// Minute, count and sum of each period of a minute, of points at minutes with starts.
fn check(facts: &Facts<'_>, points: &[Point], expected: &[(i64, f64, f64)]) -> Vec<Distribution> {
    let mut buckets = Buckets::new(Timestamp(10 * MINUTE)..Timestamp(20 * MINUTE), MINUTE);
    buckets.add(facts, points.iter());
    let found = buckets.finish();
    let told: Vec<_> = found
        .iter()
        .map(|(begin, of)| (begin.0 / MINUTE, of.count, of.sum))
        .collect();
    assert_eq!(told, expected);
    found.into_iter().map(|(_, of)| of).collect()
}

fn counter(points: &[(i64, i64, i64)], expected: &[(i64, f64, f64)]) {
    let points: Vec<_> = points
        .iter()
        .map(|&(minute, start, value)| point(minute, start, PointValue::Int(value)))
        .collect();
    check(&facts(Kind::Sum, Temporality::Cumulative, true), &points, expected);
}

#[test]
fn a_counter_tells_what_was_added() {
    counter(
        &[(9, 1, 5), (10, 1, 7), (11, 1, 7), (12, 1, 10), (20, 1, 90)],
        &[(10, 1.0, 2.0), (11, 1.0, 0.0), (12, 1.0, 3.0)],
    );
    // Nobody knows when the first five came.
    counter(&[(10, 1, 5), (11, 1, 6)], &[(11, 1.0, 1.0)]);
    counter(&[(10, 0, 5), (11, 0, 6)], &[(11, 1.0, 1.0)]);
    // It began while somebody looked.
    counter(&[(11, 10, 5), (12, 10, 6)], &[(11, 1.0, 5.0), (12, 1.0, 1.0)]);
}

#[test]
fn a_counter_that_begins_anew_is_new_as_a_whole() {
    counter(&[(10, 1, 5), (11, 1, 2), (12, 1, 3)], &[(11, 1.0, 2.0), (12, 1.0, 1.0)]);
    counter(&[(10, 1, 5), (12, 11, 8)], &[(12, 1.0, 8.0)]);
    counter(&[(10, 0, 5), (12, 0, 8)], &[(12, 1.0, 3.0)]);
}

#[test]
fn gauges_and_deltas_tell_themselves() {
    let points = [
        point(9, 0, PointValue::Double(9.0)),
        point(10, 0, PointValue::Double(1.5)),
        point(10, 0, PointValue::Int(-2)),
        point(11, 0, PointValue::Nothing),
        point(12, 0, PointValue::Double(f64::NAN)),
    ];
    let expected = [(10, 2.0, -0.5)];
    check(&facts(Kind::Gauge, Temporality::Unspecified, false), &points, &expected);
    check(&facts(Kind::Sum, Temporality::Delta, true), &points, &expected);
    check(&facts(Kind::Sum, Temporality::Cumulative, false), &points, &expected);
}

fn histogram(counts: [u64; 3], sum: f64, extremes: Option<(f64, f64)>) -> PointValue {
    PointValue::Histogram(Box::new(Histogram {
        count: counts.iter().sum(),
        sum: Some(sum),
        min: extremes.map(|(min, _)| min),
        max: extremes.map(|(_, max)| max),
        bounds: vec![10.0, 20.0],
        counts: counts.to_vec(),
    }))
}

#[test]
fn histograms_become_distributions() {
    let delta = facts(Kind::Histogram, Temporality::Delta, false);
    let points = [point(10, 9, histogram([80, 15, 5], 900.0, Some((1.0, 31.0))))];
    let found = check(&delta, &points, &[(10, 100.0, 900.0)]);
    let of = |statistic: &str| found[0].statistic(statistic.parse().unwrap()).unwrap();
    assert_eq!((of("Minimum"), of("Maximum")), (1.0, 31.0));
    assert!((4.5..=6.0).contains(&of("p40")) && (10.0..=20.0).contains(&of("p90")) && of("p99") > 20.0);
    let cumulative = facts(Kind::Histogram, Temporality::Cumulative, false);
    let points = [
        point(9, 1, histogram([1, 2, 3], 100.0, None)),
        point(10, 1, histogram([1, 4, 3], 130.0, None)),
        point(11, 1, histogram([1, 3, 4], 130.0, None)),
        point(12, 11, histogram([1, 0, 0], 3.0, None)),
    ];
    let found = check(
        &cumulative,
        &points,
        &[(10, 2.0, 30.0), (11, 8.0, 130.0), (12, 1.0, 3.0)],
    );
    let median = found[0].statistic(Statistic::Percentile(50.0)).unwrap();
    assert!((10.0..=20.0).contains(&median), "{median}");
}

fn exponential(scale: i32, zero: u64, offset: i32, counts: &[u64]) -> PointValue {
    PointValue::Exponential(Box::new(Exponential {
        count: zero + counts.iter().sum::<u64>(),
        scale,
        zero_count: zero,
        positive: Some(super::super::point::Buckets {
            offset,
            counts: counts.to_vec(),
        }),
        ..Exponential::default()
    }))
}

#[test]
fn an_exponential_histogram_may_become_coarser_while_it_goes_on() {
    let facts = facts(Kind::Exponential, Temporality::Cumulative, false);
    // Magnitudes (1, √2], (√2, 2], (2, 2√2]; then (1, 2], (2, 4], (4, 8].
    let points = [
        point(9, 1, exponential(1, 1, 0, &[1, 2, 3])),
        point(10, 1, exponential(0, 2, 0, &[3, 3, 5])),
    ];
    let mut buckets = Buckets::new(Timestamp(10 * MINUTE)..Timestamp(20 * MINUTE), MINUTE);
    buckets.add(&facts, points.iter());
    let found = buckets.finish();
    assert_eq!(found[0].1.count, 6.0);
    let values: Vec<_> = found[0].1.values().collect();
    assert_eq!(values[0], (0.0, 1.0));
    assert!(
        values[1..].iter().all(|(value, _)| (4.0..=8.0).contains(value)),
        "{values:?}"
    );
}

#[test]
fn summaries_are_spread_between_their_quantiles() {
    let summary = |count, sum| {
        PointValue::Summary(Box::new(Summary {
            count,
            sum,
            quantiles: vec![(0.0, 1.0), (0.5, 3.0), (1.0, 9.0)],
        }))
    };
    let points = [point(9, 1, summary(10, 30.0)), point(10, 1, summary(20, 70.0))];
    let found = check(
        &facts(Kind::Summary, Temporality::Unspecified, false),
        &points,
        &[(10, 10.0, 40.0)],
    );
    let of = |percent| found[0].statistic(Statistic::Percentile(percent)).unwrap();
    assert!((1.0..=3.0).contains(&of(50.0)) && (3.0..=9.0).contains(&of(90.0)));
}
