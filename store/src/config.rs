//! What can be chosen when a store is opened.

use std::path::PathBuf;
use std::time::Duration;

use crate::cipher::MasterKeys;
use crate::engine::Durability;

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In memory: gone when the store is dropped.
    Memory,
    /// In this folder, which is created if it is not there. Needs the feature `rocks`.
    Folder(PathBuf),
}

/// What can be chosen when a store is opened. [`StoreConfig::new`] has the values that fit a server.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Where the data is.
    pub location: Location,
    /// The (account id, region) that [`Account`](crate::api::Account) 0 stands for.
    pub default_account: (String, String),
    /// What an acknowledged commit survives.
    pub durability: Durability,
    /// How commits are grouped.
    pub commit: CommitConfig,
    /// When traces move from memory into sealed frames.
    pub seal: SealConfig,
    /// How log events are kept, and how many groups and streams there can be.
    pub logs: LogConfig,
    /// A trace that would grow beyond so many bytes of documents and spans refuses what is too much.
    pub trace_limit: usize,
    /// An account has at most so many series; those beyond are refused.
    pub series_limit: u32,
    /// Bytes of memory for everything; divided as `docs/store-layout.md` says.
    pub memory: usize,
    /// Traces are kept for so many days after the day they started in, and log events of groups that do not say.
    pub retention_days: u16,
    /// What opens encrypted values, and lets accounts ask for encryption. Empty for a store without any.
    pub masters: MasterKeys,
}

/// How commits are grouped: all that comes while one is being written shares the next.
#[derive(Clone, Copy, Debug)]
pub struct CommitConfig {
    /// A group waits for company at least this long, unless it is full.
    pub linger: Duration,
    /// A group is full at so many bytes.
    pub group_bytes: usize,
    /// At most so many bytes wait to be written; beyond, commits are refused and offers dropped.
    pub queue_bytes: usize,
}

/// When traces move from memory into sealed frames.
#[derive(Clone, Copy, Debug)]
pub struct SealConfig {
    /// Nothing arrived for so long.
    pub idle: Duration,
    /// The same, while something in the trace is in progress.
    pub idle_in_progress: Duration,
    /// The first record arrived so long ago.
    pub age: Duration,
    /// It has so many bytes.
    pub bytes: usize,
    /// How often to look.
    pub every: Duration,
    /// At most so many records are sealed in one write.
    pub batch_records: usize,
    /// zstd level of frames.
    pub level: i32,
    /// Threads that derive and compress.
    pub threads: usize,
}

/// When log events move from memory into chunks, and their bounds.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig {
    /// A group has so many bytes.
    pub seal_bytes: usize,
    /// Its first event arrived so long ago.
    pub seal_age: Duration,
    /// An account has at most so many groups.
    pub groups: usize,
    /// A group has at most so many streams.
    pub streams: usize,
    /// An event has at most so many bytes.
    pub event_bytes: usize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            seal_bytes: 4 << 20,
            seal_age: Duration::from_secs(60),
            groups: 100_000,
            streams: 1_000_000,
            event_bytes: 1 << 20,
        }
    }
}

impl StoreConfig {
    /// What a server wants.
    #[must_use]
    pub fn new(location: Location) -> Self {
        Self {
            location,
            default_account: ("123456789012".to_owned(), "us-east-1".to_owned()),
            durability: Durability::Commit,
            commit: CommitConfig {
                linger: Duration::from_millis(1),
                group_bytes: 1 << 20,
                queue_bytes: 64 << 20,
            },
            seal: SealConfig {
                idle: Duration::from_secs(10),
                idle_in_progress: Duration::from_secs(60),
                age: Duration::from_secs(300),
                bytes: 1 << 20,
                every: Duration::from_secs(1),
                batch_records: 32_768,
                level: 3,
                threads: 1,
            },
            logs: LogConfig::default(),
            trace_limit: 32 << 20,
            series_limit: 1_000_000,
            memory: 1 << 30,
            retention_days: 30,
            masters: MasterKeys::default(),
        }
    }

    /// What a test wants: in memory, nothing sealed unless told to, no waiting for company.
    #[must_use]
    pub fn in_memory() -> Self {
        let mut config = Self::new(Location::Memory);
        config.commit.linger = Duration::ZERO;
        config.seal.every = Duration::from_secs(86_400);
        config
    }
}
