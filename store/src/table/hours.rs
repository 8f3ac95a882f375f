//! What an hour's minutes hold, so that a search reads one record instead of sixty partitions.

use beamline_model::time::Timestamp;

use super::keys::{self, Place};
use super::zone::Zone;
use crate::codec::varint::{Put, Take, corrupt};
use crate::engine::{Change, EngineError, Family, View, WriteBatch};

/// What one minute holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Minute {
    /// Bounds of its digests.
    pub zone: Zone,
    /// The number that its next chunk gets.
    pub next_chunk: u32,
    /// Chunks that background work may still merge or index.
    pub loose: u32,
    /// All its terms are in the hour's filter.
    pub filtered: bool,
}

/// What the minutes of one hour hold; those without a chunk have no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hour {
    /// By minute of the hour.
    pub minutes: [Minute; 60],
    /// Logarithm of the number of parts of the filter.
    pub filter_log2: u8,
}

impl Default for Hour {
    fn default() -> Self {
        Self {
            minutes: [Minute::default(); 60],
            filter_log2: 0,
        }
    }
}

impl Hour {
    /// Reads the record of the hour at a place; empty if there is none.
    pub fn read(view: &dyn View, hour: &Place) -> Result<Self, EngineError> {
        match view.get(Family::Summary, &hour.part(), &keys::HOUR)? {
            Some(bytes) => Self::decode(hour.time(), &bytes).ok_or_else(|| corrupt("an hour of summaries")),
            None => Ok(Self::default()),
        }
    }

    /// The entry of a minute.
    pub fn at(&mut self, minute: u32) -> &mut Minute {
        &mut self.minutes[minute as usize % 60]
    }

    /// Writes it.
    pub fn put(&self, hour: &Place, batch: &mut WriteBatch) {
        let mut value = vec![1, self.filter_log2];
        for (number, minute) in (0u8..).zip(&self.minutes).filter(|(_, minute)| minute.next_chunk > 0) {
            value.push(number);
            minute.zone.encode(hour.time(), &mut value);
            value.varint(u64::from(minute.next_chunk));
            value.varint(u64::from(minute.loose));
            value.push(u8::from(minute.filtered));
        }
        batch.changes.push(Change::Put {
            family: Family::Summary,
            part: hour.part(),
            key: keys::HOUR.to_vec(),
            value,
        });
    }

    fn decode(base: Timestamp, bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        if take.byte()? != 1 {
            return None;
        }
        let mut hour = Self {
            filter_log2: take.byte()?,
            ..Self::default()
        };
        while !take.0.is_empty() {
            let minute = hour.minutes.get_mut(usize::from(take.byte()?))?;
            minute.zone = Zone::decode(base, &mut take)?;
            minute.next_chunk = take.number()?;
            minute.loose = take.number()?;
            minute.filtered = take.byte()? == 1;
        }
        Some(hour)
    }
}
