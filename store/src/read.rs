//! Reading one trace, wherever its records are.

use bytes::Bytes;

use crate::api::{OwnedRecord, StoredTrace};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::Key;
use crate::live::entry::Entry;
use crate::sealed::{Seen, locate};

/// Everything kept of one trace.
pub(crate) fn trace(store: &Inner, key: Key) -> Result<Option<StoredTrace>, StoreError> {
    // Live first: what is sealed between the two looks is then found twice, and counted once.
    let live = store.live.get(&key);
    let view = store.engine.view();
    let mut found: Option<StoredTrace> = None;
    for (day, location) in locate(&*view, key)? {
        let trace = found.get_or_insert_default();
        trace.revision = trace.revision.max(location.revision);
        trace.limit_exceeded |= location.limit_exceeded;
        let read = store.frames.read(&*view, day, key, &location.runs)?;
        trace.damaged += read.damaged;
        add(&mut trace.records, read.records);
    }
    if let Some(entry) = live {
        let trace = found.get_or_insert_default();
        trace.limit_exceeded |= entry.limit_exceeded;
        let seen = Seen::of(&trace.records);
        trace.revision += entry.changes(|record| !seen.has(record));
        add(&mut trace.records, owned(&entry));
    }
    if let Some(trace) = &mut found {
        trace.records.sort_by_key(|record| record.received);
    }
    Ok(found)
}

/// Adds those that are not there.
fn add(records: &mut Vec<OwnedRecord>, mut more: Vec<OwnedRecord>) {
    if !records.is_empty() {
        let seen = Seen::of(records);
        more.retain(|record| !seen.has(&record.borrow()));
    }
    records.append(&mut more);
}

/// The records of a live trace, which share one copy of its bytes.
fn owned(entry: &Entry) -> Vec<OwnedRecord> {
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
