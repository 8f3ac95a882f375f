//! What goes with a trace.

use std::time::Duration;

use beamline_model::enrich::{JoinKind, Reason};
use beamline_proto::query as pb;

use super::log::log_event;
use super::metric::metric_series;
use super::{length, minutes, range, time};
use crate::enrich::{JoinedExemplar, JoinedLog, JoinedMetric, Rank};

pub(in super::super) fn joined_log(log: &JoinedLog) -> pb::JoinedLog {
    pb::JoinedLog {
        event: Some(log_event(&log.event, false)),
        node: log.spot.as_ref().map(|(spot, _)| row(*spot)),
        reason: Some(reason(&log.reason)),
        node_reason: log.spot.as_ref().map(|(_, why)| reason(why)),
    }
}

pub(in super::super) fn joined_metric(metric: &JoinedMetric) -> pb::JoinedMetric {
    let values = metric.values.iter().map(|(start, value)| pb::MetricValue {
        start: Some(time(*start)),
        value: *value,
    });
    pb::JoinedMetric {
        series: Some(metric_series(&metric.series)),
        node: Some(row(metric.spot)),
        reason: Some(reason(&metric.reason)),
        statistic: metric.statistic.to_owned(),
        range: Some(range(&metric.range)),
        period: Some(minutes(1)),
        values: values.collect(),
        trace_value: metric.of_trace.map(row),
    }
}

pub(in super::super) fn joined_exemplar(exemplar: &JoinedExemplar) -> pb::JoinedExemplar {
    pb::JoinedExemplar {
        series: Some(metric_series(&exemplar.series)),
        time: Some(time(exemplar.time)),
        value: exemplar.value,
        span_id: exemplar.span.map(|span| span.to_string()).unwrap_or_default(),
        node: exemplar.spot.map(row),
        reason: Some(reason(&exemplar.reason)),
    }
}

pub(in super::super) fn rank(rank: &Rank) -> pb::Rank {
    pb::Rank {
        node: row(rank.spot),
        faster: rank.faster,
        requests: rank.requests,
        p50: Some(length(rank.p50)),
        p99: Some(length(rank.p99)),
    }
}

pub(in super::super) fn took(took: Duration) -> prost_types::Duration {
    length(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX))
}

/// Rows are places in lists that fit in memory.
fn row(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn reason(reason: &Reason) -> pb::JoinReason {
    let kind = match reason.kind {
        JoinKind::Exact => pb::JoinKind::Exact,
        JoinKind::Inferred => pb::JoinKind::Inferred,
        JoinKind::Nearby => pb::JoinKind::Nearby,
    };
    pb::JoinReason {
        kind: kind.into(),
        confidence: reason.confidence,
        key: reason.key.clone(),
    }
}
