//! The few facts the store keeps about itself: format, watermarks, accounts.

use beamline_model::time::Timestamp;

use crate::engine::{Family, View, WriteBatch};
use crate::error::StoreError;

/// The format this version reads and writes. The one before was never released.
const FORMAT: u32 = 2;

/// Partition of what is here; other modules keep theirs under their own.
pub(crate) const PART: &[u8] = b"store";
const FORMAT_KEY: &[u8] = b"format";
const BLOCK_KEY: &[u8] = b"block";
const LOG_GROUP_KEY: &[u8] = b"log-group";
const RECEIVED_KEY: &[u8] = b"received";

/// Makes sure that this version can read what is there; marks an empty store as its own.
pub(crate) fn check_format(view: &dyn View) -> Result<Option<WriteBatch>, StoreError> {
    let found = match view.get(Family::Meta, PART, FORMAT_KEY)? {
        Some(found) => number(&found, "format")?,
        None => {
            let mut batch = WriteBatch::default();
            batch.put(Family::Meta, PART, FORMAT_KEY, u64::from(FORMAT).to_be_bytes().to_vec());
            return Ok(Some(batch));
        }
    };
    if found == u64::from(FORMAT) {
        return Ok(None);
    }
    Err(StoreError::Engine {
        kind: crate::engine::EngineErrorKind::Format,
        detail: format!(
            "the data has format {found}, this version reads {FORMAT}; use the version that wrote it, or move the \
             folder away and start with an empty one"
        ),
    })
}

fn watermark_key(shard: usize) -> Vec<u8> {
    [b"watermark/", &[shard as u8][..]].concat()
}

/// The first commit that a shard still needs from the hot log.
pub(crate) fn watermark(view: &dyn View, shard: usize) -> Result<u64, StoreError> {
    match view.get(Family::Meta, PART, &watermark_key(shard))? {
        Some(found) => number(&found, "watermark"),
        None => Ok(0),
    }
}

/// Moves a shard's watermark.
pub(crate) fn put_watermark(batch: &mut WriteBatch, shard: usize, commit: u64) {
    let value = commit.to_be_bytes().to_vec();
    batch.put(Family::Meta, PART, watermark_key(shard), value);
}

/// The last moment of reception among what was sealed.
pub(crate) fn last_received(view: &dyn View) -> Result<Timestamp, StoreError> {
    match view.get(Family::Meta, PART, RECEIVED_KEY)? {
        Some(found) => Ok(Timestamp::from_nanos(number(&found, "last reception")?)),
        None => Ok(Timestamp::ZERO),
    }
}

/// Remembers it.
pub(crate) fn put_last_received(batch: &mut WriteBatch, last: Timestamp) {
    let value = u64::try_from(last.0).unwrap_or(0).to_be_bytes().to_vec();
    batch.put(Family::Meta, PART, RECEIVED_KEY, value);
}

/// Number of the next block of frames.
pub(crate) fn next_block(view: &dyn View) -> Result<u32, StoreError> {
    match view.get(Family::Meta, PART, BLOCK_KEY)? {
        Some(found) => Ok(number(&found, "block number")? as u32),
        None => Ok(0),
    }
}

/// Remembers it.
pub(crate) fn put_next_block(batch: &mut WriteBatch, next: u32) {
    batch.put(Family::Meta, PART, BLOCK_KEY, u64::from(next).to_be_bytes().to_vec());
}

/// Number of the next log group.
pub(crate) fn next_log_group(view: &dyn View) -> Result<u32, StoreError> {
    match view.get(Family::Meta, PART, LOG_GROUP_KEY)? {
        Some(found) => Ok(number(&found, "number of log groups")? as u32),
        None => Ok(0),
    }
}

/// Remembers it.
pub(crate) fn put_next_log_group(batch: &mut WriteBatch, next: u32) {
    batch.put(
        Family::Meta,
        PART,
        LOG_GROUP_KEY,
        u64::from(next).to_be_bytes().to_vec(),
    );
}

fn number(bytes: &[u8], what: &str) -> Result<u64, StoreError> {
    let bytes = bytes.try_into();
    bytes
        .map(u64::from_be_bytes)
        .map_err(|_| StoreError::Damaged(format!("the {what} cannot be read; restore a checkpoint")))
}
