//! What several operations ask for in the same way.

use std::collections::BTreeSet;

use beamline_model::group::DEFAULT_GROUP;
use beamline_model::id::{BadTraceId, TraceId};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_proto::aws::Seconds;
use beamline_query::filter::Selection;

use super::Call;
use crate::fault::Fault;

const SIX_HOURS: u64 = 6 * 3_600 * 1_000_000_000;

/// `[StartTime, EndTime)` of any length.
pub(super) fn long_range(start: Seconds, end: Seconds) -> Result<TimeRange, Fault> {
    let moment = |Seconds(seconds)| Timestamp::from_wire_seconds(seconds).unwrap_or_default();
    let (start, end) = (moment(start), moment(end));
    if start >= end {
        return Err(Fault::invalid("StartTime must be before EndTime"));
    }
    Ok(start..end)
}

/// `[StartTime, EndTime)`.
pub(super) fn range(call: &Call, start: Seconds, end: Seconds) -> Result<TimeRange, Fault> {
    let TimeRange { start, end } = long_range(start, end)?;
    if call.limits.strict && end.since(start) > SIX_HOURS {
        return Err(Fault::invalid("the time range must not be longer than 6 hours"));
    }
    Ok(start..end)
}

/// The traces of a group, named in one of two ways or not at all. Every trace is in the group `Default`.
pub(super) fn group(call: &Call, name: Option<String>, arn: Option<String>) -> Result<Selection, Fault> {
    let group = match (name, arn) {
        (Some(_), Some(_)) => return Err(Fault::invalid("give either GroupName or GroupARN")),
        (name, arn) => name.or(arn),
    };
    let default_arn = call.arn(&format!("group/{DEFAULT_GROUP}"));
    Ok(Selection {
        filter: None,
        group: group.filter(|group| group != DEFAULT_GROUP && *group != default_arn),
    })
}

/// Trace ids in either spelling, each with the spelling it was asked for in.
pub(super) fn traces(call: &Call, texts: Vec<String>) -> Result<Vec<(TraceId, String)>, Fault> {
    let limit = if call.limits.strict { 5 } else { 1_000 };
    if texts.len() > limit {
        return Err(Fault::invalid(format!("Exceeding maximum query size: {limit}")));
    }
    distinct(texts)
}

/// Trace ids, each once, in the order in which they are named first.
pub(super) fn distinct(texts: Vec<String>) -> Result<Vec<(TraceId, String)>, Fault> {
    let mut known = BTreeSet::new();
    let mut traces: Vec<(TraceId, String)> = Vec::with_capacity(texts.len());
    for text in texts {
        let trace: TraceId = text.parse().map_err(|bad: BadTraceId| Fault::invalid(bad))?;
        if known.insert(trace) {
            traces.push((trace, text));
        }
    }
    Ok(traces)
}
