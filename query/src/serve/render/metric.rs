//! Series, and what their points add up to.

use beamline_model::metric::{Kind, Label, Origin, Temporality};
use beamline_proto::query as pb;
use beamline_store::api::metric::FoundSeries;

use super::{range, time};
use crate::metrics::{Statistics, StatisticsSeries};

pub(in super::super) fn metric_series(found: &FoundSeries) -> pb::MetricSeries {
    let facts = found.descriptor.facts();
    pb::MetricSeries {
        id: format!("{:032x}", found.descriptor.hash()),
        kind: kind(facts.kind).into(),
        temporality: temporality(facts.temporality).into(),
        monotonic: facts.monotonic,
        labels: facts.labels.iter().map(label).collect(),
        active: found.active.as_ref().map(range),
        name: facts.name.into_owned(),
        namespace: facts.namespace.map(Into::into).unwrap_or_default(),
        description: facts.description.into_owned(),
        unit: facts.unit.into_owned(),
        scope: facts.scope.into_owned(),
    }
}

fn kind(kind: Kind) -> pb::MetricKind {
    match kind {
        Kind::Gauge => pb::MetricKind::Gauge,
        Kind::Sum => pb::MetricKind::Sum,
        Kind::Histogram => pb::MetricKind::Histogram,
        Kind::Exponential => pb::MetricKind::ExponentialHistogram,
        Kind::Summary => pb::MetricKind::Summary,
        Kind::Statistics => pb::MetricKind::Statistics,
    }
}

fn temporality(temporality: Temporality) -> pb::Temporality {
    match temporality {
        Temporality::Unspecified => pb::Temporality::Unspecified,
        Temporality::Delta => pb::Temporality::Delta,
        Temporality::Cumulative => pb::Temporality::Cumulative,
    }
}

fn label(label: &Label<'_>) -> pb::Label {
    let origin = match label.origin {
        Origin::Resource => pb::LabelOrigin::Resource,
        Origin::Scope => pb::LabelOrigin::Scope,
        Origin::Point => pb::LabelOrigin::Point,
    };
    pb::Label {
        key: label.key.to_string(),
        value: label.value.to_string(),
        origin: origin.into(),
    }
}

/// `names` are those of the statistics, in order.
pub(in super::super) fn statistics(answer: &Statistics, names: Vec<String>) -> pb::GetStatisticsResponse {
    pb::GetStatisticsResponse {
        range: Some(range(&answer.range)),
        period: Some(prost_types::Duration {
            seconds: i64::try_from(answer.period).unwrap_or(i64::MAX),
            nanos: 0,
        }),
        statistics: names,
        series: answer.series.iter().map(of_series).collect(),
        truncated: answer.truncated,
    }
}

fn of_series(series: &StatisticsSeries) -> pb::StatisticsSeries {
    let buckets = series.buckets.iter().map(|(start, values)| pb::StatisticsBucket {
        start: Some(time(*start)),
        values: values.clone(),
    });
    pb::StatisticsSeries {
        series: series.series.as_ref().map(metric_series),
        unit: series.unit.clone(),
        buckets: buckets.collect(),
        count: series.count as u64,
    }
}
