//! Lists: bounds, which are mostly the same from row to row, counts by bucket, and pairs of doubles.

use beamline_model::metric::Histogram;

use super::super::{doubles, numbers};
use super::put_count;
use crate::codec::varint::Take;

/// All lists of one column have at most so many items in sum.
const MOST_ITEMS: usize = 1 << 26;

pub(super) fn put_bounds(out: &mut Vec<u8>, items: &[&Histogram]) {
    let bits = |bounds: &[f64]| -> Vec<u64> { bounds.iter().map(|bound| bound.to_bits()).collect() };
    let mut distinct: Vec<Vec<u64>> = Vec::new();
    let mut which = Vec::with_capacity(items.len());
    for item in items {
        let bounds = bits(&item.bounds);
        // The last one is the likeliest.
        let known = distinct.iter().rposition(|known| *known == bounds);
        which.push(known.unwrap_or_else(|| {
            distinct.push(bounds);
            distinct.len() - 1
        }) as i64);
    }
    put_count(out, distinct.len());
    for bounds in &distinct {
        put_count(out, bounds.len());
        bounds
            .iter()
            .for_each(|bound| out.extend_from_slice(&bound.to_le_bytes()));
    }
    numbers::put(out, &which);
}

pub(super) fn take_bounds(take: &mut Take<'_>, rows: usize) -> Option<Vec<Vec<f64>>> {
    let count = take.count()?;
    let mut distinct = Vec::with_capacity(count);
    for _ in 0..count {
        let length = take.count()?;
        let bound = |take: &mut Take<'_>| Some(f64::from_bits(u64::from_le_bytes(take.array()?)));
        let bounds: Vec<f64> = (0..length).map(|_| bound(take)).collect::<Option<_>>()?;
        distinct.push(bounds);
    }
    let mut items = 0;
    let mut pick = |which: i64| {
        let bounds = distinct.get(usize::try_from(which).ok()?)?;
        items += bounds.len();
        (items <= MOST_ITEMS).then(|| bounds.clone())
    };
    numbers::take(take, rows)?.into_iter().map(&mut pick).collect()
}

/// How many items each row has; `None` when they are too many to be true.
fn take_lengths(take: &mut Take<'_>, rows: usize) -> Option<Vec<usize>> {
    let lengths = numbers::take(take, rows)?.into_iter();
    let lengths: Vec<usize> = lengths
        .map(|length| usize::try_from(length).ok())
        .collect::<Option<_>>()?;
    let sum = lengths
        .iter()
        .try_fold(0usize, |sum, &length| sum.checked_add(length))?;
    (sum <= MOST_ITEMS).then_some(lengths)
}

fn put_lengths(out: &mut Vec<u8>, lengths: &[usize]) -> usize {
    let column: Vec<i64> = lengths.iter().map(|&length| length as i64).collect();
    numbers::put(out, &column);
    lengths.iter().copied().max().unwrap_or(0)
}

pub(super) fn put_counts<'a>(out: &mut Vec<u8>, rows: usize, of: impl Fn(usize) -> &'a Vec<u64>) {
    let lengths: Vec<usize> = (0..rows).map(|row| of(row).len()).collect();
    let places = put_lengths(out, &lengths);
    let mut column = Vec::with_capacity(rows);
    for place in 0..places {
        column.clear();
        column.extend((0..rows).filter_map(|row| of(row).get(place).map(|&count| count as i64)));
        numbers::put(out, &column);
    }
}

pub(super) fn take_counts(take: &mut Take<'_>, rows: usize) -> Option<Vec<Vec<u64>>> {
    let lengths = take_lengths(take, rows)?;
    let mut lists: Vec<Vec<u64>> = lengths.iter().map(|_| Vec::new()).collect();
    for place in 0..lengths.iter().copied().max().unwrap_or(0) {
        let there = lengths.iter().filter(|&&length| length > place).count();
        let mut column = numbers::take(take, there)?.into_iter();
        for (list, _) in lists.iter_mut().zip(&lengths).filter(|(_, length)| **length > place) {
            list.push(column.next()? as u64);
        }
    }
    Some(lists)
}

pub(super) fn put_pairs<'a>(out: &mut Vec<u8>, rows: usize, of: impl Fn(usize) -> &'a [(f64, f64)]) {
    let lengths: Vec<usize> = (0..rows).map(|row| of(row).len()).collect();
    let places = put_lengths(out, &lengths);
    let mut column = Vec::with_capacity(rows);
    for place in 0..places {
        for half in [|pair: &(f64, f64)| pair.0, |pair: &(f64, f64)| pair.1] {
            column.clear();
            column.extend((0..rows).filter_map(|row| of(row).get(place).map(half)));
            doubles::put(out, &column);
        }
    }
}

pub(super) fn take_pairs(take: &mut Take<'_>, rows: usize) -> Option<Vec<Vec<(f64, f64)>>> {
    let lengths = take_lengths(take, rows)?;
    let mut lists: Vec<Vec<(f64, f64)>> = lengths.iter().map(|_| Vec::new()).collect();
    for place in 0..lengths.iter().copied().max().unwrap_or(0) {
        let there = lengths.iter().filter(|&&length| length > place).count();
        let (ones, others) = (doubles::take(take, there)?, doubles::take(take, there)?);
        let mut column = ones.into_iter().zip(others);
        for (list, _) in lists.iter_mut().zip(&lengths).filter(|(_, length)| **length > place) {
            list.push(column.next()?);
        }
    }
    Some(lists)
}
