//! Log records.

use std::ops::Range;

use beamline_model::otlp::BadWire;
use beamline_model::otlp::logs::{self, Asked, Destination, Walked};
use beamline_model::time::Timestamp;
use bytes::Bytes;

use super::{Decode, Judge, place};

/// The log records of one request, beside the buffer they point into.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    asked: Place,
    limit: usize,
    pub(crate) contexts: Vec<Bytes>,
    /// Where the records of each context belong.
    pub(crate) destinations: Vec<Destination>,
    pub(crate) records: Vec<Record>,
}

/// A log group and stream by name, as far as they were named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) group: Option<String>,
    pub(crate) stream: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) time: Timestamp,
    pub(crate) received: Timestamp,
    pub(crate) context: u32,
    pub(crate) body: Range<u32>,
}

impl Logs {
    /// For records of at most `limit` bytes that the sender asked to go somewhere.
    pub(crate) fn new(asked: Place, limit: usize) -> Self {
        Self {
            asked,
            limit,
            ..Self::default()
        }
    }
}

impl Decode for Logs {
    fn request(&mut self, request: &[u8], judge: &mut impl Judge) -> Result<(), BadWire> {
        let asked = Asked {
            group: self.asked.group.as_deref(),
            stream: self.asked.stream.as_deref(),
        };
        let walked = logs::request(request, self.limit, &mut |item| match item {
            Walked::Context(context) => {
                self.contexts.push(context.bytes.into());
                self.destinations.push(logs::destination(&context.facts, asked));
            }
            Walked::Rejected(rejected) => {
                let bytes = &request[rejected.range.clone()];
                judge.refuse_record(rejected, bytes);
            }
            Walked::Record(record) => {
                let received = judge.stamp();
                self.records.push(Record {
                    time: record.head.time.unwrap_or(received),
                    received,
                    context: self.contexts.len() as u32 - 1,
                    body: place(record.range),
                });
            }
        });
        if walked.is_err() {
            self.contexts.clear();
            self.destinations.clear();
            self.records.clear();
        }
        walked
    }
}
