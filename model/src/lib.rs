//! What traces are and what they mean.
//!
//! This crate is the pure middle of Beamline: it does no I/O, reads no clock (`now` is always an argument), starts no
//! task and therefore cannot fail except by saying that its input is wrong. Everything else in the workspace moves
//! bytes to and from it.
//!
//! | module | question it answers |
//! |---|---|
//! | [`id`], [`time`] | which trace, which entity, when |
//! | [`record`] | what a receiver hands to the store, and a reader gets back: bytes as they arrived |
//! | [`json`] | JSON text, borrowed and bounded |
//! | [`segment`] | X-Ray documents: which are acceptable, and what they say |
//! | [`otlp`] | OpenTelemetry spans: the same questions |
//! | [`decode`] | what stored bytes mean |
//! | [`convert`] | how nodes are said in the other form |
//! | [`node`] | one segment, subsegment or span, without loss |
//! | [`trace`] | what the nodes of one trace are to each other |
//! | [`digest`] | what search can ask about a whole trace |
//! | [`mod@derive`] | how a digest follows from a trace |
//! | [`stats`] | counts and response times that add up |
//! | [`group`] | which traces are looked at together under a name |
//! | [`policy`] | what a resource policy says |
//! | [`retrieval`] | which traces somebody reads page by page |
//! | [`insight`] | when services fail more than they usually do, and who is to blame |
//! | [`lang`] | which traces somebody wants to see |
//! | [`log`] | what log groups are, and what a log event says about traces |
//! | [`metric`] | what is measured: series, points, statistics |
//! | [`enrich`] | what logs and metrics have to do with a trace, and why |
//! | [`sampling`] | which requests are kept, and how many they stand for |

#![warn(missing_docs)]

pub mod convert;
pub mod decode;
pub mod derive;
pub mod digest;
pub mod enrich;
pub mod group;
pub mod id;
pub mod insight;
pub mod json;
pub mod lang;
pub mod log;
pub mod metric;
pub mod node;
pub mod otlp;
pub mod policy;
pub mod record;
pub mod retrieval;
pub mod sampling;
pub mod segment;
pub mod stats;
#[doc(hidden)]
pub mod testkit;
pub mod time;
pub mod trace;
