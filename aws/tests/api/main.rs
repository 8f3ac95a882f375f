//! The AWS APIs as clients meet them: through a socket, over the memory engine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod groups;
mod limits;
mod sampling;
mod server;
mod traces;
mod wire;
