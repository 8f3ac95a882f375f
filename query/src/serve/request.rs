//! Messages into requests, with every mistake named by its field.

use std::time::Duration;

use beamline_model::id::TraceId;
use beamline_model::insight::{InsightId, State};
use beamline_model::lang::trace_filter::EntitySelector;
use beamline_model::lang::trace_filter::ast::CauseKind;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_proto::query as pb;
use beamline_store::api::{Account, Cursor, Order, TimeBasis};

use crate::QueryError;
use crate::filter::Selection;
use crate::insights::{ListRequest, Place};
use crate::paths::PathsRequest;
use crate::search::{DEFAULT_BUDGET, MAX_LIMIT, SearchRequest};
use crate::series::{MOST_BUCKETS, SeriesRequest};
use crate::source::{Source, find_account};

pub(super) type Checked<T> = Result<T, QueryError>;

pub(super) fn invalid(field: &'static str, message: impl Into<String>) -> QueryError {
    let message = message.into();
    QueryError::Invalid { field, message }
}

pub(super) fn account(source: &dyn Source, scope: Option<&pb::Scope>) -> Checked<Account> {
    let (id, region) = scope.map_or(("", ""), |scope| (&scope.account, &scope.region));
    find_account(source, id, region)
}

fn moment(field: &'static str, time: Option<&prost_types::Timestamp>) -> Checked<Timestamp> {
    let time = time.ok_or_else(|| invalid(field, "is required"))?;
    if !(0..1_000_000_000).contains(&time.nanos) {
        return Err(invalid(field, "has nanos outside of 0 to 999,999,999"));
    }
    Ok(Timestamp::from_seconds(time.seconds).plus(i64::from(time.nanos)))
}

pub(super) fn range(range: Option<&pb::TimeRange>) -> Checked<TimeRange> {
    let range = range.ok_or_else(|| invalid("range", "is required"))?;
    let start = moment("range.start", range.start.as_ref())?;
    let end = moment("range.end", range.end.as_ref())?;
    if start >= end {
        return Err(invalid("range.end", "must be later than the start"));
    }
    Ok(start..end)
}

pub(super) fn selection(selection: Option<&pb::Selection>) -> Checked<Selection> {
    match selection {
        Some(selection) => Selection::parse(&selection.filter, &selection.group),
        None => Ok(Selection::default()),
    }
}

pub(super) fn trace(field: &'static str, text: &str) -> Checked<TraceId> {
    text.parse().map_err(|error| invalid(field, format!("is {error}")))
}

/// Most traces of one graph.
const MOST_TRACE_IDS: usize = 100;

pub(super) fn traces(texts: &[String]) -> Checked<Vec<TraceId>> {
    if texts.is_empty() || texts.len() > MOST_TRACE_IDS {
        return Err(invalid("trace_ids", format!("must be 1 to {MOST_TRACE_IDS}")));
    }
    texts.iter().map(|text| trace("trace_ids", text)).collect()
}

pub(super) fn enumerated<T: TryFrom<i32>>(field: &'static str, number: i32) -> Checked<T> {
    T::try_from(number).map_err(|_| invalid(field, format!("{number} is not one of the known values")))
}

/// How many, where 0 means `usual`, and more than `most` means that.
pub(super) fn count(number: u32, usual: usize, most: usize) -> usize {
    match usize::try_from(number) {
        Ok(0) => usual,
        Ok(number) => number.min(most),
        Err(_) => most,
    }
}

pub(super) fn search(source: &dyn Source, message: &pb::SearchRequest) -> Checked<SearchRequest> {
    Ok(SearchRequest {
        account: account(source, message.scope.as_ref())?,
        range: range(message.range.as_ref())?,
        basis: match enumerated("basis", message.basis)? {
            pb::TimeBasis::Unspecified | pb::TimeBasis::Start => TimeBasis::Start,
            pb::TimeBasis::Update => TimeBasis::Update,
            pb::TimeBasis::SegmentEnd => TimeBasis::SegmentEnd,
        },
        selection: selection(message.selection.as_ref())?,
        order: match enumerated("order", message.order)? {
            pb::Order::Unspecified | pb::Order::Newest => Order::Newest,
            pb::Order::Oldest => Order::Oldest,
            pb::Order::Slowest => Order::Slowest,
            pb::Order::MostErrors => Order::MostErrors,
        },
        limit: count(message.limit, 100, MAX_LIMIT),
        budget: match usize::try_from(message.scan_limit) {
            Ok(0) | Err(_) => DEFAULT_BUDGET,
            Ok(budget) => budget,
        },
        cursor: cursor(&message.cursor)?,
    })
}

/// Of cursors as they are now.
const CURSOR_VERSION: u8 = 1;

