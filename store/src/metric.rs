//! Series and their points: which there are, where they wait, how they are kept and found again.
//!
//! | file | what it knows |
//! |---|---|
//! | `registry` | which number a series has; new ones are written, synced, before any point names them |
//! | `activity` | when a series has points |
//! | `terms`, `index` | which series have what in common |
//! | `hot`, `live` | points that are acknowledged and not sealed |
//! | `chunk` | the points of one hour of one series, in columns |
//! | `hour` | reading and changing the chunks of one hour |
//! | `seal` | from the live table into chunks |
//! | `strays` | in which hours points lie whose own time is elsewhere |
//! | `read` | points and statistics of a time range |
//! | `exemplars` | from a trace to the measurements made in it |
//! | `retire` | forgetting series that have no points any more |

mod activity;
pub(crate) mod chunk;
mod exemplars;
pub(crate) mod hot;
mod hour;
mod index;
mod keys;
pub(crate) mod live;
mod read;
pub(crate) mod registry;
pub(crate) mod retire;
pub(crate) mod seal;
pub(crate) mod strays;
mod terms;
pub(crate) mod verify;

use std::sync::atomic::AtomicU64;

use beamline_model::time::Timestamp;

use crate::api::Account;
use crate::api::metric::{BatchPoint, PointBatch};

/// A series, by account and number.
pub(crate) type SeriesKey = (Account, u32);

/// One point on its way into the live table, with its bytes where they happen to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Incoming<'a> {
    pub(crate) account: Account,
    pub(crate) series: u32,
    pub(crate) time: Timestamp,
    pub(crate) received: Timestamp,
    pub(crate) body: &'a [u8],
}

impl<'a> Incoming<'a> {
    /// A point of a batch that was checked.
    pub(crate) fn of(batch: &'a PointBatch, point: &BatchPoint) -> Self {
        let body = batch.buffer.get(point.body.start as usize..point.body.end as usize);
        Self {
            account: batch.account,
            series: point.series,
            time: point.time,
            received: point.received,
            body: body.unwrap_or_default(),
        }
    }
}

/// What is counted about series and points, beside what became of those that came in.
#[derive(Default)]
pub(crate) struct MetricCounters {
    /// Series that were given a number.
    pub(crate) registered: AtomicU64,
    /// Series that were refused because their account has too many.
    pub(crate) refused: AtomicU64,
    /// Series that were forgotten.
    pub(crate) retired: AtomicU64,
    /// Points that were sealed; those that replaced others are counted too.
    pub(crate) sealed: AtomicU64,
    /// Chunks that were written, and their bytes.
    pub(crate) chunks: AtomicU64,
    pub(crate) chunk_bytes: AtomicU64,
    /// Points and chunks that could not be read.
    pub(crate) damaged: AtomicU64,
    /// Links from traces to measurements that were not kept because the trace has enough.
    pub(crate) links_dropped: AtomicU64,
}

impl MetricCounters {
    /// Name and value of each.
    pub(crate) fn figures(&self) -> [(&'static str, u64); 8] {
        let of = |counter: &AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
        [
            ("beamline_store_series_registered_total", of(&self.registered)),
            ("beamline_store_series_refused_total", of(&self.refused)),
            ("beamline_store_series_retired_total", of(&self.retired)),
            ("beamline_store_points_sealed_total", of(&self.sealed)),
            ("beamline_store_point_chunks_written_total", of(&self.chunks)),
            ("beamline_store_point_chunks_written_bytes", of(&self.chunk_bytes)),
            ("beamline_store_points_damaged_total", of(&self.damaged)),
            ("beamline_store_exemplar_links_dropped_total", of(&self.links_dropped)),
        ]
    }
}
