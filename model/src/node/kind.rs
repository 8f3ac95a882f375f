//! What a node is: its form, its kind, and the verdicts on it.

use super::Text;

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
