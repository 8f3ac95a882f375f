//! The values of a chunk's rows.
//!
//! ```text
//! kind u8       0 to 6: all rows have this kind | 7: kinds differ: numbers, a kind per row
//! per kind, of the rows that have it, in the order of kinds:
//!   0 nothing | 1 whole numbers | 2 doubles
//!   3 histograms     counts, sums, minima, maxima, bounds, counts by bucket
//!   4 exponential    counts, sums, minima, maxima, scales, zero counts, zero thresholds, positive, negative
//!   5 summaries      counts, sums, quantiles
//!   6 statistics     units, resolutions, whether a set; values and their counts, then sets
//! sums, minima, maxima   numbers, 1 where there is one; doubles, those
//! bounds                 count of distinct lists varint, each: length varint, 8 bytes per bound; numbers, which list
//! lists of counts        numbers, how many per row; numbers per place, of the rows that have it
//! lists of pairs         the same with doubles, twice per place
//! ```
//! The counts of a bucket in consecutive rows make a column, so that what hardly changes takes hardly any room.

use beamline_model::metric::point::Measured;
use beamline_model::metric::{Buckets, Exponential, Histogram, PointValue, Statistics, Summary, Unit};

use super::{Row, doubles, numbers};
use crate::codec::varint::{Put, Take};

mod lists;

const KINDS: usize = 7;
const MIXED: u8 = KINDS as u8;

fn kind(value: &PointValue) -> usize {
    match value {
        PointValue::Nothing => 0,
        PointValue::Int(_) => 1,
        PointValue::Double(_) => 2,
        PointValue::Histogram(_) => 3,
        PointValue::Exponential(_) => 4,
        PointValue::Summary(_) => 5,
        PointValue::Statistics(_) => 6,
    }
}

/// The values of one kind, borrowed.
#[derive(Default)]
struct Sorted<'a> {
    ints: Vec<i64>,
    doubles: Vec<f64>,
    histograms: Vec<&'a Histogram>,
    exponentials: Vec<&'a Exponential>,
    summaries: Vec<&'a Summary>,
    statistics: Vec<&'a Statistics>,
}

pub(super) fn put(out: &mut Vec<u8>, rows: &[Row]) {
    let mut sorted = Sorted::default();
    let mut kinds = Vec::with_capacity(rows.len());
    for row in rows {
        kinds.push(kind(&row.point.value) as i64);
        match &row.point.value {
            PointValue::Nothing => {}
            PointValue::Int(int) => sorted.ints.push(*int),
            PointValue::Double(double) => sorted.doubles.push(*double),
            PointValue::Histogram(histogram) => sorted.histograms.push(histogram),
            PointValue::Exponential(histogram) => sorted.exponentials.push(histogram),
            PointValue::Summary(summary) => sorted.summaries.push(summary),
            PointValue::Statistics(statistics) => sorted.statistics.push(statistics),
        }
    }
    match kinds.first() {
        Some(&first) if kinds.iter().all(|&kind| kind == first) => out.push(first as u8),
        _ => {
            out.push(MIXED);
            numbers::put(out, &kinds);
        }
    }
    numbers::put(out, &sorted.ints);
    doubles::put(out, &sorted.doubles);
    put_histograms(out, &sorted.histograms);
    put_exponentials(out, &sorted.exponentials);
    put_summaries(out, &sorted.summaries);
    put_statistics(out, &sorted.statistics);
}

pub(super) fn take(take: &mut Take<'_>, rows: usize) -> Option<Vec<PointValue>> {
    let kinds: Vec<usize> = match take.byte()? {
        MIXED => {
            let kinds = numbers::take(take, rows)?.into_iter();
            let kinds = kinds.map(|kind| usize::try_from(kind).ok().filter(|&kind| kind < KINDS));
            kinds.collect::<Option<_>>()?
        }
        kind => vec![Some(usize::from(kind)).filter(|&kind| kind < KINDS)?; rows],
    };
    let mut counts = [0; KINDS];
    kinds.iter().for_each(|&kind| counts[kind] += 1);
    let [_, ints, doubles, histograms, exponentials, summaries, statistics] = counts;
    let mut ints = numbers::take(take, ints)?.into_iter().map(PointValue::Int);
    let mut doubles = doubles::take(take, doubles)?.into_iter().map(PointValue::Double);
    let mut histograms = boxed(take_histograms(take, histograms)?, PointValue::Histogram);
    let mut exponentials = boxed(take_exponentials(take, exponentials)?, PointValue::Exponential);
    let mut summaries = boxed(take_summaries(take, summaries)?, PointValue::Summary);
    let mut statistics = boxed(take_statistics(take, statistics)?, PointValue::Statistics);
    let next = |kind: usize| match kind {
        0 => Some(PointValue::Nothing),
        1 => ints.next(),
        2 => doubles.next(),
        3 => histograms.next(),
        4 => exponentials.next(),
        5 => summaries.next(),
        _ => statistics.next(),
    };
    kinds.into_iter().map(next).collect()
}

