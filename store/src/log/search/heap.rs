//! What a search has not looked at yet, by where it begins.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, OnceLock};

use beamline_model::time::Timestamp;
use bytes::Bytes;

use crate::api::log::{LogEvent, LogSearch};
use crate::engine::View;
use crate::error::StoreError;
use crate::log::chunk::At;
use crate::log::chunk::head::Head;
use crate::log::chunk::read::ChunkId;
use crate::log::live::Piece;

/// A chunk and what is in it.
pub(super) struct Chunk {
    pub(super) id: ChunkId,
    pub(super) head: Head,
    /// What encloses its records, once a frame of it was read.
    contexts: OnceLock<Vec<Bytes>>,
}

impl Chunk {
    pub(super) fn new(id: ChunkId, head: Head) -> Self {
        Self {
            id,
            head,
            contexts: OnceLock::new(),
        }
    }

    pub(super) fn contexts(&self, view: &dyn View) -> Result<&[Bytes], StoreError> {
        if let Some(known) = self.contexts.get() {
            return Ok(known);
        }
        let read = self.id.contexts(view, &self.head)?;
        Ok(self.contexts.get_or_init(|| read))
    }
}

/// Something that holds events, with the number of its group, or matching events.
pub(super) enum Item {
    Day(usize, u16),
    Chunk(usize, Arc<Chunk>),
    Frame(usize, Arc<Chunk>, u16),
    Piece(usize, Arc<Piece>),
    /// In reverse: the next one is the last.
    Events(Vec<Found>),
}

/// A matching event.
pub(super) struct Found {
    pub(super) at: At,
    pub(super) event: LogEvent,
}

/// Between which events those of an item lie, both included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) first: At,
    pub(super) last: At,
}

impl Span {
    /// Whatever was received, between these times.
    pub(super) fn of_times(first: Timestamp, last: Timestamp) -> Self {
        Self {
            first: earliest(first),
            last: At {
                time: last,
                received: Timestamp::MAX,
            },
        }
    }
}

/// Before everything of this time.
fn earliest(time: Timestamp) -> At {
    At {
        time,
        received: Timestamp(i64::MIN),
    }
}

/// Items by where they begin, seen in the direction of the search.
pub(super) struct Heap {
    items: BinaryHeap<Entry>,
    descending: bool,
    /// What is still wanted.
    range: Option<Span>,
}

struct Entry {
    /// Where it begins; reversed, because the first is the largest. What is as early comes as it was added.
    begins: Reverse<u128>,
    item: Item,
}

impl Heap {
    pub(super) fn new(search: &LogSearch) -> Self {
        let mut first = earliest(search.range.start);
        let end = earliest(search.range.end);
        let mut last = before(end);
        if let Some(cursor) = search.cursor {
            let next = At {
                time: cursor.time,
                received: cursor.received,
            };
            match search.descending {
                false => first = first.max(next),
                true => last = last.min(next),
            }
        }
        Self {
            items: BinaryHeap::new(),
            descending: search.descending,
            range: (first < end && first <= last).then_some(Span { first, last }),
        }
    }

    /// Whether an event lies in the range.
    pub(super) fn wants(&self, at: At) -> bool {
        self.range.is_some_and(|range| range.first <= at && at <= range.last)
    }

    /// Adds an item if it may have an event in the range.
    pub(super) fn push(&mut self, span: Span, item: Item) {
        let Some(range) = self.range else { return };
        if span.last < range.first || span.first > range.last {
            return;
        }
        let begins = match self.descending {
            false => key(span.first.max(range.first)),
            true => !key(span.last.min(range.last)),
        };
        self.items.push(Entry {
            begins: Reverse(begins),
            item,
        });
    }

    /// Adds matching events, in any order.
    pub(super) fn push_found(&mut self, mut events: Vec<Found>) {
        match self.descending {
            false => events.sort_unstable_by_key(|found| Reverse(found.at)),
            true => events.sort_unstable_by_key(|found| found.at),
        }
        self.push_events(events);
    }

    /// Adds matching events, the next one last.
    pub(super) fn push_events(&mut self, events: Vec<Found>) {
        if let Some(next) = events.last() {
            let span = Span {
                first: next.at,
                last: next.at,
            };
            self.push(span, Item::Events(events));
        }
    }

    /// Takes out what begins first.
    pub(super) fn pop(&mut self) -> Option<Item> {
        self.items.pop().map(|entry| entry.item)
    }

    /// Whether a page may end here: nothing that was found is left out, and the next page begins behind this one.
    pub(super) fn may_stop(&self) -> bool {
        let Some((range, top)) = self.range.zip(self.items.peek()) else {
            return true;
        };
        let begin = if self.descending { range.last } else { range.first };
        !matches!(top.item, Item::Events(_)) && self.next() != Some(begin)
    }

    /// Where what is left begins.
    pub(super) fn next(&self) -> Option<At> {
        let Reverse(begins) = self.items.peek()?.begins;
        Some(at(if self.descending { !begins } else { begins }))
    }
}

/// A number that sorts like the place.
fn key(at: At) -> u128 {
    let part = |moment: Timestamp| u128::from(moment.0 as u64 ^ 1 << 63);
    part(at.time) << 64 | part(at.received)
}

/// The place of a number.
fn at(key: u128) -> At {
    let part = |bits: u128| Timestamp((bits as u64 ^ 1 << 63) as i64);
    At {
        time: part(key >> 64),
        received: part(key),
    }
}

/// The last place before another; of the first of all, itself.
fn before(place: At) -> At {
    at(key(place).saturating_sub(1))
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.begins == other.begins
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Of what begins at the same place, what has to be opened comes first: it may hold what comes first.
        let is_open = |entry: &Self| !matches!(entry.item, Item::Events(_));
        self.begins.cmp(&other.begins).then(is_open(self).cmp(&is_open(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_sort_like_places(a: (i64, i64), b: (i64, i64)) {
            let of = |(time, received)| At { time: Timestamp(time), received: Timestamp(received) };
            let (a, b) = (of(a), of(b));
            prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
            prop_assert_eq!(at(key(a)), a);
            prop_assert!(before(a) < a || key(a) == 0);
        }
    }
}
