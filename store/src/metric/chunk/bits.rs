//! Numbers of few bits, one after the other.

/// Writes bits, the highest of each number first.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    kept: u64,
    filled: u32,
}

impl Writer {
    /// Appends the lowest `count` bits of a number.
    #[inline]
    pub(super) fn put(&mut self, value: u64, count: u32) {
        if count > 32 {
            self.few(value >> 32, count - 32);
            self.few(value & u64::from(u32::MAX), 32);
        } else {
            self.few(value, count);
        }
    }

    /// At most 32 bits, beside at most 7 that are kept.
    #[inline]
    fn few(&mut self, value: u64, count: u32) {
        self.kept = self.kept << count | value & ((1 << count) - 1);
        self.filled += count;
        while self.filled >= 8 {
            self.filled -= 8;
            self.bytes.push((self.kept >> self.filled) as u8);
        }
    }

    /// All bytes; the last is filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.filled > 0 {
            self.bytes.push((self.kept << (8 - self.filled)) as u8);
        }
        self.bytes
    }
}

/// Reads bits.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// The next 64 bits, not passed over; those beyond the end are zero.
    #[inline]
    fn window(&self) -> u64 {
        let from = self.bytes.get(self.position / 8..).unwrap_or_default();
        let shift = self.position % 8;
        if let Some(nine) = from.first_chunk::<9>() {
            let [first @ .., last] = *nine;
            let window = u64::from_be_bytes(first) << shift;
            return if shift == 0 {
                window
            } else {
                window | u64::from(last) >> (8 - shift)
            };
        }
        let mut bytes = [0; 16];
        bytes[..from.len()].copy_from_slice(from);
        ((u128::from_be_bytes(bytes) << shift) >> 64) as u64
    }

    /// The next number of `count` bits; `None` when there are not so many.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> Option<u64> {
        let window = self.window();
        self.position += count as usize;
        if self.position > self.bytes.len() * 8 {
            return None;
        }
        Some(if count == 0 { 0 } else { window >> (64 - count) })
    }

    /// How many ones come before the next zero, which is passed over too; at most `most`, and then there is no zero.
    #[inline]
    pub(super) fn ones(&mut self, most: u32) -> Option<u32> {
        let ones = (!self.window()).leading_zeros().min(most);
        self.position += (ones + u32::from(ones < most)) as usize;
        (self.position <= self.bytes.len() * 8).then_some(ones)
    }
}
