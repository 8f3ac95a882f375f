//! Written by `make generate`; never edited by hand. A test of the generator holds each file to its source.

#[rustfmt::skip]
pub mod xray;
