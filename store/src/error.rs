//! What the store could not do.

use crate::engine::{EngineError, EngineErrorKind};

/// What the store could not do, in terms of what the caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// More is coming in than can be written. Nothing of the batch was kept; trying again later makes sense.
    #[error("overloaded: {0}")]
    Overloaded(&'static str),
    /// Nothing can be written at the moment, for instance because the disk is full; reading goes on. Nothing of the
    /// batch was kept; it may succeed once an operator has acted.
    #[error("read-only: {0}")]
    ReadOnly(String),
    /// The store is shutting down.
    #[error("closed")]
    Closed,
    /// A batch whose ranges or indexes point outside of it.
    #[error("malformed batch: {0}")]
    Malformed(&'static str),
    /// Something about log groups, streams or events.
    #[error(transparent)]
    Log(#[from] LogError),
    /// No more (account, region) pairs can be told apart.
    #[error("too many accounts")]
    TooManyAccounts,
    /// Values are encrypted, and the right master key was not given.
    #[error("locked: {0}")]
    Locked(String),
    /// Encryption was asked for, and there is no master key.
    #[error("encryption needs a master key, and the store was opened without one")]
    NoMasterKey,
    /// A kept value cannot be read back.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The engine failed in another way.
    #[error("{kind}: {detail}")]
    Engine {
        /// What a program can act on.
        kind: EngineErrorKind,
        /// What an operator wants to read.
        detail: String,
    },
}

/// What cannot be done with log groups, streams and events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// There is no such group.
    #[error("the log group does not exist")]
    NoSuchGroup,
    /// There is such a group already.
    #[error("the log group exists already")]
    GroupExists,
    /// The account has as many groups as it may have.
    #[error("no more than {0} log groups")]
    TooManyGroups(usize),
    /// Deleting the group is refused, because somebody asked for that.
    #[error("the log group is protected from being deleted")]
    Protected,
    /// The group has no such stream.
    #[error("the log stream does not exist")]
    NoSuchStream,
    /// The group has such a stream already.
    #[error("the log stream exists already")]
    StreamExists,
    /// The group has as many streams as it may have.
    #[error("no more than {0} streams in a log group")]
    TooManyStreams(usize),
    /// An event of a batch is too large; nothing of the batch was kept.
    #[error("a log event of {bytes} bytes, and no more than {most} are kept")]
    EventTooLarge {
        /// Of its body.
        bytes: usize,
        /// What is kept at most.
        most: usize,
    },
}

impl StoreError {
    /// Whether the same call may succeed when it is made again later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Overloaded(_) | Self::ReadOnly(_))
    }
}

impl From<EngineError> for StoreError {
    fn from(error: EngineError) -> Self {
        match error.kind {
            EngineErrorKind::NoSpace => Self::ReadOnly(error.to_string()),
            kind => Self::Engine {
                kind,
                detail: error.detail,
            },
        }
    }
}
