//! How a span ended: error, fault, throttle, and what it says went wrong.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::convention::{Attributes, Slot};
use super::http;
use super::stack::{self, Language};
use crate::id::SpanId;
use crate::node::{Cause, Event, Exception, Flags, Kind, Node, Text, Value};

const STATUS_ERROR: u8 = 2;

/// The HTTP status decides; then the RPC status; then the span's own status. An AWS throttling code adds the throttle.
pub(super) fn flags(node: &Node<'_>, said: &Attributes<'_, '_>) -> Flags {
    let failed = node.status.code == STATUS_ERROR;
    let mut flags = match http::status(said) {
        Some(status) if (400..600).contains(&status) => Flags::from_status(status),
        _ => match said.get(Slot::RpcStatus).map(rpc_verdict) {
            Some(Some(verdict)) => verdict,
            _ => Flags {
                fault: failed,
                ..Flags::default()
            },
        },
    };
    let is_throttled = |slot| said.text(slot).is_some_and(is_throttling);
    if (failed || !flags.ok()) && (is_throttled(Slot::AwsErrorCode) || is_throttled(Slot::ErrorType)) {
        flags = Flags {
            error: true,
            fault: false,
            throttle: true,
        };
    }
    flags
}

fn is_throttling(code: &str) -> bool {
    ["Throttl", "TooManyRequests", "ProvisionedThroughputExceeded"]
        .iter()
        .any(|word| code.contains(word))
}

/// gRPC's status by number or name. `None` for OK and for what is no gRPC status, which the span's status decides.
fn rpc_verdict(status: &Value<'_>) -> Option<Flags> {
    let number = status.as_int().or_else(|| {
        let name: String = status.as_text()?.chars().filter(|c| *c != '_').collect();
        let known = GRPC.iter().position(|known| known.eq_ignore_ascii_case(&name))?;
        i64::try_from(known).ok()
    })?;
    let (error, fault) = (true, true);
    match number {
        8 => Some(Flags {
            error,
            throttle: true,
            ..Flags::default()
        }),
        1 | 3 | 5 | 6 | 7 | 9 | 11 | 16 => Some(Flags {
            error,
            ..Flags::default()
        }),
        2 | 4 | 10 | 12..=15 => Some(Flags {
            fault,
            ..Flags::default()
        }),
        _ => None,
    }
}

const GRPC: [&str; 17] = [
    "OK",
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

/// The exceptions in the span's events; without any, what its status says.
pub(super) fn cause<'a>(node: &Node<'a>, said: &Attributes<'_, 'a>, language: Language) -> Option<Box<Cause<'a>>> {
    let remote = matches!(node.kind, Kind::Client | Kind::Producer);
    let mut exceptions = Vec::new();
    for event in &node.events {
        match &*event.name {
            "exception" => push_exception(event, remote, language, node.id, &mut exceptions),
            "HTTP request failure" => exceptions.extend(request_failure(event, remote)),
            _ => {}
        }
    }
    if exceptions.is_empty() {
        if node.status.code != STATUS_ERROR {
            return None;
        }
        let message = node
            .status
            .message
            .clone()
            .or_else(|| said.keep(Slot::HttpStatusText))?;
        exceptions.push(Exception {
            message: Some(message),
            remote: Some(remote),
            ..Exception::default()
        });
    }
    Some(Box::new(Cause::Exceptions {
        working_directory: None,
        paths: Vec::new(),
        exceptions,
    }))
}

fn attribute<'e, 'a>(event: &'e Event<'a>, wanted: &str) -> Option<&'e Value<'a>> {
    let mut found = event.attributes.iter().filter(|(key, _)| key == wanted);
    found.next_back().map(|(_, value)| value)
}

fn said<'a>(event: &Event<'a>, key: &str) -> Option<Text<'a>> {
    match attribute(event, key)? {
        Value::Text(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

fn push_exception<'a>(
    event: &Event<'a>,
    remote: bool,
    language: Language,
    span: SpanId,
    into: &mut Vec<Exception<'a>>,
) {
    let stack_text = said(event, "exception.stacktrace");
    let (frames, causes) = match &stack_text {
        Some(Cow::Borrowed(text)) => stack::parse(language, text),
        _ => (Vec::new(), Vec::new()),
    };
    let first = into.len();
    into.push(Exception {
        message: said(event, "exception.message"),
        kind: said(event, "exception.type"),
        remote: Some(remote),
        stack: frames,
        stack_text,
        ..Exception::default()
    });
    into.extend(causes.into_iter().map(|cause| Exception {
        remote: Some(remote),
        ..cause
    }));
    // Each names the next as its cause, by an id that is the same whenever the span is read.
    for index in first + 1..into.len() {
        let id = SpanId(xxh3_64(&[span.to_bytes(), (index as u64).to_be_bytes()].concat()).max(1));
        into[index].id = Some(Cow::Owned(id.to_string()));
        into[index - 1].cause = Some(Cow::Owned(id.to_string()));
    }
}

/// What the AWS SDK instrumentations of Java note for each failed attempt.
fn request_failure<'a>(event: &Event<'a>, remote: bool) -> Option<Exception<'a>> {
    let code = attribute(event, "http.response.status_code")?.as_int()?;
    let text = said(event, "aws.http.error_message")?;
    let micros = event.time.0.div_euclid(1_000);
    let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    Some(Exception {
        kind: Some(Cow::Borrowed("aws.http.error.event")),
        message: Some(Cow::Owned(format!("{code}@{seconds}.{micros:06}@{text}"))),
        remote: Some(remote),
        ..Exception::default()
    })
}
