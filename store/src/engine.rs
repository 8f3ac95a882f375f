//! The seam: what any engine under Beamline must offer.
//!
//! An engine is a partitioned, ordered key-value store with atomic batches inside a partition, range scans inside a
//! partition, and removal of whole partitions by time. A partition is the leading time bucket and account of a table;
//! the key is the rest. RocksDB concatenates the two; a wide-column engine makes them partition key and clustering
//! key. Nothing above this file knows which engine it runs on.
//!
//! Calls block. They are made from threads that may: the commit thread, the sealer, a bounded pool for reads.

use std::ops::{Bound, ControlFlow};
use std::path::Path;

use bytes::Bytes;

pub mod memory;
#[cfg(feature = "rocks")]
pub mod rocks;

/// A table. What its partitions and keys are made of is written in `docs/store-layout.md` and in `keys.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Settings, dictionaries, watermarks.
    Meta,
    /// Batches of records as committed.
    Hot,
    /// Sealed frames.
    Block,
    /// Where a trace's frames and digests are; one table a day.
    Trace(u16),
    /// Digests in columns.
    Summary,
    /// Which digests have a term: bitmaps.
    Bitmap,
    /// Which digests may have a term: filters.
    Filter,
    /// Service-graph statistics.
    Edge,
    /// Control-plane objects: rules, groups, …
    Object,
    /// Log events in chunks.
    Log,
    /// What is known of a log group's streams and days.
    LogIndex,
    /// What is measured: descriptors of series.
    Series,
    /// Which series have a term.
    SeriesIndex,
    /// Data points as received, by the hour. Coarser points will have tables of their own, since they are kept longer.
    Points,
}

impl Family {
    /// How many bytes every partition of the table has; `None` where they differ, and where an engine that
    /// concatenates partition and key has to say where one ends.
    #[must_use]
    pub const fn part_len(self) -> Option<usize> {
        match self {
            Self::Meta => None,
            Self::Hot | Self::Trace(_) => Some(1),
            Self::Object => Some(3),
            Self::Block => Some(4),
            Self::Summary | Self::Bitmap | Self::Filter | Self::Edge | Self::LogIndex | Self::Points => Some(6),
            Self::Series => Some(2),
            Self::Log => Some(8),
            Self::SeriesIndex => Some(11),
        }
    }

    /// The day, of a table that belongs to one.
    #[must_use]
    pub const fn day(self) -> Option<u16> {
        match self {
            Self::Trace(day) => Some(day),
            _ => None,
        }
    }

    /// The bytes that partitions of a time bucket begin with: days are u16, everything else counts in u32.
    #[must_use]
    pub fn bucket(self, bucket: u32) -> Vec<u8> {
        match self {
            Self::Block | Self::Log => u16::try_from(bucket).unwrap_or(u16::MAX).to_be_bytes().to_vec(),
            _ => bucket.to_be_bytes().to_vec(),
        }
    }
}

/// What a returned write survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Power loss: the log was synced.
    #[default]
    Commit,
    /// A crash of the process: the log was written.
    Write,
    /// Nothing.
    Memory,
}

/// Changes that become visible and durable together. Engines that cannot span partitions apply it in order, so the
/// change that makes the others count comes last.
#[derive(Clone, Debug, Default)]
pub struct WriteBatch {
    /// In order.
    pub changes: Vec<Change>,
}

impl WriteBatch {
    /// Sets a key.
    pub fn put(&mut self, family: Family, part: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>, value: Vec<u8>) {
        let (part, key) = (part.into(), key.into());
        self.changes.push(Change::Put {
            family,
            part,
            key,
            value,
        });
    }
}

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    /// Sets a key.
    Put {
        /// Table.
        family: Family,
        /// Partition.
        part: Vec<u8>,
        /// Key in it.
        key: Vec<u8>,
        /// New value.
        value: Vec<u8>,
    },
    /// Removes a key.
    Delete {
        /// Table.
        family: Family,
        /// Partition.
        part: Vec<u8>,
        /// Key in it.
        key: Vec<u8>,
    },
    /// Removes every key of a partition below `end`.
    DeleteBelow {
        /// Table.
        family: Family,
        /// Partition.
        part: Vec<u8>,
        /// First key that stays.
        end: Vec<u8>,
    },
}

