//! One trace, put together from whatever arrived of it.
//!
//! [`Trace::assemble`] folds what was sent more than once, finds every node's parent, finds out which nodes enter a
//! service and which of them leave it, and adds nodes for those who did not report: callees that only their callers
//! know, and parents that never came. The result depends on the set of nodes alone, never on their order or on how
//! often each was sent. It reads no clock; whoever asks whether the trace still waits for something says what time it
//! is.
//!
//! | file | question it answers |
//! |---|---|
//! | `fold` | which of several documents with one id counts |
//! | `tree` | who is whose parent, and what stands in for those that are missing |
//! | `role` | which nodes enter a service, and which call another |
//! | `infer` | who was called without reporting |
//! | `skew` | whose clock is wrong, and by how much |
//! | `path` | which nodes the time went to, and where a failure began |
//! | [`documents`] | which documents X-Ray would give back |
//! | `render` | what the tree looks like as text |

pub mod documents;
mod fold;
mod infer;
mod path;
mod render;
mod role;
mod skew;
mod tree;

use std::fmt;
use std::ops::Index;

use crate::id::{SpanId, TraceId};
use crate::node::{Form, Node};
use crate::time::Timestamp;

pub use path::Step;

/// How long a trace waits for what was announced and has not come: 10 minutes after its last record, in nanoseconds.
pub const GRACE: i64 = 600 * 1_000_000_000;

/// A node's place in its [`Trace`]. Means nothing in another trace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(u32);

impl At {
    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("a node takes more than a byte, so 2^32 of them do not fit in memory"))
    }

    /// The place as a number: dense from 0, below [`Trace::len`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

/// A service as one of its segments names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service<'t> {
    /// Name.
    pub name: &'t str,
    /// Type; empty when nobody said.
    pub kind: &'t str,
    /// Account; empty when nobody said.
    pub account: &'t str,
}

/// Where a node hangs and what it is there.
#[derive(Clone, Debug)]
struct Place {
    parent: Option<At>,
    /// Range of [`Trace::children`].
    children: (u32, u32),
    depth: u32,
    /// The node that entered the service this one runs in; itself if it did.
    segment: At,
    /// The nearest call to somebody else at or above this node in the same segment.
    call: Option<At>,
    /// What to add to its times so that they agree with the root's clock.
    skew: i64,
    /// The last moment known of it and everything below it.
    last: Timestamp,
}

/// A trace: its nodes, and how they hang together.
///
/// Nodes are numbered from 0: first what arrived, by start, then what Beamline added. Every node is below exactly one
/// root, and every root [enters](Trace::enters) a service.
#[derive(Clone, Debug)]
pub struct Trace<'a> {
    id: TraceId,
    nodes: Vec<Node<'a>>,
    places: Vec<Place>,
    children: Vec<At>,
    /// All nodes, parents before children, children by start.
    order: Vec<At>,
    /// Those that enter a service, by start.
    segments: Vec<At>,
    /// How many nodes arrived rather than being added.
    arrived: usize,
    updated: Timestamp,
}

impl<'a> Trace<'a> {
    /// Puts a trace together. The order of `nodes` and repetitions in it make no difference.
    #[must_use]
    pub fn assemble(id: TraceId, nodes: Vec<Node<'a>>) -> Self {
        let updated = nodes.iter().map(|node| node.received).max().unwrap_or(Timestamp::ZERO);
        let mut nodes = fold::fold(nodes);
        let arrived = nodes.len();
        let mut ancestry = tree::ancestry(id, &mut nodes);
        let mut roles = role::roles(&nodes, &ancestry);
        infer::add_silent_callees(id, &mut nodes, &mut ancestry, &mut roles);
        let mut trace = tree::grow(id, nodes, &ancestry, &roles);
        trace.arrived = arrived;
        trace.updated = updated;
        skew::detect(&mut trace);
        trace
    }

    /// Which trace this is.
    #[must_use]
    pub fn id(&self) -> TraceId {
        self.id
    }

    /// All nodes, added ones included, by [`At::index`].
    #[must_use]
    pub fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    /// The nodes that arrived, by start.
    #[must_use]
    pub fn arrived(&self) -> &[Node<'a>] {
        &self.nodes[..self.arrived]
    }

