//! Data keys: wrapped by a master key on disk, ready in memory, and who seals with which.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use chacha20poly1305::XChaCha20Poly1305;
use rand::TryRngCore;
use rand::rngs::OsRng;
use rustc_hash::FxHashMap;
use zeroize::Zeroizing;

use super::master::{InUse, Master, MasterKey, MasterKeys};
use super::record::{self, AccountRecord, Purpose};
use super::value;
use super::wrapped::{master_record, read, rewrap, wrap};
use crate::api::Account;
use crate::engine::{Durability, Engine, Family, WriteBatch};
use crate::error::StoreError;
use crate::seal::dictionary;
use crate::table::groups;

/// A data key, ready to seal and open.
pub(super) struct DataKey {
    pub(super) number: u32,
    pub(super) purpose: Purpose,
    pub(super) cipher: XChaCha20Poly1305,
}

/// Everything that sealing and opening need to know, at one moment.
#[derive(Clone, Default)]
pub(super) struct Ring {
    pub(super) keys: FxHashMap<u32, Arc<DataKey>>,
    pub(super) accounts: FxHashMap<Account, AccountRecord>,
    /// The hot log's key for new values.
    pub(super) log: Option<u32>,
    /// Whether anybody's new values are sealed.
    pub(super) on: bool,
}

/// The ring and what it takes to change it.
pub(super) struct Keyring {
    engine: Arc<dyn Engine>,
    ring: ArcSwap<Ring>,
    /// Held while the ring changes.
    masters: Mutex<Masters>,
}

struct Masters {
    given: MasterKeys,
    /// `None` until there is a data key to wrap.
    in_use: Option<InUse>,
}

/// What became of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Whether the data keys are sealed with another master key now.
    pub master_changed: bool,
    /// New data keys.
    pub fresh: usize,
    /// All data keys, those for old values included.
    pub keys: usize,
}

impl Ring {
    /// Whether anything is sealed from now on.
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    pub(super) fn key(&self, number: u32) -> Option<&DataKey> {
        self.keys.get(&number).map(|key| &**key)
    }

    /// The key that a new value is sealed with, if it is.
    pub(super) fn sealing(&self, family: Family, part: &[u8], value: &[u8]) -> Option<&DataKey> {
        let number = match owner(family, part, value)? {
            Purpose::Log => self.log.filter(|_| self.on)?,
            Purpose::Account(account) => self.accounts.get(&account).filter(|it| it.on)?.key,
        };
        self.key(number)
    }

    fn next_number(&self) -> u32 {
        self.keys.keys().max().map_or(1, |last| last + 1)
    }
}

/// Whether values of a partition are ever sealed.
pub(super) fn may_be_sealed(family: Family, part: &[u8]) -> bool {
    match family {
        // Values of the index of series are empty.
        Family::Trace(_) | Family::SeriesIndex => false,
        Family::Meta => part == dictionary::PART,
        _ => true,
    }
}

/// Whose a value is; `None` for what is never sealed.
fn owner(family: Family, part: &[u8], value: &[u8]) -> Option<Purpose> {
    let account = |at: usize| {
        let bytes = part.get(at..)?.first_chunk()?;
        Some(Purpose::Account(Account(u16::from_be_bytes(*bytes))))
    };
    match family {
        Family::Trace(_) | Family::SeriesIndex => None,
        Family::Meta if part == dictionary::PART => {
            let account = value.first_chunk()?;
            Some(Purpose::Account(Account(u16::from_be_bytes(*account))))
        }
        Family::Meta => None,
        Family::Hot => Some(Purpose::Log),
        Family::LogIndex | Family::Series => account(0),
        Family::Object => account(1),
        Family::Block | Family::Log => account(2),
        // Numbers from there on are versions of groups, of whatever account: their statistics are sealed as the hot log is.
        Family::Edge if part.get(4..).and_then(|rest| rest.first_chunk()).is_some_and(is_group) => Some(Purpose::Log),
        Family::Summary | Family::Bitmap | Family::Filter | Family::Edge | Family::Points => account(4),
    }
}

