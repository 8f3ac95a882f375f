//! From a trace to the events that name it.
//!
//! In the table of a day, a row behind those of the trace itself says in which group it is named, and when:
//!
//! ```text
//! bytes 9..16 and 0..8 of the id, account u16, 1, group u32, chunk u32   first time zigzag, last, less that varint
//! ```
//!
//! There is at most one row for a trace and chunk, so there are never more than chunks were written. It says when, not
//! where, and so stays right when chunks are merged; the filters of the chunks of that time do the rest.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use beamline_model::id::TraceId;
use beamline_model::time::{TimeRange, Timestamp};
use rustc_hash::FxHashMap;

use super::chunk::Row;
use super::keys::{self, GroupKey};
use super::search::{at_this_moment, within};
use crate::api::Account;
use crate::api::log::{LogGroups, LogPage, LogSearch};
use crate::codec::varint::{Put, Take};
use crate::engine::{Family, KeyRange, View, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;

/// Of a trace that is named in more chunks than this on a day, the rest is not looked for.
const MOST_ROWS: usize = 4096;

/// Adds which traces the events of a chunk name.
pub(super) fn add(key: GroupKey, day: u16, chunk: u32, rows: &[Row<'_>], batch: &mut WriteBatch) {
    let mut named: FxHashMap<TraceId, (Timestamp, Timestamp)> = FxHashMap::default();
    for row in rows {
        for mention in row.mentions {
            let (first, last) = named.entry(mention.trace).or_insert((row.at.time, row.at.time));
            *first = (*first).min(row.at.time);
            *last = (*last).max(row.at.time);
        }
    }
    for (trace, (first, last)) in named {
        let (part, row) = keys::named_in(key.account, trace, key.group, chunk);
        let mut value = Vec::new();
        value.zigzag(first.0);
        value.varint(last.0.wrapping_sub(first.0) as u64);
        batch.put(Family::Trace(day), part, row, value);
    }
}

/// When something of a trace happened.
pub(crate) fn read(value: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let mut take = Take(value);
    let first = take.zigzag()?;
    let last = first.checked_add_unsigned(take.varint()?)?;
    Some((Timestamp(first), Timestamp(last)))
}

/// In which groups sealed events name a trace, and between which times.
fn groups(view: &dyn View, account: Account, trace: TraceId) -> Result<BTreeMap<u32, TimeRange>, StoreError> {
    let mut found: BTreeMap<u32, TimeRange> = BTreeMap::new();
    let (part, prefix) = keys::named(account, trace);
    for day in view.days() {
        let mut rows = 0;
        let range = KeyRange::from(prefix.clone());
        view.scan(Family::Trace(day), &part, range, false, &mut |key, value| {
            rows += 1;
            if !key.starts_with(&prefix) || rows > MOST_ROWS {
                return ControlFlow::Break(());
            }
            // What cannot be read may be at any time.
            let (first, last) = read(value).unwrap_or((Timestamp(i64::MIN), Timestamp::MAX));
            if let Some(group) = keys::group_of(key) {
                let when = found.entry(group).or_insert(first..last.plus(1));
                when.start = when.start.min(first);
                when.end = when.end.max(last.plus(1));
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(found)
}

/// The events that name a trace, earliest first.
pub(crate) fn events(store: &Inner, account: Account, trace: TraceId, limit: usize) -> Result<LogPage, StoreError> {
    let all = store.log_groups.all();
    let of_account = all.into_iter().filter(|(key, _)| key.account == account).collect();
    at_this_moment(store, of_account, |view, mut searched| {
        let sealed = groups(view, account, trace)?;
        let mut when: Option<TimeRange> = None;
        searched.retain_mut(|of| {
            of.pieces
                .retain(|piece| piece.mentions().iter().any(|named| named.trace == trace));
            let live = of.pieces.iter().filter_map(|piece| piece.between);
            let live = live.map(|(first, last)| first.time..last.time.plus(1));
            let ranges = live.chain(sealed.get(&of.key.group).cloned());
            let mut any = false;
            for range in ranges {
                any = true;
                when = Some(match when.take() {
                    None => range,
                    Some(when) => when.start.min(range.start)..when.end.max(range.end),
                });
            }
            any
        });
        let Some(when) = when else {
            return Ok(LogPage::default());
        };
        let search = LogSearch {
            range: when,
            trace: Some(trace),
            limit,
            ..LogSearch::new(account, LogGroups::All)
        };
        within(view, searched, &search)
    })
}
