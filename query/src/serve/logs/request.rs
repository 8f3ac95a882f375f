//! Messages into requests, with every mistake named by its field.

use beamline_model::id::{SpanId, TraceId};
use beamline_model::log::LogStreamName;
use beamline_model::log::word;
use beamline_model::time::Timestamp;
use beamline_proto::query as pb;
use beamline_store::api::Account;
use beamline_store::api::log::{LogCursor, LogGroups, LogStream, LogStreamOrder, LogStreamQuery, LogStreams};

use super::super::request::{Checked, account, count, enumerated, invalid, range, trace};
use crate::QueryError;
use crate::logs::spans::{self, SpanPlace};
use crate::logs::{Cursor, DEFAULT_BUDGET, MAX_LIMIT, ReadRequest};
use crate::source::{Owner, Source, find_owner};

const MOST_GROUPS: usize = 50;
const MOST_STREAMS: usize = 100;
const MOST_WORDS: usize = 20;
const MOST_LISTED: usize = 1_000;
/// Longer names there are none of.
const LONGEST_NAME: usize = 512;

pub(super) struct GroupsWanted {
    pub(super) account: Account,
    pub(super) owner: Owner,
    pub(super) prefix: String,
    pub(super) after: Option<String>,
    pub(super) limit: usize,
}

pub(super) fn groups(source: &dyn Source, message: &pb::ListLogGroupsRequest) -> Checked<GroupsWanted> {
    let (account, owner) = owner(source, message.scope.as_ref())?;
    Ok(GroupsWanted {
        account,
        owner,
        prefix: message.prefix.clone(),
        after: after_name(&message.cursor)?,
        limit: count(message.limit, 100, MOST_LISTED),
    })
}

fn owner(source: &dyn Source, scope: Option<&pb::Scope>) -> Checked<(Account, Owner)> {
    let account = account(source, scope)?;
    Ok((account, find_owner(source, account)))
}

/// Of cursors as they are now, by what they point at.
const NAME: u8 = 1;
const STREAM: u8 = 2;
const EVENT: u8 = 3;
const SPAN: u8 = 4;

fn foreign() -> QueryError {
    invalid("cursor", "was not given by this server")
}

/// The bytes that a client sends back to go on behind a name.
pub(super) fn name_bytes(name: &str) -> Vec<u8> {
    [&[NAME], name.as_bytes()].concat()
}

fn after_name(cursor: &[u8]) -> Checked<Option<String>> {
    let name = match cursor {
        [] => return Ok(None),
        [NAME, name @ ..] if name.len() <= 4 * LONGEST_NAME => name,
        _ => return Err(foreign()),
    };
    String::from_utf8(name.to_vec()).map(Some).map_err(|_| foreign())
}

pub(super) struct StreamsWanted {
    pub(super) account: Account,
    pub(super) owner: Owner,
    pub(super) query: LogStreamQuery,
}

pub(super) fn streams(source: &dyn Source, message: &pb::ListLogStreamsRequest) -> Checked<StreamsWanted> {
    let (account, owner) = owner(source, message.scope.as_ref())?;
    if message.group.is_empty() {
        return Err(invalid("group", "is required"));
    }
    let order = match enumerated("order", message.order)? {
        pb::LogStreamOrder::Unspecified | pb::LogStreamOrder::Name => LogStreamOrder::Name,
        pb::LogStreamOrder::LastEvent => LogStreamOrder::LastEvent,
    };
    Ok(StreamsWanted {
        account,
        owner,
        query: LogStreamQuery {
            prefix: message.prefix.clone(),
            order,
            descending: order == LogStreamOrder::LastEvent,
            limit: count(message.limit, 100, MOST_LISTED),
            after: after_stream(&message.cursor)?,
        },
    })
}

/// The bytes that a client sends back to go on behind a stream.
pub(super) fn stream_bytes(stream: &LogStream) -> Vec<u8> {
    let last = stream.last_event.map_or(i64::MIN, |time| time.0);
    [&[STREAM], &last.to_be_bytes()[..], stream.name.as_str().as_bytes()].concat()
}

fn after_stream(cursor: &[u8]) -> Checked<Option<(Option<Timestamp>, LogStreamName)>> {
    let Some((&kind, rest)) = cursor.split_first() else {
        return Ok(None);
    };
    let read = || {
        let (last, name) = rest.split_first_chunk()?;
        let last = Some(i64::from_be_bytes(*last)).filter(|last| *last != i64::MIN);
        let name = std::str::from_utf8(name).ok()?.parse().ok()?;
        (kind == STREAM).then_some((last.map(Timestamp), name))
    };
    read().map(Some).ok_or_else(foreign)
}

