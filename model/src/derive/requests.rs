//! What each service answered, and who called whom.

use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};

use super::services::Services;
use super::{cut, end, http, limit};
use crate::digest::{CallFact, HttpFact, SegmentFact};
use crate::id::SpanId;
use crate::node::{Flags, Form, Kind, Node};
use crate::time::Timestamp;
use crate::trace::{At, Trace};

/// The requests of a trace, at most [`limit::REQUESTS`] of each kind.
pub(super) struct Requests {
    pub(super) segments: Vec<SegmentFact>,
    pub(super) calls: Vec<CallFact>,
    /// By [`At::index`]; the fact that stands for whatever enters a service.
    facts: Vec<Option<u16>>,
}

impl Requests {
    pub(super) fn of(trace: &Trace<'_>, services: &Services<'_>, waits: bool) -> Self {
        let linked = Linked::of(trace);
        let (segments, facts) = segments(trace, services, &linked, waits);
        let calls = calls(trace, services, &linked, waits);
        Self { segments, calls, facts }
    }

    /// The fact that stands for a segment.
    pub(super) fn index(&self, segment: At) -> Option<u16> {
        self.facts[segment.index()]
    }
}

/// Who received messages from whom, by links inside the trace: sender and receiver.
struct Linked {
    pairs: Vec<(At, At)>,
    receivers: FxHashSet<At>,
}

impl Linked {
    fn of(trace: &Trace<'_>) -> Self {
        let links = || {
            let of = |at: At| {
                trace[at]
                    .links
                    .iter()
                    .filter(|link| link.trace == trace.id())
                    .map(move |l| (at, l.id))
            };
            (0..trace.arrived().len()).map(At::new).flat_map(of)
        };
        let mut pairs = Vec::new();
        if links().next().is_some() {
            let latest_first = (0..trace.arrived().len()).rev().map(At::new);
            let by_id: FxHashMap<SpanId, At> = latest_first.map(|at| (trace[at].id, at)).collect();
            for (at, id) in links() {
                let (Some(&sender), receiver) = (by_id.get(&id), trace.segment(at)) else {
                    continue;
                };
                // A link to one's own caller says what the tree says already.
                if trace.segment(sender) != receiver && trace.parent(receiver) != Some(sender) {
                    pairs.push((sender, receiver));
                }
            }
            pairs.sort_unstable();
            pairs.dedup();
        }
        let receivers = pairs.iter().map(|&(_, receiver)| receiver).collect();
        Self { pairs, receivers }
    }

    fn receives(&self, segment: At) -> bool {
        self.receivers.contains(&segment)
    }
}

fn segments(
    trace: &Trace<'_>,
    services: &Services<'_>,
    linked: &Linked,
    waits: bool,
) -> (Vec<SegmentFact>, Vec<Option<u16>>) {
    let mut facts = vec![None; trace.len()];
    let shown = trace
        .segments()
        .iter()
        .copied()
        .filter(|&at| services.index(at).is_some());
    let key = |at: At| {
        let node = &trace[at];
        let ended = end(trace, at, waits).is_some();
        (
            services.index(at),
            trace.parent(at).is_none(),
            node.form == Form::Inferred,
            node.flags,
            ended,
        )
    };
    let mut room = Room::new(shown.clone().map(key));
    let mut segments: Vec<SegmentFact> = Vec::new();
    for at in shown {
        let (Some(service), node) = (services.index(at), &trace[at]) else {
            continue;
        };
        let end = end(trace, at, waits);
        let taken = room.take(key(at), segments.len());
        let index = match taken {
            Place::Own => {
                let entered = trace.parent(at).is_none();
                let received = Some(at) != trace.entry() && linked.receives(at);
                segments.push(SegmentFact {
                    service,
                    root: entered && !received,
                    inferred: node.form == Form::Inferred,
                    flags: node.flags,
                    start: node.start,
                    end,
                    async_end: end.and_then(|end| async_end(trace, at, end)),
                    http: http(node.http.as_deref()),
                    weight: node.weight,
                });
                segments.len() - 1
            }
            Place::With(index) => {
                let fact = &mut segments[index];
                fact.weight += node.weight;
                if is_longer(node.start, end, fact.start, fact.end) {
                    (fact.start, fact.end) = (node.start, end);
                    fact.async_end = end.and_then(|end| async_end(trace, at, end));
                }
                index
            }
            Place::Nowhere => continue,
        };
        facts[at.index()] = u16::try_from(index).ok();
    }
    (segments, facts)
}

/// The last end of a segment's own work, when later than its end.
fn async_end(trace: &Trace<'_>, segment: At, end: Timestamp) -> Option<Timestamp> {
    if trace.last_moment(segment) <= end {
        return None;
    }
    let mut last = end;
    let mut next = vec![segment];
    while let Some(at) = next.pop() {
        last = last.max(trace[at].last_moment());
        let own = trace
            .children(at)
            .iter()
            .filter(|&&child| trace.segment(child) == segment);
        next.extend(own);
    }
    (last > end).then_some(last)
}

