//! A frame: some hundred events of a chunk, in columns, compressed together.
//!
//! ```text
//! version u8 = 1 | CRC-32C of the decoded form u32 | its length varint | zstd
//!
//! rows varint
//! times      zigzag the first, varint differences
//! received   zigzag differences, the first to 0
//! streams    varints, indexes into those of the chunk
//! contexts   u8 0 when there is none, else u8 1 and per row a varint: 0 or the number of a context of the chunk
//! lengths    varints
//! bodies     one after the other, byte for byte as they were received
//! ```

use std::ops::Range;

use beamline_model::time::Timestamp;
use bytes::Bytes;

use super::{At, Damaged, Row};
use crate::codec::squeeze::{self, Effort};
use crate::codec::varint::{Put, Take};

const VERSION: u8 = 1;
/// No frame is larger than this when decoded, so a damaged length cannot ask for more.
const MOST_BYTES: usize = 64 << 20;

/// Encodes rows, which are sorted, with the index of the stream and the number of the context of each.
pub(super) fn encode(rows: &[Row<'_>], numbers: &[(u32, u32)]) -> Vec<u8> {
    let bodies: usize = rows.iter().map(|row| row.body.len()).sum();
    let mut out = Vec::with_capacity(bodies + 16 * rows.len() + 16);
    out.varint(rows.len() as u64);
    let mut before: Option<i64> = None;
    for row in rows {
        let time = row.at.time.0;
        match before {
            None => out.zigzag(time),
            Some(before) => out.varint(time.wrapping_sub(before) as u64),
        }
        before = Some(time);
    }
    let mut before = 0;
    for row in rows {
        out.zigzag(row.at.received.0.wrapping_sub(before));
        before = row.at.received.0;
    }
    numbers.iter().for_each(|(stream, _)| out.varint(u64::from(*stream)));
    let any = numbers.iter().any(|(_, context)| *context != 0);
    out.push(u8::from(any));
    if any {
        numbers.iter().for_each(|(_, context)| out.varint(u64::from(*context)));
    }
    rows.iter().for_each(|row| out.varint(row.body.len() as u64));
    rows.iter().for_each(|row| out.extend_from_slice(row.body));
    let mut value = vec![VERSION];
    value.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
    squeeze::put(&mut value, &out, Effort::Good);
    value
}

/// A decoded frame.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    bytes: Bytes,
    rows: Vec<FrameRow>,
}

#[derive(Clone, Debug)]
struct FrameRow {
    at: At,
    stream: u32,
    context: u32,
    body: Range<usize>,
}

/// An event of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealed<'a> {
    pub(crate) at: At,
    /// Index into the streams of the chunk.
    pub(crate) stream: usize,
    /// Number of a context of the chunk; 0 is none.
    pub(crate) context: usize,
    pub(crate) body: &'a [u8],
}

impl Frame {
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Damaged> {
        let mut take = Take(value);
        if take.byte() != Some(VERSION) {
            return Err(Damaged("frame: its version is unknown"));
        }
        let crc = take
            .array()
            .map(u32::from_le_bytes)
            .ok_or(Damaged("frame: it is cut off"))?;
        let bytes = squeeze::take(take, MOST_BYTES).ok_or(Damaged("frame: it does not decompress"))?;
        if crc32c::crc32c(&bytes) != crc {
            return Err(Damaged("frame: its checksum differs"));
        }
        let rows = rows(&bytes).ok_or(Damaged("frame: it does not parse"))?;
        Ok(Self {
            bytes: bytes.into(),
            rows,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The events, in order.
    pub(crate) fn events(&self) -> impl ExactSizeIterator<Item = Sealed<'_>> + DoubleEndedIterator {
        self.rows.iter().map(|row| Sealed {
            at: row.at,
            stream: row.stream as usize,
            context: row.context as usize,
            body: &self.bytes[row.body.clone()],
        })
    }

    /// A body of its own, which shares the bytes of the frame.
    pub(crate) fn share(&self, body: &[u8]) -> Bytes {
        self.bytes.slice_ref(body)
    }
}

fn rows(bytes: &[u8]) -> Option<Vec<FrameRow>> {
    let mut take = Take(bytes);
    let count = take.count()?;
    let mut rows = Vec::with_capacity(count);
    let mut time = 0i64;
    for index in 0..count {
        time = match index {
            0 => take.zigzag()?,
            _ => time.wrapping_add(take.varint()? as i64),
        };
        rows.push(FrameRow {
            at: At {
                time: Timestamp(time),
                received: Timestamp(0),
            },
            stream: 0,
            context: 0,
            body: 0..0,
        });
    }
    let mut received = 0i64;
    for row in &mut rows {
        received = received.wrapping_add(take.zigzag()?);
        row.at.received = Timestamp(received);
    }
    for row in &mut rows {
        row.stream = take.number()?;
    }
    if take.byte()? != 0 {
        for row in &mut rows {
            row.context = take.number()?;
        }
    }
    let mut end = 0usize;
    for row in &mut rows {
        let start = end;
        end = end.checked_add(take.number()?)?;
        row.body = start..end;
    }
    if end != take.0.len() {
        return None;
    }
    let bodies = bytes.len() - end;
    for row in &mut rows {
        row.body = bodies + row.body.start..bodies + row.body.end;
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events() -> impl Strategy<Value = Vec<(At, u32, u32, Vec<u8>)>> {
        let at = any::<(i64, i64)>().prop_map(|(time, received)| At {
            time: Timestamp(time),
            received: Timestamp(received),
        });
        let event = (at, 0..300u32, 0..3u32, prop::collection::vec(any::<u8>(), 0..20));
        prop::collection::vec(event, 1..20).prop_map(|mut events| {
            events.sort_by_key(|event| event.0);
            events
        })
    }

    fn encoded(events: &[(At, u32, u32, Vec<u8>)]) -> Vec<u8> {
        let rows: Vec<Row<'_>> = events
            .iter()
            .map(|(at, stream, _, body)| Row {
                at: *at,
                stream: *stream,
                context: None,
                body,
                mentions: &[],
            })
            .collect();
        let numbers: Vec<_> = events
            .iter()
            .map(|(_, stream, context, _)| (*stream, *context))
            .collect();
        encode(&rows, &numbers)
    }

    proptest! {
        #[test]
        fn events_come_back_and_damage_is_noticed(events in events(), bit: prop::sample::Index) {
            let mut value = encoded(&events);
            let frame = Frame::decode(&value).unwrap();
            let found: Vec<_> = frame
                .events()
                .map(|event| (event.at, event.stream as u32, event.context as u32, event.body.to_vec()))
                .collect();
            prop_assert_eq!(&found, &events);
            let bit = bit.index(value.len() * 8);
            value[bit / 8] ^= 1 << (bit % 8);
            if let Ok(frame) = Frame::decode(&value) {
                // Equal bytes can be compressed in more than one way.
                let same = frame.events().map(|event| event.body.to_vec()).eq(events.iter().map(|event| event.3.clone()));
                prop_assert!(same);
            }
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Frame::decode(&bytes);
            let _ = rows(&bytes);
        }
    }
}
