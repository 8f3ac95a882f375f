//! What the store counts.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::codec::frame::{PARTS, Part};

/// Totals since the store was opened.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) records: AtomicU64,
    /// Records refused because their trace is too large.
    pub(crate) limit_exceeded: AtomicU64,
    /// Records refused because the queue was full.
    pub(crate) overloaded: AtomicU64,
    /// Records refused because nothing can be written.
    pub(crate) read_only: AtomicU64,
    /// Records of commits that failed.
    pub(crate) lost: AtomicU64,
    /// Records read back from the hot log at the start.
    pub(crate) replayed: AtomicU64,
    /// Kept values that could not be read.
    pub(crate) damaged: AtomicU64,
    pub(crate) sealed_traces: AtomicU64,
    pub(crate) sealed_records: AtomicU64,
    /// Compressed bytes of frames, by what they are for.
    pub(crate) sealed_bytes: [AtomicU64; PARTS],
    /// Seals of traces that were sealed before.
    pub(crate) resealed_traces: AtomicU64,
    pub(crate) seal_failures: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(&self, records: usize) {
        self.records.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, records: usize) {
        self.limit_exceeded.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, records: usize) {
        self.lost.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(crate) fn sealed(&self, traces: usize, again: usize, records: u64, bytes: [u64; PARTS]) {
        self.sealed_traces.fetch_add(traces as u64, Ordering::Relaxed);
        self.resealed_traces.fetch_add(again as u64, Ordering::Relaxed);
        self.sealed_records.fetch_add(records, Ordering::Relaxed);
        for (total, bytes) in self.sealed_bytes.iter().zip(bytes) {
            total.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Name and value of each.
    pub(crate) fn figures(&self) -> Vec<(&'static str, u64)> {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let part = |part: Part| of(&self.sealed_bytes[part as usize]);
        vec![
            ("beamline_store_commits_total", of(&self.commits)),
            ("beamline_store_records_committed_total", of(&self.records)),
            (
                "beamline_store_records_rejected_limit_exceeded_total",
                of(&self.limit_exceeded),
            ),
            ("beamline_store_records_rejected_overloaded_total", of(&self.overloaded)),
            ("beamline_store_records_rejected_read_only_total", of(&self.read_only)),
            ("beamline_store_records_rejected_failed_total", of(&self.lost)),
            ("beamline_store_records_replayed_total", of(&self.replayed)),
            ("beamline_store_values_damaged_total", of(&self.damaged)),
            ("beamline_store_traces_sealed_total", of(&self.sealed_traces)),
            ("beamline_store_traces_resealed_total", of(&self.resealed_traces)),
            ("beamline_store_records_sealed_total", of(&self.sealed_records)),
            (
                "beamline_store_frames_written_bytes",
                self.sealed_bytes.iter().map(of).sum(),
            ),
            ("beamline_store_frames_text_written_bytes", part(Part::Text)),
            ("beamline_store_frames_head_written_bytes", part(Part::Head)),
            ("beamline_store_frames_codes_written_bytes", part(Part::Codes)),
            ("beamline_store_frames_ids_written_bytes", part(Part::Ids)),
            ("beamline_store_frames_times_written_bytes", part(Part::Times)),
            ("beamline_store_frames_numbers_written_bytes", part(Part::Numbers)),
            ("beamline_store_frames_hex_written_bytes", part(Part::Hex)),
            ("beamline_store_seals_failed_total", of(&self.seal_failures)),
        ]
    }
}
