//! Documents of segments that nobody sent.

use crate::convert::object::Object;
use crate::convert::{block, cause};
use crate::node::Node;

/// The document of a segment that was made from its caller's call.
pub(super) fn inferred(node: &Node<'_>) -> String {
    let mut object = Object::new();
    object.text("id", &node.id.to_string());
    object.text("name", &node.name);
    times(&mut object, node);
    if let Some(parent) = node.parent {
        object.text("parent_id", &parent.to_string());
    }
    object.raw("inferred", "true");
    for (flag, key) in [
        (node.flags.error, "error"),
        (node.flags.fault, "fault"),
        (node.flags.throttle, "throttle"),
    ] {
        object.truth(key, flag.then_some(true));
    }
    if let Some(http) = &node.http {
        object.raw("http", &block::http(http));
    }
    if let Some(aws) = &node.aws {
        object.raw("aws", &block::aws(aws));
    }
    if let Some(sql) = &node.sql {
        object.raw("sql", &block::sql(sql));
    }
    if let Some(cause) = &node.cause {
        object.raw("cause", &cause::json(cause, None));
    }
    object.text("trace_id", &node.trace.to_string());
    object.option("origin", &node.origin);
    object.close()
}

/// The document of a segment that never came, around the text of its subsegments.
pub(super) fn placeholder(node: &Node<'_>, subsegments: &str) -> String {
    let mut object = Object::new();
    object.text("id", &node.id.to_string());
    object.text("name", &node.name);
    times(&mut object, node);
    object.text("trace_id", &node.trace.to_string());
    if !subsegments.is_empty() {
        object.raw("subsegments", &format!("[{subsegments}]"));
    }
    object.close()
}

fn times(object: &mut Object, node: &Node<'_>) {
    object.moment("start_time", node.start);
    match node.end {
        Some(end) => object.moment("end_time", end),
        None => object.raw("in_progress", "true"),
    }
}
