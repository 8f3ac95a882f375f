//! What only OpenTelemetry tells: events, links, status, resource and scope.

use super::{Text, Value};
use crate::id::{SpanId, TraceId};
use crate::time::Timestamp;

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
