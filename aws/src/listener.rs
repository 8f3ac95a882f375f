//! One listener for all AWS APIs.
//!
//! Clients point a single endpoint URL at Beamline, so one listener serves every service: the path names the operation
//! (rest-json), the signature's scope names account and region, and nothing else is needed. Neither a content type nor
//! a body nor a signature is asked for, because real clients leave out each of them.
//!
//! Every request is bounded before it is read: in bytes, in time, and in the bytes of all requests together.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use beamline_model::time::Timestamp;
use beamline_proto::aws::Operation;
use beamline_proto::generated::xray;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;
use std::io::Read;
use tokio::runtime::RuntimeFlavor;
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::Instrument;

use crate::caller::{Caller, DEFAULT_ACCOUNT, DEFAULT_REGION};
use crate::fault::Fault;
use crate::protocol::rest_json;
use crate::sigv4::{self, Credentials, Gate, Pass, Signatures};
use crate::xray::Xray;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// In-flight bytes are counted in units of this size.
const PERMIT_BYTES: usize = 1024;

/// The largest body of a sampling client's poll, and the largest sum of those: room that nothing else takes.
const POLL_LIMIT: usize = 1 << 20;
const POLLS_IN_FLIGHT_LIMIT: usize = 256 << 20;

/// A body above this size is read as a document on a thread of its own.
const LARGE_BODY: usize = 128 << 10;

/// How the AWS APIs are served.
#[derive(Clone, Debug)]
pub struct AwsConfig {
    /// Whose key is whose. Where nothing is verified, whoever signs with another key is in the default account.
    pub credentials: Arc<Credentials>,
    /// The account of whoever does not say, or whose key is nobody's.
    pub default_account: String,
    /// The region of whoever does not sign.
    pub default_region: String,
    /// What is done about signatures.
    pub signatures: Signatures,
    /// Tells how old signatures are.
    pub clock: fn() -> Timestamp,
    /// The largest body, after decompression.
    pub body_limit: usize,
    /// The largest sum of bodies that are being read or answered.
    pub in_flight_limit: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Keep to AWS's own limits, such as ranges of 6 hours, 5 traces at once and 25 groups, where ours are wider.
    pub strict: bool,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            credentials: Arc::default(),
            default_account: DEFAULT_ACCOUNT.to_owned(),
            default_region: DEFAULT_REGION.to_owned(),
            signatures: Signatures::Off,
            clock: || Timestamp::ZERO,
            body_limit: 8 << 20,
            in_flight_limit: 128 << 20,
            body_timeout: Duration::from_secs(30),
            strict: false,
        }
    }
}

pub(crate) struct Listener {
    config: AwsConfig,
    gate: Gate,
    in_flight: Semaphore,
    polls_in_flight: Semaphore,
    xray: Xray,
}

/// Where the bytes of a request are counted, and how many it may have.
#[derive(Clone, Copy)]
struct Room<'a> {
    permits: &'a Semaphore,
    limit: usize,
}

impl Listener {
    pub(crate) fn new(config: AwsConfig, xray: Xray) -> Self {
        let permits = |bytes: usize| Semaphore::new((bytes / PERMIT_BYTES).min(Semaphore::MAX_PERMITS));
        Self {
            gate: Gate::new(config.signatures, Arc::clone(&config.credentials), config.clock),
            in_flight: permits(config.in_flight_limit),
            polls_in_flight: permits(POLLS_IN_FLIGHT_LIMIT),
            config,
            xray,
        }
    }

    /// The paths of all operations.
    pub(crate) fn routes(self: Arc<Self>) -> Router {
        let mut router = Router::new();
        for operation in xray::SERVICE.operations {
            router = router.route(operation.path, any(answer));
        }
        for path in ["/v1/traces", "/v1/logs", "/v1/metrics"] {
            router = router.route(path, any(export));
        }
        router.with_state(self)
    }

    async fn operate(&self, request: Request) -> Result<Response, Fault> {
        let (parts, body) = request.into_parts();
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let operation = xray::SERVICE.by_path(method, path);
        let operation = operation.ok_or_else(|| Fault::unknown_operation(method, path))?;
        let received = self.receive(operation, &parts, body).await;
        let (caller, document, _permit) =
            received.inspect_err(|fault| self.xray.turn_away(operation, &parts, fault))?;
        let answer = self.xray.call(operation, caller, document).await;
        answer.map_err(|fault| fault.of(operation))
    }

