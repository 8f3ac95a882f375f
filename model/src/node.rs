//! One segment, subsegment or span, without loss.
//!
//! X-Ray documents and OTLP spans both become a [`Node`]. It has typed fields for everything that search, the graph
//! and the root-cause walk read, and keeps the rest under its original name, so that either wire form can be written
//! from it again. Strings borrow from the bytes they came from: a node is as cheap as reading those bytes once.

use std::borrow::Cow;
use std::fmt;

use crate::id::{SpanId, TraceId};
use crate::time::Timestamp;

/// Text borrowed from the input wherever the input holds it unescaped.
pub type Text<'a> = Cow<'a, str>;

/// What a node was on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A whole X-Ray segment document.
    Segment,
    /// An X-Ray subsegment document sent on its own.
    Subsegment,
    /// An X-Ray subsegment inside another document.
    Embedded,
    /// An OTLP span.
    Span,
    /// Made by Beamline from a caller's subsegment because the callee is silent; never stored.
    Inferred,
    /// Made by Beamline for a parent that subsegments name but that never arrived; never stored.
    Placeholder,
}

/// OpenTelemetry's span kind. X-Ray nodes get the kind that their form and namespace imply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Not said.
    #[default]
    Unspecified,
    /// Work inside one process.
    Internal,
    /// Answers a request.
    Server,
    /// Sends a request and waits.
    Client,
    /// Puts a message somewhere.
    Producer,
    /// Takes a message from somewhere.
    Consumer,
}

/// Where a subsegment's work was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Namespace<'a> {
    /// In this process; also the SDK for Python's explicit `local`.
    #[default]
    Local,
    /// In an AWS service.
    Aws,
    /// In some other service.
    Remote,
    /// A word that X-Ray does not know. Treated as local, kept as sent.
    Other(Text<'a>),
}

impl Namespace<'_> {
    /// Whether the work was done by somebody else, so that there is something downstream.
    #[must_use]
    pub fn is_downstream(&self) -> bool {
        matches!(self, Self::Aws | Self::Remote)
    }
}

/// X-Ray's three verdicts. They are flags, not one severity: a throttle is also an error, and a node may be both an
/// error and a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags {
    /// The caller's mistake: a 4xx.
    pub error: bool,
    /// The callee's mistake: a 5xx.
    pub fault: bool,
    /// Too many requests: a 429.
    pub throttle: bool,
}

impl Flags {
    /// Neither error nor fault.
    #[must_use]
    pub fn ok(self) -> bool {
        !self.error && !self.fault
    }

    /// What an HTTP status says when nobody said it explicitly.
    #[must_use]
    pub fn from_status(status: u16) -> Self {
        Self {
            error: (400..500).contains(&status),
            fault: (500..600).contains(&status),
            throttle: status == 429,
        }
    }
}

/// An indexed value: what an X-Ray annotation can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// A string.
    Text(Text<'a>),
    /// A number; X-Ray knows only doubles.
    Number(f64),
    /// A truth value.
    Bool(bool),
}

impl Scalar<'_> {
    /// The same value, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Scalar<'static> {
        match self {
            Self::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
            Self::Number(number) => Scalar::Number(number),
            Self::Bool(truth) => Scalar::Bool(truth),
        }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
        }
    }
}

