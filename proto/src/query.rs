//! The query API, `beamline.query.v1`.
//!
//! `proto/beamline/query/v1/*.proto` is the contract and its documentation; this module is the Rust generated from it.

#![allow(
    clippy::all,
    clippy::pedantic,
    missing_docs,
    unreachable_pub,
    reason = "generated code is judged by its generator"
)]

include!("generated/beamline.query.v1.rs");

/// The encoded `FileDescriptorSet` of the API with everything it imports, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/beamline.query.v1.bin");
