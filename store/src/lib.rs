//! What is kept, under which key, until when.
//!
//! A [`Store`](api) takes in records, keeps them durably, and answers for whole traces, digests and service-graph
//! statistics. It knows nothing of sockets, of AWS or of gRPC.

pub mod api;
pub mod codec;
pub mod engine;
pub mod table;