fn is_group(number: &[u8; 2]) -> bool {
    u16::from_be_bytes(*number) >= groups::FIRST
}

/// Bytes from the operating system's randomness.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, StoreError> {
    let mut bytes = Zeroizing::new([0; N]);
    OsRng
        .try_fill_bytes(&mut *bytes)
        .map_err(|error| StoreError::Locked(format!("no randomness for a key: {error}")))?;
    Ok(bytes)
}

impl Keyring {
    /// Reads the ring and unwraps its keys. They are wrapped anew at once if that was not done with the first master
    /// key.
    pub(super) fn open(engine: Arc<dyn Engine>, masters: &MasterKeys) -> Result<Self, StoreError> {
        let (ring, in_use) = {
            let view = engine.view();
            match master_record(&*view)? {
                None => (Ring::default(), None),
                Some(record) => {
                    let in_use = masters.find(&record)?.ok_or_else(|| {
                        StoreError::Locked(format!(
                            "values are encrypted, and opening them needs {}; given was {}",
                            record.describe(),
                            masters.describe()
                        ))
                    })?;
                    (read(&*view, &in_use.key)?, Some(in_use))
                }
            }
        };
        let keyring = Self {
            engine,
            ring: ArcSwap::from_pointee(ring),
            masters: Mutex::new(Masters {
                given: masters.clone(),
                in_use,
            }),
        };
        keyring.wrap_with_first()?;
        Ok(keyring)
    }

    /// The ring as it is now.
    pub(super) fn ring(&self) -> arc_swap::Guard<Arc<Ring>> {
        self.ring.load()
    }

    /// The name of an account's key, if its new values are sealed.
    pub(super) fn key_id(&self, account: Account) -> Option<String> {
        let ring = self.ring();
        ring.accounts
            .get(&account)
            .filter(|it| it.on)
            .map(|it| it.key_id.clone())
    }

    fn masters(&self) -> MutexGuard<'_, Masters> {
        self.masters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals an account's new values, with a new data key unless the same is the case already.
    pub(super) fn turn_on(&self, account: Account, key_id: &str) -> Result<(), StoreError> {
        let mut masters = self.masters();
        if self.key_id(account).as_deref() == Some(key_id) {
            return Ok(());
        }
        let (mut ring, mut batch) = (Ring::clone(&self.ring()), WriteBatch::default());
        let in_use = match masters.in_use.take() {
            Some(in_use) => in_use,
            None => masters.given.first(None)?,
        };
        in_use.record.put(&mut batch);
        let made = (|| {
            let key = fresh(&mut ring, Purpose::Account(account), &in_use.key, &mut batch)?;
            if ring.log.is_none() {
                ring.log = Some(fresh(&mut ring, Purpose::Log, &in_use.key, &mut batch)?);
            }
            let record = AccountRecord {
                on: true,
                key,
                key_id: key_id.to_owned(),
            };
            ring.accounts.insert(account, record);
            self.replace(ring, batch)
        })();
        masters.in_use = Some(in_use);
        made
    }

    /// Seals no further values of an account.
    pub(super) fn turn_off(&self, account: Account) -> Result<(), StoreError> {
        let _alone = self.masters();
        let mut ring = Ring::clone(&self.ring());
        let Some(record) = ring.accounts.get_mut(&account).filter(|it| it.on) else {
            return Ok(());
        };
        record.on = false;
        self.replace(ring, WriteBatch::default())
    }

