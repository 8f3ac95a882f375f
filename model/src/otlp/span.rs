//! A span read in full: every field kept under its original name, and X-Ray's view of it beside.

use std::borrow::Cow;

use super::convention::{Attributes, Found, Slot};
use super::source::Source;
use super::value::{attribute, text};
use super::walk::{kind, times};
use super::wire::{Fields, Wire};
use super::{block, http, name, outcome};
use crate::id::{SpanId, TraceId};
use crate::node::{Event, Form, Kind, Link, Node, Oddity, Scalar, Status, Value};
use crate::record::Record;
use crate::time::Timestamp;

/// How many attributes of one span and its resource are indexed as annotations.
pub const MAX_ANNOTATIONS: usize = 256;

const DAY: i64 = 86_400_000_000_000;
const YEAR_2000: Timestamp = Timestamp::from_seconds(946_684_800);

/// Decodes one span that came from `source`. `None` if it has no identity or no time, which
/// [`walk`](super::walk) has refused.
///
/// Trace, reception and weight are the record's. Every scalar attribute is an annotation under its original key; on
/// spans that enter a service so are those of the resource, except `service.name`, which is the service, and what SDKs
/// say of the program: `telemetry.*`, `process.*` and `os.*`.
#[must_use]
pub fn span<'a>(bytes: &'a [u8], source: &Source<'a>, record: &Record<'_>) -> Option<Node<'a>> {
    let mut node = Node::new(Form::Span, record.trace, SpanId(0));
    node.received = record.received;
    node.weight = record.weight;
    node.attributes.reserve(16);
    let mut found = Found::nothing();
    let (mut start, mut end) = (0, 0);
    for field in Fields::new(bytes) {
        match field.ok()? {
            (9, Wire::Bytes(message)) => {
                let (key, value) = attribute(message);
                let earlier = found.note(&key, node.attributes.len());
                if earlier.is_some_and(|earlier| node.attributes[earlier].0 == key) {
                    odd(&mut node, Oddity::DuplicateKey);
                }
                node.attributes.push((key, value));
            }
            (2, Wire::Bytes(id)) => node.id = SpanId::from_bytes(id)?,
            (3, Wire::Bytes(state)) => node.trace_state = (!state.is_empty()).then(|| text(state)),
            (4, Wire::Bytes(parent)) => {
                node.parent = SpanId::from_bytes(parent);
                if node.parent.is_none() && parent.iter().any(|byte| *byte != 0) {
                    odd(&mut node, Oddity::BadReference);
                }
            }
            (5, Wire::Bytes(name)) => node.span_name = Some(text(name)),
            (6, Wire::Varint(number)) => node.kind = kind(number),
            (7, Wire::Fixed64(nanos)) => start = nanos,
            (8, Wire::Fixed64(nanos)) => end = nanos,
            (10, Wire::Varint(count)) => node.dropped[0] = count as u32,
            (11, Wire::Bytes(message)) => node.events.push(event(message)),
            (12, Wire::Varint(count)) => node.dropped[1] = count as u32,
            (13, Wire::Bytes(message)) => match link(message) {
                Some(link) => node.links.push(link),
                None => odd(&mut node, Oddity::BadReference),
            },
            (14, Wire::Varint(count)) => node.dropped[2] = count as u32,
            (15, Wire::Bytes(message)) => node.status = status(message),
            (16, Wire::Fixed32(flags)) => node.wire_flags = flags,
            _ => {}
        }
    }
    if node.id.0 == 0 {
        return None;
    }
    set_times(&mut node, start, end);
    if node.wire_flags & 0x100 != 0 {
        node.remote_parent = Some(node.wire_flags & 0x200 != 0);
    }
    interpret(&mut node, &found, source);
    Some(node)
}

fn odd(node: &mut Node<'_>, oddity: Oddity) {
    if !node.oddities.contains(&oddity) {
        node.oddities.push(oddity);
    }
}

/// A span that says no time happened when it came.
fn set_times(node: &mut Node<'_>, start: u64, end: u64) {
    (node.start, node.end) = times(start, end).unwrap_or((node.received, Some(node.received)));
    node.in_progress = node.end.is_none();
    if node.in_progress {
        odd(node, Oddity::NeitherEndedNorOpen);
    }
    if end != 0 && end < start {
        odd(node, Oddity::EndsBeforeItStarts);
    }
    let untold = start == 0 && end == 0;
    if untold || node.start < YEAR_2000 || node.start > node.received.plus(DAY) {
        odd(node, Oddity::ImplausibleTime);
    }
}

/// Whether the span is where a service is entered, which X-Ray calls a segment.
fn enters(node: &Node<'_>) -> bool {
    matches!(node.kind, Kind::Server | Kind::Consumer) || node.parent.is_none() || node.remote_parent == Some(true)
}

