//! Which traces and spans a log event names.
//!
//! Text is looked at once, as bytes, without parsing what it may be: every spelling of an id has a run of at least 16
//! hexadecimal digits, so one byte in 16 tells whether there is anything to look at.
//!
//! | spelling | is a trace |
//! |---|---|
//! | `1-` 8 digits `-` 24 digits | anywhere; `Root=` in front or not |
//! | 2 digits `-` 32 digits `-` 16 digits `-` 2 digits (`traceparent`) | anywhere, and its span |
//! | 32 digits | after a key that ends like `trace_id`, `traceId`, `trace.id` or `TraceID`, or after `/traces/` |
//!
//! | spelling | is the span in the trace named before it, or if there is none without a span, after it |
//! |---|---|
//! | 16 digits | after `@` and a trace, or `;Parent=`, or a key that ends like `span_id`, `spanId` or `SegmentId` |

use smallvec::SmallVec;

use crate::id::{SpanId, TraceId};
use crate::otlp::MAX_VALUE_DEPTH;
use crate::otlp::wire::{Fields, Wire};

/// No event names more traces than this; the first count.
pub const MOST_MENTIONS: usize = 4;

/// A trace that an event names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mention {
    /// The trace.
    pub trace: TraceId,
    /// The span, segment or subsegment in it that the event is from, if that is said.
    pub span: Option<SpanId>,
}

/// What an event names: different traces, in the order in which it names them.
pub type Mentions = SmallVec<[Mention; 1]>;

/// The traces that a text names.
#[must_use]
pub fn in_text(text: &[u8]) -> Mentions {
    let mut finder = Finder::default();
    finder.text(text);
    finder.found
}

/// The traces that a protobuf `LogRecord` names: its own, then those in its body and attributes. Of what is not
/// protobuf, nothing is found.
#[must_use]
pub fn in_record(record: &[u8]) -> Mentions {
    let mut finder = Finder::default();
    let (mut trace, mut span) = (None, None);
    for (number, value) in fields(record) {
        match (number, value) {
            (9, Wire::Bytes(bytes)) => trace = TraceId::from_bytes(bytes),
            (10, Wire::Bytes(bytes)) => span = SpanId::from_bytes(bytes),
            _ => {}
        }
    }
    if let Some(trace) = trace {
        finder.trace(trace, span);
    }
    for (number, value) in fields(record) {
        match (number, value) {
            (5, Wire::Bytes(any)) => finder.value("", any, 0),
            (6, Wire::Bytes(pair)) => finder.pair(pair, 0),
            _ => {}
        }
    }
    finder.found
}

fn fields(message: &[u8]) -> impl Iterator<Item = (u32, Wire<'_>)> {
    Fields::new(message).map_while(Result::ok)
}

/// The shortest run of digits that can be of interest.
const SHORTEST: usize = 16;

#[derive(Default)]
struct Finder {
    found: Mentions,
    /// A span that was named before its trace.
    early: Option<SpanId>,
}

impl Finder {
    fn trace(&mut self, trace: TraceId, span: Option<SpanId>) {
        let span = span.or_else(|| self.early.take());
        if let Some(known) = self.found.iter_mut().find(|known| known.trace == trace) {
            known.span = known.span.or(span);
        } else if self.found.len() < MOST_MENTIONS {
            self.found.push(Mention { trace, span });
        }
    }

    fn span(&mut self, span: SpanId) {
        match self.found.last_mut() {
            Some(last) if last.span.is_none() => last.span = Some(span),
            _ => self.early = Some(span),
        }
    }

    fn text(&mut self, text: &[u8]) {
        let mut seen = 0;
        let mut probe = SHORTEST - 1;
        while let Some(&byte) = text.get(probe) {
            if !byte.is_ascii_hexdigit() {
                probe += SHORTEST;
                continue;
            }
            let digit = |byte: &u8| byte.is_ascii_hexdigit();
            let start = text[seen..probe].iter().rposition(|byte| !digit(byte));
            let start = start.map_or(seen, |at| seen + at + 1);
            let length = text[start..].iter().position(|byte| !digit(byte));
            let end = length.map_or(text.len(), |length| start + length);
            self.run(text, start, end);
            seen = end;
            probe = end + SHORTEST;
        }
    }

