//! From a live trace to what will be written of it.

use std::sync::Arc;

use beamline_model::decode::Sources;
use beamline_model::digest::Digest;
use beamline_model::time::Timestamp;

use crate::codec::location::{Location, Run};
use crate::derive::{self, Before, SETTLED};
use crate::engine::{Family, View, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::entry::Entry;
use crate::sealed::{Seen, trace_key};
use crate::table::{Sealed, Tables};

/// A trace about to be sealed.
pub(crate) struct Prepared {
    pub(crate) entry: Arc<Entry>,
    /// The day its frames and its row belong to: that of its first digest.
    pub(crate) day: u16,
    /// What is sealed of it already.
    pub(crate) before: Option<Before>,
    /// Its digest with everything; `None` when nothing of the entry is new.
    pub(crate) digest: Option<Arc<Digest>>,
}

impl Prepared {
    /// Which records are new, by their index in the entry.
    pub(crate) fn fresh(&self) -> Vec<usize> {
        match (&self.digest, &self.before) {
            (None, _) => Vec::new(),
            (Some(_), None) => (0..self.entry.len()).collect(),
            (Some(_), Some(before)) => {
                let seen = Seen::of(&before.records);
                let records = self.entry.records().enumerate();
                records
                    .filter(|(_, record)| !seen.has(record))
                    .map(|(index, _)| index)
                    .collect()
            }
        }
    }

    /// Bytes of the trace, earlier seals included.
    pub(crate) fn total_bytes(&self) -> usize {
        let before = self.before.as_ref().map_or(0, |before| before.location.bytes);
        usize::try_from(before)
            .unwrap_or(usize::MAX)
            .saturating_add(self.entry.arena().len())
    }
}

/// Derives all of a batch, on as many threads as are configured. They come back by account, day and trace.
pub(crate) fn all(store: &Inner, entries: &[Arc<Entry>]) -> Result<Vec<Prepared>, StoreError> {
    let view = store.engine.view();
    let days = view.days();
    let threads = store.config.seal.threads.max(1);
    let share = entries.len().div_ceil(threads).max(1);
    let of = |entries: &[Arc<Entry>]| -> Result<Vec<Prepared>, StoreError> {
        let mut sources = Sources::default();
        let each = entries.iter();
        each.map(|entry| one(store, &*view, &days, &mut sources, entry))
            .collect()
    };
    let mut prepared = if threads == 1 {
        of(entries)?
    } else {
        let shares = std::thread::scope(|scope| {
            let running: Vec<_> = entries
                .chunks(share)
                .map(|entries| scope.spawn(|| of(entries)))
                .collect();
            let ended = running.into_iter().map(|thread| match thread.join() {
                Ok(prepared) => prepared,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            ended.collect::<Result<Vec<_>, _>>()
        })?;
        shares.into_iter().flatten().collect()
    };
    prepared.sort_unstable_by_key(|trace: &Prepared| (trace.entry.key.0, trace.day, trace.entry.key.1));
    Ok(prepared)
}

fn one<'a>(
    store: &Inner,
    view: &dyn View,
    days: &[u16],
    sources: &mut Sources<'a>,
    entry: &'a Arc<Entry>,
) -> Result<Prepared, StoreError> {
    let before = derive::before(store, view, days, entry)?;
    let digest = match entry.derived.get() {
        // Readers had it derived, and it does not depend on the time any more.
        Some(Some(live)) if !live.digest.partial => Some(Arc::clone(&live.digest)),
        _ if before.is_none() => Some(Arc::new(derive::new(sources, entry, SETTLED))),
        _ => derive::live(entry, before.as_ref(), SETTLED).map(Arc::new),
    };
    let day = match (&before, &digest) {
        (Some(before), _) => before.day,
        (None, Some(digest)) => plausible(digest.start, entry.last_received(), store.config.retention_days).day(),
        (None, None) => entry.last_received().day(),
    };
    Ok(Prepared {
        entry: Arc::clone(entry),
        day,
        before,
        digest,
    })
}

/// A start that retention can live with: a client whose clock is far off must not have its traces dropped at once, or
/// kept for ever.
fn plausible(start: Timestamp, received: Timestamp, retention_days: u16) -> Timestamp {
    const DAY: i64 = 86_400_000_000_000;
    let earliest = received.plus(-DAY * i64::from(retention_days.saturating_sub(1)));
    let latest = received.plus(DAY);
    if start < earliest || start > latest {
        received
    } else {
        start
    }
}

/// Adds digests, statistics and locations to the batch that holds the frames.
pub(crate) fn put(
    store: &Inner,
    tables: &mut Tables,
    prepared: &[Prepared],
    runs: &[Option<Run>],
    batch: &mut WriteBatch,
) -> Result<(), StoreError> {
    let mut sealed = Vec::with_capacity(prepared.len());
    let mut changed = Vec::with_capacity(prepared.len());
    for (trace, run) in prepared.iter().zip(runs) {
        let Some(digest) = &trace.digest else {
            continue;
        };
        changed.push((trace, run));
        sealed.push(Sealed {
            account: trace.entry.key.0,
            digest: Arc::clone(digest),
            before: trace
                .before
                .as_ref()
                .map(|before| (Arc::clone(&before.digest), before.at)),
        });
    }
    let places = tables.seal(&*store.engine.view(), &sealed, batch)?;
    for (((trace, run), sealed), digest) in changed.into_iter().zip(&sealed).zip(places) {
        let before = trace.before.as_ref().map(|before| &before.location);
        let location = Location {
            revision: sealed.digest.revision,
            limit_exceeded: sealed.digest.limit_exceeded,
            bytes: trace.total_bytes() as u64,
            digest,
            runs: before
                .into_iter()
                .flat_map(|before| before.runs.iter().copied())
                .chain(*run)
                .collect(),
        };
        let (part, key) = trace_key(trace.entry.key);
        batch.put(Family::Trace(trace.day), part, key, location.encode());
    }
    Ok(())
}
