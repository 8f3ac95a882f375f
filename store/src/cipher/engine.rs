//! The layer: an engine around another, whose values are sealed.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::keyring::{Keyring, Ring, may_be_sealed};
use super::master::MasterKeys;
use super::record;
use super::value::{self, Place, Stored};
use crate::api::Account;
use crate::engine::{
    Change, Durability, Engine, EngineError, EngineErrorKind, Family, KeyRange, View, Visit, WriteBatch,
};
use crate::error::StoreError;

/// An engine that seals the values of the accounts that want it, and opens whatever is sealed.
pub struct Encrypted {
    inner: Arc<dyn Engine>,
    keyring: Keyring,
}

impl Encrypted {
    /// Puts the layer around an engine.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if values are sealed and none of these master keys opens their data keys.
    pub fn open(inner: Arc<dyn Engine>, masters: &MasterKeys) -> Result<Self, StoreError> {
        let keyring = Keyring::open(Arc::clone(&inner), masters)?;
        Ok(Self { inner, keyring })
    }

    /// Seals all values of an account from now on.
    ///
    /// # Errors
    /// If the new data key cannot be written.
    pub fn encrypt(&self, account: Account, key_id: &str) -> Result<(), StoreError> {
        self.keyring.turn_on(account, key_id)
    }

    pub(super) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The engine that sees sealed values.
    pub(super) fn inside(&self) -> &dyn Engine {
        &*self.inner
    }
}

/// A value in the form in which it is stored from now on.
fn stored(ring: &Ring, place: Place<'_>, value: Vec<u8>) -> Vec<u8> {
    match ring.sealing(place.family, place.part, &value) {
        Some(key) => value::seal(key, place, &value),
        None => value::plain(value),
    }
}

impl Engine for Encrypted {
    fn write(&self, mut batch: WriteBatch, durability: Durability) -> Result<(), EngineError> {
        let ring = self.keyring.ring();
        for change in &mut batch.changes {
            if let Change::Put {
                family,
                part,
                key,
                value,
            } = change
                && may_be_sealed(*family, part)
            {
                let place = Place {
                    family: *family,
                    part,
                    key,
                };
                *value = stored(&ring, place, std::mem::take(value));
            }
        }
        self.inner.write(batch, durability)
    }

    fn view(&self) -> Box<dyn View + '_> {
        // The view first: what it shows was sealed with keys that were in the ring by then.
        let inner = self.inner.view();
        let ring = Arc::clone(&self.keyring.ring());
        Box::new(Opening { inner, ring })
    }

    fn drop_before(&self, family: Family, bucket: u32) -> Result<(), EngineError> {
        self.inner.drop_before(family, bucket)
    }

    fn cas(&self, part: &[u8], key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) -> Result<bool, EngineError> {
        let place = Place {
            family: Family::Object,
            part,
            key,
        };
        loop {
            let found = self.inner.view().get(Family::Object, part, key)?;
            let ring = self.keyring.ring();
            let opened = match &found {
                Some(found) => Some(open(&ring, place, found)?.unwrap_or_else(|| found.to_vec())),
                None => None,
            };
            if opened.as_deref() != old {
                return Ok(false);
            }
            let new = new.map(|new| stored(&ring, place, new.to_vec()));
            if self.inner.cas(part, key, found.as_deref(), new.as_deref())? {
                return Ok(true);
            }
            // Somebody was faster, and may have written the same value under another nonce.
        }
    }

    fn settle(&self) -> Result<(), EngineError> {
        self.inner.settle()
    }

    fn checkpoint(&self, to: &Path) -> Result<(), EngineError> {
        self.inner.checkpoint(to)
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let mut figures = self.inner.figures();
        figures.extend(self.keyring.figures());
        figures
    }
}

/// Reads of one moment, opened.
struct Opening<'a> {
    inner: Box<dyn View + 'a>,
    ring: Arc<Ring>,
}

/// The value of a stored one; `None` if it is stored as it is.
fn open(ring: &Ring, place: Place<'_>, stored: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
    let broken = |why: &str| {
        EngineErrorKind::Corrupted.because(format!(
            "the value at {:?} {:02x?} {:02x?} is encrypted and {why}; restore a checkpoint",
            place.family, place.part, place.key
        ))
    };
    match value::look(stored) {
        Stored::Plain(plain) if plain.len() == stored.len() => Ok(None),
        Stored::Plain(plain) => Ok(Some(plain.to_vec())),
        Stored::Broken => Err(broken("is cut off")),
        Stored::Sealed(number) => {
            let key = ring.key(number).ok_or_else(|| broken("its data key is missing"))?;
            let opened = value::open(key, place, stored);
            opened.ok_or_else(|| broken("was changed since")).map(Some)
        }
    }
}

impl Opening<'_> {
    fn opened(&self, place: Place<'_>, stored: Bytes) -> Result<Bytes, EngineError> {
        if !may_be_sealed(place.family, place.part) {
            return Ok(stored);
        }
        match open(&self.ring, place, &stored) {
            Ok(None) => Ok(stored),
            Ok(Some(opened)) => Ok(opened.into()),
            // Whoever reads these has a checksum for them, counts damage and goes on with the rest.
            Err(_) if skips_damage(place.family) => Ok(stored),
            Err(error) => Err(error),
        }
    }
}

/// Tables whose readers bear values that cannot be read.
fn skips_damage(family: Family) -> bool {
    matches!(family, Family::Hot | Family::Block | Family::Log | Family::Points)
}

impl View for Opening<'_> {
    fn get(&self, family: Family, part: &[u8], key: &[u8]) -> Result<Option<Bytes>, EngineError> {
        let place = Place { family, part, key };
        let found = self.inner.get(family, part, key)?;
        found.map(|stored| self.opened(place, stored)).transpose()
    }

    fn multi_get(&self, family: Family, keys: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<Option<Bytes>>, EngineError> {
        let found = self.inner.multi_get(family, keys)?;
        let opened = found.into_iter().zip(keys).map(|(stored, (part, key))| {
            let place = Place { family, part, key };
            stored.map(|stored| self.opened(place, stored)).transpose()
        });
        opened.collect()
    }

    fn scan(
        &self,
        family: Family,
        part: &[u8],
        range: KeyRange,
        reverse: bool,
        visit: Visit<'_>,
    ) -> Result<(), EngineError> {
        if !may_be_sealed(family, part) {
            return self.inner.scan(family, part, range, reverse, visit);
        }
        let mut failed = None;
        let mut visit_opened = |key: &[u8], stored: &[u8]| match open(&self.ring, Place { family, part, key }, stored) {
            Ok(None) => visit(key, stored),
            Ok(Some(opened)) => visit(key, &opened),
            Err(_) if skips_damage(family) => visit(key, stored),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        };
        self.inner.scan(family, part, range, reverse, &mut visit_opened)?;
        failed.map_or(Ok(()), Err)
    }

    fn parts(&self, family: Family, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), EngineError> {
        // The keyring is the layer's own, and nothing that was put through it.
        self.inner.parts(family, &mut |part| {
            if family == Family::Meta && part == record::PART {
                return ControlFlow::Continue(());
            }
            visit(part)
        })
    }

    fn days(&self) -> Vec<u16> {
        self.inner.days()
    }
}
