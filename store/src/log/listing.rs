//! Streams as they are told: what is sealed of them, and what is live.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::Arc;

use beamline_model::log::{LogGroup, LogStreamName};
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::chunk::At;
use super::keys::GroupKey;
use super::live::Piece;
use super::search::at_this_moment;
use super::streams;
use crate::api::log::{LogStream, LogStreamOrder, LogStreamPage, LogStreamQuery};
use crate::engine::View;
use crate::error::StoreError;
use crate::inner::Inner;

/// Live events by stream: the first time, the last, and the last reception.
struct LiveStreams(FxHashMap<u32, (Timestamp, Timestamp, Timestamp)>);

impl LiveStreams {
    fn of(pieces: &[Arc<Piece>]) -> Self {
        let mut streams = FxHashMap::default();
        for row in pieces.iter().flat_map(|piece| piece.rows()) {
            let At { time, received } = row.at;
            let (first, last, ingestion) = streams.entry(row.stream).or_insert((time, time, received));
            *first = time.min(*first);
            *last = time.max(*last);
            *ingestion = received.max(*ingestion);
        }
        Self(streams)
    }

    fn add_to(&self, mut stream: LogStream) -> LogStream {
        if let Some(&(first, last, received)) = self.0.get(&stream.number) {
            streams::saw(&mut stream, first, received);
            streams::saw(&mut stream, last, received);
        }
        stream
    }
}

/// A stream by name.
pub(super) fn one(
    store: &Inner,
    group: (GroupKey, Arc<LogGroup>),
    name: &str,
) -> Result<Option<LogStream>, StoreError> {
    at_this_moment(store, vec![group], |view, searched| {
        let Some(of) = searched.first() else { return Ok(None) };
        let Some(number) = streams::number(view, of.key, name)? else {
            return Ok(None);
        };
        let live = LiveStreams::of(&of.pieces);
        let found = streams::record(view, of.key, number)?;
        Ok(found.map(|stream| live.add_to(stream)))
    })
}

/// A page of the streams of a group.
pub(super) fn page(
    store: &Inner,
    group: (GroupKey, Arc<LogGroup>),
    query: &LogStreamQuery,
) -> Result<LogStreamPage, StoreError> {
    at_this_moment(store, vec![group], |view, searched| {
        let Some(of) = searched.first() else {
            return Ok(LogStreamPage::default());
        };
        let live = LiveStreams::of(&of.pieces);
        match query.order {
            LogStreamOrder::Name => by_name(view, of.key, &live, query),
            LogStreamOrder::LastEvent => by_last_event(view, of.key, &live, query),
        }
    })
}

fn by_name(
    view: &dyn View,
    key: GroupKey,
    live: &LiveStreams,
    query: &LogStreamQuery,
) -> Result<LogStreamPage, StoreError> {
    let mut page = LogStreamPage::default();
    let after = query.after.as_ref().map(|(_, name)| name.as_str());
    streams::each(view, key, &query.prefix, after, query.descending, &mut |stream| {
        if page.streams.len() >= query.limit {
            page.more = true;
            return ControlFlow::Break(());
        }
        page.streams.push(live.add_to(stream));
        ControlFlow::Continue(())
    })?;
    Ok(page)
}

/// Looks at all streams, and keeps no more of them than the page has.
fn by_last_event(
    view: &dyn View,
    key: GroupKey,
    live: &LiveStreams,
    query: &LogStreamQuery,
) -> Result<LogStreamPage, StoreError> {
    let directed = |order: Ordering| if query.descending { order.reverse() } else { order };
    let by = |a: (Option<Timestamp>, &LogStreamName), b: (Option<Timestamp>, &LogStreamName)| directed(a.cmp(&b));
    let mut page = LogStreamPage::default();
    let trim = |page: &mut LogStreamPage| {
        page.streams
            .sort_unstable_by(|a, b| by((a.last_event, &a.name), (b.last_event, &b.name)));
        page.more |= page.streams.len() > query.limit;
        page.streams.truncate(query.limit);
    };
    streams::each(view, key, &query.prefix, None, false, &mut |stream| {
        let stream = live.add_to(stream);
        let place = (stream.last_event, &stream.name);
        let behind = query
            .after
            .as_ref()
            .is_none_or(|(last, after)| by(place, (*last, after)).is_gt());
        if behind {
            page.streams.push(stream);
            if page.streams.len() > query.limit.saturating_mul(2).saturating_add(1024) {
                trim(&mut page);
            }
        }
        ControlFlow::Continue(())
    })?;
    trim(&mut page);
    Ok(page)
}
