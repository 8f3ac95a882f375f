//! Spans arranged as X-Ray nests them: which become segments, and what is in which.

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::part::{Part, members};
use crate::id::SpanId;
use crate::node::{Form, Kind, Node, Value};

/// Subsegments are nested no deeper than this; deeper ones are put beside each other at this level.
const DEPTH: usize = 200;

/// One document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its id: the span's, or a made one for the service half of a local root.
    pub id: SpanId,
    /// What it belongs to.
    pub parent: Option<SpanId>,
    /// A segment, or a subsegment whose segment is not among the spans.
    pub is_segment: bool,
    /// JSON text.
    pub json: String,
}

/// The documents of the spans among `nodes`: one for each segment with its subsegments nested, in the order of the
/// segments; then those whose segment is missing. Nodes of other forms are left out.
///
/// A span that serves or has no parent is a segment; a local root that calls another service is a segment and a
/// subsegment in it.
#[must_use]
pub fn documents<'n, 'a: 'n>(nodes: impl IntoIterator<Item = &'n Node<'a>>) -> Vec<Document> {
    let spans: Vec<&Node<'a>> = nodes.into_iter().filter(|node| node.form == Form::Span).collect();
    let known: FxHashSet<SpanId> = spans.iter().map(|node| node.id).collect();
    let mut parts: Vec<(&Node<'a>, Part)> = Vec::new();
    for node in spans {
        parts.extend(split(node).into_iter().flatten().map(|part| (node, part)));
    }
    let mut below: FxHashMap<SpanId, Vec<usize>> = FxHashMap::default();
    let mut tops = Vec::new();
    for (index, &(node, part)) in parts.iter().enumerate() {
        match part {
            Part::Subsegment => match node
                .parent
                .filter(|parent| known.contains(parent) && *parent != node.id)
            {
                Some(parent) => below.entry(parent).or_default().push(index),
                None => tops.push(index),
            },
            Part::Dependency(service) => below.entry(service).or_default().push(index),
            Part::Segment | Part::Service(_) => tops.push(index),
        }
    }
    tops.sort_by_key(|&index| !parts[index].1.is_segment());
    let mut order = Order {
        container: vec![None; parts.len()],
        seen: vec![false; parts.len()],
        order: Vec::with_capacity(parts.len()),
    };
    // What no top leads to hangs in a circle of parents; each circle is cut where it is met first.
    for top in tops.into_iter().chain(0..parts.len()) {
        order.descend(top, |index| {
            let (id, _) = parts[index].1.identity(parts[index].0);
            below.get(&id).map_or(&[][..], Vec::as_slice)
        });
    }
    order.write(&parts)
}

fn split(node: &Node<'_>) -> [Option<Part>; 2] {
    let is_local_root = node.attribute("aws.span.kind").and_then(Value::as_text) == Some("LOCAL_ROOT");
    let calls = matches!(node.kind, Kind::Client | Kind::Producer | Kind::Consumer);
    match (is_local_root, calls) {
        (true, true) => {
            let service = SpanId(xxh3_64(&node.id.to_bytes()).max(1));
            [Some(Part::Service(service)), Some(Part::Dependency(service))]
        }
        (true, false) => [Some(Part::Segment), None],
        (false, _) if node.kind == Kind::Server || node.parent.is_none() => [Some(Part::Segment), None],
        (false, _) => [Some(Part::Subsegment), None],
    }
}

/// Parts in the order in which they are written, containers first, and what each is nested in.
struct Order {
    container: Vec<Option<usize>>,
    seen: Vec<bool>,
    order: Vec<usize>,
}

impl Order {
    /// Without recursion, because a trace may be a chain of any length.
    fn descend<'b>(&mut self, top: usize, below: impl Fn(usize) -> &'b [usize]) {
        let mut open = vec![(top, 0, None)];
        while let Some((index, depth, container)) = open.pop() {
            if std::mem::replace(&mut self.seen[index], true) {
                continue;
            }
            self.container[index] = container;
            self.order.push(index);
            let inner = if depth < DEPTH { Some(index) } else { container };
            open.extend(below(index).iter().rev().map(|child| (*child, depth + 1, inner)));
        }
    }

    /// Written backwards, so that every subsegment is whole before what it is nested in.
    fn write(self, parts: &[(&Node<'_>, Part)]) -> Vec<Document> {
        let mut nested: Vec<Vec<String>> = vec![Vec::new(); parts.len()];
        let mut documents = Vec::new();
        for &index in self.order.iter().rev() {
            let (node, part) = parts[index];
            let mut object = members(node, part, self.container[index].is_none());
            object.list("subsegments", std::mem::take(&mut nested[index]).into_iter().rev());
            let json = object.close();
            let (id, parent) = part.identity(node);
            match self.container[index] {
                Some(container) => nested[container].push(json),
                None => documents.push(Document {
                    id,
                    parent,
                    is_segment: part.is_segment(),
                    json,
                }),
            }
        }
        documents.reverse();
        documents
    }
}
