//! Why a document was not accepted.

use std::fmt;

use crate::json::BadJson;

/// A document that cannot be kept, in the words of `UnprocessedTraceSegments`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} at `{path}`: {message}")]
pub struct Refused {
    /// The document's id exactly as it was sent; `None` if none could be read.
    pub id: Option<String>,
    /// What is wrong, for programs.
    pub code: RefusalCode,
    /// What is wrong, for people.
    pub message: String,
    /// Where: a member's name, or `byte 17`.
    pub path: String,
}

/// What is wrong with a refused document. `Display` prints X-Ray's spelling, which is the variant's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalCode {
    /// Not JSON, not UTF-8, or nested too deeply.
    ParseError,
    /// Longer than a document may be.
    SegmentTooLarge,
    /// JSON, but not an object; or too many documents in one body.
    InvalidSegment,
    /// No name, or an empty one.
    MissingName,
    /// A name that is not text.
    InvalidName,
    /// No id.
    MissingId,
    /// An id that is not 16 hex digits.
    InvalidId,
    /// No trace id.
    MissingTraceId,
    /// A trace id in neither spelling.
    InvalidTraceId,
    /// No start.
    MissingStartTime,
    /// A start that is not a moment.
    InvalidStartTime,
    /// An end that is not a moment.
    InvalidEndTime,
    /// A lone subsegment that does not say where it belongs.
    MissingParentId,
    /// A lone subsegment whose parent is not 16 hex digits.
    InvalidParentId,
}

impl RefusalCode {
    /// All of them, so that counters can exist before the first refusal.
    pub const ALL: [Self; 14] = [
        Self::ParseError,
        Self::SegmentTooLarge,
        Self::InvalidSegment,
        Self::MissingName,
        Self::InvalidName,
        Self::MissingId,
        Self::InvalidId,
        Self::MissingTraceId,
        Self::InvalidTraceId,
        Self::MissingStartTime,
        Self::InvalidStartTime,
        Self::InvalidEndTime,
        Self::MissingParentId,
        Self::InvalidParentId,
    ];

    /// X-Ray's spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ParseError => "ParseError",
            Self::SegmentTooLarge => "SegmentTooLarge",
            Self::InvalidSegment => "InvalidSegment",
            Self::MissingName => "MissingName",
            Self::InvalidName => "InvalidName",
            Self::MissingId => "MissingId",
            Self::InvalidId => "InvalidId",
            Self::MissingTraceId => "MissingTraceId",
            Self::InvalidTraceId => "InvalidTraceId",
            Self::MissingStartTime => "MissingStartTime",
            Self::InvalidStartTime => "InvalidStartTime",
            Self::InvalidEndTime => "InvalidEndTime",
            Self::MissingParentId => "MissingParentId",
            Self::InvalidParentId => "InvalidParentId",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Refused {
    pub(super) fn new(code: RefusalCode, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            id: None,
            code,
            message: message.into(),
            path: path.into(),
        }
    }
}

impl From<BadJson> for Refused {
    fn from(bad: BadJson) -> Self {
        Self::new(RefusalCode::ParseError, format!("byte {}", bad.position), bad.message)
    }
}
