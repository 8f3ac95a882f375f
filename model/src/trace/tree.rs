//! Who is whose parent, and what stands in for those that are missing.
//!
//! Nothing here recurses: a trace may be a chain of 100,000 nodes.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::fold::note;
use super::role::{Roles, enters_by_itself};
use super::{At, Place, Trace};
use crate::id::{SpanId, TraceId};
use crate::node::{Form, Kind, Node, Oddity, Scalar, Text};
use crate::time::Timestamp;

/// Of services that share an id, so many are tried as parents.
const SHARING: usize = 8;

/// Every node's parent, without circles.
pub(super) struct Ancestry {
    /// By [`At::index`].
    pub(super) parents: Vec<Option<At>>,
    /// All nodes, parents before children.
    pub(super) order: Vec<At>,
}

/// Finds the parents of `nodes`, which are in their final order, and appends placeholders for those that are missing.
pub(super) fn ancestry(trace: TraceId, nodes: &mut Vec<Node<'_>>) -> Ancestry {
    let mut by_id: Vec<(SpanId, At)> = nodes
        .iter()
        .enumerate()
        .map(|(i, node)| (node.id, At::new(i)))
        .collect();
    by_id.sort_unstable();
    let mut parents = Vec::with_capacity(nodes.len());
    let mut missing = Vec::new();
    for index in 0..nodes.len() {
        let at = At::new(index);
        let parent = parent(nodes, &by_id, at);
        parents.push(parent);
        let node = &mut nodes[index];
        match node.parent {
            Some(_) if parent.is_some() => {}
            Some(id) if id != node.id => {
                note(node, Oddity::MissingParent);
                missing.push((id, at));
            }
            named => {
                if named.is_some() {
                    note(node, Oddity::ParentCycle);
                }
                if is_part(node) {
                    missing.push((stand_in(trace, node.id), at));
                }
            }
        }
    }
    missing.sort_unstable();
    for orphans in missing.chunk_by(|one, next| one.0 == next.0) {
        let homeless = |&&(_, at): &&(SpanId, At)| {
            let node = &nodes[at.index()];
            is_part(node) || !enters_by_itself(node)
        };
        if orphans.iter().any(|orphan| homeless(&orphan)) {
            let home = At::new(nodes.len());
            nodes.push(placeholder(
                trace,
                orphans[0].0,
                orphans.iter().map(|orphan| &nodes[orphan.1.index()]),
            ));
            parents.push(None);
            for (_, orphan) in orphans {
                parents[orphan.index()] = Some(home);
            }
        }
    }
    without_circles(trace, nodes, parents)
}

/// Whether a node can only exist as a part of a segment.
fn is_part(node: &Node<'_>) -> bool {
    matches!(node.form, Form::Subsegment | Form::Embedded)
}

/// The id of a placeholder for a parent whose id nobody knows.
fn stand_in(trace: TraceId, child: SpanId) -> SpanId {
    let seed = [trace.to_bytes().as_slice(), &child.to_bytes(), b"parent"].concat();
    SpanId(xxh3_64(&seed).max(1))
}

/// The parent of the node at `at`, if it is there.
fn parent(nodes: &[Node<'_>], by_id: &[(SpanId, At)], at: At) -> Option<At> {
    let with_id = |id: SpanId| {
        let first = by_id.partition_point(|&(other, _)| other < id);
        let run = by_id[first..].iter().take_while(move |&&(other, _)| other == id);
        run.take(SHARING)
            .map(|&(_, other)| other)
            .filter(move |&other| other != at)
    };
    let node = &nodes[at.index()];
    let sends = |other: &At| matches!(nodes[other.index()].kind, Kind::Client | Kind::Producer);
    if matches!(node.kind, Kind::Server | Kind::Consumer) && node.oddities.contains(&Oddity::SharedId) {
        // Zipkin style: both ends of a call under one id, so the caller's end is the parent.
        let caller = with_id(node.id).find(sends);
        if caller.is_some() {
            return caller;
        }
    }
    let id = node.parent?;
    let mut candidates = with_id(id);
    let first = candidates.next()?;
    let Some(second) = candidates.next() else {
        return Some(first);
    };
    let own_service = |other: &At| node.service.is_some() && nodes[other.index()].service == node.service;
    let all = || [first, second].into_iter().chain(with_id(id).skip(2));
    all().find(own_service).or_else(|| all().find(sends)).or(Some(first))
}

/// Stands for a parent that never came; named after what its children know of it.
fn placeholder<'n, 'a: 'n>(
    trace: TraceId,
    id: SpanId,
    children: impl Iterator<Item = &'n Node<'a>> + Clone,
) -> Node<'a> {
    let mut node = Node::new(Form::Placeholder, trace, id);
    let known = children.clone().filter(|child| !enters_by_itself(child));
    let name = known
        .clone()
        .find_map(known_service)
        .unwrap_or(Cow::Borrowed("unknown"));
    node.in_progress = true;
    node.start = children
        .clone()
        .map(|child| child.start)
        .min()
        .unwrap_or(Timestamp::ZERO);
    node.received = children
        .clone()
        .map(|child| child.received)
        .max()
        .unwrap_or(Timestamp::ZERO);
    node.weight = known.map(|child| child.weight).next().unwrap_or(1.0);
    node.service = Some(name.clone());
    node.name = name;
    node
}

