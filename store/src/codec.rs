//! Binary forms of what is kept. Every form begins with a version, and reading never trusts a length.

pub mod digest;
pub mod varint;
