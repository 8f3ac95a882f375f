//! Reading a chunk, row by row as it is needed.

use std::ops::{Bound, ControlFlow};

use bytes::Bytes;

use super::filter::{self, shard_of};
use super::frame::Frame;
use super::head::Head;
use super::{Damaged, contexts};
use crate::engine::{Family, KeyRange, View};
use crate::error::StoreError;
use crate::log::keys::{self, Place};

/// Which chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ChunkId {
    pub(crate) place: Place,
    pub(crate) chunk: u32,
}

impl From<Damaged> for StoreError {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged.0.to_owned())
    }
}

/// Chunks by number, as far as their heads can be read.
type Heads = Vec<(u32, Result<Head, Damaged>)>;

/// The heads of all chunks of a day and group.
pub(crate) fn heads(view: &dyn View, place: Place) -> Result<Heads, StoreError> {
    let range = KeyRange {
        start: Bound::Included(vec![keys::HEADS]),
        end: Bound::Excluded(vec![keys::HEADS + 1]),
    };
    let mut heads = Vec::new();
    view.scan(Family::Log, &place.part(), range, false, &mut |key, value| {
        if let Some(chunk) = keys::chunk_of(key) {
            heads.push((chunk, Head::decode(value)));
        }
        ControlFlow::Continue(())
    })?;
    Ok(heads)
}

impl ChunkId {
    fn get(self, view: &dyn View, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(view.get(Family::Log, &self.place.part(), key)?)
    }

    /// Whether it may have all of these words.
    pub(crate) fn may_have(self, view: &dyn View, head: &Head, hashes: &[u64]) -> Result<bool, StoreError> {
        for &hash in hashes {
            let shard = shard_of(hash, head.shards_log2);
            let found = self.get(view, &keys::words(self.chunk, shard))?;
            if found.is_some_and(|filter| !filter::may_have(&filter, hash)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Which of its frames may have all of these words.
    pub(crate) fn frames_with(self, view: &dyn View, head: &Head, hashes: &[u64]) -> Result<Vec<bool>, StoreError> {
        let all = vec![true; head.frames.len()];
        if hashes.is_empty() {
            return Ok(all);
        }
        let found = self.get(view, &keys::filters(self.chunk))?;
        let frames = found.and_then(|filters| filter::frames_with(&filters, hashes));
        Ok(frames.filter(|frames| frames.len() == all.len()).unwrap_or(all))
    }

    /// What encloses its OTLP records.
    pub(crate) fn contexts(self, view: &dyn View, head: &Head) -> Result<Vec<Bytes>, StoreError> {
        if head.contexts == 0 {
            return Ok(Vec::new());
        }
        let found = self.get(view, &keys::contexts(self.chunk))?;
        let found = found.ok_or(Damaged("contexts of a chunk: they are missing"))?;
        Ok(contexts::decode(&found)?)
    }

    /// One of its frames.
    pub(crate) fn frame(self, view: &dyn View, frame: u16) -> Result<Frame, StoreError> {
        let found = self.get(view, &keys::frame(self.chunk, frame))?;
        let found = found.ok_or(Damaged("frame: it is missing"))?;
        Ok(Frame::decode(&found)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Account;
    use crate::engine::memory::Memory;
    use crate::engine::{Durability, Engine, WriteBatch};
    use crate::log::chunk::{At, Row, build};
    use crate::log::keys::GroupKey;
    use beamline_model::time::Timestamp;

    #[test]
    fn a_chunk_is_read_back_frame_by_frame() {
        let of = GroupKey {
            account: Account(3),
            group: 9,
        };
        let id = ChunkId {
            place: of.on(20_000),
            chunk: 5,
        };
        let bodies: Vec<String> = (0..5_000)
            .map(|n| format!("request {n} of user u{} took {n} ms, {}", n % 97, "padding ".repeat(9)))
            .collect();
        let rows: Vec<Row<'_>> = (0i64..)
            .zip(&bodies)
            .map(|(n, body)| Row {
                at: At {
                    time: Timestamp(n / 3),
                    received: Timestamp(n),
                },
                stream: 100 + (n % 4) as u32,
                context: (n % 5 == 0).then_some(&b"resource"[..]),
                body: body.as_bytes(),
                mentions: &[],
            })
            .filter(|row| row.context.is_none())
            .collect();
        let engine = Memory::new();
        let mut batch = WriteBatch::default();
        let written = build::add(id.place, id.chunk, &rows, &mut batch);
        engine.write(batch, Durability::Commit).unwrap();
        let view = engine.view();
        let heads = heads(&*view, id.place).unwrap();
        assert_eq!(heads, [(5, Ok(written.clone()))]);
        assert_eq!(written.streams, [100, 101, 102, 103]);
        assert!(written.frames.len() > 2, "{}", written.frames.len());
        let mut all = rows.iter();
        for (number, head) in (0..).zip(&written.frames) {
            let frame = id.frame(&*view, number).unwrap();
            assert_eq!(frame.len(), head.rows as usize);
            for (event, row) in frame.events().zip(&mut all) {
                assert_eq!((event.at, event.body), (row.at, row.body));
                assert_eq!(written.streams[event.stream], row.stream);
            }
        }
        assert!(all.next().is_none());
        let word = [filter::hash("4999")];
        assert!(id.may_have(&*view, &written, &word).unwrap());
        let with = id.frames_with(&*view, &written, &word).unwrap();
        assert_eq!(with.last(), Some(&true));
        assert!(
            !id.may_have(&*view, &written, &[filter::hash("absent"), word[0]])
                .unwrap()
        );
    }
}
