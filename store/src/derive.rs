//! From records to a digest: the pure middle, called.

use std::sync::Arc;

use beamline_model::decode::{self, Sources};
use beamline_model::derive;
use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_model::record::Record;
use beamline_model::time::Timestamp;
use beamline_model::trace::{GRACE, Trace};

use crate::api::OwnedRecord;
use crate::clock;
use crate::codec::location::Location;
use crate::engine::View;
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::entry::Entry;
use crate::sealed::{self, Seen};
use crate::table::{self, DigestAt, summaries};

/// A moment after which nothing is waited for any more.
pub(crate) const SETTLED: Timestamp = Timestamp::MAX;

/// What all these records say of their trace.
pub(crate) fn digest(trace: TraceId, records: &[Record<'_>], now: Timestamp) -> Digest {
    digest_from(&mut Sources::default(), trace, records, now)
}

fn digest_from<'a>(sources: &mut Sources<'a>, trace: TraceId, records: &[Record<'a>], now: Timestamp) -> Digest {
    let decoded = decode::nodes_from(sources, records);
    derive::digest(&Trace::assemble(trace, decoded.nodes), now)
}

/// What is sealed of a trace that is live.
pub(crate) struct Before {
    pub(crate) day: u16,
    pub(crate) location: Location,
    pub(crate) records: Vec<OwnedRecord>,
    pub(crate) digest: Arc<Digest>,
    pub(crate) at: DigestAt,
}

/// Looks up what is sealed of a live trace.
pub(crate) fn before(
    store: &Inner,
    view: &dyn View,
    days: &[u16],
    entry: &Entry,
) -> Result<Option<Before>, StoreError> {
    let found = sealed::locate_near(view, days, entry.key, entry.start, entry.last_received())?;
    let Some((day, location)) = found else {
        return Ok(None);
    };
    // What cannot be read is counted; the rest of the trace goes on without it.
    let records = store.frames.read(view, day, entry.key, &location.runs)?.records;
    let (account, trace) = entry.key;
    let (digest, at) = match summaries::find(view, account, trace, location.digest)? {
        Some(found) => found,
        // Derived data: what is lost of it is derived again.
        None => (Arc::new(again(trace, &location, &records)), location.digest),
    };
    Ok(Some(Before {
        day,
        location,
        records,
        digest,
        at,
    }))
}

/// The digest of what is sealed, derived again.
fn again(trace: TraceId, location: &Location, records: &[OwnedRecord]) -> Digest {
    let records: Vec<_> = records.iter().map(OwnedRecord::borrow).collect();
    let mut digest = digest(trace, &records, SETTLED);
    digest.revision = location.revision;
    digest.limit_exceeded = location.limit_exceeded;
    digest
}

/// What is known of a live trace of which nothing is sealed.
pub(crate) fn new<'a>(sources: &mut Sources<'a>, entry: &'a Entry, now: Timestamp) -> Digest {
    let records: Vec<Record<'a>> = entry.records().collect();
    let mut digest = digest_from(sources, entry.key.1, &records, now);
    digest.revision = entry.changes(|_| true);
    digest.limit_exceeded = entry.limit_exceeded;
    digest
}

/// What is known of a live trace, with what is sealed of it; `None` when all of it is sealed.
pub(crate) fn live(entry: &Entry, before: Option<&Before>, now: Timestamp) -> Option<Digest> {
    let Some(before) = before else {
        return Some(new(&mut Sources::default(), entry, now));
    };
    let mut records: Vec<Record<'_>> = Vec::with_capacity(entry.len());
    let seen = Seen::of(&before.records);
    records.extend(before.records.iter().map(OwnedRecord::borrow));
    records.extend(entry.records().filter(|record| !seen.has(record)));
    let changes = entry.changes(|record| !seen.has(record));
    let exceeded_now = entry.limit_exceeded && !before.location.limit_exceeded;
    if records.len() == before.records.len() && !exceeded_now {
        return None;
    }
    let mut digest = digest(entry.key.1, &records, now);
    digest.revision = before.location.revision.saturating_add(changes.max(1));
    digest.limit_exceeded = entry.limit_exceeded || before.location.limit_exceeded;
    Some(digest)
}

