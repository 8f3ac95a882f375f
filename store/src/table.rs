//! What is derived from traces and kept so that search and the service graph need not open them.
//!
//! Everything here can be deleted and derived again from the sealed frames. One thread writes it, in the same atomic
//! batch as the frames it stands for; readers see one moment of it through a [`View`].
//!
//! | table | partition | key | value |
//! |---|---|---|---|
//! | `Summary` | minute of the start, account | see `summaries` | chunks of digests and what is needed to skip them |
//! | `Bitmap` | minute of the start, account | chunk, shard | which rows of a chunk have a term |
//! | `Filter` | minute or first minute of an hour, account | chunk, or shard | whether a term occurs at all |
//! | `Edge` | first minute of the bucket, account | resolution, number | service-graph statistics |
//! | `Meta` | `calendar` | table, account | which hours of which days hold anything |
//! | `Meta` | `group` | number | which groups have statistics under that number, see [`groups`] |
//!
//! [`View`]: crate::engine::View

use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;

use crate::api::Account;
use crate::codec::varint::{Put, Take};
use crate::engine::{EngineError, View};

#[cfg(test)]
pub(crate) mod arbitrary;
pub mod bounds;
pub mod cache;
pub mod calendar;
pub mod chunks;
pub mod columns;
pub mod edges;
pub mod groups;
pub mod hours;
pub mod index;
pub mod keys;
mod merge;
pub mod rows;
pub mod sketch;
pub mod summaries;
pub mod terms;
pub(crate) mod writer;
pub mod zone;

pub(crate) use merge::filter_part;
pub use writer::Tables;

/// Where the digest of a sealed trace is: what a row of [`Family::Trace`](crate::engine::Family::Trace) remembers.
///
/// Merging moves digests to other chunks of the same minute without telling those rows, so this is where to look
/// first; `summaries::find` also finds it elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigestAt {
    /// Minute of the trace's start.
    pub minute: u32,
    /// Chunk in that minute.
    pub chunk: u32,
    /// Row in that chunk.
    pub row: u16,
}

impl DigestAt {
    /// Appends its binary form.
    pub fn encode(self, out: &mut Vec<u8>) {
        out.varint(u64::from(self.minute));
        out.varint(u64::from(self.chunk));
        out.varint(u64::from(self.row));
    }

    /// Takes it back; `None` if the bytes are not one.
    pub fn decode(take: &mut Take<'_>) -> Option<Self> {
        Some(Self {
            minute: take.number()?,
            chunk: take.number()?,
            row: take.number()?,
        })
    }
}

/// A trace about to be sealed.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Whose.
    pub account: Account,
    /// Derived from everything that is known of the trace, its revision above that of `before`.
    pub digest: Arc<Digest>,
    /// Its digest as sealed before, which this one replaces, and where that is.
    pub before: Option<(Arc<Digest>, DigestAt)>,
}

/// A trace that is not sealed, or has changed since.
#[derive(Clone, Debug)]
pub struct Live {
    /// Derived from everything that is known of the trace now.
    pub digest: Arc<Digest>,
    /// Its digest as sealed, when some of it was: what the tables already count.
    pub sealed: Option<Arc<Digest>>,
}

/// The live traces of an account at one moment, derived when somebody asks. Numbers go from 0 to `len`.
pub trait LiveTraces {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Which one this is.
    fn trace(&self, number: usize) -> TraceId;

    /// A moment that its start does not come after, known without deriving it, unless all that is known of it was
    /// sealed before.
    fn latest_start(&self, number: usize) -> Timestamp;

    /// What is known of it; `None` if all of it is sealed.
    fn derive(&self, number: usize) -> Result<Option<Live>, EngineError>;
}

impl LiveTraces for Vec<Live> {
    fn len(&self) -> usize {
        self.len()
    }

    fn trace(&self, number: usize) -> TraceId {
        self[number].digest.trace
    }

    fn latest_start(&self, number: usize) -> Timestamp {
        self[number].digest.start
    }

    fn derive(&self, number: usize) -> Result<Option<Live>, EngineError> {
        Ok(Some(self[number].clone()))
    }
}

/// What readers look at: sealed and live traces of one moment.
///
/// Whoever makes it sees to it that a trace being sealed is not missing from both: the live traces are listed no later
/// than the view is taken, and `sealed` of each is what the *view* has of that trace.
pub struct Moment<'a> {
    /// The sealed ones.
    pub view: &'a dyn View,
    /// The live ones of the account that is asked about.
    pub live: &'a dyn LiveTraces,
    /// What was decoded before, of the same tables.
    pub cache: &'a cache::Cache,
}