/// Any OTLP attribute value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value at all, which OTLP allows since 1.9.
    Empty,
    /// A string.
    Text(Text<'a>),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A double.
    Double(f64),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// A list, whose items need not be alike.
    List(Vec<Value<'a>>),
    /// A nested map in its original order.
    Map(Vec<(Text<'a>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// The text, if that is what this is.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, also from text or a whole double, as clients send ports and status codes in all three.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Double(double) if double.fract() == 0.0 => Some(*double as i64),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The value as an annotation can hold it; `None` for lists, maps, bytes and nothing.
    #[must_use]
    pub fn as_scalar(&self) -> Option<Scalar<'a>> {
        match self {
            Self::Text(text) => Some(Scalar::Text(text.clone())),
            Self::Bool(truth) => Some(Scalar::Bool(*truth)),
            Self::Int(int) => Some(Scalar::Number(*int as f64)),
            Self::Double(double) => Some(Scalar::Number(*double)),
            Self::Empty | Self::Bytes(_) | Self::List(_) | Self::Map(_) => None,
        }
    }
}

/// The HTTP exchange a node stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Http<'a> {
    /// Request method, as sent.
    pub method: Option<Text<'a>>,
    /// Request URL.
    pub url: Option<Text<'a>>,
    /// `User-Agent`.
    pub user_agent: Option<Text<'a>>,
    /// The requester; may be `ip:port` or a forwarded list.
    pub client_ip: Option<Text<'a>>,
    /// Whether `client_ip` was read from `X-Forwarded-For`.
    pub x_forwarded_for: Option<bool>,
    /// Response status.
    pub status: Option<u16>,
    /// Response body size; −1 is a real SDK's "unknown".
    pub content_length: Option<i64>,
}

/// A query to an SQL database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sql<'a> {
    /// Connection string without secrets.
    pub connection_string: Option<Text<'a>>,
    /// Database URL.
    pub url: Option<Text<'a>>,
    /// The statement with its values removed.
    pub sanitized_query: Option<Text<'a>>,
    /// `PostgreSQL`, `sqlite3`, …
    pub database_type: Option<Text<'a>>,
    /// Its version.
    pub database_version: Option<Text<'a>>,
    /// The driver's version.
    pub driver_version: Option<Text<'a>>,
    /// The database user.
    pub user: Option<Text<'a>>,
    /// `call` or `statement`.
    pub preparation: Option<Text<'a>>,
}

/// The `aws` block: the members that typing, search and correlation read, and all the others as JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aws<'a> {
    /// The account that the work was done in.
    pub account_id: Option<Text<'a>>,
    /// API operation.
    pub operation: Option<Text<'a>>,
    /// Region that was called.
    pub region: Option<Text<'a>>,
    /// The callee's request id: the exact join to a trail event.
    pub request_id: Option<Text<'a>>,
    /// SQS queue.
    pub queue_url: Option<Text<'a>>,
    /// DynamoDB table.
    pub table_name: Option<Text<'a>>,
    /// DynamoDB tables of a batch call.
    pub table_names: Vec<Text<'a>>,
    /// SNS topic.
    pub topic_arn: Option<Text<'a>>,
    /// Lambda function.
    pub function_name: Option<Text<'a>>,
    /// S3 bucket.
    pub bucket_name: Option<Text<'a>>,
    /// EC2 instance id.
    pub instance_id: Option<Text<'a>>,
    /// Availability zone, of EC2 or ECS.
    pub availability_zone: Option<Text<'a>>,
    /// CloudWatch log groups: name and ARN, the hook for log correlation.
    pub log_groups: Vec<(Text<'a>, Option<Text<'a>>)>,
    /// The sampling rule that the SDK says it used.
    pub sampling_rule: Option<Text<'a>>,
    /// Every member of the block as it was sent, in order: name and JSON text. Includes those with a field above, so
    /// that writing a document back needs nothing else. Empty for OTLP spans.
    pub members: Vec<(Text<'a>, Text<'a>)>,
}

/// What a failed node says went wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause<'a> {
    /// The exceptions themselves.
    Exceptions {
        /// Working directory of the process.
        working_directory: Option<Text<'a>>,
        /// Library paths.
        paths: Vec<Text<'a>>,
        /// Outermost first.
        exceptions: Vec<Exception<'a>>,
    },
    /// The id of an exception, or of the entity that holds it, elsewhere in the trace.
    Reference(Text<'a>),
}

/// One exception.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exception<'a> {
    /// Its id, 16 hex digits when the SDK made one.
    pub id: Option<Text<'a>>,
    /// Message.
    pub message: Option<Text<'a>>,
    /// Type.
    pub kind: Option<Text<'a>>,
    /// Whether a downstream service threw it.
    pub remote: Option<bool>,
    /// Frames left out at the end of `stack`.
    pub truncated: Option<i64>,
    /// Exceptions left out between this one and its child.
    pub skipped: Option<i64>,
    /// Id of the exception that this one was caused by.
    pub cause: Option<Text<'a>>,
    /// Innermost frame first.
    pub stack: Vec<Frame<'a>>,
    /// The stack trace as OpenTelemetry carries it: text, in the language's own layout.
    pub stack_text: Option<Text<'a>>,
}

