//! What the store counts.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::codec::frame::{PARTS, Part};
use crate::error::StoreError;
use crate::hot::work::Work;
use crate::log::counters::LogCounters;

/// Totals since the store was opened.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    /// Trace records.
    pub(crate) records: Fates,
    /// Log events.
    pub(crate) events: Fates,
    /// Data points.
    pub(crate) points: Fates,
    /// Log events behind the commit.
    pub(crate) logs: LogCounters,
    /// Records refused because their trace is too large.
    pub(crate) limit_exceeded: AtomicU64,
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

/// What became of what came in, of one kind.
#[derive(Default)]
pub(crate) struct Fates {
    committed: AtomicU64,
    /// Refused because the queue was full.
    overloaded: AtomicU64,
    /// Refused because nothing can be written.
    read_only: AtomicU64,
    /// Of commits that failed.
    lost: AtomicU64,
    /// Read back from the hot log at the start.
    replayed: AtomicU64,
}

impl Fates {
    pub(crate) fn kept(&self, count: usize) {
        self.committed.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, count: usize) {
        self.lost.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn replayed(&self) {
        self.replayed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what was not even queued.
    pub(crate) fn turned_away(&self, error: &StoreError, count: usize) {
        let counter = match error {
            StoreError::Overloaded(_) => &self.overloaded,
            StoreError::ReadOnly(_) => &self.read_only,
            _ => &self.lost,
        };
        counter.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Each under a name of its own, in the order committed, overloaded, read only, failed, replayed.
    fn figures(&self, names: [&'static str; 5]) -> impl Iterator<Item = (&'static str, u64)> {
        let counters = [
            &self.committed,
            &self.overloaded,
            &self.read_only,
            &self.lost,
            &self.replayed,
        ];
        let values = counters.map(|counter| counter.load(Ordering::Relaxed));
        names.into_iter().zip(values)
    }
}

impl Counters {
    /// Counts work that was not even queued.
    pub(crate) fn turned_away(&self, work: &Work, error: &StoreError) {
        let fates = match work {
            Work::Records(_) => &self.records,
            Work::Logs(_) => &self.events,
            Work::Points(_) => &self.points,
        };
        fates.turned_away(error, work.len());
    }

    pub(crate) fn refused(&self, records: usize) {
        self.limit_exceeded.fetch_add(records as u64, Ordering::Relaxed);
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
        let mut figures = vec![
            ("beamline_store_commits_total", of(&self.commits)),
            (
                "beamline_store_records_rejected_limit_exceeded_total",
                of(&self.limit_exceeded),
            ),
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
        ];
        figures.extend(self.records.figures([
            "beamline_store_records_committed_total",
            "beamline_store_records_rejected_overloaded_total",
            "beamline_store_records_rejected_read_only_total",
            "beamline_store_records_rejected_failed_total",
            "beamline_store_records_replayed_total",
        ]));
        figures.extend(self.events.figures([
            "beamline_store_log_events_committed_total",
            "beamline_store_log_events_rejected_overloaded_total",
            "beamline_store_log_events_rejected_read_only_total",
            "beamline_store_log_events_rejected_failed_total",
            "beamline_store_log_events_replayed_total",
        ]));
        figures.extend(self.logs.figures());
        figures.extend(self.points.figures([
            "beamline_store_points_committed_total",
            "beamline_store_points_rejected_overloaded_total",
            "beamline_store_points_rejected_read_only_total",
            "beamline_store_points_rejected_failed_total",
            "beamline_store_points_replayed_total",
        ]));
        figures
    }
}
