//! The stages that everything received goes through, in order: decode, sample, register, commit, report.

mod judgement;

use std::net::SocketAddr;
use std::sync::Arc;

use beamline_model::otlp::{self, Signal, Transit};
use beamline_store::Store;
use beamline_store::api::{Account, Batch};
use bytes::{Bytes, BytesMut};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::commit::{self, Busy, Keep};
use crate::config::Limits;
use crate::decode::{Logs, Place, Points, Traces};
use crate::receive::datagram;
use crate::register::Registrar;
use crate::report::{Arrived, Dropped, Lost, Rejected, Report, Stored, Transport};
use crate::sample::Gate;
use judgement::Judgement;

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

/// What became of a request whose items were judged one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Items that were not kept because something is wrong with them.
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
    pub(crate) registrar: Registrar,
    pub(crate) limits: Limits,
}

/// A request with metrics that came in a datagram, and who sent it.
pub(crate) type SentMetrics = (Source, Bytes);

/// Datagrams on their way into one batch.
#[derive(Debug, Default)]
pub(crate) struct Datagrams {
    buffer: BytesMut,
    traces: Traces,
    metrics: Vec<SentMetrics>,
}

impl Pipeline {
    /// Takes an OTLP request; returns when everything in it that is sound is kept. Log records go where the sender asks.
    pub(crate) async fn request(
        &self,
        source: Source,
        signal: Signal,
        asked: Place,
        request: Bytes,
    ) -> Result<Verdict, Failure> {
        match signal {
            Signal::Traces => self.keep(source, Traces::default(), request).await,
            Signal::Logs => {
                let logs = Logs::new(asked, self.limits.log_record_bytes);
                self.keep(source, logs, request).await
            }
            Signal::Metrics => self.keep(source, Points::default(), request).await,
        }
    }

    async fn keep<K: Keep>(&self, source: Source, mut into: K, request: Bytes) -> Result<Verdict, Failure> {
        let mut verdict = aside(request.len(), || self.decode(source, &mut into, &request))?;
        let found = into.items();
        let refused = into.keep(&self.registrar, source.account, request).await?;
        self.stored(source.transport, K::SIGNAL, found - refused);
        let mut judgement = Judgement::new(self, source);
        judgement.refuse_many(refused, K::REFUSAL.0, K::REFUSAL.1, None, &[]);
        verdict.add(judgement.verdict);
        Ok(verdict)
    }

    /// Takes segment documents, or OTLP requests in the spelling of ADOT's datagrams; returns when what is valid is
    /// kept, with what is not.
    pub(crate) async fn documents(&self, source: Source, documents: &[Bytes]) -> Result<Vec<Unprocessed>, Busy> {
        let bytes = documents.iter().map(Bytes::len).sum();
        let (mut datagrams, mut unprocessed) = aside(bytes, || {
            let mut judgement = Judgement::new(self, source);
            let mut datagrams = Datagrams::default();
            for document in documents {
                datagrams.add(document, &mut judgement);
            }
            (datagrams, judgement.unprocessed)
        });
        let metrics = std::mem::take(&mut datagrams.metrics);
        let ids = datagrams.traces.ids.clone();
        let committed = commit::commit(&self.store, datagrams.into_batch(source.account)).await?;
        for &index in &committed.refused {
            unprocessed.push(Unprocessed {
                id: ids.get(index as usize).map(ToString::to_string),
                code: "InvalidSegment".to_owned(),
                message: "Invalid segment. ErrorCode: InvalidSegment (trace size exceeded)".to_owned(),
            });
        }
        let (reason, message) = Traces::REFUSAL;
        Judgement::new(self, source).refuse_many(committed.refused.len(), reason, message, None, &[]);
        self.stored(source.transport, Signal::Traces, ids.len() - committed.refused.len());
        for sent in metrics {
            unprocessed.extend(self.metrics(sent).await?);
        }
        Ok(unprocessed)
    }

    /// Takes metrics that came in a document or datagram; tells of the document if it is not what it should be.
    pub(crate) async fn metrics(&self, (source, request): SentMetrics) -> Result<Option<Unprocessed>, Busy> {
        let outcome = self
            .request(source, Signal::Metrics, Place::default(), request.clone())
            .await;
        match outcome {
            Ok(_) => Ok(None),
            Err(Failure::Busy(busy)) => Err(busy),
            Err(Failure::Refused(reason, message)) => {
                let mut judgement = Judgement::new(self, source);
                judgement.refuse(reason, &message, None, &request);
                Ok(judgement.unprocessed.pop())
            }
        }
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
    /// move the loss into the kernel. Gives what holds metrics back, which may have to wait for their series.
    pub(crate) fn offer(&self, datagrams: &mut Datagrams) -> Vec<SentMetrics> {
        let records = datagrams.traces.records.len();
        // The next batch is likely to be as large.
        let next = Datagrams {
            buffer: BytesMut::with_capacity(datagrams.buffer.len()),
            ..Datagrams::default()
        };
        let mut datagrams = std::mem::replace(datagrams, next);
        let metrics = std::mem::take(&mut datagrams.metrics);
        match commit::offer(&self.store, datagrams.into_batch(Account::default())) {
            Ok(()) => self.stored(Transport::XrayUdp, Signal::Traces, records),
            Err(busy) => self.lost(Transport::XrayUdp, busy.reason, records as u64),
        }
        metrics
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

    fn decode(&self, source: Source, into: &mut impl Keep, request: &[u8]) -> Result<Verdict, Failure> {
        let mut judgement = Judgement::new(self, source);
        into.request(request, &mut judgement)
            .map_err(|bad| Failure::Refused(Rejected::Protobuf, bad.to_string()))?;
        self.lost(source.transport, Dropped::SampledOut, judgement.sampled_out);
        Ok(judgement.verdict)
    }

    fn stored(&self, transport: Transport, signal: Signal, count: usize) {
        let count = count as u64;
        let stored = Stored {
            transport,
            signal,
            count,
        };
        stored.emit(&self.report);
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

impl Verdict {
    fn add(&mut self, more: Self) {
        self.rejected += more.rejected;
        if self.message.is_none() {
            self.message = more.message;
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
        self.buffer.is_empty() && self.metrics.is_empty()
    }

    fn into_batch(self, account: Account) -> Batch {
        self.traces.over(account, self.buffer.freeze())
    }

    fn add(&mut self, body: &[u8], judgement: &mut Judgement<'_>) {
        let from = self.buffer.len();
        match otlp::transit(body) {
            None => {
                self.buffer.extend_from_slice(body);
                let limit = judgement.pipeline.limits.document_bytes;
                self.traces
                    .segments(&self.buffer, from..self.buffer.len(), limit, judgement);
            }
            // Whether the sender sampled the trace does not matter here: what was sent is kept.
            Some(Ok(Transit::Sampled(request) | Transit::Unsampled(request))) => {
                self.buffer.extend_from_slice(&request);
                if let Err(bad) = self.traces.spans(&self.buffer, from..self.buffer.len(), judgement) {
                    judgement.refuse(Rejected::Protobuf, &bad.to_string(), None, body);
                }
            }
            Some(Ok(Transit::Metrics(request))) => self.metrics.push((judgement.source, request.into())),
            Some(Err(bad)) => judgement.refuse(Rejected::Base64, &bad.to_string(), None, body),
        }
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
