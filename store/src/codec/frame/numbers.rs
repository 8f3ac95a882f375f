//! Columns of whole numbers.
//!
//! ```text
//! form u8
//! 0 one value in all rows:     the value zigzag
//! 1 few distinct values:       their count varint, each zigzag; a code per row
//! 2 many:                      log10 of their unit u8; per row how many bits the number has (64 more when it is
//!                              negative, and then of its complement); raw, the bits below the highest
//! ```
//! The number of bits compresses well and the bits themselves do not, so they are kept apart.

use rustc_hash::FxHashMap;

use super::pages::{Pages, Part, Sections};
use crate::codec::varint::Put;

const SAME: u8 = 0;
const CODED: u8 = 1;
const BITS: u8 = 2;

const NEGATIVE: u8 = 64;
/// Clocks count in milliseconds, microseconds or nanoseconds, whatever they are written in.
const UNITS: [i64; 3] = [1_000_000, 1_000, 1];
const UNIT_DIGITS: [u8; 3] = [6, 3, 0];

/// Writes a column.
pub(super) fn put(pages: &mut Pages, values: &[i64], part: Part) {
    let first = values.first().copied().unwrap_or_default();
    if values.iter().all(|&value| value == first) {
        pages.head.push(SAME);
        pages.head.zigzag(first);
    } else if let Some((codes, distinct)) = coded(values) {
        pages.head.push(CODED);
        pages.head.varint(distinct.len() as u64);
        distinct.iter().for_each(|&value| pages.head.zigzag(value));
        let part = if part == Part::Numbers { Part::Codes } else { part };
        pages.codes(&codes, part);
    } else {
        put_bits(pages, values, part);
    }
}

/// Distinct values in order of appearance, and which of them each row has; `None` when there are many.
fn coded(values: &[i64]) -> Option<(Vec<u8>, Vec<i64>)> {
    let most = (values.len() / 8).min(256);
    let mut known: FxHashMap<i64, u8> = FxHashMap::default();
    let mut distinct = Vec::new();
    let mut codes = Vec::with_capacity(values.len());
    let mut last = (0, None);
    for &value in values {
        let code = match last {
            (before, Some(code)) if before == value => code,
            _ => match known.get(&value) {
                Some(&code) => code,
                None if distinct.len() < most => {
                    let code = distinct.len() as u8;
                    known.insert(value, code);
                    distinct.push(value);
                    code
                }
                None => return None,
            },
        };
        last = (value, Some(code));
        codes.push(code);
    }
    Some((codes, distinct))
}

fn put_bits(pages: &mut Pages, values: &[i64], part: Part) {
    let fits = |unit: i64| values.iter().all(|value| value % unit == 0);
    let index = UNITS.iter().position(|&unit| fits(unit)).unwrap_or(UNITS.len() - 1);
    pages.head.push(BITS);
    pages.head.push(UNIT_DIGITS[index]);
    let mut sizes = Vec::with_capacity(values.len());
    let (mut kept, mut filled) = (0u128, 0u32);
    for value in values {
        let value = value / UNITS[index];
        let magnitude = (if value < 0 { !value } else { value }) as u64;
        let bits = u64::BITS - magnitude.leading_zeros();
        sizes.push(bits as u8 | if value < 0 { NEGATIVE } else { 0 });
        let below = bits.saturating_sub(1);
        kept |= u128::from(magnitude & ((1 << below) - 1)) << filled;
        filled += below;
        while filled >= 8 {
            pages.raw.push(kept as u8);
            kept >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        pages.raw.push(kept as u8);
    }
    pages.end_raw(part);
    pages.codes(&sizes, part);
}

fn below(size: u8) -> usize {
    usize::from(size & (NEGATIVE - 1)).saturating_sub(1)
}

/// A column, read from some row on.
pub(super) struct Numbers<'a> {
    form: Form<'a>,
    /// Rows passed so far.
    at: usize,
    rows: usize,
}

enum Form<'a> {
    Same(i64),
    Coded {
        codes: &'a [u8],
        distinct: Vec<i64>,
    },
    Bits {
        unit: i64,
        sizes: &'a [u8],
        bits: &'a [u8],
        /// Bits passed so far.
        position: usize,
    },
}

