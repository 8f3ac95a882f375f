//! The TCP ports that this crate serves, and the number that the X-Ray port shares between UDP and TCP.

use std::net::{SocketAddr, UdpSocket};

use anyhow::Context;
use beamline_collector::Addresses;
use tokio::net::TcpListener;

use super::Ready;
use crate::config::Config;

/// Bound, not yet serving.
pub(super) struct Ports {
    pub(super) http: TcpListener,
    pub(super) xray: TcpListener,
    /// Where datagrams shall be received: the same number as `xray` has.
    pub(super) xray_udp: SocketAddr,
}

/// Free ports to try before giving up finding one that is free for both UDP and TCP.
const TRIES: usize = 32;

impl Ports {
    pub(super) async fn bind(config: &Config) -> anyhow::Result<Self> {
        let http = bind(config.http, "--http").await?;
        let xray = bind_for_both(config.xray).await?;
        let xray_udp = xray.local_addr()?;
        Ok(Self { http, xray, xray_udp })
    }

    /// What was bound altogether.
    pub(super) fn ready(&self, config: &Config, receivers: &Addresses) -> anyhow::Result<Ready> {
        let data = std::path::absolute(&config.data).unwrap_or_else(|_| config.data.clone());
        Ok(Ready {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data,
            http: self.http.local_addr()?,
            xray: receivers.xray_udp.context("datagrams are received")?,
            otlp_grpc: receivers.otlp_grpc.context("OTLP is served by gRPC")?,
            otlp_http: receivers.otlp_http.context("OTLP is served by HTTP")?,
        })
    }
}

async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("binding {address}; {flag} chooses another address, and port 0 a free one"))
}

/// A TCP port whose number is free for UDP as well. That can change before it is bound, which then is an error like any
/// other taken port.
async fn bind_for_both(address: SocketAddr) -> anyhow::Result<TcpListener> {
    for _ in 0..TRIES {
        let listener = bind(address, "--xray").await?;
        if address.port() != 0 || UdpSocket::bind(listener.local_addr()?).is_ok() {
            return Ok(listener);
        }
    }
    anyhow::bail!("no port is free for both UDP and TCP at {}", address.ip())
}
