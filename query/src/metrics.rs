//! What was measured.

use beamline_model::metric::{Descriptor, Distribution, Point, Statistic, request};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::Account;
use beamline_store::api::metric::{FoundSeries, SeriesPage, SeriesQuery, SeriesTerm};

use crate::QueryError;
use crate::source::Source;

/// Most series of one answer.
pub const MOST_SERIES: usize = 1_000;
/// So many buckets an answer has unless its period is chosen.
pub const USUAL_BUCKETS: u64 = 1_440;
/// Most buckets of one answer.
pub const MOST_BUCKETS: u64 = 10_000;

const SECOND: u64 = 1_000_000_000;

/// Which series. A series has to meet all terms.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Whose.
    pub account: Account,
    /// What they say.
    pub terms: Vec<SeriesTerm>,
}

/// Some series, in the order in which they were first seen.
///
/// # Errors
/// If the store fails.
pub fn list(
    source: &dyn Source,
    selection: &Selection,
    active: Option<TimeRange>,
    limit: usize,
    after: Option<u32>,
) -> Result<SeriesPage, QueryError> {
    let page = source.metrics().series(&SeriesQuery {
        account: selection.account,
        terms: selection.terms.clone(),
        range: active,
        limit: limit.min(MOST_SERIES),
        after,
    })?;
    Ok(page)
}

/// The points of a series in a stretch of time, as encoded `ResourceMetrics` of a bounded number of points each, and how
/// many points those are. None for series of CloudWatch, which have no form in OTLP.
///
/// # Errors
/// If the store fails.
pub fn points(
    source: &dyn Source,
    account: Account,
    series: &FoundSeries,
    range: &TimeRange,
) -> Result<Vec<(Vec<u8>, usize)>, QueryError> {
    if series.descriptor.facts().namespace.is_some() {
        return Ok(Vec::new());
    }
    let points = source.metrics().points(account, series.series, range)?;
    let encoded = |some: &[Point]| (resource_metrics(&series.descriptor, some), some.len());
    Ok(points.chunks(POINTS).map(encoded).collect())
}

/// So many points are in one message, so that it stays small even if each has hundreds of buckets.
const POINTS: usize = 500;

/// The one `ResourceMetrics` of a request that has the points of one series.
fn resource_metrics(descriptor: &Descriptor, points: &[Point]) -> Vec<u8> {
    let request = request::write([(descriptor, points)]);
    let mut rest = request.as_slice();
    // A tag, a length, and the message up to the end.
    let read = prost::encoding::decode_key(&mut rest).and_then(|_| prost::encoding::decode_varint(&mut rest));
    match read {
        Ok(_) => rest.to_vec(),
        Err(_) => Vec::new(),
    }
}

/// Asks what points add up to.
#[derive(Clone, Debug)]
pub struct StatisticsRequest {
    /// Of which series.
    pub selection: Selection,
    /// When.
    pub range: TimeRange,
    /// Length of a bucket in seconds; `None` means a minute, or more if that gave too many.
    pub period: Option<u64>,
    /// Which.
    pub statistics: Vec<Statistic>,
    /// One answer for each series.
    pub split: bool,
}

/// What points add up to.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// The range that was looked at.
    pub range: TimeRange,
    /// The period that was used, in seconds.
    pub period: u64,
    /// Of all series together, or of each.
    pub series: Vec<StatisticsSeries>,
    /// More series are selected than one answer looks at.
    pub truncated: bool,
}

/// What the points of one or more series add up to.
#[derive(Clone, Debug)]
pub struct StatisticsSeries {
    /// Which series, if it is one.
    pub series: Option<FoundSeries>,
    /// The unit of all; empty if nobody said or they differ.
    pub unit: String,
    /// How many series went in.
    pub count: usize,
    /// Begin of each bucket that has points, and the values there, NaN where the points do not tell.
    pub buckets: Vec<(Timestamp, Vec<f64>)>,
}

