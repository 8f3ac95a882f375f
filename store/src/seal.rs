//! The sealer: moves traces from memory and the hot log into compressed frames and the tables that search reads.
//!
//! A pass picks what is due ([`pick`]), derives each trace's digest from everything known of it ([`prepare`]), cuts
//! frames ([`block`]), and writes frames, locations, digests, statistics and the watermarks of the hot log in one
//! atomic batch. Only then do the traces leave the live table. Whatever happens in between, a trace is in the log or
//! sealed or both, and being in both is recognised.

mod block;
pub(crate) mod dictionary;
mod pick;
mod prepare;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use beamline_model::time::Timestamp;

use self::dictionary::Dictionaries;
use self::pick::Picked;
pub(crate) use self::pick::Which;
use self::prepare::Prepared;
use crate::engine::{Change, Durability, Family, WriteBatch};
use crate::error::StoreError;
use crate::hot::{LOGS, POINTS};
use crate::inner::Inner;
use crate::live::SHARDS;
use crate::table::Tables;
use crate::{clock, log, meta, metric, retention};

/// What the sealer remembers from pass to pass.
#[derive(Default)]
pub(crate) struct Sealer {
    /// Held during a pass: there is one at a time.
    state: Mutex<State>,
    asked: Mutex<Asked>,
    bell: Condvar,
    /// What the tables counted up to the last pass.
    figures: Mutex<Vec<(&'static str, u64)>>,
}

#[derive(Default)]
struct State {
    /// Read from the engine by the first pass, and again after a write that failed.
    writing: Option<Writing>,
    trimmed: Option<Instant>,
    /// When something was sealed last that may still be in the engine's log only.
    unsettled: Option<Instant>,
    retained: Option<Instant>,
}

/// What goes on from write to write.
pub(crate) struct Writing {
    /// Number of the next block.
    next_block: u32,
    dictionaries: Dictionaries,
    tables: Tables,
}

impl Writing {
    fn open(store: &Inner) -> Result<Self, StoreError> {
        let view = store.engine.view();
        Ok(Self {
            next_block: meta::next_block(&*view)?,
            dictionaries: Dictionaries::open(&*view, store.config.seal.level)?,
            tables: Tables::open(&*view)?,
        })
    }
}

#[derive(Default)]
struct Asked {
    stop: bool,
    /// Memory is short: look at once.
    now: bool,
}

/// How often the part of the hot log that nobody needs is cut off.
const TRIM_EVERY: Duration = Duration::from_secs(10);
/// How long nothing has been sealed before the engine's log is emptied. It would be at its own bounds too, but until then
/// a quiet server would keep what it has sealed twice.
const SETTLE_AFTER: Duration = Duration::from_secs(15);
/// How often old days are dropped.
const RETAIN_EVERY: Duration = Duration::from_secs(600);

impl Sealer {
    /// What the tables have counted since they were opened; empty before the first pass.
    pub(crate) fn figures(&self) -> Vec<(&'static str, u64)> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the thread after the pass it is in.
    pub(crate) fn stop(&self) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).stop = true;
        self.bell.notify_all();
    }

    /// Makes the next pass start at once.
    pub(crate) fn hurry(&self) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).now = true;
        self.bell.notify_all();
    }

    /// Waits for the next pass; `false` when there is none.
    fn wait(&self, every: Duration) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |asked: &mut Asked| !asked.stop && !asked.now;
        let waited = self.bell.wait_timeout_while(asked, every, idle);
        let mut asked = waited.unwrap_or_else(PoisonError::into_inner).0;
        asked.now = false;
        !asked.stop
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seals what is due, again and again, until told to stop. A pass that fails leaves everything where it is; the next
/// one tries again.
pub(crate) fn run(store: &Arc<Inner>) {
    while store.sealer.wait(store.config.seal.every) {
        if let Err(error) = pass(store, Which::Due) {
            store.counters.seal_failures.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, "sealing failed");
        }
    }
}

/// Seals what is due, or everything.
pub(crate) fn pass(store: &Inner, which: Which) -> Result<(), StoreError> {
    // A new day's table that is created while the disk is full exists only by half until the next start.
    store.try_writing();
    if let Some(reason) = store.read_only() {
        return Err(StoreError::ReadOnly(reason));
    }
    let mut state = store.sealer.state();
    let state = &mut *state;
    with_writing(store, state, |writing| follow_groups(store, writing))?;
    let due_now = pick::pick(store, which);
    let busy = !due_now.is_empty();
    for picked in due_now {
        with_writing(store, state, |writing| write(store, writing, picked))?;
        state.unsettled = Some(Instant::now());
    }
    if log::seal::pass(store, which)? {
        state.unsettled = Some(Instant::now());
    }
    if metric::seal::pass(store, which)? {
        state.unsettled = Some(Instant::now());
    }
    for shard in 0..SHARDS {
        store.live.shard(shard).sweep();
    }
    let due = |last: Option<Instant>, every| which == Which::All || last.is_none_or(|last| last.elapsed() >= every);
    if due(state.trimmed, TRIM_EVERY) {
        trim(store)?;
        state.trimmed = Some(Instant::now());
    }
    if state.unsettled.is_some_and(|last| last.elapsed() >= SETTLE_AFTER) {
        trim(store)?;
        store.engine.settle()?;
        state.unsettled = None;
    }
    if state.retained.is_none_or(|last| last.elapsed() >= RETAIN_EVERY) {
        retain(store, state, clock::now())?;
        state.retained = Some(Instant::now());
    }
    with_writing(store, state, |writing| tidy(store, writing, busy, clock::now()))
}

