//! Gathering the candidates that come first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use beamline_model::digest::Digest;

use super::filter::{self, zone_may_have};
use super::order::Key;
use super::{Finder, Minute};
use crate::api::Order;
use crate::codec::digest::Head;
use crate::codec::varint::corrupt;
use crate::engine::EngineError;
use crate::table::chunks::Chunk;
use crate::table::rows::Rows;

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
    pub(super) chunks: Arc<[Chunk]>,
    /// Which of the chunks.
    pub(super) number: usize,
    pub(super) page: u16,
    pub(super) row: usize,
    pub(super) head: Head,
}

impl At {
    pub(super) fn chunk(&self) -> &Chunk {
        &self.chunks[self.number]
    }
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

    /// Whether nothing that is ranked so or lower could be kept any more: by what the order sorts by, then by start,
    /// highest first.
    pub(super) fn beats(&self, rank: (i64, i64)) -> bool {
        let worst = self.heap.peek().map(|last| (last.0.key.key, last.0.key.start.0));
        self.heap.len() >= self.room && worst.is_some_and(|worst| rank < worst)
    }

    pub(super) fn into_sorted(self) -> Vec<Candidate> {
        self.heap
            .into_sorted_vec()
            .into_iter()
            .map(|Ranked(candidate, _)| candidate)
            .collect()
    }
}

/// A chunk that is still to be looked at, and how high any of its rows can rank.
struct Waiting {
    rank: (i64, i64),
    chunks: Arc<[Chunk]>,
    number: usize,
    /// The rows that may be wanted, once that was found out.
    rows: Option<Rows>,
}

/// Adds the candidates of sealed minutes; says how many traces of them lie in the range and come after the last page.
///
/// When results do not come by time, chunks are looked at by how high their rows can rank, first as their zones say,
/// then as their rows do, so that most are never opened.
pub(super) fn gather(finder: &mut Finder<'_>, minutes: &[Minute], top: &mut Top) -> Result<u64, EngineError> {
    let search = finder.search;
    let mut seen = 0;
    let mut waiting: BinaryHeap<ByRank> = BinaryHeap::new();
    for minute in minutes.iter().filter(|minute| !minute.live_only) {
        let chunks = finder.moment.chunks(&minute.place, &minute.record)?;
        for (number, Chunk { head, .. }) in chunks.iter().enumerate() {
            if !head.zone.may_lie_in(search.basis, &search.range) {
                continue;
            }
            if !zone_may_have(&head.zone, finder.required) {
                seen += head.zone.rows;
                continue;
            }
            waiting.push(ByRank(Waiting {
                rank: rank(search.order, head.zone.duration, head.zone.failed, head.zone.start.1),
                chunks: Arc::clone(&chunks),
                number,
                rows: None,
            }));
        }
    }
    while let Some(ByRank(next)) = waiting.pop() {
        let chunk = &next.chunks[next.number];
        if top.beats(next.rank) {
            let rows = next.rows.as_ref().map_or(chunk.head.zone.rows, Rows::count);
            seen += rows;
            top.dropped += rows;
            continue;
        }
        let rows = match next.rows {
            Some(rows) => rows,
            None => {
                let mut rows = filter::rows(finder.moment, chunk, finder.required)?;
                rows.intersect(&chunk.alive);
                if rows.is_empty() {
                    seen += chunk.head.zone.rows;
                    continue;
                }
                if let Order::Slowest | Order::MostErrors = search.order {
                    let sketch = finder.moment.sketch(chunk)?;
                    waiting.push(ByRank(Waiting {
                        rank: rank(
                            search.order,
                            sketch.duration(&rows),
                            sketch.failed(&rows),
                            chunk.head.zone.start.1,
                        ),
                        rows: Some(rows),
                        ..next
                    }));
                    continue;
                }
                rows
            }
        };
        seen += push_rows(finder, &next.chunks, next.number, &rows, top)?;
    }
    Ok(seen)
}

/// How high results rank whose bounds are these: the latest start decides between equals.
fn rank(order: Order, duration: u64, failed: u32, latest_start: i64) -> (i64, i64) {
    let key = match order {
        Order::Slowest => i64::try_from(duration).unwrap_or(i64::MAX),
        Order::MostErrors => i64::from(failed),
        Order::Newest | Order::Oldest => i64::MAX,
    };
    (key, latest_start)
}

/// Adds those of some rows of a chunk that are candidates; counts those that are or could have been.
fn push_rows(
    finder: &mut Finder<'_>,
    chunks: &Arc<[Chunk]>,
    number: usize,
    rows: &Rows,
    top: &mut Top,
) -> Result<u64, EngineError> {
    let (search, chunk) = (finder.search, &chunks[number]);
    let columns = finder.moment.columns(chunk)?;
    let mut seen = 0;
    for at in chunk.alive.iter() {
        let row = &columns.rows[at];
        let key = Key::of_row(search.order, row);
        if !row.may_lie_in(search.basis, &search.range)
            || !key.comes_after(finder.after.as_ref(), search.order)
            || finder.live.outdates(row.head.trace.0)?
        {
            continue;
        }
        seen += 1;
        if rows.contains(at) {
            let (page, row) = columns
                .page_of(at)
                .ok_or_else(|| corrupt("the columns of a summary chunk"))?;
            let at = At {
                chunks: Arc::clone(chunks),
                number,
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
    Ok(seen)
}

struct ByRank(Waiting);

impl Ord for ByRank {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.rank.cmp(&other.0.rank)
    }
}

impl PartialOrd for ByRank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByRank {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ByRank {}
