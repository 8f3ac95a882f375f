//! The hot log: what was acknowledged and is not sealed yet.
//!
//! Everything that gathers while one commit is being written shares the next: one write, one sync, then the live table
//! takes it, then everybody is acknowledged. Per commit and shard there is one compressed value ([`envelope`]) under the
//! commit's number; the sealer moves a watermark behind which the log is forgotten. Traces have several shards, log
//! events and data points one each, with items of their own.

pub(crate) mod codec;
pub(crate) mod envelope;
mod group;
pub(crate) mod queue;
pub(crate) mod replay;
pub(crate) mod work;
pub(crate) mod writer;

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;

use crate::api::{Account, Batch, BatchRecord};

/// The shard of log events. Traces have those from 0 to [`SHARDS`](crate::live::SHARDS).
pub(crate) const LOGS: usize = 0x40;
/// The shard of data points.
pub(crate) const POINTS: usize = 0x41;

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
