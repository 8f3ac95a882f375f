//! OTLP requests, over gRPC and over HTTP. Both ports take both: a request tells by its content type what it is.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use beamline_model::otlp::{self, Signal};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body;
use tokio::time::Instant;

use super::answer::{self, Reply, Spelling};
use super::cors::Cors;
use super::inflate::Compression;
use super::{body, grpc};
use crate::admit::{Admission, Held};
use crate::commit::Busy;
use crate::decode::Place;
use crate::pipeline::{Failure, Pipeline, Source, Verdict};
use crate::report::{Dropped, Lost, Refusal, Rejected, Transport};

/// JSON longer than this is converted apart from the tasks that serve others.
const LONG: usize = 128 * 1024;

/// What OTLP requests go through.
pub(crate) struct Otlp {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) admission: Admission,
    pub(crate) cors: Cors,
}

impl Otlp {
    /// Answers one request of a port.
    pub(crate) async fn serve<B>(&self, transport: Transport, peer: SocketAddr, request: Request<B>) -> Response<Reply>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let source = Source::stranger(transport, Some(peer));
        if media_type(request.headers()).starts_with("application/grpc") {
            return self.grpc(source, request).await;
        }
        let headers = request.headers().clone();
        let mut answer = self.http(source, request).await;
        self.cors.allow(&headers, answer.headers_mut());
        answer.map(answer::full)
    }

    /// Answers one OTLP request over HTTP, whoever received it.
    pub(crate) async fn http<B>(&self, source: Source, request: Request<B>) -> Response<Bytes>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if request.method() == Method::OPTIONS {
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = StatusCode::NO_CONTENT;
            self.cors.preflight(request.headers(), answer.headers_mut());
            return answer;
        }
        let began = Instant::now();
        self.pipeline.arrived(source.transport, 1, 0);
        let spelling = Spelling::of(&media_type(request.headers()));
        let outcome = self.http_outcome(source, spelling, request).await;
        self.pipeline.report.took(began.elapsed().as_secs_f64());
        // A request whose spelling is not known gets the one that people can read.
        let spelling = spelling.unwrap_or(Spelling::Json);
        match outcome {
            Ok((signal, verdict)) => answer::http_success(spelling, signal, &verdict),
            Err(failure) => {
                self.tell(source, &failure);
                answer::http_failure(spelling, &failure)
            }
        }
    }

    /// Answers a request over HTTP that whoever received it does not let in.
    pub(crate) fn turn_away(&self, source: Source, headers: &HeaderMap, failure: &Failure) -> Response<Bytes> {
        self.pipeline.arrived(source.transport, 1, 0);
        self.tell(source, failure);
        let spelling = Spelling::of(&media_type(headers)).unwrap_or(Spelling::Json);
        answer::http_failure(spelling, failure)
    }

    async fn http_outcome<B>(&self, source: Source, spelling: Option<Spelling>, request: Request<B>) -> Outcome
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (head, sent) = request.into_parts();
        let signal = match head.uri.path() {
            "/v1/traces" => Signal::Traces,
            "/v1/logs" => Signal::Logs,
            "/v1/metrics" => Signal::Metrics,
            "/v1development/profiles" => return refused(Rejected::Unimplemented, NO_PROFILES),
            _ => return refused(Rejected::Path, "no such path; use /v1/traces, /v1/logs or /v1/metrics"),
        };
        if head.method != Method::POST {
            return refused(Rejected::Method, "use POST");
        }
        let Some(spelling) = spelling else {
            return refused(Rejected::ContentType, "use application/x-protobuf or application/json");
        };
        let compression = Compression::parse(head.headers.get(CONTENT_ENCODING).map(|name| name.as_bytes()))?;
        let mut held = self.admission.start();
        let limit = self.pipeline.limits.request_bytes;
        let raw = self.read(source, sent, limit, &mut held).await?;
        let bytes = compression.inflate(raw, limit, &mut held).await?;
        let bytes = match spelling {
            Spelling::Protobuf => bytes,
            Spelling::Json => from_json(signal, bytes, limit, &mut held).await?,
        };
        let verdict = self.pipeline.request(source, signal, asked(&head.headers), bytes);
        Ok((signal, verdict.await?))
    }

    async fn grpc<B>(&self, source: Source, request: Request<B>) -> Response<Reply>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let began = Instant::now();
        self.pipeline.arrived(source.transport, 1, 0);
        let outcome = self.grpc_outcome(source, request).await;
        self.pipeline.report.took(began.elapsed().as_secs_f64());
        match outcome {
            Ok((_, verdict)) => answer::grpc_success(&verdict),
            Err(failure) => {
                self.tell(source, &failure);
                answer::grpc_failure(&failure)
            }
        }
    }

    async fn grpc_outcome<B>(&self, source: Source, request: Request<B>) -> Outcome
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (head, sent) = request.into_parts();
        let signal = match head.uri.path() {
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Signal::Traces,
            "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Signal::Logs,
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Signal::Metrics,
            "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export" => {
                return refused(Rejected::Unimplemented, NO_PROFILES);
            }
            _ => return refused(Rejected::Path, "no such method"),
        };
        let mut held = self.admission.start();
        let limit = self.pipeline.limits.request_bytes;
        let framed = self.read(source, sent, limit + grpc::PREFIX, &mut held).await?;
        let encoding = head.headers.get("grpc-encoding").map(|name| name.as_bytes());
        let bytes = grpc::message(framed, encoding, limit, &mut held).await?;
        let verdict = self.pipeline.request(source, signal, asked(&head.headers), bytes);
        Ok((signal, verdict.await?))
    }

    async fn read<B>(&self, source: Source, sent: B, limit: usize, held: &mut Held) -> Result<Bytes, Failure>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let raw = body::read(sent, limit, self.pipeline.limits.slow_client, held).await;
        let bytes = raw.as_ref().map_or(0, Bytes::len);
        self.pipeline.arrived(source.transport, 0, bytes as u64);
        raw
    }

    /// Counts a request of which nothing was kept.
    pub(crate) fn tell(&self, source: Source, failure: &Failure) {
        let at = self.pipeline.store.stamp();
        let transport = source.transport;
        match failure {
            Failure::Refused(reason, message) => {
                let refusal = Refusal {
                    transport,
                    reason: *reason,
                    message,
                    id: None,
                    peer: source.peer,
                    at,
                    count: 1,
                    bytes: &[],
                };
                refusal.emit(&self.pipeline.report);
            }
            Failure::Busy(busy) => {
                let lost = Lost {
                    transport,
                    reason: busy.reason,
                    count: 1,
                    at,
                };
                lost.emit(&self.pipeline.report);
            }
        }
    }
}

