//! Columns of whole numbers.
//!
//! ```text
//! head u8       order of differences in the low two bits (0 to 2); above, log10 of the unit / 3 (0 to 3);
//!               128: all differences but the first ones are zero
//! first ones    as many numbers as the order, and one, zigzag: value, difference, difference of differences
//! [width u8 | bytes varint | bits]
//! ```
//! The rest are numbers of Rice's code: `n >> width` ones and a zero, then `width` bits. A number whose high part is 15
//! or more is 15 ones and its 64 bits. Negative numbers are folded between the others first.

use super::bits::{Reader, Writer};
use crate::codec::varint::{Put, Take};

const ALL_ZERO: u8 = 128;
const UNITS: [i64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];
/// So many ones announce a number in full.
const ESCAPE: u32 = 15;

/// Writes a column.
pub(super) fn put(out: &mut Vec<u8>, values: &[i64]) {
    let unit = UNITS
        .iter()
        .rposition(|unit| values.iter().all(|value| value % unit == 0));
    // Zeros are multiples of anything.
    let unit = unit.filter(|_| values.iter().any(|&value| value != 0)).unwrap_or(0);
    let mut column: Vec<i64> = values.iter().map(|value| value / UNITS[unit]).collect();
    let Some(order) = best_order(&column) else {
        return;
    };
    difference(&mut column, order);
    let (first, rest) = column.split_at((order + 1).min(column.len()));
    let mut head = order as u8 | (unit as u8) << 2;
    let folded: Vec<u64> = rest.iter().map(|&value| fold(value)).collect();
    let all_zero = folded.iter().all(|&value| value == 0);
    head |= if all_zero { ALL_ZERO } else { 0 };
    out.push(head);
    first.iter().for_each(|&value| out.zigzag(value));
    if all_zero {
        return;
    }
    let width = best_width(&folded);
    let mut bits = Writer::default();
    for value in folded {
        let high = value >> width;
        if high < u64::from(ESCAPE) {
            let high = high as u32;
            bits.put((1 << (high + 1)) - 2, high + 1);
            bits.put(value, width);
        } else {
            bits.put((1 << ESCAPE) - 1, ESCAPE);
            bits.put(value, 64);
        }
    }
    out.push(width as u8);
    out.sized(&bits.finish());
}

/// Reads a column of so many numbers.
pub(super) fn take(take: &mut Take<'_>, count: usize) -> Option<Vec<i64>> {
    if count == 0 {
        return Some(Vec::new());
    }
    let head = take.byte()?;
    let (order, unit) = (usize::from(head & 3), *UNITS.get(usize::from(head >> 2 & 31))?);
    if order > 2 {
        return None;
    }
    let mut column = Vec::with_capacity(count);
    for _ in 0..(order + 1).min(count) {
        column.push(take.zigzag()?);
    }
    if head & ALL_ZERO != 0 {
        column.resize(count, 0);
    } else {
        let width = u32::from(take.byte()?);
        if width > 63 {
            return None;
        }
        let mut bits = Reader::new(take.sized()?);
        while column.len() < count {
            let high = bits.ones(ESCAPE)?;
            let value = match high {
                ESCAPE => bits.take(64)?,
                high => (u64::from(high) << width) | bits.take(width)?,
            };
            column.push(unfold(value));
        }
    }
    integrate(&mut column, order);
    column.iter_mut().for_each(|value| *value = value.wrapping_mul(unit));
    Some(column)
}

fn fold(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unfold(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// The order of differences that are smallest in sum; `None` for an empty column.
fn best_order(values: &[i64]) -> Option<usize> {
    if values.is_empty() {
        return None;
    }
    let mut cost = [0u64; 3];
    let (mut last, mut last_step) = (values[0], None::<i64>);
    for &value in &values[1..] {
        let bits = |value: i64| u64::from(64 - fold(value).leading_zeros());
        let step = value.wrapping_sub(last);
        cost[0] += bits(value);
        cost[1] += bits(step);
        cost[2] += bits(last_step.map_or(step, |before| step.wrapping_sub(before)));
        (last, last_step) = (value, Some(step));
    }
    (0..3).min_by_key(|&order| cost[order])
}

/// Puts differences of an order in the place of values, behind the first ones.
fn difference(values: &mut [i64], order: usize) {
    for order in 0..order {
        for index in (order + 1..values.len()).rev() {
            values[index] = values[index].wrapping_sub(values[index - 1]);
        }
    }
}

/// Undoes [`difference`].
fn integrate(values: &mut [i64], order: usize) {
    for order in (0..order).rev() {
        for index in order + 1..values.len() {
            values[index] = values[index].wrapping_add(values[index - 1]);
        }
    }
}

/// The width that takes the fewest bits.
fn best_width(values: &[u64]) -> u32 {
    let mean = values.iter().map(|&value| u128::from(value)).sum::<u128>() / values.len().max(1) as u128;
    let about = 128 - mean.leading_zeros().min(127);
    let cost = |width: u32| -> u64 {
        let each = |&value: &u64| match value >> width {
            high if high < u64::from(ESCAPE) => high + 1 + u64::from(width),
            _ => u64::from(ESCAPE) + 64,
        };
        values.iter().map(each).sum()
    };
    // A few large numbers among small ones pull the mean up.
    (about.saturating_sub(6)..=about.min(63))
        .min_by_key(|&width| cost(width))
        .unwrap_or(0)
}
