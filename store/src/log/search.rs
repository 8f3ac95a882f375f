//! Finding events: live and sealed ones of one moment, in order.
//!
//! Days, chunks, frames and live pieces say between which events theirs lie. The search holds them in a heap by where
//! they begin, and takes out whatever begins first: a day is replaced by its chunks, a chunk by its frames, a frame by its
//! matching events; an event that is taken out is the next of the page. So nothing is read that begins behind the end
//! of the page, and words and times skip what cannot match before it is read.

mod heap;
mod wanted;

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use beamline_model::log::LogGroup;
use bytes::Bytes;

use self::heap::{Chunk, Found, Heap, Item, Span};
use self::wanted::{Of, Wanted};
use super::chunk::read::{ChunkId, heads};
use super::keys::GroupKey;
use super::live::Piece;
use super::{day, streams};
use crate::api::log::{LogCursor, LogEvent, LogGroups, LogPage, LogSearch, LogStreams};
use crate::engine::View;
use crate::error::StoreError;
use crate::inner::Inner;

/// A group that is searched, and its live events.
pub(super) struct Searched {
    pub(super) group: Arc<LogGroup>,
    pub(super) key: GroupKey,
    pub(super) pieces: Vec<Arc<Piece>>,
}

/// Sealed and live events of one moment.
pub(super) fn at_this_moment<T>(
    store: &Inner,
    groups: Vec<(GroupKey, Arc<LogGroup>)>,
    read: impl FnOnce(&dyn View, Vec<Searched>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let gate = store.gate.read().unwrap_or_else(PoisonError::into_inner);
    let groups = groups.into_iter().map(|(key, group)| Searched {
        group,
        key,
        pieces: store.logs.of_group(key),
    });
    let groups = groups.collect();
    let view = store.engine.view();
    drop(gate);
    read(&*view, groups)
}

/// One page of a search.
pub(crate) fn page(store: &Inner, search: &LogSearch) -> Result<LogPage, StoreError> {
    let groups = groups(store, search)?;
    at_this_moment(store, groups, |view, groups| within(view, groups, search))
}

fn groups(store: &Inner, search: &LogSearch) -> Result<Vec<(GroupKey, Arc<LogGroup>)>, StoreError> {
    let account = search.account;
    let found = match &search.groups {
        LogGroups::All => store.log_groups.list(account, "", None),
        LogGroups::Named(names) => {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.sort_unstable();
            names.dedup();
            let groups = names.into_iter().map(|name| store.log_groups.get(account, name));
            groups.collect::<Result<_, _>>()?
        }
    };
    let keyed = found.into_iter().map(|group| {
        let key = GroupKey {
            account,
            group: group.number,
        };
        (key, group)
    });
    Ok(keyed.collect())
}

pub(super) fn within(view: &dyn View, groups: Vec<Searched>, search: &LogSearch) -> Result<LogPage, StoreError> {
    let mut walk = Walk {
        view,
        heap: Heap::new(search),
        wanted: Wanted::new(search),
        groups: Vec::with_capacity(groups.len()),
        page: LogPage::default(),
    };
    for searched in groups {
        walk.begin(searched, search)?;
    }
    while walk.page.events.len() < search.limit {
        if walk.page.scanned_bytes >= search.budget && walk.heap.may_stop() {
            break;
        }
        if walk.step()?.is_break() {
            return Ok(walk.page);
        }
    }
    walk.page.cursor = walk.heap.next().map(|at| LogCursor {
        time: at.time,
        received: at.received,
    });
    Ok(walk.page)
}

struct Walk<'a> {
    view: &'a dyn View,
    heap: Heap,
    wanted: Wanted,
    groups: Vec<Of>,
    page: LogPage,
}

