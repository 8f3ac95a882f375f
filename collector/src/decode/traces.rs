//! Segment documents and spans.

use std::ops::Range;

use beamline_model::id::SpanId;
use beamline_model::otlp::walk::{self, Walked};
use beamline_model::otlp::{BadWire, ResourceFacts};
use beamline_model::segment;
use beamline_store::api::{Account, Batch, BatchRecord};
use bytes::Bytes;

use super::{Decode, Judge, place};

/// The records of a batch that is being put together, beside the buffer they point into.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    pub(crate) contexts: Vec<Bytes>,
    pub(crate) records: Vec<BatchRecord>,
    /// The id of each record, to name it in an answer.
    pub(crate) ids: Vec<SpanId>,
}

impl Traces {
    /// A batch of all that was added, and the buffer they are in.
    pub(crate) fn over(self, account: Account, buffer: Bytes) -> Batch {
        Batch {
            account,
            buffer,
            contexts: self.contexts,
            records: self.records,
        }
    }

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

impl Decode for Traces {
    fn request(&mut self, request: &[u8], judge: &mut impl Judge) -> Result<(), BadWire> {
        self.spans(request, 0..request.len(), judge)
    }
}
