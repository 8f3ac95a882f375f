//! Which events a search wants.

use std::sync::Arc;

use beamline_model::id::TraceId;
use beamline_model::log::{LogGroup, LogStreamName, Mention, word};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Searched, numbers_of};
use crate::api::log::{LogMatcher, LogSearch, LogStreams};
use crate::engine::View;
use crate::error::StoreError;
use crate::log::chunk::filter;
use crate::log::keys::GroupKey;
use crate::log::{message, streams};

/// What is wanted of a message.
pub(super) struct Wanted {
    words: Vec<String>,
    trace: Option<TraceId>,
    matcher: Option<Arc<dyn LogMatcher>>,
    /// The words and the trace, as filters know them.
    pub(super) hashes: Vec<u64>,
}

impl Wanted {
    pub(super) fn new(search: &LogSearch) -> Self {
        let mut words = Vec::new();
        for text in &search.words {
            match text.parse::<TraceId>() {
                Ok(trace) => words.push(filter::trace_word(trace)),
                Err(_) => words.extend(word::words(text)),
            }
        }
        words.sort_unstable();
        words.dedup();
        let mut hashes: Vec<u64> = words.iter().map(|word| filter::hash(word)).collect();
        hashes.extend(search.trace.map(|trace| filter::hash(&filter::trace_word(trace))));
        Self {
            words,
            trace: search.trace,
            matcher: search.matcher.clone(),
            hashes,
        }
    }

    /// Whether an event is wanted; `mentions` are what it names, if that is known.
    pub(super) fn matches(&self, context: Option<&[u8]>, body: &[u8], mentions: Option<&[Mention]>) -> bool {
        if let Some(trace) = self.trace
            && !names(context, body, mentions, |named| named == trace)
        {
            return false;
        }
        if self.words.is_empty() && self.matcher.is_none() {
            return true;
        }
        let text = message::text(context, body);
        let missing = word::missing(&text, &self.words);
        let all_named = |word: &&str| names(context, body, mentions, |named| filter::trace_word(named) == **word);
        if !missing.iter().all(all_named) {
            return false;
        }
        self.matcher.as_ref().is_none_or(|matcher| matcher.matches(&text))
    }
}

fn names(context: Option<&[u8]>, body: &[u8], mentions: Option<&[Mention]>, wanted: impl Fn(TraceId) -> bool) -> bool {
    let any = |mentions: &[Mention]| mentions.iter().any(|mention| wanted(mention.trace));
    match mentions {
        Some(mentions) => any(mentions),
        None => any(&message::mentions(context, body)),
    }
}

/// What is wanted of a group, and its streams as far as they were asked for.
pub(super) struct Of {
    pub(super) group: Arc<LogGroup>,
    pub(super) key: GroupKey,
    streams: Option<FxHashSet<u32>>,
    /// Names by number; none of a stream that was deleted.
    names: FxHashMap<u32, Option<Arc<LogStreamName>>>,
}

impl Of {
    /// `None` if no stream of the group is wanted.
    pub(super) fn new(view: &dyn View, searched: &Searched, streams: &LogStreams) -> Result<Option<Self>, StoreError> {
        let streams = numbers_of(view, searched.key, streams)?;
        let streams: Option<FxHashSet<u32>> = streams.map(|numbers| numbers.into_iter().collect());
        Ok(streams
            .as_ref()
            .is_none_or(|streams| !streams.is_empty())
            .then(|| Self {
                group: Arc::clone(&searched.group),
                key: searched.key,
                streams,
                names: FxHashMap::default(),
            }))
    }

    pub(super) fn wants(&self, stream: u32) -> bool {
        self.streams.as_ref().is_none_or(|streams| streams.contains(&stream))
    }

    /// Whether any of these streams is wanted.
    pub(super) fn any_of(&self, streams: &[u32]) -> bool {
        streams.iter().any(|&stream| self.wants(stream))
    }

    /// The name of a stream; `None` if there is no such stream any more.
    pub(super) fn name(&mut self, view: &dyn View, stream: u32) -> Result<Option<Arc<LogStreamName>>, StoreError> {
        if let Some(known) = self.names.get(&stream) {
            return Ok(known.clone());
        }
        let record = streams::record(view, self.key, stream)?;
        let name = record.map(|record| Arc::new(record.name));
        self.names.insert(stream, name.clone());
        Ok(name)
    }
}
