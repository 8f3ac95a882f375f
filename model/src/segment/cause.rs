//! The `cause` of a failure in its three forms: exceptions, the id of an exception elsewhere, and the id of the
//! subsegment that holds it.

use super::block::{Whole, plain};
use super::field::{self, Flaws};
use crate::json::{Value, items, members};
use crate::node::{Cause, Exception, Frame, Oddity, Text};

pub(super) fn cause<'a>(value: Value<'a>, flaws: &mut Flaws) -> (Option<Cause<'a>>, Whole) {
    match value {
        Value::Text(text) => {
            let id = text.text();
            let cause = (!id.is_empty()).then_some(Cause::Reference(id));
            let whole = cause.is_some();
            (cause, whole)
        }
        Value::Object(object) => exceptions(object, flaws),
        Value::Null => (None, false),
        _ => {
            flaws.add(Oddity::WrongType);
            (None, false)
        }
    }
}

fn exceptions<'a>(object: &'a str, flaws: &mut Flaws) -> (Option<Cause<'a>>, Whole) {
    let mut whole = true;
    let mut reference = None;
    let mut working_directory = None;
    let mut paths: Vec<Text<'a>> = Vec::new();
    let mut exceptions: Vec<Exception<'a>> = Vec::new();
    for (key, value, _) in members(object) {
        whole &= match (&*key, value) {
            ("working_directory", value) => plain(&value, &mut working_directory, flaws),
            ("paths", Value::Array(array)) => {
                let count = items(array).count();
                paths.extend(items(array).filter_map(|(path, _)| match path {
                    Value::Text(path) => Some(path.text()),
                    _ => None,
                }));
                count == paths.len() && count > 0
            }
            ("exceptions", Value::Array(array)) => {
                let mut whole = true;
                for (item, _) in items(array) {
                    whole &= match item {
                        Value::Object(object) => {
                            let (exception, whole) = exception(object, flaws);
                            exceptions.push(exception);
                            whole
                        }
                        _ => {
                            flaws.add(Oddity::WrongType);
                            false
                        }
                    };
                }
                whole && !exceptions.is_empty()
            }
            ("id", value) => {
                plain(&value, &mut reference, flaws);
                false
            }
            _ => false,
        };
    }
    if exceptions.is_empty()
        && let Some(id) = reference
    {
        return (Some(Cause::Reference(id)), false);
    }
    let cause = Cause::Exceptions {
        working_directory,
        paths,
        exceptions,
    };
    (Some(cause), whole && object.len() > 2)
}

fn exception<'a>(object: &'a str, flaws: &mut Flaws) -> (Exception<'a>, Whole) {
    let mut exception = Exception::default();
    let mut whole = true;
    for (key, value, _) in members(object) {
        whole &= match (&*key, value) {
            ("id", value) => plain(&value, &mut exception.id, flaws),
            ("message", value) => plain(&value, &mut exception.message, flaws),
            ("type", value) => plain(&value, &mut exception.kind, flaws),
            ("cause", value) => plain(&value, &mut exception.cause, flaws),
            ("remote", value) => {
                exception.remote = field::truth(&value, flaws);
                matches!(value, Value::Bool(_))
            }
            ("truncated", value) => number(&value, &mut exception.truncated, flaws),
            ("skipped", value) => number(&value, &mut exception.skipped, flaws),
            ("stack", Value::Array(stack)) => {
                let mut whole = true;
                for (item, _) in items(stack) {
                    whole &= match item {
                        Value::Object(object) => {
                            let (frame, whole) = frame(object, flaws);
                            exception.stack.push(frame);
                            whole
                        }
                        _ => false,
                    };
                }
                whole && !exception.stack.is_empty()
            }
            _ => false,
        };
    }
    (exception, whole)
}

fn frame<'a>(object: &'a str, flaws: &mut Flaws) -> (Frame<'a>, Whole) {
    let mut frame = Frame::default();
    let mut whole = true;
    for (key, value, _) in members(object) {
        whole &= match &*key {
            "path" => plain(&value, &mut frame.path, flaws),
            "line" => number(&value, &mut frame.line, flaws),
            "label" => plain(&value, &mut frame.label, flaws),
            _ => false,
        };
    }
    (frame, whole)
}

fn number(value: &Value<'_>, slot: &mut Option<i64>, flaws: &mut Flaws) -> Whole {
    *slot = field::whole(value, flaws);
    slot.is_some() && matches!(value, Value::Number(_))
}
