//! From the live table into chunks.
//!
//! A pass takes the series whose points have waited long enough, adds them to the chunks of their hours, and moves the
//! watermark of the hot log with the last write, so that whatever happens in between is replayed and merged again: a
//! point that is sealed twice is kept once.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::activity::{Activity, activity};
use super::chunk::Row;
use super::exemplars::Links;
use super::hour::Hour;
use super::keys;
use super::live::Entry;
use super::strays::Strays;
use crate::api::Account;
use crate::engine::{Durability, Family, View, WriteBatch};
use crate::error::StoreError;
use crate::hot::POINTS;
use crate::inner::Inner;
use crate::meta;
use crate::seal::Which;

const DAY: i64 = 86_400_000_000_000;

/// Seals what is due, or everything; says whether there was anything.
pub(crate) fn pass(store: &Inner, which: Which) -> Result<bool, StoreError> {
    let (due, watermark) = pick(store, which);
    let most = store.config.seal.batch_records;
    let (mut begin, mut points) = (0, 0);
    for (index, entry) in due.iter().enumerate() {
        points += entry.len();
        let last = index + 1 == due.len();
        if points >= most || last {
            write(store, &due[begin..=index], last.then_some(watermark))?;
            (begin, points) = (index + 1, 0);
        }
    }
    Ok(!due.is_empty())
}

/// The series that are due, the longest waiting first, and the first commit that is needed when they are sealed.
fn pick(store: &Inner, which: Which) -> (Vec<Arc<Entry>>, u64) {
    let now = Instant::now();
    let (mut due, mut rest) = (Vec::new(), Vec::new());
    // Whatever is being committed now has a number from here on.
    let mut watermark;
    let mut left;
    {
        let state = store.points.state();
        (watermark, left) = (state.next_commit, state.bytes());
        for entry in state.entries() {
            let waited = now.saturating_duration_since(entry.opened) >= store.config.seal.age;
            let large = entry.held_bytes() >= store.config.seal.bytes;
            if which == Which::All || waited || large {
                left -= entry.held_bytes();
                due.push(Arc::clone(entry));
            } else {
                rest.push(Arc::clone(entry));
            }
        }
    }
    if left > store.points_budget() {
        rest.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.opened));
        while left > store.points_budget() / 4 * 3
            && let Some(entry) = rest.pop()
        {
            left -= entry.held_bytes();
            due.push(entry);
        }
    }
    for entry in &rest {
        watermark = watermark.min(entry.first_commit());
    }
    due.sort_unstable_by_key(|entry| entry.first_commit());
    (due, watermark)
}

/// Where a point is kept: the hour of its own time, or that of its reception if its time cannot be believed, so that
/// retention neither drops it at once nor keeps it for ever.
pub(super) fn hour_of(time: Timestamp, received: Timestamp, retention_days: u16) -> (u32, bool) {
    let earliest = received.plus(-DAY * i64::from(retention_days.saturating_sub(1)));
    if time < earliest || time > received.plus(DAY) {
        return (keys::hour(received), true);
    }
    (keys::hour(time), false)
}

/// Seals some series in one write.
fn write(store: &Inner, entries: &[Arc<Entry>], watermark: Option<u64>) -> Result<(), StoreError> {
    let view = store.engine.view();
    let mut batch = WriteBatch::default();
    let (hours, points) = sorted(store, entries);
    let mut links = Links::default();
    for (hour, rows) in &hours {
        links.gather(hour.series, rows, hour.hour);
    }
    put_hours(store, &*view, hours, &mut batch)?;
    links.put(store, &*view, &mut batch)?;
    if let Some(watermark) = watermark {
        meta::put_watermark(&mut batch, POINTS, watermark);
    }
    meta::put_last_received(&mut batch, store.stamper.last());
    drop(view);

    let gate = store.gate.write().unwrap_or_else(PoisonError::into_inner);
    // Not synced: until a later commit syncs the log, the hot values that this replaces are still there.
    store.write(batch, Durability::Write)?;
    let gone = store.points.sealed(entries);
    drop(gate);
    drop(gone);
    store.metric_counters.sealed.fetch_add(points, Ordering::Relaxed);
    Ok(())
}

