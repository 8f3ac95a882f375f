//! Messages into requests, with every mistake named by its field.

use std::time::Duration;

use beamline_model::metric::Statistic;
use beamline_model::time::TimeRange;
use beamline_proto::query as pb;
use beamline_store::api::metric::SeriesTerm;

use super::super::request::{Checked, account, count, invalid, range};
use crate::metrics::{MOST_SERIES, Selection, StatisticsRequest};
use crate::source::Source;

const MOST_LABELS: usize = 30;
const MOST_STATISTICS: usize = 20;
const USUAL: usize = 100;

pub(super) struct ListWanted {
    pub(super) selection: Selection,
    pub(super) active: Option<TimeRange>,
    pub(super) limit: usize,
    pub(super) after: Option<u32>,
}

pub(super) fn list(source: &dyn Source, message: &pb::ListSeriesRequest) -> Checked<ListWanted> {
    Ok(ListWanted {
        selection: selection(source, message.scope.as_ref(), message.selection.as_ref())?,
        active: message.active.as_ref().map(|active| range(Some(active))).transpose()?,
        limit: count(message.limit, USUAL, MOST_SERIES),
        after: cursor(&message.cursor)?,
    })
}

pub(super) struct PointsWanted {
    pub(super) selection: Selection,
    pub(super) range: TimeRange,
    pub(super) limit: usize,
    pub(super) after: Option<u32>,
}

pub(super) fn points(source: &dyn Source, message: &pb::ReadPointsRequest) -> Checked<PointsWanted> {
    Ok(PointsWanted {
        selection: selection(source, message.scope.as_ref(), message.selection.as_ref())?,
        range: range(message.range.as_ref())?,
        limit: count(message.limit, USUAL, MOST_SERIES),
        after: cursor(&message.cursor)?,
    })
}

pub(super) fn statistics(source: &dyn Source, message: &pb::GetStatisticsRequest) -> Checked<StatisticsRequest> {
    Ok(StatisticsRequest {
        selection: selection(source, message.scope.as_ref(), message.selection.as_ref())?,
        range: range(message.range.as_ref())?,
        period: message.period.as_ref().map(seconds).transpose()?,
        statistics: named(&message.statistics)?,
        split: message.split,
    })
}

fn selection(
    source: &dyn Source,
    scope: Option<&pb::Scope>,
    selection: Option<&pb::SeriesSelection>,
) -> Checked<Selection> {
    let account = account(source, scope)?;
    let mut terms = Vec::new();
    if let Some(selection) = selection {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        terms.extend(given(&selection.name).map(SeriesTerm::Name));
        terms.extend(given(&selection.namespace).map(SeriesTerm::Namespace));
        terms.extend(given(&selection.service).map(SeriesTerm::Service));
        if selection.labels.len() > MOST_LABELS {
            return Err(invalid("selection.labels", format!("must be at most {MOST_LABELS}")));
        }
        for label in &selection.labels {
            terms.push(match &label.value {
                Some(value) => SeriesTerm::Label(label.key.clone(), value.clone()),
                None => SeriesTerm::LabelKey(label.key.clone()),
            });
        }
    }
    Ok(Selection { account, terms })
}

fn named(names: &[String]) -> Checked<Vec<Statistic>> {
    if names.len() > MOST_STATISTICS {
        return Err(invalid("statistics", format!("must be at most {MOST_STATISTICS}")));
    }
    let names: Vec<&str> = match names {
        [] => vec!["SampleCount", "Sum", "Average", "Minimum", "Maximum"],
        names => names.iter().map(|name| usual_name(name)).collect(),
    };
    let parse = |name: &str| {
        let parsed = name.parse::<Statistic>();
        parsed.map_err(|error| invalid("statistics", error.to_string()))
    };
    names.into_iter().map(parse).collect()
}

/// CloudWatch's name of a basic statistic, which people write in many ways.
fn usual_name(name: &str) -> &str {
    match name.to_ascii_lowercase().as_str() {
        "count" | "samplecount" => "SampleCount",
        "sum" => "Sum",
        "average" | "avg" | "mean" => "Average",
        "minimum" | "min" => "Minimum",
        "maximum" | "max" => "Maximum",
        _ => name,
    }
}

fn seconds(period: &prost_types::Duration) -> Checked<u64> {
    let whole = Duration::try_from(*period)
        .ok()
        .filter(|period| period.subsec_nanos() == 0 && period.as_secs() > 0);
    let whole = whole
        .map(|period| period.as_secs())
        .filter(|seconds| *seconds <= 366 * 86_400);
    whole.ok_or_else(|| invalid("period", "must be a whole number of seconds, at most a year"))
}

const VERSION: u8 = 1;

fn cursor(bytes: &[u8]) -> Checked<Option<u32>> {
    match bytes {
        [] => Ok(None),
        [VERSION, a, b, c, d] => Ok(Some(u32::from_be_bytes([*a, *b, *c, *d]))),
        _ => Err(invalid("cursor", "was not given by this server")),
    }
}

/// The bytes that a client sends back to go on behind a series.
pub(super) fn cursor_bytes(series: u32) -> Vec<u8> {
    [&[VERSION], &series.to_be_bytes()[..]].concat()
}
