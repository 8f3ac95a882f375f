//! Queries over real documents: the functions, and the gRPC API through a real socket.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where by panicking")]

mod grpc;
mod insights;
mod matching;
mod questions;
mod refusals;
mod sampling;
mod series;
mod server;
mod spans;
mod store;
mod support;
