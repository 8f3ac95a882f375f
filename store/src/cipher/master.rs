//! Master keys: what seals data keys. They are never kept in the store.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::record::{KIND_KEY, KIND_PASSPHRASE, MasterRecord, Stretch};
use crate::Secret;
use crate::error::StoreError;

/// 256 bits that seal data keys. Prints as the first digits of its fingerprint.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// What a master key is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Master {
    /// It is one.
    Key(MasterKey),
    /// Argon2id makes one, with a salt that is kept in the store.
    Passphrase(Secret),
}

/// Master keys to open a store with. The first is the one to use; the others are tried for what another one sealed, and
/// replaced by the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MasterKeys(pub Vec<Master>);

/// A line of a key file that is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not a key: a key is 64 hexadecimal digits, as `beamline encryption new-key` writes them")]
pub struct BadKey {
    /// Counted from 1.
    pub line: usize,
}

/// A master key that is in use, and what the store says of it.
pub(super) struct InUse {
    pub(super) key: MasterKey,
    pub(super) record: MasterRecord,
}

impl MasterKey {
    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// If the operating system has none.
    pub fn random() -> Result<Self, StoreError> {
        Ok(Self(super::keyring::random()?))
    }

    /// Reads a key from 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let mut bytes = Zeroizing::new([0; 32]);
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16);
            *byte = (value(pair[0])? << 4 | value(pair[1])?) as u8;
        }
        Some(Self(bytes))
    }

    /// Reads the keys of a file: one a line, the one to use first; empty lines and those that begin with `#` are
    /// passed over.
    ///
    /// # Errors
    /// If a line is something else.
    pub fn parse_file(text: &str) -> Result<Vec<Self>, BadKey> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let keys = lines.filter(|(_, text)| !text.is_empty() && !text.starts_with('#'));
        keys.map(|(line, text)| Self::parse(text).ok_or(BadKey { line }))
            .collect()
    }

    /// The 64 digits that [`MasterKey::parse`] reads.
    #[must_use]
    pub fn digits(&self) -> Secret {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        Secret::new(digits)
    }

    /// Tells keys apart without telling anything of them.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 8] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("HMAC takes keys of any length");
        mac.update(b"beamline master key");
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        first
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", spell(self.fingerprint()))
    }
}

/// A fingerprint as people are told it.
pub(super) fn spell(fingerprint: [u8; 8]) -> String {
    fingerprint[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl MasterKeys {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that a store says it was sealed with, if it is one of these.
    pub(super) fn find(&self, record: &MasterRecord) -> Result<Option<InUse>, StoreError> {
        for master in &self.0 {
            let key = match (master, &record.stretch) {
                (Master::Key(key), None) => key.clone(),
                (Master::Passphrase(passphrase), Some(stretch)) => derive(passphrase, stretch)?,
                _ => continue,
            };
            if key.fingerprint() == record.fingerprint {
                let record = record.clone();
                return Ok(Some(InUse { key, record }));
            }
        }
        Ok(None)
    }

    /// The key to use. One that is made of a passphrase gets a new salt, unless `before` was made of the same.
    pub(super) fn first(&self, before: Option<&InUse>) -> Result<InUse, StoreError> {
        let master = self.0.first().ok_or(StoreError::NoMasterKey)?;
        if let Some(before) = before
            && let Some(same) = Self(vec![master.clone()]).find(&before.record)?
        {
            return Ok(same);
        }
        let (key, stretch) = match master {
            Master::Key(key) => (key.clone(), None),
            Master::Passphrase(passphrase) => {
                let stretch = Stretch::with(*super::keyring::random()?);
                (derive(passphrase, &stretch)?, Some(stretch))
            }
        };
        let record = MasterRecord {
            fingerprint: key.fingerprint(),
            stretch,
        };
        Ok(InUse { key, record })
    }

    /// What they are, for people.
    pub(super) fn describe(&self) -> String {
        let one = |master: &Master| match master {
            Master::Key(key) => format!("key {}", spell(key.fingerprint())),
            Master::Passphrase(_) => "a passphrase".to_owned(),
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

impl MasterRecord {
    /// What it is, for people.
    pub(super) fn describe(&self) -> String {
        match self.kind() {
            KIND_PASSPHRASE => "a passphrase".to_owned(),
            KIND_KEY => format!("key {}", spell(self.fingerprint)),
            _ => "something unknown".to_owned(),
        }
    }
}

fn derive(passphrase: &Secret, stretch: &Stretch) -> Result<MasterKey, StoreError> {
    let unusable = |error: argon2::Error| StoreError::Locked(format!("the passphrase cannot be stretched: {error}"));
    let params = Params::new(stretch.memory_kib, stretch.passes, stretch.lanes, Some(32)).map_err(unusable)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.reveal().as_bytes(), &stretch.salt, &mut *key)
        .map_err(unusable)?;
    Ok(MasterKey(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_has_the_key_to_use_first() {
        let (first, second) = (MasterKey::new([0xab; 32]), MasterKey::random().unwrap());
        let text = format!("# keys\n{}\n\n  {}  \n", "AB".repeat(32), second.digits().reveal());
        assert_eq!(MasterKey::parse_file(&text), Ok(vec![first, second]));
        assert_eq!(MasterKey::parse_file(""), Ok(vec![]));
        for text in ["\nab", &"g".repeat(64), &"a".repeat(63), &"é".repeat(32)] {
            assert!(MasterKey::parse_file(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_shows_its_fingerprint_only() {
        let key = MasterKey::new([0xab; 32]);
        let shown = format!("{:?}", MasterKeys(vec![Master::Key(key.clone())]));
        assert!(
            !shown.contains("abab") && shown.contains(&spell(key.fingerprint())),
            "{shown}"
        );
        assert_ne!(key.fingerprint(), MasterKey::new([0xac; 32]).fingerprint());
    }

    #[test]
    fn a_passphrase_makes_the_same_key_again_with_the_same_salt_only() {
        let masters = MasterKeys(vec![Master::Passphrase(Secret::new("correct horse"))]);
        let made = masters.first(None).unwrap();
        assert_eq!(masters.find(&made.record).unwrap().unwrap().key, made.key);
        assert_eq!(masters.first(Some(&made)).unwrap().record, made.record);
        assert_ne!(masters.first(None).unwrap().key, made.key, "another salt");
        let others = MasterKeys(vec![
            Master::Passphrase(Secret::new("battery staple")),
            Master::Key(made.key.clone()),
        ]);
        assert!(others.find(&made.record).unwrap().is_none());
    }
}
