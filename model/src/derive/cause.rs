//! Why a trace failed or took so long: paths from the entry to the service that is to blame.
//!
//! A failure begins at a node that failed while nothing below it did. Slowness is followed downwards as long as one
//! child explains at least half of what its parent took and a tenth of the whole.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::services::Services;
use super::{cut, limit};
use crate::digest::{CauseEntity, CauseService, RootCause};
use crate::node::{Cause, Exception, Flags, Form, Node, Text};
use crate::time::TimeRange;
use crate::trace::{At, Trace};

/// A child is followed when it explains this share of its parent's time, …
const OF_PARENT: f64 = 0.5;
/// … and this share of the whole response time.
const OF_WHOLE: f64 = 0.1;
/// A sibling of the followed child becomes a second cause when it covers this share of the whole response time.
const SECOND: f64 = 0.3;

/// Walks one trace for its causes.
pub(super) struct Causes<'t, 'a> {
    trace: &'t Trace<'a>,
    services: &'t Services<'t>,
    entry: At,
}

impl<'t, 'a> Causes<'t, 'a> {
    pub(super) fn of(trace: &'t Trace<'a>, services: &'t Services<'t>, entry: At) -> Self {
        Self { trace, services, entry }
    }

    /// The paths to where failures of one kind began; those that the client felt first, then by start.
    pub(super) fn failures(&self, failed: impl Fn(Flags) -> bool) -> Vec<RootCause> {
        let trace = self.trace;
        let failed = |at: At| failed(trace[at].flags);
        if !trace
            .nodes()
            .iter()
            .enumerate()
            .any(|(index, _)| failed(At::new(index)))
        {
            return Vec::new();
        }
        // Parents come before children, so that each node's path is known by its parent's.
        let mut paths = vec![(0u64, true); trace.len()];
        let mut beginnings: Vec<(bool, At)> = Vec::new();
        let mut seen: FxHashSet<u64> = FxHashSet::default();
        for (at, _) in trace.walk() {
            let (above, felt) = trace.parent(at).map_or((0, true), |parent| paths[parent.index()]);
            let mut path = FxHasher::default();
            (above, trace.enters(at), &trace[at].name, trace.service(at)).hash(&mut path);
            let felt = felt && failed(at);
            paths[at.index()] = (path.finish(), felt);
            let begins = failed(at) && !trace.children(at).iter().any(|&child| failed(child));
            if begins && seen.insert(path.finish()) {
                beginnings.push((!felt, at));
            }
        }
        beginnings.sort_by_key(|&(unfelt, at)| (unfelt, trace[at].start));
        beginnings.truncate(limit::CAUSES);
        let exceptions = Exceptions::of(trace, beginnings.iter().map(|&(_, at)| at));
        let cause = |(unfelt, at): (bool, At)| RootCause {
            services: self.path(at, |at, entity| entity.exceptions = exceptions.texts(&trace[at])),
            client_impacting: !unfelt,
        };
        beginnings.into_iter().map(cause).collect()
    }

