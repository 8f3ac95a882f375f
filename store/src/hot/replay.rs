//! Recovery: what is in the hot log and not sealed goes back into the live table.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use beamline_model::time::Timestamp;

use super::codec;
use crate::engine::{Family, KeyRange};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::live::SHARDS;
use crate::meta;

/// Replays the log above each shard's watermark, and sets the numbers of commits and the clock to go on behind what it
/// found. A damaged value is skipped, counted and logged: what else was acknowledged is worth more than stopping.
pub(crate) fn replay(store: &Inner) -> Result<(), StoreError> {
    let view = store.engine.view();
    let mut next_commit = 0;
    let mut last_received = meta::last_received(&*view)?;
    for shard in 0..SHARDS {
        let watermark = meta::watermark(&*view, shard)?;
        next_commit = next_commit.max(watermark);
        let range = KeyRange::from(watermark.to_be_bytes());
        let mut visit = |key: &[u8], value: &[u8]| {
            let Ok(commit) = key.try_into().map(u64::from_be_bytes) else {
                store.counters.damaged.fetch_add(1, Ordering::Relaxed);
                return ControlFlow::Continue(());
            };
            next_commit = next_commit.max(commit + 1);
            if let Err(error) = one(store, shard, commit, value, &mut last_received) {
                store.counters.damaged.fetch_add(1, Ordering::Relaxed);
                tracing::error!(shard, commit, %error, "skipped while replaying");
            }
            ControlFlow::Continue(())
        };
        view.scan(Family::Hot, &[shard as u8], range, false, &mut visit)?;
    }
    for shard in 0..SHARDS {
        store.live.shard(shard).next_commit = next_commit;
    }
    store.next_commit.store(next_commit, Ordering::Relaxed);
    store.stamper.seed(last_received);
    Ok(())
}

fn one(store: &Inner, shard: usize, commit: u64, value: &[u8], last: &mut Timestamp) -> Result<(), codec::Damaged> {
    let mut result = Ok(());
    store.live.apply(shard, commit, |add| {
        result = codec::decode(value, &mut |record| {
            *last = (*last).max(record.received);
            store.counters.replayed.fetch_add(1, Ordering::Relaxed);
            add(&record);
        });
    });
    result
}
