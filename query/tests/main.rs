//! Queries over real documents: the functions, and the gRPC API through a real socket.

mod grpc;
mod matching;
mod questions;
mod support;
