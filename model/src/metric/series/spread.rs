//! From a point's value to measurements.

use crate::metric::distribution::{Distribution, Whole};
use crate::metric::point::{Buckets, Exponential, Point, PointValue, Summary};

/// The measurements of a bucket are put at no more places than this between its bounds, evenly.
const PLACES: u32 = 8;

/// Adds all that a point says.
pub(super) fn whole(point: &Point, into: &mut Distribution) {
    match &point.value {
        PointValue::Nothing => {}
        PointValue::Int(int) => into.add(*int as f64, 1.0),
        PointValue::Double(double) => into.add(*double, 1.0),
        PointValue::Histogram(now) => {
            let buckets = between_bounds(&now.bounds, &now.counts, now.min, now.max);
            add(into, now.count, now.sum, (now.min, now.max), buckets);
        }
        PointValue::Exponential(now) => {
            let buckets = between_powers(now);
            add(into, now.count, now.sum, (now.min, now.max), buckets);
        }
        PointValue::Summary(now) => add(
            into,
            now.count,
            Some(now.sum),
            (None, None),
            between_quantiles(now, now.count),
        ),
        PointValue::Statistics(statistics) => into.add_statistics(statistics),
    }
}

/// Adds what a cumulative point says beyond the one before it.
pub(super) fn since(point: &Point, before: &Point, into: &mut Distribution) {
    let number = |value: &PointValue| match value {
        PointValue::Int(int) => Some(*int as f64),
        PointValue::Double(double) => Some(*double),
        _ => None,
    };
    match (&point.value, &before.value) {
        (PointValue::Int(now), PointValue::Int(before)) => into.add(now.wrapping_sub(*before) as f64, 1.0),
        (PointValue::Histogram(now), PointValue::Histogram(before)) => {
            let counts: Vec<u64> = now
                .counts
                .iter()
                .zip(&before.counts)
                .map(|(now, before)| now.saturating_sub(*before))
                .collect();
            let count = now.count - before.count;
            let buckets = between_bounds(&now.bounds, &counts, now.min, now.max);
            add(into, count, difference(now.sum, before.sum), (None, None), buckets);
        }
        (PointValue::Exponential(now), PointValue::Exponential(before)) => {
            let new = beyond(now, before);
            add(
                into,
                new.count,
                difference(now.sum, before.sum),
                (None, None),
                between_powers(&new),
            );
        }
        (PointValue::Summary(now), PointValue::Summary(before)) => {
            let count = now.count - before.count;
            add(
                into,
                count,
                Some(now.sum - before.sum),
                (None, None),
                between_quantiles(now, count),
            );
        }
        (now, before) => {
            if let Some((now, before)) = number(now).zip(number(before)) {
                into.add(now - before, 1.0);
            }
        }
    }
}

fn difference(now: Option<f64>, before: Option<f64>) -> Option<f64> {
    now.zip(before).map(|(now, before)| now - before)
}

/// Measurements between two values.
struct Between {
    low: f64,
    high: f64,
    count: u64,
}

/// Adds measurements; what is not said of them is taken from where they are.
fn add(
    into: &mut Distribution,
    count: u64,
    sum: Option<f64>,
    extremes: (Option<f64>, Option<f64>),
    buckets: Vec<Between>,
) {
    if count == 0 {
        return;
    }
    let places: Vec<(f64, f64)> = buckets.iter().flat_map(places).collect();
    let about: f64 = places.iter().map(|(value, count)| value * count).sum();
    let sum = sum.filter(|sum| sum.is_finite()).unwrap_or(about);
    let mean = sum / count as f64;
    let least = places.iter().map(|(value, _)| *value).fold(f64::INFINITY, f64::min);
    let greatest = places.iter().map(|(value, _)| *value).fold(f64::NEG_INFINITY, f64::max);
    let whole = Whole {
        count: count as f64,
        sum,
        min: extremes.0.unwrap_or(if places.is_empty() { mean } else { least }),
        max: extremes.1.unwrap_or(if places.is_empty() { mean } else { greatest }),
    };
    into.add_about(whole, places.into_iter());
}

/// Where the measurements of a bucket are taken to be: evenly between its bounds.
fn places(bucket: &Between) -> impl Iterator<Item = (f64, f64)> + use<> {
    let (low, width, count) = (bucket.low, bucket.high - bucket.low, bucket.count);
    let places = match width {
        0.0 => 1,
        _ => u32::try_from(count).unwrap_or(PLACES).clamp(1, PLACES),
    };
    let (each, more) = (count / u64::from(places), count % u64::from(places));
    (0..places).map(move |place| {
        let here = each + u64::from(u64::from(place) < more);
        (low + width * (f64::from(place) + 0.5) / f64::from(places), here as f64)
    })
}

