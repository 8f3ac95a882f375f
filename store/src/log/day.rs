//! What is known of a day of a group: enough to find every partition with events of a time, and to merge in time.
//!
//! ```text
//! version u8 = 1 | CRC-32C of the rest u32 | events, bytes varints | first time zigzag, last time, less that zigzag
//! | next chunk varint | chunks by size, 4 varints
//! ```

use std::ops::{Bound, ControlFlow};

use beamline_model::time::Timestamp;

use super::chunk::head::Head;
use super::keys::{self, GroupKey};
use crate::codec::checked;
use crate::codec::varint::{Put, Take};
use crate::engine::{Family, KeyRange, View, WriteBatch};
use crate::error::StoreError;

const VERSION: u8 = 1;
/// Up to which number of bytes a chunk is of a size; larger ones are of the last, and not merged any more.
const SIZES: [u64; 3] = [64 << 10, 512 << 10, 3 << 20];
/// A chunk of this size is large enough.
pub(crate) const LARGE: usize = SIZES.len();

/// The size of a chunk of so many bytes.
pub(crate) fn size(bytes: u64) -> usize {
    SIZES.iter().position(|&most| bytes < most).unwrap_or(LARGE)
}

/// What is known of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) events: u64,
    /// Bytes of bodies.
    pub(crate) bytes: u64,
    /// Time of the earliest event.
    pub(crate) first: Timestamp,
    /// Time of the latest event.
    pub(crate) last: Timestamp,
    /// Number of the next chunk; none is given twice.
    pub(crate) next_chunk: u32,
    /// How many chunks there are of each size.
    pub(crate) chunks: [u32; LARGE + 1],
}

impl Default for Day {
    fn default() -> Self {
        Self {
            events: 0,
            bytes: 0,
            first: Timestamp::MAX,
            last: Timestamp(i64::MIN),
            next_chunk: 0,
            chunks: [0; LARGE + 1],
        }
    }
}

impl Day {
    /// The number of a new chunk.
    pub(crate) fn take_number(&mut self) -> u32 {
        self.next_chunk += 1;
        self.next_chunk - 1
    }

    /// Counts a chunk in that was written.
    pub(crate) fn add(&mut self, head: &Head) {
        self.events += head.events;
        self.bytes += head.bytes;
        self.first = self.first.min(head.first().map_or(Timestamp::MAX, |at| at.time));
        self.last = self.last.max(head.last().map_or(Timestamp(i64::MIN), |at| at.time));
        self.chunks[size(head.bytes)] += 1;
    }

    /// Counts a chunk out that is merged into another.
    pub(crate) fn take(&mut self, head: &Head) {
        self.events = self.events.saturating_sub(head.events);
        self.bytes = self.bytes.saturating_sub(head.bytes);
        let count = &mut self.chunks[size(head.bytes)];
        *count = count.saturating_sub(1);
    }

    pub(crate) fn put(&self, key: GroupKey, day: u16, batch: &mut WriteBatch) {
        let mut out = Vec::new();
        out.varint(self.events);
        out.varint(self.bytes);
        out.zigzag(self.first.0);
        out.zigzag(self.last.0.wrapping_sub(self.first.0));
        out.varint(u64::from(self.next_chunk));
        self.chunks.iter().for_each(|&count| out.varint(u64::from(count)));
        let value = checked::close(VERSION, &out);
        batch.put(Family::LogIndex, key.part(), keys::day(day), value);
    }

    fn decode(value: &[u8]) -> Option<Self> {
        let mut take = Take(checked::open(VERSION, value)?);
        let (events, bytes, first) = (take.varint()?, take.varint()?, take.zigzag()?);
        let mut day = Self {
            events,
            bytes,
            first: Timestamp(first),
            last: Timestamp(first.wrapping_add(take.zigzag()?)),
            next_chunk: take.number()?,
            ..Self::default()
        };
        for count in &mut day.chunks {
            *count = take.number()?;
        }
        Some(day)
    }
}

/// What is known of a day; nothing of one that has no events.
pub(crate) fn get(view: &dyn View, key: GroupKey, day: u16) -> Result<Option<Day>, StoreError> {
    match view.get(Family::LogIndex, &key.part(), &keys::day(day))? {
        Some(value) => Ok(Some(Day::decode(&value).ok_or_else(|| damaged(key, day))?)),
        None => Ok(None),
    }
}

/// All days that have events, ascending.
pub(crate) fn all(view: &dyn View, key: GroupKey) -> Result<Vec<(u16, Day)>, StoreError> {
    let range = KeyRange {
        start: Bound::Included(vec![keys::DAYS]),
        end: Bound::Excluded(vec![keys::DAYS + 1]),
    };
    let mut days = Vec::new();
    let mut unread = None;
    view.scan(Family::LogIndex, &key.part(), range, false, &mut |row, value| {
        if let Some(day) = keys::day_of(row) {
            match Day::decode(value) {
                Some(known) => days.push((day, known)),
                None => unread = Some(day),
            }
        }
        ControlFlow::Continue(())
    })?;
    match unread {
        Some(day) => Err(damaged(key, day)),
        None => Ok(days),
    }
}

fn damaged(key: GroupKey, day: u16) -> StoreError {
    StoreError::Damaged(format!("the record of day {day} of log group {}", key.group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Account;
    use crate::engine::memory::Memory;
    use crate::engine::{Durability, Engine};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn days_come_back_in_order(days in prop::collection::btree_map(any::<u16>(), any::<(u32, u32, i64, i64, [u32; 4])>(), 0..5)) {
            let key = GroupKey { account: Account(1), group: 2 };
            let engine = Memory::new();
            let mut batch = WriteBatch::default();
            let days: Vec<(u16, Day)> = days
                .into_iter()
                .map(|(day, (events, next_chunk, first, last, chunks))| {
                    let known = Day {
                        events: u64::from(events),
                        bytes: u64::from(events) * 100,
                        first: Timestamp(first),
                        last: Timestamp(last),
                        next_chunk,
                        chunks,
                    };
                    known.put(key, day, &mut batch);
                    (day, known)
                })
                .collect();
            engine.write(batch, Durability::Commit).unwrap();
            prop_assert_eq!(all(&*engine.view(), key).unwrap(), days.clone());
            for (day, known) in days {
                prop_assert_eq!(get(&*engine.view(), key, day).unwrap(), Some(known));
            }
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Day::decode(&bytes);
        }
    }
}
