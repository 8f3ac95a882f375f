//! When to send what, and what came back.
//!
//! Each connection has its own plan of moments at which requests are due. One that falls behind sends at once until it
//! has caught up, and its waiting counts: latency is measured from when a request was due, so a server that stalls
//! cannot hide it by making the generator wait.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use tokio::task::LocalSet;

use super::template::{Filling, Template, mix};
use crate::cli::{LoadArgs, Protocol};
use crate::demo::now;
use crate::send::http::Http;
use crate::send::otlp::OtlpGrpc;
use crate::send::udp::{HEADER, XrayUdp};

/// Remembered trace ids, to be read afterwards.
const REMEMBERED: usize = 20_000;
/// One of so many turns sends the rare huge trace of the skewed shape.
const RARE: u64 = 200;
/// Documents in one `PutTraceSegments`, as the X-Ray daemon sends them.
const DOCUMENTS: u64 = 50;
/// How long the usual trace takes, in nanoseconds; each is between a quarter and four times that.
const USUAL_LENGTH: u64 = 80_000_000;
/// Spans of a usual trace.
const USUAL_SPANS: u64 = 10;

/// What became of everything that was due.
#[derive(Debug)]
pub(super) struct Sent {
    /// Spans or segments given to the server.
    pub(super) spans: u64,
    pub(super) bytes: u64,
    /// What it said it has; by UDP it says nothing.
    pub(super) acknowledged: u64,
    /// What it said it refuses.
    pub(super) rejected: u64,
    /// What was in requests that failed, by the reason given.
    pub(super) failed: Vec<(String, u64)>,
    /// From when a request was due to its answer, in microseconds.
    pub(super) latency: Histogram<u64>,
    pub(super) took: Duration,
    /// Some of the traces.
    pub(super) traces: Vec<u128>,
}

impl Sent {
    /// What the server should have.
    pub(super) fn documents(&self) -> u64 {
        self.spans - self.failed.iter().map(|(_, spans)| spans).sum::<u64>()
    }

    fn failed(&mut self, reason: String, spans: u64) {
        match self.failed.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += spans,
            None => self.failed.push((reason, spans)),
        }
    }
}

/// Sends until the given number of spans or time is reached.
pub(super) async fn run(args: &LoadArgs, templates: Vec<Template>, progress: &ProgressBar) -> anyhow::Result<Sent> {
    let latency = Histogram::new_with_bounds(1, 120_000_000, 3).context("making a histogram")?;
    let sent = Rc::new(RefCell::new(Sent {
        spans: 0,
        bytes: 0,
        acknowledged: 0,
        rejected: 0,
        failed: Vec::new(),
        latency,
        took: Duration::ZERO,
        traces: Vec::new(),
    }));
    let templates = Rc::new(templates);
    let local = LocalSet::new();
    let started = Instant::now();
    let mut senders = Vec::new();
    for number in 0..u64::from(args.connections) {
        let sender = Sender {
            args: args.clone(),
            templates: Rc::clone(&templates),
            sent: Rc::clone(&sent),
            progress: progress.clone(),
            started,
            number,
            turn: number,
            traces: 0,
        };
        senders.push(local.spawn_local(sender.run()));
    }
    local
        .run_until(async {
            for sender in senders {
                sender.await.context("a connection ended by itself")??;
            }
            anyhow::Ok(())
        })
        .await?;
    let mut sent = Rc::into_inner(sent).context("every connection has ended")?.into_inner();
    sent.took = started.elapsed();
    Ok(sent)
}

/// One connection.
struct Sender {
    args: LoadArgs,
    templates: Rc<Vec<Template>>,
    sent: Rc<RefCell<Sent>>,
    progress: ProgressBar,
    started: Instant,
    number: u64,
    /// Number of the next request, over all connections.
    turn: u64,
    /// Traces begun on this connection.
    traces: u64,
}

/// How requests get to the server.
enum Line {
    Otlp(OtlpGrpc),
    Udp(XrayUdp),
    Api(Http),
}

/// One request, ready to go.
struct Load {
    bytes: Vec<u8>,
    spans: u64,
}

impl Sender {
    async fn run(mut self) -> anyhow::Result<()> {
        let mut line = match self.args.protocol {
            Protocol::Otlp => Line::Otlp(OtlpGrpc::connect(&self.args.otlp_grpc).await?),
            Protocol::XrayUdp => {
                let address = self
                    .args
                    .xray
                    .parse()
                    .context("the X-Ray address is not host:port with a number")?;
                Line::Udp(XrayUdp::connect(address).await.context("opening a socket")?)
            }
            Protocol::XrayApi => Line::Api(Http::new(&self.args.server.endpoint).signed_for("xray")),
        };
        let mut due = self.started;
        let mut documents = Documents::default();
        while self.goes_on() {
            let load = match line {
                Line::Otlp(_) => self.request(),
                Line::Udp(_) => self.document(&mut documents, HEADER),
                Line::Api(_) => self.documents(&mut documents),
            };
            // Time is given back to the other connections now and then even if this one is always late.
            match due.checked_duration_since(Instant::now()) {
                Some(early) if early > Duration::from_micros(200) => tokio::time::sleep(early).await,
                _ if self.turn % 64 == self.number % 64 => tokio::task::yield_now().await,
                _ => {}
            }
            let (spans, began) = (load.spans, if self.args.rate == 0 { Instant::now() } else { due });
            self.sent.borrow_mut().spans += spans;
            self.sent.borrow_mut().bytes += load.bytes.len() as u64;
            self.progress.inc(spans);
            self.deliver(&mut line, load).await?;
            let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.sent.borrow_mut().latency.saturating_record(micros.max(1));
            due += self.pause(spans);
        }
        Ok(())
    }

