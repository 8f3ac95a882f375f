//! Finding and reading sealed traces.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use beamline_model::id::TraceId;
use beamline_model::record::{Body, Record};
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;
use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::DCtx;

use crate::api::{Account, OwnedRecord};
use crate::codec::frame;
use crate::codec::location::{Location, Run};
use crate::engine::{Family, View};
use crate::error::StoreError;
use crate::live::Key;
use crate::live::entry::hash;

/// Partition and key of a trace's row. The low half of the id comes first, since the high half may be a time.
pub(crate) fn trace_key((account, trace): Key) -> ([u8; 1], [u8; 17]) {
    let id = trace.to_bytes();
    let mut key = [0; 17];
    key[..7].copy_from_slice(&id[9..]);
    key[7..15].copy_from_slice(&id[..8]);
    key[15..].copy_from_slice(&account.0.to_be_bytes());
    ([id[8]], key)
}

/// The trace that a row is about.
pub(crate) fn trace_of(part: u8, key: &[u8]) -> Option<Key> {
    let key: &[u8; 17] = key.try_into().ok()?;
    let mut id = [0; 16];
    id[8] = part;
    id[9..].copy_from_slice(&key[..7]);
    id[..8].copy_from_slice(&key[7..15]);
    Some((
        Account(u16::from_be_bytes([key[15], key[16]])),
        TraceId(u128::from_be_bytes(id)),
    ))
}

/// Partition of the frames of a day and account.
pub(crate) fn block_part(day: u16, account: Account) -> [u8; 4] {
    let ([a, b], [c, d]) = (day.to_be_bytes(), account.0.to_be_bytes());
    [a, b, c, d]
}

/// Key of a frame.
pub(crate) fn frame_key(block: u32, frame: u16) -> [u8; 6] {
    let mut key = [0; 6];
    key[..4].copy_from_slice(&block.to_be_bytes());
    key[4..].copy_from_slice(&frame.to_be_bytes());
    key
}

/// The row of a trace in one day's table.
pub(crate) fn locate_in(view: &dyn View, day: u16, key: Key) -> Result<Option<Location>, StoreError> {
    let (part, row) = trace_key(key);
    let Some(found) = view.get(Family::Trace(day), &part, &row)? else {
        return Ok(None);
    };
    let location = Location::decode(&found);
    location
        .map(Some)
        .ok_or_else(|| StoreError::Damaged(format!("the location of trace {}", key.1)))
}

/// The day that an X-Ray id names, if there is a table near it; W3C ids name any.
fn day_of(days: &[u16], trace: TraceId) -> Option<u16> {
    let day = Timestamp::from_seconds(i64::from(trace.epoch_seconds())).day();
    days.iter().any(|of| of.abs_diff(day) <= 1).then_some(day)
}

/// Everywhere a trace is sealed, newest day first. Nearly always one place: a trace gets a second one when records
/// come days later that say nothing of its first days.
pub(crate) fn locate(view: &dyn View, key: Key) -> Result<Vec<(u16, Location)>, StoreError> {
    let days = view.days();
    let mut found = Vec::new();
    if let Some(named) = day_of(&days, key.1) {
        for &day in days.iter().rev().filter(|day| day.abs_diff(named) <= 1) {
            found.extend(locate_in(view, day, key)?.map(|location| (day, location)));
        }
    }
    if found.is_empty() {
        for &day in days.iter().rev() {
            found.extend(locate_in(view, day, key)?.map(|location| (day, location)));
        }
    }
    Ok(found)
}

/// Where a trace is sealed already, as far as its live part tells: in a day that its id names, or from the day before
/// its first start to the day it last heard something.
pub(crate) fn locate_near(
    view: &dyn View,
    days: &[u16],
    key: Key,
    from: Timestamp,
    to: Timestamp,
) -> Result<Option<(u16, Location)>, StoreError> {
    let named = day_of(days, key.1).unwrap_or(u16::MAX);
    let (first, last) = (from.day().saturating_sub(1), to.day());
    let near = |day: u16| (first..=last).contains(&day) || day.abs_diff(named) <= 1;
    for &day in days.iter().rev().filter(|&&day| near(day)) {
        if let Some(location) = locate_in(view, day, key)? {
            return Ok(Some((day, location)));
        }
    }
    Ok(None)
}

/// What was read of a sealed trace.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) records: Vec<OwnedRecord>,
    /// Frames that could not be read.
    pub(crate) damaged: u32,
}

