//! The stages that everything received goes through, in order: decode, sample, commit, report.

use std::net::SocketAddr;
use std::sync::Arc;

use beamline_model::otlp::walk::{RejectedSpan, SpanHead, SpanRejection};
use beamline_model::otlp::{self, ResourceFacts, Transit};
use beamline_model::segment::Refused;
use beamline_model::time::Timestamp;
use beamline_store::Store;
use beamline_store::api::{Account, Batch};
use bytes::{Bytes, BytesMut};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::commit::{self, Busy};
use crate::config::Limits;
use crate::decode::{Draft, Judge};
use crate::receive::datagram;
use crate::report::{Arrived, Dropped, Lost, Refusal, Rejected, Report, Stored, Transport};
use crate::sample::Gate;

/// Where something came from.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// How.
    pub transport: Transport,
    /// Whose it is.
    pub account: Account,
    /// Who sent it, if that is known.
    pub peer: Option<SocketAddr>,
}

impl Source {
    /// Somebody of whom it is not known, or not believed, whose data this is.
    pub(crate) fn stranger(transport: Transport, peer: Option<SocketAddr>) -> Self {
        Self {
            transport,
            account: Account::default(),
            peer,
        }
    }
}

/// A document that was not kept, in the words of `UnprocessedTraceSegments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprocessed {
    /// The document's id exactly as it was sent; `None` if none could be read.
    pub id: Option<String>,
    /// Such as `MissingName`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// What became of a request whose spans were judged one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Spans that were not kept because something is wrong with them.
    pub(crate) rejected: u64,
    /// What is wrong with the first of them.
    pub(crate) message: Option<String>,
}

/// Why nothing of a request was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something is wrong with it.
    Refused(Rejected, String),
    /// It can be sent again later.
    Busy(Busy),
}

/// The stages, and what they share.
pub(crate) struct Pipeline {
    pub(crate) store: Arc<Store>,
    pub(crate) report: Arc<Report>,
    pub(crate) gate: Gate,
    pub(crate) limits: Limits,
}

/// Datagrams on their way into one batch.
#[derive(Debug, Default)]
pub(crate) struct Datagrams {
    buffer: BytesMut,
    draft: Draft,
}

impl Pipeline {
    /// Takes an `ExportTraceServiceRequest`; returns when its spans are kept.
    pub(crate) async fn spans(&self, source: Source, request: Bytes) -> Result<Verdict, Failure> {
        let (draft, mut verdict) = aside(request.len(), || self.decode_spans(source, &request))?;
        let kept = draft.records.len() as u64;
        let committed = commit::commit(&self.store, draft.over(source.account, request)).await?;
        let too_large = committed.refused.len() as u64;
        self.too_large(source, too_large);
        self.stored(source.transport, kept - too_large);
        verdict.rejected += too_large;
        if too_large > 0 {
            verdict.message.get_or_insert_with(|| "trace size exceeded".to_owned());
        }
        Ok(verdict)
    }

    /// Takes segment documents, or OTLP requests in the spelling of ADOT's datagrams; returns when what is valid is
    /// kept, with what is not.
    pub(crate) async fn documents(&self, source: Source, documents: &[Bytes]) -> Result<Vec<Unprocessed>, Busy> {
        let bytes = documents.iter().map(Bytes::len).sum();
        let (datagrams, mut unprocessed) = aside(bytes, || {
            let mut judgement = Judgement::new(self, source);
            let mut datagrams = Datagrams::default();
            for document in documents {
                datagrams.add(document, &mut judgement);
            }
            (datagrams, judgement.unprocessed)
        });
        let ids = datagrams.draft.ids.clone();
        let committed = commit::commit(&self.store, datagrams.into_batch(source.account)).await?;
        for &index in &committed.refused {
            unprocessed.push(Unprocessed {
                id: ids.get(index as usize).map(ToString::to_string),
                code: "InvalidSegment".to_owned(),
                message: "Invalid segment. ErrorCode: InvalidSegment (trace size exceeded)".to_owned(),
            });
        }
        self.too_large(source, committed.refused.len() as u64);
        self.stored(source.transport, (ids.len() - committed.refused.len()) as u64);
        Ok(unprocessed)
    }

    /// Takes a datagram into a batch that [`Pipeline::offer`] then hands over.
    pub(crate) fn datagram(&self, into: &mut Datagrams, source: Source, bytes: &[u8]) {
        let mut judgement = Judgement::new(self, source);
        match datagram::body(bytes) {
            Ok(body) => into.add(body, &mut judgement),
            Err((reason, message)) => judgement.refuse(reason, message, None, bytes),
        }
    }

    /// Hands datagrams to the store, or drops them at once: UDP has nobody to push back on, and waiting would only
    /// move the loss into the kernel.
    pub(crate) fn offer(&self, datagrams: &mut Datagrams) {
        let records = datagrams.draft.records.len() as u64;
        // The next batch is likely to be as large.
        let next = Datagrams {
            buffer: BytesMut::with_capacity(datagrams.buffer.len()),
            draft: Draft::default(),
        };
        let batch = std::mem::replace(datagrams, next).into_batch(Account::default());
        match commit::offer(&self.store, batch) {
            Ok(()) => self.stored(Transport::XrayUdp, records),
            Err(busy) => self.lost(Transport::XrayUdp, busy.reason, records),
        }
    }

