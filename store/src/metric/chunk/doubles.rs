//! Columns of doubles, which come back bit by bit.
//!
//! ```text
//! form u8
//! 0 … 15    all are decimal numbers with so many digits behind the point: whole numbers of that unit
//! 16        each differs from the one before in some bits: bytes varint, bits
//! ```
//! In the bits, the first double has 64. Each other is XORed with the one before it: a 0 when nothing is left; 10 and the
//! bits between the same ends as the last time; or 11, the number of zeros before (6 bits), of bits less one (6 bits), and
//! the bits. What is measured is mostly printed with a few digits, and then whole numbers take much less.

use super::bits::{Reader, Writer};
use super::numbers;
use crate::codec::varint::{Put, Take};

const BITS: u8 = 16;
const MOST_DIGITS: usize = 15;
/// Up to here every whole number is a double.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;
const POWERS: [f64; MOST_DIGITS + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// Writes a column.
pub(super) fn put(out: &mut Vec<u8>, values: &[f64]) {
    if values.is_empty() {
        return;
    }
    if let Some((digits, whole)) = as_decimals(values) {
        out.push(digits as u8);
        numbers::put(out, &whole);
        return;
    }
    out.push(BITS);
    out.sized(&xored(values));
}

/// Reads a column of so many doubles.
pub(super) fn take(take: &mut Take<'_>, count: usize) -> Option<Vec<f64>> {
    if count == 0 {
        return Some(Vec::new());
    }
    match take.byte()? {
        BITS => restored(take.sized()?, count),
        digits => {
            let power = POWERS.get(usize::from(digits))?;
            let whole = numbers::take(take, count)?;
            Some(whole.into_iter().map(|whole| whole as f64 / power).collect())
        }
    }
}

/// The numbers as multiples of a power of ten, if that gives the same doubles again.
fn as_decimals(values: &[f64]) -> Option<(usize, Vec<i64>)> {
    let mut digits = 0;
    for value in values {
        while as_whole(*value, digits).is_none() {
            digits += 1;
            if digits > MOST_DIGITS {
                return None;
            }
        }
    }
    let whole = values.iter().map(|&value| as_whole(value, digits));
    Some((digits, whole.collect::<Option<_>>()?))
}

fn as_whole(value: f64, digits: usize) -> Option<i64> {
    let whole = (value * POWERS[digits]).round();
    let fits = whole.abs() <= MOST_WHOLE && (whole / POWERS[digits]).to_bits() == value.to_bits();
    // The sign of a zero would be lost.
    (fits && !(whole == 0.0 && value.is_sign_negative())).then_some(whole as i64)
}

fn xored(values: &[f64]) -> Vec<u8> {
    let mut bits = Writer::default();
    let (mut last, mut leading, mut length) = (values[0].to_bits(), 0, 0);
    bits.put(last, 64);
    for value in &values[1..] {
        let changed = value.to_bits() ^ last;
        last = value.to_bits();
        if changed == 0 {
            bits.put(0, 1);
            continue;
        }
        let (zeros, trailing) = (changed.leading_zeros(), changed.trailing_zeros());
        if length > 0 && zeros >= leading && trailing >= 64 - leading - length {
            bits.put(0b10, 2);
        } else {
            (leading, length) = (zeros, 64 - zeros - trailing);
            bits.put(0b11, 2);
            bits.put(u64::from(leading), 6);
            bits.put(u64::from(length - 1), 6);
        }
        bits.put(changed >> (64 - leading - length), length);
    }
    bits.finish()
}

fn restored(bytes: &[u8], count: usize) -> Option<Vec<f64>> {
    // A double takes at least a bit.
    if count > bytes.len() * 8 {
        return None;
    }
    let mut bits = Reader::new(bytes);
    let mut values = Vec::with_capacity(count);
    let (mut last, mut leading, mut length) = (bits.take(64)?, 0, 0);
    values.push(f64::from_bits(last));
    while values.len() < count {
        match bits.ones(2)? {
            0 => {}
            kind => {
                if kind == 2 {
                    leading = bits.take(6)? as u32;
                    length = bits.take(6)? as u32 + 1;
                }
                if length == 0 || leading + length > 64 {
                    return None;
                }
                last ^= bits.take(length)? << (64 - leading - length);
            }
        }
        values.push(f64::from_bits(last));
    }
    Some(values)
}
