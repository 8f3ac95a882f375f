//! What the server knows, for people at a terminal (and, with `--json`, for programs).
//!
//! Everything here asks the gRPC query API and prints the answer; nothing is computed that the server could have
//! computed. `--json` prints each message in Protocol Buffers' own JSON form.

pub(crate) mod client;
pub(crate) mod insights;
mod json;
pub(crate) mod logs;
pub(crate) mod map;
pub(crate) mod metrics;
pub(crate) mod sampling;
pub(crate) mod screen;
pub(crate) mod search;
mod spark;
pub(crate) mod table;
pub(crate) mod tail;
pub(crate) mod trace;
mod tree;
pub(crate) mod words;

pub(crate) use json::Json;