/// Reads frames. Decompressors are kept for reuse, and so are dictionaries.
#[derive(Default)]
pub(crate) struct Frames {
    /// Frames that could not be read so far.
    pub(crate) damaged: AtomicU64,
    idle: Mutex<Vec<DCtx<'static>>>,
    dictionaries: RwLock<BTreeMap<u32, Arc<DecoderDictionary<'static>>>>,
}

impl Frames {
    /// The records of a trace that are in these runs, in order of sealing. A frame that is damaged or missing is
    /// skipped, counted and logged.
    pub(crate) fn read(&self, view: &dyn View, day: u16, key: Key, runs: &[Run]) -> Result<Read, StoreError> {
        let mut read = Read::default();
        for run in runs {
            for frame in run.first..run.first.saturating_add(run.frames) {
                match self.of_frame(view, day, key, run.block, frame) {
                    Ok(mut records) => read.records.append(&mut records),
                    Err(StoreError::Damaged(problem)) => {
                        tracing::error!(trace = %key.1, day, block = run.block, frame, problem, "frame skipped");
                        read.damaged += 1;
                    }
                    Err(other) => return Err(other),
                }
            }
        }
        self.damaged.fetch_add(u64::from(read.damaged), Ordering::Relaxed);
        Ok(read)
    }

    fn of_frame(
        &self,
        view: &dyn View,
        day: u16,
        (account, trace): Key,
        block: u32,
        frame: u16,
    ) -> Result<Vec<OwnedRecord>, StoreError> {
        let found = view
            .get(Family::Block, &block_part(day, account), &frame_key(block, frame))?
            .ok_or_else(|| StoreError::Damaged("it is missing".to_owned()))?;
        let decoded = self.decompress(view, &found)?;
        frame::records(&decoded, Some(trace)).map_err(damaged)
    }

    /// A frame's decoded form, checked.
    pub(crate) fn decompress(&self, view: &dyn View, frame: &[u8]) -> Result<frame::Decoded, StoreError> {
        let dictionary = match frame::dictionary(frame).map_err(damaged)? {
            Some(number) => Some(self.dictionary(view, number)?),
            None => None,
        };
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut context = kept.unwrap_or_else(DCtx::create);
        let decoded = frame::decompress(frame, &mut context, dictionary.as_deref());
        idle().push(context);
        decoded.map_err(damaged)
    }

    fn dictionary(&self, view: &dyn View, number: u32) -> Result<Arc<DecoderDictionary<'static>>, StoreError> {
        let known = self.dictionaries.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(dictionary) = known.get(&number) {
            return Ok(Arc::clone(dictionary));
        }
        drop(known);
        let bytes = crate::seal::dictionary::load(view, number)?
            .ok_or_else(|| StoreError::Damaged(format!("dictionary {number} is missing")))?;
        let dictionary = Arc::new(DecoderDictionary::copy(&bytes));
        let mut known = self.dictionaries.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.entry(number).or_insert(dictionary)))
    }
}

pub(crate) fn damaged(error: frame::Damaged) -> StoreError {
    StoreError::Damaged(error.to_string())
}

/// Knows contents, and tells those it has not met.
pub(crate) struct Seen<'a>(FxHashMap<u64, &'a OwnedRecord>);

impl<'a> Seen<'a> {
    pub(crate) fn of(records: &'a [OwnedRecord]) -> Self {
        let hashed = records
            .iter()
            .map(|record| (hash(record.context.as_deref(), &record.body), record));
        Self(hashed.collect())
    }

    /// Whether the very same record is among them. With two contents of one hash the answer may be no, which only
    /// means that a copy is kept.
    pub(crate) fn has(&self, record: &Record<'_>) -> bool {
        let (context, body) = parts(record);
        self.0
            .get(&hash(context, body))
            .is_some_and(|known| known.body == body && known.context.as_deref() == context)
    }
}

/// Context and body.
pub(crate) fn parts<'a>(record: &Record<'a>) -> (Option<&'a [u8]>, &'a [u8]) {
    match record.body {
        Body::Xray(document) => (None, document),
        Body::Otlp { context, span } => (Some(context), span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_names_its_trace(account: u16, trace: u128) {
            let key = (Account(account), TraceId(trace));
            let (part, row) = trace_key(key);
            prop_assert_eq!(trace_of(part[0], &row), Some(key));
        }
    }
}
