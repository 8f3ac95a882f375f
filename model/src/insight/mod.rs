//! Insights: stretches of time in which services fail far more often than they usually do.
//!
//! The way from statistics to an insight, each step a function of its arguments alone:
//!
//! 1. [`History`] holds requests and faults of each service by the minute, and who called whom.
//! 2. [`band`] says how many faults are usual for so many requests: the service's own past, and how far chance alone
//!    goes from it.
//! 3. [`detect`] finds the minutes beyond that band, and the stretches they make up; stretches of services that call
//!    one another are one [`Finding`], and the service farthest downstream is its root cause.
//! 4. [`reconcile`] holds findings against the insights that are kept: which are new, changed or over. Every change
//!    that matters becomes an event.
//!
//! Everything that was concluded from is kept with the insight: usual rate, expected and actual faults, deviation. The
//! rules are X-Ray's as far as AWS tells them (a fault count that leaves its predicted band, the farthest downstream
//! service, upstream anomalies in the same insight); docs/adr/030-what-is-an-insight.md has the rest.
//!
//! Nothing depends on the order in which minutes become known. Data that comes late changes the statistics of its
//! minutes, and judging those again gives what judging them late would have given.

pub mod band;
pub mod detect;
mod history;
mod id;
mod kept;
mod reconcile;
#[cfg(test)]
mod tests;
pub mod watch;
mod words;

pub use detect::{Anomaly, Finding};
pub use history::{Counts, History, Minute, Track};
pub use id::{BadInsightId, InsightId};
pub use kept::{Event, Insight, State};
pub use reconcile::{Judgement, reconcile};
