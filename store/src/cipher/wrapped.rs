//! Data keys on disk: wrapped by a master key, and unwrapped again.

use std::ops::ControlFlow;

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::AeadInOut;
use zeroize::Zeroizing;

use super::keyring::{Ring, random, ready};
use super::master::{InUse, MasterKey};
use super::record::{self, AccountRecord, KeyRecord, MasterRecord, Purpose};
use super::value;
use crate::engine::{Engine, Family, KeyRange, View, WriteBatch};
use crate::error::StoreError;

/// Refuses what cannot be read without a master key.
pub(super) fn refuse_if_locked(engine: &dyn Engine) -> Result<(), StoreError> {
    match master_record(&*engine.view())? {
        None => Ok(()),
        Some(record) => Err(StoreError::Locked(format!(
            "values are encrypted, and opening them needs {}, and no master key was given",
            record.describe()
        ))),
    }
}

pub(super) fn master_record(view: &dyn View) -> Result<Option<MasterRecord>, StoreError> {
    let Some(found) = view.get(Family::Meta, record::PART, record::MASTER)? else {
        return Ok(None);
    };
    let record = MasterRecord::read(&found).ok_or_else(|| damaged("the record of the master key"))?;
    Ok(Some(record))
}

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what} cannot be read; restore a checkpoint"))
}

/// What a wrapped key is authenticated with: it is good for one purpose under one number.
fn about(purpose: Purpose, number: u32) -> Vec<u8> {
    [&b"beamline data key"[..], &purpose.bytes(), &number.to_be_bytes()].concat()
}

pub(super) fn wrap(
    purpose: Purpose,
    number: u32,
    bytes: &[u8; 32],
    master: &MasterKey,
) -> Result<KeyRecord, StoreError> {
    let nonce = *random()?;
    let mut sealed = [0; 48];
    let (content, tag) = sealed.split_at_mut(32);
    content.copy_from_slice(bytes);
    let made = value::cipher(master.bytes())
        .encrypt_inout_detached(&XNonce::from(nonce), &about(purpose, number), content.into())
        .expect("32 bytes are not too long for the cipher");
    tag.copy_from_slice(&made);
    Ok(KeyRecord { purpose, nonce, sealed })
}

fn unwrap(number: u32, record: &KeyRecord, master: &MasterKey) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mut bytes = Zeroizing::new([0; 32]);
    let broken = || damaged(&format!("data key {number}"));
    let (content, tag) = record.sealed.split_last_chunk::<16>().ok_or_else(broken)?;
    bytes.copy_from_slice(content);
    value::cipher(master.bytes())
        .decrypt_inout_detached(
            &XNonce::from(record.nonce),
            &about(record.purpose, number),
            bytes.as_mut_slice().into(),
            &(*tag).into(),
        )
        .map_err(|_| broken())?;
    Ok(bytes)
}

/// Adds the master key and everything that another has wrapped, wrapped with it, to a batch.
pub(super) fn rewrap(
    view: &dyn View,
    before: &MasterKey,
    next: &InUse,
    batch: &mut WriteBatch,
) -> Result<(), StoreError> {
    next.record.put(batch);
    for (number, record) in wrapped(view)? {
        let bytes = unwrap(number, &record, before)?;
        wrap(record.purpose, number, &bytes, &next.key)?.put(number, batch);
    }
    Ok(())
}

/// Every wrapped key by its number.
fn wrapped(view: &dyn View) -> Result<Vec<(u32, KeyRecord)>, StoreError> {
    let read = |key: &[u8], value: &[u8]| {
        let number = key.strip_prefix(record::KEY)?;
        Some(KeyRecord::read(number, value).ok_or_else(|| damaged("a data key")))
    };
    rows(view, read)
}

pub(super) fn read(view: &dyn View, master: &MasterKey) -> Result<Ring, StoreError> {
    let mut ring = Ring::default();
    for (number, record) in wrapped(view)? {
        let bytes = unwrap(number, &record, master)?;
        ring.keys.insert(number, ready(number, record.purpose, &bytes));
    }
    let accounts = rows(view, |key, value| {
        let account = key.strip_prefix(record::ACCOUNT)?;
        Some(AccountRecord::read(account, value).ok_or_else(|| damaged("an account's encryption")))
    })?;
    ring.accounts = accounts.into_iter().collect();
    ring.on = ring.accounts.values().any(|it| it.on);
    if let Some(log) = view.get(Family::Meta, record::PART, record::LOG)? {
        ring.log = Some(record::read_log(&log).ok_or_else(|| damaged("the hot log's encryption"))?);
    }
    let of_purpose = |number: u32, purpose| ring.key(number).is_some_and(|key| key.purpose == purpose);
    let mut used = ring
        .accounts
        .iter()
        .map(|(account, it)| (it.key, Purpose::Account(*account)));
    let complete = used.all(|(number, purpose)| of_purpose(number, purpose))
        && ring.log.is_none_or(|number| of_purpose(number, Purpose::Log));
    if complete {
        Ok(ring)
    } else {
        Err(damaged("the list of data keys"))
    }
}

/// The rows of the keyring's partition that `read` knows.
fn rows<T>(
    view: &dyn View,
    read: impl Fn(&[u8], &[u8]) -> Option<Result<T, StoreError>>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    view.scan(Family::Meta, record::PART, KeyRange::all(), false, &mut |key, value| {
        found.extend(read(key, value));
        ControlFlow::Continue(())
    })?;
    found.into_iter().collect()
}
