//! From sorted events to the rows of a chunk.

use rustc_hash::FxHashMap;

use super::contexts::Contexts;
use super::filter::Words;
use super::frame;
use super::head::{FrameHead, Head};
use super::{At, Row};
use crate::engine::{Family, WriteBatch};
use crate::log::keys::{self, Place};

/// A frame takes no further event that would make its bodies more than this.
const FRAME_BYTES: usize = 112 << 10;
/// A frame has at most so many events.
const FRAME_ROWS: usize = 16_384;
/// A chunk takes no further event once its bodies are so many bytes.
pub(crate) const CHUNK_BYTES: usize = 8 << 20;

/// Cuts events into as many as fit one chunk each.
pub(crate) fn chunks<'r, 'a>(rows: &'r [Row<'a>]) -> impl Iterator<Item = &'r [Row<'a>]> {
    pieces(rows, CHUNK_BYTES, usize::MAX)
}

/// Adds a chunk of these events, which are sorted, to a batch.
pub(crate) fn add(place: Place, chunk: u32, rows: &[Row<'_>], batch: &mut WriteBatch) -> Head {
    let part = place.part();
    let mut put = |key: Vec<u8>, value| batch.put(Family::Log, part.clone(), key, value);
    let mut streams: Vec<u32> = rows.iter().map(|row| row.stream).collect();
    streams.sort_unstable();
    streams.dedup();
    let index: FxHashMap<u32, u32> = streams.iter().copied().zip(0..).collect();
    let mut words = Words::default();
    let mut contexts = Contexts::default();
    let mut frames = Vec::new();
    let mut numbers = Vec::new();
    for (number, rows) in (0u16..).zip(pieces(rows, FRAME_BYTES, FRAME_ROWS)) {
        numbers.clear();
        for row in rows {
            words.add(row);
            let stream = index.get(&row.stream).copied().unwrap_or_default();
            numbers.push((stream, contexts.number(row.context)));
        }
        words.end_frame();
        put(keys::frame(chunk, number), frame::encode(rows, &numbers));
        frames.push(head_of(rows));
    }
    let (shards, filters) = words.finish();
    let received = rows.iter().map(|row| row.at.received);
    let head = Head {
        events: rows.len() as u64,
        bytes: frames.iter().map(|frame| u64::from(frame.bytes)).sum(),
        received: (
            received.clone().min().unwrap_or_default(),
            received.max().unwrap_or_default(),
        ),
        shards_log2: shards.len().trailing_zeros() as u8,
        contexts: contexts.len(),
        streams,
        frames,
    };
    put(keys::head(chunk), head.encode());
    for (shard, filter) in (0u8..).zip(shards) {
        put(keys::words(chunk, shard), filter);
    }
    put(keys::filters(chunk), filters);
    if head.contexts > 0 {
        put(keys::contexts(chunk), contexts.encode());
    }
    head
}

fn head_of(rows: &[Row<'_>]) -> FrameHead {
    let at = |row: Option<&Row<'_>>| row.map_or(At::default(), |row| row.at);
    FrameHead {
        first: at(rows.first()),
        last: at(rows.last()),
        rows: rows.len() as u32,
        bytes: rows.iter().map(|row| row.body.len() as u32).sum(),
    }
}

/// Cuts events into pieces of at most so many bytes and events, or one event.
fn pieces<'r, 'a>(rows: &'r [Row<'a>], most_bytes: usize, most_rows: usize) -> impl Iterator<Item = &'r [Row<'a>]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = rest.iter().take(most_rows).take_while(|row| {
            bytes += row.body.len();
            bytes <= most_bytes
        });
        let length = fitting.count().max(1).min(rest.len());
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}
