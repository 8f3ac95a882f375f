//! What a receiver hands to the store and a reader gets back: the bytes as they arrived.

use crate::id::TraceId;
use crate::time::Timestamp;

/// One thing that was sent about one trace, as it arrived.
///
/// A record is the unit of acknowledgement, of storage and of loss. It is never rewritten: whatever is derived from it
/// can be derived again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record<'a> {
    /// The trace it belongs to.
    pub trace: TraceId,
    /// When it was received. Strictly increasing within one process, so that it also orders what arrived.
    pub received: Timestamp,
    /// How many requests this one stands for: 1 unless a head decision here kept only a share.
    pub weight: f32,
    /// What was sent.
    pub body: Body<'a>,
}

/// The original bytes of a [`Record`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// One X-Ray segment or subsegment document: JSON text, UTF-8, byte for byte.
    Xray(&'a [u8]),
    /// One OTLP span with what encloses it.
    Otlp {
        /// A protobuf `ResourceSpans` with its resource, one scope and both schema URLs, but no span.
        context: &'a [u8],
        /// A protobuf `Span`, byte for byte.
        span: &'a [u8],
    },
}

impl Body<'_> {
    /// The size that counts towards a trace's limit. A shared OTLP context is not counted: it is kept once.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Xray(document) => document.len(),
            Self::Otlp { span, .. } => span.len(),
        }
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
