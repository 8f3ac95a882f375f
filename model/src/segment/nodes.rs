//! A document read in full: the segment and every subsegment in it, flattened, parents first.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::block::{self, canonical, plain};
use super::cause;
use super::field::{self, Flaws};
use super::head::{Head, head_within};
use super::refused::{RefusalCode, Refused};
use crate::id::SpanId;
use crate::json::{Reader, Value, items, members};
use crate::node::{Flags, Form, Kind, Namespace, Node, Oddity, Text};
use crate::record::{Body, Record};
use crate::time::Timestamp;

/// How many annotations of one node are indexed. X-Ray allows 50 in a whole trace.
pub const MAX_ANNOTATIONS: usize = 1_000;

const DAY: i64 = 86_400_000_000_000;
const YEAR_2000: Timestamp = Timestamp::from_seconds(946_684_800);

/// The document of a record and all subsegments embedded in it, each after what contains it.
///
/// Nothing of the document is lost: what has no field in [`Node`], or is spelled in a way that the field cannot tell,
/// stands in [`Node::unknown`] as it was sent.
///
/// # Errors
/// As [`head`](super::head), and if the record is not an X-Ray document.
pub fn nodes<'a>(record: &Record<'a>) -> Result<Vec<Node<'a>>, Refused> {
    let Body::Xray(document) = record.body else {
        let message = "the record holds an OpenTelemetry span";
        return Err(Refused::new(RefusalCode::InvalidSegment, "", message));
    };
    let head = head_within(document, usize::MAX)?;
    let text = std::str::from_utf8(document).unwrap_or_default();
    let mut flat = Flat {
        record: *record,
        document: head,
        nodes: Vec::with_capacity(4),
        notes: Vec::with_capacity(4),
    };
    flat.read(text)?;
    flat.finish();
    Ok(flat.nodes)
}

/// What is known of a node before its document was read to the end.
#[derive(Default)]
struct Notes<'a> {
    container: usize,
    position: usize,
    id: Option<SpanId>,
    start: Option<Timestamp>,
    end: Option<(Timestamp, &'a str)>,
    open: Option<(bool, &'a str)>,
    flags: [Option<bool>; 3],
    flaws: Flaws,
}

struct Flat<'a> {
    record: Record<'a>,
    document: Head<'a>,
    nodes: Vec<Node<'a>>,
    notes: Vec<Notes<'a>>,
}

impl<'a> Flat<'a> {
    /// Reads without recursion: `open` holds the nodes whose members are being read, innermost last.
    fn read(&mut self, text: &'a str) -> Result<(), Refused> {
        let mut reader = Reader::new(text);
        reader.take(b'{');
        let mut open = vec![self.begin(0, 0)];
        let mut first = true;
        while let Some(&node) = open.last() {
            let Some(key) = reader.key(std::mem::take(&mut first))? else {
                open.pop();
                if let Some(&container) = open.last() {
                    first = self.next_subsegment(&mut reader, false, container, &mut open)?;
                }
                continue;
            };
            let key = key.text();
            if key == "subsegments" && reader.peek() == Some(b'[') {
                reader.take(b'[');
                first = self.next_subsegment(&mut reader, true, node, &mut open)?;
                continue;
            }
            reader.peek();
            let start = reader.position();
            let value = reader.value()?;
            self.member(node, key, value, reader.slice(start, reader.position()));
        }
        Ok(())
    }

    /// Opens the next item of a `subsegments` array, if there is one.
    fn next_subsegment(
        &mut self,
        reader: &mut Reader<'a>,
        mut first: bool,
        container: usize,
        open: &mut Vec<usize>,
    ) -> Result<bool, Refused> {
        while reader.item(std::mem::take(&mut first))? {
            if reader.take(b'{') {
                open.push(self.begin(container, reader.position()));
                return Ok(true);
            }
            reader.value()?;
            self.notes[container].flaws.add(Oddity::BrokenSubsegment);
        }
        Ok(false)
    }

    fn begin(&mut self, container: usize, position: usize) -> usize {
        let index = self.nodes.len();
        let form = match (index, self.document.is_subsegment) {
            (0, false) => Form::Segment,
            (0, true) => Form::Subsegment,
            _ => Form::Embedded,
        };
        let mut node = Node::new(form, self.record.trace, self.document.id);
        node.received = self.record.received;
        node.weight = self.record.weight;
        self.nodes.push(node);
        self.notes.push(Notes {
            container,
            position,
            ..Notes::default()
        });
        index
    }

