//! The order of results.

use std::cmp::Ordering;

use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;

use crate::api::{Cursor, Order};
use crate::table::columns::Row;

/// What results are sorted by: no two traces have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) key: i64,
    pub(super) start: Timestamp,
    pub(super) trace: TraceId,
}

impl Key {
    /// The key of a digest.
    pub(super) fn of(order: Order, digest: &Digest) -> Self {
        Self::of_row(order, &Row::of(digest))
    }

    /// The key of a row.
    pub(super) fn of_row(order: Order, row: &Row) -> Self {
        let start = row.head.start;
        let key = match order {
            Order::Newest | Order::Oldest => start.0,
            Order::Slowest => i64::try_from(row.duration()).unwrap_or(i64::MAX),
            Order::MostErrors => i64::from(row.failed),
        };
        Self {
            key,
            start,
            trace: row.head.trace,
        }
    }

    /// How this and another result are ordered.
    pub(super) fn order(&self, other: &Self, order: Order) -> Ordering {
        match order {
            Order::Oldest => self.cmp(other),
            Order::Newest | Order::Slowest | Order::MostErrors => other.cmp(self),
        }
    }

    /// Whether this comes after where a page ended.
    pub(super) fn comes_after(&self, end: Option<&Self>, order: Order) -> bool {
        end.is_none_or(|end| self.order(end, order) == Ordering::Greater)
    }
}

impl From<&Cursor> for Key {
    fn from(cursor: &Cursor) -> Self {
        Self {
            key: cursor.key,
            start: cursor.start,
            trace: cursor.trace,
        }
    }
}

impl From<Key> for Cursor {
    fn from(key: Key) -> Self {
        Self {
            key: key.key,
            start: key.start,
            trace: key.trace,
        }
    }
}
