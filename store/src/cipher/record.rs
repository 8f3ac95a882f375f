//! How the keyring is written: the partition `encryption` of [`Family::Meta`].
//!
//! | key | value |
//! |---|---|
//! | `master` | version u8 = 1, kind u8 (1 key, 2 passphrase), fingerprint 8; for 2: memory KiB, passes, lanes u32 each, salt 16 |
//! | `key/` number u32 | version u8 = 1, purpose u8 (0 hot log, 1 account), account u16, nonce 24, sealed key 48 |
//! | `account/` account u16 | version u8 = 1, on u8, number of the data key for new values u32, the owner's name of it |
//! | `log` | version u8 = 1, number of the hot log's data key for new values u32 |
//!
//! Numbers in values are little-endian.

use crate::api::Account;
use crate::codec::varint::{Put, Take};
use crate::engine::{Family, WriteBatch};

/// Partition of everything here.
pub(super) const PART: &[u8] = b"encryption";
pub(super) const MASTER: &[u8] = b"master";
pub(super) const KEY: &[u8] = b"key/";
pub(super) const ACCOUNT: &[u8] = b"account/";
pub(super) const LOG: &[u8] = b"log";

const VERSION: u8 = 1;
pub(super) const KIND_KEY: u8 = 1;
pub(super) const KIND_PASSPHRASE: u8 = 2;

/// What the data keys are sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MasterRecord {
    pub(super) fingerprint: [u8; 8],
    /// How a passphrase was made into the key; `None` for a key.
    pub(super) stretch: Option<Stretch>,
}

/// The cost of trying a passphrase with Argon2id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
    pub(super) salt: [u8; 16],
}

impl Stretch {
    /// More than OWASP asks for (19 MiB, 2 passes), since it is paid once a start.
    pub(super) fn with(salt: [u8; 16]) -> Self {
        Self {
            memory_kib: 64 << 10,
            passes: 3,
            lanes: 1,
            salt,
        }
    }
}

/// What a data key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Purpose {
    /// The hot log, whose values hold records of several accounts.
    Log,
    /// All other values of an account.
    Account(Account),
}

/// A data key under its master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyRecord {
    pub(super) purpose: Purpose,
    pub(super) nonce: [u8; 24],
    pub(super) sealed: [u8; 48],
}

/// Whether and with what an account's new values are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccountRecord {
    pub(super) on: bool,
    pub(super) key: u32,
    pub(super) key_id: String,
}

impl MasterRecord {
    pub(super) fn kind(&self) -> u8 {
        if self.stretch.is_some() {
            KIND_PASSPHRASE
        } else {
            KIND_KEY
        }
    }

    pub(super) fn put(&self, batch: &mut WriteBatch) {
        let mut value = vec![VERSION, self.kind()];
        value.extend(self.fingerprint);
        if let Some(stretch) = &self.stretch {
            for number in [stretch.memory_kib, stretch.passes, stretch.lanes] {
                value.extend(number.to_le_bytes());
            }
            value.extend(stretch.salt);
        }
        batch.put(Family::Meta, PART, MASTER, value);
    }

    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let (mut take, kind) = versioned(value).and_then(|mut take| take.byte().map(|kind| (take, kind)))?;
        let fingerprint = take.array()?;
        let mut number = || take.array().map(u32::from_le_bytes);
        let stretch = match kind {
            KIND_KEY => None,
            KIND_PASSPHRASE => Some(Stretch {
                memory_kib: number()?,
                passes: number()?,
                lanes: number()?,
                salt: take.array()?,
            }),
            _ => return None,
        };
        Some(Self { fingerprint, stretch })
    }
}

impl Purpose {
    /// What tells it from others: also signed with the sealed key.
    pub(super) fn bytes(self) -> [u8; 3] {
        match self {
            Self::Log => [0, 0, 0],
            Self::Account(account) => {
                let [low, high] = account.0.to_le_bytes();
                [1, low, high]
            }
        }
    }

