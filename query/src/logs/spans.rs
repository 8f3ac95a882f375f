//! The log group `aws/spans`: each span and segment that is stored, as an event.
//!
//! Nothing is kept for it; events are made from traces as they are read. An event's time is the start of its span, yet
//! at most [`REACH`] after the start of its trace. So whoever reads from a moment on finds the spans of every trace
//! that began up to [`REACH`] before, and no trace that began earlier has any more
//! ([ADR 086](../../../docs/adr/086-spans-are-a-log-group.md)).

mod best;

use std::fmt;

use beamline_model::convert::flat;
use beamline_model::decode;
use beamline_model::id::{SpanId, TraceId};
use beamline_model::log::{LogStreamName, word};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_model::trace::Trace;
use beamline_store::api::log::{LogStream, LogStreamPage, LogStreamQuery};
use beamline_store::api::{Account, Order, Search, TimeBasis};
use rustc_hash::FxHashMap;

use self::best::Best;
use super::{Cursor, Event, Page, ReadRequest, single_stream, wanted_stream};
use crate::QueryError;
use crate::source::Source;

/// What the group is called.
pub const GROUP: &str = "aws/spans";
/// What its only stream is called.
pub const STREAM: &str = "default";
/// The longest time from the start of a trace to that of an event: a minute, in nanoseconds. Longer would mean to look
/// at more traces for every page.
pub const REACH: i64 = 60_000_000_000;

/// So many traces are asked for at once.
const TRACES: usize = 256;
/// After looking at so many traces a page ends, wherever it is.
const MOST_TRACES: u64 = 200_000;

/// Where an event stands among all: they are ordered by this. `Display` prints the digits of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanPlace {
    /// Time of the event.
    pub time: Timestamp,
    /// The trace.
    pub trace: TraceId,
    /// The span.
    pub span: SpanId,
    /// Tells spans apart that have all this in common, since some services share ids.
    pub number: u16,
}

impl fmt::Display for SpanPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time.0.max(0);
        write!(f, "{time:020}{:039}{:020}{:05}", self.trace.0, self.span.0, self.number)
    }
}

impl SpanPlace {
    /// Before every event of a moment and later.
    fn before(time: Timestamp) -> Self {
        Self {
            time,
            trace: TraceId(0),
            span: SpanId(0),
            number: 0,
        }
    }
}

/// A span as an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanEvent {
    /// Which, and where it stands.
    pub place: SpanPlace,
    /// When the record that holds it was received.
    pub received: Timestamp,
    /// The span as JSON.
    pub message: String,
}

pub(super) fn streams(
    source: &dyn Source,
    account: Account,
    query: &LogStreamQuery,
) -> Result<LogStreamPage, QueryError> {
    let outermost = |order| {
        let page = source.search(&search(account, Timestamp::ZERO..Timestamp::MAX, order, 1))?;
        Ok::<_, QueryError>(page.digests.into_iter().next())
    };
    let (first, last) = (outermost(Order::Oldest)?, outermost(Order::Newest)?);
    let stream = LogStream {
        name: STREAM.parse::<LogStreamName>().expect("a word is a name"),
        number: 0,
        created: first.as_ref().map_or(Timestamp::ZERO, |digest| digest.start),
        first_event: first.map(|digest| digest.start),
        last_event: last.as_ref().map(|digest| digest.end.min(digest.start.plus(REACH))),
        last_ingestion: last.map(|digest| digest.updated),
    };
    Ok(single_stream(stream, query))
}

fn search(account: Account, range: TimeRange, order: Order, limit: usize) -> Search {
    Search {
        account,
        range,
        basis: TimeBasis::Start,
        matcher: None,
        order,
        limit,
        budget: limit,
        cursor: None,
    }
}

pub(super) fn read(source: &dyn Source, request: &ReadRequest, after: Option<SpanPlace>) -> Result<Page, QueryError> {
    if !wanted_stream(&request.streams, STREAM) || request.limit == 0 {
        return Ok(Page::default());
    }
    let mut reading = Reading {
        source,
        request,
        best: Best::new(request.limit.min(super::MAX_LIMIT), request.descending),
        after,
        scanned: 0,
    };
    let stopped = match request.trace {
        Some(trace) => {
            reading.trace(trace)?;
            None
        }
        None => reading.traces()?,
    };
    let full = reading.best.is_full();
    let scanned_bytes = reading.scanned;
    let events = reading.best.into_events();
    let last = events.last().map(|event| event.place).filter(|_| full);
    Ok(Page {
        cursor: last.or(stopped).map(Cursor::Spans),
        events: events.into_iter().map(Event::Span).collect(),
        scanned_bytes,
    })
}