fn boxed<T>(values: Vec<T>, wrap: fn(Box<T>) -> PointValue) -> impl Iterator<Item = PointValue> {
    values.into_iter().map(move |value| wrap(Box::new(value)))
}

/// A column of numbers, one of each item.
fn put_counts<T>(out: &mut Vec<u8>, items: &[T], of: impl Fn(&T) -> u64) {
    let column: Vec<i64> = items.iter().map(|item| of(item) as i64).collect();
    numbers::put(out, &column);
}

fn put_doubles<T>(out: &mut Vec<u8>, items: &[T], of: impl Fn(&T) -> f64) {
    let column: Vec<f64> = items.iter().map(of).collect();
    doubles::put(out, &column);
}

/// A column of doubles that some items do not have.
fn put_said<T>(out: &mut Vec<u8>, items: &[T], of: impl Fn(&T) -> Option<f64>) {
    put_counts(out, items, |item| u64::from(of(item).is_some()));
    let column: Vec<f64> = items.iter().filter_map(of).collect();
    doubles::put(out, &column);
}

fn take_said(take: &mut Take<'_>, count: usize) -> Option<Vec<Option<f64>>> {
    let said = numbers::take(take, count)?;
    let there = said.iter().filter(|&&said| said != 0).count();
    let mut doubles = doubles::take(take, there)?.into_iter();
    let next = |said: i64| match said {
        0 => Some(None),
        _ => doubles.next().map(Some),
    };
    said.into_iter().map(next).collect()
}

fn put_histograms(out: &mut Vec<u8>, items: &[&Histogram]) {
    put_counts(out, items, |item| item.count);
    put_said(out, items, |item| item.sum);
    put_said(out, items, |item| item.min);
    put_said(out, items, |item| item.max);
    if !items.is_empty() {
        lists::put_bounds(out, items);
        lists::put_counts(out, items.len(), |index| &items[index].counts);
    }
}

fn take_histograms(take: &mut Take<'_>, count: usize) -> Option<Vec<Histogram>> {
    let counts = numbers::take(take, count)?;
    let (sums, minima, maxima) = (
        take_said(take, count)?,
        take_said(take, count)?,
        take_said(take, count)?,
    );
    if count == 0 {
        return Some(Vec::new());
    }
    let bounds = lists::take_bounds(take, count)?;
    let buckets = lists::take_counts(take, count)?;
    let rows = bounds.into_iter().zip(buckets).enumerate();
    let histogram = |(index, (bounds, buckets)): (usize, (Vec<f64>, Vec<u64>))| Histogram {
        count: counts[index] as u64,
        sum: sums[index],
        min: minima[index],
        max: maxima[index],
        bounds,
        counts: buckets,
    };
    Some(rows.map(histogram).collect())
}

fn put_exponentials(out: &mut Vec<u8>, items: &[&Exponential]) {
    put_counts(out, items, |item| item.count);
    put_said(out, items, |item| item.sum);
    put_said(out, items, |item| item.min);
    put_said(out, items, |item| item.max);
    put_counts(out, items, |item| i64::from(item.scale) as u64);
    put_counts(out, items, |item| item.zero_count);
    put_doubles(out, items, |item| item.zero_threshold);
    put_side(out, items, |item| item.positive.as_ref());
    put_side(out, items, |item| item.negative.as_ref());
}

fn put_side(out: &mut Vec<u8>, items: &[&Exponential], side: fn(&Exponential) -> Option<&Buckets>) {
    put_counts(out, items, |item| u64::from(side(item).is_some()));
    let there: Vec<&Buckets> = items.iter().filter_map(|item| side(item)).collect();
    put_counts(out, &there, |buckets| i64::from(buckets.offset) as u64);
    if !there.is_empty() {
        lists::put_counts(out, there.len(), |index| &there[index].counts);
    }
}

