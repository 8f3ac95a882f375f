//! Merging the small chunks of a day and group, so that a quiet group does not leave hundreds.
//!
//! Chunks are of a few sizes. When there are enough of one size, they are merged with all smaller ones into one of a larger
//! size, so an event is written again a few times at most, however slowly its group fills. The merged chunk
//! replaces the others in one atomic batch; whoever reads has one or the other.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use super::chunk::head::Head;
use super::chunk::read::{self, ChunkId};
use super::chunk::{Row, build};
use super::day::{self, Day, LARGE};
use super::keys::{self, Place};
use super::{message, seal};
use crate::engine::{Change, Durability, Family, View, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;

/// So many chunks of one size are merged.
const ENOUGH: u32 = 8;
/// One merge takes at most so many bytes of bodies.
const MOST_BYTES: u64 = build::CHUNK_BYTES as u64;

/// Places that may have something to merge.
#[derive(Default)]
pub(crate) struct Due {
    places: BTreeSet<Place>,
    /// Whether those that were left from before the start have been added.
    looked: bool,
}

impl Due {
    /// A chunk was written there.
    pub(super) fn touched(&mut self, place: Place) {
        self.places.insert(place);
    }

    /// Adds what was left before the start: the latest days of every group.
    fn look(&mut self, store: &Inner, view: &dyn View) -> Result<(), StoreError> {
        const DAYS: usize = 3;
        for (key, _) in store.log_groups.all() {
            let days = day::all(view, key)?;
            let latest = days.iter().rev().take(DAYS);
            self.places.extend(latest.map(|(day, _)| key.on(*day)));
        }
        self.looked = true;
        Ok(())
    }
}

/// Merges once, somewhere; says whether there was anything to merge.
pub(crate) fn step(store: &Inner) -> Result<bool, StoreError> {
    let mut due = store.log_sealer.alone();
    let view = store.engine.view();
    if !due.looked {
        due.look(store, &*view)?;
    }
    while let Some(&place) = due.places.first() {
        let known = day::get(&*view, place.of, place.day)?;
        if let Some((known, size)) = known.and_then(|known| Some((known, crowded(&known)?)))
            && merge(store, &*view, place, known, size)?
        {
            return Ok(true);
        }
        due.places.remove(&place);
    }
    Ok(false)
}

/// The largest size of which there are too many chunks.
fn crowded(day: &Day) -> Option<usize> {
    (0..LARGE).rev().find(|&size| day.chunks[size] >= ENOUGH)
}

/// Merges the chunks of up to a size; says whether it did.
fn merge(store: &Inner, view: &dyn View, place: Place, mut known: Day, size: usize) -> Result<bool, StoreError> {
    let mut small = Vec::new();
    let mut bytes = 0;
    for (chunk, head) in read::heads(view, place)? {
        // A damaged one is left to readers, who count it.
        let Ok(head) = head else { continue };
        if day::size(head.bytes) <= size && bytes + head.bytes <= MOST_BYTES {
            bytes += head.bytes;
            small.push((chunk, head));
        }
    }
    if small.len() < 2 {
        return Ok(false);
    }
    let mut batch = WriteBatch::default();
    let mut parts = Vec::with_capacity(small.len());
    for (chunk, head) in small {
        let id = ChunkId { place, chunk };
        match Part::read(view, id, head) {
            Ok(part) => parts.push(part),
            Err(StoreError::Damaged(problem)) => {
                tracing::error!(problem, "chunk of log events not merged");
                return Ok(false);
            }
            Err(other) => return Err(other),
        }
    }
    for part in &parts {
        known.take(&part.head);
        part.remove(&mut batch);
    }
    let mut rows: Vec<Row<'_>> = parts.iter().flat_map(Part::rows).collect();
    rows.sort_unstable_by_key(|row| row.at);
    let before = batch.changes.len();
    for rows in build::chunks(&rows) {
        let head = build::add(place, known.take_number(), rows, &mut batch);
        known.add(&head);
    }
    known.put(place.of, place.day, &mut batch);
    let counters = &store.counters.logs;
    counters.merged.fetch_add(parts.len() as u64, Ordering::Relaxed);
    counters
        .merged_bytes
        .fetch_add(seal::bytes_of(&batch, before), Ordering::Relaxed);
    store.write(batch, Durability::Write)?;
    Ok(true)
}

/// A chunk that is read whole.
struct Part {
    id: ChunkId,
    head: Head,
    contexts: Vec<bytes::Bytes>,
    frames: Vec<super::chunk::frame::Frame>,
    /// What each event names, frame by frame.
    mentions: Vec<beamline_model::log::Mentions>,
}

impl Part {
    fn read(view: &dyn View, id: ChunkId, head: Head) -> Result<Self, StoreError> {
        let contexts = id.contexts(view, &head)?;
        let frames = (0..head.frames.len()).map(|number| id.frame(view, number as u16));
        let frames: Vec<_> = frames.collect::<Result<_, _>>()?;
        let events = frames.iter().flat_map(|frame| frame.events());
        let mentions = events.map(|event| message::mentions(context(&contexts, event.context), event.body));
        let mentions = mentions.collect();
        Ok(Self {
            id,
            head,
            contexts,
            frames,
            mentions,
        })
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let events = self.frames.iter().flat_map(|frame| frame.events());
        events.zip(&self.mentions).map(|(event, mentions)| Row {
            at: event.at,
            stream: self.head.streams.get(event.stream).copied().unwrap_or(u32::MAX),
            context: context(&self.contexts, event.context),
            body: event.body,
            mentions,
        })
    }

    /// Removes its rows.
    fn remove(&self, batch: &mut WriteBatch) {
        let ChunkId { place, chunk } = self.id;
        let shards = (0..1u8 << self.head.shards_log2).map(|shard| keys::words(chunk, shard));
        let frames = (0..self.head.frames.len()).map(|number| keys::frame(chunk, number as u16));
        let rest = [keys::head(chunk), keys::filters(chunk), keys::contexts(chunk)];
        for key in rest.into_iter().chain(shards).chain(frames) {
            batch.changes.push(Change::Delete {
                family: Family::Log,
                part: place.part(),
                key,
            });
        }
    }
}

fn context(contexts: &[bytes::Bytes], number: usize) -> Option<&[u8]> {
    let context = contexts.get(number.checked_sub(1)?)?;
    Some(&context[..])
}