    pub(crate) fn arrived(&self, transport: Transport, count: u64, bytes: u64) {
        let arrived = Arrived {
            transport,
            count,
            bytes,
        };
        arrived.emit(&self.report);
    }

    pub(crate) fn lost(&self, transport: Transport, reason: Dropped, count: u64) {
        let at = self.store.stamp();
        let lost = Lost {
            transport,
            reason,
            count,
            at,
        };
        lost.emit(&self.report);
    }

    fn decode_spans(&self, source: Source, request: &[u8]) -> Result<(Draft, Verdict), Failure> {
        let mut judgement = Judgement::new(self, source);
        let mut draft = Draft::default();
        draft
            .spans(request, 0..request.len(), &mut judgement)
            .map_err(|bad| Failure::Refused(Rejected::Protobuf, bad.to_string()))?;
        self.lost(source.transport, Dropped::SampledOut, judgement.sampled_out);
        Ok((draft, judgement.verdict))
    }

    fn stored(&self, transport: Transport, count: u64) {
        Stored { transport, count }.emit(&self.report);
    }

    fn too_large(&self, source: Source, count: u64) {
        for _ in 0..count {
            Judgement::new(self, source).refuse(Rejected::TraceTooLarge, "trace size exceeded", None, &[]);
        }
    }
}

/// More bytes than this take so long to decode that whoever else is served by the same thread would notice.
const LONG: usize = 128 * 1024;

/// Decodes so many bytes, with everything else that waits for this thread handed to another one if that takes long. A
/// runtime that has no other thread has nobody else to serve either.
fn aside<T>(bytes: usize, decode: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    if bytes > LONG && matches!(flavor, Ok(RuntimeFlavor::MultiThread)) {
        tokio::task::block_in_place(decode)
    } else {
        decode()
    }
}

impl Draft {
    fn over(self, account: Account, buffer: Bytes) -> Batch {
        Batch {
            account,
            buffer,
            contexts: self.contexts,
            records: self.records,
        }
    }
}

impl Datagrams {
    /// A batch is handed over when it has so many bytes, even if more datagrams are waiting.
    const FULL: usize = 256 * 1024;

    pub(crate) fn is_full(&self) -> bool {
        self.buffer.len() >= Self::FULL
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    fn into_batch(self, account: Account) -> Batch {
        self.draft.over(account, self.buffer.freeze())
    }

    fn add(&mut self, body: &[u8], judgement: &mut Judgement<'_>) {
        let from = self.buffer.len();
        match otlp::transit(body) {
            None => {
                self.buffer.extend_from_slice(body);
                let limit = judgement.pipeline.limits.document_bytes;
                self.draft
                    .segments(&self.buffer, from..self.buffer.len(), limit, judgement);
            }
            // Whether the sender sampled the trace does not matter here: what was sent is kept.
            Some(Ok(Transit::Sampled(request) | Transit::Unsampled(request))) => {
                self.buffer.extend_from_slice(&request);
                if let Err(bad) = self.draft.spans(&self.buffer, from..self.buffer.len(), judgement) {
                    judgement.refuse(Rejected::Protobuf, &bad.to_string(), None, body);
                }
            }
            Some(Ok(Transit::Metrics(_))) => {
                let source = judgement.source;
                judgement.pipeline.lost(source.transport, Dropped::UdpMetrics, 1);
            }
            Some(Err(bad)) => judgement.refuse(Rejected::Base64, &bad.to_string(), None, body),
        }
    }
}

/// Judges what one request or datagram holds, and remembers what the sender may be told.
struct Judgement<'a> {
    pipeline: &'a Pipeline,
    source: Source,
    verdict: Verdict,
    sampled_out: u64,
    unprocessed: Vec<Unprocessed>,
}

impl<'a> Judgement<'a> {
    fn new(pipeline: &'a Pipeline, source: Source) -> Self {
        Self {
            pipeline,
            source,
            verdict: Verdict::default(),
            sampled_out: 0,
            unprocessed: Vec::new(),
        }
    }

    /// Counts it, keeps it to be looked at, and notes it for the answer if there will be one.
    fn refuse(&mut self, reason: Rejected, message: &str, id: Option<&str>, bytes: &[u8]) {
        self.verdict.rejected += 1;
        self.verdict.message.get_or_insert_with(|| message.to_owned());
        let refusal = Refusal {
            transport: self.source.transport,
            reason,
            message,
            id,
            peer: self.source.peer,
            at: self.pipeline.store.stamp(),
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
        let reason = match rejected.reason {
            SpanRejection::InvalidTraceId | SpanRejection::InvalidSpanId => Rejected::SpanIds,
            SpanRejection::Malformed => Rejected::Protobuf,
        };
        self.refuse(reason, rejected.detail, None, span);
    }
}

impl From<Busy> for Failure {
    fn from(busy: Busy) -> Self {
        Self::Busy(busy)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_takes_long_to_decode_keeps_nobody_else_waiting() {
        let mut tasks = JoinSet::new();
        tasks.spawn(async {
            let (tell, told) = mpsc::channel();
            let mut others = JoinSet::new();
            others.spawn(async move { tell.send(()).unwrap() });
            // The only thread is busy here until somebody else has had a turn.
            aside(LONG + 1, || told.recv_timeout(Duration::from_secs(60))).unwrap();
        });
        tasks.join_next().await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_runtime_of_one_thread_decodes_on_it() {
        assert_eq!(aside(LONG + 1, || 7), 7);
    }
}