/// What points add up to, period by period.
///
/// # Errors
/// If there would be too many buckets or the store fails.
pub fn statistics(source: &dyn Source, wanted: &StatisticsRequest) -> Result<Statistics, QueryError> {
    let (range, period) = whole_periods(&wanted.range, wanted.period)?;
    let account = wanted.selection.account;
    let page = list(source, &wanted.selection, Some(range.clone()), MOST_SERIES, None)?;
    let truncated = page.next.is_some();
    let of = |numbers: &[u32]| -> Result<Vec<(Timestamp, Vec<f64>)>, QueryError> {
        let found = source.metrics().statistics(account, numbers, &range, period * SECOND)?;
        let values = |distribution: &Distribution| {
            let value = |statistic: &Statistic| distribution.statistic(*statistic).unwrap_or(f64::NAN);
            wanted.statistics.iter().map(value).collect()
        };
        Ok(found.iter().map(|(start, it)| (*start, values(it))).collect())
    };
    let mut series = Vec::new();
    if wanted.split {
        for found in page.series {
            let buckets = of(&[found.series])?;
            if !buckets.is_empty() {
                series.push(StatisticsSeries {
                    unit: found.descriptor.facts().unit.into_owned(),
                    series: Some(found),
                    count: 1,
                    buckets,
                });
            }
        }
    } else {
        let numbers: Vec<u32> = page.series.iter().map(|found| found.series).collect();
        series.push(StatisticsSeries {
            series: None,
            unit: common_unit(&page.series),
            count: numbers.len(),
            buckets: of(&numbers)?,
        });
    }
    Ok(Statistics {
        range,
        period,
        series,
        truncated,
    })
}

fn common_unit(series: &[FoundSeries]) -> String {
    let mut units = series.iter().map(|found| found.descriptor.facts().unit.into_owned());
    let first = units.next().unwrap_or_default();
    if units.all(|unit| unit == first) {
        first
    } else {
        String::new()
    }
}

/// The range in whole periods, and the period in seconds.
fn whole_periods(range: &TimeRange, period: Option<u64>) -> Result<(TimeRange, u64), QueryError> {
    let seconds = range.end.since(range.start).div_ceil(SECOND);
    // Whole minutes, as few as do.
    let usual = || seconds.div_ceil(60).div_ceil(USUAL_BUCKETS).max(1) * 60;
    let period = period.unwrap_or_else(usual);
    if seconds.div_ceil(period) > MOST_BUCKETS {
        return Err(QueryError::Invalid {
            field: "period",
            message: format!("gives more than {MOST_BUCKETS} buckets"),
        });
    }
    let length = i64::try_from(period.saturating_mul(SECOND)).unwrap_or(i64::MAX);
    let start = Timestamp(range.start.0.div_euclid(length).saturating_mul(length));
    let over = range.end.0.rem_euclid(length);
    let end = if over == 0 {
        range.end
    } else {
        range.end.plus(length - over)
    };
    Ok((start..end, period))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: i64, end: i64, period: Option<u64>, expected: (i64, i64, u64)) {
        let range = Timestamp::from_seconds(start)..Timestamp::from_seconds(end);
        let (range, period) = whole_periods(&range, period).unwrap();
        assert_eq!(
            (range.start.0 / 1_000_000_000, range.end.0 / 1_000_000_000, period),
            expected
        );
    }

    #[test]
    fn ranges_are_widened_to_whole_periods() {
        check(61, 119, Some(60), (60, 120, 60));
        check(60, 120, Some(60), (60, 120, 60));
        check(3, 4, Some(1), (3, 4, 1));
        check(61, 119, None, (60, 120, 60));
        check(0, 1_440 * 60, None, (0, 86_400, 60));
        check(0, 1_441 * 60, None, (0, 86_520, 120));
    }

    #[test]
    fn too_many_buckets_are_refused() {
        let range = Timestamp::ZERO..Timestamp::from_seconds(10_001);
        assert!(whole_periods(&range, Some(1)).is_err());
        assert!(whole_periods(&range, Some(2)).is_ok());
    }
}
