//! Answers into messages.

mod enrichment;
mod graph;
mod insight;
mod log;
mod metric;
mod node;
mod summary;
mod trace;

pub(super) use enrichment::{joined_exemplar, joined_log, joined_metric, rank, took};
pub(super) use graph::{graph, series_set};
pub(super) use insight::insight;
pub(super) use log::{log_event, log_group, log_stream};
pub(super) use metric::{metric_series, statistics};
pub(super) use summary::{ranked, summary};
pub(super) use trace::{trace_parts, with_enrichment};

use beamline_model::digest::ServiceId;
use beamline_model::time::Timestamp;
use beamline_proto::query as pb;

pub(super) fn time(time: Timestamp) -> prost_types::Timestamp {
    const NANOS: i64 = 1_000_000_000;
    prost_types::Timestamp {
        seconds: time.0.div_euclid(NANOS),
        nanos: i32::try_from(time.0.rem_euclid(NANOS)).expect("a remainder of 10^9 is below 2^31"),
    }
}

/// A length of time in nanoseconds; below zero only in sums of corrections, where it is told as it is.
fn duration(nanos: i64) -> prost_types::Duration {
    const NANOS: i64 = 1_000_000_000;
    prost_types::Duration {
        seconds: nanos / NANOS,
        nanos: i32::try_from(nanos % NANOS).expect("a remainder of 10^9 is below 2^31"),
    }
}

fn length(nanos: u64) -> prost_types::Duration {
    duration(i64::try_from(nanos).unwrap_or(i64::MAX))
}

/// A count; complete sums are never negative.
fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn service_id(id: &ServiceId) -> pb::ServiceId {
    pb::ServiceId {
        name: id.name.clone(),
        r#type: id.kind.clone(),
        account: id.account.clone(),
    }
}

pub(super) fn range(range: &beamline_model::time::TimeRange) -> pb::TimeRange {
    pb::TimeRange {
        start: Some(time(range.start)),
        end: Some(time(range.end)),
    }
}

pub(super) fn minutes(minutes: u32) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::from(minutes) * 60,
        nanos: 0,
    }
}
