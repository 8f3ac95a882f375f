//! X-Ray datagrams, as SDKs send them to the daemon's port.

use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;

/// The line that opens every datagram.
pub(crate) const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// A socket connected to one daemon address.
pub(crate) struct XrayUdp {
    socket: UdpSocket,
}

impl XrayUdp {
    /// Opens a socket. Nothing is sent, so this succeeds whether or not anybody listens.
    pub(crate) async fn connect(daemon: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(if daemon.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" }).await?;
        socket.connect(daemon).await?;
        Ok(Self { socket })
    }

    /// Sends one document with the header before it.
    pub(crate) async fn send(&self, document: &[u8]) -> io::Result<()> {
        self.send_datagram(&[HEADER, document].concat()).await
    }

    /// Sends a datagram that has its header already. A refusal that the kernel reports belongs to an earlier datagram;
    /// this one is sent again, once.
    pub(crate) async fn send_datagram(&self, datagram: &[u8]) -> io::Result<()> {
        match self.socket.send(datagram).await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => self.socket.send(datagram).await,
            sent => sent,
        }
        .map(|_| ())
    }
}
