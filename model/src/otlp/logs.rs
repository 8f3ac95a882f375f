//! OpenTelemetry's log records: protobuf bytes, as OTLP carries them.
//!
//! | function | when |
//! |---|---|
//! | [`request`] | at the door: which records a request holds, and which of them are acceptable |
//! | [`destination`] | once per resource and scope: the log group and stream its records belong to |
//! | [`head`] | when a record is indexed: when it happened, and in which span |
//! | [`brief`] | when people look at it: how grave it is, and what it says first |
//! | [`message`] | when it is looked at: what readers of CloudWatch Logs see |
//!
//! A record is kept byte for byte beside its context: a protobuf `ResourceLogs` with the resource, one scope and both
//! schema URLs, but no record.

mod brief;
mod destination;
mod message;
mod walk;

pub use brief::{Brief, brief};
pub use destination::{Asked, Destination, LogFacts, destination};
pub use message::message;
pub use walk::{
    LogRejection, MAX_RECORDS, RecordHead, RejectedRecord, Walked, WalkedContext, WalkedRecord, head, request,
};
