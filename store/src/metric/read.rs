//! Points and statistics of a time range.

use std::sync::{Arc, PoisonError};

use beamline_model::id::TraceId;
use beamline_model::metric::series::Buckets;
use beamline_model::metric::{Distribution, Point};
use beamline_model::time::{TimeRange, Timestamp};
use bytes::Bytes;

use super::chunk::Row;
use super::exemplars::Points;
use super::hour::{Hour, merge};
use super::live::Entry;
use super::registry::descriptor_of;
use super::strays::Strays;
use super::{SeriesKey, keys};
use crate::Store;
use crate::api::Account;
use crate::engine::{Family, View};
use crate::error::StoreError;
use crate::inner::Inner;

/// So many hours of a series are looked up at once.
const HOURS_AT_ONCE: u32 = 256;

/// Sealed and live points of one moment.
pub(super) struct Moment<'a> {
    store: &'a Inner,
    pub(super) view: Box<dyn View + 'a>,
    live: Vec<Arc<Entry>>,
}

impl<'a> Moment<'a> {
    /// Now, with the live points of an account's series that have exemplars.
    pub(super) fn with_exemplars(store: &'a Inner, account: Account) -> Self {
        let gate = store.gate.read().unwrap_or_else(PoisonError::into_inner);
        let live = store.points.with_exemplars(account);
        let view = store.engine.view();
        drop(gate);
        Self { store, view, live }
    }

    /// Now, with the live points of some series.
    pub(super) fn of_series(store: &'a Inner, account: Account, series: &[u32]) -> Self {
        let gate = store.gate.read().unwrap_or_else(PoisonError::into_inner);
        let live = series.iter().filter_map(|&series| store.points.get((account, series)));
        let live = live.collect();
        let view = store.engine.view();
        drop(gate);
        Self { store, view, live }
    }

    /// The rows of a series in a range, by time.
    pub(super) fn rows(&self, key: SeriesKey, range: &TimeRange) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        if range.start >= range.end {
            return Ok(rows);
        }
        let strays = Strays::read(&*self.view, key.0)?;
        let (first, last) = (keys::hour(range.start), keys::hour(range.end.plus(-1)));
        // Nobody asks the engine for hours of ages in which the series had nothing.
        let active = super::activity::activity(&*self.view, key)?.and_then(|activity| activity.hours);
        let (first, last) = match active {
            Some((from, to)) => (first.max(from), last.min(to)),
            None => (1, 0),
        };
        let mut from = first;
        while from <= last {
            let to = last.min(from.saturating_add(HOURS_AT_ONCE - 1));
            let hours = (from..=to).map(|hour| Hour {
                series: key,
                hour,
                strays: false,
            });
            self.read(hours.collect(), range, &mut rows)?;
            let Some(next) = to.checked_add(1) else { break };
            from = next;
        }
        let hours = strays.hours_in(range).map(|hour| Hour {
            series: key,
            hour,
            strays: true,
        });
        self.read(hours.collect(), range, &mut rows)?;
        for entry in self.live.iter().filter(|entry| entry.key == key) {
            let live = entry.rows().0.into_iter().map(|(row, _)| row);
            let inside = |row: &Row| range.start <= row.point.time && row.point.time < range.end;
            merge(&mut rows, live.filter(inside).collect());
        }
        Ok(rows)
    }

    fn read(&self, hours: Vec<Hour>, range: &TimeRange, rows: &mut Vec<Row>) -> Result<(), StoreError> {
        let places: Vec<_> = hours.iter().map(|hour| hour.place(0)).collect();
        let heads: Vec<Option<Bytes>> = self.view.multi_get(Family::Points, &places)?;
        for (hour, head) in hours.into_iter().zip(heads) {
            let Some(head) = head else { continue };
            let mut found = Vec::new();
            hour.read(&*self.view, &self.store.metric_counters, &head, range, &mut found)?;
            merge(rows, found);
        }
        Ok(())
    }

    /// Live points with exemplars of a trace.
    pub(super) fn live_links(&self, trace: TraceId) -> Points {
        let mut points = Points::new();
        for entry in &self.live {
            for (row, _) in entry.rows().0 {
                if row
                    .point
                    .exemplars
                    .iter()
                    .any(|exemplar| exemplar.trace() == Some(trace))
                {
                    points.insert((entry.key.1, row.point.time));
                }
            }
        }
        points
    }
}

/// Where a cumulative series stood before a range is looked for so far back.
const LOOK_BACK: i64 = 3_600_000_000_000;
/// No more periods are computed at once.
const MOST_PERIODS: u64 = 100_800;

impl Store {
    /// The points of a series whose time is in a range, in order of time. Everything acknowledged before the call is
    /// there, each point once. Blocks.
    pub fn points(&self, account: Account, series: u32, range: &TimeRange) -> Result<Vec<Point>, StoreError> {
        let moment = Moment::of_series(&self.inner, account, &[series]);
        let rows = moment.rows((account, series), range)?;
        Ok(rows.into_iter().map(|row| row.point).collect())
    }

    /// What some series together measured in a range, period by period: those periods that have anything, by their first
    /// moment. Periods have `period` nanoseconds and begin at multiples of it. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Malformed`] if the periods are too many or of no length.
    pub fn series_statistics(
        &self,
        account: Account,
        series: &[u32],
        range: &TimeRange,
        period: u64,
    ) -> Result<Vec<(Timestamp, Distribution)>, StoreError> {
        let too_many = StoreError::Malformed("too many periods, or of no length");
        let periods = range.end.since(range.start).checked_div(period);
        let period = i64::try_from(period)
            .ok()
            .filter(|_| periods.is_some_and(|count| count <= MOST_PERIODS));
        let mut buckets = Buckets::new(range.clone(), period.ok_or(too_many)?);
        let moment = Moment::of_series(&self.inner, account, series);
        let from = range.start.plus(-LOOK_BACK);
        for &series in series {
            let Some(descriptor) = descriptor_of(&*moment.view, (account, series))? else {
                continue;
            };
            let rows = moment.rows((account, series), &(from..range.end))?;
            buckets.add(&descriptor.facts(), rows.iter().map(|row| &row.point));
        }
        Ok(buckets.finish())
    }
}
