//! From a trace to the measurements that were made in it.
//!
//! When a point is sealed whose exemplars name traces, a row is written for each in the day's table of traces, behind
//! where the trace's own row is or would be: the row's key says series and time of the point, and its value is empty. What
//! was measured is in the point.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use rustc_hash::FxHashSet;

use super::chunk::Row;
use super::{SeriesKey, keys};
use crate::Store;
use crate::api::Account;
use crate::api::metric::TraceExemplar;
use crate::engine::{Family, KeyRange, View, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;

/// A day keeps so many links of a trace; further ones are counted and dropped.
const MOST_LINKS: usize = 1_024;

/// Links about to be written, by day, account and trace.
#[derive(Default)]
pub(super) struct Links(BTreeMap<(u16, Account, TraceId), FxHashSet<[u8; 12]>>);

impl Links {
    /// Takes in the exemplars of rows that are kept in an hour.
    pub(super) fn gather(&mut self, (account, series): SeriesKey, rows: &[Row], hour: u32) {
        let day = keys::begin(hour).day();
        for row in rows {
            for trace in row.point.exemplars.iter().filter_map(|exemplar| exemplar.trace()) {
                let links = self.0.entry((day, account, trace)).or_default();
                links.insert(keys::link(series, row.point.time));
            }
        }
    }

    /// Puts the rows into a batch, as many as a trace may have.
    pub(super) fn put(self, store: &Inner, view: &dyn View, batch: &mut WriteBatch) -> Result<(), StoreError> {
        for ((day, account, trace), links) in self.0 {
            let (part, prefix) = keys::links(account, trace);
            let mut have = FxHashSet::default();
            each_link(view, day, &part, &prefix, &mut |link| {
                have.insert(*link);
                have.len() < MOST_LINKS
            })?;
            for link in links {
                if have.contains(&link) {
                    continue;
                }
                if have.len() >= MOST_LINKS {
                    store.metric_counters.links_dropped.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                have.insert(link);
                let key = [&prefix[..], &link].concat();
                batch.put(Family::Trace(day), part.clone(), key, Vec::new());
            }
        }
        Ok(())
    }
}

/// Calls `each` with the end of the key of every link, while it says so.
fn each_link(
    view: &dyn View,
    day: u16,
    part: &[u8],
    prefix: &[u8],
    each: &mut dyn FnMut(&[u8; 12]) -> bool,
) -> Result<(), StoreError> {
    let range = KeyRange::from(prefix);
    view.scan(Family::Trace(day), part, range, false, &mut |key, _| match key
        .strip_prefix(prefix)
        .map(TryInto::try_into)
    {
        Some(Ok(link)) if each(link) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    })?;
    Ok(())
}

impl Store {
    /// The measurements that were made in a trace, by series and time, at most so many. Blocks.
    pub fn exemplars_of_trace(
        &self,
        account: Account,
        trace: TraceId,
        limit: usize,
    ) -> Result<Vec<TraceExemplar>, StoreError> {
        let moment = super::read::Moment::with_exemplars(&self.inner, account);
        let mut points = moment.live_links(trace);
        let (part, prefix) = keys::links(account, trace);
        for day in moment.view.days() {
            each_link(&*moment.view, day, &part, &prefix, &mut |link| {
                points.extend(keys::link_of(link));
                true
            })?;
        }
        let mut found = Vec::new();
        for (series, time) in points {
            let after = time.plus(1);
            for row in moment.rows((account, series), &(time..after))? {
                let exemplars = row.point.exemplars.into_iter();
                let of_trace = exemplars.filter(|exemplar| exemplar.trace() == Some(trace));
                found.extend(of_trace.map(|exemplar| TraceExemplar { series, time, exemplar }));
            }
            if found.len() >= limit {
                found.truncate(limit);
                break;
            }
        }
        Ok(found)
    }
}

/// Series and time of points, in order and each once.
pub(super) type Points = std::collections::BTreeSet<(u32, Timestamp)>;
