//! What one request asks to be kept: one kind of thing at a time.

use std::ops::Range;

use bytes::Bytes;

use crate::api::log::{LogBatch, LogBatchEvent};
use crate::api::metric::{BatchPoint, PointBatch};
use crate::api::{Batch, BatchRecord};
use crate::error::StoreError;

/// A batch of any kind.
pub(crate) enum Work {
    /// Trace records.
    Records(Batch),
    /// Log events.
    Logs(LogBatch),
    /// Data points.
    Points(PointBatch),
}

impl Work {
    /// How many things it brings.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Records(batch) => batch.records.len(),
            Self::Logs(batch) => batch.events.len(),
            Self::Points(batch) => batch.points.len(),
        }
    }

    /// Bytes of the buffer, which are what is to be written.
    pub(crate) fn payload(&self) -> usize {
        match self {
            Self::Records(batch) => batch.buffer.len(),
            Self::Logs(batch) => batch.buffer.len(),
            Self::Points(batch) => batch.buffer.len(),
        }
    }

    /// The bytes it holds on to while it waits.
    pub(crate) fn size(&self) -> usize {
        let (contexts, each): (&[Bytes], usize) = match self {
            Self::Records(batch) => (&batch.contexts, size_of::<BatchRecord>()),
            Self::Logs(batch) => (&batch.contexts, size_of::<LogBatchEvent>()),
            Self::Points(_) => (&[], size_of::<BatchPoint>()),
        };
        self.payload() + contexts.iter().map(Bytes::len).sum::<usize>() + self.len() * each
    }

    /// Refuses a batch that points outside of itself, before any of it is queued.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::Records(batch) => batch.records.iter().try_for_each(|record| {
                body_within(&record.body, &batch.buffer)?;
                context_exists(record.context, &batch.contexts)
            }),
            Self::Logs(batch) => batch.events.iter().try_for_each(|event| {
                body_within(&event.body, &batch.buffer)?;
                context_exists(event.context, &batch.contexts)
            }),
            Self::Points(batch) => {
                let mut points = batch.points.iter();
                points.try_for_each(|point| body_within(&point.body, &batch.buffer))
            }
        }
    }
}

fn body_within(body: &Range<u32>, buffer: &[u8]) -> Result<(), StoreError> {
    if body.start > body.end || body.end as usize > buffer.len() {
        return Err(StoreError::Malformed("a body lies outside of the buffer"));
    }
    Ok(())
}

fn context_exists(context: Option<u32>, contexts: &[Bytes]) -> Result<(), StoreError> {
    if context.is_some_and(|index| index as usize >= contexts.len()) {
        return Err(StoreError::Malformed("a context does not exist"));
    }
    Ok(())
}
