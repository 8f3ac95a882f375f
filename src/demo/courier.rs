//! Brings what the services report to the server, each thing when it is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use beamline_model::otlp::Signal;
use beamline_model::time::Timestamp;
use bytes::Bytes;
use prost::Message;

use super::meter::{EVERY, Meter};
use super::span::{Reports, Span, Story};
use super::{logs, otlp, xray};
use crate::send::http::Http;
use crate::send::otlp::OtlpGrpc;
use crate::send::udp::XrayUdp;

/// The server's receivers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receivers {
    pub(crate) xray: SocketAddr,
    pub(crate) otlp_grpc: SocketAddr,
    pub(crate) otlp_http: SocketAddr,
}

/// One thing to deliver.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Parcel {
    due: Timestamp,
    content: Content,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    Segment(Vec<u8>),
    OtlpGrpc(Signal, Vec<u8>),
    OtlpHttp(Signal, Vec<u8>),
}

/// Sends documents and requests in the order in which they become due.
pub(crate) struct Courier {
    udp: XrayUdp,
    grpc: OtlpGrpc,
    http: Http,
    waiting: BinaryHeap<Reverse<Parcel>>,
    datagrams: u64,
    meter: Meter,
    /// When the next report of the meter is due.
    report: Timestamp,
}

/// After so many datagrams without a pause the receiver gets a moment to empty its socket: by UDP nobody pushes back.
const BURST: u64 = 64;
const PAUSE: Duration = Duration::from_millis(2);

impl Courier {
    /// Connects to the receivers, to bring what happens from `start` on.
    pub(crate) async fn connect(receivers: Receivers, start: Timestamp) -> anyhow::Result<Self> {
        Ok(Self {
            udp: XrayUdp::connect(receivers.xray)
                .await
                .context("opening a socket for datagrams")?,
            grpc: OtlpGrpc::connect(&receivers.otlp_grpc.to_string()).await?,
            http: Http::new(&format!("http://{}", receivers.otlp_http)),
            waiting: BinaryHeap::new(),
            datagrams: 0,
            meter: Meter::new(start),
            report: start.plus(EVERY),
        })
    }

    /// Takes a story to report, each part when its service is done with it.
    pub(crate) fn take(&mut self, story: &Story) {
        for entry in story.spans.iter().filter(|span| span.doing.enters_service()) {
            match entry.service.reports() {
                Reports::Segments | Reports::AnnouncedSegments | Reports::StreamedSubsegments => {
                    for (due, document) in xray::documents(story, entry) {
                        self.wait(due, Content::Segment(document.to_string().into_bytes()));
                    }
                }
                Reports::OtlpGrpc => {
                    let request = otlp::request(story, entry).encode_to_vec();
                    self.wait(entry.end, Content::OtlpGrpc(Signal::Traces, request));
                }
                Reports::OtlpHttp => {
                    let request = otlp::request(story, entry).encode_to_vec();
                    self.wait(entry.end, Content::OtlpHttp(Signal::Traces, request));
                }
            }
        }
        self.take_logs(story);
        self.meter.take(story);
    }

    /// Logs go by OpenTelemetry whatever traces go by; an agent gathers those of a story until it is over.
    fn take_logs(&mut self, story: &Story) {
        let entries = story.spans.iter().filter(|span| span.doing.enters_service());
        let by_http = |span: &&Span| span.service.reports() == Reports::OtlpHttp;
        let (http, grpc): (Vec<&Span>, Vec<&Span>) = entries.partition(by_http);
        let end = |entries: &[&Span]| entries.iter().map(|span| span.end).max();
        if let Some(due) = end(&http) {
            let request = logs::request(story, &http).encode_to_vec();
            self.wait(due, Content::OtlpHttp(Signal::Logs, request));
        }
        if let Some(due) = end(&grpc) {
            let request = logs::request(story, &grpc).encode_to_vec();
            self.wait(due, Content::OtlpGrpc(Signal::Logs, request));
        }
    }

    fn wait(&mut self, due: Timestamp, content: Content) {
        self.waiting.push(Reverse(Parcel { due, content }));
    }

    /// Delivers all that is due at `now`, and says when the next is.
    pub(crate) async fn deliver(&mut self, now: Timestamp) -> anyhow::Result<Timestamp> {
        while self.report <= now {
            let report = self.meter.report(self.report).encode_to_vec();
            self.wait(self.report, Content::OtlpGrpc(Signal::Metrics, report));
            self.report = self.report.plus(EVERY);
        }
        while let Some(Reverse(next)) = self.waiting.peek() {
            if next.due > now {
                return Ok(next.due.min(self.report));
            }
            if let Some(Reverse(parcel)) = self.waiting.pop() {
                self.send(parcel.content).await?;
            }
        }
        Ok(self.report)
    }

    async fn send(&mut self, content: Content) -> anyhow::Result<()> {
        match content {
            Content::Segment(document) => {
                self.udp.send(&document).await.context("sending a segment")?;
                self.datagrams += 1;
                if self.datagrams.is_multiple_of(BURST) {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Content::OtlpGrpc(signal, request) => {
                let answer = self.grpc.export_signal(signal, Bytes::from(request)).await;
                answer.with_context(|| format!("exporting {signal} by gRPC"))?;
            }
            Content::OtlpHttp(signal, request) => {
                let (path, kind) = (format!("/v1/{signal}"), "application/x-protobuf");
                let (status, _) = self.http.post(&path, kind, Bytes::from(request)).await?;
                anyhow::ensure!(status.is_success(), "exporting {signal} by HTTP was answered {status}");
            }
        }
        Ok(())
    }
}

/// The moment it is.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
