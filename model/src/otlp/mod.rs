//! OpenTelemetry spans: protobuf bytes, as OTLP carries them.
//!
//! | function | when |
//! |---|---|
//! | [`walk::request`] | at the door: which spans a request holds, and which of them are acceptable |

mod check;
mod facts;
pub mod walk;
mod wire;

pub use check::MAX_VALUE_DEPTH;
pub use facts::{RequestFacts, ResourceFacts};
pub use wire::BadWire;
