//! Recovery: what is in the hot log and not sealed goes back into the live table.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use beamline_model::time::Timestamp;

use super::envelope::Damaged;
use super::{LOGS, POINTS, codec};
use crate::engine::{Family, KeyRange};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::SHARDS;
use crate::{log, meta, metric};

/// Replays the log above each shard's watermark, and sets the numbers of commits and the clock to go on behind what it
/// found. A damaged value is skipped, counted and logged: what else was acknowledged is worth more than stopping.
pub(crate) fn replay(store: &Inner) -> Result<(), StoreError> {
    let mut found = Found {
        next_commit: 0,
        last_received: meta::last_received(&*store.engine.view())?,
    };
    for shard in 0..SHARDS {
        each_value(store, shard, &mut found, |commit, value, last| {
            traces(store, shard, commit, value, last)
        })?;
    }
    let mut replay = log::replay::Replay::new(store);
    each_value(store, LOGS, &mut found, |commit, value, last| {
        replay.commit(commit, value, last)
    })?;
    replay.finish()?;
    each_value(store, POINTS, &mut found, |commit, value, last| {
        points(store, commit, value, last)
    })?;
    for shard in 0..SHARDS {
        store.live.shard(shard).next_commit = found.next_commit;
    }
    store.logs.state().next_commit = found.next_commit;
    store.points.state().next_commit = found.next_commit;
    store.next_commit.store(found.next_commit, Ordering::Relaxed);
    store.stamper.seed(found.last_received);
    Ok(())
}

/// How far what was found goes.
struct Found {
    next_commit: u64,
    last_received: Timestamp,
}

/// Calls `replay` with the number and value of every commit that a shard still needs.
fn each_value(
    store: &Inner,
    shard: usize,
    found: &mut Found,
    mut replay: impl FnMut(u64, &[u8], &mut Timestamp) -> Result<(), Damaged>,
) -> Result<(), StoreError> {
    let view = store.engine.view();
    let watermark = meta::watermark(&*view, shard)?;
    found.next_commit = found.next_commit.max(watermark);
    let range = KeyRange::from(watermark.to_be_bytes());
    view.scan(Family::Hot, &[shard as u8], range, false, &mut |key, value| {
        let Ok(commit) = key.try_into().map(u64::from_be_bytes) else {
            store.counters.damaged.fetch_add(1, Ordering::Relaxed);
            return ControlFlow::Continue(());
        };
        found.next_commit = found.next_commit.max(commit + 1);
        if let Err(error) = replay(commit, value, &mut found.last_received) {
            store.counters.damaged.fetch_add(1, Ordering::Relaxed);
            tracing::error!(shard, commit, %error, "skipped while replaying");
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}

fn traces(store: &Inner, shard: usize, commit: u64, value: &[u8], last: &mut Timestamp) -> Result<(), Damaged> {
    let mut result = Ok(());
    store.live.apply(shard, commit, |add| {
        result = codec::decode(value, &mut |record| {
            *last = (*last).max(record.received);
            store.counters.records.replayed();
            add(&record);
        });
    });
    result
}

fn points(store: &Inner, commit: u64, value: &[u8], last: &mut Timestamp) -> Result<(), Damaged> {
    let mut result = Ok(());
    store.points.apply(commit, |add| {
        result = metric::hot::decode(value, &mut |point| {
            *last = (*last).max(point.received);
            store.counters.points.replayed();
            add(&point);
        });
    });
    result
}
