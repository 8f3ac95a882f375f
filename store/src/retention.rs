//! Forgetting, by the day: whole partitions at once, never key by key.

use beamline_model::time::Timestamp;

use crate::Store;
use crate::engine::Family;
use crate::error::StoreError;
use crate::inner::Inner;
use crate::{metric, seal};

const MINUTES_A_DAY: u32 = 24 * 60;

/// The first day that is kept; `None` when nothing can be old enough.
pub(crate) fn first_kept(store: &Inner, now: Timestamp) -> Option<u16> {
    let first = now.day().saturating_sub(store.config.retention_days);
    (first > 0).then_some(first)
}

/// The first minute of a day.
pub(crate) fn minute(day: u16) -> u32 {
    u32::from(day) * MINUTES_A_DAY
}

/// Drops all below a day, and of the derived tables all below a minute.
pub(crate) fn drop_before(store: &Inner, first_kept: u16, minute: u32) -> Result<(), StoreError> {
    let engine = &store.engine;
    // Rows before what they point to, so that nobody is led to frames that are gone.
    for family in [Family::Summary, Family::Bitmap, Family::Filter, Family::Edge] {
        store.noticing(engine.drop_before(family, minute))?;
    }
    store.noticing(engine.drop_before(Family::Trace(first_kept - 1), 0))?;
    store.noticing(engine.drop_before(Family::Block, u32::from(first_kept)))?;
    let begin = Timestamp::from_minute(minute);
    metric::seal::drop_before(store, begin)?;
    metric::retire::pass(store, begin)
}

impl Store {
    /// Drops every day that is older than the configured number of days, as seen from `now`. The store does this by
    /// itself every few minutes.
    pub fn retain(&self, now: Timestamp) -> Result<(), StoreError> {
        seal::retain_now(&self.inner, now)
    }
}
