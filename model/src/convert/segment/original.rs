//! X-Ray documents as they came.

use rustc_hash::FxHashMap;

use super::links;
use crate::convert::object::Object;
use crate::convert::{block, cause};
use crate::id::SpanId;
use crate::node::{Form, Namespace, Node, Oddity};

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
    let time_is_known = !node.oddities.contains(&Oddity::BrokenSubsegment);
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
        None if is_ours("in_progress") && !node.oddities.contains(&Oddity::NeitherEndedNorOpen) => {
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
