//! Which nodes the time went to, and where a failure began.

use super::{At, Trace};
use crate::time::{TimeRange, Timestamp};

/// One node on the critical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which node.
    pub at: At,
    /// How much of the path's time it spent itself, in nanoseconds: not waiting for anything below it.
    pub self_time: u64,
}

impl Trace<'_> {
    /// The chain of work that decided when a node was done, in the order of [`Trace::walk`]: shortening anything else
    /// would not have made it faster. The self times add up to its duration.
    ///
    /// Going back from the end, the path always follows the child that finished last before that point. What is in
    /// progress counts until the last moment known of it.
    #[must_use]
    pub fn critical_path(&self, from: At) -> Vec<Step> {
        let mut path = Vec::new();
        let mut next = vec![(from, self[from].start..self.finish(from))];
        while let Some((at, span)) = next.pop() {
            let mut self_time = span.end.since(span.start);
            for (child, wait) in self.waited_for(at, span) {
                self_time -= wait.end.since(wait.start);
                next.push((child, wait));
            }
            path.push(Step { at, self_time });
        }
        path
    }

    /// From the entry to the deepest node that failed while nothing below it did: where the failure began, and how it
    /// spread. Of equally deep ones the first counts. Empty when nothing failed.
    #[must_use]
    pub fn error_path(&self) -> Vec<At> {
        let failed = |at: At| !self[at].flags.ok();
        let beginnings = self
            .walk()
            .filter(|&(at, _)| failed(at) && !self.children(at).iter().copied().any(failed));
        let first = beginnings.rev().max_by_key(|&(_, depth)| depth).map(|(at, _)| at);
        let mut path: Vec<At> = std::iter::successors(first, |&at| self.parent(at)).collect();
        path.reverse();
        path
    }

    /// When a node was done: its end, or the last moment known of it while it is in progress.
    pub(crate) fn finish(&self, at: At) -> Timestamp {
        self[at].end.unwrap_or_else(|| self.last_moment(at))
    }

    /// When, within a span of time, a node waited for which of its children; the latest first, none overlapping
    /// another.
    pub(crate) fn waited_for(&self, at: At, span: TimeRange) -> impl Iterator<Item = (At, TimeRange)> {
        let mut children: Vec<(Timestamp, At)> = self.children(at).iter().map(|&c| (self.finish(c), c)).collect();
        children.sort_unstable_by(|a, b| b.cmp(a));
        let mut point = span.end;
        children.into_iter().filter_map(move |(end, child)| {
            let wait = self[child].start.max(span.start)..end.min(point);
            if wait.is_empty() {
                return None;
            }
            point = wait.start;
            Some((child, wait))
        })
    }
}
