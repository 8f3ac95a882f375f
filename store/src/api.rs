//! The words in which collector and query speak to the store.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use beamline_model::digest::{Digest, ServiceId};
use beamline_model::id::TraceId;
use beamline_model::record::{Body, Record};
use beamline_model::time::{TimeRange, Timestamp};
use bytes::Bytes;

pub mod log;
pub mod metric;

/// An (account, region) pair, interned: what one AWS client sees. 0 is the default pair, which unsigned input gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(pub u16);

/// Records that are accepted or refused together: what one request or a few datagrams brought.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Whose they are.
    pub account: Account,
    /// The bytes that the records' ranges point into; a request body, shared, never copied per record.
    pub buffer: Bytes,
    /// OTLP contexts (see [`Body::Otlp`]) that the records share.
    pub contexts: Vec<Bytes>,
    /// The records.
    pub records: Vec<BatchRecord>,
}

/// One record of a [`Batch`]: the few facts the write path needs, and where its bytes are.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchRecord {
    /// Trace.
    pub trace: TraceId,
    /// When it was received; see [`Record::received`].
    pub received: Timestamp,
    /// Start of the entity.
    pub start: Timestamp,
    /// End of the entity; `None` while in progress.
    pub end: Option<Timestamp>,
    /// Requests it stands for.
    pub weight: f32,
    /// Index into [`Batch::contexts`] for an OTLP span; `None` for an X-Ray document.
    pub context: Option<u32>,
    /// Where its body is in [`Batch::buffer`].
    pub body: Range<u32>,
}

/// What became of a batch that was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Indexes of the records that were not kept because their trace is too large; ascending, usually empty.
    pub refused: Vec<u32>,
}

/// Everything kept of one trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredTrace {
    /// The records, in order of reception.
    pub records: Vec<OwnedRecord>,
    /// Some records were refused because the trace was too large.
    pub limit_exceeded: bool,
    /// How many commits changed it. It only grows, so that who fetched it once knows whether there is more.
    pub revision: u32,
    /// Frames of it that could not be read; their records are missing.
    pub damaged: u32,
}

/// A record with its own bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedRecord {
    /// See [`Record::trace`].
    pub trace: TraceId,
    /// See [`Record::received`].
    pub received: Timestamp,
    /// See [`Record::weight`].
    pub weight: f32,
    /// OTLP context; `None` for an X-Ray document.
    pub context: Option<Bytes>,
    /// Document or span.
    pub body: Bytes,
}

impl OwnedRecord {
    /// The same record, borrowed.
    #[must_use]
    pub fn borrow(&self) -> Record<'_> {
        let body = match &self.context {
            Some(context) => Body::Otlp {
                context,
                span: &self.body,
            },
            None => Body::Xray(&self.body),
        };
        Record {
            trace: self.trace,
            received: self.received,
            weight: self.weight,
            body,
        }
    }
}

/// Which time of a trace has to lie in the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeBasis {
    /// Its earliest start.
    #[default]
    Start,
    /// Its last change.
    Update,
    /// The end of any of its segments.
    SegmentEnd,
}

/// In which order results come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Latest start first.
    #[default]
    Newest,
    /// Earliest start first.
    Oldest,
    /// Longest duration first.
    Slowest,
    /// Most failed segments first.
    MostErrors,
}

/// Which parts of a service graph are wanted. Statistics of others are not even decoded.
pub trait Wanted {
    /// Whether the requests of a service are.
    fn service(&self, id: &ServiceId) -> bool;

    /// Whether the calls from one service to another are. A `from` of `None` is the client of `to`.
    fn edge(&self, from: Option<&ServiceId>, to: &ServiceId) -> bool;
}

/// Wants the whole graph.
#[derive(Clone, Copy, Debug)]
pub struct WholeGraph;

impl Wanted for WholeGraph {
    fn service(&self, _: &ServiceId) -> bool {
        true
    }

    fn edge(&self, _: Option<&ServiceId>, _: &ServiceId) -> bool {
        true
    }
}

/// Decides whether a trace is wanted. `query` builds it from a filter expression and what that refers to.
pub trait Matcher: Send + Sync {
    /// Whether this trace matches. The answer depends on the digest alone.
    fn matches(&self, digest: &Digest) -> bool;

    /// What a matching trace must have, so that indexes can skip those that cannot match. [`Required::Anything`]
    /// is always a right answer.
    fn required(&self) -> Required;
}

