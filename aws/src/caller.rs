//! Who is calling: account and region, as far as the request says.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::request::Parts;

use crate::AwsConfig;
use crate::sigv4::Pass;

/// The account of whoever does not say, or whose access key is not configured, unless the server is told another.
pub const DEFAULT_ACCOUNT: &str = "123456789012";
/// The region of whoever does not sign, unless the server is told another.
pub const DEFAULT_REGION: &str = "us-east-1";

/// The party a request is answered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Twelve digits.
    pub(crate) account: String,
    /// `us-east-1` style.
    pub(crate) region: String,
    /// Where the request came from, if the listener tells.
    pub(crate) peer: Option<SocketAddr>,
}

impl Caller {
    /// Who sent a request, as far as it got through the gate.
    pub(crate) fn of(parts: &Parts, pass: &Pass<'_>, config: &AwsConfig) -> Self {
        Self {
            account: pass.account().unwrap_or(&config.default_account).to_owned(),
            region: pass.region().unwrap_or(&config.default_region).to_owned(),
            peer: peer(parts),
        }
    }
}

/// Where a request came from, if the listener tells.
pub(crate) fn peer(parts: &Parts) -> Option<SocketAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(peer)| *peer)
}