/// The digest of a live trace as readers want it: derived once per change and kept with the entry, and once more when
/// it was waited for in vain.
pub(crate) fn for_readers(
    store: &Inner,
    view: &dyn View,
    days: &[u16],
    entry: &Entry,
) -> Result<Option<table::Live>, StoreError> {
    readers_at(store, view, days, entry, clock::now())
}

fn readers_at(
    store: &Inner,
    view: &dyn View,
    days: &[u16],
    entry: &Entry,
    now: Timestamp,
) -> Result<Option<table::Live>, StoreError> {
    let mut kept = &entry.derived;
    if let Some(known) = kept.get() {
        // Time changes what a digest says in one moment only: when nothing is waited for any more.
        let waited_in_vain = |live: &table::Live| live.digest.partial && now >= live.digest.updated.plus(GRACE);
        if !known.as_ref().is_some_and(waited_in_vain) {
            return Ok(known.clone());
        }
        kept = &entry.derived_settled;
        if let Some(known) = kept.get() {
            return Ok(known.clone());
        }
    }
    let before = before(store, view, days, entry)?;
    let live = live(entry, before.as_ref(), now).map(|digest| table::Live {
        digest: Arc::new(digest),
        sealed: before.map(|before| before.digest),
    });
    // Somebody else may have been faster with the same answer.
    let _ = kept.set(live.clone());
    Ok(live)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::api::Account;
    use crate::hot::Incoming;
    use crate::{Store, StoreConfig};

    const TRACE: TraceId = TraceId(0x6a00_0000 << 96 | 1);
    const RECEIVED: Timestamp = Timestamp::from_seconds(1_778_384_900);

    fn add(entry: &mut Entry, name: &str, rest: &str) {
        let body = format!(
            r#"{{"name":"{name}","id":"{:016x}","trace_id":"{TRACE}","start_time":1778384896,{rest}}}"#,
            entry.len() + 1
        );
        let record = Incoming {
            account: Account::default(),
            trace: TRACE,
            received: RECEIVED,
            start: RECEIVED,
            weight: 1.0,
            context: None,
            in_progress: rest.contains("in_progress"),
            body: body.as_bytes(),
        };
        entry.add(&record, 1, Instant::now(), |context| {
            bytes::Bytes::copy_from_slice(context)
        });
    }

    #[test]
    fn what_is_in_progress_is_derived_once_for_each_change_and_once_when_it_settles() {
        let store = Store::open(StoreConfig::in_memory()).unwrap();
        let view = store.inner.engine.view();
        let read = |entry: &Entry, now| {
            let live = readers_at(&store.inner, &*view, &view.days(), entry, now).unwrap();
            live.unwrap().digest
        };
        let mut entry = Entry::new((Account::default(), TRACE), 0, Instant::now());
        add(
            &mut entry,
            "shop",
            r#""end_time":1778384899,"subsegments":[{"name":"stock","id":"00000000000000aa","namespace":"remote",
               "start_time":1778384896,"end_time":1778384898,"traced":true}]"#,
        );
        let (soon, later) = (RECEIVED.plus(GRACE - 1), RECEIVED.plus(GRACE));
        let waiting = read(&entry, RECEIVED);
        assert!(waiting.partial);
        assert!(Arc::ptr_eq(&waiting, &read(&entry, soon)));
        let settled = read(&entry, later);
        assert!(!settled.partial, "the callee never came");
        assert!(Arc::ptr_eq(&settled, &read(&entry, later.plus(1))));

        add(&mut entry, "shop", r#""in_progress":true"#);
        let changed = read(&entry, RECEIVED);
        assert_eq!((changed.partial, changed.segments.len()), (true, 3));
        let settled = read(&entry, later);
        assert!(settled.partial, "it says so itself, for ever");
        assert!(Arc::ptr_eq(&settled, &read(&entry, later.plus(GRACE))));
    }
}