pub(super) fn read(source: &dyn Source, message: &pb::ReadLogsRequest) -> Checked<ReadRequest> {
    let account = account(source, message.scope.as_ref())?;
    let mut request = ReadRequest::new(account, named_groups(source, account, &message.groups)?);
    request.streams = named_streams(message)?;
    request.range = range(message.range.as_ref())?;
    request.words = words(&message.words)?;
    if !message.trace_id.is_empty() {
        request.trace = Some(trace("trace_id", &message.trace_id)?);
    }
    request.descending = match enumerated("order", message.order)? {
        pb::LogOrder::Unspecified | pb::LogOrder::Newest => true,
        pb::LogOrder::Oldest => false,
    };
    request.limit = count(message.limit, 100, MAX_LIMIT);
    if message.scan_limit > 0 {
        request.budget = message.scan_limit.min(DEFAULT_BUDGET);
    }
    request.cursor = cursor(&message.cursor)?;
    Ok(request)
}

fn named_groups(source: &dyn Source, account: Account, names: &[String]) -> Checked<LogGroups> {
    if names.len() > MOST_GROUPS {
        return Err(invalid("groups", format!("must be at most {MOST_GROUPS}")));
    }
    for name in names.iter().filter(|name| *name != spans::GROUP) {
        if source.logs().group(account, name)?.is_none() {
            return Err(QueryError::NoSuchLogGroup(name.clone()));
        }
    }
    Ok(match names {
        [] => LogGroups::All,
        names => LogGroups::Named(names.to_vec()),
    })
}

fn named_streams(message: &pb::ReadLogsRequest) -> Checked<LogStreams> {
    match (message.streams.as_slice(), message.stream_prefix.as_str()) {
        ([], "") => Ok(LogStreams::All),
        ([], prefix) => Ok(LogStreams::Prefix(prefix.to_owned())),
        (names, "") if names.len() <= MOST_STREAMS => Ok(LogStreams::Named(names.to_vec())),
        (_, "") => Err(invalid("streams", format!("must be at most {MOST_STREAMS}"))),
        _ => Err(invalid("stream_prefix", "cannot be given together with streams")),
    }
}

fn words(texts: &[String]) -> Checked<Vec<String>> {
    let mut words: Vec<String> = texts.iter().flat_map(|text| word::words(text)).collect();
    words.sort_unstable();
    words.dedup();
    if words.len() > MOST_WORDS {
        return Err(invalid("words", format!("must be at most {MOST_WORDS}")));
    }
    Ok(words)
}

/// The bytes that a client sends back to go on.
pub(super) fn cursor_bytes(cursor: &Cursor) -> Vec<u8> {
    match cursor {
        Cursor::Kept(LogCursor { time, received }) => {
            [&[EVENT], &time.0.to_be_bytes()[..], &received.0.to_be_bytes()[..]].concat()
        }
        Cursor::Spans(place) => [
            &[SPAN],
            &place.time.0.to_be_bytes()[..],
            &place.trace.0.to_be_bytes()[..],
            &place.span.0.to_be_bytes()[..],
            &place.number.to_be_bytes()[..],
        ]
        .concat(),
    }
}

fn cursor(bytes: &[u8]) -> Checked<Option<Cursor>> {
    let Some((&kind, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let read = match kind {
        EVENT => event_cursor(rest),
        SPAN => span_cursor(rest),
        _ => None,
    };
    read.map(Some).ok_or_else(foreign)
}

fn event_cursor(bytes: &[u8]) -> Option<Cursor> {
    let (time, received) = bytes.split_first_chunk()?;
    Some(Cursor::Kept(LogCursor {
        time: Timestamp(i64::from_be_bytes(*time)),
        received: Timestamp(i64::from_be_bytes(received.try_into().ok()?)),
    }))
}

fn span_cursor(bytes: &[u8]) -> Option<Cursor> {
    let (time, rest) = bytes.split_first_chunk()?;
    let (trace, rest) = rest.split_first_chunk()?;
    let (span, number) = rest.split_first_chunk()?;
    Some(Cursor::Spans(SpanPlace {
        time: Timestamp(i64::from_be_bytes(*time)),
        trace: TraceId(u128::from_be_bytes(*trace)),
        span: SpanId(u64::from_be_bytes(*span)),
        number: u16::from_be_bytes(number.try_into().ok()?),
    }))
}
