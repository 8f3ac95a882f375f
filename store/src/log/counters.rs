//! What is counted about log events behind the commit.

use std::sync::atomic::{AtomicU64, Ordering};

/// Totals since the store was opened.
#[derive(Default)]
pub(crate) struct LogCounters {
    pub(crate) sealed_events: AtomicU64,
    /// Bytes of the rows that they were sealed into.
    pub(crate) sealed_bytes: AtomicU64,
    pub(crate) chunks: AtomicU64,
    /// Chunks that were merged into others, and bytes of the rows of those.
    pub(crate) merged: AtomicU64,
    pub(crate) merged_bytes: AtomicU64,
    /// Events dropped because their group or stream was deleted before they were sealed.
    pub(crate) orphans: AtomicU64,
    /// Parts of chunks that readers could not read.
    pub(crate) damaged: AtomicU64,
}

impl LogCounters {
    pub(crate) fn figures(&self) -> [(&'static str, u64); 7] {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("beamline_store_log_events_sealed_total", of(&self.sealed_events)),
            ("beamline_store_log_chunks_written_bytes", of(&self.sealed_bytes)),
            ("beamline_store_log_chunks_sealed_total", of(&self.chunks)),
            ("beamline_store_log_chunks_merged_total", of(&self.merged)),
            ("beamline_store_log_chunks_merged_bytes", of(&self.merged_bytes)),
            ("beamline_store_log_events_dropped_deleted_total", of(&self.orphans)),
            ("beamline_store_log_frames_damaged_total", of(&self.damaged)),
        ]
    }
}
