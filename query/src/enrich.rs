//! What goes with a trace: log events, metrics, single measurements, and how usual its times are.
//!
//! What is looked for is decided by `beamline_model::enrich`; this asks for it. Each look is by itself: whoever asks runs
//! them side by side and goes without those that are late.
//!
//! | file | looks for |
//! |---|---|
//! | `logs` | events that name the trace, and events nearby of services that have none |
//! | `metrics` | series of the trace's services, around its time |
//! | `exemplars` | measurements that name the trace |
//! | `ranks` | how its segments compare with others of their services |

mod exemplars;
mod logs;
mod metrics;
mod ranks;

use std::time::{Duration, Instant};

use beamline_model::enrich::Reason;
use beamline_model::id::SpanId;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::metric::FoundSeries;

use crate::logs::Event;

pub use exemplars::exemplars;
pub use logs::{FoundLogs, logs};
pub use metrics::metrics;
pub use ranks::{Ranked, ranked, ranks};

/// How long all looks together may take.
pub const BUDGET: Duration = Duration::from_millis(300);

/// How far a look got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reached {
    /// All that there is was found.
    #[default]
    Complete,
    /// There is more than is given.
    Truncated,
    /// Time ran out first.
    Late,
}

/// What a look found.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// In order.
    pub items: Vec<T>,
    /// Whether that is all.
    pub reached: Reached,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            reached: Reached::Complete,
        }
    }
}

impl<T> Found<T> {
    /// Leaves out what comes behind the first so many.
    fn cut(&mut self, most: usize) {
        if self.items.len() > most {
            self.items.truncate(most);
            self.reached = Reached::Truncated;
        }
    }
}

/// When a look has to end. What blocks cannot be stopped, so each look asks between its steps.
#[derive(Clone, Copy, Debug)]
pub struct Until(Instant);

impl Until {
    /// That far from now.
    #[must_use]
    pub fn within(budget: Duration) -> Self {
        Self(Instant::now() + budget)
    }

    fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

/// A log event that goes with a trace.
#[derive(Clone, Debug)]
pub struct JoinedLog {
    /// The event.
    pub event: Event,
    /// Why it goes with the trace.
    pub reason: Reason,
    /// The place of the node it hangs on in the trace's [`Scene`](beamline_model::enrich::Scene), and why.
    pub spot: Option<(usize, Reason)>,
}

/// A series that goes with a trace.
#[derive(Clone, Debug)]
pub struct JoinedMetric {
    /// The series.
    pub series: FoundSeries,
    /// The place of the first node that it is about.
    pub spot: usize,
    /// Why it goes with it.
    pub reason: Reason,
    /// The statistic that tells most.
    pub statistic: &'static str,
    /// The range of the values.
    pub range: TimeRange,
    /// Begin and value of each minute that has points.
    pub values: Vec<(Timestamp, f64)>,
    /// Which value is that of the minute in which the trace started.
    pub of_trace: Option<usize>,
}

/// A measurement that names a trace.
#[derive(Clone, Debug)]
pub struct JoinedExemplar {
    /// The series it is of.
    pub series: FoundSeries,
    /// When.
    pub time: Timestamp,
    /// What was measured.
    pub value: f64,
    /// The span it names.
    pub span: Option<SpanId>,
    /// The place of the node it hangs on.
    pub spot: Option<usize>,
    /// Why it goes with the trace.
    pub reason: Reason,
}

/// How a segment compares with all requests that its service answered around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rank {
    /// The place of the segment.
    pub spot: usize,
    /// The share of requests that took less time, from 0 to 1.
    pub faster: f64,
    /// How many requests that is told from.
    pub requests: u64,
    /// The time in nanoseconds that half of them took at most.
    pub p50: u64,
    /// The time in nanoseconds that 99 % of them took at most.
    pub p99: u64,
}
