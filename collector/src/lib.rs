//! The write side: all that changes the store.
//!
//! Bytes come in through the collector's own sockets, or through calls of the AWS endpoint. Every way leads through the
//! same stages, which `pipeline` shows in order. Nothing here answers questions about what is kept.
//!
//! | module | stage |
//! |---|---|
//! | `receive` | socket → bytes, bounded in size and time |
//! | `admit` | how many bytes are worked on at once |
//! | `decode` | bytes → items: which documents, spans, log records and data points, and where |
//! | [`sample`] | kept or not, and the rules that say so |
//! | `register` | log streams and series → their numbers, made when they are new |
//! | `commit` | many items → one write, then acknowledged |
//! | [`react`] | what follows from what is kept: insights |
//! | [`report`] | what happened: counters with reasons, and the latest refused documents |
//!
//! Everything is bounded: what is too much is refused in the protocol's own words, or counted where there is nobody to
//! tell.

mod admit;
mod collector;
mod commit;
mod config;
mod decode;
mod pipeline;
pub mod react;
mod receive;
mod register;
pub mod report;
pub mod sample;
pub mod telemetry;

pub use collector::{Addresses, CannotListen, Collector, Running, SegmentsError, Unclean};
pub use commit::Busy;
pub use config::{Config, HeadSampling, Limits};
pub use pipeline::{Failure, Source, Unprocessed};
