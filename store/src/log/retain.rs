//! Forgetting, by the day and group: whole partitions at once.

use beamline_model::log::LogGroup;
use beamline_model::time::Timestamp;

use super::groups::whole;
use super::{day, keys};
use crate::engine::{Change, Durability, Family, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;

/// For how many days after their own events of a group are kept.
pub(super) fn days(store: &Inner, group: &LogGroup) -> u16 {
    group
        .retention
        .map_or(store.config.retention_days, |retention| retention.days())
}

/// Drops every day of every group that is older than the group says, or than everything is kept.
pub(crate) fn retain(store: &Inner, now: Timestamp) -> Result<(), StoreError> {
    let _alone = store.log_sealer.alone();
    let mut oldest = now.day();
    for (key, group) in store.log_groups.all() {
        let first_kept = now.day().saturating_sub(days(store, &group));
        oldest = oldest.min(first_kept);
        let mut batch = WriteBatch::default();
        for (day, _) in day::all(&*store.engine.view(), key)? {
            if day < first_kept {
                batch.changes.push(whole(Family::Log, key.on(day).part()));
            }
        }
        if batch.changes.is_empty() {
            continue;
        }
        batch.changes.push(Change::DeleteBelow {
            family: Family::LogIndex,
            part: key.part(),
            end: keys::day(first_kept),
        });
        store.write(batch, Durability::Commit)?;
    }
    // What no group is asked about any more: files go as a whole.
    store.noticing(store.engine.drop_before(Family::Log, u32::from(oldest)))?;
    Ok(())
}
