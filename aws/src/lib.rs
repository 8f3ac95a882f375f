//! AWS's words for what collector and query do; no behaviour of its own.
//!
//! | module | what it knows |
//! |---|---|
//! | `listener` | the way of a request: found by its path, bounded, decoded, answered |
//! | `caller` | account and region of whoever calls |
//! | `sigv4` | signatures: who may call, and how a client signs |
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
pub mod sigv4;
mod xray;

use std::sync::Arc;

use axum::Router;
use beamline_collector::Collector;
use beamline_query::source::Source;
use beamline_store::Store;

pub use caller::{DEFAULT_ACCOUNT, DEFAULT_REGION};
pub use compatibility::compatibility;
pub use listener::{AwsConfig, speaks_aws, unknown};
pub use sigv4::{Credential, Credentials, Signatures};

/// Every AWS API, to be merged into a listener that serves other things too. What no route is for goes to that
/// listener's fallback, which should hand requests that [`speaks_aws`] recognises to [`unknown`]. Served with
/// `into_make_service_with_connect_info::<SocketAddr>()`, refused documents are kept with their sender's address.
pub fn router(config: AwsConfig, collector: Collector, store: Arc<Store>, source: Arc<dyn Source>) -> Router {
    let limits = xray::Limits { strict: config.strict };
    let xray = xray::Xray::new(collector, store, source, limits);
    Arc::new(listener::Listener::new(config, xray)).routes()
}

/// X-Ray alone, for the daemon's TCP port: whatever else is asked for gets AWS's answer that there is no such
/// operation. The daemon signs for those who call it, so nobody has to sign here; where signatures count elsewhere,
/// they are not looked at, or anybody could name somebody else's key.
pub fn daemon_router(
    mut config: AwsConfig,
    collector: Collector,
    store: Arc<Store>,
    source: Arc<dyn Source>,
) -> Router {
    if config.signatures != Signatures::Off {
        config.signatures = Signatures::Ignore;
    }
    router(config, collector, store, source).fallback(unknown)
}