    fn member(&mut self, index: usize, key: Text<'a>, value: Value<'a>, raw: &'a str) {
        let (node, notes) = (&mut self.nodes[index], &mut self.notes[index]);
        let flaws = &mut notes.flaws;
        let whole = match (&*key, value) {
            ("id", Value::Text(text)) => {
                let text = text.text();
                notes.id = text.parse().ok();
                notes.id.is_some() && canonical(&text, 16)
            }
            ("trace_id", Value::Text(text)) => node.form != Form::Embedded && canonical(&text.text(), 35),
            ("type", Value::Text(text)) => node.form == Form::Subsegment && text.text() == "subsegment",
            ("parent_id", value) => {
                node.parent = field::reference(&value, flaws);
                let is_plain = matches!(value, Value::Text(text) if canonical(&text.text(), 16));
                node.parent.is_some() && is_plain && node.form != Form::Embedded
            }
            ("name", value) => {
                node.name = field::text(&value, flaws).unwrap_or_default();
                matches!(value, Value::Text(_))
            }
            ("start_time", value) => {
                notes.start = field::moment(&value, flaws);
                is_exact(&value, notes.start)
            }
            ("end_time", value) => {
                let end = field::moment(&value, flaws);
                notes.end = end.map(|end| (end, raw));
                is_exact(&value, end)
            }
            ("in_progress", value) => {
                notes.open = field::truth(&value, flaws).map(|open| (open, raw));
                notes.open.is_some()
            }
            ("error", value) => flag(&mut notes.flags[0], &value, flaws),
            ("fault", value) => flag(&mut notes.flags[1], &value, flaws),
            ("throttle", value) => flag(&mut notes.flags[2], &value, flaws),
            ("traced", value) => {
                node.traced |= field::truth(&value, flaws) == Some(true);
                false
            }
            ("namespace", value) => {
                let text = field::text(&value, flaws);
                namespace(text, &mut node.namespace, flaws) && matches!(value, Value::Text(_))
            }
            ("user", value) => plain(&value, &mut node.user, flaws),
            ("origin", value) => plain(&value, &mut node.origin, flaws),
            ("resource_arn", value) => plain(&value, &mut node.resource_arn, flaws),
            ("http", Value::Object(object)) => {
                let http = node.http.insert(Box::default());
                block::http(object, http, &mut node.traced, flaws)
            }
            ("sql", Value::Object(object)) => block::sql(object, node.sql.insert(Box::default()), flaws),
            ("aws", Value::Object(object)) => {
                block::aws(object, node.aws.insert(Box::default()), flaws);
                true
            }
            ("cause", value) => {
                let (cause, whole) = cause::cause(value, flaws);
                node.cause = cause.map(Box::new);
                whole
            }
            ("annotations", Value::Object(object)) => {
                node.annotations.clear();
                block::annotations(object, &mut node.annotations, flaws)
            }
            ("metadata", Value::Object(object)) => {
                node.metadata = members(object).map(|(key, _, raw)| (key, Cow::Borrowed(raw))).collect();
                !node.metadata.is_empty()
            }
            ("links", Value::Array(array)) => {
                node.links.clear();
                block::links(array, &mut node.links, flaws)
            }
            ("precursor_ids", Value::Array(array)) => {
                node.precursors.clear();
                precursors(array, &mut node.precursors, flaws)
            }
            (
                "http" | "sql" | "aws" | "annotations" | "metadata" | "links" | "precursor_ids" | "subsegments",
                value,
            ) => {
                if value != Value::Null {
                    flaws.add(Oddity::WrongType);
                }
                false
            }
            _ => false,
        };
        if !whole {
            node.unknown.push((key, Cow::Borrowed(raw)));
        }
    }