/// One stack frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame<'a> {
    /// File.
    pub path: Option<Text<'a>>,
    /// Line.
    pub line: Option<i64>,
    /// Function.
    pub label: Option<Text<'a>>,
}

/// A span event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// When.
    pub time: Timestamp,
    /// Name.
    pub name: Text<'a>,
    /// Attributes.
    pub attributes: Vec<(Text<'a>, Value<'a>)>,
    /// Attributes the SDK left out.
    pub dropped_attributes: u32,
}

/// A causal link to another entity, usually in another trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Link<'a> {
    /// The other trace.
    pub trace: TraceId,
    /// The other entity.
    pub id: SpanId,
    /// W3C trace state.
    pub trace_state: Option<Text<'a>>,
    /// Attributes.
    pub attributes: Vec<(Text<'a>, Value<'a>)>,
    /// Attributes the SDK left out.
    pub dropped_attributes: u32,
    /// W3C flags.
    pub flags: u32,
}

/// OpenTelemetry's status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status<'a> {
    /// 0 unset, 1 ok, 2 error.
    pub code: u8,
    /// Developer-facing text.
    pub message: Option<Text<'a>>,
}

/// What OTLP says about the process and library that made a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context<'a> {
    /// Resource attributes, original keys, in order.
    pub resource: Vec<(Text<'a>, Value<'a>)>,
    /// Resource attributes the SDK left out.
    pub resource_dropped: u32,
    /// Schema URL of the resource.
    pub resource_schema: Option<Text<'a>>,
    /// Instrumentation scope.
    pub scope_name: Option<Text<'a>>,
    /// Its version.
    pub scope_version: Option<Text<'a>>,
    /// Its attributes.
    pub scope_attributes: Vec<(Text<'a>, Value<'a>)>,
    /// Scope attributes the SDK left out.
    pub scope_dropped: u32,
    /// Schema URL of the scope.
    pub scope_schema: Option<Text<'a>>,
}

/// A tolerated flaw in the input: kept, counted and shown, never a reason to lose the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Oddity {
    /// `end_time` before `start_time`; the end was moved to the start.
    EndsBeforeItStarts,
    /// Neither `end_time` nor `in_progress: true`; taken as in progress.
    NeitherEndedNorOpen,
    /// `in_progress: true` together with `end_time`; taken as ended.
    BothEndedAndOpen,
    /// A number written as a string.
    NumberAsText,
    /// A string field that held a number or a truth value.
    TextAsOther,
    /// A field of the wrong JSON type; ignored, still in the document.
    WrongType,
    /// Characters that X-Ray does not allow in a name.
    NameCharacters,
    /// A name longer than 200 characters.
    NameTooLong,
    /// A namespace other than `aws`, `remote` and `local`.
    UnknownNamespace,
    /// A subsegment inside another document lacks an id or a start; it is shown with what it has or skipped.
    BrokenSubsegment,
    /// A reference that is not 16 hex digits, such as an empty `parent_id`.
    BadReference,
    /// The same key twice; the last one counts.
    DuplicateKey,
    /// A moment before 2000 or more than a day after it was received.
    ImplausibleTime,
    /// An annotation that is not a string, number or truth value; treated as metadata.
    AnnotationNotScalar,
    /// More entries than are indexed; the rest is kept in the document only.
    TooManyEntries,
    /// Its parents form a circle; it was made a root.
    ParentCycle,
    /// The caller's clock and its own disagree: it starts before, or ends far after, what called it.
    ClockSkew,
    /// The parent it names never arrived.
    MissingParent,
    /// Another document with the same id, sent by another service, is kept beside it.
    SharedId,
}

