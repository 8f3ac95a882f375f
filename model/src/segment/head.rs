//! The check at the door: one pass over the bytes, nothing allocated for a document without flaws.

use super::field::{self, Flaws};
use super::refused::{RefusalCode, Refused};
use crate::id::{SpanId, TraceId};
use crate::json::{Reader, Value, members};
use crate::node::{Oddity, Text};
use crate::time::Timestamp;

/// The longest document that X-Ray accepts.
pub const MAX_BYTES: usize = 64 * 1024;

/// What the write path needs to know of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Head<'a> {
    /// The trace.
    pub trace: TraceId,
    /// The segment, or the lone subsegment.
    pub id: SpanId,
    /// What called or contains it; always there for a lone subsegment.
    pub parent: Option<SpanId>,
    /// When it started.
    pub start: Timestamp,
    /// When it ended, never before `start`; `None` while in progress.
    pub end: Option<Timestamp>,
    /// Not finished.
    pub in_progress: bool,
    /// Name as sent.
    pub name: Text<'a>,
    /// A subsegment sent on its own.
    pub is_subsegment: bool,
    /// The sampling rule that the SDK says it used.
    pub sampling_rule: Option<Text<'a>>,
    /// Tolerated flaws of the document itself; those inside its subsegments and blocks are found by
    /// [`nodes`](super::nodes).
    pub oddities: Vec<Oddity>,
}

/// Decides whether `document` can be kept, and reads what the write path needs.
///
/// Validates the whole text as UTF-8 and JSON. Refuses what has no identity or no time, and nothing else; see
/// [`RefusalCode`]. Takes time linear in the length and no stack per level of nesting.
///
/// # Errors
/// [`Refused`], with the document's id as it was sent whenever one could be read.
pub fn head(document: &[u8]) -> Result<Head<'_>, Refused> {
    head_within(document, MAX_BYTES)
}

/// [`head`] for sources whose documents may be longer than X-Ray's own limit.
///
/// # Errors
/// As [`head`].
pub fn head_within(document: &[u8], max_bytes: usize) -> Result<Head<'_>, Refused> {
    if document.len() > max_bytes {
        let message = format!("{} bytes, {max_bytes} are allowed", document.len());
        let too_large = Refused::new(RefusalCode::SegmentTooLarge, "", message);
        // A client that learns which document was too large can split it, so the start is still looked at.
        return Err(too_large.of(&prefix_id(&document[..max_bytes])));
    }
    let text = std::str::from_utf8(document).map_err(|bad| {
        let path = format!("byte {}", bad.valid_up_to());
        Refused::new(RefusalCode::ParseError, path, "invalid UTF-8")
    })?;
    let members = Members::read(text)?;
    members.head().map_err(|refused| refused.of(&members.id))
}

impl Refused {
    pub(super) fn of(mut self, id: &Option<Value<'_>>) -> Self {
        self.id = match id {
            Some(Value::Text(text)) => Some(text.text().chars().take(256).collect()),
            Some(Value::Number(number)) => Some((*number).chars().take(256).collect()),
            _ => None,
        };
        self
    }
}

/// The id among the first members of a document whose end is cut off.
fn prefix_id(start: &[u8]) -> Option<Value<'_>> {
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(bad) => std::str::from_utf8(&start[..bad.valid_up_to()]).unwrap_or_default(),
    };
    members(valid).find(|(key, ..)| key == "id").map(|(_, value, _)| value)
}

/// The members that matter here, as they were sent; null counts as absent.
#[derive(Default)]
struct Members<'a> {
    id: Option<Value<'a>>,
    trace_id: Option<Value<'a>>,
    parent_id: Option<Value<'a>>,
    name: Option<Value<'a>>,
    start_time: Option<Value<'a>>,
    end_time: Option<Value<'a>>,
    in_progress: Option<Value<'a>>,
    kind: Option<Value<'a>>,
    aws: Option<Value<'a>>,
    duplicate: bool,
}

impl<'a> Members<'a> {
    fn read(text: &'a str) -> Result<Self, Refused> {
        let mut reader = Reader::new(text);
        if !reader.take(b'{') {
            reader.value()?;
            reader.end()?;
            let message = "a segment document is a JSON object";
            return Err(Refused::new(RefusalCode::InvalidSegment, "byte 0", message));
        }
        let mut found = Self::default();
        let mut first = true;
        while let Some(key) = reader.key(std::mem::take(&mut first))? {
            let value = reader.value()?;
            let slot = match &*key.text() {
                "id" => &mut found.id,
                "trace_id" => &mut found.trace_id,
                "parent_id" => &mut found.parent_id,
                "name" => &mut found.name,
                "start_time" => &mut found.start_time,
                "end_time" => &mut found.end_time,
                "in_progress" => &mut found.in_progress,
                "type" => &mut found.kind,
                "aws" => &mut found.aws,
                _ => continue,
            };
            found.duplicate |= slot.is_some();
            *slot = (value != Value::Null).then_some(value);
        }
        reader.end()?;
        Ok(found)
    }

