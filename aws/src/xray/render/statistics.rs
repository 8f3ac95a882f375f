//! Counts and histograms.

use beamline_model::stats::{Histogram, Stats};
use beamline_proto::generated::xray::{
    EdgeStatistics, ErrorStatistics, FaultStatistics, HistogramEntry, ServiceStatistics,
};

use super::seconds;

pub(crate) fn service(stats: &Stats) -> ServiceStatistics {
    ServiceStatistics {
        ok_count: Some(stats.ok),
        error_statistics: Some(errors(stats)),
        fault_statistics: Some(faults(stats)),
        total_count: Some(stats.total()),
        total_response_time: Some(total_time(stats)),
    }
}

pub(crate) fn edge(stats: &Stats) -> EdgeStatistics {
    EdgeStatistics {
        ok_count: Some(stats.ok),
        error_statistics: Some(errors(stats)),
        fault_statistics: Some(faults(stats)),
        total_count: Some(stats.total()),
        total_response_time: Some(total_time(stats)),
    }
}

/// Ascending by value; the counts sum to the statistic's total, from which Grafana derives rates.
pub(crate) fn histogram(histogram: &Histogram) -> Vec<HistogramEntry> {
    let entry = |(&bucket, &count): (&u16, &i64)| HistogramEntry {
        value: Some(seconds(Histogram::value(bucket))),
        count: Some(i32::try_from(count).unwrap_or(i32::MAX)),
    };
    histogram.buckets.iter().map(entry).collect()
}

fn errors(stats: &Stats) -> ErrorStatistics {
    ErrorStatistics {
        throttle_count: Some(stats.throttle),
        other_count: Some(stats.error),
        total_count: Some(stats.throttle + stats.error),
    }
}

fn faults(stats: &Stats) -> FaultStatistics {
    FaultStatistics {
        other_count: Some(stats.fault),
        total_count: Some(stats.fault),
    }
}

/// Milliseconds are as precise as X-Ray's own sums.
fn total_time(stats: &Stats) -> f64 {
    (stats.total_time as f64 / 1e6).round() / 1e3
}
