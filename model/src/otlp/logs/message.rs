//! A log record as readers of CloudWatch Logs see it: one JSON text.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::id::{SpanId, TraceId};
use crate::json::{write_number, write_text};
use crate::node::Text;
use crate::otlp::check::MAX_VALUE_DEPTH;
use crate::otlp::json::to_base64;
use crate::otlp::value::text;
use crate::otlp::wire::{Fields, Wire};

/// The text of a record with its context, both in protobuf as they are kept.
///
/// An object with these members in this order, each left out if the sender did not say it:
///
/// | member | value |
/// |---|---|
/// | `resource` | `{"attributes": {…}, "droppedAttributesCount": n}` |
/// | `scope` | `{"name": "…", "version": "…", "attributes": {…}, "droppedAttributesCount": n}` |
/// | `timeUnixNano`, `observedTimeUnixNano` | whole numbers |
/// | `severityNumber` | 1 to 24 |
/// | `severityText` | text |
/// | `body` | any value; `null` if the sender sent a body without a value |
/// | `attributes` | an object with a member for each attribute |
/// | `droppedAttributesCount`, `flags` | whole numbers; 0 is left out |
/// | `traceId`, `spanId` | lower-case hex; left out unless they are ids |
/// | `eventName` | text |
///
/// Values are JSON's own where it has them: texts, truth values, whole numbers, doubles, `null` for no value, arrays,
/// and objects for nested maps. Bytes are base64; doubles that are not finite are the texts `NaN`, `Infinity` and
/// `-Infinity`; what is not UTF-8 is U+FFFD. Of a key that is there more than once the last value counts.
///
/// Cannot fail: what is malformed reads as absent. Takes at most six bytes for each byte of its arguments, and some
/// hundred more.
#[must_use]
pub fn message(context: &[u8], record: &[u8]) -> String {
    let mut out = String::with_capacity(2 * (context.len() + record.len()) + 64);
    let mut object = Object::open(&mut out);
    enclosing(context, &mut object);
    said(record, &mut object);
    object.close();
    out
}

/// `resource` and `scope` of a `ResourceLogs` without records. Protobuf allows a message to come in pieces.
fn enclosing(context: &[u8], into: &mut Object<'_>) {
    let resource = || of_number(context, 1);
    let scope = || of_number(context, 2).flat_map(|scope_logs| of_number(scope_logs, 1));
    into.filled("resource", |object| {
        object.attributes(resource().flat_map(|message| of_number(message, 1)));
        object.count("droppedAttributesCount", last_varint(resource(), 2));
    });
    into.filled("scope", |object| {
        object.text("name", scope().flat_map(|message| of_number(message, 1)).last());
        object.text("version", scope().flat_map(|message| of_number(message, 2)).last());
        object.attributes(scope().flat_map(|message| of_number(message, 3)));
        object.count("droppedAttributesCount", last_varint(scope(), 4));
    });
}

/// The members of a `LogRecord`.
fn said(record: &[u8], into: &mut Object<'_>) {
    let (mut time, mut observed, mut severity, mut dropped, mut flags) = (0, 0, 0, 0, 0);
    let (mut severity_text, mut event, mut trace, mut span): (&[u8], &[u8], &[u8], &[u8]) = (&[], &[], &[], &[]);
    let mut body = None;
    for field in Fields::new(record) {
        match field {
            Ok((1, Wire::Fixed64(value))) => time = value,
            Ok((11, Wire::Fixed64(value))) => observed = value,
            Ok((2, Wire::Varint(value))) => severity = value,
            Ok((3, Wire::Bytes(value))) => severity_text = value,
            Ok((5, Wire::Bytes(value))) => body = Some(value),
            Ok((7, Wire::Varint(value))) => dropped = value,
            Ok((8, Wire::Fixed32(value))) => flags = u64::from(value),
            Ok((9, Wire::Bytes(value))) => trace = value,
            Ok((10, Wire::Bytes(value))) => span = value,
            Ok((12, Wire::Bytes(value))) => event = value,
            _ => {}
        }
    }
    into.count("timeUnixNano", time);
    into.count("observedTimeUnixNano", observed);
    into.count("severityNumber", severity);
    into.text("severityText", Some(severity_text));
    if let Some(body) = body {
        into.key("body");
        write_value(into.out, body, 0);
    }
    into.attributes(of_number(record, 6));
    into.count("droppedAttributesCount", dropped);
    into.count("flags", flags);
    if let Some(id) = TraceId::from_bytes(trace) {
        into.text("traceId", Some(id.to_w3c().as_bytes()));
    }
    if let Some(id) = SpanId::from_bytes(span) {
        into.text("spanId", Some(id.to_string().as_bytes()));
    }
    into.text("eventName", Some(event));
}

