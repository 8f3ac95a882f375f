//! Scrubbing the chunks of log events.

use super::chunk::head::Head;
use super::chunk::read::{self, ChunkId};
use super::correlate;
use super::keys::{self, Place};
use crate::engine::View;
use crate::error::StoreError;

/// What was found in a chunk.
#[derive(Default)]
pub(crate) struct Scrubbed {
    pub(crate) frames: u64,
    pub(crate) events: u64,
    pub(crate) problems: Vec<String>,
}

/// Reads all of a partition and checks it against what its heads say.
pub(crate) fn partition(view: &dyn View, part: &[u8]) -> Result<Scrubbed, StoreError> {
    let mut found = Scrubbed::default();
    let Some(place) = Place::of_part(part) else {
        found
            .problems
            .push(format!("partition {part:02x?} of log events cannot be read"));
        return Ok(found);
    };
    for (chunk, head) in read::heads(view, place)? {
        let id = ChunkId { place, chunk };
        let outcome = match head {
            Ok(head) => one(view, id, &head, &mut found),
            Err(damaged) => Err(damaged.into()),
        };
        match outcome {
            Ok(()) => {}
            Err(StoreError::Damaged(problem)) => found.problems.push(format!(
                "chunk {chunk} of day {}, log group {}: {problem}",
                place.day, place.of.group
            )),
            Err(other) => return Err(other),
        }
    }
    Ok(found)
}

fn one(view: &dyn View, id: ChunkId, head: &Head, found: &mut Scrubbed) -> Result<(), StoreError> {
    let contexts = id.contexts(view, head)?;
    if contexts.len() != head.contexts as usize {
        return Err(StoreError::Damaged(format!(
            "{} contexts of {}",
            contexts.len(),
            head.contexts
        )));
    }
    for (number, expected) in (0u16..).zip(&head.frames) {
        let frame = id.frame(view, number)?;
        let (first, last) = (frame.events().next(), frame.events().next_back());
        let between = first.zip(last).map(|(first, last)| (first.at, last.at));
        if frame.len() != expected.rows as usize || between != Some((expected.first, expected.last)) {
            return Err(StoreError::Damaged(format!("frame {number} is not what the head says")));
        }
        found.frames += 1;
        found.events += frame.len() as u64;
    }
    Ok(())
}

/// Whether a row behind those of traces says, readably, where log events name one.
pub(crate) fn is_mention(key: &[u8], value: &[u8]) -> bool {
    keys::group_of(key).is_some() && correlate::read(value).is_some()
}
