//! Moments of reception: the machine's clock, made strictly increasing.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use beamline_model::time::Timestamp;

/// Hands out moments that never repeat and never go back, across restarts too when seeded with the last one kept.
pub(crate) struct Stamper {
    last: AtomicI64,
}

impl Stamper {
    pub(crate) fn new() -> Self {
        Self {
            last: AtomicI64::new(0),
        }
    }

    /// No moment up to this one is handed out any more. A clock that was set back far is followed all the same: a
    /// stamp from the future may hold the next ones back by a day, not for ever.
    pub(crate) fn seed(&self, last: Timestamp) {
        const DAY: i64 = 86_400_000_000_000;
        let last = last.0.min(now().0.saturating_add(DAY));
        self.last.fetch_max(last, Ordering::Relaxed);
    }

    /// The last moment that was handed out or seeded.
    pub(crate) fn last(&self) -> Timestamp {
        Timestamp(self.last.load(Ordering::Relaxed))
    }

    /// The next moment: the millisecond, and a nanosecond more for each that was handed out in it. The differences
    /// between records that came together are small and regular numbers then, which frames hardly spend bytes on.
    pub(crate) fn next(&self) -> Timestamp {
        const MILLISECOND: i64 = 1_000_000;
        let now = now().0 / MILLISECOND * MILLISECOND;
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(now.max(last.saturating_add(1)))
            })
            .unwrap_or_else(|last| last);
        Timestamp(now.max(last.saturating_add(1)))
    }
}

/// What the machine's clock says.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_increase_even_when_the_clock_stands_behind_what_was_kept() {
        let stamper = Stamper::new();
        let ahead = now().plus(3_600_000_000_000);
        stamper.seed(ahead);
        let stamps: Vec<_> = (0..100).map(|_| stamper.next()).collect();
        assert!(stamps[0] > ahead);
        assert!(stamps.is_sorted_by(|a, b| a < b), "{stamps:?}");
    }
}
