//! Compression, with one compressor a thread: making one costs more than compressing a page.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use super::varint::{Put, Take};

thread_local! {
    static FAST: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static GOOD: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static OPEN: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// How much to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// For numbers, which hardly become smaller.
    Fast = 1,
    /// For texts.
    Good = 3,
}

/// Appends bytes in compressed form, with their size in front.
pub fn put(out: &mut Vec<u8>, bytes: &[u8], effort: Effort) {
    out.varint(bytes.len() as u64);
    let compressor = match effort {
        Effort::Fast => &FAST,
        Effort::Good => &GOOD,
    };
    let compressed = compressor.with_borrow_mut(|kept| {
        let mut compressor = match kept.take() {
            Some(compressor) => compressor,
            None => Compressor::new(effort as i32)?,
        };
        let compressed = compressor.compress(bytes);
        *kept = Some(compressor);
        compressed
    });
    out.extend(compressed.expect("compressing into a buffer of the size that zstd asks for fails only without memory"));
}

/// Takes all the rest as bytes in compressed form; `None` if it is damaged or they are more than `most`.
#[must_use]
pub fn take(mut take: Take<'_>, most: usize) -> Option<Vec<u8>> {
    let size = take.number::<usize>().filter(|&size| size <= most)?;
    OPEN.with_borrow_mut(|kept| {
        let mut decompressor = match kept.take() {
            Some(decompressor) => decompressor,
            None => Decompressor::new().ok()?,
        };
        let bytes = decompressor.decompress(take.0, size).ok();
        *kept = Some(decompressor);
        bytes.filter(|bytes| bytes.len() == size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_come_back_after_damaged_ones_too(bytes in prop::collection::vec(any::<u8>(), 0..300), noise: [u8; 20]) {
            for effort in [Effort::Fast, Effort::Good] {
                let mut out = Vec::new();
                put(&mut out, &bytes, effort);
                let _ = take(Take(&noise), 1000);
                prop_assert_eq!(take(Take(&out), 300), Some(bytes.clone()));
                prop_assert_eq!(take(Take(&out), bytes.len().wrapping_sub(1).min(bytes.len())).is_some(), bytes.is_empty());
            }
        }
    }
}
