//! Binary forms of what is kept. Every form begins with a version, and reading never trusts a length.

pub mod checked;
pub mod digest;
pub(crate) mod frame;
pub(crate) mod location;
pub mod squeeze;
pub mod varint;
