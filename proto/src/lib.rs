//! Every wire contract as published, and the Rust generated from it.

pub mod query;
