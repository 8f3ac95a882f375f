//! From sockets to bytes: every limit of size and time that a sender can run into is here.
//!
//! | module | takes in |
//! |---|---|
//! | [`xray_udp`], [`datagram`] | X-Ray's datagrams |
//! | [`listen`] | TCP connections, for all that is HTTP |
//! | [`otlp`], [`grpc`] | OTLP requests, in both framings |
//! | [`body`], [`inflate`] | their bodies, bounded in size and time |
//! | [`answer`] | what they are told |

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod cors;
pub(crate) mod datagram;
pub(crate) mod grpc;
pub(crate) mod inflate;
pub(crate) mod listen;
pub(crate) mod otlp;
pub(crate) mod xray_udp;
