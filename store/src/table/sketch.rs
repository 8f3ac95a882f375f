//! Bounds of what rows are ranked by, a few bytes each: they tell which chunks cannot hold what comes first.

use super::columns::Columns;
use super::rows::Rows;

/// Upper bounds, row by row.
#[derive(Clone, Debug, Default)]
pub struct Sketch {
    durations: Vec<u16>,
    failed: Vec<u8>,
}

impl Sketch {
    /// The bounds of a chunk's rows.
    #[must_use]
    pub fn of(columns: &Columns) -> Self {
        Self {
            durations: columns.rows.iter().map(|row| at_least(row.duration())).collect(),
            failed: columns
                .rows
                .iter()
                .map(|row| u8::try_from(row.failed).unwrap_or(u8::MAX))
                .collect(),
        }
    }

    /// No duration of these rows is longer.
    #[must_use]
    pub fn duration(&self, rows: &Rows) -> u64 {
        let longest = rows.iter().filter_map(|row| self.durations.get(row)).copied();
        expanded(longest.max().unwrap_or(0))
    }

    /// None of these rows has more failures.
    #[must_use]
    pub fn failed(&self, rows: &Rows) -> u32 {
        let most = rows.iter().filter_map(|row| self.failed.get(row)).max().copied();
        match most.unwrap_or(0) {
            u8::MAX => u32::MAX,
            most => u32::from(most),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.durations.len() * 3 + 48
    }
}

/// How many leading bits of a duration are kept.
const DIGITS: u32 = 10;

/// A number in sixteen bits, rounded up: its leading bits, and how many were cut off. Larger ones have larger codes.
fn at_least(nanos: u64) -> u16 {
    let cut = (u64::BITS - nanos.leading_zeros()).saturating_sub(DIGITS);
    let mut leading = nanos >> cut;
    // Rounding up may make one bit more, of which the last is zero.
    leading += u64::from(leading << cut < nanos);
    let (leading, cut) = if leading >> DIGITS == 0 {
        (leading, cut)
    } else {
        (leading >> 1, cut + 1)
    };
    (cut as u16) << DIGITS | leading as u16
}

fn expanded(code: u16) -> u64 {
    let (leading, cut) = (u64::from(code) & ((1 << DIGITS) - 1), u32::from(code >> DIGITS));
    u64::try_from(u128::from(leading) << cut).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::columns::Row;
    use beamline_model::digest::Digest;
    use beamline_model::id::TraceId;
    use beamline_model::time::Timestamp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_row_exceeds_its_bound_and_bounds_are_close(nanos in 0u64..i64::MAX as u64, failed: u32) {
            let mut digest = Digest::new(TraceId(1));
            (digest.start, digest.end) = (Timestamp::ZERO, Timestamp(nanos as i64));
            let mut row = Row::of(&digest);
            row.failed = failed;
            let sketch = Sketch::of(&Columns { rows: vec![row], pages: vec![0], bounds: vec![None] });
            let bound = sketch.duration(&Rows::all(1));
            prop_assert!(bound >= nanos && bound - nanos <= nanos / 500, "{} {}", bound, nanos);
            prop_assert!(sketch.failed(&Rows::all(1)) >= failed);
            prop_assert_eq!(sketch.duration(&Rows::none(1)), 0);
        }
    }
}