    fn goes_on(&self) -> bool {
        match self.args.spans {
            Some(spans) => self.sent.borrow().spans < spans,
            None => self.started.elapsed() < self.args.duration,
        }
    }

    /// Time until the next request is due: each connection bears its share of the rate.
    fn pause(&self, spans: u64) -> Duration {
        if self.args.rate == 0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(spans as f64 * f64::from(self.args.connections) / self.args.rate as f64)
    }

    async fn deliver(&self, line: &mut Line, load: Load) -> anyhow::Result<()> {
        match line {
            Line::Udp(udp) => {
                if let Err(error) = udp.send_datagram(&load.bytes).await {
                    self.sent
                        .borrow_mut()
                        .failed(format!("not sent: {}", error.kind()), load.spans);
                }
            }
            Line::Otlp(grpc) => {
                let answer = grpc.export(Bytes::from(load.bytes)).await;
                let mut sent = self.sent.borrow_mut();
                match answer {
                    Ok(answer) => {
                        let rejected = answer.partial_success.map_or(0, |it| it.rejected_spans.max(0) as u64);
                        sent.rejected += rejected;
                        sent.acknowledged += load.spans.saturating_sub(rejected);
                    }
                    Err(status) => sent.failed(format!("{:?}: {}", status.code(), status.message()), load.spans),
                }
            }
            Line::Api(http) => {
                let answer = http
                    .post("/TraceSegments", "application/json", Bytes::from(load.bytes))
                    .await;
                let mut sent = self.sent.borrow_mut();
                match answer {
                    Ok((status, body)) if status.is_success() => {
                        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
                        let refused = body["UnprocessedTraceSegments"].as_array().map_or(0, Vec::len) as u64;
                        sent.rejected += refused;
                        sent.acknowledged += load.spans.saturating_sub(refused);
                    }
                    Ok((status, _)) => sent.failed(status.to_string(), load.spans),
                    Err(error) => sent.failed(error.root_cause().to_string(), load.spans),
                }
            }
        }
        Ok(())
    }

    /// The next OTLP request.
    fn request(&mut self) -> Load {
        let count = self.templates.len() as u64;
        // The last template of an odd number is the rare one.
        let usual = count - count % 2;
        let rare = usual < count && self.turn % RARE == RARE - 1;
        let index = if rare { usual } else { self.turn % usual };
        self.turn += u64::from(self.args.connections);
        let templates = Rc::clone(&self.templates);
        let template = &templates[index as usize];
        let fillings: Vec<Filling> = (0..template.traces).map(|_| self.trace()).collect();
        let mut bytes = Vec::with_capacity(template.len());
        template.fill(&fillings, &mut bytes);
        Load {
            bytes,
            spans: u64::from(template.spans),
        }
    }

    /// The next segment document, after `before`.
    fn document(&mut self, documents: &mut Documents, before: &[u8]) -> Load {
        let templates = Rc::clone(&self.templates);
        let template = &templates[documents.next % templates.len()];
        documents.next += 1;
        self.turn += 1;
        if template.traces == 1 || documents.trace.is_none() {
            documents.trace = Some(self.trace());
        }
        let mut bytes = Vec::with_capacity(before.len() + template.len());
        bytes.extend_from_slice(before);
        if let Some(trace) = documents.trace {
            template.fill(&[trace], &mut bytes);
        }
        Load { bytes, spans: 1 }
    }

    /// The next request of the X-Ray API.
    fn documents(&mut self, documents: &mut Documents) -> Load {
        let texts: Vec<String> = (0..DOCUMENTS)
            .map(|_| String::from_utf8_lossy(&self.document(documents, b"").bytes).into_owned())
            .collect();
        let body = serde_json::json!({"TraceSegmentDocuments": texts});
        Load {
            bytes: body.to_string().into_bytes(),
            spans: DOCUMENTS,
        }
    }

    /// How far the run is, from 0 to 1, so that spread times pass in the order in which real ones would. A run that ends
    /// by the clock has no length in spans; its times are anywhere.
    fn progress(&self, random: u64) -> f64 {
        match self.args.spans {
            Some(total) => {
                let spans = (self.traces * u64::from(self.args.connections) * USUAL_SPANS) as f64;
                (spans / total as f64).min(1.0)
            }
            None => random as f64 / u64::MAX as f64,
        }
    }

    /// A new trace, ending now or, if times are to be spread, somewhere in the past.
    fn trace(&mut self) -> Filling {
        let number = mix(self.args.seed) ^ (self.number << 48) ^ self.traces;
        self.traces += 1;
        let (random, more) = (mix(number), mix(number ^ 0x5555_5555_5555_5555));
        let length = (USUAL_LENGTH / 4) << (random % 5);
        let length = length + more % length;
        let present = now().0 as u64 - length;
        let start = match self.args.span_of {
            Some(span) => {
                let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
                present.saturating_sub((nanos as f64 * (1.0 - self.progress(more))) as u64)
            }
            None => present,
        };
        let second = u128::from(start / 1_000_000_000) & 0xffff_ffff;
        let trace = (second << 96) | (u128::from(random & 0xffff_ffff) << 64) | u128::from(more);
        self.remember(trace, random);
        Filling { trace, start, length }
    }

    /// Keeps a sample over everything sent: once full, a later one takes the place of one before.
    fn remember(&self, trace: u128, random: u64) {
        let mut sent = self.sent.borrow_mut();
        if sent.traces.len() < REMEMBERED {
            sent.traces.push(trace);
        } else if random.is_multiple_of(64) {
            let place = (random >> 8) as usize % REMEMBERED;
            sent.traces[place] = trace;
        }
    }
}

/// Which document of which trace comes next on a connection.
#[derive(Default)]
struct Documents {
    next: usize,
    trace: Option<Filling>,
}
