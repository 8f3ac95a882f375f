//! The check at the door: an `ExportTraceServiceRequest` span by span, borrowed.
//!
//! Nothing is decoded that the write path does not need, and no span is copied. Each span is accepted or rejected on
//! its own; what encloses it is handed out once per resource and scope.

use std::fmt;
use std::ops::Range;

use super::check;
use super::envelope::{self, Contexts};
use super::facts::{RequestFacts, ResourceFacts};
use super::wire::{BadWire, Fields, Wire};
use crate::id::{SpanId, TraceId};
use crate::node::Kind;
use crate::time::Timestamp;

/// What a request holds, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Walked<'a> {
    /// What encloses the spans that follow, up to the next context.
    Context(WalkedContext<'a>),
    /// An acceptable span.
    Span(SpanHead<'a>),
    /// A span that cannot be kept.
    Rejected(RejectedSpan),
}

/// One resource and scope that has at least one acceptable span.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkedContext<'a> {
    /// A protobuf `ResourceSpans` with everything but the spans; see [`Body::Otlp`](crate::record::Body::Otlp).
    pub bytes: Vec<u8>,
    /// What sampling asks about the resource.
    pub resource: ResourceFacts<'a>,
}

/// What the write path needs to know of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanHead<'a> {
    /// The trace.
    pub trace: TraceId,
    /// The span.
    pub id: SpanId,
    /// The span that called or contains it.
    pub parent: Option<SpanId>,
    /// When it started and ended, the end never before the start and `None` if the sender left it out; a missing start
    /// is taken from the end. `None` as a whole if the sender said neither: such a span happened when it came.
    pub times: Option<(Timestamp, Option<Timestamp>)>,
    /// Span kind.
    pub kind: Kind,
    /// OTLP flags: the low eight bits are W3C's.
    pub flags: u32,
    /// W3C trace state, empty if there is none.
    pub trace_state: &'a [u8],
    /// A protobuf `Span`, byte for byte.
    pub bytes: &'a [u8],
    /// Where `bytes` is in the request.
    pub range: Range<usize>,
}

impl<'a> SpanHead<'a> {
    /// What sampling asks about the request that the span stands for. Reads the attributes, so ask only when needed.
    #[must_use]
    pub fn request(&self) -> RequestFacts<'a> {
        RequestFacts::of_span(self.bytes)
    }

    /// Whether the parent is in another process, when the sender says so.
    #[must_use]
    pub fn remote_parent(&self) -> Option<bool> {
        (self.flags & 0x100 != 0).then_some(self.flags & 0x200 != 0)
    }
}

/// A span that cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedSpan {
    /// Why, for counters.
    pub reason: SpanRejection,
    /// Why, for people.
    pub detail: &'static str,
    /// Where the span is in the request.
    pub range: Range<usize>,
}

/// Why a span cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanRejection {
    /// The trace id is not 16 bytes, or all zero.
    InvalidTraceId,
    /// The span id is not 8 bytes, or all zero.
    InvalidSpanId,
    /// Not a protobuf `Span`, or nested too deeply.
    Malformed,
}

impl SpanRejection {
    /// All of them, so that counters can exist before the first rejection.
    pub const ALL: [Self; 3] = [Self::InvalidTraceId, Self::InvalidSpanId, Self::Malformed];

    /// The word that counters are labelled with.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidTraceId => "invalid_trace_id",
            Self::InvalidSpanId => "invalid_span_id",
            Self::Malformed => "malformed",
        }
    }
}

