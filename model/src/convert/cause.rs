//! A cause as JSON, and as span events.

use super::object::Object;
use crate::id::SpanId;
use crate::node::{Cause, Exception, Frame};

/// The cause as a document has it. Exceptions of spans have no id, so each gets one that follows from its span.
pub(crate) fn json(cause: &Cause<'_>, span: Option<SpanId>) -> String {
    match cause {
        Cause::Reference(id) => {
            let mut text = String::new();
            crate::json::write_text(&mut text, id);
            text
        }
        Cause::Exceptions {
            working_directory,
            paths,
            exceptions,
        } => {
            let mut object = Object::new();
            object.option("working_directory", working_directory);
            object.texts("paths", paths.iter().map(|path| &**path));
            let numbered = (0u64..).zip(exceptions);
            object.list(
                "exceptions",
                numbered.map(|(index, each)| exception(each, span.map(|span| (span, index)))),
            );
            object.close()
        }
    }
}

fn exception(exception: &Exception<'_>, made: Option<(SpanId, u64)>) -> String {
    let mut object = Object::new();
    match (&exception.id, made) {
        (None, Some((span, index))) => object.text("id", &SpanId(span.0.wrapping_add(index + 1).max(1)).to_string()),
        _ => object.option("id", &exception.id),
    }
    object.option("message", &exception.message);
    object.option("type", &exception.kind);
    object.truth("remote", exception.remote);
    object.int("truncated", exception.truncated);
    object.int("skipped", exception.skipped);
    object.option("cause", &exception.cause);
    object.list("stack", exception.stack.iter().map(frame));
    object.close()
}

fn frame(frame: &Frame<'_>) -> String {
    let mut object = Object::new();
    object.option("path", &frame.path);
    object.int("line", frame.line);
    object.option("label", &frame.label);
    object.close()
}

/// The stack trace as text: what was sent, or the frames in Java's layout.
pub(super) fn stack_text(exception: &Exception<'_>) -> Option<String> {
    if let Some(text) = &exception.stack_text {
        return Some(text.to_string());
    }
    if exception.stack.is_empty() {
        return None;
    }
    let said = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or("").to_owned();
    let mut text = format!("{}: {}\n", said(&exception.kind), said(&exception.message));
    for frame in &exception.stack {
        let line = frame.line.map(|line| line.to_string()).unwrap_or_default();
        text.push_str(&format!("\tat {}({}:{line})\n", said(&frame.label), said(&frame.path)));
    }
    Some(text)
}
