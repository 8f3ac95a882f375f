//! Data points on their way in.

use std::ops::Range;

use beamline_model::time::Timestamp;
use bytes::Bytes;

use super::Account;

/// Data points that are accepted or refused together: what one request brought.
#[derive(Clone, Debug, Default)]
pub struct PointBatch {
    /// Whose they are; the account of every series that is named.
    pub account: Account,
    /// The bytes that the points' ranges point into.
    pub buffer: Bytes,
    /// The points.
    pub points: Vec<BatchPoint>,
}

/// One data point of a [`PointBatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPoint {
    /// Its series, by the number that [`Store`](crate::Store) gave out for the descriptor.
    pub series: u32,
    /// Its time.
    pub time: Timestamp,
    /// When it was received; a [`stamp`](crate::Store::stamp) of its own.
    pub received: Timestamp,
    /// Where its body is in [`PointBatch::buffer`].
    pub body: Range<u32>,
}
