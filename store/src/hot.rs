//! The hot log: what was acknowledged and is not sealed yet.
//!
//! Everything that gathers while one commit is being written shares the next: one write, one sync, then the live table
//! takes it, then everybody is acknowledged. Per commit and shard there is one compressed value ([`codec`]) under the
//! commit's number; the sealer moves a watermark behind which the log is forgotten.

pub(crate) mod codec;
pub(crate) mod queue;
pub(crate) mod replay;
pub(crate) mod writer;

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;

use crate::api::{Account, Batch, BatchRecord};
use crate::error::StoreError;

/// One record on its way into the live table, with its bytes where they happen to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Incoming<'a> {
    pub(crate) account: Account,
    pub(crate) trace: TraceId,
    pub(crate) received: Timestamp,
    pub(crate) start: Timestamp,
    pub(crate) in_progress: bool,
    pub(crate) weight: f32,
    pub(crate) context: Option<&'a [u8]>,
    pub(crate) body: &'a [u8],
}

impl<'a> Incoming<'a> {
    /// A record of a batch that was checked.
    pub(crate) fn of(batch: &'a Batch, record: &BatchRecord) -> Self {
        let context = record.context.and_then(|index| batch.contexts.get(index as usize));
        let body = batch.buffer.get(record.body.start as usize..record.body.end as usize);
        Self {
            account: batch.account,
            trace: record.trace,
            received: record.received,
            start: record.start,
            in_progress: record.end.is_none(),
            weight: record.weight,
            context: context.map(|context| &context[..]),
            body: body.unwrap_or_default(),
        }
    }
}

/// Refuses a batch that points outside of itself, before any of it is queued.
pub(crate) fn check(batch: &Batch) -> Result<(), StoreError> {
    for record in &batch.records {
        let body = &record.body;
        if body.start > body.end || body.end as usize > batch.buffer.len() {
            return Err(StoreError::Malformed("a body lies outside of the buffer"));
        }
        if record
            .context
            .is_some_and(|index| index as usize >= batch.contexts.len())
        {
            return Err(StoreError::Malformed("a context does not exist"));
        }
    }
    Ok(())
}

/// The bytes a batch holds on to while it waits.
pub(crate) fn size(batch: &Batch) -> usize {
    let contexts: usize = batch.contexts.iter().map(bytes::Bytes::len).sum();
    batch.buffer.len() + contexts + batch.records.len() * size_of::<BatchRecord>()
}
