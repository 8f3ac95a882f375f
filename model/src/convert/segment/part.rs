//! What one document or subsegment tells of a span.

use super::links;
use crate::convert::object::Object;
use crate::convert::{block, cause, span};
use crate::id::SpanId;
use crate::json::Reader;
use crate::node::{Kind, Namespace, Node, Value};

/// Which half of a span a document tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it, as a segment.
    Segment,
    /// All of it, as a subsegment.
    Subsegment,
    /// A local root that calls: the service that makes the call.
    Service(SpanId),
    /// A local root that calls: the call, inside the given segment.
    Dependency(SpanId),
}

impl Part {
    pub(super) fn is_segment(self) -> bool {
        matches!(self, Self::Segment | Self::Service(_))
    }

    /// The id of what tells this part of a span, and what that is in.
    pub(super) fn identity(self, node: &Node<'_>) -> (SpanId, Option<SpanId>) {
        match self {
            Self::Segment | Self::Subsegment => (node.id, node.parent),
            Self::Service(id) => (id, node.parent),
            Self::Dependency(service) => (node.id, Some(service)),
        }
    }
}

/// All members but those nested in it. What is nested in nothing says where it belongs.
pub(super) fn members(node: &Node<'_>, part: Part, is_top: bool) -> Object {
    let (id, parent) = part.identity(node);
    let is_segment = part.is_segment();
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
    if part.is_segment() {
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
    let mut reader = Reader::new(text);
    reader.value().and_then(|_| reader.end()).is_ok()
}

/// An annotation key as X-Ray allows it.
fn clean(key: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    key.chars().map(|c| if legal(c) { c } else { '_' }).collect()
}
