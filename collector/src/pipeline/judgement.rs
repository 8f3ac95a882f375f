//! What becomes of each item of a request or datagram, and what its sender may be told.

use beamline_model::metric::walk::RejectedPoints;
use beamline_model::otlp::ResourceFacts;
use beamline_model::otlp::logs::RejectedRecord;
use beamline_model::otlp::walk::{RejectedSpan, SpanHead};
use beamline_model::segment::Refused;
use beamline_model::time::Timestamp;

use super::{Pipeline, Source, Unprocessed, Verdict};
use crate::decode::Judge;
use crate::report::{Refusal, Rejected, Transport};

/// Judges what one request or datagram holds, and remembers what the sender may be told.
pub(super) struct Judgement<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) source: Source,
    pub(super) verdict: Verdict,
    pub(super) sampled_out: u64,
    pub(super) unprocessed: Vec<Unprocessed>,
}

impl<'a> Judgement<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, source: Source) -> Self {
        Self {
            pipeline,
            source,
            verdict: Verdict::default(),
            sampled_out: 0,
            unprocessed: Vec::new(),
        }
    }

    /// Counts it, keeps it to be looked at, and notes it for the answer if there will be one.
    pub(super) fn refuse(&mut self, reason: Rejected, message: &str, id: Option<&str>, bytes: &[u8]) {
        self.refuse_many(1, reason, message, id, bytes);
    }

    /// The same for several items at once, of which the first is kept.
    pub(super) fn refuse_many(
        &mut self,
        count: usize,
        reason: Rejected,
        message: &str,
        id: Option<&str>,
        bytes: &[u8],
    ) {
        if count == 0 {
            return;
        }
        let count = count as u64;
        self.verdict.rejected += count;
        self.verdict.message.get_or_insert_with(|| message.to_owned());
        let refusal = Refusal {
            transport: self.source.transport,
            reason,
            message,
            id,
            peer: self.source.peer,
            at: self.pipeline.store.stamp(),
            count,
            bytes,
        };
        refusal.emit(&self.pipeline.report);
        if self.source.transport == Transport::XrayApi {
            let code = match reason {
                Rejected::Base64 | Rejected::Protobuf => "ParseError",
                _ => "InvalidSegment",
            };
            self.unprocessed.push(Unprocessed {
                id: id.map(str::to_owned),
                code: code.to_owned(),
                message: message.to_owned(),
            });
        }
    }
}

impl Judge for Judgement<'_> {
    fn stamp(&mut self) -> Timestamp {
        self.pipeline.store.stamp()
    }

    fn keep(&mut self, span: &SpanHead<'_>, resource: &ResourceFacts<'_>) -> Option<f32> {
        let weight = self.pipeline.gate.keep(self.source.account, span, resource);
        self.sampled_out += u64::from(weight.is_none());
        weight
    }

    fn series(&mut self, descriptor: &[u8]) -> Option<u32> {
        self.pipeline.store.known_series(self.source.account, descriptor)
    }

    fn refuse_document(&mut self, refused: Refused, document: &[u8]) {
        let message = format!(
            "Invalid segment. ErrorCode: {} (at `{}`: {})",
            refused.code, refused.path, refused.message
        );
        self.refuse(refused.code.into(), &message, refused.id.as_deref(), document);
        if let Some(told) = self.unprocessed.last_mut() {
            told.code = refused.code.to_string();
        }
    }

    fn refuse_span(&mut self, rejected: RejectedSpan, span: &[u8]) {
        self.refuse(rejected.reason.into(), rejected.detail, None, span);
    }

    fn refuse_record(&mut self, rejected: RejectedRecord, record: &[u8]) {
        self.refuse_many(rejected.records, rejected.reason.into(), rejected.detail, None, record);
    }

    fn refuse_points(&mut self, rejected: RejectedPoints) {
        self.refuse_many(rejected.points, rejected.reason.into(), rejected.detail, None, &[]);
    }
}
