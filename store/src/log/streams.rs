//! Log streams: made, found and listed.
//!
//! ```text
//! stream      version u8 = 1 | CRC-32C of the rest u32 | name with its length | created zigzag | u8 whether it has
//!             events, and if it has: first, last time, last reception, zigzags
//! name        number u32
//! counter     next number u32, streams there are u32
//! ```

use std::ops::{Bound, ControlFlow};
use std::sync::{Mutex, PoisonError};

use beamline_model::log::{LogGroup, LogStreamName};
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::keys::{self, GroupKey};
use crate::api::Account;
use crate::api::log::{LogStream, LogStreamId};
use crate::clock;
use crate::codec::checked;
use crate::codec::varint::{Put, Take};
use crate::engine::{Change, Durability, Family, KeyRange, View, WriteBatch};
use crate::error::{LogError, StoreError};
use crate::inner::Inner;

const VERSION: u8 = 1;

/// Numbers of streams that were asked for, so that nobody waits for a stream that is known.
#[derive(Default)]
pub(crate) struct Streams {
    known: Mutex<FxHashMap<GroupKey, FxHashMap<String, u32>>>,
}

impl Streams {
    /// More streams than this are not remembered; all are forgotten then, and asked for again.
    const MOST: usize = 100_000;

    pub(crate) fn known(&self, key: GroupKey, name: &str) -> Option<u32> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&key)?.get(name).copied()
    }

    fn keep(&self, key: GroupKey, name: &str, number: u32) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.values().map(FxHashMap::len).sum::<usize>() >= Self::MOST {
            known.clear();
        }
        known.entry(key).or_default().insert(name.to_owned(), number);
    }

    pub(super) fn forget(&self, key: GroupKey) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    fn forget_one(&self, key: GroupKey, name: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_group) = known.get_mut(&key) {
            of_group.remove(name);
        }
    }
}

/// The number of a stream.
pub(crate) fn number(view: &dyn View, key: GroupKey, name: &str) -> Result<Option<u32>, StoreError> {
    match view.get(Family::LogIndex, &key.part(), &keys::name(name))? {
        Some(found) => u32_of(&found).map(Some).ok_or_else(|| damaged(key, name)),
        None => Ok(None),
    }
}

/// The numbers of all streams whose names begin so, by name.
pub(crate) fn numbers(view: &dyn View, key: GroupKey, prefix: &str) -> Result<Vec<u32>, StoreError> {
    let mut found = Vec::new();
    let mut unread = false;
    let start = keys::name(prefix);
    let range = KeyRange::from(start.clone());
    view.scan(Family::LogIndex, &key.part(), range, false, &mut |row, value| {
        if !row.starts_with(&start) {
            return ControlFlow::Break(());
        }
        match u32_of(value) {
            Some(number) => found.push(number),
            None => unread = true,
        }
        ControlFlow::Continue(())
    })?;
    match unread {
        true => Err(damaged(key, prefix)),
        false => Ok(found),
    }
}

/// What is known of a stream, live events not included.
pub(crate) fn record(view: &dyn View, key: GroupKey, number: u32) -> Result<Option<LogStream>, StoreError> {
    match view.get(Family::LogIndex, &key.part(), &keys::stream(number))? {
        Some(value) => {
            let stream = decode(&value, number);
            stream.map(Some).ok_or_else(|| damaged(key, &number.to_string()))
        }
        None => Ok(None),
    }
}

pub(crate) fn put(key: GroupKey, stream: &LogStream, batch: &mut WriteBatch) {
    let mut out = Vec::new();
    out.sized(stream.name.as_str().as_bytes());
    out.zigzag(stream.created.0);
    match (stream.first_event, stream.last_event, stream.last_ingestion) {
        (Some(first), Some(last), Some(ingestion)) => {
            out.push(1);
            [first, last, ingestion].iter().for_each(|moment| out.zigzag(moment.0));
        }
        _ => out.push(0),
    }
    let value = checked::close(VERSION, &out);
    batch.put(Family::LogIndex, key.part(), keys::stream(stream.number), value);
}

fn decode(value: &[u8], number: u32) -> Option<LogStream> {
    let mut take = Take(checked::open(VERSION, value)?);
    let mut stream = LogStream {
        name: take.text()?.parse().ok()?,
        number,
        created: Timestamp(take.zigzag()?),
        first_event: None,
        last_event: None,
        last_ingestion: None,
    };
    if take.byte()? != 0 {
        for moment in [
            &mut stream.first_event,
            &mut stream.last_event,
            &mut stream.last_ingestion,
        ] {
            *moment = Some(Timestamp(take.zigzag()?));
        }
    }
    Some(stream)
}

/// Counts an event in.
pub(crate) fn saw(stream: &mut LogStream, time: Timestamp, received: Timestamp) {
    stream.first_event = Some(stream.first_event.map_or(time, |first| first.min(time)));
    stream.last_event = Some(stream.last_event.map_or(time, |last| last.max(time)));
    stream.last_ingestion = Some(stream.last_ingestion.map_or(received, |last| last.max(received)));
}