    /// Lets a call in: who it is from, what it says, and the room that it takes until it is answered.
    async fn receive(
        &self,
        operation: &Operation,
        parts: &Parts,
        body: Body,
    ) -> Result<(Caller, Value, SemaphorePermit<'_>), Fault> {
        let pass = self.gate.look(parts)?;
        if pass
            .service()
            .is_some_and(|service| service != xray::SERVICE.signing_name)
        {
            return Err(Fault::unknown_operation(parts.method.as_str(), parts.uri.path()));
        }
        let caller = Caller::of(parts, &pass, &self.config);
        let room = self.room(operation);
        let permit = room.admit_unpacked(parts)?;
        let sent = self.read(body, room.limit).await?;
        verify(&pass, parts, &sent)?;
        let body = unpack(parts, sent, room.limit).await?;
        Ok((caller, parse(body).await?, permit))
    }

    fn room(&self, operation: &Operation) -> Room<'_> {
        if Xray::is_poll(operation) {
            Room {
                permits: &self.polls_in_flight,
                limit: self.config.body_limit.min(POLL_LIMIT),
            }
        } else {
            self.any_room()
        }
    }

    fn any_room(&self) -> Room<'_> {
        Room {
            permits: &self.in_flight,
            limit: self.config.body_limit,
        }
    }

    /// OTLP on the AWS endpoint.
    async fn export(&self, request: Request) -> Result<Response, Fault> {
        let (parts, mut body) = request.into_parts();
        match self.receive_export(&parts, &mut body).await {
            Ok(caller) => self.xray.export(caller, Request::from_parts(parts, body)).await,
            Err(fault) => Ok(self.xray.turn_away_export(&parts, &fault)),
        }
    }

    /// Lets an export in. The collector reads the body itself, unless the signature is about it.
    async fn receive_export(&self, parts: &Parts, body: &mut Body) -> Result<Caller, Fault> {
        let pass = self.gate.look(parts)?;
        let mut sent = Bytes::new();
        let _permit;
        if pass.needs_body(parts) {
            let room = self.any_room();
            _permit = room.admit(announced(parts))?;
            sent = self.read(std::mem::take(body), room.limit).await?;
            *body = Body::from(sent.clone());
        }
        verify(&pass, parts, &sent)?;
        Ok(Caller::of(parts, &pass, &self.config))
    }

    /// The body as it was sent.
    async fn read(&self, body: Body, limit: usize) -> Result<Bytes, Fault> {
        let collected = tokio::time::timeout(self.config.body_timeout, Limited::new(body, limit).collect()).await;
        match collected.map_err(|_| Fault::too_slow())? {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(Fault::too_large(limit)),
            Err(error) => Err(Fault::malformed(format!("the body broke off: {error}"))),
        }
    }
}

/// How many bytes the body has, if that is said.
fn announced(parts: &Parts) -> Option<usize> {
    let length = parts.headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// The body decompressed, if it has no more bytes then than the limit.
async fn unpack(parts: &Parts, bytes: Bytes, limit: usize) -> Result<Bytes, Fault> {
    let encoding = parts.headers.get(header::CONTENT_ENCODING);
    match encoding.map(|encoding| encoding.to_str().unwrap_or("?").trim()) {
        None | Some("" | "identity") => Ok(bytes),
        Some(gzip) if gzip.eq_ignore_ascii_case("gzip") => {
            let unpacked = tokio::task::spawn_blocking(move || gunzip(&bytes, limit)).await;
            unpacked.map_err(|error| Fault::internal(&error))?
        }
        Some(other) => Err(Fault::encoding(other)),
    }
}

/// Verifies what is signed. Hashing the largest body takes some milliseconds, which is time to be taken from others.
fn verify(pass: &Pass<'_>, parts: &Parts, sent: &[u8]) -> Result<(), Fault> {
    let verified = || Ok(pass.verify(parts, sent)?);
    let multi_threaded = tokio::runtime::Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    if sent.len() > LARGE_BODY && multi_threaded {
        return tokio::task::block_in_place(verified);
    }
    verified()
}

impl<'a> Room<'a> {
    /// Reserves room for a body that will be decompressed. The reservation is held until the answer is made, as that holds
    /// what the body said.
    fn admit_unpacked(self, parts: &Parts) -> Result<SemaphorePermit<'a>, Fault> {
        let bytes = announced(parts);
        if bytes.is_some_and(|bytes| bytes > self.limit) {
            return Err(Fault::too_large(self.limit));
        }
        self.admit(bytes.filter(|_| !parts.headers.contains_key(header::CONTENT_ENCODING)))
    }

    /// Reserves room for as many bytes as are announced, or for as many as there may be.
    fn admit(self, bytes: Option<usize>) -> Result<SemaphorePermit<'a>, Fault> {
        let bytes = bytes.unwrap_or(self.limit);
        if bytes > self.limit {
            return Err(Fault::too_large(self.limit));
        }
        let permits = u32::try_from(bytes / PERMIT_BYTES + 1).unwrap_or(u32::MAX);
        self.permits
            .try_acquire_many(permits)
            .map_err(|_| Fault::throttled("too many bytes of requests are in flight"))
    }
}

