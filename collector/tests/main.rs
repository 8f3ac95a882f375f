//! The receivers through real sockets: what is good is kept, each bad input gets its protocol's own error or a counted
//! reason, and the server goes on.

#![allow(clippy::unwrap_used, reason = "a helper of a test that fails should fail the test")]

mod datagrams;
mod grpc;
mod http;
mod insights;
mod lifecycle;
mod logs;
mod metrics;
mod samples;
mod segments;
mod support;
