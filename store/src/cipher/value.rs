//! One value, sealed and opened.
//!
//! ```text
//! mark EB 1B 5E A1 | form u8 | …
//! form 0           a plain value that happens to begin with the mark
//! form 1           number of the data key u32 | nonce 24 | sealed value | tag 16
//! form 2           the same; what is sealed is one LZ4 block with its length u32 in front
//! ```
//!
//! XChaCha20-Poly1305: its nonces are long enough to be drawn at random for any number of values. The table, partition
//! and key of a value are authenticated with it, so that values cannot trade places.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::keyring::DataKey;
use crate::engine::Family;

const MARK: [u8; 4] = [0xeb, 0x1b, 0x5e, 0xa1];
const PLAIN: u8 = 0;
const SEALED: u8 = 1;
const SEALED_LZ4: u8 = 2;
/// Mark, form and number of the key.
const HEADER: usize = MARK.len() + 1 + 4;
const NONCE: usize = 24;
const TAG: usize = 16;

/// Less than this is not worth compressing.
const WORTH_COMPRESSING: usize = 96;

/// Where a value is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) family: Family,
    pub(super) part: &'a [u8],
    pub(super) key: &'a [u8],
}

/// What a stored value turns out to be.
pub(super) enum Stored<'a> {
    /// It is not sealed; this is all of it.
    Plain(&'a [u8]),
    /// It is sealed with the data key of this number.
    Sealed(u32),
    /// It begins like a sealed one and is none.
    Broken,
}

impl Place<'_> {
    /// What is authenticated beside the value.
    fn bytes(&self) -> Vec<u8> {
        let family = match self.family {
            Family::Meta => 0,
            Family::Hot => 1,
            Family::Block => 2,
            Family::Trace(_) => 3,
            Family::Summary => 4,
            Family::Bitmap => 5,
            Family::Filter => 6,
            Family::Edge => 7,
            Family::Object => 8,
            Family::Log => 9,
            Family::LogIndex => 10,
            Family::Series => 11,
            Family::SeriesIndex => 12,
            Family::Points => 13,
        };
        [&[family, self.part.len() as u8][..], self.part, self.key].concat()
    }

    /// Engines compress these values, which they cannot once they are sealed.
    fn is_compressible(&self) -> bool {
        matches!(
            self.family,
            Family::Meta | Family::Bitmap | Family::Edge | Family::Object | Family::LogIndex | Family::Series
        )
    }
}

/// Whether a stored value is sealed.
pub(super) fn is_sealed(stored: &[u8]) -> bool {
    !matches!(look(stored), Stored::Plain(_))
}

pub(super) fn look(stored: &[u8]) -> Stored<'_> {
    let Some(rest) = stored.strip_prefix(&MARK) else {
        return Stored::Plain(stored);
    };
    match rest.split_first() {
        Some((&PLAIN, value)) => Stored::Plain(value),
        Some((&(SEALED | SEALED_LZ4), rest)) if rest.len() >= 4 + NONCE + TAG => match rest.first_chunk() {
            Some(number) => Stored::Sealed(u32::from_le_bytes(*number)),
            None => Stored::Broken,
        },
        _ => Stored::Broken,
    }
}

/// A value as it is stored unsealed.
pub(super) fn plain(value: Vec<u8>) -> Vec<u8> {
    if value.starts_with(&MARK) {
        return [&MARK[..], &[PLAIN], &value].concat();
    }
    value
}

pub(super) fn seal(key: &DataKey, place: Place<'_>, value: &[u8]) -> Vec<u8> {
    let packed = (place.is_compressible() && value.len() >= WORTH_COMPRESSING)
        .then(|| lz4_flex::block::compress_prepend_size(value))
        .filter(|packed| packed.len() < value.len());
    let form = if packed.is_some() { SEALED_LZ4 } else { SEALED };
    let content = packed.as_deref().unwrap_or(value);
    let nonce: [u8; NONCE] = rand::random();
    let mut sealed = Vec::with_capacity(HEADER + NONCE + content.len() + TAG);
    sealed.extend(MARK);
    sealed.push(form);
    sealed.extend(key.number.to_le_bytes());
    sealed.extend(nonce);
    let begin = sealed.len();
    sealed.extend_from_slice(content);
    let about = [&sealed[..HEADER], &place.bytes()].concat();
    let (_, content) = sealed.split_at_mut(begin);
    let tag = key
        .cipher
        .encrypt_inout_detached(&XNonce::from(nonce), &about, content.into())
        .expect("values are shorter than the 256 GiB that the cipher can take");
    sealed.extend_from_slice(&tag);
    sealed
}

/// The value; `None` if it is not what was sealed there.
pub(super) fn open(key: &DataKey, place: Place<'_>, stored: &[u8]) -> Option<Vec<u8>> {
    let (header, rest) = stored.split_at_checked(HEADER)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
    let (content, tag) = rest.split_last_chunk::<TAG>()?;
    let about = [header, &place.bytes()].concat();
    let mut content = content.to_vec();
    key.cipher
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            &about,
            content.as_mut_slice().into(),
            &(*tag).into(),
        )
        .ok()?;
    if header[MARK.len()] == SEALED_LZ4 {
        // The length is one that was sealed, not one that somebody made up.
        return lz4_flex::block::decompress_size_prepended(&content).ok();
    }
    Some(content)
}

/// A cipher for a key.
pub(super) fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Account;
    use crate::cipher::record::Purpose;
    use proptest::prelude::*;

    fn key(number: u32) -> DataKey {
        DataKey {
            number,
            purpose: Purpose::Account(Account(0)),
            cipher: cipher(&[number as u8; 32]),
        }
    }

    const PLACE: Place<'static> = Place {
        family: Family::Edge,
        part: b"000011",
        key: b"k",
    };

    #[test]
    fn a_sealed_value_tells_nothing_and_stays_in_its_place() {
        let value = b"the very same words ".repeat(20);
        let (one, two) = (seal(&key(1), PLACE, &value), seal(&key(1), PLACE, &value));
        assert_ne!(one, two, "equal values cannot be told");
        assert!(one.len() < value.len(), "it is compressed first");
        assert!(matches!(look(&one), Stored::Sealed(1)));
        assert_eq!(open(&key(1), PLACE, &one).as_deref(), Some(&value[..]));
        assert_eq!(open(&key(2), PLACE, &one), None);
        let elsewhere = [
            Place { key: b"l", ..PLACE },
            Place {
                part: b"000012",
                ..PLACE
            },
            Place {
                family: Family::Summary,
                ..PLACE
            },
        ];
        for place in elsewhere {
            assert_eq!(open(&key(1), place, &one), None);
        }
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let sealed = seal(&key(1), PLACE, b"value");
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&key(1), PLACE, &damaged), None, "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_opened(value in prop::collection::vec(any::<u8>(), 0..300)) {
            for family in [Family::Hot, Family::Object] {
                let place = Place { family, ..PLACE };
                let sealed = seal(&key(3), place, &value);
                prop_assert!(is_sealed(&sealed));
                prop_assert_eq!(open(&key(3), place, &sealed), Some(value.clone()));
            }
        }

        #[test]
        fn plain_values_are_told_whatever_they_begin_with(value in prop::collection::vec(any::<u8>(), 0..20), marked: bool) {
            let value = if marked { [&MARK[..], &value].concat() } else { value };
            let stored = plain(value.clone());
            prop_assert!(matches!(look(&stored), Stored::Plain(plain) if plain == value));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let bytes = [&MARK[..], &bytes].concat();
            let _ = (look(&bytes), open(&key(1), PLACE, &bytes));
        }
    }
}
