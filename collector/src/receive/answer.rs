//! What a sender of OTLP is told: the same outcome in gRPC, and in HTTP as protobuf or JSON.

use std::convert::Infallible;

use beamline_model::otlp::Signal;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt, pb};

use crate::pipeline::{Failure, Verdict};
use crate::report::{Dropped, Rejected};

/// The body of any answer.
pub(crate) type Reply = BoxBody<Bytes, Infallible>;

/// How an HTTP request, and so its answer, is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Protobuf,
    Json,
}

impl Spelling {
    /// As the content type says.
    pub(crate) fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "application/x-protobuf" | "application/protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        })
    }
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Reply {
    Full::new(bytes.into()).boxed()
}

/// The answer to a request that was taken, over HTTP.
pub(crate) fn http_success(spelling: Spelling, signal: Signal, verdict: &Verdict) -> Response<Bytes> {
    let body = match spelling {
        Spelling::Protobuf => response(verdict).encode_to_vec(),
        Spelling::Json => match verdict.rejected {
            0 => b"{}".to_vec(),
            rejected => {
                let message = verdict.message.as_deref().unwrap_or_default();
                let name = match signal {
                    Signal::Traces => "rejectedSpans",
                    Signal::Logs => "rejectedLogRecords",
                    Signal::Metrics => "rejectedDataPoints",
                };
                let partial = serde_json::json!({
                    "partialSuccess": { name: rejected.to_string(), "errorMessage": message }
                });
                partial.to_string().into_bytes()
            }
        },
    };
    let mut answer = Response::new(body.into());
    answer.headers_mut().insert(CONTENT_TYPE, spelling.content_type());
    answer
}

/// The answer to a request that was not taken, over HTTP: a `google.rpc.Status` as the request was spelled.
pub(crate) fn http_failure(spelling: Spelling, failure: &Failure) -> Response<Bytes> {
    let (code, message) = grpc_code(failure);
    let body = match spelling {
        Spelling::Protobuf => {
            let status = pb::Status {
                code: code as i32,
                message,
                details: Vec::new(),
            };
            status.encode_to_vec()
        }
        Spelling::Json => {
            let status = serde_json::json!({ "code": code as i32, "message": message });
            status.to_string().into_bytes()
        }
    };
    let mut answer = Response::new(body.into());
    *answer.status_mut() = http_status(failure);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, spelling.content_type());
    match failure {
        Failure::Busy(busy) => {
            headers.insert(RETRY_AFTER, HeaderValue::from(busy.retry_after.as_secs().max(1)));
        }
        Failure::Refused(Rejected::Method, _) => {
            headers.insert(ALLOW, HeaderValue::from_static("POST, OPTIONS"));
        }
        Failure::Refused(..) => {}
    }
    answer
}

/// The answer to a request that was taken, over gRPC: one message, then the status.
pub(crate) fn grpc_success(verdict: &Verdict) -> Response<Reply> {
    let message = response(verdict).encode_to_vec();
    let mut framed = Vec::with_capacity(5 + message.len());
    framed.push(0);
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.extend_from_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from(framed)).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut answer = Response::new(body.boxed());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(
        "grpc-accept-encoding",
        HeaderValue::from_static("identity,gzip,deflate,zstd"),
    );
    answer
}

/// The answer to a request that was not taken, over gRPC.
pub(crate) fn grpc_failure(failure: &Failure) -> Response<Reply> {
    let (code, message) = grpc_code(failure);
    let status = match failure {
        Failure::Busy(busy) => {
            Status::with_error_details(code, message, ErrorDetails::with_retry_info(Some(busy.retry_after)))
        }
        Failure::Refused(..) => Status::new(code, message),
    };
    status.into_http::<Full<Bytes>>().map(BodyExt::boxed)
}

/// The answers of the three services are the same bytes: the number of rejected items is field 1 of each.
fn response(verdict: &Verdict) -> ExportTraceServiceResponse {
    let partial_success = (verdict.rejected > 0).then(|| ExportTracePartialSuccess {
        rejected_spans: i64::try_from(verdict.rejected).unwrap_or(i64::MAX),
        error_message: verdict.message.clone().unwrap_or_default(),
    });
    ExportTraceServiceResponse { partial_success }
}

fn grpc_code(failure: &Failure) -> (Code, String) {
    match failure {
        Failure::Busy(busy) => (Code::Unavailable, busy.to_string()),
        Failure::Refused(reason, message) => {
            let code = match reason {
                Rejected::TooLarge => Code::ResourceExhausted,
                Rejected::Unimplemented | Rejected::Path | Rejected::UnknownCompression => Code::Unimplemented,
                Rejected::SlowClient => Code::DeadlineExceeded,
                Rejected::Disconnected => Code::Cancelled,
                Rejected::Signature => Code::PermissionDenied,
                _ => Code::InvalidArgument,
            };
            (code, message.clone())
        }
    }
}

fn http_status(failure: &Failure) -> StatusCode {
    match failure {
        Failure::Busy(busy) if busy.reason == Dropped::InFlight => StatusCode::TOO_MANY_REQUESTS,
        Failure::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        Failure::Refused(reason, _) => match reason {
            Rejected::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Rejected::Unimplemented | Rejected::Path => StatusCode::NOT_FOUND,
            Rejected::Method => StatusCode::METHOD_NOT_ALLOWED,
            Rejected::ContentType | Rejected::UnknownCompression => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Rejected::SlowClient => StatusCode::REQUEST_TIMEOUT,
            Rejected::Signature => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        },
    }
}
