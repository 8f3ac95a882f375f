//! Log events: what is acknowledged and not sealed yet.

pub(crate) mod chunk;
pub(crate) mod day;
pub(crate) mod hot;
pub(crate) mod keys;
pub(crate) mod live;
pub(crate) mod message;

use beamline_model::time::Timestamp;

use crate::api::Account;
use crate::api::log::{LogBatch, LogBatchEvent, LogStreamId};

/// One event on its way into the live table, with its bytes where they happen to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Incoming<'a> {
    pub(crate) account: Account,
    pub(crate) stream: LogStreamId,
    pub(crate) time: Timestamp,
    pub(crate) received: Timestamp,
    pub(crate) context: Option<&'a [u8]>,
    pub(crate) body: &'a [u8],
}

impl<'a> Incoming<'a> {
    /// An event of a batch that was checked.
    pub(crate) fn of(batch: &'a LogBatch, event: &LogBatchEvent) -> Self {
        let context = event.context.and_then(|index| batch.contexts.get(index as usize));
        let body = batch.buffer.get(event.body.start as usize..event.body.end as usize);
        Self {
            account: batch.account,
            stream: event.stream,
            time: event.time,
            received: event.received,
            context: context.map(|context| &context[..]),
            body: body.unwrap_or_default(),
        }
    }
}
