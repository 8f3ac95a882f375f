//! Log events on their way in and out.

mod kept;
mod search;

pub use kept::{LogGroupChange, LogStream, LogStreamOrder, LogStreamPage, LogStreamQuery};
pub use search::{LogCursor, LogEvent, LogGroups, LogMatcher, LogPage, LogSearch, LogStreams};

use std::ops::Range;

use beamline_model::time::Timestamp;
use bytes::Bytes;

use super::Account;

/// A log stream, by number: what [`Store`](crate::Store) gave out for its names. Numbers are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogStreamId {
    /// The group; unique in the store.
    pub group: u32,
    /// The stream in it.
    pub stream: u32,
}

/// Log events that are accepted or refused together: what one request brought.
#[derive(Clone, Debug, Default)]
pub struct LogBatch {
    /// Whose they are; the account of every group that is named.
    pub account: Account,
    /// The bytes that the events' ranges point into; a request body, shared, never copied per event.
    pub buffer: Bytes,
    /// What encloses OTLP records, shared by them: a protobuf `ResourceLogs` with its resource, one scope and both
    /// schema URLs, but no record.
    pub contexts: Vec<Bytes>,
    /// The events.
    pub events: Vec<LogBatchEvent>,
}

/// One event of a [`LogBatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogBatchEvent {
    /// The stream it belongs to.
    pub stream: LogStreamId,
    /// When it happened, as its sender says.
    pub time: Timestamp,
    /// When it was received; a [`stamp`](crate::Store::stamp) of its own.
    pub received: Timestamp,
    /// Index into [`LogBatch::contexts`] for an OTLP `LogRecord`; `None` for a message in plain text.
    pub context: Option<u32>,
    /// Where its body is in [`LogBatch::buffer`].
    pub body: Range<u32>,
}
