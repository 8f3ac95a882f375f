//! The live table of log events: in memory until they are sealed.
//!
//! Events of a group are held in pieces, in order of arrival. The commit thread alone adds, the sealer alone takes
//! away; readers and the sealer take pieces by counting a reference, and a piece that somebody holds is not changed any
//! more, so nobody ever reads under the lock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use beamline_model::log::Mention;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::Incoming;
use super::chunk::{At, Row};
use super::keys::GroupKey;
use super::message;

/// A piece takes no further event once it has so many bytes.
const PIECE_BYTES: usize = 64 << 10;

/// All live log events.
#[derive(Default)]
pub(crate) struct Live {
    state: Mutex<State>,
    bytes: AtomicUsize,
}

/// What the table holds.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) groups: FxHashMap<GroupKey, Group>,
    /// Contexts are sent again and again; each is kept once.
    contexts: FxHashMap<u64, Bytes>,
    /// The first commit that is not in this table yet.
    pub(crate) next_commit: u64,
}

/// The events of a group.
pub(crate) struct Group {
    /// When the first of them arrived in this table.
    pub(crate) opened: Instant,
    pub(crate) bytes: usize,
    pub(crate) pieces: Vec<Arc<Piece>>,
}

/// Some events of a group that arrived one after the other.
#[derive(Default)]
pub(crate) struct Piece {
    /// The first commit that it has events of.
    pub(crate) first_commit: u64,
    /// Of all events, the first and the last.
    pub(crate) between: Option<(At, At)>,
    events: Vec<Held>,
    arena: Vec<u8>,
    contexts: Vec<Bytes>,
    mentions: Vec<Mention>,
}

/// One event, its body in the arena.
#[derive(Clone, Copy)]
struct Held {
    at: At,
    stream: u32,
    /// Index into the contexts; `u32::MAX` for none.
    context: u32,
    body: (u32, u32),
    mentions: (u32, u32),
}

const NO_CONTEXT: u32 = u32::MAX;

impl Live {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes held by all events.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Live events.
    pub(crate) fn len(&self) -> usize {
        let state = self.state();
        let pieces = state.groups.values().flat_map(|group| &group.pieces);
        pieces.map(|piece| piece.events.len()).sum()
    }