/// Keys inside one partition.
#[derive(Clone, Debug)]
pub struct KeyRange {
    /// From here.
    pub start: Bound<Vec<u8>>,
    /// To here.
    pub end: Bound<Vec<u8>>,
}

impl KeyRange {
    /// Every key.
    #[must_use]
    pub fn all() -> Self {
        Self {
            start: Bound::Unbounded,
            end: Bound::Unbounded,
        }
    }

    /// This key and all after it.
    #[must_use]
    pub fn from(start: impl Into<Vec<u8>>) -> Self {
        Self {
            start: Bound::Included(start.into()),
            end: Bound::Unbounded,
        }
    }
}

/// Called with each key and value of a scan; `Break` ends it.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// Reads, all of one moment.
pub trait View: Send + Sync {
    /// The value under a key.
    fn get(&self, family: Family, part: &[u8], key: &[u8]) -> Result<Option<Bytes>, EngineError>;

    /// The values under many keys, in the same order.
    fn multi_get(&self, family: Family, keys: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<Option<Bytes>>, EngineError> {
        keys.iter().map(|(part, key)| self.get(family, part, key)).collect()
    }

    /// Visits a range of one partition in key order, or backwards.
    fn scan(
        &self,
        family: Family,
        part: &[u8],
        range: KeyRange,
        reverse: bool,
        visit: Visit<'_>,
    ) -> Result<(), EngineError>;

    /// Visits the partitions of a table that hold anything, in order. Costs a seek each, so it is for start-up,
    /// retention and scrubbing.
    fn parts(&self, family: Family, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), EngineError>;

    /// The days that have a [`Family::Trace`] table, ascending.
    fn days(&self) -> Vec<u16>;
}

/// An ordered key-value engine.
pub trait Engine: Send + Sync {
    /// Applies a batch; when this returns, it survives what `durability` says.
    fn write(&self, batch: WriteBatch, durability: Durability) -> Result<(), EngineError>;

    /// A consistent view of now. Cheap enough for every request.
    fn view(&self) -> Box<dyn View + '_>;

    /// Removes all partitions of a table whose leading time bucket (a big-endian u16 or u32, as the table has it) is
    /// below `bucket`. For [`Family::Trace`] the day in `family` is the last one to go.
    fn drop_before(&self, family: Family, bucket: u32) -> Result<(), EngineError>;

    /// Sets a key of [`Family::Object`] if its value still is `old`, and says whether it did.
    fn cas(&self, part: &[u8], key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) -> Result<bool, EngineError>;

    /// Moves what only the engine's log holds into its tables and gives the log's space back. Asked for when nothing is
    /// going on; engines without a log of their own have nothing to do.
    fn settle(&self) -> Result<(), EngineError> {
        Ok(())
    }

    /// Writes a consistent copy that can be opened as a store of its own.
    fn checkpoint(&self, to: &Path) -> Result<(), EngineError>;

    /// Sizes and counters for `/metrics`: name and value.
    fn figures(&self) -> Vec<(&'static str, u64)>;
}

/// What an engine could not do.
#[derive(Debug, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct EngineError {
    /// What a program can act on.
    pub kind: EngineErrorKind,
    /// What an operator wants to read.
    pub detail: String,
}

impl EngineErrorKind {
    /// An error of this kind.
    #[must_use]
    pub fn because(self, detail: impl Into<String>) -> EngineError {
        EngineError {
            kind: self,
            detail: detail.into(),
        }
    }
}

/// Kinds of [`EngineError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineErrorKind {
    /// The disk is full: reads go on, writes are refused until there is room.
    #[error("no space left")]
    NoSpace,
    /// A file is damaged; the text says what to do.
    #[error("data is corrupted")]
    Corrupted,
    /// Another process has the data open.
    #[error("data is in use")]
    InUse,
    /// Written by a version this one cannot read.
    #[error("unknown format")]
    Format,
    /// Anything else the operating system said.
    #[error("input/output failed")]
    Io,
    /// The engine cannot do this.
    #[error("not supported by this engine")]
    Unsupported,
}