    /// New data keys for whoever seals, all of them wrapped with the first of these master keys.
    pub(super) fn rotate(&self, given: &MasterKeys) -> Result<Rotated, StoreError> {
        let mut masters = self.masters();
        let next = given.first(masters.in_use.as_ref())?;
        let (mut ring, mut batch) = (Ring::clone(&self.ring()), WriteBatch::default());
        let Some(in_use) = &masters.in_use else {
            masters.given = given.clone();
            return Ok(Rotated {
                master_changed: false,
                fresh: 0,
                keys: 0,
            });
        };
        let master_changed = next.record != in_use.record;
        if master_changed {
            rewrap(&*self.engine.view(), &in_use.key, &next, &mut batch)?;
        }
        let before = ring.keys.len();
        let sealing: Vec<Account> = ring
            .accounts
            .iter()
            .filter(|(_, it)| it.on)
            .map(|(it, _)| *it)
            .collect();
        for account in sealing {
            let key = fresh(&mut ring, Purpose::Account(account), &next.key, &mut batch)?;
            if let Some(record) = ring.accounts.get_mut(&account) {
                record.key = key;
            }
        }
        if ring.is_on() {
            ring.log = Some(fresh(&mut ring, Purpose::Log, &next.key, &mut batch)?);
        }
        let keys = ring.keys.len();
        self.replace(ring, batch)?;
        *masters = Masters {
            given: given.clone(),
            in_use: Some(next),
        };
        Ok(Rotated {
            master_changed,
            fresh: keys - before,
            keys,
        })
    }

    /// Wraps all data keys with the first master key, if that is not what they are wrapped with.
    fn wrap_with_first(&self) -> Result<(), StoreError> {
        let mut masters = self.masters();
        let Some(in_use) = &masters.in_use else {
            return Ok(());
        };
        let next = masters.given.first(Some(in_use))?;
        if next.record != in_use.record {
            let mut batch = WriteBatch::default();
            rewrap(&*self.engine.view(), &in_use.key, &next, &mut batch)?;
            self.engine.write(batch, Durability::Commit)?;
            tracing::info!(
                master = next.record.describe(),
                "data keys are sealed with another master key now"
            );
            masters.in_use = Some(next);
        }
        Ok(())
    }

    /// Writes who seals and with what, beside what the batch holds already, and only then goes by it.
    fn replace(&self, mut ring: Ring, mut batch: WriteBatch) -> Result<(), StoreError> {
        for (account, record) in &ring.accounts {
            record.put(*account, &mut batch);
        }
        if let Some(number) = ring.log {
            record::put_log(number, &mut batch);
        }
        ring.on = ring.accounts.values().any(|it| it.on);
        self.engine.write(batch, Durability::Commit)?;
        self.ring.store(Arc::new(ring));
        Ok(())
    }

    /// Numbers for `/metrics`. A fingerprint is cut to what a floating-point number holds exactly.
    pub(super) fn figures(&self) -> [(&'static str, u64); 3] {
        let ring = self.ring();
        let sealing = ring.accounts.values().filter(|it| it.on).count();
        let masters = self.masters();
        let in_use = masters.in_use.as_ref().map(|it| it.record.fingerprint);
        let master = in_use.or_else(|| match masters.given.0.first() {
            Some(Master::Key(key)) => Some(key.fingerprint()),
            _ => None,
        });
        [
            ("beamline_store_encryption_data_keys", ring.keys.len() as u64),
            ("beamline_store_encryption_accounts", sealing as u64),
            (
                "beamline_store_encryption_master_fingerprint",
                master.map_or(0, |it| u64::from(u32::from_be_bytes([it[0], it[1], it[2], it[3]]))),
            ),
        ]
    }
}

/// Makes a data key, and adds it to the ring and, wrapped, to the batch; gives its number.
fn fresh(ring: &mut Ring, purpose: Purpose, master: &MasterKey, batch: &mut WriteBatch) -> Result<u32, StoreError> {
    let (number, bytes) = (ring.next_number(), random::<32>()?);
    wrap(purpose, number, &bytes, master)?.put(number, batch);
    ring.keys.insert(number, ready(number, purpose, &bytes));
    Ok(number)
}

pub(super) fn ready(number: u32, purpose: Purpose, bytes: &[u8; 32]) -> Arc<DataKey> {
    Arc::new(DataKey {
        number,
        purpose,
        cipher: value::cipher(bytes),
    })
}