    /// Looks at one run of digits, whole.
    fn run(&mut self, text: &[u8], start: usize, end: usize) {
        if text.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            return;
        }
        let (before, digits, after) = (&text[..start], &text[start..end], &text[end..]);
        match end - start {
            24 => {
                if let Some(trace) = xray(before, digits) {
                    self.trace(trace, suffix(after));
                }
            }
            32 => {
                let Some(trace) = parse::<TraceId>(digits) else { return };
                if let Some(span) = traceparent(before, after) {
                    self.trace(trace, Some(span));
                } else if before.ends_with(b"/traces/") || key(before).is_trace() {
                    self.trace(trace, None);
                }
            }
            16 if before.ends_with(b";Parent=") || key(before).is_span() => {
                parse(digits).into_iter().for_each(|span| self.span(span));
            }
            _ => {}
        }
    }

    fn pair(&mut self, pair: &[u8], depth: usize) {
        let mut name = "";
        for (number, value) in fields(pair) {
            match (number, value) {
                (1, Wire::Bytes(bytes)) => name = std::str::from_utf8(bytes).unwrap_or_default(),
                (2, Wire::Bytes(any)) => self.value(name, any, depth),
                _ => {}
            }
        }
    }

    fn value(&mut self, name: &str, any: &[u8], depth: usize) {
        if depth > MAX_VALUE_DEPTH {
            return;
        }
        for (number, value) in fields(any) {
            match (number, value) {
                (1, Wire::Bytes(text)) => self.named(name, text),
                (5, Wire::Bytes(values)) => values_of(values).for_each(|any| self.value(name, any, depth + 1)),
                (6, Wire::Bytes(pairs)) => values_of(pairs).for_each(|pair| self.pair(pair, depth + 1)),
                _ => {}
            }
        }
    }

    /// A text under a name of its own.
    fn named(&mut self, name: &str, text: &[u8]) {
        let key = Key::of(name.as_bytes());
        match (key, parse::<TraceId>(text), parse::<SpanId>(text)) {
            (key, Some(trace), _) if key.is_trace() => self.trace(trace, None),
            (key, _, Some(span)) if key.is_span() => self.span(span),
            _ => self.text(text),
        }
    }
}

/// What an array or a list of pairs holds.
fn values_of(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    fields(list).filter_map(|field| match field {
        (1, Wire::Bytes(bytes)) => Some(bytes),
        _ => None,
    })
}

fn parse<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether an id can begin after these bytes. What is escaped in JSON may be a letter and no part of a word.
fn begins(before: &[u8]) -> bool {
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., last] => !last.is_ascii_alphanumeric(),
        [] => true,
    }
}

/// `1-5759e988-` in front of 24 digits.
fn xray(before: &[u8], digits: &[u8]) -> Option<TraceId> {
    let (rest, head) = before.split_at_checked(before.len().checked_sub(11)?)?;
    if !head.starts_with(b"1-") || !begins(rest) {
        return None;
    }
    let mut id = [0; 35];
    id[..11].copy_from_slice(head);
    id[11..].copy_from_slice(digits);
    parse(&id)
}

/// `@53995c3f42cd8ad8` behind a trace.
fn suffix(after: &[u8]) -> Option<SpanId> {
    let digits = after.strip_prefix(b"@")?;
    let ends = !digits.get(16).is_some_and(u8::is_ascii_alphanumeric);
    parse(digits.get(..16).filter(|_| ends)?)
}

/// `00-` in front of 32 digits, and `-53995c3f42cd8ad8-01` behind them.
fn traceparent(before: &[u8], after: &[u8]) -> Option<SpanId> {
    let [rest @ .., a, b, b'-'] = before else { return None };
    if !(a.is_ascii_hexdigit() && b.is_ascii_hexdigit() && begins(rest)) {
        return None;
    }
    let [b'-', digits @ ..] = after else { return None };
    let (span, rest) = digits.split_at_checked(16)?;
    match rest {
        [b'-', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => parse(span),
        _ => None,
    }
}

/// The letters at the end of a key, lower case: `xray.trace_id` is `xraytraceid`.
#[derive(Clone, Copy)]
struct Key {
    /// Filled from the end.
    letters: [u8; 9],
}

impl Key {
    fn of(name: &[u8]) -> Self {
        let mut letters = [0; 9];
        let of_key = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@');
        let in_order = name.iter().rev().take(16).take_while(of_key);
        let found = in_order.filter(|byte| byte.is_ascii_alphanumeric());
        for (place, letter) in letters.iter_mut().rev().zip(found) {
            *place = letter.to_ascii_lowercase();
        }
        Self { letters }
    }

    fn is_trace(self) -> bool {
        self.letters.ends_with(b"traceid")
    }

    fn is_span(self) -> bool {
        self.letters.ends_with(b"spanid") || self.letters.ends_with(b"segmentid")
    }
}

/// The key in front of a value, whatever form the text has: `key=`, `key: `, `"key":"`, `\"key\": \"`.
fn key(before: &[u8]) -> Key {
    const MOST: usize = 8;
    let between = |byte: &&u8| matches!(byte, b'"' | b'\'' | b'\\' | b':' | b'=' | b' ' | b'\t' | b'[' | b'(');
    let count = before.iter().rev().take(MOST).take_while(between).count();
    match count {
        0 => Key::of(b""),
        _ => Key::of(&before[..before.len() - count]),
    }
}

#[cfg(test)]
mod tests;