impl<'a> Numbers<'a> {
    pub(super) fn read(sections: &mut Sections<'a>, rows: usize) -> Option<Self> {
        let form = match sections.head.byte()? {
            SAME => Form::Same(sections.head.zigzag()?),
            CODED => {
                let count = sections.head.count()?;
                let distinct = (0..count).map(|_| sections.head.zigzag()).collect::<Option<_>>()?;
                Form::Coded {
                    codes: sections.codes(rows)?,
                    distinct,
                }
            }
            BITS => {
                let digits = sections.head.byte()?;
                let index = UNIT_DIGITS.iter().position(|&known| known == digits)?;
                let sizes = sections.codes(rows)?;
                let total: usize = sizes.iter().map(|&size| below(size)).sum();
                Form::Bits {
                    unit: UNITS[index],
                    sizes,
                    bits: sections.raw.bytes(total.div_ceil(8))?,
                    position: 0,
                }
            }
            _ => return None,
        };
        Some(Self { form, at: 0, rows })
    }

    /// Passes over so many rows.
    pub(super) fn skip(&mut self, rows: usize) -> Option<()> {
        let to = self.at.checked_add(rows).filter(|&to| to <= self.rows)?;
        if let Form::Bits { sizes, position, .. } = &mut self.form {
            *position += sizes[self.at..to].iter().map(|&size| below(size)).sum::<usize>();
        }
        self.at = to;
        Some(())
    }

    /// The next row's number.
    pub(super) fn next(&mut self) -> Option<i64> {
        if self.at >= self.rows {
            return None;
        }
        let at = self.at;
        self.at += 1;
        match &mut self.form {
            Form::Same(value) => Some(*value),
            Form::Coded { codes, distinct } => distinct.get(usize::from(codes[at])).copied(),
            Form::Bits {
                unit,
                sizes,
                bits,
                position,
            } => {
                let size = sizes[at];
                let below = below(size);
                let magnitude = match size & (NEGATIVE - 1) {
                    0 => 0,
                    _ => take_bits(bits, *position, below) | 1 << below,
                };
                *position += below;
                let value = magnitude as i64;
                Some((if size & NEGATIVE == 0 { value } else { !value }).wrapping_mul(*unit))
            }
        }
    }

    /// Goes back to the first row.
    pub(super) fn rewind(&mut self) {
        self.at = 0;
        if let Form::Bits { position, .. } = &mut self.form {
            *position = 0;
        }
    }

    /// All that follow.
    pub(super) fn rest(&mut self) -> Option<Vec<i64>> {
        (self.at..self.rows).map(|_| self.next()).collect()
    }

    /// The next row's number as something that is counted.
    pub(super) fn index(&mut self) -> Option<usize> {
        usize::try_from(self.next()?).ok()
    }
}

/// At most 62 bits from this position on; those beyond the end are zero.
fn take_bits(bytes: &[u8], position: usize, count: usize) -> u64 {
    let from = &bytes[(position / 8).min(bytes.len())..];
    let mut window = [0; 16];
    let length = from.len().min(9);
    window[..length].copy_from_slice(&from[..length]);
    let window = u128::from_le_bytes(window) >> (position % 8);
    window as u64 & ((1 << count) - 1)
}

/// One byte a row, two where there are more than 256 distinct values, and none where there is one.
pub(super) fn put_codes(pages: &mut Pages, codes: &[u16], distinct: usize) {
    if distinct <= 1 {
        return;
    }
    let low: Vec<u8> = codes.iter().map(|&code| code as u8).collect();
    pages.codes(&low, Part::Codes);
    if distinct > 256 {
        let high: Vec<u8> = codes.iter().map(|&code| (code >> 8) as u8).collect();
        pages.codes(&high, Part::Codes);
    }
}

/// What [`put_codes`] wrote.
pub(super) struct Codes<'a> {
    low: Option<&'a [u8]>,
    high: Option<&'a [u8]>,
    at: usize,
    rows: usize,
}

impl<'a> Codes<'a> {
    pub(super) fn read(sections: &mut Sections<'a>, rows: usize, distinct: usize) -> Option<Self> {
        let mut when = |needed: bool| match needed {
            true => sections.codes(rows).map(Some),
            false => Some(None),
        };
        Some(Self {
            low: when(distinct > 1)?,
            high: when(distinct > 256)?,
            at: 0,
            rows,
        })
    }

