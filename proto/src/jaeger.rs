//! What Jaeger's remote samplers ask over gRPC, `jaeger.api_v2`.
//!
//! `proto/jaeger/api_v2/sampling.proto` is the contract and its documentation; this module is the Rust generated from it.

#![allow(
    clippy::all,
    clippy::pedantic,
    missing_docs,
    unreachable_pub,
    reason = "generated code is judged by its generator"
)]

include!("generated/jaeger.api_v2.rs");
