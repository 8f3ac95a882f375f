//! Which of several documents with one id counts.
//!
//! A complete one beats one in progress; of two in progress, one sent alone beats one inside another document; then
//! the one received later wins, then the one with more in it. Subsegments inside a document live and die with it:
//! when a segment is sent again, what only the replaced document contained is gone, as AWS documents it. Subsegments
//! that were sent alone stay.
//!
//! Spans of different services that share an id are different things: each is kept.

use std::cmp::Ordering;

use rustc_hash::FxHashSet;

use crate::id::SpanId;
use crate::node::{Cause, Form, Node, Oddity};
use crate::time::Timestamp;

/// One node for each id and, among spans, service; by start.
pub(super) fn fold(nodes: Vec<Node<'_>>) -> Vec<Node<'_>> {
    let mut by_id: Vec<(SpanId, u32)> = (0..).zip(&nodes).map(|(index, node)| (node.id, index)).collect();
    by_id.sort_unstable();
    let replaced = replaced_documents(&nodes, &by_id);

    let node = |index: u32| &nodes[index as usize];
    let mut kept = Vec::with_capacity(by_id.len());
    let mut shared = Vec::new();
    for run in by_id.chunk_by(|one, next| one.0 == next.0) {
        let first = kept.len();
        let alive = run.iter().map(|&(_, index)| index).filter(|&index| {
            let node = node(index);
            node.form != Form::Embedded || replaced.is_empty() || !replaced.contains(&node.received)
        });
        kept.extend(alive);
        if kept.len() - first > 1 {
            let by_variant = |a: &u32, b: &u32| variant(node(*a)).cmp(&variant(node(*b)));
            kept[first..].sort_unstable_by(|a, b| by_variant(a, b).then_with(|| preference(node(*b), node(*a))));
            let mut last = first;
            for next in first + 1..kept.len() {
                if by_variant(&kept[last], &kept[next]).is_ne() {
                    last += 1;
                    kept[last] = kept[next];
                }
            }
            kept.truncate(last + 1);
            if last > first {
                shared.extend_from_slice(&kept[first..]);
            }
        }
    }
    kept.sort_unstable_by(|&a, &b| {
        let (a, b) = (node(a), node(b));
        let by_start = a.start.cmp(&b.start).then_with(|| a.id.cmp(&b.id));
        by_start.then_with(|| variant(a).cmp(&variant(b)))
    });

    let mut nodes: Vec<Option<Node<'_>>> = nodes.into_iter().map(Some).collect();
    for index in shared {
        if let Some(node) = &mut nodes[index as usize] {
            note(node, Oddity::SharedId);
        }
    }
    kept.into_iter()
        .filter_map(|index| nodes[index as usize].take())
        .collect()
}

/// Adds an oddity unless the node has it already.
pub(super) fn note(node: &mut Node<'_>, oddity: Oddity) {
    if !node.oddities.contains(&oddity) {
        node.oddities.push(oddity);
    }
}

/// Nodes with the same id and variant are the same thing.
fn variant<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    (node.form == Form::Span).then(|| node.service.as_deref().unwrap_or_default())
}

fn is_document(node: &Node<'_>) -> bool {
    matches!(node.form, Form::Segment | Form::Subsegment)
}

/// When the documents were received that a later one replaced. The time of reception names a record.
fn replaced_documents(nodes: &[Node<'_>], by_id: &[(SpanId, u32)]) -> FxHashSet<Timestamp> {
    let mut replaced = FxHashSet::default();
    let documents = |run: &[(SpanId, u32)]| {
        let nodes = run.iter().map(|&(_, index)| &nodes[index as usize]);
        nodes.filter(|node| is_document(node)).collect::<Vec<_>>()
    };
    let runs = || by_id.chunk_by(|one, next| one.0 == next.0);
    for run in runs().filter(|run| run.len() > 1) {
        let documents = documents(run);
        if documents.len() > 1 {
            replaced.extend(documents.iter().map(|node| node.received));
        }
    }
    if !replaced.is_empty() {
        for run in runs() {
            let winner = documents(run).into_iter().max_by(|a, b| preference(a, b));
            if let Some(winner) = winner {
                replaced.remove(&winner.received);
            }
        }
    }
    replaced
}

/// Which of two nodes with one id counts: the greater one. A total order, so that the choice never depends on which
/// of them came first; equal means that they are alike in everything.
fn preference(a: &Node<'_>, b: &Node<'_>) -> Ordering {
    let rank = |node: &Node<'_>| {
        (
            !node.in_progress,
            node.form != Form::Embedded || !node.in_progress,
            node.received,
        )
    };
    let by_rank = rank(a).cmp(&rank(b)).then_with(|| content(a).cmp(&content(b)));
    by_rank.then_with(|| match a == b {
        true => Ordering::Equal,
        false => format!("{a:?}").cmp(&format!("{b:?}")),
    })
}

/// How much a node says, roughly in bytes.
fn content(node: &Node<'_>) -> usize {
    let pairs = |pairs: &[(crate::node::Text<'_>, crate::node::Text<'_>)]| -> usize {
        pairs.iter().map(|(key, json)| key.len() + json.len()).sum()
    };
    let cause = match node.cause.as_deref() {
        Some(Cause::Exceptions { exceptions, .. }) => 16 + exceptions.len() * 16,
        Some(Cause::Reference(_)) => 16,
        None => 0,
    };
    let blocks = usize::from(node.http.is_some()) + usize::from(node.sql.is_some());
    let entries = node.annotations.len() + node.attributes.len() + node.events.len() + node.links.len();
    let aws = node.aws.as_ref().map_or(0, |aws| 16 + pairs(&aws.members));
    node.name.len() + pairs(&node.metadata) + pairs(&node.unknown) + aws + cause + (blocks + entries) * 16
}