impl fmt::Display for SpanRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Calls `each` for every span of a protobuf `ExportTraceServiceRequest`, and for every context before its first span.
///
/// # Errors
/// The bytes around the spans are not such a message. Nothing that `each` was given before should be kept then, since
/// the sender will be told that the request failed as a whole.
pub fn request<'a>(bytes: &'a [u8], each: &mut impl FnMut(Walked<'a>)) -> Result<(), BadWire> {
    let mut contexts = Contexts::of(bytes);
    for resource in envelope::resources(bytes) {
        let resource = resource?;
        let mut facts = ResourceFacts::default();
        resource.messages().for_each(|message| facts.read(message));
        for scope in resource.scopes() {
            let scope = scope?;
            let mut announced = false;
            for item in scope.items() {
                let (bytes, range) = item?;
                match span(bytes, range.clone()) {
                    Ok(span) => {
                        if !std::mem::replace(&mut announced, true) {
                            each(Walked::Context(WalkedContext {
                                bytes: scope.context(&resource, &mut contexts)?,
                                resource: facts,
                            }));
                        }
                        each(Walked::Span(span));
                    }
                    Err((reason, detail)) => each(Walked::Rejected(RejectedSpan { reason, detail, range })),
                }
            }
        }
    }
    Ok(())
}

type Rejection = (SpanRejection, &'static str);

fn span(bytes: &[u8], range: Range<usize>) -> Result<SpanHead<'_>, Rejection> {
    let malformed = |message| (SpanRejection::Malformed, message);
    let (mut trace, mut id, mut parent): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
    let (mut start, mut end, mut kind, mut flags) = (0, 0, 0, 0);
    let mut trace_state: &[u8] = &[];
    for field in Fields::new(bytes) {
        match field.map_err(|bad| malformed(bad.message))? {
            (9, Wire::Bytes(attribute)) => check::key_value(attribute, 0).map_err(malformed)?,
            (1, Wire::Bytes(value)) => trace = value,
            (2, Wire::Bytes(value)) => id = value,
            (3, Wire::Bytes(value)) => trace_state = value,
            (4, Wire::Bytes(value)) => parent = value,
            (6, Wire::Varint(value)) => kind = value,
            (7, Wire::Fixed64(value)) => start = value,
            (8, Wire::Fixed64(value)) => end = value,
            (11, Wire::Bytes(event)) => check::with_attributes(event, 3).map_err(malformed)?,
            (13, Wire::Bytes(link)) => check::with_attributes(link, 4).map_err(malformed)?,
            (15, Wire::Bytes(status)) => check::flat(status).map_err(malformed)?,
            (16, Wire::Fixed32(value)) => flags = value,
            (5, Wire::Bytes(_)) | (10 | 12 | 14, Wire::Varint(_)) => {}
            (1..=16, _) => return Err(malformed("field of another type than its number says")),
            _ => {}
        }
    }
    let trace = TraceId::from_bytes(trace);
    let trace = trace.ok_or((SpanRejection::InvalidTraceId, "a trace id is 16 bytes, not all zero"))?;
    let id = SpanId::from_bytes(id);
    let id = id.ok_or((SpanRejection::InvalidSpanId, "a span id is 8 bytes, not all zero"))?;
    let times = times(start, end);
    Ok(SpanHead {
        trace,
        id,
        parent: SpanId::from_bytes(parent),
        times,
        kind: self::kind(kind),
        flags,
        trace_state,
        bytes,
        range,
    })
}

/// Start and end from the wire, where 0 means "not said"; the end never lies before the start.
pub(super) fn times(start: u64, end: u64) -> Option<(Timestamp, Option<Timestamp>)> {
    match (start, end) {
        (0, 0) => None,
        (start, 0) => Some((Timestamp::from_nanos(start), None)),
        (0, end) => Some((Timestamp::from_nanos(end), Some(Timestamp::from_nanos(end)))),
        (start, end) => Some((
            Timestamp::from_nanos(start),
            Some(Timestamp::from_nanos(end.max(start))),
        )),
    }
}

/// Span kind from its number; numbers that no version knows are unspecified.
pub(super) fn kind(number: u64) -> Kind {
    match number {
        1 => Kind::Internal,
        2 => Kind::Server,
        3 => Kind::Client,
        4 => Kind::Producer,
        5 => Kind::Consumer,
        _ => Kind::Unspecified,
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
