//! The few primitives all binary forms are made of: varints, zigzag, length-prefixed text.

use crate::engine::{EngineError, EngineErrorKind};

/// The stored bytes are not what was written.
#[must_use]
pub fn corrupt(what: &str) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Corrupted,
        detail: format!("{what} cannot be read; restore a checkpoint or remove the data of that time"),
    }
}

/// Appends primitives to a buffer.
pub trait Put {
    /// An unsigned number, seven bits a byte.
    fn varint(&mut self, value: u64);
    /// A signed number; small magnitudes are short.
    fn zigzag(&mut self, value: i64);
    /// Bytes with their length in front.
    fn sized(&mut self, bytes: &[u8]);
}

impl Put for Vec<u8> {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn zigzag(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }
}

/// Takes primitives from the front of a slice. `None` means that the bytes end too early or make no sense.
#[derive(Clone, Copy, Debug)]
pub struct Take<'a>(pub &'a [u8]);

impl<'a> Take<'a> {
    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// So many bytes.
    pub fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Bytes of a size known to the compiler.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    /// An unsigned number.
    pub fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A signed number.
    pub fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number that has to fit a smaller type.
    pub fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.varint()?).ok()
    }

    /// How many elements follow. Each takes at least a byte, so more than there are bytes is a lie; whoever allocates
    /// by this number allocates in proportion to the input.
    pub fn count(&mut self) -> Option<usize> {
        let count = self.number::<usize>()?;
        (count <= self.0.len()).then_some(count)
    }

    /// Bytes with their length in front.
    pub fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.number::<usize>()?;
        self.bytes(length)
    }

    /// Text with its length in front.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.sized()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(unsigned: u64, signed: i64, text in ".*") {
            let mut bytes = Vec::new();
            bytes.varint(unsigned);
            bytes.zigzag(signed);
            bytes.sized(text.as_bytes());
            let mut take = Take(&bytes);
            prop_assert_eq!(take.varint(), Some(unsigned));
            prop_assert_eq!(take.zigzag(), Some(signed));
            prop_assert_eq!(take.text(), Some(text.as_str()));
            prop_assert!(take.0.is_empty());
        }
    }

    #[test]
    fn a_number_beyond_64_bits_is_refused() {
        assert_eq!(Take(&[0xff; 10]).varint(), None);
        assert_eq!(Take(&[0xff; 3]).varint(), None);
        assert_eq!(Take(&[5, 1]).count(), None);
    }
}
