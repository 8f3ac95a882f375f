//! The check at the door: an `ExportLogsServiceRequest` record by record, borrowed.

use std::fmt;
use std::ops::Range;

use super::LogFacts;
use crate::id::{SpanId, TraceId};
use crate::otlp::check;
use crate::otlp::envelope::{self, Contexts};
use crate::otlp::wire::{BadWire, Fields, Wire};
use crate::time::Timestamp;

/// A request has at most so many records; what is more is rejected.
pub const MAX_RECORDS: usize = 100_000;

/// What a request holds, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Walked<'a> {
    /// What encloses the records that follow, up to the next context.
    Context(WalkedContext<'a>),
    /// An acceptable record.
    Record(WalkedRecord),
    /// A record that cannot be kept.
    Rejected(RejectedRecord),
}

/// One resource and scope that has at least one acceptable record.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkedContext<'a> {
    /// A protobuf `ResourceLogs` with everything but the records.
    pub bytes: Vec<u8>,
    /// What decides where the records belong.
    pub facts: LogFacts<'a>,
}

/// An acceptable record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedRecord {
    /// What the write path needs to know of it.
    pub head: RecordHead,
    /// Where the protobuf `LogRecord` is in the request.
    pub range: Range<usize>,
}

/// What is asked about a record without reading what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordHead {
    /// When it happened or, if the sender does not say that, was observed. `None` if it says neither: such a record
    /// happened when it came.
    pub time: Option<Timestamp>,
    /// The trace it belongs to.
    pub trace: Option<TraceId>,
    /// The span it belongs to; `None` also if there is no trace.
    pub span: Option<SpanId>,
    /// OpenTelemetry's severity number: 1 to 24, and 0 if it has none or one that no version knows.
    pub severity: u8,
}

/// A record that cannot be kept, or all those that are too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRecord {
    /// Why, for counters.
    pub reason: LogRejection,
    /// Why, for people.
    pub detail: &'static str,
    /// How many records.
    pub records: usize,
    /// Where the record, or the first of them, is in the request.
    pub range: Range<usize>,
}

/// Why a record cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogRejection {
    /// Not a protobuf `LogRecord`, or nested too deeply.
    Malformed,
    /// Longer than a record may be.
    TooLarge,
    /// The request has too many records.
    TooMany,
}

impl fmt::Display for LogRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
        })
    }
}

/// Calls `each` for every record of a protobuf `ExportLogsServiceRequest`, each of at most `limit` bytes, and for every
/// context before its first record.
///
/// # Errors
/// The bytes around the records are not such a message. Nothing that `each` was given before should be kept then, since
/// the sender will be told that the request failed as a whole.
pub fn request<'a>(bytes: &'a [u8], limit: usize, each: &mut impl FnMut(Walked<'a>)) -> Result<(), BadWire> {
    let mut contexts = Contexts::of(bytes);
    let (mut seen, mut first_too_many) = (0, None);
    for resource in envelope::resources(bytes) {
        let resource = resource?;
        let mut facts = LogFacts::default();
        resource.messages().for_each(|message| facts.read(message));
        for scope in resource.scopes() {
            let scope = scope?;
            let mut announced = false;
            for item in scope.items() {
                let (record, range) = item?;
                seen += 1;
                if seen > MAX_RECORDS {
                    first_too_many.get_or_insert(range);
                    continue;
                }
                match accept(record, limit) {
                    Ok(head) => {
                        if !std::mem::replace(&mut announced, true) {
                            each(Walked::Context(WalkedContext {
                                bytes: scope.context(&resource, &mut contexts)?,
                                facts: facts.clone(),
                            }));
                        }
                        each(Walked::Record(WalkedRecord { head, range }));
                    }
                    Err((reason, detail)) => each(Walked::Rejected(RejectedRecord {
                        reason,
                        detail,
                        records: 1,
                        range,
                    })),
                }
            }
        }
    }
    if let Some(range) = first_too_many {
        each(Walked::Rejected(RejectedRecord {
            reason: LogRejection::TooMany,
            detail: "too many log records in one request",
            records: seen - MAX_RECORDS,
            range,
        }));
    }
    Ok(())
}

fn accept(record: &[u8], limit: usize) -> Result<RecordHead, (LogRejection, &'static str)> {
    if record.len() > limit {
        return Err((LogRejection::TooLarge, "a log record has too many bytes"));
    }
    read(record).map_err(|detail| (LogRejection::Malformed, detail))
}

/// What is asked about a protobuf `LogRecord` that [`request`] accepted; nothing is known of any other bytes.
#[must_use]
pub fn head(record: &[u8]) -> RecordHead {
    read(record).unwrap_or_default()
}

fn read(record: &[u8]) -> Result<RecordHead, &'static str> {
    let (mut time, mut observed, mut severity) = (0, 0, 0);
    let (mut trace, mut span): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields::new(record) {
        match field.map_err(|bad| bad.message)? {
            (6, Wire::Bytes(attribute)) => check::key_value(attribute, 0)?,
            (5, Wire::Bytes(body)) => check::value(body, 0)?,
            (1, Wire::Fixed64(value)) => time = value,
            (11, Wire::Fixed64(value)) => observed = value,
            (2, Wire::Varint(value)) => severity = value,
            (9, Wire::Bytes(value)) => trace = value,
            (10, Wire::Bytes(value)) => span = value,
            (3 | 12, Wire::Bytes(_)) | (7, Wire::Varint(_)) | (8, Wire::Fixed32(_)) => {}
            (1..=3 | 5..=12, _) => return Err("field of another type than its number says"),
            _ => {}
        }
    }
    let time = [time, observed].into_iter().find(|&nanos| nanos != 0);
    let trace = TraceId::from_bytes(trace);
    Ok(RecordHead {
        time: time.map(Timestamp::from_nanos),
        trace,
        span: trace.and_then(|_| SpanId::from_bytes(span)),
        severity: u8::try_from(severity).ok().filter(|&number| number <= 24).unwrap_or(0),
    })
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
