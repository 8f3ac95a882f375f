//! Gathering the candidates that come first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use beamline_model::digest::Digest;

use super::Finder;
use super::filter::{Chunk, zone_may_have};
use super::order::Key;
use crate::api::Order;
use crate::codec::digest::Head;
use crate::codec::varint::corrupt;
use crate::engine::EngineError;
use crate::table::keys::Place;
use crate::table::summaries;
use crate::table::zone::Zone;

/// A trace that may match.
pub(super) struct Candidate {
    pub(super) key: Key,
    pub(super) source: Source,
}

/// Where a candidate's digest is.
pub(super) enum Source {
    /// At hand.
    Live(Arc<Digest>),
    /// In a page.
    Sealed(At),
}

/// A row of a page.
pub(super) struct At {
    pub(super) place: Place,
    pub(super) chunk: u32,
    pub(super) page: u16,
    pub(super) row: usize,
    pub(super) head: Head,
}

/// The candidates that come first, up to some number.
pub(super) struct Top {
    order: Order,
    room: usize,
    heap: BinaryHeap<Ranked>,
    /// Candidates that came too late in the order to be kept.
    pub(super) dropped: u64,
}

struct Ranked(Candidate, Order);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.key.order(&other.0.key, self.1)
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

impl Top {
    pub(super) fn new(order: Order, room: usize) -> Self {
        Self {
            order,
            room,
            heap: BinaryHeap::new(),
            dropped: 0,
        }
    }

    pub(super) fn push(&mut self, candidate: Candidate) {
        if self.heap.len() >= self.room {
            self.dropped += 1;
            if self
                .heap
                .peek()
                .is_none_or(|last| candidate.key.order(&last.0.key, self.order) != Ordering::Less)
            {
                return;
            }
            self.heap.pop();
        }
        self.heap.push(Ranked(candidate, self.order));
    }

    /// Whether nothing within these bounds could be kept any more.
    fn beats(&self, zone: &Zone) -> bool {
        let best = match self.order {
            Order::Slowest => i64::try_from(zone.duration).unwrap_or(i64::MAX),
            Order::MostErrors => i64::from(zone.failed),
            Order::Newest | Order::Oldest => return false,
        };
        self.heap.len() >= self.room && self.heap.peek().is_some_and(|last| best < last.0.key.key)
    }

    pub(super) fn into_sorted(self) -> Vec<Candidate> {
        self.heap
            .into_sorted_vec()
            .into_iter()
            .map(|Ranked(candidate, _)| candidate)
            .collect()
    }
}

/// Adds the candidates of a sealed minute; says how many traces of it lie in the range and come after the last page.
pub(super) fn gather(finder: &Finder<'_>, place: &Place, top: &mut Top) -> Result<u64, EngineError> {
    let search = finder.search;
    let mut seen = 0;
    for head in summaries::heads(finder.moment.view, place)? {
        if !head.zone.may_lie_in(search.basis, &search.range) {
            continue;
        }
        if !zone_may_have(&head.zone, finder.required) {
            seen += head.zone.rows;
            continue;
        }
        if top.beats(&head.zone) {
            seen += head.zone.rows;
            top.dropped += head.zone.rows;
            continue;
        }
        let mut chunk = Chunk::new(finder.moment.view, *place, head);
        let mut rows = chunk.rows(finder.required)?;
        rows.intersect(&chunk.head.alive());
        if rows.is_empty() {
            seen += chunk.head.zone.rows;
            continue;
        }
        let alive = chunk.head.alive();
        let number = chunk.head.chunk;
        let columns = chunk.columns()?;
        for at in alive.iter() {
            let row = &columns.rows[at];
            let key = Key::of_row(search.order, row);
            if !row.may_lie_in(search.basis, &search.range)
                || !key.comes_after(finder.after.as_ref(), search.order)
                || finder.outdated.contains(&row.head.trace.0)
            {
                continue;
            }
            seen += 1;
            if rows.contains(at) {
                let (page, row) = columns
                    .page_of(at)
                    .ok_or_else(|| corrupt("the columns of a summary chunk"))?;
                let at = At {
                    place: *place,
                    chunk: number,
                    page,
                    row,
                    head: columns.rows[at].head,
                };
                top.push(Candidate {
                    key,
                    source: Source::Sealed(at),
                });
            }
        }
    }
    Ok(seen)
}