    fn read(bytes: [u8; 3]) -> Option<Self> {
        match bytes {
            [0, 0, 0] => Some(Self::Log),
            [1, low, high] => Some(Self::Account(Account(u16::from_le_bytes([low, high])))),
            _ => None,
        }
    }
}

impl KeyRecord {
    pub(super) fn put(&self, number: u32, batch: &mut WriteBatch) {
        let value = [&[VERSION][..], &self.purpose.bytes(), &self.nonce, &self.sealed].concat();
        batch.put(Family::Meta, PART, [KEY, &number.to_be_bytes()].concat(), value);
    }

    pub(super) fn read(key: &[u8], value: &[u8]) -> Option<(u32, Self)> {
        let mut take = versioned(value)?;
        let record = Self {
            purpose: Purpose::read(take.array()?)?,
            nonce: take.array()?,
            sealed: take.array()?,
        };
        Some((u32::from_be_bytes(key.try_into().ok()?), record))
    }
}

impl AccountRecord {
    pub(super) fn put(&self, account: Account, batch: &mut WriteBatch) {
        let mut value = vec![VERSION, u8::from(self.on)];
        value.extend(self.key.to_le_bytes());
        value.sized(self.key_id.as_bytes());
        batch.put(Family::Meta, PART, [ACCOUNT, &account.0.to_be_bytes()].concat(), value);
    }

    pub(super) fn read(key: &[u8], value: &[u8]) -> Option<(Account, Self)> {
        let mut take = versioned(value)?;
        let record = Self {
            on: take.byte()? == 1,
            key: u32::from_le_bytes(take.array()?),
            key_id: take.text()?.to_owned(),
        };
        Some((Account(u16::from_be_bytes(key.try_into().ok()?)), record))
    }
}

pub(super) fn put_log(number: u32, batch: &mut WriteBatch) {
    let value = [&[VERSION][..], &number.to_le_bytes()].concat();
    batch.put(Family::Meta, PART, LOG, value);
}

pub(super) fn read_log(value: &[u8]) -> Option<u32> {
    versioned(value)?.array().map(u32::from_le_bytes)
}

fn versioned(value: &[u8]) -> Option<Take<'_>> {
    let mut take = Take(value);
    (take.byte()? == VERSION).then_some(take)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Change;
    use proptest::prelude::*;

    fn row(put: impl FnOnce(&mut WriteBatch)) -> (Vec<u8>, Vec<u8>) {
        let mut batch = WriteBatch::default();
        put(&mut batch);
        match batch.changes.pop() {
            Some(Change::Put { key, value, .. }) => (key, value),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn records_survive_being_written() {
        for stretch in [None, Some(Stretch::with([7; 16]))] {
            let master = MasterRecord {
                fingerprint: *b"finger!!",
                stretch,
            };
            assert_eq!(MasterRecord::read(&row(|batch| master.put(batch)).1), Some(master));
        }
        for purpose in [
            Purpose::Log,
            Purpose::Account(Account(0)),
            Purpose::Account(Account(0x1234)),
        ] {
            let record = KeyRecord {
                purpose,
                nonce: [1; 24],
                sealed: [2; 48],
            };
            let (key, value) = row(|batch| record.put(9, batch));
            assert_eq!(KeyRecord::read(&key[KEY.len()..], &value), Some((9, record)));
        }
        let record = AccountRecord {
            on: true,
            key: 3,
            key_id: "alias/traces".to_owned(),
        };
        let (key, value) = row(|batch| record.put(Account(5), batch));
        assert_eq!(
            AccountRecord::read(&key[ACCOUNT.len()..], &value),
            Some((Account(5), record))
        );
        assert_eq!(read_log(&row(|batch| put_log(77, batch)).1), Some(77));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(key in prop::collection::vec(any::<u8>(), 0..6), value in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = (MasterRecord::read(&value), KeyRecord::read(&key, &value), AccountRecord::read(&key, &value), read_log(&value));
        }
    }
}
