//! Keys of the derived tables.

use beamline_model::time::Timestamp;

use crate::api::Account;

/// An account's minute: what a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The account.
    pub account: Account,
    /// The minute; of a longer time, the first.
    pub minute: u32,
}

impl Place {
    /// The partition: the minute first, so that retention removes a range.
    #[must_use]
    pub fn part(&self) -> Vec<u8> {
        [&self.minute.to_be_bytes()[..], &self.account.0.to_be_bytes()].concat()
    }

    /// The first moment.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Timestamp::from_minute(self.minute)
    }

    /// The place of the hour that this minute is in.
    #[must_use]
    pub fn hour(&self) -> Self {
        Self {
            minute: self.minute - self.minute % 60,
            ..*self
        }
    }
}

/// `Summary`: the hour's record, in the partition of its first minute.
pub const HOUR: [u8; 1] = [0];
/// `Summary`: the heads of all chunks begin with this.
pub const HEADS: u8 = 1;
const COLUMNS: u8 = 2;
const PAGE: u8 = 3;

/// `Summary`: a chunk's head.
#[must_use]
pub fn head(chunk: u32) -> Vec<u8> {
    [&[HEADS][..], &chunk.to_be_bytes()].concat()
}

/// `Summary`: a chunk's columns.
#[must_use]
pub fn columns(chunk: u32) -> Vec<u8> {
    [&[COLUMNS][..], &chunk.to_be_bytes()].concat()
}

/// `Summary`: a page of a chunk.
#[must_use]
pub fn page(chunk: u32, page: u16) -> Vec<u8> {
    [&[PAGE][..], &chunk.to_be_bytes(), &page.to_be_bytes()].concat()
}

/// `Bitmap`: a shard of a chunk's index.
#[must_use]
pub fn shard(chunk: u32, shard: u8) -> Vec<u8> {
    [&chunk.to_be_bytes()[..], &[shard]].concat()
}

/// `Filter`: the terms of a chunk that are too many for bitmaps.
#[must_use]
pub fn chunk_filter(chunk: u32) -> Vec<u8> {
    [&[0][..], &chunk.to_be_bytes()].concat()
}

/// `Filter`: a part of the terms of an hour, in the partition of its first minute.
#[must_use]
pub fn hour_filter(part: u8) -> Vec<u8> {
    vec![1, part]
}

/// `Meta`: the partition of all calendars.
pub const CALENDARS: &[u8] = b"calendar";

/// `Meta`: an account's calendar of a table.
#[must_use]
pub fn calendar(table: u8, account: Account) -> Vec<u8> {
    [&[table][..], &account.0.to_be_bytes()].concat()
}

/// `Edge`: the hour's record, in the partition of its first minute.
pub const EDGE_HOUR: [u8; 1] = [0];

/// `Edge`: all statistics of a bucket of one length begin with this.
#[must_use]
pub fn edges(length: u8) -> Vec<u8> {
    vec![1 + length]
}

/// `Edge`: one summand of a bucket's statistics.
#[must_use]
pub fn edge(length: u8, number: u32) -> Vec<u8> {
    [&[1 + length][..], &number.to_be_bytes()].concat()
}