fn calls(trace: &Trace<'_>, services: &Services<'_>, linked: &Linked, waits: bool) -> Vec<CallFact> {
    let by_tree = trace.segments().iter().filter_map(|&at| {
        let (from, view, link) = match trace.parent(at) {
            Some(parent) => {
                let call = trace.call_to(at);
                let sent = call.is_some_and(|call| trace[call].kind == Kind::Producer);
                let link = trace[at].form != Form::Inferred && (sent || trace[at].kind == Kind::Consumer);
                let sender = if link { call.or(Some(parent)) } else { call };
                (services.index(trace.segment(parent))?, sender, link)
            }
            None if Some(at) != trace.entry() && linked.receives(at) => return None,
            None => (CallFact::CLIENT, None, false),
        };
        Some(Call {
            from,
            view,
            link,
            to: at,
        })
    });
    let by_link = linked.pairs.iter().filter_map(|&(sender, receiver)| {
        Some(Call {
            from: services.index(trace.segment(sender))?,
            view: Some(sender),
            link: true,
            to: receiver,
        })
    });
    let all = || {
        by_tree
            .clone()
            .chain(by_link.clone())
            .filter(|call| services.index(call.to).is_some())
    };
    let mut room = Room::new(all().map(|call| call.key(trace, services, waits)));
    let mut calls: Vec<CallFact> = Vec::new();
    for call in all() {
        let Some(to) = services.index(call.to) else {
            continue;
        };
        let (start, end) = call.time(trace, waits);
        let seen = call.seen(trace);
        match room.take(call.key(trace, services, waits), calls.len()) {
            Place::Own => calls.push(CallFact {
                from: call.from,
                to,
                link: call.link,
                flags: seen.flags,
                start,
                end,
                http: if call.link {
                    HttpFact::default()
                } else {
                    http(seen.http.as_deref())
                },
                alias: call.alias(trace).map(|alias| cut(alias).to_owned()),
                weight: seen.weight,
            }),
            Place::With(index) => {
                let fact = &mut calls[index];
                fact.weight += seen.weight;
                if is_longer(start, end, fact.start, fact.end) {
                    (fact.start, fact.end) = (start, end);
                }
            }
            Place::Nowhere => {}
        }
    }
    calls
}

/// One call, before it becomes a fact.
#[derive(Clone, Copy)]
struct Call {
    from: u16,
    /// What the caller recorded of it; the callee's own segment when it recorded nothing.
    view: Option<At>,
    link: bool,
    to: At,
}

impl Call {
    fn seen<'t, 'a>(&self, trace: &'t Trace<'a>) -> &'t Node<'a> {
        &trace[self.view.unwrap_or(self.to)]
    }

    /// When the caller waited; for a message, from when it was sent until it was received.
    fn time(&self, trace: &Trace<'_>, waits: bool) -> (Timestamp, Option<Timestamp>) {
        let seen = self.seen(trace);
        match self.view {
            Some(_) if self.link => (seen.start, Some(trace[self.to].start.max(seen.start))),
            Some(_) => (seen.start, seen.end),
            None => (seen.start, end(trace, self.to, waits)),
        }
    }

    /// What the caller called somebody who calls itself something else. What a message was sent to is no name of
    /// whoever received it.
    fn alias<'t>(&self, trace: &'t Trace<'_>) -> Option<&'t str> {
        if self.link {
            return None;
        }
        let callee = trace.service(self.to).name;
        let call = &trace[self.view.filter(|&view| trace.calls(view))?];
        let named = trace[self.to].form != Form::Inferred && call.span_name.as_ref() != Some(&call.name);
        (named && !call.name.is_empty() && call.name != callee).then_some(call.name.as_ref())
    }

    fn key<'t>(&self, trace: &'t Trace<'_>, services: &Services<'_>, waits: bool) -> CallKey<'t> {
        CallKey {
            from: self.from,
            to: services.index(self.to),
            link: self.link,
            flags: self.seen(trace).flags,
            ended: self.time(trace, waits).1.is_some(),
            alias: self.alias(trace),
        }
    }
}

/// What calls must agree in to be counted as one.
#[derive(PartialEq, Eq, Hash)]
struct CallKey<'t> {
    from: u16,
    to: Option<u16>,
    link: bool,
    flags: Flags,
    ended: bool,
    alias: Option<&'t str>,
}

fn is_longer(start: Timestamp, end: Option<Timestamp>, than_start: Timestamp, than_end: Option<Timestamp>) -> bool {
    let time = |start: Timestamp, end: Option<Timestamp>| end.map(|end| end.since(start));
    time(start, end) > time(than_start, than_end)
}

/// Shares out [`limit::REQUESTS`] places among groups of alike things.
struct Room<K> {
    /// Per group: how many may have a place of their own, and which place was taken last.
    groups: FxHashMap<K, (usize, usize)>,
    crowded: bool,
}

/// Where something is counted.
enum Place {
    /// In a fact of its own.
    Own,
    /// In the fact with this number, among others like it.
    With(usize),
    /// There is no room for it.
    Nowhere,
}

impl<K: Eq + Hash> Room<K> {
    fn new(keys: impl Iterator<Item = K> + Clone) -> Self {
        let crowded = keys.clone().nth(limit::REQUESTS).is_some();
        let mut groups = FxHashMap::default();
        if crowded {
            groups.extend(keys.map(|key| (key, (0, 0))));
            let share = (limit::REQUESTS / groups.len()).max(1);
            groups.values_mut().for_each(|(left, _)| *left = share);
        }
        Self { groups, crowded }
    }

    /// The place for the next thing, where `next` is the number of the next fact.
    fn take(&mut self, key: K, next: usize) -> Place {
        if !self.crowded {
            return Place::Own;
        }
        match self.groups.get_mut(&key) {
            Some((left, last)) if *left > 0 && next < limit::REQUESTS => {
                (*left, *last) = (*left - 1, next);
                Place::Own
            }
            Some((left, last)) if *left == 0 => Place::With(*last),
            _ => Place::Nowhere,
        }
    }
}
