//! Every wire contract as published, and the Rust generated from it.
//!
//! | module | contract |
//! |---|---|
//! | [`query`] | the gRPC query API |
//! | [`jaeger`] | what Jaeger's remote samplers ask over gRPC |
//! | [`aws`] | what AWS's service models are made of, and the check of a request against them |
//! | [`generated`] | the shapes of AWS's services, one module each |

pub mod aws;
pub mod generated;
pub mod jaeger;
pub mod query;
