//! From bytes to records: finds the documents and spans in what was received and where they are, and decodes nothing
//! that the write path does not need.

use std::ops::Range;

use beamline_model::id::SpanId;
use beamline_model::otlp::walk::{self, RejectedSpan, SpanHead, Walked};
use beamline_model::otlp::{BadWire, ResourceFacts};
use beamline_model::segment::{self, Refused};
use beamline_model::time::Timestamp;
use beamline_store::api::BatchRecord;
use bytes::Bytes;

/// The records of a batch that is being put together, beside the buffer they point into.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) contexts: Vec<Bytes>,
    pub(crate) records: Vec<BatchRecord>,
    /// The id of each record, to name it in an answer.
    pub(crate) ids: Vec<SpanId>,
}

/// What to do with what was found.
pub(crate) trait Judge {
    /// A moment of reception for one record.
    fn stamp(&mut self) -> Timestamp;
    /// Whether a span is kept, and how many requests it then stands for.
    fn keep(&mut self, span: &SpanHead<'_>, resource: &ResourceFacts<'_>) -> Option<f32>;
    /// A document cannot be kept.
    fn refuse_document(&mut self, refused: Refused, document: &[u8]);
    /// A span cannot be kept.
    fn refuse_span(&mut self, rejected: RejectedSpan, span: &[u8]);
}

impl Draft {
    /// Adds the documents of `buffer[body]`, each of at most `limit` bytes.
    pub(crate) fn segments(&mut self, buffer: &[u8], body: Range<usize>, limit: usize, judge: &mut impl Judge) {
        let body = &buffer[body];
        for document in segment::split(body) {
            let document = match document {
                Ok(document) => document,
                Err(refused) => {
                    judge.refuse_document(refused, body);
                    continue;
                }
            };
            let head = match segment::head_within(document, limit) {
                Ok(head) => head,
                Err(refused) => {
                    judge.refuse_document(refused, document);
                    continue;
                }
            };
            let from = document.as_ptr() as usize - buffer.as_ptr() as usize;
            self.ids.push(head.id);
            self.records.push(BatchRecord {
                trace: head.trace,
                received: judge.stamp(),
                start: head.start,
                end: head.end,
                weight: 1.0,
                context: None,
                body: place(from..from + document.len()),
            });
        }
    }

    /// Adds the spans of the `ExportTraceServiceRequest` that is `buffer[body]`. On an error nothing is added.
    pub(crate) fn spans(&mut self, buffer: &[u8], body: Range<usize>, judge: &mut impl Judge) -> Result<(), BadWire> {
        let before = (self.contexts.len(), self.records.len());
        let base = body.start;
        let request = &buffer[body];
        let mut resource = ResourceFacts::default();
        let walked = walk::request(request, &mut |item| match item {
            Walked::Context(context) => {
                resource = context.resource;
                self.contexts.push(context.bytes.into());
            }
            Walked::Rejected(rejected) => {
                let bytes = &request[rejected.range.clone()];
                judge.refuse_span(rejected, bytes);
            }
            Walked::Span(span) => {
                let Some(weight) = judge.keep(&span, &resource) else {
                    return;
                };
                self.ids.push(span.id);
                let received = judge.stamp();
                let (start, end) = span.times.unwrap_or((received, Some(received)));
                self.records.push(BatchRecord {
                    trace: span.trace,
                    received,
                    start,
                    end,
                    weight,
                    context: Some(self.contexts.len() as u32 - 1),
                    body: place(base + span.range.start..base + span.range.end),
                });
            }
        });
        if walked.is_err() {
            self.contexts.truncate(before.0);
            self.records.truncate(before.1);
            self.ids.truncate(before.1);
        }
        walked
    }
}

/// Buffers are bounded far below 4 GiB by the limits of requests.
fn place(range: Range<usize>) -> Range<u32> {
    range.start as u32..range.end as u32
}
