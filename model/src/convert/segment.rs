//! Nodes to X-Ray documents.

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::object::Object;
use super::{block, cause, span};
use crate::id::SpanId;
use crate::node::{Form, Kind, Namespace, Node, Value};

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

/// Which half of a span a document tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All of it, as a segment.
    Segment,
    /// All of it, as a subsegment.
    Subsegment,
    /// A local root that calls: the service that makes the call.
    Service(SpanId),
    /// A local root that calls: the call, inside the given segment.
    Dependency(SpanId),
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
    tops.sort_by_key(|&index| !is_segment(parts[index].1));
    let mut order = Order {
        container: vec![None; parts.len()],
        seen: vec![false; parts.len()],
        order: Vec::with_capacity(parts.len()),
    };
    // What no top leads to hangs in a circle of parents; each circle is cut where it is met first.
    for top in tops.into_iter().chain(0..parts.len()) {
        order.descend(top, |index| {
            let (id, _) = identity(parts[index].0, parts[index].1);
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

fn is_segment(part: Part) -> bool {
    matches!(part, Part::Segment | Part::Service(_))
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
            let (id, parent) = identity(node, part);
            match self.container[index] {
                Some(container) => nested[container].push(json),
                None => documents.push(Document {
                    id,
                    parent,
                    is_segment: is_segment(part),
                    json,
                }),
            }
        }
        documents.reverse();
        documents
    }
}

fn identity(node: &Node<'_>, part: Part) -> (SpanId, Option<SpanId>) {
    match part {
        Part::Segment | Part::Subsegment => (node.id, node.parent),
        Part::Service(id) => (id, node.parent),
        Part::Dependency(service) => (node.id, Some(service)),
    }
}

fn members(node: &Node<'_>, part: Part, is_top: bool) -> Object {
    let (id, parent) = identity(node, part);
    let is_segment = is_segment(part);
    let mut object = Object::new();
    object.text("id", &id.to_string());
    object.text("name", &name(node, part));
    object.moment("start_time", node.start);
    match node.end {
        Some(end) => object.moment("end_time", end),
        None => object.raw("in_progress", "true"),
    }
    if is_top {
        object.text("trace_id", &node.trace.to_string());
        if let Some(parent) = parent {
            object.text("parent_id", &parent.to_string());
        }
        if !is_segment {
            object.text("type", "subsegment");
        }
    }
    if !is_segment {
        match &node.namespace {
            Namespace::Aws => object.text("namespace", "aws"),
            Namespace::Remote => object.text("namespace", "remote"),
            _ if matches!(part, Part::Dependency(_)) => object.text("namespace", "remote"),
            _ => {}
        }
    }
    for (key, set) in [
        ("error", node.flags.error),
        ("fault", node.flags.fault),
        ("throttle", node.flags.throttle),
    ] {
        object.truth(key, set.then_some(true));
    }
    if is_segment {
        object.option("origin", &node.origin);
        object.option("resource_arn", &node.resource_arn);
        service(node, &mut object);
    }
    object.option("user", &node.user);
    let is_service = matches!(part, Part::Service(_));
    if let Some(http) = node.http.as_ref().filter(|_| !is_service) {
        object.raw("http", &block::http(http));
    }
    if let Some(sql) = node.sql.as_ref().filter(|_| !is_segment) {
        object.raw("sql", &block::sql(sql));
    }
    object.filled("aws", block::of_span(node, !is_service));
    if let Some(cause) = &node.cause {
        object.raw("cause", &cause::json(cause, Some(node.id)));
    }
    values(node, part, &mut object);
    let keeps_links = match part {
        Part::Service(_) => node.kind == Kind::Consumer,
        Part::Dependency(_) => node.kind != Kind::Consumer,
        _ => true,
    };
    if keeps_links {
        links(node, &mut object);
    }
    object
}

fn name(node: &Node<'_>, part: Part) -> String {
    let said = |key: &str| {
        node.attribute(key)
            .and_then(Value::as_text)
            .filter(|text| !text.is_empty())
    };
    let name = match part {
        Part::Service(_) => said("aws.local.service").or(node.service.as_deref()),
        Part::Dependency(_) => said("aws.remote.service"),
        _ => None,
    };
    name.unwrap_or(&node.name).to_owned()
}

fn service(node: &Node<'_>, object: &mut Object) {
    let resource = node.context.iter().flat_map(|context| &context.resource);
    let version = resource
        .filter(|(key, _)| key == "service.version")
        .find_map(|(_, value)| value.as_text());
    if let Some(version) = version {
        let mut service = Object::new();
        service.text("version", version);
        object.filled("service", service);
    }
}

/// Attributes: those that the sender named are annotations, the others metadata; and what X-Ray has no word for.
fn values(node: &Node<'_>, part: Part, object: &mut Object) {
    let named = match node.attribute("aws.xray.annotations") {
        Some(Value::List(keys)) => keys.as_slice(),
        _ => &[],
    };
    let is_named = |key: &str| named.iter().any(|name| name.as_text() == Some(key));
    let is_service = matches!(part, Part::Service(_));
    let (mut annotations, mut default, mut metadata) = (Object::new(), Object::new(), Object::new());
    for (key, value) in &node.attributes {
        if key == "aws.xray.annotations" {
            continue;
        }
        match value.as_scalar() {
            Some(scalar) if is_named(key) => {
                if !(is_service && key.starts_with("aws.remote.")) {
                    annotations.scalar(&clean(key), &scalar);
                }
            }
            _ if is_service => {}
            _ => match (key.strip_prefix("aws.xray.metadata."), value) {
                (Some(namespace), Value::Text(json)) if namespace != "default" && is_json(json) => {
                    metadata.raw(namespace, json);
                }
                _ => default.value(key, value),
            },
        }
    }
    if is_segment(part) {
        for (key, value) in node.context.iter().flat_map(|context| &context.resource) {
            default.value(&format!("otel.resource.{key}"), value);
        }
    }
    metadata.filled("default", default);
    if !is_service {
        let (span, events) = span::beyond_xray(node);
        metadata.raw("otel", &span);
        if let Some(events) = events {
            metadata.raw("otel.events", &events);
        }
    }
    object.filled("annotations", annotations);
    object.filled("metadata", metadata);
}

fn is_json(text: &str) -> bool {
    let mut reader = crate::json::Reader::new(text);
    reader.value().and_then(|_| reader.end()).is_ok()
}

/// An annotation key as X-Ray allows it.
fn clean(key: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    key.chars().map(|c| if legal(c) { c } else { '_' }).collect()
}

fn links(node: &Node<'_>, object: &mut Object) {
    object.list(
        "links",
        node.links.iter().map(|link| {
            let mut attributes = Object::new();
            for (key, value) in &link.attributes {
                attributes.value(key, value);
            }
            let mut object = Object::new();
            object.text("trace_id", &link.trace.to_string());
            object.text("id", &link.id.to_string());
            object.filled("attributes", attributes);
            object.close()
        }),
    );
}

/// The document that `nodes` were read from: the first is the segment or lone subsegment, the others are embedded in
/// it, each after what contains it. Equal to the original up to the order of members and the spelling of numbers and
/// text. `None` if the first is not an X-Ray document.
#[must_use]
pub fn document(nodes: &[Node<'_>]) -> Option<String> {
    let is_document = |node: &&Node<'_>| matches!(node.form, Form::Segment | Form::Subsegment);
    nodes.first().filter(is_document)?;
    // Children come after their parents, so reading backwards closes every node before its container needs it.
    let mut nested: FxHashMap<SpanId, Vec<String>> = FxHashMap::default();
    for (index, node) in nodes.iter().enumerate().rev() {
        let mut object = original(node);
        let mut children = nested.remove(&node.id).unwrap_or_default();
        children.reverse();
        object.list("subsegments", children);
        if index == 0 {
            return Some(object.close());
        }
        nested.entry(node.parent?).or_default().push(object.close());
    }
    None
}

/// The members of an X-Ray node. What stands in `unknown` was sent in a spelling that the field cannot tell.
fn original(node: &Node<'_>) -> Object {
    let mut object = Object::new();
    let is_ours = |key: &str| !node.unknown.iter().any(|(unknown, _)| unknown == key);
    let embedded = node.form == Form::Embedded;
    let time_is_known = !node.oddities.contains(&crate::node::Oddity::BrokenSubsegment);
    if is_ours("id") {
        object.text("id", &node.id.to_string());
    }
    if is_ours("name") {
        object.text("name", &node.name);
    }
    if is_ours("start_time") && time_is_known {
        object.moment("start_time", node.start);
    }
    match node.end {
        Some(end) if is_ours("end_time") => object.moment("end_time", end),
        None if is_ours("in_progress") && !node.oddities.contains(&crate::node::Oddity::NeitherEndedNorOpen) => {
            object.raw("in_progress", "true");
        }
        _ => {}
    }
    if !embedded {
        if is_ours("trace_id") {
            object.text("trace_id", &node.trace.to_string());
        }
        if let Some(parent) = node.parent.filter(|_| is_ours("parent_id")) {
            object.text("parent_id", &parent.to_string());
        }
        if node.form == Form::Subsegment && is_ours("type") {
            object.text("type", "subsegment");
        }
    }
    let namespace = match &node.namespace {
        Namespace::Aws => Some("aws"),
        Namespace::Remote => Some("remote"),
        Namespace::Other(word) => Some(&**word),
        Namespace::Local => None,
    };
    if let Some(namespace) = namespace.filter(|_| is_ours("namespace")) {
        object.text("namespace", namespace);
    }
    for (key, text) in [
        ("user", &node.user),
        ("origin", &node.origin),
        ("resource_arn", &node.resource_arn),
    ] {
        if is_ours(key) {
            object.option(key, text);
        }
    }
    blocks(node, &is_ours, &mut object);
    for (key, raw) in &node.unknown {
        object.raw(key, raw);
    }
    object
}

fn blocks(node: &Node<'_>, is_ours: &dyn Fn(&str) -> bool, object: &mut Object) {
    if let Some(http) = node.http.as_ref().filter(|_| is_ours("http")) {
        object.raw("http", &block::http(http));
    }
    if let Some(sql) = node.sql.as_ref().filter(|_| is_ours("sql")) {
        object.raw("sql", &block::sql(sql));
    }
    if let Some(aws) = node.aws.as_ref().filter(|_| is_ours("aws")) {
        object.raw("aws", &block::members(aws));
    }
    if let Some(cause) = node.cause.as_ref().filter(|_| is_ours("cause")) {
        object.raw("cause", &cause::json(cause, None));
    }
    if is_ours("annotations") {
        let mut annotations = Object::new();
        for (key, scalar) in &node.annotations {
            annotations.scalar(key, scalar);
        }
        object.filled("annotations", annotations);
    }
    if is_ours("metadata") {
        let mut metadata = Object::new();
        for (namespace, raw) in &node.metadata {
            metadata.raw(namespace, raw);
        }
        object.filled("metadata", metadata);
    }
    if is_ours("links") {
        links(node, object);
    }
    if is_ours("precursor_ids") {
        let ids: Vec<String> = node.precursors.iter().map(SpanId::to_string).collect();
        object.texts("precursor_ids", ids.iter().map(String::as_str));
    }
}