    pub(super) fn next(&mut self) -> Option<usize> {
        if self.at >= self.rows {
            return None;
        }
        let byte = |plane: Option<&[u8]>| plane.map_or(0, |plane| usize::from(plane[self.at]));
        let code = byte(self.high) << 8 | byte(self.low);
        self.at += 1;
        Some(code)
    }

    /// Goes back to the first row.
    pub(super) fn rewind(&mut self) {
        self.at = 0;
    }

    pub(super) fn skip(&mut self, rows: usize) -> Option<()> {
        self.at = self.at.checked_add(rows).filter(|&to| to <= self.rows)?;
        Some(())
    }
}

/// A number and a column around it: most values are close to the base.
pub(super) fn put_around(pages: &mut Pages, values: &[i64], part: Part) {
    let base = values.iter().copied().min().unwrap_or_default();
    pages.head.zigzag(base);
    let values: Vec<i64> = values.iter().map(|value| value.wrapping_sub(base)).collect();
    put(pages, &values, part);
}

/// What [`put_around`] wrote.
pub(super) fn read_around(sections: &mut Sections<'_>, rows: usize) -> Option<Vec<i64>> {
    let base = sections.head.zigzag()?;
    let mut values = Numbers::read(sections, rows)?.rest()?;
    values.iter_mut().for_each(|value| *value = value.wrapping_add(base));
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(pages: &Pages) -> Vec<u8> {
        [&pages.lengths(), &pages.text, &pages.head, &pages.codes, &pages.raw]
            .map(Vec::as_slice)
            .concat()
    }

    fn column() -> impl Strategy<Value = Vec<i64>> {
        let value = prop_oneof![
            any::<i64>(),
            -3i64..3,
            (-5i64..5).prop_map(|value| value * 1_000),
            Just(i64::MIN),
            Just(i64::MAX)
        ];
        prop_oneof![
            prop::collection::vec(value, 0..200),
            prop::collection::vec(0i64..3, 60..200),
            prop::collection::vec((0i64..1_000_000).prop_map(|value| value * 1_000_000), 0..100),
        ]
    }

    proptest! {
        #[test]
        fn numbers_come_back_from_any_row_on(values in column(), skipped: prop::sample::Index) {
            let mut pages = Pages::default();
            put(&mut pages, &values, Part::Numbers);
            let decoded = decoded(&pages);
            let mut sections = Sections::of(&decoded).unwrap();
            let mut numbers = Numbers::read(&mut sections, values.len()).unwrap();
            let skipped = skipped.index(values.len() + 1);
            numbers.skip(skipped).unwrap();
            prop_assert_eq!(numbers.rest().unwrap(), &values[skipped..]);
            prop_assert_eq!(numbers.next(), None);
            prop_assert_eq!(numbers.skip(1), None);
            prop_assert!(sections.head.0.is_empty() && sections.raw.0.is_empty());
        }

        #[test]
        fn what_lies_around_something_comes_back(values in column()) {
            let mut pages = Pages::default();
            put_around(&mut pages, &values, Part::Times);
            let decoded = decoded(&pages);
            let mut sections = Sections::of(&decoded).unwrap();
            prop_assert_eq!(read_around(&mut sections, values.len()).unwrap(), values);
        }

        #[test]
        fn codes_come_back(codes in prop::collection::vec(0u16..600, 0..200), skipped: prop::sample::Index) {
            for distinct in [1, 256, 600] {
                let codes: Vec<u16> = codes.iter().map(|code| code % distinct).collect();
                let mut pages = Pages::default();
                put_codes(&mut pages, &codes, usize::from(distinct));
                let decoded = decoded(&pages);
                let mut read = Codes::read(&mut Sections::of(&decoded).unwrap(), codes.len(), distinct.into()).unwrap();
                let skipped = skipped.index(codes.len() + 1);
                read.skip(skipped).unwrap();
                for &code in &codes[skipped..] {
                    prop_assert_eq!(read.next(), Some(code.into()));
                }
                prop_assert_eq!(read.next(), None);
            }
        }
    }
}
