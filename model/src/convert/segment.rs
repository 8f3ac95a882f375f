//! Nodes to X-Ray documents.
//!
//! | file | what it knows |
//! |---|---|
//! | `arrange` | which spans become segments, and what is nested in which |
//! | `part` | what one segment or subsegment tells of a span |
//! | `original` | documents as they came |

mod arrange;
mod original;
mod part;

use super::object::Object;
use crate::node::Node;

pub use arrange::{Document, documents};
pub use original::document;

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
