//! OpenTelemetry's signals: protobuf bytes, as OTLP carries them.
//!
//! | function | when |
//! |---|---|
//! | [`walk::request`] | at the door: which spans a request holds, and which of them are acceptable |
//! | [`json::to_protobuf`] | before that, if the request came as JSON |
//! | [`transit`] | before that, if it came in a datagram of the X-Ray protocol |
//! | [`context`] | once per resource and scope: who sent the spans |
//! | [`span`] | when it is looked at: everything a span says, and X-Ray's view of it |
//! | [`logs`] | the same for log records |

mod block;
pub(crate) mod check;
mod convention;
mod envelope;
mod facts;
mod http;
pub mod json;
pub mod logs;
mod name;
mod outcome;
mod schema;
mod signal;
mod source;
mod span;
mod stack;
mod transit;
pub(crate) mod value;
pub mod walk;
pub(crate) mod wire;

pub use check::MAX_VALUE_DEPTH;
pub use facts::{RequestFacts, ResourceFacts};
pub use signal::Signal;
pub use source::{Source, context};
pub use span::{MAX_ANNOTATIONS, span};
pub use transit::{BadTransit, Transit, transit};
pub use wire::BadWire;
