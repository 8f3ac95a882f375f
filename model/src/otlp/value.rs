//! Attributes and their values, decoded.

use std::borrow::Cow;

use super::check::MAX_VALUE_DEPTH;
use super::wire::{Fields, Wire};
use crate::node::{Text, Value};

/// Text as it was sent; bytes that are not UTF-8 become U+FFFD rather than costing the span.
pub(crate) fn text(bytes: &[u8]) -> Text<'_> {
    // Nearly all text is sound, and checking that is faster than looking for what is not.
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// One `KeyValue`. What is malformed in it reads as absent: [`walk`](super::walk) has refused such spans.
pub(crate) fn attribute(message: &[u8]) -> (Text<'_>, Value<'_>) {
    nested_attribute(message, 0)
}

fn nested_attribute(message: &[u8], depth: usize) -> (Text<'_>, Value<'_>) {
    let (mut key, mut found) = (Cow::Borrowed(""), Value::Empty);
    for field in Fields::new(message) {
        match field {
            Ok((1, Wire::Bytes(bytes))) => key = text(bytes),
            Ok((2, Wire::Bytes(bytes))) => found = value(bytes, depth),
            _ => {}
        }
    }
    (key, found)
}

fn value(message: &[u8], depth: usize) -> Value<'_> {
    let mut found = Value::Empty;
    if depth > MAX_VALUE_DEPTH {
        return found;
    }
    for field in Fields::new(message) {
        found = match field {
            Ok((1, Wire::Bytes(bytes))) => Value::Text(text(bytes)),
            Ok((2, Wire::Varint(truth))) => Value::Bool(truth != 0),
            Ok((3, Wire::Varint(int))) => Value::Int(int as i64),
            Ok((4, Wire::Fixed64(bits))) => Value::Double(f64::from_bits(bits)),
            Ok((5, Wire::Bytes(list))) => Value::List(items(list).map(|item| value(item, depth + 1)).collect()),
            Ok((6, Wire::Bytes(map))) => Value::Map(items(map).map(|item| nested_attribute(item, depth + 1)).collect()),
            Ok((7, Wire::Bytes(bytes))) => Value::Bytes(Cow::Borrowed(bytes)),
            _ => found,
        };
    }
    found
}

fn items(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    Fields::new(list).filter_map(|field| match field {
        Ok((1, Wire::Bytes(item))) => Some(item),
        _ => None,
    })
}
