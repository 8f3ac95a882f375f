//! Trace retrievals: traces as they were at one moment, to be read page by page.
//!
//! Kept as an object of the kind `Task` under its token, as JSON, until it is over.

use serde::{Deserialize, Serialize};

use crate::id::TraceId;
use crate::time::Timestamp;

/// How long a retrieval can be read, in nanoseconds: an hour.
pub const LIFETIME: u64 = 3_600 * 1_000_000_000;

/// What somebody asked to retrieve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retrieval {
    /// Which traces: their 32 hex digits, each once, in the order in which they were named.
    traces: Vec<String>,
    start: i64,
    end: i64,
    started: i64,
    /// It was called off: it has nothing any more.
    pub cancelled: bool,
}

impl Retrieval {
    /// A retrieval of these traces, as far as anything of them lies between two moments, as they are `now`.
    #[must_use]
    pub fn new(traces: impl IntoIterator<Item = TraceId>, start: Timestamp, end: Timestamp, now: Timestamp) -> Self {
        Self {
            traces: traces.into_iter().map(TraceId::to_w3c).collect(),
            start: start.0,
            end: end.0,
            started: now.0,
            cancelled: false,
        }
    }

    /// The traces, each with its place.
    pub fn traces(&self) -> impl Iterator<Item = (usize, TraceId)> {
        let ids = self.traces.iter().enumerate();
        ids.filter_map(|(place, text)| Some((place, text.parse().ok()?)))
    }

    /// The moment as of which traces are given.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        Timestamp(self.started)
    }

    /// Whether a trace between two moments is one that was asked for. Both ends count, of either.
    #[must_use]
    pub fn wants(&self, start: Timestamp, end: Timestamp) -> bool {
        start.0 <= self.end && end.0 >= self.start
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.started()) >= LIFETIME
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retrieval_lives_an_hour() {
        let started = Timestamp::from_seconds(1_795_415_910);
        let retrieval = Retrieval::new([], Timestamp::ZERO, started, started);
        assert!(!retrieval.is_over(started));
        assert!(!retrieval.is_over(started.plus(3_599_999_999_999)));
        assert!(retrieval.is_over(started.plus(3_600_000_000_000)));
    }

    #[test]
    fn what_touches_the_range_is_wanted() {
        let at = Timestamp::from_seconds;
        let retrieval = Retrieval::new([TraceId(7), TraceId(1 << 127)], at(10), at(20), at(30));
        for (start, end, wanted) in [
            (5, 9, false),
            (5, 10, true),
            (12, 13, true),
            (20, 25, true),
            (21, 25, false),
        ] {
            assert_eq!(retrieval.wants(at(start), at(end)), wanted, "{start}..{end}");
        }
        let ids: Vec<_> = retrieval.traces().collect();
        assert_eq!(ids, [(0, TraceId(7)), (1, TraceId(1 << 127))]);
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let retrieval = Retrieval::new([TraceId(7)], Timestamp(-1), Timestamp(i64::MAX), Timestamp(3));
        let json = serde_json::to_string(&retrieval).unwrap();
        assert_eq!(serde_json::from_str::<Retrieval>(&json).unwrap(), retrieval);
    }
}