fn take_side(take: &mut Take<'_>, count: usize) -> Option<Vec<Option<Buckets>>> {
    let said = numbers::take(take, count)?;
    let there = said.iter().filter(|&&said| said != 0).count();
    let mut offsets = numbers::take(take, there)?.into_iter();
    let counts = if there == 0 {
        Vec::new()
    } else {
        lists::take_counts(take, there)?
    };
    let mut counts = counts.into_iter();
    let next = |said: i64| match said {
        0 => Some(None),
        _ => Some(Some(Buckets {
            offset: i32::try_from(offsets.next()?).ok()?,
            counts: counts.next()?,
        })),
    };
    said.into_iter().map(next).collect()
}

fn take_exponentials(take: &mut Take<'_>, count: usize) -> Option<Vec<Exponential>> {
    let counts = numbers::take(take, count)?;
    let (sums, minima, maxima) = (
        take_said(take, count)?,
        take_said(take, count)?,
        take_said(take, count)?,
    );
    let (scales, zero_counts) = (numbers::take(take, count)?, numbers::take(take, count)?);
    let thresholds = doubles::take(take, count)?;
    let (positive, negative) = (take_side(take, count)?, take_side(take, count)?);
    let rows = positive.into_iter().zip(negative).enumerate();
    let histogram = |(index, (positive, negative))| {
        Some(Exponential {
            count: counts[index] as u64,
            sum: sums[index],
            min: minima[index],
            max: maxima[index],
            scale: i32::try_from(scales[index]).ok()?,
            zero_count: zero_counts[index] as u64,
            zero_threshold: thresholds[index],
            positive,
            negative,
        })
    };
    rows.map(histogram).collect()
}

fn put_summaries(out: &mut Vec<u8>, items: &[&Summary]) {
    put_counts(out, items, |item| item.count);
    put_doubles(out, items, |item| item.sum);
    if !items.is_empty() {
        lists::put_pairs(out, items.len(), |index| &items[index].quantiles);
    }
}

fn take_summaries(take: &mut Take<'_>, count: usize) -> Option<Vec<Summary>> {
    let (counts, sums) = (numbers::take(take, count)?, doubles::take(take, count)?);
    if count == 0 {
        return Some(Vec::new());
    }
    let rows = lists::take_pairs(take, count)?.into_iter().enumerate();
    let summary = |(index, quantiles)| Summary {
        count: counts[index] as u64,
        sum: sums[index],
        quantiles,
    };
    Some(rows.map(summary).collect())
}

fn put_statistics(out: &mut Vec<u8>, items: &[&Statistics]) {
    put_counts(out, items, |item| item.unit as u64);
    put_counts(out, items, |item| u64::from(item.resolution));
    put_counts(out, items, |item| {
        u64::from(matches!(item.measured, Measured::Set { .. }))
    });
    let mut values: Vec<&[(f64, f64)]> = Vec::new();
    let mut sets: Vec<[f64; 4]> = Vec::new();
    for item in items {
        match &item.measured {
            Measured::Values(pairs) => values.push(pairs),
            Measured::Set { count, sum, min, max } => sets.push([*count, *sum, *min, *max]),
        }
    }
    if !values.is_empty() {
        lists::put_pairs(out, values.len(), |index| values[index]);
    }
    (0..4).for_each(|number| put_doubles(out, &sets, |set| set[number]));
}

fn take_statistics(take: &mut Take<'_>, count: usize) -> Option<Vec<Statistics>> {
    let (units, resolutions) = (numbers::take(take, count)?, numbers::take(take, count)?);
    let are_sets = numbers::take(take, count)?;
    let sets = are_sets.iter().filter(|&&set| set != 0).count();
    let values = match count - sets {
        0 => Vec::new(),
        values => lists::take_pairs(take, values)?,
    };
    let (mut values, mut columns) = (values.into_iter(), Vec::new());
    for _ in 0..4 {
        columns.push(doubles::take(take, sets)?.into_iter());
    }
    let mut all = Vec::with_capacity(count);
    for (index, set) in are_sets.into_iter().enumerate() {
        let measured = match set {
            0 => Measured::Values(values.next()?),
            _ => {
                let mut next = |number: usize| columns.get_mut(number)?.next();
                Measured::Set {
                    count: next(0)?,
                    sum: next(1)?,
                    min: next(2)?,
                    max: next(3)?,
                }
            }
        };
        all.push(Statistics {
            unit: Unit::from_number(u8::try_from(units[index]).ok()?)?,
            resolution: u8::try_from(resolutions[index]).ok()?,
            measured,
        });
    }
    Some(all)
}

/// Appends a number that says how much follows.
fn put_count(out: &mut Vec<u8>, count: usize) {
    out.varint(count as u64);
}