    /// The path that explains a response time in nanoseconds, and a second one if another branch explains much too.
    pub(super) fn slowness(&self, response_time: u64) -> Vec<RootCause> {
        let trace = self.trace;
        let whole = trace[self.entry].start..trace.finish(self.entry);
        let response_time = response_time as f64;
        let coverage = |at: At| {
            let own = trace[at].start.max(whole.start)..trace.finish(at).min(whole.end);
            if response_time > 0.0 {
                own.end.since(own.start) as f64 / response_time
            } else {
                1.0
            }
        };
        let own_time = |at: At| trace[at].start..trace.finish(at);
        let follow = |from: At| {
            let mut steps = vec![from];
            let mut span = own_time(from);
            let mut at = from;
            while let Some((child, wait)) = self.longest_wait(at, span.clone()) {
                let (waited, all) = (length(&wait), length(&span));
                if waited < OF_PARENT * all || waited < OF_WHOLE * response_time {
                    break;
                }
                steps.push(child);
                (at, span) = (child, own_time(child));
            }
            steps
        };
        let first = follow(self.entry);
        let second = first.windows(2).find_map(|step| {
            let siblings = trace
                .children(step[0])
                .iter()
                .copied()
                .filter(|&child| child != step[1]);
            let widest = siblings
                .map(|child| (coverage(child), child))
                .filter(|&(share, _)| share >= SECOND);
            widest.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)))
        });
        let ends = first
            .last()
            .copied()
            .into_iter()
            .chain(second.and_then(|(_, at)| follow(at).last().copied()));
        let cause = |end: At| RootCause {
            services: self.path(end, |at, entity| entity.coverage = rounded(coverage(at))),
            client_impacting: trace[end].start >= whole.start && trace.finish(end) <= whole.end,
        };
        ends.map(cause).collect()
    }

    /// The child that a node waited for longest in a span of time; of equals the first.
    fn longest_wait(&self, at: At, span: TimeRange) -> Option<(At, TimeRange)> {
        let waits = self.trace.waited_for(at, span);
        waits.max_by(|a, b| length(&a.1).total_cmp(&length(&b.1)).then_with(|| b.0.cmp(&a.0)))
    }

    /// The services from the entry to a node, with what `fill` adds to each entity.
    fn path(&self, end: At, fill: impl Fn(At, &mut CauseEntity)) -> Vec<CauseService> {
        let trace = self.trace;
        let mut upwards: Vec<At> = std::iter::successors(Some(end), |&at| trace.parent(at)).collect();
        upwards.reverse();
        let chain = upwards.chunk_by(|_, next| !trace.enters(*next));
        let chain = without_middle(chain.collect());
        let mut services = Vec::with_capacity(chain.len());
        for nodes in chain {
            let segment = nodes[0];
            let Some(service) = self.services.index(segment) else {
                continue;
            };
            let mut path = Vec::new();
            for at in without_middle(nodes.to_vec()) {
                let mut entity = |name: &str, remote: bool| {
                    let mut entity = CauseEntity {
                        name: cut(name).to_owned(),
                        remote,
                        ..CauseEntity::default()
                    };
                    fill(at, &mut entity);
                    path.push(entity);
                };
                if at == segment {
                    entity(self.services.name(service), false);
                }
                if at != segment || trace.calls(at) {
                    entity(&trace[at].name, trace.calls(at));
                }
            }
            services.push(CauseService {
                service,
                inferred: trace[segment].form == Form::Inferred,
                path,
            });
        }
        services
    }
}

/// A share to a thousandth: nobody looks closer, and more digits are as many random bytes in every digest.
fn rounded(share: f64) -> f32 {
    (share as f32 * 1000.0).round() / 1000.0
}

fn length(span: &TimeRange) -> f64 {
    span.end.since(span.start) as f64
}

/// Both ends of a path that is longer than a digest keeps.
fn without_middle<T>(mut path: Vec<T>) -> Vec<T> {
    if let Some(surplus) = path.len().checked_sub(limit::PATH) {
        path.drain(limit::PATH / 2..limit::PATH / 2 + surplus);
    }
    path
}

/// Finds what went wrong with a node, wherever in the trace that was written down.
struct Exceptions<'t, 'a> {
    by_id: FxHashMap<&'t str, &'t Exception<'a>>,
    by_entity: FxHashMap<crate::id::SpanId, &'t Node<'a>>,
}

impl<'t, 'a> Exceptions<'t, 'a> {
    /// For all nodes above the given ones. The whole trace is looked through only when one of them refers elsewhere.
    fn of(trace: &'t Trace<'a>, ends: impl Iterator<Item = At>) -> Self {
        let above = |end: At| std::iter::successors(Some(end), |&at| trace.parent(at));
        let refers = |at: At| matches!(trace[at].cause.as_deref(), Some(Cause::Reference(_)));
        let mut found = Self {
            by_id: FxHashMap::default(),
            by_entity: FxHashMap::default(),
        };
        let mut ends = ends;
        if ends.any(|end| above(end).any(refers)) {
            for node in trace.arrived().iter().rev() {
                if !node.exceptions().is_empty() {
                    found.by_entity.insert(node.id, node);
                }
                for exception in node.exceptions().iter().rev() {
                    if let Some(id) = &exception.id {
                        found.by_id.insert(id, exception);
                    }
                }
            }
        }
        found
    }

    /// Type and message of each exception of a node: its own, or those that its cause refers to.
    fn texts(&self, node: &Node<'_>) -> Vec<(String, String)> {
        let text = |text: &Option<Text<'_>>| text.as_deref().map_or(String::new(), |text| cut(text).to_owned());
        let texts = |exception: &Exception<'_>| (text(&exception.kind), text(&exception.message));
        let referred = match node.cause.as_deref() {
            Some(Cause::Reference(id)) => match self.by_id.get(id.as_ref()) {
                Some(exception) => std::slice::from_ref(*exception),
                None => id
                    .parse()
                    .ok()
                    .and_then(|id| self.by_entity.get(&id))
                    .map_or(&[][..], |node| node.exceptions()),
            },
            _ => return node.exceptions().iter().take(limit::EXCEPTIONS).map(texts).collect(),
        };
        referred.iter().take(limit::EXCEPTIONS).map(texts).collect()
    }
}