fn u32_of(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

fn damaged(key: GroupKey, stream: &str) -> StoreError {
    StoreError::Damaged(format!("stream {stream} of log group {}", key.group))
}

/// The next number, and how many streams there are.
fn counter(view: &dyn View, key: GroupKey) -> Result<(u32, u32), StoreError> {
    match view.get(Family::LogIndex, &key.part(), &keys::NEXT_STREAM)?.as_deref() {
        None => Ok((0, 0)),
        Some(value) => {
            let mut take = Take(value);
            let mut number = || take.array().map(u32::from_be_bytes);
            number().zip(number()).ok_or_else(|| damaged(key, "counter"))
        }
    }
}

fn put_counter(key: GroupKey, (next, count): (u32, u32), batch: &mut WriteBatch) {
    let value = [next.to_be_bytes(), count.to_be_bytes()].concat();
    batch.put(Family::LogIndex, key.part(), keys::NEXT_STREAM, value);
}

/// Makes a stream if it is not there; says whether it was made.
pub(crate) fn ensure(
    store: &Inner,
    account: Account,
    group: &LogGroup,
    name: &LogStreamName,
) -> Result<(LogStreamId, bool), StoreError> {
    let key = GroupKey {
        account,
        group: group.number,
    };
    let id = |stream| LogStreamId {
        group: group.number,
        stream,
    };
    if let Some(known) = store.log_streams.known(key, name.as_str()) {
        return Ok((id(known), false));
    }
    let _alone = store.log_groups.changing();
    if store.log_groups.of_number(key).is_none() {
        return Err(LogError::NoSuchGroup.into());
    }
    let view = store.engine.view();
    if let Some(known) = number(&*view, key, name.as_str())? {
        // Remembered only while nobody can remove it.
        store.log_streams.keep(key, name.as_str(), known);
        return Ok((id(known), false));
    }
    let (next, count) = counter(&*view, key)?;
    let most = store.config.logs.streams;
    if count as usize >= most || next == u32::MAX {
        return Err(LogError::TooManyStreams(most).into());
    }
    let stream = LogStream {
        name: name.clone(),
        number: next,
        created: clock::now(),
        first_event: None,
        last_event: None,
        last_ingestion: None,
    };
    let mut batch = WriteBatch::default();
    put(key, &stream, &mut batch);
    let value = next.to_be_bytes().to_vec();
    batch.put(Family::LogIndex, key.part(), keys::name(name.as_str()), value);
    put_counter(key, (next + 1, count + 1), &mut batch);
    store.write(batch, Durability::Commit)?;
    store.log_streams.keep(key, name.as_str(), next);
    Ok((id(next), true))
}

/// Removes a stream. Its events are not found any more from then on; their bytes go with their day.
pub(crate) fn delete(store: &Inner, account: Account, group: &LogGroup, name: &str) -> Result<(), StoreError> {
    // What is sealed meanwhile would bring the record back.
    let _unsealed = store.log_sealer.alone();
    let _alone = store.log_groups.changing();
    let key = GroupKey {
        account,
        group: group.number,
    };
    let view = store.engine.view();
    let number = number(&*view, key, name)?.ok_or(LogError::NoSuchStream)?;
    let (next, count) = counter(&*view, key)?;
    let mut batch = WriteBatch::default();
    for row in [keys::stream(number), keys::name(name)] {
        batch.changes.push(Change::Delete {
            family: Family::LogIndex,
            part: key.part(),
            key: row,
        });
    }
    put_counter(key, (next, count.saturating_sub(1)), &mut batch);
    store.write(batch, Durability::Commit)?;
    store.log_streams.forget_one(key, name);
    Ok(())
}

/// All streams of a group whose names begin so, by name, live events not included. `each` says whether to go on.
pub(crate) fn each(
    view: &dyn View,
    key: GroupKey,
    prefix: &str,
    after: Option<&str>,
    descending: bool,
    each: &mut dyn FnMut(LogStream) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let start = keys::name(prefix);
    let range = match (after, descending) {
        (Some(name), false) if name >= prefix => KeyRange {
            start: Bound::Excluded(keys::name(name)),
            end: Bound::Unbounded,
        },
        (Some(name), true) => KeyRange {
            start: Bound::Included(start.clone()),
            end: Bound::Excluded(keys::name(name)),
        },
        // No name has a byte above those of UTF-8.
        (None, true) => KeyRange {
            start: Bound::Included(start.clone()),
            end: Bound::Excluded([&start[..], &[0xff]].concat()),
        },
        _ => KeyRange::from(start.clone()),
    };
    let mut failed = None;
    view.scan(Family::LogIndex, &key.part(), range, descending, &mut |row, value| {
        if !row.starts_with(&start) {
            return if descending {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            };
        }
        let found = u32_of(value).ok_or_else(|| damaged(key, prefix));
        match found.and_then(|number| record(view, key, number)) {
            Ok(Some(stream)) => each(stream),
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    failed.map_or(Ok(()), Err)
}
