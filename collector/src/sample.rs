//! Sampling with state: [`rules`] keeps them, [`targets`] shares their reservoirs between the clients that sample, and
//! the head gate decides here for spans that nobody has decided about. What is decided is `model::sampling`'s business.

mod gate;
pub mod rules;
pub mod targets;

pub(crate) use gate::Gate;
pub use rules::{RuleKey, Rules, RulesError};
pub use targets::{Activity, BoostStatistics, Grant, Granted, Statistics, Summary, Targets, Unreported};
