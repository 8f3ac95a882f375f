//! What operations keep between requests: small values as JSON, changed only if nobody else changed them meanwhile.

use beamline_store::{ObjectKind, StoreError};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Call;
use crate::fault::Fault;

/// A value, and the bytes it was read from.
pub(super) type Kept<T> = (T, Bytes);

/// The value under a name, if there is one.
pub(super) fn read<T: DeserializeOwned>(call: &Call, kind: ObjectKind, name: &str) -> Result<Option<Kept<T>>, Fault> {
    let bytes = call.store.object(kind, call.account, name)?;
    bytes.map(|bytes| Ok((parse(kind, name, &bytes)?, bytes))).transpose()
}

/// All values of a kind, by name.
pub(super) fn all<T: DeserializeOwned>(call: &Call, kind: ObjectKind) -> Result<Vec<T>, Fault> {
    let objects = call.store.objects(kind, call.account)?.into_iter();
    objects.map(|(name, bytes)| parse(kind, &name, &bytes)).collect()
}

/// Sets a value, whatever was there.
pub(super) fn set<T: Serialize>(call: &Call, kind: ObjectKind, name: &str, value: &T) -> Result<(), Fault> {
    Ok(call.store.put_object(kind, call.account, name, json(value)?)?)
}

/// Sets a value if what is there still is `old`, and says whether it did.
pub(super) fn swap<T: Serialize>(
    call: &Call,
    kind: ObjectKind,
    name: &str,
    old: Option<&[u8]>,
    new: Option<&T>,
) -> Result<bool, Fault> {
    let new = new.map(json).transpose()?;
    Ok(call.store.cas_object(kind, call.account, name, old, new.as_deref())?)
}

/// The same where only a race can make it fail.
pub(super) fn change<T: Serialize>(
    call: &Call,
    kind: ObjectKind,
    name: &str,
    old: Option<&[u8]>,
    new: Option<&T>,
) -> Result<(), Fault> {
    if swap(call, kind, name, old, new)? {
        return Ok(());
    }
    Err(Fault::throttled("somebody else is changing the same; try again"))
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value).map_err(|error| Fault::internal(&error))
}

fn parse<T: DeserializeOwned>(kind: ObjectKind, name: &str, bytes: &[u8]) -> Result<T, Fault> {
    let damaged = |error| StoreError::Damaged(format!("{kind:?} {name}: {error}"));
    serde_json::from_slice(bytes).map_err(|error| Fault::internal(&damaged(error)))
}
