//! What can be asked about log events.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use beamline_model::id::TraceId;
use beamline_model::log::{LogEventId, LogGroup, LogStreamName, Mentions};
use beamline_model::time::{TimeRange, Timestamp};
use bytes::Bytes;

use crate::api::Account;
use crate::log::message;

/// Decides whether an event is wanted. `query` builds it from a filter pattern or a query.
pub trait LogMatcher: Send + Sync {
    /// Whether an event with this message matches. The answer depends on the message alone.
    fn matches(&self, message: &str) -> bool;
}

/// One search for events.
#[derive(Clone)]
pub struct LogSearch {
    /// Whose events.
    pub account: Account,
    /// In which groups.
    pub groups: LogGroups,
    /// In which streams of these.
    pub streams: LogStreams,
    /// When they happened: start included, end not.
    pub range: TimeRange,
    /// Words that the message has, all of them; see [`word`](beamline_model::log::word). A trace's id, in either
    /// spelling, is one word here, and in the messages in which it is found. Words make a search fast.
    pub words: Vec<String>,
    /// The trace that the event names.
    pub trace: Option<TraceId>,
    /// What else; `None` for everything.
    pub matcher: Option<Arc<dyn LogMatcher>>,
    /// Latest first instead of earliest first.
    pub descending: bool,
    /// At most so many events.
    pub limit: usize,
    /// Stop after looking at so many bytes of messages, or one frame of a chunk if that is more, and give what was
    /// found with a cursor.
    pub budget: u64,
    /// Where the page before ended.
    pub cursor: Option<LogCursor>,
}

impl LogSearch {
    /// Everything in these groups, earliest first, a thousand at a time.
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
            limit: 1000,
            budget: 256 << 20,
            cursor: None,
        }
    }
}

/// Groups to search in. A group that does not exist is [`NoSuchGroup`](crate::error::LogError::NoSuchGroup).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogGroups {
    /// All of the account.
    All,
    /// Those with these names.
    Named(Vec<String>),
}

/// Streams to search in. One that does not exist has no events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogStreams {
    /// All of each group.
    All,
    /// Those with these names.
    Named(Vec<String>),
    /// Those whose names begin so.
    Prefix(String),
}

/// Where a page ended: what comes next, in time and then in order of reception. It stays valid while data arrives and
/// is sealed and merged, after restarts, and for any page size; it belongs to a search and its direction.
///
/// In one walk from page to page every event comes once that was there when the walk began. One that arrives meanwhile
/// comes if it happened where the walk has not been yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCursor {
    /// Time.
    pub time: Timestamp,
    /// Reception, for equal times.
    pub received: Timestamp,
}

/// One event.
#[derive(Clone)]
pub struct LogEvent {
    /// Its group.
    pub group: Arc<LogGroup>,
    /// Its stream.
    pub stream: Arc<LogStreamName>,
    /// When it happened.
    pub time: Timestamp,
    /// When it was received.
    pub received: Timestamp,
    /// What encloses an OTLP record; `None` for a message in plain text.
    pub context: Option<Bytes>,
    /// The message or the `LogRecord`, byte for byte as it was received.
    pub body: Bytes,
}

impl LogEvent {
    /// Its id: stable, unique, and in the order of time and reception.
    #[must_use]
    pub fn id(&self) -> LogEventId {
        LogEventId {
            time: self.time,
            received: self.received,
            group: self.group.number,
        }
    }

    /// Its message: the text that was sent, or what an OTLP record is told as.
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        message::text(self.context.as_deref(), &self.body)
    }

    /// The traces that it names.
    #[must_use]
    pub fn mentions(&self) -> Mentions {
        message::mentions(self.context.as_deref(), &self.body)
    }
}

impl fmt::Debug for LogEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogEvent")
            .field("id", &self.id().to_string())
            .field("group", &self.group.name.as_str())
            .field("stream", &self.stream.as_str())
            .field("message", &self.message())
            .finish()
    }
}

/// One page of events.
#[derive(Clone, Debug, Default)]
pub struct LogPage {
    /// Matching events in the order asked for.
    pub events: Vec<LogEvent>,
    /// Events looked at, matching or not.
    pub scanned_events: u64,
    /// Bytes of them.
    pub scanned_bytes: u64,
    /// Chunks and frames that could not be read; their events are missing.
    pub damaged: u32,
    /// Where to go on; `None` when that was all.
    pub cursor: Option<LogCursor>,
}
