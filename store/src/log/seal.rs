//! Sealing: moves events from memory and the hot log into chunks.
//!
//! A group is sealed as a whole, when it has enough events or had to wait long enough or memory is short. Its chunks, what
//! they say about days, streams and traces, and how far the hot log is needed land in one atomic batch; only then do
//! the events leave the live table.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::chunk::{Row, build};
use super::keys::{self, GroupKey, Place};
use super::live::Piece;
use super::{correlate, day, retain, streams};
use crate::config::LogConfig;
use crate::engine::{Durability, Family, View, WriteBatch};
use crate::error::StoreError;
use crate::hot::LOGS;
use crate::inner::Inner;
use crate::seal::Which;
use crate::{clock, meta};

/// What one write seals at most, in bytes held, unless a single group has more.
const MOST_BYTES: usize = 16 << 20;
/// And in groups.
const MOST_GROUPS: usize = 256;

/// Sees to it that one at a time moves, merges or removes events.
#[derive(Default)]
pub(crate) struct LogSealer {
    state: Mutex<super::merge::Due>,
}

impl LogSealer {
    /// Nothing is sealed or merged while this is held.
    pub(super) fn alone(&self) -> MutexGuard<'_, super::merge::Due> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events of a group, as they are sealed.
struct Picked {
    key: GroupKey,
    pieces: Vec<Arc<Piece>>,
}

/// Seals what is due, or everything. Says whether that was anything.
pub(crate) fn pass(store: &Inner, which: Which) -> Result<bool, StoreError> {
    let mut due = store.log_sealer.alone();
    let picked = pick(store, which);
    let busy = !picked.is_empty();
    for some in batches(picked) {
        for place in write(store, &some)? {
            due.touched(place);
        }
    }
    store.logs.sweep();
    Ok(busy)
}

/// Picks the groups that are due, those that wait longest first; when memory is short, the largest too.
fn pick(store: &Inner, which: Which) -> Vec<Picked> {
    let LogConfig {
        seal_bytes, seal_age, ..
    } = store.config.logs;
    let now = Instant::now();
    let state = store.logs.state();
    let (mut due, mut rest) = (Vec::new(), Vec::new());
    for (&key, group) in &state.groups {
        let is_due =
            which == Which::All || group.bytes >= seal_bytes || now.saturating_duration_since(group.opened) >= seal_age;
        if is_due { &mut due } else { &mut rest }.push((key, group));
    }
    if store.logs.bytes() > store.log_budget() {
        let mut left: usize = rest.iter().map(|(_, group)| group.bytes).sum();
        rest.sort_unstable_by_key(|(_, group)| group.bytes);
        while left > store.log_budget() / 2
            && let Some(largest) = rest.pop()
        {
            left -= largest.1.bytes;
            due.push(largest);
        }
    }
    due.sort_unstable_by_key(|(_, group)| group.pieces.first().map(|piece| piece.first_commit));
    let picked = due.into_iter().map(|(key, group)| Picked {
        key,
        pieces: group.pieces.clone(),
    });
    picked.collect()
}

fn batches(picked: Vec<Picked>) -> Vec<Vec<Picked>> {
    let mut batches: Vec<Vec<Picked>> = Vec::new();
    let mut bytes = usize::MAX;
    for group in picked {
        let more: usize = group.pieces.iter().map(|piece| piece.bytes()).sum();
        bytes = bytes.saturating_add(more);
        match batches.last_mut() {
            Some(batch) if bytes <= MOST_BYTES && batch.len() < MOST_GROUPS => batch.push(group),
            _ => {
                bytes = more;
                batches.push(vec![group]);
            }
        }
    }
    batches
}

/// Seals some groups in one write; says where chunks were written.
fn write(store: &Inner, picked: &[Picked]) -> Result<Vec<Place>, StoreError> {
    let mut batch = WriteBatch::default();
    let mut written = Written::default();
    let watermarks = watermarks(store, picked);
    {
        let view = store.engine.view();
        for group in picked {
            one(store, &*view, group, &mut batch, &mut written)?;
            let unsealed = watermarks.unsealed.to_be_bytes().to_vec();
            if store.log_groups.of_number(group.key).is_some() {
                batch.put(Family::LogIndex, group.key.part(), keys::UNSEALED, unsealed);
            }
        }
    }
    meta::put_watermark(&mut batch, LOGS, watermarks.needed);
    meta::put_last_received(&mut batch, store.stamper.last());

    let gate = store.gate.write().unwrap_or_else(PoisonError::into_inner);
    // Not synced: until a later commit syncs the log, the hot values that this replaces are still there.
    store.write(batch, Durability::Write)?;
    let gone: Vec<_> = picked
        .iter()
        .map(|group| store.logs.sealed(group.key, group.pieces.len()))
        .collect();
    drop(gate);
    // Freed outside of the gate, which readers wait for.
    drop(gone);
    let counters = &store.counters.logs;
    counters.sealed_events.fetch_add(written.events, Ordering::Relaxed);
    counters.sealed_bytes.fetch_add(written.bytes, Ordering::Relaxed);
    counters
        .chunks
        .fetch_add(written.places.len() as u64, Ordering::Relaxed);
    counters.orphans.fetch_add(written.orphans, Ordering::Relaxed);
    Ok(written.places)
}

#[derive(Default)]
struct Written {
    places: Vec<Place>,
    events: u64,
    bytes: u64,
    /// Events of groups and streams that are gone.
    orphans: u64,
}

/// How far the hot log is needed.
struct Watermarks {
    /// Once this is written.
    needed: u64,
    /// By the groups that are written: what comes later is not in them.
    unsealed: u64,
}

fn watermarks(store: &Inner, picked: &[Picked]) -> Watermarks {
    let sealed: FxHashMap<GroupKey, usize> = picked.iter().map(|group| (group.key, group.pieces.len())).collect();
    let state = store.logs.state();
    let mut needed = state.next_commit;
    // What arrived for these groups since they were picked is not sealed.
    let mut unsealed = state.next_commit;
    for (key, group) in &state.groups {
        let behind = sealed.get(key).copied().unwrap_or(0);
        let first = group.pieces.get(behind).map(|piece| piece.first_commit);
        if let Some(first) = first {
            needed = needed.min(first);
            if behind > 0 {
                unsealed = unsealed.min(first);
            }
        }
    }
    Watermarks { needed, unsealed }
}

/// Adds the chunks of a group, and what follows from them.
fn one(
    store: &Inner,
    view: &dyn View,
    picked: &Picked,
    batch: &mut WriteBatch,
    written: &mut Written,
) -> Result<(), StoreError> {
    let key = picked.key;
    let rows = picked.pieces.iter().flat_map(|piece| piece.rows());
    let Some(group) = store.log_groups.of_number(key) else {
        written.orphans += rows.count() as u64;
        return Ok(());
    };
    let mut seen = FxHashMap::default();
    let mut by_day: Vec<(u16, Row<'_>)> = Vec::new();
    let days = retain::days(store, &group);
    let today = clock::now().day();
    for row in rows {
        let stream = match seen.entry(row.stream) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(free) => free.insert(streams::record(view, key, row.stream)?),
        };
        match stream {
            Some(stream) => streams::saw(stream, row.at.time, row.at.received),
            None => {
                written.orphans += 1;
                continue;
            }
        }
        by_day.push((plausible(row.at.time, row.at.received, days).day(), row));
    }
    by_day.sort_by_key(|(day, row)| (*day, row.at));
    for of_day in by_day.chunk_by(|a, b| a.0 == b.0) {
        let day = of_day[0].0;
        let rows: Vec<Row<'_>> = of_day.iter().map(|(_, row)| *row).collect();
        let mut known = day::get(view, key, day)?.unwrap_or_default();
        for rows in build::chunks(&rows) {
            let before = batch.changes.len();
            let chunk = known.take_number();
            let head = build::add(key.on(day), chunk, rows, batch);
            // A day whose traces are gone gets no table again for the sake of events that are kept longer.
            if day.saturating_add(store.config.retention_days) >= today {
                correlate::add(key, day, chunk, rows, batch);
            }
            known.add(&head);
            written.events += head.events;
            written.bytes += bytes_of(batch, before);
            written.places.push(key.on(day));
        }
        known.put(key, day, batch);
    }
    seen.values()
        .flatten()
        .for_each(|stream| streams::put(key, stream, batch));
    Ok(())
}

/// Bytes of the values that were added behind a place.
pub(super) fn bytes_of(batch: &WriteBatch, from: usize) -> u64 {
    let sizes = batch.changes[from..].iter().map(|change| match change {
        crate::engine::Change::Put { value, .. } => value.len() as u64,
        _ => 0,
    });
    sizes.sum()
}

/// A time that retention can live with: a sender whose clock is far off must not have its events dropped at once, or
/// kept for ever.
fn plausible(time: Timestamp, received: Timestamp, days: u16) -> Timestamp {
    const DAY: i64 = 86_400_000_000_000;
    let earliest = received.plus(-DAY * i64::from(days.saturating_sub(1)));
    let latest = received.plus(DAY);
    if time < earliest || time > latest {
        received
    } else {
        time
    }
}

/// The first commit of which events of a group may not be sealed.
pub(crate) fn unsealed(view: &dyn View, key: GroupKey) -> Result<u64, StoreError> {
    match view.get(Family::LogIndex, &key.part(), &keys::UNSEALED)? {
        Some(value) => match value[..].try_into() {
            Ok(bytes) => Ok(u64::from_be_bytes(bytes)),
            Err(_) => Err(StoreError::Damaged(format!("the watermark of log group {}", key.group))),
        },
        None => Ok(0),
    }
}