/// A read under way.
struct Reading<'s> {
    source: &'s dyn Source,
    request: &'s ReadRequest,
    best: Best,
    after: Option<SpanPlace>,
    scanned: u64,
}

impl Reading<'_> {
    /// Looks at traces in order of their start until the page is certain. The place behind which nothing is known when
    /// too much was looked at before.
    fn traces(&mut self) -> Result<Option<SpanPlace>, QueryError> {
        let Some(range) = self.left() else { return Ok(None) };
        let order = if self.request.descending {
            Order::Newest
        } else {
            Order::Oldest
        };
        let starts = range.start.plus(-REACH)..range.end;
        let mut search = search(self.request.account, starts, order, TRACES);
        let mut looked = 0;
        loop {
            let page = self.source.search(&search)?;
            for digest in &page.digests {
                if self.is_certain(digest.start) {
                    return Ok(None);
                }
                let enough = self.scanned >= self.request.budget || looked >= MOST_TRACES;
                if let Some(edge) = self.edge(digest.start, &range).filter(|_| enough) {
                    self.best.keep_before(edge);
                    return Ok(Some(edge));
                }
                looked += 1;
                if digest.end >= range.start {
                    self.trace(digest.trace)?;
                }
            }
            search.cursor = page.cursor;
            if search.cursor.is_none() {
                return Ok(None);
            }
        }
    }

    /// The part of the range that the pages before have left; `None` if that is nothing.
    fn left(&self) -> Option<TimeRange> {
        let mut range = self.request.range.clone();
        match self.after {
            Some(after) if self.request.descending => range.end = range.end.min(after.time.plus(1)),
            Some(after) => range.start = range.start.max(after.time),
            None => {}
        }
        (range.start < range.end).then_some(range)
    }

    /// Whether no trace that starts here or behind can add to a full page.
    fn is_certain(&self, start: Timestamp) -> bool {
        let Some(last) = self.best.last().filter(|_| self.best.is_full()) else {
            return false;
        };
        match self.request.descending {
            true => start.plus(REACH) < last.time,
            false => start > last.time,
        }
    }

    /// The place up to which everything is known when the next trace starts here; `None` if that is not ahead of where
    /// the page began, so that it has to go on.
    fn edge(&self, start: Timestamp, range: &TimeRange) -> Option<SpanPlace> {
        let (time, within) = match self.request.descending {
            true => (start.plus(REACH + 1), start.plus(REACH + 1) < range.end),
            false => (start, start > range.start),
        };
        let place = SpanPlace::before(time);
        let ahead = match self.after {
            Some(_) => self.is_ahead(&place),
            None => within,
        };
        ahead.then_some(place)
    }

    /// Whether a place is behind those of the pages before.
    fn is_ahead(&self, place: &SpanPlace) -> bool {
        self.after.is_none_or(|after| match self.request.descending {
            true => *place < after,
            false => *place > after,
        })
    }

    /// Looks at one trace.
    fn trace(&mut self, id: TraceId) -> Result<(), QueryError> {
        let Some(stored) = self.source.trace(self.request.account, id)? else {
            return Ok(());
        };
        let records: Vec<_> = stored.records.iter().map(|record| record.borrow()).collect();
        let whole = Trace::assemble(id, decode::nodes(&records).nodes);
        let nodes = whole.arrived();
        let latest = whole.start().plus(REACH);
        let received: FxHashMap<_, _> = nodes
            .iter()
            .map(|node| ((node.id, node.start), node.received))
            .collect();
        let mut alike: FxHashMap<(Timestamp, SpanId), u16> = FxHashMap::default();
        for span in flat::spans(nodes) {
            self.scanned += span.json.len() as u64;
            let time = span.start.min(latest);
            let next = alike.entry((time, span.id)).or_default();
            let place = SpanPlace {
                time,
                trace: id,
                span: span.id,
                number: *next,
            };
            *next = next.saturating_add(1);
            if self.wants(&place) && self.matches(&span.json) {
                self.best.add(SpanEvent {
                    place,
                    received: received.get(&(span.id, span.start)).copied().unwrap_or(whole.updated()),
                    message: span.json,
                });
            }
        }
        Ok(())
    }

    fn wants(&self, place: &SpanPlace) -> bool {
        self.is_ahead(place) && self.request.range.contains(&place.time)
    }

    fn matches(&self, message: &str) -> bool {
        let matcher = self.request.matcher.as_ref();
        word::missing(message, &self.request.words).is_empty() && matcher.is_none_or(|it| it.matches(message))
    }
}