/// Lets `act` write with what goes on from write to write; forgets that when it fails, because what was numbered,
/// trained and counted then was not written.
fn with_writing<T>(
    store: &Inner,
    state: &mut State,
    act: impl FnOnce(&mut Writing) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut writing = match state.writing.take() {
        Some(writing) => writing,
        None => Writing::open(store)?,
    };
    let done = act(&mut writing)?;
    state.writing = Some(writing);
    Ok(done)
}

/// Lets groups that were made, changed or removed have their say in what is sealed next.
fn follow_groups(store: &Inner, writing: &mut Writing) -> Result<(), StoreError> {
    let mut batch = WriteBatch::default();
    let tables = &mut writing.tables;
    tables.follow_groups(&*store.engine.view(), &store.accounts.all(), clock::now(), &mut batch)?;
    if !batch.changes.is_empty() {
        store.write(batch, Durability::Write)?;
    }
    store.groups.store(Arc::new(writing.tables.counted_groups().clone()));
    Ok(())
}

/// Seals one batch.
fn write(store: &Inner, writing: &mut Writing, picked: Picked) -> Result<(), StoreError> {
    let mut batch = WriteBatch::default();
    let prepared = prepare::all(store, &picked.entries)?;
    let sealed = block::add(store, writing, &prepared, &mut batch)?;
    prepare::put(store, &mut writing.tables, &prepared, &sealed.runs, &mut batch)?;
    for (shard, watermark) in picked.watermarks.into_iter().enumerate() {
        meta::put_watermark(&mut batch, shard, watermark);
    }
    meta::put_next_block(&mut batch, writing.next_block);
    meta::put_last_received(&mut batch, store.stamper.last());

    let gate = store.gate.write().unwrap_or_else(PoisonError::into_inner);
    // Not synced: until a later commit syncs the log, the hot values that this replaces are still there.
    store.write(batch, Durability::Write)?;
    let gone = leave(store, &prepared);
    drop(gate);
    // Freed outside of the gate, which readers wait for.
    drop(gone);
    let (traces, again) = (
        prepared.len(),
        prepared.iter().filter(|trace| trace.before.is_some()).count(),
    );
    let records = sealed.runs.iter().flatten().map(|run| u64::from(run.records)).sum();
    store.counters.sealed(traces, again, records, sealed.bytes);
    Ok(())
}

/// Background work of the tables: a few pieces at a time while there is much to seal, else for half of the time, so that
/// what came in a rush is soon merged and indexed.
fn tidy(store: &Inner, writing: &mut Writing, busy: bool, now: Timestamp) -> Result<(), StoreError> {
    const PIECES: usize = 4;
    let begun = Instant::now();
    let mut pieces = 0;
    while pieces < PIECES || !busy && begun.elapsed() < store.config.seal.every / 2 {
        pieces += 1;
        let merged = log::merge::step(store)?;
        let batch = writing.tables.maintain(&*store.engine.view(), now)?;
        match batch {
            Some(batch) => store.write(batch, Durability::Write)?,
            None if !merged => break,
            None => {}
        }
    }
    *store.sealer.figures.lock().unwrap_or_else(PoisonError::into_inner) = writing.tables.figures();
    Ok(())
}

/// Drops every day that is older than the configured number of days.
fn retain(store: &Inner, state: &mut State, now: Timestamp) -> Result<(), StoreError> {
    log::retain::retain(store, now)?;
    let Some(first_kept) = retention::first_kept(store, now) else {
        return Ok(());
    };
    let cut = with_writing(store, state, |writing| {
        let mut batch = WriteBatch::default();
        let cut = writing.tables.drop_before(retention::minute(first_kept), &mut batch);
        store.write(batch, Durability::Commit)?;
        Ok(cut)
    })?;
    retention::drop_before(store, first_kept, cut)
}

/// The same, asked for.
pub(crate) fn retain_now(store: &Inner, now: Timestamp) -> Result<(), StoreError> {
    retain(store, &mut store.sealer.state(), now)
}

/// Takes sealed traces out of the live table. What arrived for them meanwhile stays.
fn leave(store: &Inner, prepared: &[Prepared]) -> Vec<Arc<crate::live::entry::Entry>> {
    let mut gone = Vec::with_capacity(prepared.len());
    for trace in prepared {
        gone.extend(
            store
                .live
                .sealed(&trace.entry, trace.total_bytes(), store.config.trace_limit),
        );
    }
    gone
}

/// Cuts off the part of the hot log that nobody needs. Synced, because the engine may remove files for it: the
/// watermarks that allow it must not be younger than what is on disk.
fn trim(store: &Inner) -> Result<(), StoreError> {
    let mut batch = WriteBatch::default();
    {
        let view = store.engine.view();
        for shard in (0..SHARDS).chain([LOGS, POINTS]) {
            let watermark = meta::watermark(&*view, shard)?;
            meta::put_watermark(&mut batch, shard, watermark);
            batch.changes.push(Change::DeleteBelow {
                family: Family::Hot,
                part: vec![shard as u8],
                end: watermark.to_be_bytes().to_vec(),
            });
        }
    }
    store.write(batch, Durability::Commit)
}
