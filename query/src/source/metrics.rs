//! What queries need of a store to read metrics.

use beamline_model::id::TraceId;
use beamline_model::metric::{Descriptor, Distribution, Point};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::Account;
use beamline_store::api::metric::{SeriesPage, SeriesQuery, TraceExemplar};
use beamline_store::{Store, StoreError};

use super::Nothing;

/// What points add up to, by the begin of each period that has any.
pub type Periods = Vec<(Timestamp, Distribution)>;

/// Something that series and points can be read from. Calls block.
pub trait MetricSource: Send + Sync {
    /// One page of series.
    fn series(&self, query: &SeriesQuery) -> Result<SeriesPage, StoreError>;

    /// What a series is.
    fn descriptor(&self, account: Account, series: u32) -> Result<Option<Descriptor>, StoreError>;

    /// The points of a series, by time.
    fn points(&self, account: Account, series: u32, range: &TimeRange) -> Result<Vec<Point>, StoreError>;

    /// What the points of some series add up to in periods of so many nanoseconds.
    fn statistics(
        &self,
        account: Account,
        series: &[u32],
        range: &TimeRange,
        period: u64,
    ) -> Result<Periods, StoreError>;

    /// Single measurements that name a trace.
    fn exemplars(&self, account: Account, trace: TraceId, limit: usize) -> Result<Vec<TraceExemplar>, StoreError>;
}

impl MetricSource for Store {
    fn series(&self, query: &SeriesQuery) -> Result<SeriesPage, StoreError> {
        self.series(query)
    }

    fn descriptor(&self, account: Account, series: u32) -> Result<Option<Descriptor>, StoreError> {
        self.descriptor(account, series)
    }

    fn points(&self, account: Account, series: u32, range: &TimeRange) -> Result<Vec<Point>, StoreError> {
        self.points(account, series, range)
    }

    fn statistics(
        &self,
        account: Account,
        series: &[u32],
        range: &TimeRange,
        period: u64,
    ) -> Result<Periods, StoreError> {
        self.series_statistics(account, series, range, period)
    }

    fn exemplars(&self, account: Account, trace: TraceId, limit: usize) -> Result<Vec<TraceExemplar>, StoreError> {
        self.exemplars_of_trace(account, trace, limit)
    }
}

impl MetricSource for Nothing {
    fn series(&self, _: &SeriesQuery) -> Result<SeriesPage, StoreError> {
        Ok(SeriesPage::default())
    }

    fn descriptor(&self, _: Account, _: u32) -> Result<Option<Descriptor>, StoreError> {
        Ok(None)
    }

    fn points(&self, _: Account, _: u32, _: &TimeRange) -> Result<Vec<Point>, StoreError> {
        Ok(Vec::new())
    }

    fn statistics(&self, _: Account, _: &[u32], _: &TimeRange, _: u64) -> Result<Periods, StoreError> {
        Ok(Periods::new())
    }

    fn exemplars(&self, _: Account, _: TraceId, _: usize) -> Result<Vec<TraceExemplar>, StoreError> {
        Ok(Vec::new())
    }
}