/// The length-delimited fields of a message that have a number.
fn of_number(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message).filter_map(move |field| match field {
        Ok((found, Wire::Bytes(bytes))) if found == number => Some(bytes),
        _ => None,
    })
}

fn last_varint<'a>(pieces: impl Iterator<Item = &'a [u8]>, number: u32) -> u64 {
    let values = pieces.flat_map(Fields::new).filter_map(|field| match field {
        Ok((found, Wire::Varint(value))) if found == number => Some(value),
        _ => None,
    });
    values.last().unwrap_or(0)
}

/// A JSON object that is being written.
struct Object<'o> {
    out: &'o mut String,
    empty: bool,
}

impl<'o> Object<'o> {
    fn open(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    fn close(self) {
        self.out.push('}');
    }

    fn key(&mut self, key: &str) {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(',');
        }
        write_text(self.out, key);
        self.out.push(':');
    }

    /// A number, unless it is 0.
    fn count(&mut self, key: &str, number: u64) {
        if number != 0 {
            self.key(key);
            self.out.push_str(&number.to_string());
        }
    }

    /// A text, unless it is empty.
    fn text(&mut self, key: &str, bytes: Option<&[u8]>) {
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            self.key(key);
            write_text(self.out, &text(bytes));
        }
    }

    /// `attributes`, unless there are none.
    fn attributes<'a>(&mut self, messages: impl Iterator<Item = &'a [u8]>) {
        let entries = entries(messages);
        if !entries.is_empty() {
            self.key("attributes");
            write_map(self.out, &entries, 0);
        }
    }

    /// An object, unless nothing is in it.
    fn filled(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let (before, was_empty) = (self.out.len(), self.empty);
        self.key(key);
        let mut inner = Object::open(self.out);
        fill(&mut inner);
        if inner.empty {
            self.out.truncate(before);
            self.empty = was_empty;
        } else {
            inner.close();
        }
    }
}

/// Key and value of each `KeyValue`, in order, without those whose key comes again.
fn entries<'a>(messages: impl Iterator<Item = &'a [u8]>) -> Vec<(Text<'a>, &'a [u8])> {
    let entry = |message| {
        let (mut key, mut value): (Text<'a>, &[u8]) = (Cow::Borrowed(""), &[]);
        for field in Fields::new(message) {
            match field {
                Ok((1, Wire::Bytes(bytes))) => key = text(bytes),
                Ok((2, Wire::Bytes(bytes))) => value = bytes,
                _ => {}
            }
        }
        (key, value)
    };
    let mut entries: Vec<(Text<'a>, &[u8])> = messages.map(entry).collect();
    let mut last = FxHashMap::default();
    for (index, (key, _)) in entries.iter().enumerate() {
        last.insert(key.clone(), index);
    }
    if last.len() < entries.len() {
        let mut index = 0;
        entries.retain(|(key, _)| {
            index += 1;
            last.get(key) == Some(&(index - 1))
        });
    }
    entries
}

fn write_map(out: &mut String, entries: &[(Text<'_>, &[u8])], depth: usize) {
    let mut object = Object::open(out);
    for (key, value) in entries {
        object.key(key);
        write_value(object.out, value, depth);
    }
    object.close();
}

/// An `AnyValue`.
pub(super) fn write_value(out: &mut String, message: &[u8], depth: usize) {
    if depth > MAX_VALUE_DEPTH {
        return out.push_str("null");
    }
    let known = Fields::new(message)
        .flatten()
        .filter(|(number, _)| (1..=7).contains(number));
    match known.last() {
        Some((1, Wire::Bytes(bytes))) => write_text(out, &text(bytes)),
        Some((2, Wire::Varint(truth))) => out.push_str(if truth == 0 { "false" } else { "true" }),
        Some((3, Wire::Varint(int))) => out.push_str(&(int as i64).to_string()),
        Some((4, Wire::Fixed64(bits))) => write_number(out, f64::from_bits(bits)),
        Some((5, Wire::Bytes(list))) => {
            out.push('[');
            for (index, item) in of_number(list, 1).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item, depth + 1);
            }
            out.push(']');
        }
        Some((6, Wire::Bytes(map))) => write_map(out, &entries(of_number(map, 1)), depth + 1),
        Some((7, Wire::Bytes(bytes))) => write_text(out, &to_base64(bytes)),
        _ => out.push_str("null"),
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
