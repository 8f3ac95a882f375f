//! The read side: all that only looks.
//!
//! The functions here take a [`Source`](source::Source) and give domain types; the gRPC API in [`serve`] and the AWS
//! API in its own crate both render those, so that they cannot disagree. Functions block on the store and belong on a
//! thread that may. Nothing here changes the store.
//!
//! | module | question it answers |
//! |---|---|
//! | [`filter`] | which traces are wanted, and what an index can say about that |
//! | [`search`] | which traces are there |
//! | [`trace`] | what happened in one of them |
//! | [`graph`] | who calls whom, how often, how well |
//! | [`series`] | the same over time |
//! | [`paths`] | why they fail or are slow |
//! | [`insights`] | when they failed more than they usually do, and who was to blame |
//! | [`forecast`] | how many faults are usual |
//! | [`logs`] | which log events there are |
//! | [`metrics`] | what was measured |
//! | [`enrich`] | what goes with a trace, and why |
//! | [`sampling`] | what other sampling rules would have kept |
//! | [`serve`] | the gRPC API |

pub mod enrich;
pub mod error;
pub mod filter;
pub mod forecast;
pub mod graph;
pub mod insights;
pub mod logs;
pub mod metrics;
pub mod paths;
pub mod sampling;
pub mod search;
pub mod series;
pub mod serve;
pub mod source;
pub mod trace;

pub use error::QueryError;
