//! Encryption at rest: values are sealed with a data key of their account, data keys with a master key.
//!
//! It is a layer between the store and any engine: [`Encrypted`] is an [`Engine`] around
//! another, so that nothing above knows whether a value is sealed and nothing below ever sees one that is not. A store
//! that has no master key is opened without the layer, and pays nothing.
//!
//! | file | what it knows |
//! |---|---|
//! | `master` | master keys: from a file, or from a passphrase |
//! | `keyring` | data keys ready in memory, and who seals with which; changing that |
//! | `wrapped` | data keys on disk, wrapped by a master key |
//! | `record` | how the keyring is written |
//! | `value` | one value, sealed and opened |
//! | `engine` | the layer |
//!
//! What is sealed and what is not is written in `docs/store-layout.md`, and why in ADR 041.

mod engine;
mod keyring;
mod master;
mod record;
mod value;
mod wrapped;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use engine::Encrypted;
pub use keyring::Rotated;
pub use master::{BadKey, Master, MasterKey, MasterKeys};

use crate::Store;
use crate::api::Account;
use crate::engine::{Engine, Family, KeyRange};
use crate::error::StoreError;
use crate::hot::{LOGS, POINTS};
use crate::live::SHARDS;

/// What an account says about its encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// The name under which the account's owner knows the key; `None` while new values are not encrypted.
    pub key_id: Option<String>,
    /// Nothing that was acknowledged before encryption was turned on waits unencrypted in the hot log any more.
    pub settled: bool,
}

/// The engine that the store works on, and the layer if it is one.
type Layered = (Arc<dyn Engine>, Option<Arc<Encrypted>>);

/// Puts the layer around an engine, if there is a master key. An engine whose values are sealed cannot be used without.
pub(crate) fn around(engine: Arc<dyn Engine>, masters: &MasterKeys) -> Result<Layered, StoreError> {
    if masters.is_empty() {
        wrapped::refuse_if_locked(&*engine)?;
        return Ok((engine, None));
    }
    let layer = Arc::new(Encrypted::open(engine, masters)?);
    Ok((Arc::clone(&layer) as _, Some(layer)))
}

impl Store {
    /// What an account says about its encryption.
    ///
    /// # Errors
    /// If the hot log cannot be read.
    pub fn encryption(&self, account: Account) -> Result<Encryption, StoreError> {
        let Some(layer) = &self.inner.encrypted else {
            return Ok(Encryption {
                key_id: None,
                settled: true,
            });
        };
        let key_id = layer.keyring().key_id(account);
        let settled = key_id.is_none() || !has_open_values(layer)?;
        Ok(Encryption { key_id, settled })
    }

    /// Encrypts all values of an account from now on, with a new data key. `key_id` is the name under which the
    /// account's owner knows the key; it is told again and means nothing here. Values that are there stay as they are.
    ///
    /// # Errors
    /// [`StoreError::NoMasterKey`] if the store was opened without one.
    pub fn encrypt(&self, account: Account, key_id: &str) -> Result<(), StoreError> {
        let layer = self.inner.encrypted.as_ref().ok_or(StoreError::NoMasterKey)?;
        layer.keyring().turn_on(account, key_id)
    }

    /// Encrypts no further values of an account. Those that are encrypted stay so, and readable.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn stop_encrypting(&self, account: Account) -> Result<(), StoreError> {
        match &self.inner.encrypted {
            Some(layer) => layer.keyring().turn_off(account),
            None => Ok(()),
        }
    }

    /// Gives every account that is encrypted a new data key for new values, and seals all data keys with the first of
    /// these master keys. Reading and writing go on meanwhile. One synced write, so that after a kill either the old
    /// master key opens the store or the new one.
    ///
    /// # Errors
    /// [`StoreError::NoMasterKey`] if the store was opened without one, or none is given.
    pub fn rotate(&self, masters: &MasterKeys) -> Result<Rotated, StoreError> {
        let layer = self.inner.encrypted.as_ref().ok_or(StoreError::NoMasterKey)?;
        layer.keyring().rotate(masters)
    }
}

/// Whether the hot log holds a value that is not sealed.
fn has_open_values(layer: &Encrypted) -> Result<bool, StoreError> {
    let view = layer.inside().view();
    let mut open = false;
    for shard in (0..SHARDS).chain([LOGS, POINTS]) {
        view.scan(Family::Hot, &[shard as u8], KeyRange::all(), false, &mut |_, value| {
            open = !value::is_sealed(value);
            if open {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        if open {
            break;
        }
    }
    Ok(open)
}