/// A necessary condition, in terms that are indexed. A trace that does not meet it cannot match; one that does may.
#[derive(Clone, Debug, PartialEq)]
pub enum Required {
    /// No condition.
    Anything,
    /// Cannot be met.
    Nothing,
    /// The trace has this term.
    Term(Term),
    /// Some text of its digest has this part.
    Text(TextPart),
    /// An annotation with this key has a number, or a numeral, between two, both included.
    Number(String, RangeInclusive<f64>),
    /// The HTTP status of its root lies between two, both included.
    HttpStatus(RangeInclusive<u16>),
    /// Its duration in nanoseconds lies in the range.
    Duration(Range<u64>),
    /// It is complete and its response time in nanoseconds lies in the range.
    ResponseTime(Range<u64>),
    /// All of them.
    All(Vec<Required>),
    /// At least one of them.
    Any(Vec<Required>),
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPart {
    /// Its beginning.
    Begin(String),
    /// Any part.
    Within(String),
    /// Its end.
    End(String),
}

impl TextPart {
    /// Whether a text has the part.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Begin(part) => text.starts_with(part.as_str()),
            Self::Within(part) => text.contains(part.as_str()),
            Self::End(part) => text.ends_with(part.as_str()),
        }
    }
}

/// One indexed fact about a trace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// The trace-level flags: error, fault, throttle, partial, inferred; ok is neither error nor fault.
    Flag(TraceFlag),
    /// Some service has this name or alias.
    Service(String),
    /// Some service has this type.
    ServiceKind(String),
    /// Some segment of the service with this name or alias has this flag.
    ServiceFlag(String, TraceFlag),
    /// Some call goes from the service named first to the one named second.
    Edge(String, String),
    /// An annotation with this key exists.
    AnnotationKey(String),
    /// An annotation with this key has this value, printed as `Scalar` prints it.
    Annotation(String, String),
    /// Some user.
    User(String),
    /// HTTP method of the root.
    HttpMethod(String),
    /// HTTP status of the root.
    HttpStatus(u16),
    /// HTTP URL of the root.
    HttpUrl(String),
    /// HTTP client address of the root.
    HttpClientIp(String),
    /// HTTP user agent of the root.
    HttpUserAgent(String),
    /// Some resource ARN.
    ResourceArn(String),
    /// Some instance id.
    InstanceId(String),
    /// Some availability zone.
    AvailabilityZone(String),
}

impl Term {
    /// A text that the digest of every trace with this term has among its own.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        // What is printed like a text may be a number or a truth value.
        let is_text = |value: &str| value.parse::<f64>().is_err() && value.parse::<bool>().is_err();
        match self {
            Self::Flag(_) | Self::HttpStatus(_) => None,
            Self::Annotation(_, value) if is_text(value) => Some(value),
            Self::Service(text)
            | Self::ServiceKind(text)
            | Self::ServiceFlag(text, _)
            | Self::Edge(text, _)
            | Self::AnnotationKey(text)
            | Self::Annotation(text, _)
            | Self::User(text)
            | Self::HttpMethod(text)
            | Self::HttpUrl(text)
            | Self::HttpClientIp(text)
            | Self::HttpUserAgent(text)
            | Self::ResourceArn(text)
            | Self::InstanceId(text)
            | Self::AvailabilityZone(text) => Some(text),
        }
    }
}

/// A flag that can be indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TraceFlag {
    /// Neither error nor fault.
    Ok,
    /// Error.
    Error,
    /// Fault.
    Fault,
    /// Throttle.
    Throttle,
    /// Something in progress.
    Partial,
    /// Something inferred.
    Inferred,
}

impl TraceFlag {
    /// Every flag, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Ok,
        Self::Error,
        Self::Fault,
        Self::Throttle,
        Self::Partial,
        Self::Inferred,
    ];

    /// The flag as a bit among all of them.
    #[must_use]
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// One search.
#[derive(Clone)]
pub struct Search {
    /// Whose traces.
    pub account: Account,
    /// When.
    pub range: TimeRange,
    /// By which of their times.
    pub basis: TimeBasis,
    /// Which; `None` for all.
    pub matcher: Option<Arc<dyn Matcher>>,
    /// In which order.
    pub order: Order,
    /// At most so many results.
    pub limit: usize,
    /// Stop after looking at so many digests and give what was found with a cursor.
    pub budget: usize,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

/// Where a page ended: the sort key of its last row. Stays valid while data arrives, after restarts, and for any page
/// size.
///
/// In one walk from page to page, a trace whose start, duration or number of failures, whichever the order sorts by,
/// stays what it is comes exactly once, whatever else arrives and however it is sealed meanwhile. A trace that late
/// records move comes by where it is when the walk gets there: a second time if it was given and moved behind the
/// cursor, such as when the newest are asked for and its start became earlier; not at all if it was still to come
/// and moved before the cursor. Who must not show a trace twice remembers which it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// What the order sorts by: start, duration or number of failures.
    pub key: i64,
    /// Start, for equal keys.
    pub start: Timestamp,
    /// Trace, for equal starts.
    pub trace: TraceId,
}

/// One page of results.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Matching traces in the order asked for.
    pub digests: Vec<Arc<Digest>>,
    /// Traces looked at, matching or not.
    pub scanned: u64,
    /// Where to go on; `None` when that was all.
    pub cursor: Option<Cursor>,
}

/// Told to whoever follows along: a trace changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Whose.
    pub account: Account,
    /// Which.
    pub trace: TraceId,
    /// When the record was received.
    pub received: Timestamp,
}