/// One segment, subsegment or span.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// The trace.
    pub trace: TraceId,
    /// Its own id.
    pub id: SpanId,
    /// The entity that called or contains it.
    pub parent: Option<SpanId>,
    /// What it was on the wire.
    pub form: Form,
    /// Started and not finished: `in_progress`, or no end.
    pub in_progress: bool,
    /// When it started.
    pub start: Timestamp,
    /// When it ended; `None` while in progress.
    pub end: Option<Timestamp>,
    /// When the record that holds it was received.
    pub received: Timestamp,
    /// How many requests it stands for.
    pub weight: f32,
    /// Its X-Ray name: the service for a segment, the callee or the piece of work for a subsegment. For a span, what
    /// the naming rule makes of it.
    pub name: Text<'a>,
    /// The OTLP span name as sent.
    pub span_name: Option<Text<'a>>,
    /// The service it ran in, where it says so itself: always for segments and for spans with a `service.name`.
    pub service: Option<Text<'a>>,
    /// Type of that service, `AWS::EC2::Instance` style.
    pub origin: Option<Text<'a>>,
    /// Span kind.
    pub kind: Kind,
    /// Where the work was done.
    pub namespace: Namespace<'a>,
    /// OTLP: whether the parent is in another process, when the flags say so.
    pub remote_parent: Option<bool>,
    /// X-Ray: the callee will report too.
    pub traced: bool,
    /// Error, fault, throttle: as sent, or derived from the status.
    pub flags: Flags,
    /// OpenTelemetry status.
    pub status: Status<'a>,
    /// HTTP exchange.
    pub http: Option<Box<Http<'a>>>,
    /// SQL query.
    pub sql: Option<Box<Sql<'a>>>,
    /// AWS details.
    pub aws: Option<Box<Aws<'a>>>,
    /// What went wrong.
    pub cause: Option<Box<Cause<'a>>>,
    /// End user.
    pub user: Option<Text<'a>>,
    /// ARN of the resource it ran on.
    pub resource_arn: Option<Text<'a>>,
    /// Indexed key-value pairs.
    pub annotations: Vec<(Text<'a>, Scalar<'a>)>,
    /// X-Ray metadata: namespace and JSON text.
    pub metadata: Vec<(Text<'a>, Text<'a>)>,
    /// OTLP attributes, original keys, all of them, in order.
    pub attributes: Vec<(Text<'a>, Value<'a>)>,
    /// Span events.
    pub events: Vec<Event<'a>>,
    /// Links.
    pub links: Vec<Link<'a>>,
    /// Siblings that finished before it.
    pub precursors: Vec<SpanId>,
    /// Process and library; shared by all spans that arrived under it.
    pub context: Option<std::sync::Arc<Context<'a>>>,
    /// W3C trace state.
    pub trace_state: Option<Text<'a>>,
    /// OTLP flags.
    pub wire_flags: u32,
    /// Attributes, events and links that the SDK left out.
    pub dropped: [u32; 3],
    /// X-Ray members without a field above, in order: name and JSON text.
    pub unknown: Vec<(Text<'a>, Text<'a>)>,
    /// Tolerated flaws.
    pub oddities: Vec<Oddity>,
}

impl<'a> Node<'a> {
    /// A node with nothing but an identity; the parsers fill in what they find.
    #[must_use]
    pub fn new(form: Form, trace: TraceId, id: SpanId) -> Self {
        Self {
            trace,
            id,
            parent: None,
            form,
            in_progress: false,
            start: Timestamp::ZERO,
            end: None,
            received: Timestamp::ZERO,
            weight: 1.0,
            name: Cow::Borrowed(""),
            span_name: None,
            service: None,
            origin: None,
            kind: Kind::Unspecified,
            namespace: Namespace::Local,
            remote_parent: None,
            traced: false,
            flags: Flags::default(),
            status: Status::default(),
            http: None,
            sql: None,
            aws: None,
            cause: None,
            user: None,
            resource_arn: None,
            annotations: Vec::new(),
            metadata: Vec::new(),
            attributes: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
            precursors: Vec::new(),
            context: None,
            trace_state: None,
            wire_flags: 0,
            dropped: [0; 3],
            unknown: Vec::new(),
            oddities: Vec::new(),
        }
    }

    /// The last moment known of it: its end, or its start while in progress.
    #[must_use]
    pub fn last_moment(&self) -> Timestamp {
        self.end.unwrap_or(self.start)
    }

    /// How long it took, in nanoseconds; `None` while in progress.
    #[must_use]
    pub fn duration(&self) -> Option<u64> {
        self.end.map(|end| end.since(self.start))
    }

    /// The exceptions it carries itself.
    #[must_use]
    pub fn exceptions(&self) -> &[Exception<'a>] {
        match self.cause.as_deref() {
            Some(Cause::Exceptions { exceptions, .. }) => exceptions,
            _ => &[],
        }
    }

    /// An OTLP attribute by its original key.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Value<'a>> {
        self.attributes
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}
