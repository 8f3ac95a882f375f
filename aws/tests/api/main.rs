//! The AWS APIs as clients meet them: through a socket, over the memory engine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod conformance;
mod corpora;
mod documentation;
mod encryption;
mod groups;
mod insights;
mod intake;
mod pages;
mod policies;
mod polling;
mod retrieval;
mod sampling;
mod server;
mod settings;
mod shop;
mod signatures;
mod statistics;
mod strict;
mod traces;
mod wire;