    /// Fills in what depends on other members or on the container, which may have come later in the text.
    fn finish(&mut self) {
        for index in 0..self.nodes.len() {
            let notes = std::mem::take(&mut self.notes[index]);
            let (before, rest) = self.nodes.split_at_mut(index);
            let node = &mut rest[0];
            let mut flaws = notes.flaws;
            node.start = match before.get(notes.container) {
                None => {
                    node.id = self.document.id;
                    node.parent = self.document.parent;
                    self.document.oddities.drain(..).for_each(|oddity| flaws.add(oddity));
                    self.document.start
                }
                Some(container) => {
                    field::check_name(&node.name, &mut flaws);
                    if notes.id.is_none() || notes.start.is_none() || node.name.is_empty() {
                        flaws.add(Oddity::BrokenSubsegment);
                    }
                    node.id = notes.id.unwrap_or_else(|| made_id(container, notes.position));
                    node.parent = Some(container.id);
                    notes.start.unwrap_or(container.start)
                }
            };
            close(node, notes.end, notes.open, &mut flaws);
            if node.start < YEAR_2000 || node.start > self.record.received.plus(DAY) {
                flaws.add(Oddity::ImplausibleTime);
            }
            node.flags = flags(node.http.as_ref().and_then(|http| http.status), notes.flags);
            for (key, explicit) in ["error", "fault", "throttle"].into_iter().zip(notes.flags) {
                if let Some(truth) = explicit {
                    let raw = if truth { "true" } else { "false" };
                    node.unknown.push((Cow::Borrowed(key), Cow::Borrowed(raw)));
                }
            }
            node.kind = match (node.form, &node.namespace) {
                (Form::Segment, _) => Kind::Server,
                (_, namespace) if namespace.is_downstream() => Kind::Client,
                _ => Kind::Internal,
            };
            if node.form == Form::Segment {
                node.service = Some(node.name.clone());
            }
            node.oddities = flaws.0;
        }
    }
}

fn close<'a>(node: &mut Node<'a>, end: Option<(Timestamp, &'a str)>, open: Option<(bool, &'a str)>, flaws: &mut Flaws) {
    let mut keep = |key: &'static str, raw: &'a str| node.unknown.push((Cow::Borrowed(key), Cow::Borrowed(raw)));
    match (end, open) {
        (Some((end, raw)), _) if end < node.start => {
            flaws.add(Oddity::EndsBeforeItStarts);
            keep("end_time", raw);
        }
        (None, None | Some((false, _))) => flaws.add(Oddity::NeitherEndedNorOpen),
        (Some(_), Some((true, _))) => flaws.add(Oddity::BothEndedAndOpen),
        _ => {}
    }
    if let Some((truth, raw)) = open
        && (end.is_some() || !truth)
    {
        keep("in_progress", raw);
    }
    node.end = end.map(|(end, _)| end.max(node.start));
    node.in_progress = end.is_none();
}

/// Whether printing the moment gives the number that was sent.
fn is_exact(value: &Value<'_>, moment: Option<Timestamp>) -> bool {
    match (value, moment) {
        (Value::Number(text), Some(moment)) => Timestamp::parse_seconds(text) == Some(moment) && moment.0 < i64::MAX,
        _ => false,
    }
}

/// Explicit flags are kept in [`Node::unknown`] by the caller, because a status may imply the same ones.
fn flag(slot: &mut Option<bool>, value: &Value<'_>, flaws: &mut Flaws) -> bool {
    *slot = match value {
        Value::Bool(truth) => Some(*truth),
        _ => None,
    };
    if slot.is_none() && *value != Value::Null {
        flaws.add(Oddity::WrongType);
    }
    slot.is_some()
}

fn flags(status: Option<u16>, explicit: [Option<bool>; 3]) -> Flags {
    let implied = status.map(Flags::from_status).unwrap_or_default();
    Flags {
        error: explicit[0].unwrap_or(implied.error),
        fault: explicit[1].unwrap_or(implied.fault),
        throttle: explicit[2].unwrap_or(implied.throttle),
    }
}

fn namespace<'a>(text: Option<Text<'a>>, slot: &mut Namespace<'a>, flaws: &mut Flaws) -> bool {
    *slot = match text.as_deref() {
        Some("aws") => Namespace::Aws,
        Some("remote") => Namespace::Remote,
        None | Some("local" | "") => {
            *slot = Namespace::Local;
            return false;
        }
        Some(_) => {
            flaws.add(Oddity::UnknownNamespace);
            text.map_or(Namespace::Local, Namespace::Other)
        }
    };
    true
}

fn precursors(array: &str, into: &mut Vec<SpanId>, flaws: &mut Flaws) -> bool {
    let mut whole = true;
    for (item, _) in items(array) {
        match item {
            Value::Text(text) if text.text().parse::<SpanId>().is_ok() => {
                whole &= canonical(&text.text(), 16);
                into.extend(text.text().parse::<SpanId>());
            }
            _ => {
                flaws.add(Oddity::BadReference);
                whole = false;
            }
        }
    }
    whole && !into.is_empty()
}

/// An id for a subsegment that has none: the same whenever the same document is read.
fn made_id(container: &Node<'_>, position: usize) -> SpanId {
    let seed = [container.id.to_bytes(), (position as u64).to_be_bytes()].concat();
    SpanId(xxh3_64(&seed).max(1))
}

#[cfg(test)]
#[path = "nodes_tests.rs"]
mod tests;
