//! How requests and replies are written: one module for each protocol, for all services that speak it.

pub(crate) mod rest_json;
