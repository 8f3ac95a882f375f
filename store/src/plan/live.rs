//! The live traces of a search, derived when their turn comes.
//!
//! Right after much has arrived there are very many, and deriving a trace costs more than finding a sealed one. When
//! the newest are asked for, they are derived in the order of the latest start each can have, and no further than
//! until nothing that is left can come before what was found.

use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::lies_in;
use crate::api::{Order, Search, TimeBasis};
use crate::engine::EngineError;
use crate::table::LiveTraces;

/// What became of a live trace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    /// What is sealed of it, if anything, is all there is.
    AsSealed,
    /// What is sealed of it is out of date.
    Amended,
    /// Nothing of it is sealed.
    New,
}

/// The live traces of a search.
pub(super) struct Unsealed<'a> {
    traces: &'a dyn LiveTraces,
    search: &'a Search,
    numbers: FxHashMap<u128, usize>,
    states: Vec<State>,
    /// Those that still wait, by the latest start they can have.
    waiting: BinaryHeap<(Timestamp, usize)>,
    /// Those that lie in the range, by the minute of their start.
    derived: BTreeMap<u32, Vec<Arc<Digest>>>,
}

impl<'a> Unsealed<'a> {
    pub(super) fn new(traces: &'a dyn LiveTraces, search: &'a Search) -> Result<Self, EngineError> {
        let all = 0..traces.len();
        let mut live = Self {
            traces,
            search,
            numbers: all.clone().map(|number| (traces.trace(number).0, number)).collect(),
            states: vec![State::Waiting; all.len()],
            waiting: BinaryHeap::new(),
            derived: BTreeMap::new(),
        };
        let by_start = search.basis == TimeBasis::Start;
        let wanted: Vec<(Timestamp, usize)> = all
            .map(|number| (traces.latest_start(number), number))
            .filter(|(latest, _)| !by_start || *latest >= search.range.start)
            .collect();
        if by_start && search.order == Order::Newest {
            live.waiting = wanted.into();
        } else {
            for (_, number) in wanted {
                live.derive(number)?;
            }
        }
        Ok(live)
    }

    /// Derives a trace unless that was done; gives it if it lies in the range.
    fn derive(&mut self, number: usize) -> Result<Option<Arc<Digest>>, EngineError> {
        if self.states[number] != State::Waiting {
            return Ok(None);
        }
        let Some(live) = self.traces.derive(number)? else {
            self.states[number] = State::AsSealed;
            return Ok(None);
        };
        self.states[number] = if live.sealed.is_some() {
            State::Amended
        } else {
            State::New
        };
        if !lies_in(&live.digest, self.search.basis, &self.search.range) {
            return Ok(None);
        }
        let minute = live.digest.start.minute();
        self.derived.entry(minute).or_default().push(Arc::clone(&live.digest));
        Ok(Some(live.digest))
    }

    /// Derives the next of those that can have started in a minute or after it, and gives it if it did start in that
    /// minute. Breaks when there are no more, or when `enough` says so of the latest start that one can have.
    pub(super) fn next(&mut self, minute: u32, enough: impl Fn(Timestamp) -> bool) -> Result<Next, EngineError> {
        let Some(&(latest, number)) = self.waiting.peek().filter(|(latest, _)| latest.minute() >= minute) else {
            return Ok(Next::None);
        };
        if enough(latest) {
            return Ok(Next::Later);
        }
        self.waiting.pop();
        let digest = self.derive(number)?;
        Ok(Next::Some(digest.filter(|digest| digest.start.minute() == minute)))
    }

    /// Those derived that started in a minute.
    pub(super) fn of_minute(&self, minute: u32) -> &[Arc<Digest>] {
        self.derived.get(&minute).map_or(&[], |digests| digests)
    }

    /// Whether some may have started in a minute, those that can have started later but did not included.
    pub(super) fn may_have(&self, minute: u32) -> bool {
        self.derived.contains_key(&minute) || self.waiting.peek().is_some_and(|(latest, _)| latest.minute() >= minute)
    }

    /// The last minute before some minute in which some may have started.
    pub(super) fn last_before(&self, end: u32) -> Option<u32> {
        let derived = self.derived.range(..end).next_back().map(|(&minute, _)| minute);
        let waiting = self
            .waiting
            .peek()
            .map(|(latest, _)| latest.minute().min(end.saturating_sub(1)));
        derived.max(waiting)
    }

    /// The hours in which some started that are derived.
    pub(super) fn hours(&self) -> impl Iterator<Item = u32> {
        self.derived.keys().map(|minute| minute - minute % 60)
    }

    /// Whether what is sealed of a trace is out of date.
    pub(super) fn outdates(&mut self, trace: u128) -> Result<bool, EngineError> {
        let Some(&number) = self.numbers.get(&trace) else {
            return Ok(false);
        };
        self.derive(number)?;
        Ok(self.states[number] == State::Amended)
    }
}

/// What [`Unsealed::next`] found.
pub(super) enum Next {
    /// One was derived; here it is if it started in that minute.
    Some(Option<Arc<Digest>>),
    /// There are more, but none that is needed now.
    Later,
    /// There is none.
    None,
}
