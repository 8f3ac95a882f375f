//! Forgetting series that have no points any more.
//!
//! In two steps, because somebody may have been told a number and not sent its points yet: first nobody is told the number
//! any more without leaving a mark, and the next time, minutes later, those without a mark go.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::atomic::Ordering;

use beamline_model::time::Timestamp;

use super::activity::Activity;
use super::registry::{descriptor_of, forget};
use super::{SeriesKey, keys};
use crate::api::Account;
use crate::engine::{Family, KeyRange, View};
use crate::error::StoreError;
use crate::inner::Inner;

/// So many at a time: the rest can wait.
const AT_ONCE: usize = 10_000;

/// Forgets those that were to be forgotten when this was called the last time, and finds more.
pub(crate) fn pass(store: &Inner, first_kept: Timestamp) -> Result<(), StoreError> {
    let hour = keys::hour(first_kept);
    let mut accounts: BTreeMap<Account, Vec<u32>> = BTreeMap::new();
    for key in store.registry.retiring() {
        if is_over(store, &*store.engine.view(), key, hour)? {
            accounts.entry(key.0).or_default().push(key.1);
        }
    }
    for (account, series) in accounts {
        let forgotten = forget(store, account, &series)?;
        store.metric_counters.retired.fetch_add(forgotten, Ordering::Relaxed);
    }
    let view = store.engine.view();
    let mut left = AT_ONCE;
    for (account, _, _) in store.accounts.all() {
        for series in over(&*view, account, hour, left)? {
            let key = (account, series);
            if let Some(descriptor) = descriptor_of(&*view, key)?
                && store.points.get(key).is_none()
            {
                store.registry.begin_retiring(key, &descriptor);
                left = left.saturating_sub(1);
            }
        }
    }
    Ok(())
}

/// Series of an account whose last points are gone.
fn over(view: &dyn View, account: Account, hour: u32, most: usize) -> Result<Vec<u32>, StoreError> {
    let range = KeyRange {
        start: Bound::Included(keys::activity(0).to_vec()),
        end: Bound::Included(keys::activity(u32::MAX).to_vec()),
    };
    let mut found = Vec::new();
    if most == 0 {
        return Ok(found);
    }
    view.scan(
        Family::Series,
        &keys::account(account),
        range,
        false,
        &mut |key, value| {
            if let (Some(series), Some(activity)) = (keys::series_of(key), Activity::decode(value))
                && activity.last_kept() < hour
            {
                found.push(series);
            }
            match found.len() < most {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        },
    )?;
    Ok(found)
}

fn is_over(store: &Inner, view: &dyn View, key: SeriesKey, hour: u32) -> Result<bool, StoreError> {
    let activity = super::activity::activity(view, key)?;
    Ok(activity.is_some_and(|activity| activity.last_kept() < hour) && store.points.get(key).is_none())
}
