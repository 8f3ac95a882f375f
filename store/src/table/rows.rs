//! A set of rows of one chunk.

/// Rows of a chunk, a bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    words: Vec<u64>,
    size: usize,
}

impl Rows {
    /// No row of a chunk of `size` rows.
    #[must_use]
    pub fn none(size: usize) -> Self {
        Self {
            words: vec![0; size.div_ceil(64)],
            size,
        }
    }

    /// Every row.
    #[must_use]
    pub fn all(size: usize) -> Self {
        let mut rows = Self {
            words: vec![u64::MAX; size.div_ceil(64)],
            size,
        };
        if let (Some(last), rest @ 1..) = (rows.words.last_mut(), size % 64) {
            *last = (1 << rest) - 1;
        }
        rows
    }

    /// Adds a row; one that the chunk does not have is ignored.
    pub fn insert(&mut self, row: usize) {
        if row < self.size {
            self.words[row / 64] |= 1 << (row % 64);
        }
    }

    /// Takes a row away.
    pub fn remove(&mut self, row: usize) {
        if row < self.size {
            self.words[row / 64] &= !(1 << (row % 64));
        }
    }

    /// Whether a row is in it.
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        row < self.size && self.words[row / 64] >> (row % 64) & 1 == 1
    }

    /// Keeps what is in both.
    pub fn intersect(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
    }

    /// Adds what is in the other.
    pub fn unite(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The rows, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                (left != 0).then(|| {
                    left &= left - 1;
                    at * 64 + bit
                })
            })
        })
    }

    /// The bits as bytes, lowest row first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.truncate(self.size.div_ceil(8));
        bytes
    }

    /// Takes the bits back.
    #[must_use]
    pub fn from_bytes(size: usize, bytes: &[u8]) -> Self {
        let mut rows = Self::none(size);
        for (at, byte) in bytes.iter().enumerate() {
            for bit in (0..8).filter(|bit| byte >> bit & 1 == 1) {
                rows.insert(at * 8 + bit);
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_set_of_rows_is_a_set_of_numbers(size in 0usize..200, rows in prop::collection::btree_set(0usize..200, 0..40)) {
            let mut set = Rows::none(size);
            rows.iter().for_each(|&row| set.insert(row));
            let expected: Vec<usize> = rows.iter().copied().filter(|&row| row < size).collect();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(set.count(), expected.len() as u64);
            prop_assert_eq!(Rows::from_bytes(size, &set.to_bytes()), set.clone());
            let mut all = Rows::all(size);
            prop_assert_eq!(all.count(), size as u64);
            all.intersect(&set);
            prop_assert_eq!(&all, &set);
            expected.iter().for_each(|&row| all.remove(row));
            prop_assert!(all.is_empty());
        }
    }
}
