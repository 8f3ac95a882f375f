//! What is known of groups and streams.

use beamline_model::log::{LogClass, LogStreamName, Retention};
use beamline_model::time::Timestamp;

/// What can be changed about a group, and chosen when it is made. `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogGroupChange {
    /// Its class.
    pub class: Option<LogClass>,
    /// How long its events stay; `Some(None)` for as long as the server keeps anything.
    pub retention: Option<Option<Retention>>,
    /// The name of the key for new events.
    pub key: Option<Option<String>>,
    /// Whether deleting it is refused.
    pub protected: Option<bool>,
}

/// A stream, and what came in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStream {
    /// Its name.
    pub name: LogStreamName,
    /// Its number in the group.
    pub number: u32,
    /// When it was made.
    pub created: Timestamp,
    /// The earliest time of an event; `None` before the first.
    pub first_event: Option<Timestamp>,
    /// The latest time of an event.
    pub last_event: Option<Timestamp>,
    /// When the latest event was received.
    pub last_ingestion: Option<Timestamp>,
}

/// In which order streams are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LogStreamOrder {
    /// By name.
    #[default]
    Name,
    /// By the time of the last event, then by name; streams without events come as if theirs were the earliest.
    LastEvent,
}

/// Which streams of a group to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStreamQuery {
    /// Only those whose names begin so.
    pub prefix: String,
    /// In which order.
    pub order: LogStreamOrder,
    /// The other way round.
    pub descending: bool,
    /// At most so many.
    pub limit: usize,
    /// Those behind this one, which was the last of the page before.
    pub after: Option<(Option<Timestamp>, LogStreamName)>,
}

/// One page of streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStreamPage {
    /// The streams.
    pub streams: Vec<LogStream>,
    /// Whether there are more behind the last of them.
    pub more: bool,
}