    /// How many nodes there are, added ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing arrived.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// When the last of its records arrived.
    #[must_use]
    pub fn updated(&self) -> Timestamp {
        self.updated
    }

    /// The earliest start of what arrived.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.arrived().first().map_or(Timestamp::ZERO, |node| node.start)
    }

    /// The last moment known of what arrived.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        let last = self.arrived().iter().map(Node::last_moment).max();
        last.unwrap_or(Timestamp::ZERO)
    }

    /// Whether what was announced may still come: callees that were said to report, parents that children name.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> bool {
        now < self.updated.plus(GRACE)
    }

    /// Every node with its depth, parents before children, children by start: the rows of a waterfall.
    pub fn walk(&self) -> impl DoubleEndedIterator<Item = (At, u32)> + ExactSizeIterator {
        self.order.iter().map(|&at| (at, self.place(at).depth))
    }

    /// The nodes without a parent, by start.
    pub fn roots(&self) -> impl Iterator<Item = At> {
        self.segments.iter().copied().filter(|&at| self.parent(at).is_none())
    }

    /// The root that started first: where the request entered the system.
    #[must_use]
    pub fn entry(&self) -> Option<At> {
        self.roots().next()
    }

    /// The nodes that enter a service, by start: one for each request that a service answered.
    #[must_use]
    pub fn segments(&self) -> &[At] {
        &self.segments
    }

    /// The node that called or contains this one.
    #[must_use]
    pub fn parent(&self, at: At) -> Option<At> {
        self.place(at).parent
    }

    /// What this node called or contains, by start.
    #[must_use]
    pub fn children(&self, at: At) -> &[At] {
        let (first, end) = self.place(at).children;
        &self.children[first as usize..end as usize]
    }

    /// How many ancestors it has.
    #[must_use]
    pub fn depth(&self, at: At) -> u32 {
        self.place(at).depth
    }

    /// The node through which the request entered the service that this one runs in.
    #[must_use]
    pub fn segment(&self, at: At) -> At {
        self.place(at).segment
    }

    /// Whether a request enters a service here.
    #[must_use]
    pub fn enters(&self, at: At) -> bool {
        self.segment(at) == at
    }

    /// Whether this node waits for, or sends to, somebody else. A span can both enter a service and call another: the
    /// outermost span of a program that only sends.
    #[must_use]
    pub fn calls(&self, at: At) -> bool {
        self.place(at).call == Some(at)
    }

    /// The call through which the caller of a segment saw it: the nearest one above it in the caller's segment. `None`
    /// for a root, and when the caller recorded no call, so that the segment's own times are all there is.
    #[must_use]
    pub fn call_to(&self, segment: At) -> Option<At> {
        self.parent(segment).and_then(|parent| self.place(parent).call)
    }

    /// Whether the callee was announced and has not reported. Only inferred nodes are awaited.
    #[must_use]
    pub fn awaited(&self, at: At) -> bool {
        self[at].form == Form::Inferred && self.parent(at).is_some_and(|call| self[call].traced)
    }

    /// The service that a node runs in.
    #[must_use]
    pub fn service(&self, at: At) -> Service<'_> {
        role::service(&self[self.segment(at)])
    }

    /// The last moment known of a node and everything below it.
    #[must_use]
    pub fn last_moment(&self, at: At) -> Timestamp {
        self.place(at).last
    }

    /// When it started by the clock of the root. Differs from the node's own `start` below a segment with
    /// [`Oddity::ClockSkew`](crate::node::Oddity::ClockSkew).
    #[must_use]
    pub fn adjusted_start(&self, at: At) -> Timestamp {
        self[at].start.plus(self.place(at).skew)
    }

    /// The nodes with this id, by start. More than one only when services share it.
    pub fn find(&self, id: SpanId) -> impl Iterator<Item = At> {
        let found = move |(_, node): &(usize, &Node<'_>)| node.id == id;
        self.nodes
            .iter()
            .enumerate()
            .filter(found)
            .map(|(index, _)| At::new(index))
    }

    fn place(&self, at: At) -> &Place {
        &self.places[at.index()]
    }
}

impl<'a> Index<At> for Trace<'a> {
    type Output = Node<'a>;

    fn index(&self, at: At) -> &Node<'a> {
        &self.nodes[at.index()]
    }
}

#[cfg(test)]
pub(crate) mod sketch;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::tangle;
