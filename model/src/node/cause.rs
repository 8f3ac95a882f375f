//! What went wrong, and where in the code.

use super::Text;

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