fn cursor(bytes: &[u8]) -> Checked<Option<Cursor>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let fields = bytes
        .split_first()
        .filter(|(version, rest)| **version == CURSOR_VERSION && rest.len() == 32);
    let read = fields.and_then(|(_, rest)| {
        let (key, rest) = rest.split_first_chunk()?;
        let (start, trace) = rest.split_first_chunk()?;
        Some(Cursor {
            key: i64::from_be_bytes(*key),
            start: Timestamp(i64::from_be_bytes(*start)),
            trace: TraceId::from_bytes(trace)?,
        })
    });
    read.map(Some)
        .ok_or_else(|| invalid("cursor", "was not given by this server"))
}

/// The bytes that a client sends back to go on.
pub(super) fn cursor_bytes(cursor: &Cursor) -> Vec<u8> {
    let (key, start) = (cursor.key.to_be_bytes(), cursor.start.0.to_be_bytes());
    [&[CURSOR_VERSION], &key[..], &start[..], &cursor.trace.to_bytes()[..]].concat()
}

pub(super) fn paths(source: &dyn Source, message: &pb::GetErrorPathsRequest) -> Checked<PathsRequest> {
    let mut kinds = Vec::new();
    for &kind in &message.kinds {
        kinds.push(match enumerated("kinds", kind)? {
            pb::CauseKind::Fault => CauseKind::Fault,
            pb::CauseKind::Error => CauseKind::Error,
            pb::CauseKind::ResponseTime => CauseKind::ResponseTime,
            pb::CauseKind::Unspecified => return Err(invalid("kinds", "must say which")),
        });
    }
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        kinds = vec![CauseKind::Fault, CauseKind::Error, CauseKind::ResponseTime];
    }
    Ok(PathsRequest {
        account: account(source, message.scope.as_ref())?,
        range: range(message.range.as_ref())?,
        selection: selection(message.selection.as_ref())?,
        kinds,
        limit: count(message.limit, 20, 1_000),
    })
}

pub(super) fn series(source: &dyn Source, message: &pb::GetTimeSeriesRequest) -> Checked<SeriesRequest> {
    let entity = match message.entity.trim() {
        "" => None,
        text => {
            let parsed = EntitySelector::parse(text);
            Some(parsed.map_err(|error| QueryError::Filter { field: "entity", error })?)
        }
    };
    Ok(SeriesRequest {
        account: account(source, message.scope.as_ref())?,
        range: range(message.range.as_ref())?,
        minutes: message.period.as_ref().map(minutes).transpose()?,
        selection: selection(message.selection.as_ref())?,
        entity,
        split: message.split,
        from: bucket(&message.cursor)?,
        most: MOST_BUCKETS,
    })
}

fn bucket(bytes: &[u8]) -> Checked<Option<Timestamp>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (&version, rest) = bytes.split_first()?;
        let start: [u8; 8] = rest.try_into().ok()?;
        (version == CURSOR_VERSION).then(|| Timestamp(i64::from_be_bytes(start)))
    };
    let start = read().ok_or_else(|| invalid("cursor", "was not given by this server"))?;
    Ok(Some(start))
}

/// The bytes that a client sends back to go on with a series.
pub(super) fn bucket_bytes(start: Timestamp) -> Vec<u8> {
    [&[CURSOR_VERSION], &start.0.to_be_bytes()[..]].concat()
}

pub(super) fn insights(source: &dyn Source, message: &pb::ListInsightsRequest) -> Checked<ListRequest> {
    Ok(ListRequest {
        account: account(source, message.scope.as_ref())?,
        group: Some(message.group.clone()).filter(|group| !group.is_empty()),
        state: match enumerated("state", message.state)? {
            pb::InsightState::Unspecified => None,
            pb::InsightState::Active => Some(State::Active),
            pb::InsightState::Closed => Some(State::Closed),
        },
        range: range(message.range.as_ref())?,
        limit: count(message.limit, 100, 1_000),
        after: place(&message.cursor)?,
    })
}

fn place(bytes: &[u8]) -> Checked<Option<Place>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (&version, rest) = bytes.split_first()?;
        let (start, id) = rest.split_first_chunk()?;
        let id: [u8; 16] = id.try_into().ok()?;
        (version == CURSOR_VERSION).then(|| Place {
            start: Timestamp(i64::from_be_bytes(*start)),
            id: InsightId(u128::from_be_bytes(id)),
        })
    };
    let place = read().ok_or_else(|| invalid("cursor", "was not given by this server"))?;
    Ok(Some(place))
}

/// The bytes that a client sends back to go on in a list of insights.
pub(super) fn place_bytes(place: &Place) -> Vec<u8> {
    let (start, id) = (place.start.0.to_be_bytes(), place.id.0.to_be_bytes());
    [&[CURSOR_VERSION], &start[..], &id[..]].concat()
}

fn minutes(period: &prost_types::Duration) -> Checked<u32> {
    let seconds = Duration::try_from(*period)
        .ok()
        .filter(|period| period.subsec_nanos() == 0);
    let seconds = seconds.map_or(0, |period| period.as_secs());
    let minutes = u32::try_from(seconds / 60)
        .ok()
        .filter(|minutes| *minutes > 0 && seconds % 60 == 0);
    minutes.ok_or_else(|| invalid("period", "must be a whole number of minutes"))
}
