//! When a series has points: the row that a search by time looks at, and by which it is told when a series is over.
//!
//! ```text
//! version u8 = 1 | said u8: 1 hours, 2 strays | hour until which it is kept at least varint
//! | [first and last hour with points, varints] | [first and last hour of strays, varints]
//! ```
//! Written once per series and hour: it says in which hours there may be anything, not what.

use super::{SeriesKey, keys};
use crate::codec::varint::{Put, Take};
use crate::engine::{Family, View};
use crate::error::StoreError;

const VERSION: u8 = 1;

/// When a series has points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Activity {
    /// The last hour in which it was given its number, or points came that are kept with that hour.
    pub(super) kept: u32,
    /// The first and the last hour with sealed points.
    pub(super) hours: Option<(u32, u32)>,
    /// The same for points that are kept with another hour than their own.
    pub(super) strays: Option<(u32, u32)>,
}

const HAS_HOURS: u8 = 1;
const HAS_STRAYS: u8 = 2;

impl Activity {
    /// Of a series that gets its number in some hour.
    pub(super) fn new(hour: u32) -> Self {
        Self {
            kept: hour,
            hours: None,
            strays: None,
        }
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut said = if self.hours.is_some() { HAS_HOURS } else { 0 };
        said |= if self.strays.is_some() { HAS_STRAYS } else { 0 };
        let mut value = vec![VERSION, said];
        value.varint(u64::from(self.kept));
        for (first, last) in [self.hours, self.strays].into_iter().flatten() {
            value.varint(u64::from(first));
            value.varint(u64::from(last));
        }
        value
    }

    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let mut take = Take(value);
        (take.byte()? == VERSION).then_some(())?;
        let said = take.byte()?;
        let mut activity = Self::new(take.number()?);
        for (hours, bit) in [(&mut activity.hours, HAS_HOURS), (&mut activity.strays, HAS_STRAYS)] {
            if said & bit != 0 {
                *hours = Some((take.number()?, take.number()?));
            }
        }
        Some(activity)
    }

    /// Takes in that there are points of an hour.
    pub(super) fn note(&mut self, hour: u32) {
        self.hours = including(self.hours, hour);
    }

    /// Takes in that there are points of one hour which are kept with another.
    pub(super) fn note_stray(&mut self, hour: u32, kept: u32) {
        self.strays = including(self.strays, hour);
        self.kept = self.kept.max(kept);
    }

    /// The first and the last hour with points of any kind.
    pub(super) fn all_hours(self) -> Option<(u32, u32)> {
        both(self.hours, self.strays)
    }

    /// The last hour whose retention keeps anything of the series.
    pub(super) fn last_kept(self) -> u32 {
        self.hours.map_or(0, |(_, last)| last).max(self.kept)
    }
}

fn including(hours: Option<(u32, u32)>, hour: u32) -> Option<(u32, u32)> {
    both(hours, Some((hour, hour)))
}

/// From the first of two spans of hours to the last.
pub(super) fn both(one: Option<(u32, u32)>, other: Option<(u32, u32)>) -> Option<(u32, u32)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

/// When a series has points; `None` for one that was never registered.
pub(super) fn activity(view: &dyn View, (account, series): SeriesKey) -> Result<Option<Activity>, StoreError> {
    let row = view.get(Family::Series, &keys::account(account), &keys::activity(series))?;
    Ok(row.and_then(|row| Activity::decode(&row)))
}
