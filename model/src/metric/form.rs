//! The primitives that the binary forms here are made of: varints, zigzag, doubles, bytes with their length in front.

/// Appends primitives to a buffer.
pub(crate) trait Put {
    fn varint(&mut self, value: u64);
    fn zigzag(&mut self, value: i64);
    fn double(&mut self, value: f64);
    fn sized(&mut self, bytes: &[u8]);
}

impl Put for Vec<u8> {
    #[inline]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    #[inline]
    fn zigzag(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    fn double(&mut self, value: f64) {
        self.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }
}

/// Takes primitives from the front of a slice. `None` means that the bytes end too early or make no sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take<'a>(pub(crate) &'a [u8]);

impl<'a> Take<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
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

    pub(crate) fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.varint()?).ok()
    }

    pub(crate) fn double(&mut self) -> Option<f64> {
        Some(f64::from_bits(u64::from_le_bytes(self.array()?)))
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.array()?))
    }

    /// How many elements follow, each of at least `size` bytes: more than there is room for is a lie.
    pub(crate) fn count(&mut self, size: usize) -> Option<usize> {
        let count = self.number::<usize>()?;
        (count <= self.0.len() / size).then_some(count)
    }

    pub(crate) fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.number::<usize>()?;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}
