//! What encloses the OTLP records of a chunk, each once.
//!
//! ```text
//! version u8 = 1 | CRC-32C of the rest u32 | zstd of the contexts, each with its length in front, with their size in front
//! ```

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::Damaged;
use crate::codec::checked;
use crate::codec::squeeze::{self, Effort};
use crate::codec::varint::{Put, Take};

const VERSION: u8 = 1;
/// All contexts of a chunk are not more than this, so a damaged length cannot ask for more.
const MOST_BYTES: usize = 64 << 20;

/// Gathers contexts and numbers them from 1; 0 is none.
#[derive(Default)]
pub(super) struct Contexts<'a> {
    numbers: FxHashMap<&'a [u8], u32>,
    bytes: Vec<u8>,
    /// The last one that was asked for, which is the likeliest to be asked for again.
    last: Option<(&'a [u8], u32)>,
}

impl<'a> Contexts<'a> {
    pub(super) fn number(&mut self, context: Option<&'a [u8]>) -> u32 {
        let Some(context) = context else { return 0 };
        match self.last {
            Some((last, number)) if std::ptr::eq(last, context) => return number,
            _ => {}
        }
        let next = self.numbers.len() as u32 + 1;
        let number = *self.numbers.entry(context).or_insert_with(|| {
            self.bytes.sized(context);
            next
        });
        self.last = Some((context, number));
        number
    }

    pub(super) fn len(&self) -> u32 {
        self.numbers.len() as u32
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        squeeze::put(&mut out, &self.bytes, Effort::Good);
        checked::close(VERSION, &out)
    }
}

/// The contexts of a chunk, the first being number 1.
pub(crate) fn decode(value: &[u8]) -> Result<Vec<Bytes>, Damaged> {
    let bytes = checked::open(VERSION, value).ok_or(Damaged("contexts of a chunk: their checksum differs"))?;
    let contexts: Bytes = squeeze::take(Take(bytes), MOST_BYTES)
        .ok_or(Damaged("contexts of a chunk: they do not decompress"))?
        .into();
    let mut take = Take(&contexts);
    let mut found = Vec::new();
    while !take.0.is_empty() {
        let context = take.sized().ok_or(Damaged("contexts of a chunk: they do not parse"))?;
        found.push(contexts.slice_ref(context));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_context_is_kept_once_and_found_by_its_number() {
        let (a, b) = (b"first".to_vec(), b"second".to_vec());
        let again = a.clone();
        let mut contexts = Contexts::default();
        let numbers = [Some(&a[..]), None, Some(&b), Some(&again), Some(&a)].map(|context| contexts.number(context));
        assert_eq!(numbers, [1, 0, 2, 1, 1]);
        assert_eq!(contexts.len(), 2);
        let mut value = contexts.encode();
        assert_eq!(decode(&value), Ok(vec![Bytes::from(a), Bytes::from(b)]));
        for bit in 0..value.len() * 8 {
            value[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&value).is_err(), "bit {bit}");
            value[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
