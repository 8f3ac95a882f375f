//! Which log events there are.
//!
//! All reads of logs go through here, whoever asks: beside the groups that are kept there is one that is made of spans,
//! see [`spans`], and nobody else has to know.

pub mod spans;

use std::borrow::Cow;
use std::sync::Arc;

use beamline_model::enrich::Gravity;
use beamline_model::id::TraceId;
use beamline_model::log::{LogGroup, Mention};
use beamline_model::otlp::logs::{Brief, brief};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::Account;
use beamline_store::api::log::{
    LogCursor, LogEvent, LogGroups, LogMatcher, LogPage, LogSearch, LogStream, LogStreamPage, LogStreamQuery,
    LogStreams,
};
use bytes::Bytes;

use crate::QueryError;
use crate::source::Source;
use spans::{SpanEvent, SpanPlace};

/// Most events of one page.
pub const MAX_LIMIT: usize = 10_000;
/// How many bytes of messages are looked at for one page unless the caller says otherwise.
pub const DEFAULT_BUDGET: u64 = 256 << 20;

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// One that takes events.
    Kept(Arc<LogGroup>),
    /// The one that is made of spans.
    Spans,
}

impl Group {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Kept(group) => group.name.as_str(),
            Self::Spans => spans::GROUP,
        }
    }
}

/// The groups whose names begin so, by name, behind one of them, and whether there are more than `limit`.
///
/// # Errors
/// If the store fails.
pub fn groups(
    source: &dyn Source,
    account: Account,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Group>, bool), QueryError> {
    let kept = source.logs().groups(account, prefix, after)?;
    let mut groups: Vec<Group> = kept.into_iter().map(Group::Kept).collect();
    if spans::GROUP.starts_with(prefix) && after.is_none_or(|after| after < spans::GROUP) {
        groups.push(Group::Spans);
        groups.sort_by(|a, b| a.name().cmp(b.name()));
    }
    let more = groups.len() > limit;
    groups.truncate(limit);
    Ok((groups, more))
}

/// Some streams of a group.
///
/// # Errors
/// If there is no such group or the store fails.
pub fn streams(
    source: &dyn Source,
    account: Account,
    group: &str,
    query: &LogStreamQuery,
) -> Result<LogStreamPage, QueryError> {
    match group {
        spans::GROUP => spans::streams(source, account, query),
        _ => source.logs().streams(account, group, query),
    }
}

/// Asks for one page of events. An event has to meet everything.
#[derive(Clone)]
pub struct ReadRequest {
    /// Whose.
    pub account: Account,
    /// In which groups. All means those that are kept; spans are read by themselves.
    pub groups: LogGroups,
    /// In which streams of these.
    pub streams: LogStreams,
    /// When they happened.
    pub range: TimeRange,
    /// Words that the message has, all of them.
    pub words: Vec<String>,
    /// The trace that the event names.
    pub trace: Option<TraceId>,
    /// What else.
    pub matcher: Option<Arc<dyn LogMatcher>>,
    /// Latest first instead of earliest first.
    pub descending: bool,
    /// At most so many; at most [`MAX_LIMIT`].
    pub limit: usize,
    /// Stop after looking at so many bytes of messages.
    pub budget: u64,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

impl ReadRequest {
    /// All events of some groups, the earliest first.
    #[must_use]
    pub fn new(account: Account, groups: LogGroups) -> Self {
        Self {
            account,
            groups,
            streams: LogStreams::All,
            range: Timestamp::ZERO..Timestamp::MAX,
            words: Vec::new(),
            trace: None,
            matcher: None,
            descending: false,
            limit: 1_000,
            budget: DEFAULT_BUDGET,
            cursor: None,
        }
    }

    /// Whether spans are what is read.
    fn of_spans(&self) -> Result<bool, QueryError> {
        let LogGroups::Named(names) = &self.groups else {
            return Ok(false);
        };
        match names.iter().filter(|name| *name == spans::GROUP).count() {
            0 => Ok(false),
            count if count == names.len() => Ok(true),
            _ => Err(QueryError::Invalid {
                field: "groups",
                message: format!("`{}` is read by itself", spans::GROUP),
            }),
        }
    }
}

/// Where a page ended. It stays valid while data arrives, after restarts and for any page size, and belongs to its
/// request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Among events that are kept.
    Kept(LogCursor),
    /// Among spans.
    Spans(SpanPlace),
}

/// One page of events.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Matching events in the order asked for.
    pub events: Vec<Event>,
    /// Bytes of messages looked at, matching or not.
    pub scanned_bytes: u64,
    /// Where to go on; `None` when that was all.
    pub cursor: Option<Cursor>,
}

/// A log event.
#[derive(Clone, Debug)]
pub enum Event {
    /// One that was sent.
    Kept(LogEvent),
    /// One that is a span.
    Span(SpanEvent),
}

