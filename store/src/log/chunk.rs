//! Chunks: the sealed events of one day and group, sorted by time and reception.
//!
//! A chunk is written once, as several rows that are read one by one: its [`head`], which says what is in which frame;
//! filters over its words ([`filter`]), for the chunk in shards and for each frame; the contexts of OTLP records; and
//! its [`frame`]s.

pub(crate) mod build;
pub(crate) mod contexts;
pub(crate) mod filter;
pub(crate) mod frame;
pub(crate) mod head;
pub(crate) mod read;

use beamline_model::log::Mention;
use beamline_model::time::Timestamp;

/// Where an event is in the order of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct At {
    pub(crate) time: Timestamp,
    pub(crate) received: Timestamp,
}

/// An event about to be sealed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row<'a> {
    pub(crate) at: At,
    pub(crate) stream: u32,
    pub(crate) context: Option<&'a [u8]>,
    pub(crate) body: &'a [u8],
    /// The traces that it names.
    pub(crate) mentions: &'a [Mention],
}

/// Stored bytes that are not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("damaged {0}")]
pub(crate) struct Damaged(pub(crate) &'static str);