/// Fills in X-Ray's view.
fn interpret<'a>(node: &mut Node<'a>, found: &Found, source: &Source<'a>) {
    // The attributes are lent to the rules while these write to the node.
    let attributes = std::mem::take(&mut node.attributes);
    let said = found.in_span(&attributes);
    node.service = source.service.clone().or_else(|| said.keep(Slot::LocalService));
    node.origin = source.origin.clone();
    node.resource_arn = source.resource_arn.clone().or_else(|| said.keep(Slot::InvokedArn));
    node.namespace = name::namespace(node.kind, &said);
    node.name = name::name(node, &said);
    node.http = http::http(node, &said, source);
    node.sql = block::sql(node, &said);
    node.aws = block::aws(&said, source);
    node.user = said.keep(Slot::EndUser);
    node.flags = outcome::flags(node, &said);
    node.cause = outcome::cause(node, &said, source.language);
    annotate(node, &attributes, &said, source);
    node.attributes = attributes;
    node.context = Some(source.context.clone());
}

fn annotate<'a>(
    node: &mut Node<'a>,
    attributes: &[(Cow<'a, str>, Value<'a>)],
    said: &Attributes<'_, 'a>,
    source: &Source<'a>,
) {
    let of_resource: &[(Cow<'a, str>, Scalar<'a>)] = if enters(node) { &source.annotations } else { &[] };
    let wanted = attributes.len() + of_resource.len();
    node.annotations.reserve(wanted.min(MAX_ANNOTATIONS));
    let indexed = match said.get(Slot::Indexed) {
        Some(Value::List(keys)) => keys.as_slice(),
        _ => &[],
    };
    let is_named = |key: &str| indexed.iter().any(|name| name.as_text() == Some(key));
    // Those that the sender asked to index go first, so that a bound never costs them.
    let named = attributes
        .iter()
        .filter(|(key, _)| !indexed.is_empty() && is_named(key));
    let others = attributes
        .iter()
        .filter(|(key, _)| indexed.is_empty() || !is_named(key));
    for (key, value) in named.chain(others) {
        let Some(scalar) = value.as_scalar() else { continue };
        if node.annotations.len() == MAX_ANNOTATIONS {
            return odd(node, Oddity::TooManyEntries);
        }
        node.annotations.push((key.clone(), scalar));
    }
    let room = MAX_ANNOTATIONS - node.annotations.len();
    node.annotations.extend(of_resource.iter().take(room).cloned());
    if of_resource.len() > room {
        odd(node, Oddity::TooManyEntries);
    }
}

fn event(message: &[u8]) -> Event<'_> {
    let mut event = Event {
        time: Timestamp::ZERO,
        name: Cow::Borrowed(""),
        attributes: Vec::new(),
        dropped_attributes: 0,
    };
    for field in Fields::new(message) {
        match field {
            Ok((1, Wire::Fixed64(nanos))) => event.time = Timestamp::from_nanos(nanos),
            Ok((2, Wire::Bytes(name))) => event.name = text(name),
            Ok((3, Wire::Bytes(message))) => event.attributes.push(attribute(message)),
            Ok((4, Wire::Varint(count))) => event.dropped_attributes = count as u32,
            _ => {}
        }
    }
    event
}

fn link(message: &[u8]) -> Option<Link<'_>> {
    let mut link = Link {
        trace: TraceId(0),
        id: SpanId(0),
        trace_state: None,
        attributes: Vec::new(),
        dropped_attributes: 0,
        flags: 0,
    };
    for field in Fields::new(message) {
        match field {
            Ok((1, Wire::Bytes(id))) => link.trace = TraceId::from_bytes(id)?,
            Ok((2, Wire::Bytes(id))) => link.id = SpanId::from_bytes(id)?,
            Ok((3, Wire::Bytes(state))) => link.trace_state = (!state.is_empty()).then(|| text(state)),
            Ok((4, Wire::Bytes(message))) => link.attributes.push(attribute(message)),
            Ok((5, Wire::Varint(count))) => link.dropped_attributes = count as u32,
            Ok((6, Wire::Fixed32(flags))) => link.flags = flags,
            _ => {}
        }
    }
    (link.trace.0 != 0 && link.id.0 != 0).then_some(link)
}

fn status(message: &[u8]) -> Status<'_> {
    let mut status = Status::default();
    for field in Fields::new(message) {
        match field {
            Ok((2, Wire::Bytes(message))) => status.message = (!message.is_empty()).then(|| text(message)),
            Ok((3, Wire::Varint(code))) => status.code = u8::try_from(code).ok().filter(|code| *code <= 2).unwrap_or(0),
            _ => {}
        }
    }
    status
}

#[cfg(test)]
mod tests;
