//! How commands of this program talk to a server: the real protocols over the real sockets, as applications do.
//!
//! `demo`, `load`, `import` and `doctor` share these. Nothing in here knows what the bytes mean.

pub(crate) mod http;
pub(crate) mod otlp;
pub(crate) mod signed;
pub(crate) mod udp;
