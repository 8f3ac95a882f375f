//! The head of a chunk: what is in it, and in which frame.
//!
//! ```text
//! version u8 = 1 | CRC-32C of the rest u32 | events, bytes varints | first time, first received zigzag
//! | last received, less the first zigzag | shards of words, log2 u8 | contexts varint
//! | streams: count varint, ascending differences varints
//! | frames: count varint, each: first time, less the last of the frame before zigzag; first received, less that of the
//!   chunk zigzag; last time, less the first varint; last received, less that of the chunk zigzag; rows, bytes varints
//! ```
//! `first received` and `last received` are the earliest and latest moments of reception in the chunk.

use beamline_model::time::Timestamp;

use super::{At, Damaged};
use crate::codec::checked;
use crate::codec::varint::{Put, Take};

const VERSION: u8 = 1;
/// A chunk has at most so many shards of words.
pub(crate) const MOST_SHARDS_LOG2: u8 = 6;

/// What is in a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) events: u64,
    /// Bytes of bodies.
    pub(crate) bytes: u64,
    /// When the first and last of them were received.
    pub(crate) received: (Timestamp, Timestamp),
    /// Logarithm of the number of shards that the words are in.
    pub(crate) shards_log2: u8,
    /// How many contexts it has.
    pub(crate) contexts: u32,
    /// The streams that have events in it, ascending.
    pub(crate) streams: Vec<u32>,
    /// Its frames, in order.
    pub(crate) frames: Vec<FrameHead>,
}

/// What is in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHead {
    pub(crate) first: At,
    pub(crate) last: At,
    pub(crate) rows: u32,
    /// Bytes of bodies.
    pub(crate) bytes: u32,
}

impl Head {
    /// Where its first event is; `None` for no chunk that was ever written.
    pub(crate) fn first(&self) -> Option<At> {
        self.frames.first().map(|frame| frame.first)
    }

    /// Where its last event is.
    pub(crate) fn last(&self) -> Option<At> {
        self.frames.last().map(|frame| frame.last)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + 16 * self.frames.len());
        let (earliest, latest) = self.received;
        out.varint(self.events);
        out.varint(self.bytes);
        let mut time = self.first().unwrap_or_default().time;
        out.zigzag(time.0);
        out.zigzag(earliest.0);
        out.zigzag(latest.0.wrapping_sub(earliest.0));
        out.push(self.shards_log2);
        out.varint(u64::from(self.contexts));
        out.varint(self.streams.len() as u64);
        let mut before = 0;
        for &stream in &self.streams {
            out.varint(u64::from(stream.wrapping_sub(before)));
            before = stream;
        }
        out.varint(self.frames.len() as u64);
        for frame in &self.frames {
            out.zigzag(frame.first.time.0.wrapping_sub(time.0));
            out.zigzag(frame.first.received.0.wrapping_sub(earliest.0));
            out.zigzag(frame.last.time.0.wrapping_sub(frame.first.time.0));
            out.zigzag(frame.last.received.0.wrapping_sub(earliest.0));
            out.varint(u64::from(frame.rows));
            out.varint(u64::from(frame.bytes));
            time = frame.last.time;
        }
        checked::close(VERSION, &out)
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Damaged> {
        let bytes = checked::open(VERSION, value).ok_or(Damaged("head of a chunk: its checksum differs"))?;
        read(Take(bytes)).ok_or(Damaged("head of a chunk: it does not parse"))
    }
}

fn read(mut take: Take<'_>) -> Option<Head> {
    let (events, bytes) = (take.varint()?, take.varint()?);
    let (mut time, earliest) = (take.zigzag()?, take.zigzag()?);
    let latest = earliest.wrapping_add(take.zigzag()?);
    let shards_log2 = take.byte().filter(|&log2| log2 <= MOST_SHARDS_LOG2)?;
    let contexts = take.number()?;
    let mut before = 0u32;
    let streams = (0..take.count()?)
        .map(|_| {
            before = before.wrapping_add(take.number()?);
            Some(before)
        })
        .collect::<Option<_>>()?;
    let frames = (0..take.count()?)
        .map(|_| {
            let start = time.wrapping_add(take.zigzag()?);
            let first = At {
                time: Timestamp(start),
                received: Timestamp(earliest.wrapping_add(take.zigzag()?)),
            };
            time = start.wrapping_add(take.zigzag()?);
            let last = At {
                time: Timestamp(time),
                received: Timestamp(earliest.wrapping_add(take.zigzag()?)),
            };
            Some(FrameHead {
                first,
                last,
                rows: take.number()?,
                bytes: take.number()?,
            })
        })
        .collect::<Option<_>>()?;
    Some(Head {
        events,
        bytes,
        received: (Timestamp(earliest), Timestamp(latest)),
        shards_log2,
        contexts,
        streams,
        frames,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at() -> impl Strategy<Value = At> {
        any::<(i64, i64)>().prop_map(|(time, received)| At {
            time: Timestamp(time),
            received: Timestamp(received),
        })
    }

    fn frame() -> impl Strategy<Value = FrameHead> {
        (at(), at(), any::<(u32, u32)>()).prop_map(|(first, last, (rows, bytes))| FrameHead {
            first,
            last,
            rows,
            bytes,
        })
    }

    proptest! {
        #[test]
        fn a_head_comes_back_and_damage_is_noticed(
            counts: (u64, u64, u32),
            received: (i64, i64),
            shards_log2 in 0..=MOST_SHARDS_LOG2,
            streams in prop::collection::btree_set(any::<u32>(), 0..9),
            frames in prop::collection::vec(frame(), 0..5),
            bit: prop::sample::Index,
        ) {
            let head = Head {
                events: counts.0,
                bytes: counts.1,
                received: (Timestamp(received.0), Timestamp(received.1)),
                shards_log2,
                contexts: counts.2,
                streams: streams.into_iter().collect(),
                frames,
            };
            let mut value = head.encode();
            prop_assert_eq!(Head::decode(&value), Ok(head));
            let bit = bit.index(value.len() * 8);
            value[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(Head::decode(&value).is_err());
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Head::decode(&bytes);
            let _ = read(Take(&bytes));
        }
    }
}
