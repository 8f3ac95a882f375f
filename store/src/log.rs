//! Log events: acknowledged, sealed, found again.
//!
//! | file | what it knows |
//! |---|---|
//! | `store` | what the store offers: everything begins there |
//! | `hot`, `live`, `replay` | what is acknowledged and not sealed yet: in the hot log, in memory, and back again |
//! | `groups`, `streams`, `listing` | which groups and streams there are, and how they are told |
//! | `chunk` | sealed events of a day and group: heads, filters, frames |
//! | `day` | what a day of a group has, so that no partition has to be asked in vain |
//! | `seal`, `merge` | from live events to chunks, and from small chunks to large ones |
//! | `search`, `correlate` | finding events: by words and time, and by the trace that they name |
//! | `keys` | under which key all of it is |
//! | `retain`, `verify` | forgetting, and looking whether all is there |
//! | `message` | what an event says, whatever form it came in |
//!
//! Like trace records, events are the bytes as they arrived. Everything else follows from them.

pub(crate) mod chunk;
mod correlate;
pub(crate) mod counters;
mod day;
pub(crate) mod groups;
pub(crate) mod hot;
pub(crate) mod keys;
mod listing;
pub(crate) mod live;
pub(crate) mod merge;
pub(crate) mod message;
pub(crate) mod replay;
pub(crate) mod retain;
pub(crate) mod seal;
mod search;
mod store;
pub(crate) mod streams;
pub(crate) mod verify;

use beamline_model::time::Timestamp;

use self::keys::GroupKey;
use crate::api::Account;
use crate::api::log::{LogBatch, LogBatchEvent, LogStreamId};
use crate::error::{LogError, StoreError};
use crate::inner::Inner;

/// Refuses a batch that cannot be kept, before any of it is queued.
pub(crate) fn admit(store: &Inner, batch: &LogBatch) -> Result<(), StoreError> {
    let most = store.config.logs.event_bytes;
    let mut last = None;
    for event in &batch.events {
        if event.body.len() > most {
            let bytes = event.body.len();
            return Err(LogError::EventTooLarge { bytes, most }.into());
        }
        let key = GroupKey {
            account: batch.account,
            group: event.stream.group,
        };
        if last.replace(key) != Some(key) && store.log_groups.of_number(key).is_none() {
            return Err(LogError::NoSuchGroup.into());
        }
    }
    let held = store.logs.bytes();
    if held > store.log_budget() {
        store.sealer.hurry();
    }
    if held > 2 * store.log_budget() {
        return Err(StoreError::Overloaded("log events come in faster than they are sealed"));
    }
    Ok(())
}

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
