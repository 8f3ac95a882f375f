//! One value of the hot log: items of one commit and shard, compressed as one LZ4 block.
//!
//! ```text
//! version u8 = 1 | CRC-32C of the decoded items u32 | their length u32 | LZ4 block
//! ```
//! What the items are depends on the shard.

use crate::codec::varint::Take;

const VERSION: u8 = 1;

/// No value is larger than this when decoded, so a damaged length cannot ask for more.
const MAX_DECODED: usize = 256 << 20;

/// A value that is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("damaged value in the hot log: {0}")]
pub(crate) struct Damaged(pub(crate) &'static str);

/// The value of some items.
pub(crate) fn close(items: &[u8]) -> Vec<u8> {
    let most = lz4_flex::block::get_maximum_output_size(items.len());
    let mut value = vec![0; 9 + most];
    value[0] = VERSION;
    value[1..5].copy_from_slice(&crc32c::crc32c(items).to_le_bytes());
    value[5..9].copy_from_slice(&(items.len() as u32).to_le_bytes());
    let length =
        lz4_flex::block::compress_into(items, &mut value[9..]).expect("the output has the maximum size that LZ4 names");
    value.truncate(9 + length);
    value
}

/// The items of a value, checked as a whole.
pub(crate) fn open(value: &[u8]) -> Result<Vec<u8>, Damaged> {
    let mut header = Take(value);
    if header.byte() != Some(VERSION) {
        return Err(Damaged("unknown version"));
    }
    let mut number = || header.array().map(u32::from_le_bytes).ok_or(Damaged("no header"));
    let (crc, length) = (number()?, number()? as usize);
    if length > MAX_DECODED {
        return Err(Damaged("implausible length"));
    }
    let items = lz4_flex::block::decompress(header.0, length).map_err(|_| Damaged("not LZ4"))?;
    if items.len() != length || crc32c::crc32c(&items) != crc {
        return Err(Damaged("checksum differs"));
    }
    Ok(items)
}