    fn head(&self) -> Result<Head<'a>, Refused> {
        let mut flaws = Flaws::default();
        let (id, trace) = (self.id()?, self.trace()?);
        let name = self.name(&mut flaws)?;
        let start = self.start(&mut flaws)?;
        let mut end = self.end(&mut flaws)?;
        if end.is_some_and(|end| end < start) {
            flaws.add(Oddity::EndsBeforeItStarts);
            end = Some(start);
        }
        let open = self
            .in_progress
            .as_ref()
            .and_then(|value| field::truth(value, &mut flaws));
        match (end, open) {
            (None, None | Some(false)) => flaws.add(Oddity::NeitherEndedNorOpen),
            (Some(_), Some(true)) => flaws.add(Oddity::BothEndedAndOpen),
            _ => {}
        }
        let is_subsegment = self.is_subsegment(&mut flaws);
        let parent = self.parent(is_subsegment, &mut flaws)?;
        if self.duplicate {
            flaws.add(Oddity::DuplicateKey);
        }
        Ok(Head {
            trace,
            id,
            parent,
            start,
            end,
            in_progress: end.is_none(),
            name,
            is_subsegment,
            sampling_rule: self.sampling_rule(),
            oddities: flaws.0,
        })
    }

    fn id(&self) -> Result<SpanId, Refused> {
        let refuse = |message: String| Refused::new(RefusalCode::InvalidId, "id", message);
        match self.id {
            None => Err(Refused::new(RefusalCode::MissingId, "id", "no id")),
            Some(Value::Text(text)) => text.text().parse().map_err(|bad| refuse(format!("{bad}"))),
            Some(_) => Err(refuse("not text".into())),
        }
    }

    fn trace(&self) -> Result<TraceId, Refused> {
        let refuse = |message: String| Refused::new(RefusalCode::InvalidTraceId, "trace_id", message);
        match self.trace_id {
            None => Err(Refused::new(RefusalCode::MissingTraceId, "trace_id", "no trace id")),
            Some(Value::Text(text)) => text.text().parse().map_err(|bad| refuse(format!("{bad}"))),
            Some(_) => Err(refuse("not text".into())),
        }
    }

    fn name(&self, flaws: &mut Flaws) -> Result<Text<'a>, Refused> {
        let Some(value) = &self.name else {
            return Err(Refused::new(RefusalCode::MissingName, "name", "no name"));
        };
        let Some(name) = field::text(value, flaws) else {
            return Err(Refused::new(RefusalCode::InvalidName, "name", "not text"));
        };
        if name.is_empty() {
            return Err(Refused::new(RefusalCode::MissingName, "name", "empty name"));
        }
        field::check_name(&name, flaws);
        Ok(name)
    }

    fn start(&self, flaws: &mut Flaws) -> Result<Timestamp, Refused> {
        let path = "start_time";
        let Some(value) = &self.start_time else {
            return Err(Refused::new(RefusalCode::MissingStartTime, path, "no start"));
        };
        let start = field::moment(value, flaws);
        start.ok_or_else(|| Refused::new(RefusalCode::InvalidStartTime, path, "not a number of seconds"))
    }

    fn end(&self, flaws: &mut Flaws) -> Result<Option<Timestamp>, Refused> {
        let Some(value) = &self.end_time else {
            return Ok(None);
        };
        match field::moment(value, flaws) {
            Some(end) => Ok(Some(end)),
            None => {
                let message = "not a number of seconds";
                Err(Refused::new(RefusalCode::InvalidEndTime, "end_time", message))
            }
        }
    }

    fn is_subsegment(&self, flaws: &mut Flaws) -> bool {
        let kind = self.kind.as_ref().and_then(|value| field::text(value, flaws));
        match kind.as_deref() {
            Some("subsegment") => true,
            None | Some("" | "segment") => false,
            Some(_) => {
                flaws.add(Oddity::WrongType);
                false
            }
        }
    }

    fn parent(&self, required: bool, flaws: &mut Flaws) -> Result<Option<SpanId>, Refused> {
        let parent = self.parent_id.as_ref().and_then(|value| field::reference(value, flaws));
        if parent.is_some() || !required {
            return Ok(parent);
        }
        let empty = match self.parent_id {
            None => true,
            Some(Value::Text(text)) => text.text().is_empty(),
            Some(_) => false,
        };
        let (code, message) = if empty {
            (RefusalCode::MissingParentId, "a subsegment on its own names its parent")
        } else {
            (RefusalCode::InvalidParentId, "expected 16 hex digits")
        };
        Err(Refused::new(code, "parent_id", message))
    }

    fn sampling_rule(&self) -> Option<Text<'a>> {
        let Some(Value::Object(aws)) = self.aws else {
            return None;
        };
        sampling_rule(aws)
    }
}

/// The sampling rule that an `aws` block names. Python and Go write it under another key than Node and Java.
pub(super) fn sampling_rule(aws: &str) -> Option<Text<'_>> {
    let (_, xray, _) = members(aws).find(|(key, ..)| key == "xray")?;
    let Value::Object(xray) = xray else { return None };
    members(xray).find_map(|(key, value, _)| match (&*key, value) {
        ("rule_name" | "sampling_rule_name", Value::Text(rule)) => Some(rule.text()),
        _ => None,
    })
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