fn between_bounds(bounds: &[f64], counts: &[u64], min: Option<f64>, max: Option<f64>) -> Vec<Between> {
    let mut buckets = Vec::new();
    for (index, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let low = index.checked_sub(1).and_then(|below| bounds.get(below)).copied();
        let high = bounds.get(index).copied();
        // The outer buckets end where measurements do, if that is said; the first at zero if it can.
        let low = low.or(min).unwrap_or_else(|| high.map_or(0.0, |high| high.min(0.0)));
        let high = high.or(max).unwrap_or(low);
        let (low, high) = (low.max(min.unwrap_or(low)), high.min(max.unwrap_or(high)));
        if low.is_finite() && high.is_finite() {
            buckets.push(Between {
                low: low.min(high),
                high,
                count,
            });
        }
    }
    buckets
}

fn between_powers(histogram: &Exponential) -> Vec<Between> {
    let mut buckets = Vec::new();
    let magnitude = |index: i64| (index as f64 * (-f64::from(histogram.scale)).exp2()).exp2();
    let (min, max) = (
        histogram.min.unwrap_or(f64::NEG_INFINITY),
        histogram.max.unwrap_or(f64::INFINITY),
    );
    let mut push = |low: f64, high: f64, count: u64| {
        let (low, high) = (low.clamp(min, max.max(min)), high.clamp(min, max.max(min)));
        if low.is_finite() && high.is_finite() && count > 0 {
            buckets.push(Between { low, high, count });
        }
    };
    for (index, count) in indexed(histogram.negative.as_ref()) {
        push(-magnitude(index + 1), -magnitude(index), count);
    }
    push(0.0, 0.0, histogram.zero_count);
    for (index, count) in indexed(histogram.positive.as_ref()) {
        push(magnitude(index), magnitude(index + 1), count);
    }
    buckets
}

fn indexed(buckets: Option<&Buckets>) -> impl Iterator<Item = (i64, u64)> {
    let buckets = buckets.into_iter();
    buckets.flat_map(|buckets| (i64::from(buckets.offset)..).zip(buckets.counts.iter().copied()))
}

/// What one exponential histogram has beyond an earlier one of the same or a higher scale.
fn beyond(now: &Exponential, before: &Exponential) -> Exponential {
    let coarser = before.scale.saturating_sub(now.scale).clamp(0, 63);
    let side = |now: Option<&Buckets>, before: Option<&Buckets>| -> Option<Buckets> {
        let mut new = now?.clone();
        for (index, count) in indexed(before) {
            let at = (index >> coarser) - i64::from(new.offset);
            if let Some(count_now) = usize::try_from(at).ok().and_then(|at| new.counts.get_mut(at)) {
                *count_now = count_now.saturating_sub(count);
            }
        }
        Some(new)
    };
    Exponential {
        count: now.count - before.count,
        zero_count: now.zero_count - before.zero_count,
        positive: side(now.positive.as_ref(), before.positive.as_ref()),
        negative: side(now.negative.as_ref(), before.negative.as_ref()),
        ..now.clone()
    }
}

/// Between neighbouring quantiles lies their share of the measurements.
fn between_quantiles(summary: &Summary, count: u64) -> Vec<Between> {
    let mut quantiles: Vec<(f64, f64)> = summary
        .quantiles
        .iter()
        .copied()
        .filter(|(quantile, value)| (0.0..=1.0).contains(quantile) && value.is_finite())
        .collect();
    quantiles.sort_by(|one, other| one.0.total_cmp(&other.0));
    let Some((&(_, first), &(_, last))) = quantiles.first().zip(quantiles.last()) else {
        return Vec::new();
    };
    let mut buckets = Vec::new();
    let (mut seen, mut low) = (0, first);
    for (quantile, high) in quantiles.into_iter().chain([(1.0, last)]) {
        let upto = (quantile * count as f64).round() as u64;
        let here = upto.saturating_sub(seen);
        if here > 0 {
            buckets.push(Between {
                low: low.min(high),
                high,
                count: here,
            });
        }
        (seen, low) = (seen.max(upto), high);
    }
    buckets
}
