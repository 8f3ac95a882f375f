//! The languages in which people say what they want to see.

pub mod trace_filter;
