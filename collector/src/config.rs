//! What can be chosen about the receivers. Every value is already checked: reading files and flags is the binary's job.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What can be chosen when the collector is started. [`Config::default`] has what fits a server on a loopback.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where X-Ray datagrams are received; `None` for nowhere. Port 0 picks a free one, here and below.
    pub xray_udp: Option<SocketAddr>,
    /// Where OTLP over gRPC is served.
    pub otlp_grpc: Option<SocketAddr>,
    /// Where OTLP over HTTP is served.
    pub otlp_http: Option<SocketAddr>,
    /// Origins of web pages that may send OTLP, such as `https://shop.example.com` or `http://localhost:*`.
    pub cors_origins: Vec<String>,
    /// Whether sampling rules also decide here, for spans whose sender did not.
    pub head_sampling: HeadSampling,
    /// How often insights are looked for; `None` for never.
    pub insights: Option<Duration>,
    /// Bounds.
    pub limits: Limits,
}

/// Whether sampling rules also decide here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadSampling {
    /// Everything that arrives is kept.
    #[default]
    Off,
    /// Spans that their sender did not mark as sampled are kept if the rules say so.
    Rules,
}

/// Bounds of what is accepted at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one segment document: 64 KiB in X-Ray itself.
    pub document_bytes: usize,
    /// Documents of one `PutTraceSegments` call.
    pub documents: usize,
    /// Bytes of one OTLP request, before and after decompression.
    pub request_bytes: usize,
    /// Bytes of one log record: 1 MiB in CloudWatch Logs. No more than the store keeps of an event.
    pub log_record_bytes: usize,
    /// Bytes of all requests that are being worked on.
    pub in_flight_bytes: usize,
    /// How long a request waits for others to finish when those bytes are used up.
    pub in_flight_wait: Duration,
    /// Connections per port.
    pub connections: usize,
    /// How long a client may take for its first request, and for each request's body.
    pub slow_client: Duration,
    /// Sampling rules per account, besides the default one.
    pub sampling_rules: usize,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        Self {
            xray_udp: loopback(2000),
            otlp_grpc: loopback(4317),
            otlp_http: loopback(4318),
            cors_origins: vec!["http://localhost:*".to_owned(), "http://127.0.0.1:*".to_owned()],
            head_sampling: HeadSampling::Off,
            insights: Some(Duration::from_secs(5)),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 4 << 20,
            documents: 1_000,
            request_bytes: 64 << 20,
            log_record_bytes: 1 << 20,
            in_flight_bytes: 256 << 20,
            in_flight_wait: Duration::from_millis(250),
            connections: 4_096,
            slow_client: Duration::from_secs(10),
            sampling_rules: 1_000,
        }
    }
}

impl Limits {
    /// The limits that AWS itself sets.
    #[must_use]
    pub fn strict(self) -> Self {
        Self {
            document_bytes: 64 * 1024,
            documents: 50,
            sampling_rules: 25,
            ..self
        }
    }
}
