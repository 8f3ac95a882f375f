//! What is kept, under which key, until when.
//!
//! A [`Store`](api) takes in records, keeps them durably, and answers for whole traces, digests and service-graph
//! statistics. It knows nothing of sockets, of AWS or of gRPC.

#![warn(missing_docs)]

mod account;
pub mod api;
pub mod cipher;
mod clock;
pub mod codec;
pub mod config;
mod counters;
mod derive;
pub mod engine;
mod error;
mod hot;
mod inner;
mod live;
mod log;
mod meta;
mod metric;
mod moment;
pub mod object;
pub mod plan;
mod read;
mod retention;
mod seal;
mod sealed;
mod secret;
mod store;
pub mod table;
mod verify;

pub use config::{Location, LogConfig, StoreConfig};
pub use error::{LogError, StoreError};
pub use object::{ObjectChange, ObjectKind};
pub use secret::Secret;
pub use store::Store;
pub use table::edges::marks::HourMarks;
pub use verify::Verified;
