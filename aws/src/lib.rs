//! AWS's words for what collector and query do; no behaviour of its own.
//!
//! | module | what it knows |
//! |---|---|
//! | `listener` | the way of a request: found by its path, bounded, decoded, answered |
//! | `caller` | account and region of whoever calls |
//! | `protocol` | how documents and errors are written, for all services of a protocol |
//! | `fault` | which AWS error each error of the domain is; nobody else decides that |
//! | `xray` | the operations of X-Ray |
//! | `compatibility` | which operations there are, and how they differ from AWS's |
//!
//! Shapes, limits and the table of operations are generated from AWS's service models, in `beamline-proto`.

mod caller;
mod compatibility;
mod fault;
mod listener;
mod protocol;
mod xray;

use std::sync::Arc;

use axum::Router;
use beamline_store::Store;

pub use caller::{DEFAULT_ACCOUNT, DEFAULT_REGION, Signatures};
pub use compatibility::compatibility;
pub use listener::{AwsConfig, speaks_aws, unknown};

/// Every AWS API, to be merged into a listener that serves other things too. What no route is for goes to that
/// listener's fallback, which should hand requests that [`speaks_aws`] recognises to [`unknown`].
pub fn router(config: AwsConfig, store: Arc<Store>) -> Router {
    let xray = xray::Xray::new(store, config.strict);
    Arc::new(listener::Listener::new(config, xray)).routes()
}

/// X-Ray alone, for the daemon's TCP port: whatever else is asked for gets AWS's answer that there is no such
/// operation.
pub fn daemon_router(config: AwsConfig, store: Arc<Store>) -> Router {
    router(config, store).fallback(unknown)
}
