//! Values with a version and a checksum in front, for those that nothing else checks.
//!
//! ```text
//! version u8 | CRC-32C of the rest u32 | …
//! ```

/// Puts a version and the checksum in front of bytes.
#[must_use]
pub fn close(version: u8, bytes: &[u8]) -> Vec<u8> {
    [&[version][..], &crc32c::crc32c(bytes).to_le_bytes(), bytes].concat()
}

/// Takes them off; `None` if the bytes are not what was written, or by another version.
#[must_use]
pub fn open(version: u8, value: &[u8]) -> Option<&[u8]> {
    let (&found, rest) = value.split_first()?;
    let (checksum, bytes) = rest.split_first_chunk()?;
    (found == version && crc32c::crc32c(bytes) == u32::from_le_bytes(*checksum)).then_some(bytes)
}
