//! What goes with a trace, and why.
//!
//! Log events, metrics and measurements are joined to traces by what both say. Nothing here looks anything up: a
//! [`Scene`] tells what a trace offers to look for, and the functions decide what hangs where, how sure that is, and
//! what comes first.
//!
//! | module | question it answers |
//! |---|---|
//! | [`scene`] | where and when a trace happened: its nodes, and the services, hosts and log groups behind them |
//! | [`mod@attach`] | on which node a log event hangs |
//! | [`mod@places`] | in which log groups a service may have written |
//! | [`grave`] | which of many events matter most |
//! | [`measure`] | which of many metrics matter most, and by which statistic |

pub mod attach;
pub mod grave;
pub mod measure;
pub mod places;
pub mod scene;

pub use attach::{Clue, attach};
pub use grave::Gravity;
pub use measure::Interest;
pub use places::{Place, places};
pub use scene::{Party, Scene, Spot};

/// How sure it is that something belongs to a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JoinKind {
    /// It names the trace, or the trace names it.
    Exact,
    /// It names a service, process or host of the trace.
    Inferred,
    /// It happened at the same time in the same place.
    Nearby,
}

/// Why something is thought to belong to a trace or a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// How sure that is.
    pub kind: JoinKind,
    /// The same from 0 to 1; 1 for what is exact.
    pub confidence: f64,
    /// What both have in common: `span_id`, `service=cart`.
    pub key: String,
}

impl Reason {
    /// Both name the same thing.
    #[must_use]
    pub fn exact(key: &str) -> Self {
        Self {
            kind: JoinKind::Exact,
            confidence: 1.0,
            key: key.to_owned(),
        }
    }

    /// Both say the same of themselves.
    #[must_use]
    pub fn inferred(confidence: f64, key: String) -> Self {
        Self {
            kind: JoinKind::Inferred,
            confidence,
            key,
        }
    }

    /// Both were in the same place at the same time.
    #[must_use]
    pub fn nearby(confidence: f64, key: String) -> Self {
        Self {
            kind: JoinKind::Nearby,
            confidence,
            key,
        }
    }
}

#[cfg(test)]
mod tests;
