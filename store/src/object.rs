//! Control-plane objects: small named values that are read whole and changed one at a time.

use std::ops::ControlFlow;

use bytes::Bytes;

use crate::Store;
use crate::api::Account;
use crate::engine::{Change, Durability, Family, KeyRange, WriteBatch};
use crate::error::StoreError;

/// What an object is. The number is part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ObjectKind {
    /// A sampling rule.
    SamplingRule = 1,
    /// A group: a saved filter expression.
    Group = 2,
    /// A setting there is one of: encryption, destination, indexing rules.
    Setting = 3,
    /// A resource policy.
    ResourcePolicy = 4,
    /// Tags of a resource.
    Tags = 5,
    /// A long-running request and its answer, such as a trace retrieval.
    Task = 6,
    /// Something the server remembers about itself.
    State = 7,
    /// An insight: what was unusual, and how it came to be found.
    Insight = 8,
    /// A log group. Made, changed and removed by the calls for log groups only, which know all of them in memory.
    LogGroup = 9,
}

/// A new value for one object, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectChange {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// Its value from now on; `None` removes it.
    pub value: Option<Vec<u8>>,
}

pub(crate) fn part(kind: ObjectKind, account: Account) -> [u8; 3] {
    let [high, low] = account.0.to_be_bytes();
    [kind as u8, high, low]
}

impl Store {
    /// An object's value.
    pub fn object(&self, kind: ObjectKind, account: Account, name: &str) -> Result<Option<Bytes>, StoreError> {
        let view = self.inner.engine.view();
        Ok(view.get(Family::Object, &part(kind, account), name.as_bytes())?)
    }

    /// Sets an object, durably.
    pub fn put_object(&self, kind: ObjectKind, account: Account, name: &str, value: Vec<u8>) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        batch.put(Family::Object, part(kind, account), name.as_bytes(), value);
        self.inner.write(batch, Durability::Commit)
    }

    /// Removes an object, durably. Removing what is not there is no error.
    pub fn delete_object(&self, kind: ObjectKind, account: Account, name: &str) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        batch.changes.push(Change::Delete {
            family: Family::Object,
            part: part(kind, account).to_vec(),
            key: name.as_bytes().to_vec(),
        });
        self.inner.write(batch, Durability::Commit)
    }

    /// Changes several objects of an account, durably and all at once: after a crash either all have changed or none.
    pub fn change_objects(&self, account: Account, changes: Vec<ObjectChange>) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        for ObjectChange { kind, name, value } in changes {
            let (part, key) = (part(kind, account), name.into_bytes());
            match value {
                Some(value) => batch.put(Family::Object, part, key, value),
                None => batch.changes.push(Change::Delete {
                    family: Family::Object,
                    part: part.to_vec(),
                    key,
                }),
            }
        }
        self.inner.write(batch, Durability::Commit)
    }

    /// Sets (or with `None` removes) an object if its value still is `old`, and says whether it did. Of several
    /// callers with the same `old`, one succeeds.
    pub fn cas_object(
        &self,
        kind: ObjectKind,
        account: Account,
        name: &str,
        old: Option<&[u8]>,
        new: Option<&[u8]>,
    ) -> Result<bool, StoreError> {
        let engine = &self.inner.engine;
        let done = engine.cas(&part(kind, account), name.as_bytes(), old, new);
        Ok(self.inner.noticing(done)?)
    }

    /// All objects of a kind, by name.
    pub fn objects(&self, kind: ObjectKind, account: Account) -> Result<Vec<(String, Bytes)>, StoreError> {
        let mut found = Vec::new();
        let mut visit = |key: &[u8], value: &[u8]| {
            found.push((String::from_utf8_lossy(key).into_owned(), Bytes::copy_from_slice(value)));
            ControlFlow::Continue(())
        };
        let view = self.inner.engine.view();
        view.scan(Family::Object, &part(kind, account), KeyRange::all(), false, &mut visit)?;
        Ok(found)
    }
}