/// Reads a body as a document. A large one takes milliseconds, which is too long for a thread that serves others.
async fn parse(body: Bytes) -> Result<Value, Fault> {
    if body.len() <= LARGE_BODY {
        return Ok(rest_json::document(&body)?);
    }
    let document = tokio::task::spawn_blocking(move || rest_json::document(&body)).await;
    Ok(document.map_err(|error| Fault::internal(&error))??)
}

/// Unpacks, but never more than `limit` bytes: what would be more is refused, however small it came.
fn gunzip(packed: &[u8], limit: usize) -> Result<Bytes, Fault> {
    let mut unpacked = Vec::new();
    let capped = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    GzDecoder::new(packed)
        .take(capped)
        .read_to_end(&mut unpacked)
        .map_err(|error| Fault::malformed(format!("the body is not gzip: {error}")))?;
    if unpacked.len() > limit {
        return Err(Fault::too_large(limit));
    }
    Ok(unpacked.into())
}

async fn answer(State(listener): State<Arc<Listener>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    respond(&path, async move { listener.operate(request).await }).await
}

/// X-Ray, CloudWatch Logs and CloudWatch take OTLP too, each at the path that OTLP exporters use.
async fn export(State(listener): State<Arc<Listener>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    respond(&path, async move { listener.export(request).await }).await
}

/// The answer to a request that no operation is meant by.
pub async fn unknown(request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let fault = Fault::unknown_operation(request.method().as_str(), &path);
    respond(&path, async { Err(fault) }).await
}

/// Gives the request an id, under which the log tells what happened and which the caller gets, and makes errors
/// answers.
async fn respond(path: &str, answer: impl Future<Output = Result<Response, Fault>>) -> Response {
    let id = request_id();
    let span = tracing::debug_span!("aws", request_id = id, path);
    let answer = async {
        answer.await.unwrap_or_else(|fault| {
            tracing::debug!(code = fault.code, message = fault.message, "request refused");
            rest_json::fault(&fault)
        })
    };
    let mut response = answer.instrument(span).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// A version-4 UUID.
fn request_id() -> String {
    let bits = rand::random::<u128>() & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    parts.join("-")
}

/// Whether a request is meant for an AWS API although no operation has its path: it is signed, or names a target.
/// Listeners that serve more than AWS ask this to decide who says that there is nothing.
#[must_use]
pub fn speaks_aws(parts: &Parts) -> bool {
    sigv4::names_a_scope(parts) || parts.headers.contains_key("x-amz-target")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn request_ids_are_uuids() {
        let id = request_id();
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(&id[14..15], "4", "{id}");
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert_ne!(id, request_id());
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        assert_eq!(gunzip(&packed(b"{}"), 100).unwrap().as_ref(), b"{}");
        assert_eq!(gunzip(&packed(&[0; 100]), 100).unwrap().len(), 100);
        assert_eq!(gunzip(&packed(&[0; 101]), 100).unwrap_err().status, 413);
        assert_eq!(gunzip(&packed(&vec![0; 50_000_000]), 100).unwrap_err().status, 413);
        assert_eq!(gunzip(b"not gzip", 100).unwrap_err().code, "SerializationException");
        assert_eq!(
            gunzip(&packed(&[7; 90])[..20], 100).unwrap_err().code,
            "SerializationException"
        );
    }
}
