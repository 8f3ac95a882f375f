//! Keys of the tables of metrics.

use beamline_model::id::TraceId;
use beamline_model::time::{TimeRange, Timestamp};

use crate::api::Account;

const HOUR: i64 = 3_600_000_000_000;

/// The hour a moment falls into, counted from the epoch; times before it fall into hour 0.
pub(super) fn hour(time: Timestamp) -> u32 {
    u32::try_from(time.0.div_euclid(HOUR).max(0)).unwrap_or(u32::MAX)
}

/// The first moment of an hour.
pub(super) fn begin(hour: u32) -> Timestamp {
    Timestamp(i64::from(hour).saturating_mul(HOUR))
}

/// All of the hours from one to another, both included.
pub(super) fn span(first: u32, last: u32) -> TimeRange {
    // Times before the epoch are in its first hour.
    let start = if first == 0 { Timestamp(i64::MIN) } else { begin(first) };
    start..begin(last).plus(HOUR)
}

/// `Series`: the partition of an account.
pub(super) fn account(account: Account) -> [u8; 2] {
    account.0.to_be_bytes()
}

/// `Series`: which number a descriptor with this hash has.
pub(super) fn by_hash(hash: u128, probe: u8) -> Vec<u8> {
    [&[0][..], &hash.to_be_bytes(), &[probe]].concat()
}

/// `Series`: what a series is.
pub(super) fn descriptor(series: u32) -> [u8; 5] {
    tagged(1, series)
}

/// `Series`: when a series has points.
pub(super) fn activity(series: u32) -> [u8; 5] {
    tagged(2, series)
}

/// `Series`: how many series an account has.
pub(super) const NUMBERS: [u8; 1] = [3];

/// The number in a key made by [`descriptor`] or [`activity`].
pub(super) fn series_of(key: &[u8]) -> Option<u32> {
    key.get(1..)?.try_into().ok().map(u32::from_be_bytes)
}

fn tagged(tag: u8, series: u32) -> [u8; 5] {
    let [a, b, c, d] = series.to_be_bytes();
    [tag, a, b, c, d]
}

/// `SeriesIndex`: the partition of a term.
pub(super) fn term(account: Account, kind: u8, hash: u64) -> Vec<u8> {
    [&account.0.to_be_bytes()[..], &[kind], &hash.to_be_bytes()].concat()
}

/// `Points`: the partition of an account's hour.
pub(super) fn points(hour: u32, account: Account) -> Vec<u8> {
    [&hour.to_be_bytes()[..], &account.0.to_be_bytes()].concat()
}

/// `Points`: one part of a series' points of an hour; strays are those whose own time is not in it.
pub(super) fn chunk(series: u32, strays: bool, part: u16) -> Vec<u8> {
    [&series.to_be_bytes()[..], &[u8::from(strays)], &part.to_be_bytes()].concat()
}

/// What rows of a day's table of traces that lead to measurements have behind the trace and its account, where rows that
/// lead to the trace itself end.
const EXEMPLARS: u8 = 2;

/// `Trace`: partition, and what the keys of all links of a trace to measurements begin with.
pub(super) fn links(account: Account, trace: TraceId) -> (Vec<u8>, Vec<u8>) {
    let (part, key) = crate::sealed::trace_key((account, trace));
    (part.into(), [&key[..], &[EXEMPLARS]].concat())
}

/// `Trace`: the end of the key of a link to the measurements of one point.
pub(super) fn link(series: u32, time: Timestamp) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&series.to_be_bytes());
    key[4..].copy_from_slice(&((time.0 as u64) ^ 1 << 63).to_be_bytes());
    key
}

/// Series and time in the whole key of a link; `None` for any other key.
pub(super) fn link_behind(key: &[u8]) -> Option<(u32, Timestamp)> {
    let (_trace, rest) = key.split_first_chunk::<17>()?;
    link_of(rest.strip_prefix(&[EXEMPLARS])?)
}

/// Series and time in what [`link`] wrote.
pub(super) fn link_of(key: &[u8]) -> Option<(u32, Timestamp)> {
    let (series, time) = key.split_first_chunk()?;
    let time = u64::from_be_bytes(time.try_into().ok()?) ^ 1 << 63;
    Some((u32::from_be_bytes(*series), Timestamp(time as i64)))
}