impl Event {
    /// Its id: decimal digits, stable, unique, and sorted as events are.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Kept(event) => event.id().to_string(),
            Self::Span(event) => event.place.to_string(),
        }
    }

    /// The name of its group.
    #[must_use]
    pub fn group(&self) -> &str {
        match self {
            Self::Kept(event) => event.group.name.as_str(),
            Self::Span(_) => spans::GROUP,
        }
    }

    /// The name of its stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        match self {
            Self::Kept(event) => event.stream.as_str(),
            Self::Span(_) => spans::STREAM,
        }
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Kept(event) => event.time,
            Self::Span(event) => event.place.time,
        }
    }

    /// When it was received.
    #[must_use]
    pub fn received(&self) -> Timestamp {
        match self {
            Self::Kept(event) => event.received,
            Self::Span(event) => event.received,
        }
    }

    /// Its message.
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        match self {
            Self::Kept(event) => event.message(),
            Self::Span(event) => Cow::Borrowed(&event.message),
        }
    }

    /// What encloses an OpenTelemetry record; `None` if it is none.
    #[must_use]
    pub fn context(&self) -> Option<&Bytes> {
        match self {
            Self::Kept(event) => event.context.as_ref(),
            Self::Span(_) => None,
        }
    }

    /// An OpenTelemetry record as it was received, what encloses it first; `None` if it is none.
    #[must_use]
    pub fn document(&self) -> Option<(&Bytes, &Bytes)> {
        match self {
            Self::Kept(event) => event.context.as_ref().map(|context| (context, &event.body)),
            Self::Span(_) => None,
        }
    }

    /// What an OpenTelemetry record says first; `None` if it is none.
    #[must_use]
    pub fn brief(&self) -> Option<Brief<'_>> {
        match self {
            Self::Kept(event) if event.context.is_some() => Some(brief(&event.body)),
            Self::Kept(_) | Self::Span(_) => None,
        }
    }

    /// How grave it is, by its severity or else by its words.
    #[must_use]
    pub fn gravity(&self) -> Gravity {
        match self.brief() {
            Some(brief) if brief.severity > 0 => Gravity::of_number(brief.severity),
            Some(brief) => Gravity::of_text(&brief.text),
            None => Gravity::of_text(&self.message()),
        }
    }

    /// The traces that it names.
    #[must_use]
    pub fn mentions(&self) -> Vec<Mention> {
        match self {
            Self::Kept(event) => event.mentions().to_vec(),
            Self::Span(SpanEvent { place, .. }) => vec![Mention {
                trace: place.trace,
                span: Some(place.span),
            }],
        }
    }
}

/// One page of events.
///
/// # Errors
/// If a group does not exist, spans are asked for together with other groups, or the store fails.
pub fn read(source: &dyn Source, request: &ReadRequest) -> Result<Page, QueryError> {
    let foreign = || QueryError::Invalid {
        field: "cursor",
        message: "belongs to another request".to_owned(),
    };
    if request.of_spans()? {
        let after = match request.cursor {
            None => None,
            Some(Cursor::Spans(place)) => Some(place),
            Some(Cursor::Kept(_)) => return Err(foreign()),
        };
        return spans::read(source, request, after);
    }
    let cursor = match request.cursor {
        None => None,
        Some(Cursor::Kept(cursor)) => Some(cursor),
        Some(Cursor::Spans(_)) => return Err(foreign()),
    };
    let page = source.logs().search(&LogSearch {
        account: request.account,
        groups: request.groups.clone(),
        streams: request.streams.clone(),
        range: request.range.clone(),
        words: request.words.clone(),
        trace: request.trace,
        matcher: request.matcher.clone(),
        descending: request.descending,
        limit: request.limit.min(MAX_LIMIT),
        budget: request.budget,
        cursor,
    })?;
    Ok(kept(page))
}

fn kept(page: LogPage) -> Page {
    if page.damaged > 0 {
        tracing::warn!(pieces = page.damaged, "log events could not be read");
    }
    Page {
        events: page.events.into_iter().map(Event::Kept).collect(),
        scanned_bytes: page.scanned_bytes,
        cursor: page.cursor.map(Cursor::Kept),
    }
}

/// Events that name a trace, in all groups that are kept, by time: at most so many, and a cursor if there are more.
///
/// # Errors
/// If the store fails.
pub fn of_trace(source: &dyn Source, account: Account, trace: TraceId, limit: usize) -> Result<Page, QueryError> {
    let page = source.logs().of_trace(account, trace, limit)?;
    Ok(kept(page))
}

/// Whether a stream of this name is among those asked for.
fn wanted_stream(streams: &LogStreams, name: &str) -> bool {
    match streams {
        LogStreams::All => true,
        LogStreams::Named(names) => names.iter().any(|known| known == name),
        LogStreams::Prefix(prefix) => name.starts_with(prefix.as_str()),
    }
}

/// A page with one stream, if it is wanted.
fn single_stream(stream: LogStream, query: &LogStreamQuery) -> LogStreamPage {
    let wanted = query.after.is_none() && query.limit > 0 && stream.name.as_str().starts_with(query.prefix.as_str());
    LogStreamPage {
        streams: wanted.then_some(stream).into_iter().collect(),
        more: false,
    }
}
