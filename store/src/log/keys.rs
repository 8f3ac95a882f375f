//! Keys of the tables of log events.

use beamline_model::id::TraceId;

use crate::api::Account;
use crate::sealed::trace_key;

/// A group of an account: whose events, and what partitions are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupKey {
    pub(crate) account: Account,
    pub(crate) group: u32,
}

/// A day of a group: what a partition of [`Family::Log`](crate::engine::Family::Log) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) day: u16,
    pub(crate) of: GroupKey,
}

impl GroupKey {
    /// `LogIndex`: the partition.
    pub(crate) fn part(self) -> Vec<u8> {
        [&self.account.0.to_be_bytes()[..], &self.group.to_be_bytes()].concat()
    }

    /// The group's partition of a day.
    pub(crate) fn on(self, day: u16) -> Place {
        Place { day, of: self }
    }
}

impl Place {
    /// `Log`: the partition, the day first, so that retention removes a range.
    pub(crate) fn part(self) -> Vec<u8> {
        [&self.day.to_be_bytes()[..], &self.of.part()].concat()
    }

    /// The place whose partition this is.
    pub(crate) fn of_part(part: &[u8]) -> Option<Self> {
        let (day, rest) = part.split_first_chunk()?;
        let (account, group) = rest.split_first_chunk()?;
        Some(Self {
            day: u16::from_be_bytes(*day),
            of: GroupKey {
                account: Account(u16::from_be_bytes(*account)),
                group: u32::from_be_bytes(group.try_into().ok()?),
            },
        })
    }
}

/// Above every key.
pub(crate) const ABOVE_ALL: [u8; 1] = [0xff];

/// `Log`: the heads of all chunks begin with this.
pub(crate) const HEADS: u8 = 1;
const WORDS: u8 = 2;
const FILTERS: u8 = 3;
const CONTEXTS: u8 = 4;
const FRAMES: u8 = 5;

fn of_chunk(kind: u8, chunk: u32, rest: &[u8]) -> Vec<u8> {
    [&[kind][..], &chunk.to_be_bytes(), rest].concat()
}

/// `Log`: a chunk's head.
pub(crate) fn head(chunk: u32) -> Vec<u8> {
    of_chunk(HEADS, chunk, &[])
}

/// `Log`: a part of the words of a chunk.
pub(crate) fn words(chunk: u32, shard: u8) -> Vec<u8> {
    of_chunk(WORDS, chunk, &[shard])
}

/// `Log`: the words of each frame of a chunk.
pub(crate) fn filters(chunk: u32) -> Vec<u8> {
    of_chunk(FILTERS, chunk, &[])
}

/// `Log`: the contexts of a chunk.
pub(crate) fn contexts(chunk: u32) -> Vec<u8> {
    of_chunk(CONTEXTS, chunk, &[])
}

/// `Log`: a frame of a chunk.
pub(crate) fn frame(chunk: u32, frame: u16) -> Vec<u8> {
    of_chunk(FRAMES, chunk, &frame.to_be_bytes())
}

/// The chunk that a key of `Log` belongs to.
pub(crate) fn chunk_of(key: &[u8]) -> Option<u32> {
    key.get(1..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

/// `LogIndex`: the records of all days begin with this. They come first, so that those before a day can be cut off.
pub(crate) const DAYS: u8 = 0;
const STREAM: u8 = 3;
/// `LogIndex`: what leads from the names of streams to their numbers begins with this.
pub(crate) const NAMES: u8 = 4;

/// `LogIndex`: the number of the next stream.
pub(crate) const NEXT_STREAM: [u8; 1] = [1];
/// `LogIndex`: the first commit of which events of the group may not be sealed.
pub(crate) const UNSEALED: [u8; 1] = [2];

/// `LogIndex`: what is known of a day.
pub(crate) fn day(day: u16) -> Vec<u8> {
    [&[DAYS][..], &day.to_be_bytes()].concat()
}

/// The day that a record is about.
pub(crate) fn day_of(key: &[u8]) -> Option<u16> {
    match key {
        [DAYS, day @ ..] => day.try_into().ok().map(u16::from_be_bytes),
        _ => None,
    }
}

/// `LogIndex`: a stream.
pub(crate) fn stream(number: u32) -> Vec<u8> {
    [&[STREAM][..], &number.to_be_bytes()].concat()
}

/// `LogIndex`: a stream's number by its name.
pub(crate) fn name(name: &str) -> Vec<u8> {
    [&[NAMES][..], name.as_bytes()].concat()
}

/// Behind the key of a trace in [`Family::Trace`](crate::engine::Family::Trace): in which groups it is named.
pub(crate) const NAMED: u8 = 1;

/// `Trace`: partition of the rows of a trace, and what all their keys begin with.
pub(crate) fn named(account: Account, trace: TraceId) -> ([u8; 1], Vec<u8>) {
    let (part, key) = trace_key((account, trace));
    (part, [&key[..], &[NAMED]].concat())
}

/// `Trace`: a row of a trace: one seal of a group. The chunk only tells it from others; merging leaves it.
pub(crate) fn named_in(account: Account, trace: TraceId, group: u32, chunk: u32) -> ([u8; 1], Vec<u8>) {
    let (part, mut key) = named(account, trace);
    key.extend(group.to_be_bytes());
    key.extend(chunk.to_be_bytes());
    (part, key)
}

/// The group in a row's key.
pub(crate) fn group_of(key: &[u8]) -> Option<u32> {
    let rest = key.get(18..)?.first_chunk()?;
    Some(u32::from_be_bytes(*rest))
}
