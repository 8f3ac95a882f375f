//! Reading one trace, wherever its records are.

use bytes::Bytes;

use crate::api::{OwnedRecord, StoredTrace};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::Key;
use crate::live::entry::Entry;

/// Everything kept of one trace.
pub(crate) fn trace(store: &Inner, key: Key) -> Result<Option<StoredTrace>, StoreError> {
    let Some(entry) = store.live.get(&key) else {
        return Ok(None);
    };
    let mut records = owned(&entry);
    records.sort_by_key(|record| record.received);
    Ok(Some(StoredTrace {
        records,
        limit_exceeded: entry.limit_exceeded,
        revision: 1,
    }))
}

/// The records of a live trace, which share one copy of its bytes.
pub(crate) fn owned(entry: &Entry) -> Vec<OwnedRecord> {
    let bytes = Bytes::copy_from_slice(entry.arena());
    let own = |(index, record): (usize, beamline_model::record::Record<'_>)| OwnedRecord {
        trace: record.trace,
        received: record.received,
        weight: record.weight,
        context: entry.shared_context(index),
        body: bytes.slice(entry.range(index)),
    };
    entry.records().enumerate().map(own).collect()
}