impl Walk<'_> {
    /// Puts all of a group into the heap that may hold something.
    fn begin(&mut self, searched: Searched, search: &LogSearch) -> Result<(), StoreError> {
        let Some(of) = Of::new(self.view, &searched, &search.streams)? else {
            return Ok(());
        };
        let number = self.groups.len();
        for piece in searched.pieces {
            if let Some((first, last)) = piece.between {
                self.heap.push(Span { first, last }, Item::Piece(number, piece));
            }
        }
        for (day, known) in day::all(self.view, searched.key)? {
            let span = Span::of_times(known.first, known.last);
            self.heap.push(span, Item::Day(number, day));
        }
        self.groups.push(of);
        Ok(())
    }

    /// Takes out what begins first; says to stop when there is nothing more.
    fn step(&mut self) -> Result<ControlFlow<()>, StoreError> {
        let Some(item) = self.heap.pop() else {
            return Ok(ControlFlow::Break(()));
        };
        match item {
            Item::Day(group, day) => self.day(group, day)?,
            Item::Chunk(group, chunk) => {
                let found = self.chunk(group, &chunk);
                self.bear(found)?;
            }
            Item::Frame(group, chunk, number) => {
                let found = self.frame(group, &chunk, number);
                self.bear(found)?;
            }
            Item::Piece(group, piece) => self.piece(group, &piece)?,
            Item::Events(mut events) => {
                let next = events.pop();
                self.heap.push_events(events);
                self.page.events.extend(next.map(|found| found.event));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Goes on behind what is damaged, and counts it.
    fn bear(&mut self, found: Result<(), StoreError>) -> Result<(), StoreError> {
        match found {
            Err(StoreError::Damaged(problem)) => {
                tracing::error!(problem, "part of a chunk of log events skipped");
                self.page.damaged += 1;
                Ok(())
            }
            other => other,
        }
    }

    fn day(&mut self, group: usize, day: u16) -> Result<(), StoreError> {
        let place = self.groups[group].key.on(day);
        for (chunk, head) in heads(self.view, place)? {
            let id = ChunkId { place, chunk };
            match head {
                Ok(head) => {
                    let of_streams = self.groups[group].any_of(&head.streams);
                    if let (true, Some(first), Some(last)) = (of_streams, head.first(), head.last()) {
                        let chunk = Arc::new(Chunk::new(id, head));
                        self.heap.push(Span { first, last }, Item::Chunk(group, chunk));
                    }
                }
                Err(damaged) => self.bear(Err(damaged.into()))?,
            }
        }
        Ok(())
    }

    fn chunk(&mut self, group: usize, chunk: &Arc<Chunk>) -> Result<(), StoreError> {
        let Chunk { id, head, .. } = &**chunk;
        if !id.may_have(self.view, head, &self.wanted.hashes)? {
            return Ok(());
        }
        let with = id.frames_with(self.view, head, &self.wanted.hashes)?;
        for (number, frame) in (0u16..).zip(&head.frames) {
            if with.get(usize::from(number)) == Some(&true) {
                let span = Span {
                    first: frame.first,
                    last: frame.last,
                };
                self.heap.push(span, Item::Frame(group, Arc::clone(chunk), number));
            }
        }
        Ok(())
    }

    fn frame(&mut self, group: usize, chunk: &Arc<Chunk>, number: u16) -> Result<(), StoreError> {
        let Chunk { id, head, .. } = &**chunk;
        let frame = id.frame(self.view, number)?;
        let contexts = chunk.contexts(self.view)?;
        let mut events = Vec::new();
        self.page.scanned_events += frame.len() as u64;
        for sealed in frame.events() {
            self.page.scanned_bytes += sealed.body.len() as u64;
            let of = &mut self.groups[group];
            let stream = head.streams.get(sealed.stream).copied();
            let Some(stream) = stream.filter(|&stream| self.heap.wants(sealed.at) && of.wants(stream)) else {
                continue;
            };
            let context = match sealed.context {
                0 => None,
                number => contexts.get(number - 1),
            };
            if !self
                .wanted
                .matches(context.map(|context| &context[..]), sealed.body, None)
            {
                continue;
            }
            if let Some(stream) = of.name(self.view, stream)? {
                events.push(Found {
                    at: sealed.at,
                    event: LogEvent {
                        group: Arc::clone(&of.group),
                        stream,
                        time: sealed.at.time,
                        received: sealed.at.received,
                        context: context.cloned(),
                        body: frame.share(sealed.body),
                    },
                });
            }
        }
        self.heap.push_found(events);
        Ok(())
    }

    fn piece(&mut self, group: usize, piece: &Piece) -> Result<(), StoreError> {
        let mut events = Vec::new();
        for row in piece.rows() {
            self.page.scanned_events += 1;
            self.page.scanned_bytes += row.body.len() as u64;
            let of = &mut self.groups[group];
            if !(self.heap.wants(row.at) && of.wants(row.stream)) {
                continue;
            }
            if !self.wanted.matches(row.context, row.body, Some(row.mentions)) {
                continue;
            }
            if let Some(stream) = of.name(self.view, row.stream)? {
                events.push(Found {
                    at: row.at,
                    event: LogEvent {
                        group: Arc::clone(&of.group),
                        stream,
                        time: row.at.time,
                        received: row.at.received,
                        context: row.context.map(Bytes::copy_from_slice),
                        body: Bytes::copy_from_slice(row.body),
                    },
                });
            }
        }
        self.heap.push_found(events);
        Ok(())
    }
}

/// The numbers of the streams that are searched; `None` for all.
fn numbers_of(view: &dyn View, key: GroupKey, streams: &LogStreams) -> Result<Option<Vec<u32>>, StoreError> {
    match streams {
        LogStreams::All => Ok(None),
        LogStreams::Named(names) => {
            let mut numbers = Vec::with_capacity(names.len());
            for name in names {
                numbers.extend(streams::number(view, key, name)?);
            }
            Ok(Some(numbers))
        }
        LogStreams::Prefix(prefix) => streams::numbers(view, key, prefix).map(Some),
    }
}