/// The same request in protobuf. Only lists of numbers may be longer so than they are in JSON.
async fn from_json(signal: Signal, json: Bytes, limit: usize, held: &mut Held) -> Result<Bytes, Failure> {
    let length = json.len();
    let convert = move || otlp::json::to_protobuf_within(signal, &json, limit);
    let protobuf = if length > LONG {
        let converted = tokio::task::spawn_blocking(convert).await;
        converted.map_err(|_| Failure::Busy(Busy::new(Dropped::Stopping)))?
    } else {
        convert()
    };
    let protobuf = protobuf.map_err(|bad| Failure::Refused(Rejected::Json, bad.to_string()))?;
    if protobuf.len() > limit {
        return Err(body::too_large(limit));
    }
    held.grow(protobuf.len().saturating_sub(length)).await?;
    Ok(protobuf.into())
}

/// Where log records should go, in the headers that CloudWatch Logs wants; over gRPC, in metadata of the same names.
fn asked(headers: &HeaderMap) -> Place {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    Place {
        group: text("x-aws-log-group"),
        stream: text("x-aws-log-stream"),
    }
}

type Outcome = Result<(Signal, Verdict), Failure>;

const NO_PROFILES: &str = "profiles are not received here, only traces, logs and metrics";

fn refused(reason: Rejected, message: &str) -> Outcome {
    Err(Failure::Refused(reason, message.to_owned()))
}

/// The content type in lower case, without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}
