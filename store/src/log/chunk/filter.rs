//! Filters over the words of a chunk, and of each of its frames.
//!
//! Words are kept as hashes in binary-fuse filters, which say no or maybe. The filters of a chunk are cut into shards by
//! hash, so that looking for one word in many chunks reads a few KiB of each; only a chunk that may have it is asked
//! which frames may. A trace that an event names is a word too: its 32 digits, however it was spelled.
//!
//! ```text
//! shard     a filter, or nothing where every word is possible
//! frames    per frame: length varint, the same
//! ```

use beamline_model::id::TraceId;
use beamline_model::log::word;
use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

use super::Row;
use super::head::MOST_SHARDS_LOG2;
use crate::codec::varint::{Put, Take};
use crate::log::message;
use crate::table::index;

/// A shard has about so many words.
const WORDS_PER_SHARD: usize = 4096;

/// A word as filters know it.
pub(crate) fn hash(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

/// The word that a trace is.
pub(crate) fn trace_word(trace: TraceId) -> String {
    trace.to_w3c()
}

/// Gathers words, frame by frame.
#[derive(Default)]
pub(super) struct Words<'a> {
    /// The contexts whose words are in the frame.
    contexts: FxHashSet<&'a [u8]>,
    frame: FxHashSet<u64>,
    all: Vec<u64>,
    frames: Vec<u8>,
    hashes: Vec<u64>,
}

impl<'a> Words<'a> {
    pub(super) fn add(&mut self, row: &Row<'a>) {
        match row.context {
            None => self.text(&message::text(None, row.body)),
            Some(context) => {
                // A record is told as one object, whose members are those of its context and its own. The words of the
                // two together are those of the whole, and a context encloses many records.
                if self.contexts.insert(context) {
                    self.text(&message::text(Some(context), &[]));
                }
                self.text(&message::text(Some(&[]), row.body));
            }
        }
        for mention in row.mentions {
            self.frame.insert(hash(&trace_word(mention.trace)));
        }
    }

    fn text(&mut self, text: &str) {
        word::each(text, |word| {
            self.frame.insert(hash(word));
        });
    }

    /// The next row begins another frame.
    pub(super) fn end_frame(&mut self) {
        self.contexts.clear();
        self.hashes.clear();
        self.hashes.extend(self.frame.drain());
        self.all.extend_from_slice(&self.hashes);
        self.frames.sized(&filter(&self.hashes));
    }

    /// The shards, whose number is a power of two, and the filters of the frames.
    pub(super) fn finish(mut self) -> (Vec<Vec<u8>>, Vec<u8>) {
        self.all.sort_unstable();
        self.all.dedup();
        let wanted = self.all.len().div_ceil(WORDS_PER_SHARD).max(1).next_power_of_two();
        let log2 = (wanted.trailing_zeros() as u8).min(MOST_SHARDS_LOG2);
        let mut rest = &self.all[..];
        let shards = (0..1usize << log2).map(|shard| {
            let length = rest.partition_point(|&hash| usize::from(shard_of(hash, log2)) <= shard);
            let (of_shard, behind) = rest.split_at(length);
            rest = behind;
            filter(of_shard)
        });
        (shards.collect(), self.frames)
    }
}

/// The shard that knows a word.
pub(crate) fn shard_of(hash: u64, log2: u8) -> u8 {
    // Shifting by all bits is not defined.
    hash.checked_shr(64 - u32::from(log2)).unwrap_or(0) as u8
}

fn filter(hashes: &[u64]) -> Vec<u8> {
    if hashes.is_empty() {
        return Vec::new();
    }
    index::filter(hashes).unwrap_or_default()
}

/// Whether a shard of a chunk may have a word. What cannot be read may have any.
pub(crate) fn may_have(filter: &[u8], hash: u64) -> bool {
    filter.is_empty() || index::may_contain(filter, hash).unwrap_or(true)
}

/// Which frames may have all of these words; `None` if the filters cannot be read.
pub(crate) fn frames_with(filters: &[u8], hashes: &[u64]) -> Option<Vec<bool>> {
    let mut take = Take(filters);
    let mut frames = Vec::new();
    while !take.0.is_empty() {
        let filter = take.sized()?;
        frames.push(hashes.iter().all(|&hash| may_have(filter, hash)));
    }
    Some(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::chunk::At;
    use beamline_model::log::Mention;
    use proptest::prelude::*;

    fn row<'a>(body: &'a str, mentions: &'a [Mention]) -> Row<'a> {
        Row {
            at: At::default(),
            stream: 0,
            context: None,
            body: body.as_bytes(),
            mentions,
        }
    }

    #[test]
    fn every_word_is_found_in_its_frame_and_seldom_in_others() {
        let named = [Mention {
            trace: TraceId(7),
            span: None,
        }];
        let text = |frame: usize, event: usize| format!("Request r{frame}x{event} took {event} ms");
        let texts: Vec<Vec<String>> = (0..40)
            .map(|frame| (0..400).map(|event| text(frame, event)).collect())
            .collect();
        let mut words = Words::default();
        for (frame, texts) in texts.iter().enumerate() {
            texts.iter().for_each(|text| words.add(&row(text, &[])));
            if frame == 20 {
                words.add(&row("", &named));
            }
            words.end_frame();
        }
        let (shards, frames) = words.finish();
        let log2 = shards.len().trailing_zeros() as u8;
        assert!(shards.len() >= 4);
        let in_chunk = |hash| may_have(&shards[usize::from(shard_of(hash, log2))], hash);
        let frames_with = |word: &str| -> Vec<usize> {
            let found = frames_with(&frames, &[hash(word)]).unwrap();
            found
                .iter()
                .enumerate()
                .filter(|(_, found)| **found)
                .map(|(frame, _)| frame)
                .collect()
        };
        for frame in 0..40 {
            let word = format!("r{frame}x399");
            assert!(in_chunk(hash(&word)));
            assert!(frames_with(&word).contains(&frame));
            assert!(frames_with(&word).len() < 5);
        }
        assert!(in_chunk(hash(&trace_word(TraceId(7)))));
        assert!(frames_with(&trace_word(TraceId(7))).contains(&20));
        assert_eq!(frames_with("request").len(), 40);
        let wrong = (0..10_000).filter(|n| in_chunk(hash(&format!("absent{n}")))).count();
        assert!(wrong < 100, "{wrong}");
    }

    #[test]
    fn a_chunk_without_words_may_have_any() {
        let mut words = Words::default();
        words.add(&row("…", &[]));
        words.end_frame();
        let (shards, frames) = words.finish();
        assert!(may_have(&shards[0], 5));
        assert_eq!(frames_with(&frames, &[5]), Some(vec![true]));
    }

    proptest! {
        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100), hash: u64) {
            let _ = may_have(&bytes, hash);
            let _ = frames_with(&bytes, &[hash]);
        }
    }
}