/// Rows by where they are kept.
type Hours = Vec<(Hour, Vec<Row>)>;

/// The rows of some series by where they are kept, those of an hour in order of arrival, and how many there are.
fn sorted(store: &Inner, entries: &[Arc<Entry>]) -> (Hours, u64) {
    let mut hours = Hours::new();
    let mut points = 0;
    for entry in entries {
        let (rows, damaged) = entry.rows();
        store.metric_counters.damaged.fetch_add(damaged, Ordering::Relaxed);
        points += rows.len() as u64;
        let first = hours.len();
        for (row, received) in rows {
            let (hour, strays) = hour_of(row.point.time, received, store.config.retention_days);
            let hour = Hour {
                series: entry.key,
                hour,
                strays,
            };
            // Mostly the hour of the point before.
            match hours[first..].iter_mut().rfind(|(known, _)| *known == hour) {
                Some((_, rows)) => rows.push(row),
                None => hours.push((hour, vec![row])),
            }
        }
    }
    // In the order of their keys, which is how they are looked up and written best.
    hours.sort_unstable_by_key(|(hour, _)| (hour.hour, *hour));
    (hours, points)
}

fn put_hours(store: &Inner, view: &dyn View, hours: Hours, batch: &mut WriteBatch) -> Result<(), StoreError> {
    let places: Vec<_> = hours.iter().map(|(hour, _)| hour.place(0)).collect();
    let heads = view.multi_get(Family::Points, &places)?;
    let mut strays: FxHashMap<Account, (Strays, bool)> = FxHashMap::default();
    let mut activities: BTreeMap<(Account, u32), Activity> = BTreeMap::new();
    for ((hour, rows), head) in hours.into_iter().zip(heads) {
        // Once per series and hour: the row says which hours have anything, not what.
        if hour.strays || head.is_none() {
            let mut activity = match activities.remove(&hour.series) {
                Some(activity) => Some(activity),
                None => activity(view, hour.series)?,
            };
            let times = rows.iter().map(|row| row.point.time);
            match &mut activity {
                Some(activity) if hour.strays => {
                    times.for_each(|time| activity.note_stray(keys::hour(time), hour.hour))
                }
                Some(activity) => activity.note(hour.hour),
                None => {}
            }
            activities.extend(activity.map(|activity| (hour.series, activity)));
        }
        if hour.strays {
            let (of_account, changed) = match strays.entry(hour.series.0) {
                Occupied(found) => found.into_mut(),
                Vacant(vacant) => vacant.insert((Strays::read(view, hour.series.0)?, false)),
            };
            for row in &rows {
                *changed |= of_account.note(hour.hour, row.point.time);
            }
        }
        hour.add(view, &store.metric_counters, head.as_deref(), rows, batch)?;
    }
    for ((account, series), activity) in activities {
        batch.put(
            Family::Series,
            keys::account(account),
            keys::activity(series),
            activity.encode(),
        );
    }
    for (account, (strays, changed)) in strays {
        if changed {
            strays.put(account, batch);
        }
    }
    Ok(())
}

/// Forgets the strays of hours that are dropped, and then the hours of all accounts before one.
pub(crate) fn drop_before(store: &Inner, first_kept: Timestamp) -> Result<(), StoreError> {
    let hour = keys::hour(first_kept);
    let mut batch = WriteBatch::default();
    super::strays::forget_before(store, hour, &mut batch)?;
    if !batch.changes.is_empty() {
        store.write(batch, Durability::Commit)?;
    }
    Ok(store.noticing(store.engine.drop_before(Family::Points, hour))?)
}
