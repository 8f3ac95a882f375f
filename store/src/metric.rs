//! Data points: what is acknowledged and not sealed yet.

pub(crate) mod hot;
pub(crate) mod live;

use beamline_model::time::Timestamp;

use crate::api::Account;
use crate::api::metric::{BatchPoint, PointBatch};

/// One point on its way into the live table, with its bytes where they happen to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Incoming<'a> {
    pub(crate) account: Account,
    pub(crate) series: u32,
    pub(crate) time: Timestamp,
    pub(crate) received: Timestamp,
    pub(crate) body: &'a [u8],
}

impl<'a> Incoming<'a> {
    /// A point of a batch that was checked.
    pub(crate) fn of(batch: &'a PointBatch, point: &BatchPoint) -> Self {
        let body = batch.buffer.get(point.body.start as usize..point.body.end as usize);
        Self {
            account: batch.account,
            series: point.series,
            time: point.time,
            received: point.received,
            body: body.unwrap_or_default(),
        }
    }
}
