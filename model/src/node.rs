//! One segment, subsegment or span, without loss.
//!
//! X-Ray documents and OTLP spans both become a [`Node`]. It has typed fields for everything that search, the graph
//! and the root-cause walk read, and keeps the rest under its original name, so that either wire form can be written
//! from it again. Strings borrow from the bytes they came from: a node is as cheap as reading those bytes once.

mod block;
mod cause;
mod kind;
mod oddity;
mod otel;
mod value;

use std::borrow::Cow;
use std::sync::Arc;

use crate::id::{SpanId, TraceId};
use crate::time::Timestamp;

pub use block::{Aws, Http, Sql};
pub use cause::{Cause, Exception, Frame};
pub use kind::{Flags, Form, Kind, Namespace};
pub use oddity::Oddity;
pub use otel::{Context, Event, Link, Status};
pub use value::{Scalar, Value};

/// Text borrowed from the input wherever the input holds it unescaped.
pub type Text<'a> = Cow<'a, str>;

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
    pub context: Option<Arc<Context<'a>>>,
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