/// The service that a part says it runs in: its own word, or the name that Lambda functions annotate.
fn known_service<'a>(part: &Node<'a>) -> Option<Text<'a>> {
    let annotated = part.annotations.iter().find_map(|(key, value)| match value {
        Scalar::Text(name) if key == "AWS_LAMBDA_FUNCTION_NAME" => Some(name.clone()),
        _ => None,
    });
    part.service.clone().or(annotated).filter(|name| !name.is_empty())
}

/// Breaks every circle of parents at its earliest node and orders all nodes so that parents come first.
fn without_circles(trace: TraceId, nodes: &mut Vec<Node<'_>>, mut parents: Vec<Option<At>>) -> Ancestry {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        OnTrail,
        Done,
    }
    let mut seen = vec![Seen::No; nodes.len()];
    let mut order = Vec::with_capacity(nodes.len());
    let mut trail: Vec<At> = Vec::new();
    for index in 0..seen.len() {
        let mut next = Some(At::new(index));
        while let Some(at) = next.filter(|at| seen[at.index()] != Seen::Done) {
            if seen[at.index()] == Seen::OnTrail {
                let first = trail.iter().rposition(|&other| other == at).unwrap_or(0);
                let circle = &mut trail[first..];
                let earliest = (0..circle.len()).min_by_key(|&i| circle[i]).unwrap_or(0);
                // From here on the trail is emptied from its end, so the broken node has to come last.
                circle.rotate_left(earliest + 1);
                let broken = circle[circle.len() - 1].index();
                note(&mut nodes[broken], Oddity::ParentCycle);
                parents[broken] = None;
                if is_part(&nodes[broken]) {
                    let home = At::new(nodes.len());
                    let id = stand_in(trace, nodes[broken].id);
                    nodes.push(placeholder(trace, id, std::iter::once(&nodes[broken])));
                    parents.push(None);
                    seen.push(Seen::Done);
                    order.push(home);
                    parents[broken] = Some(home);
                }
                break;
            }
            seen[at.index()] = Seen::OnTrail;
            trail.push(at);
            next = parents[at.index()];
        }
        while let Some(at) = trail.pop() {
            seen[at.index()] = Seen::Done;
            order.push(at);
        }
    }
    Ancestry { parents, order }
}

/// Lists children by start, walks the tree, and knows for each node what lies below it.
pub(super) fn grow<'a>(id: TraceId, nodes: Vec<Node<'a>>, ancestry: &Ancestry, roles: &Roles) -> Trace<'a> {
    let earlier = |at: &At| (nodes[at.index()].start, nodes[at.index()].id, *at);
    let mut places: Vec<Place> = (0..nodes.len())
        .map(|index| Place {
            parent: ancestry.parents[index],
            children: (0, 0),
            depth: 0,
            segment: roles.segment[index],
            call: roles.call[index],
            skew: 0,
            last: nodes[index].last_moment(),
        })
        .collect();

    // Counting sort by parent: `children.1` counts, then ends each range while it is filled.
    for index in 0..places.len() {
        if let Some(parent) = places[index].parent {
            places[parent.index()].children.1 += 1;
        }
    }
    let mut first = 0;
    for place in &mut places {
        let count = place.children.1;
        place.children = (first, first);
        first += count;
    }
    let mut children = vec![At(0); first as usize];
    let mut roots = Vec::new();
    for index in 0..places.len() {
        match places[index].parent {
            Some(parent) => {
                let end = &mut places[parent.index()].children.1;
                children[*end as usize] = At::new(index);
                *end += 1;
            }
            None => roots.push(At::new(index)),
        }
    }
    for place in &places {
        let siblings = &mut children[place.children.0 as usize..place.children.1 as usize];
        if !siblings.is_sorted_by_key(earlier) {
            siblings.sort_unstable_by_key(earlier);
        }
    }
    roots.sort_unstable_by_key(earlier);

    let mut order = Vec::with_capacity(nodes.len());
    let mut segments = Vec::new();
    let mut next: Vec<At> = roots.into_iter().rev().collect();
    while let Some(at) = next.pop() {
        order.push(at);
        let place = &places[at.index()];
        if place.segment == at {
            segments.push(at);
        }
        let (below, depth) = (place.children, place.depth + 1);
        for &child in children[below.0 as usize..below.1 as usize].iter().rev() {
            places[child.index()].depth = depth;
            next.push(child);
        }
    }
    for at in order.iter().rev() {
        let Place { parent, last, .. } = places[at.index()];
        if let Some(parent) = parent {
            let last_of_parent = &mut places[parent.index()].last;
            *last_of_parent = last.max(*last_of_parent);
        }
    }
    // Stable, so that of segments with one start the caller stays first.
    segments.sort_by_key(|at| nodes[at.index()].start);
    Trace {
        id,
        arrived: nodes.len(),
        nodes,
        places,
        children,
        order,
        segments,
        updated: Timestamp::ZERO,
    }
}
