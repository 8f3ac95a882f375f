//! The AWS APIs as clients meet them: through a socket, over the memory engine.

mod groups;
mod limits;
mod server;
mod wire;