    /// Adds what a commit brought. `each` is handed a function to call with every event.
    pub(crate) fn apply(&self, commit: u64, each: impl FnOnce(&mut dyn FnMut(&Incoming<'_>))) {
        let now = Instant::now();
        let mut state = self.state();
        let mut added = 0;
        each(&mut |event| added += state.add(event, commit, now));
        state.next_commit = state.next_commit.max(commit + 1);
        self.bytes.fetch_add(added, Ordering::Relaxed);
    }

    /// The pieces of a group as they are now.
    pub(crate) fn of_group(&self, key: GroupKey) -> Vec<Arc<Piece>> {
        let state = self.state();
        let group = state.groups.get(&key);
        group.map(|group| group.pieces.clone()).unwrap_or_default()
    }

    /// Takes the first so many pieces of a group away: they are sealed. Gives back what is to be freed.
    pub(crate) fn sealed(&self, key: GroupKey, pieces: usize) -> Vec<Arc<Piece>> {
        let mut state = self.state();
        let Some(group) = state.groups.get_mut(&key) else {
            return Vec::new();
        };
        let gone: Vec<_> = group.pieces.drain(..pieces.min(group.pieces.len())).collect();
        let bytes: usize = gone.iter().map(|piece| piece.bytes()).sum();
        group.bytes -= bytes;
        group.opened = Instant::now();
        if group.pieces.is_empty() {
            state.groups.remove(&key);
        }
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        gone
    }

    /// Takes all of a group away: it is deleted. Says how many events it had.
    pub(crate) fn forget(&self, key: GroupKey) -> usize {
        let gone = self.sealed(key, usize::MAX);
        gone.iter().map(|piece| piece.events.len()).sum()
    }

    /// Forgets contexts that no event uses any more.
    pub(crate) fn sweep(&self) {
        self.state().contexts.retain(|_, context| !context.is_unique());
    }
}

// === impl State ===

impl State {
    /// Adds an event; says how many bytes that took.
    fn add(&mut self, event: &Incoming<'_>, commit: u64, now: Instant) -> usize {
        let key = GroupKey {
            account: event.account,
            group: event.stream.group,
        };
        let Self { groups, contexts, .. } = self;
        let group = groups.entry(key).or_insert_with(|| Group {
            opened: now,
            bytes: 0,
            pieces: Vec::new(),
        });
        let full = group.pieces.last().is_none_or(|piece| piece.arena.len() >= PIECE_BYTES);
        // A piece that somebody holds stays as it is.
        let open = group.pieces.last_mut().and_then(Arc::get_mut).filter(|_| !full);
        let more = match open {
            Some(piece) => piece.add(event, contexts),
            None => {
                let mut piece = Piece {
                    first_commit: commit,
                    ..Piece::default()
                };
                let more = piece.add(event, contexts) + size_of::<Piece>();
                group.pieces.push(Arc::new(piece));
                more
            }
        };
        group.bytes += more;
        more
    }
}

impl Piece {
    fn add(&mut self, event: &Incoming<'_>, contexts: &mut FxHashMap<u64, Bytes>) -> usize {
        let before = self.bytes();
        let at = At {
            time: event.time,
            received: event.received,
        };
        let found = message::mentions(event.context, event.body);
        let held = Held {
            at,
            stream: event.stream.stream,
            context: event
                .context
                .map_or(NO_CONTEXT, |context| self.context(context, contexts)),
            body: (self.arena.len() as u32, event.body.len() as u32),
            mentions: (self.mentions.len() as u32, found.len() as u32),
        };
        self.arena.extend_from_slice(event.body);
        self.mentions.extend(found);
        self.events.push(held);
        self.between = Some(match self.between {
            Some((first, last)) => (first.min(at), last.max(at)),
            None => (at, at),
        });
        self.bytes() - before
    }

    fn context(&mut self, context: &[u8], known: &mut FxHashMap<u64, Bytes>) -> u32 {
        // The latest is the likeliest: an exporter sends its records under one context.
        let found = self.contexts.iter().rposition(|known| known[..] == *context);
        let index = found.unwrap_or_else(|| {
            self.contexts.push(intern(known, context));
            self.contexts.len() - 1
        });
        index as u32
    }

    /// Bytes it holds. Contexts are shared, and not counted.
    pub(crate) fn bytes(&self) -> usize {
        let events = self.events.len() * size_of::<Held>();
        size_of::<Self>() + self.arena.len() + events + self.mentions.len() * size_of::<Mention>()
    }

    /// The events in order of arrival.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        let part = |(at, length): (u32, u32)| at as usize..at as usize + length as usize;
        self.events.iter().map(move |held| Row {
            at: held.at,
            stream: held.stream,
            context: self.contexts.get(held.context as usize).map(|context| &context[..]),
            body: &self.arena[part(held.body)],
            mentions: &self.mentions[part(held.mentions)],
        })
    }

    /// The traces that events name, each as often as that.
    pub(crate) fn mentions(&self) -> &[Mention] {
        &self.mentions
    }
}

fn intern(contexts: &mut FxHashMap<u64, Bytes>, context: &[u8]) -> Bytes {
    let known = contexts
        .entry(xxh3_64(context))
        .or_insert_with(|| Bytes::copy_from_slice(context));
    if known[..] == *context {
        return known.clone();
    }
    // Two contexts with one hash: the second is simply not shared.
    Bytes::copy_from_slice(context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Account;
    use crate::api::log::LogStreamId;
    use beamline_model::time::Timestamp;

    fn add(live: &Live, commit: u64, group: u32, body: &str) {
        let event = Incoming {
            account: Account(0),
            stream: LogStreamId { group, stream: 1 },
            time: Timestamp(commit as i64),
            received: Timestamp(commit as i64),
            context: None,
            body: body.as_bytes(),
        };
        live.apply(commit, |add| add(&event));
    }

    fn key(group: u32) -> GroupKey {
        GroupKey {
            account: Account(0),
            group,
        }
    }

    #[test]
    fn a_piece_that_is_held_does_not_change() {
        let live = Live::default();
        add(&live, 1, 7, "one");
        add(&live, 2, 7, "two");
        let held = live.of_group(key(7));
        add(&live, 3, 7, "three");
        let bodies = |pieces: &[Arc<Piece>]| -> Vec<String> {
            let rows = pieces.iter().flat_map(|piece| piece.rows());
            rows.map(|row| String::from_utf8_lossy(row.body).into_owned()).collect()
        };
        assert_eq!(bodies(&held), ["one", "two"]);
        assert_eq!((held.len(), held[0].first_commit), (1, 1));
        assert_eq!(bodies(&live.of_group(key(7))), ["one", "two", "three"]);
        live.sealed(key(7), held.len());
        assert_eq!(bodies(&live.of_group(key(7))), ["three"]);
        assert_eq!(live.forget(key(7)), 1);
        assert_eq!((live.bytes(), live.len()), (0, 0));
    }

    #[test]
    fn what_is_named_is_known_without_reading() {
        let live = Live::default();
        add(&live, 1, 7, "a 1-5759e988-bd862e3fe1be46a994272793 b");
        let pieces = live.of_group(key(7));
        assert_eq!(pieces[0].mentions().len(), 1);
        assert_eq!(pieces[0].rows().next().map(|row| row.mentions.len()), Some(1));
    }
}
