//! Start, the calls that other crates make, and the way to stop.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use beamline_store::Store;
use beamline_store::api::Account;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::admit::Admission;
use crate::commit::Busy;
use crate::config::Config;
use crate::pipeline::{Failure, Pipeline, Source, Unprocessed};
use crate::react::insights::{self, Watcher};
use crate::receive::cors::Cors;
use crate::receive::listen::Port;
use crate::receive::otlp::Otlp;
use crate::receive::xray_udp::{self, Receiver, XrayUdp};
use crate::register::Registrar;
use crate::report::registry::{Kind, Registry};
use crate::report::{Arrived, Lost, Refusal, Rejected, Report, Transport};
use crate::sample::{Gate, Rules, Targets};
use crate::telemetry::Daemons;

/// What other crates call: everything that changes the store but does not come through a socket of the collector's own.
#[derive(Clone)]
pub struct Collector {
    pipeline: Arc<Pipeline>,
    otlp: Arc<Otlp>,
    /// Sampling rules.
    pub rules: Arc<Rules>,
    /// What sampling clients report and are granted.
    pub targets: Arc<Targets>,
    /// What X-Ray daemons told about themselves.
    pub daemons: Arc<Daemons>,
    /// The figures of the whole process.
    pub registry: Arc<Registry>,
    /// The collector's own counters, and what it refused lately.
    pub report: Arc<Report>,
}

/// The ports that are served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// X-Ray datagrams.
    pub xray_udp: Option<SocketAddr>,
    /// OTLP over gRPC.
    pub otlp_grpc: Option<SocketAddr>,
    /// OTLP over HTTP.
    pub otlp_http: Option<SocketAddr>,
}

/// A port could not be served.
#[derive(Debug, thiserror::Error)]
#[error("listening on {address} for {what}")]
pub struct CannotListen {
    /// The address asked for.
    pub address: SocketAddr,
    /// What for.
    pub what: &'static str,
    /// Why not.
    pub source: io::Error,
}

/// Why a call with segment documents was refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentsError {
    /// More documents than one call may have.
    #[error("{given} documents, {limit} are allowed")]
    TooMany {
        /// How many there are.
        given: usize,
        /// How many there may be.
        limit: usize,
    },
    /// It can be sent again later.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// Something was still being worked on when the time to stop was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} were still busy when the time to stop was over")]
pub struct Unclean(&'static str);

/// Receivers that run until [`Running::drain`].
pub struct Running {
    /// For other crates.
    pub collector: Collector,
    /// The ports that are served.
    pub addresses: Addresses,
    stop: CancellationToken,
    ports: JoinSet<()>,
    /// What is done of our own accord, until everything has come in.
    reactions: JoinSet<()>,
    stop_reacting: CancellationToken,
    datagrams: Option<Receiver>,
}

impl Collector {
    /// Binds every configured port, then serves them all. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When a port cannot be bound; none is served then.
    pub async fn start(config: Config, store: Arc<Store>, registry: Arc<Registry>) -> Result<Running, CannotListen> {
        let collector = Self::new(&config, store, registry);
        let grpc = bind(config.otlp_grpc, "OTLP over gRPC").await?;
        let http = bind(config.otlp_http, "OTLP over HTTP").await?;
        let udp = config
            .xray_udp
            .map(|address| XrayUdp::bind(address).map_err(cannot(address, "X-Ray datagrams")));
        let udp = udp.transpose()?;
        let addresses = Addresses {
            xray_udp: udp.as_ref().and_then(|udp| udp.address().ok()),
            otlp_grpc: grpc.as_ref().and_then(|listener| listener.local_addr().ok()),
            otlp_http: http.as_ref().and_then(|listener| listener.local_addr().ok()),
        };
        let stop = CancellationToken::new();
        let mut ports = JoinSet::new();
        for (listener, transport) in [(grpc, Transport::OtlpGrpc), (http, Transport::OtlpHttp)] {
            let Some(listener) = listener else { continue };
            let port = Port {
                listener,
                transport,
                otlp: Arc::clone(&collector.otlp),
                connections: config.limits.connections,
                first_request: config.limits.slow_client,
            };
            ports.spawn(port.serve(stop.clone()));
        }
        let datagrams = match (udp, config.xray_udp) {
            (Some(udp), Some(address)) => {
                let started = Receiver::start(udp, Arc::clone(&collector.pipeline));
                let (receiver, metrics) = started.map_err(cannot(address, "X-Ray datagrams"))?;
                ports.spawn(xray_udp::keep_metrics(Arc::clone(&collector.pipeline), metrics));
                Some(receiver)
            }
            _ => None,
        };
        let (mut reactions, stop_reacting) = (JoinSet::new(), CancellationToken::new());
        if let Some(every) = config.insights {
            let watcher = Watcher::new(Arc::clone(&collector.pipeline.store), &collector.registry);
            let watch = insights::run(watcher, every, stop_reacting.clone());
            reactions.spawn(watch.instrument(tracing::info_span!("insights")));
        }
        Ok(Running {
            collector,
            addresses,
            stop,
            ports,
            reactions,
            stop_reacting,
            datagrams,
        })
    }

    fn new(config: &Config, store: Arc<Store>, registry: Arc<Registry>) -> Self {
        let report = Arc::new(Report::new(&registry));
        let rules = Arc::new(Rules::new(Arc::clone(&store), config.limits.sampling_rules));
        let gate = Gate::new(config.head_sampling, Arc::clone(&rules), Arc::clone(&store));
        let pipeline = Arc::new(Pipeline {
            registrar: Registrar::new(Arc::clone(&store)),
            store,
            report: Arc::clone(&report),
            gate,
            limits: config.limits,
        });
        let admission = Admission::new(config.limits.in_flight_bytes, config.limits.in_flight_wait);
        let shown = admission.clone();
        registry.figure(
            "beamline_collector_in_flight_bytes",
            "Bytes of requests that are being worked on.",
            Kind::Gauge,
            move || shown.in_flight() as f64,
        );
        let daemons = Arc::<Daemons>::default();
        let told = Arc::clone(&daemons);
        registry.figures(
            "beamline_collector_daemon_segments_total",
            "Segments that X-Ray daemons tell of, by what became of them there.",
            Kind::Counter,
            "fate",
            move || told.total().each().map(|(fate, count)| (fate, count as f64)).to_vec(),
        );
        let otlp = Arc::new(Otlp {
            pipeline: Arc::clone(&pipeline),
            admission,
            cors: Cors::new(&config.cors_origins),
        });
        Self {
            pipeline,
            otlp,
            targets: Arc::new(Targets::new(Arc::clone(&rules))),
            rules,
            daemons,
            registry,
            report,
        }
    }

    /// Takes segment documents as `PutTraceSegments` has them: each a segment, a subsegment, an array of subsegments, or
    /// OTLP behind `T1S`, `T1U` or `M1`. Returns when all valid ones are kept, with those that are not.
    ///
    /// # Errors
    /// When nothing was kept, because there are too many or because it cannot be done now.
    pub async fn put_segments(
        &self,
        account: Account,
        peer: Option<SocketAddr>,
        documents: &[Bytes],
    ) -> Result<Vec<Unprocessed>, SegmentsError> {
        let transport = Transport::XrayApi;
        let source = Source {
            transport,
            account,
            peer,
        };
        let bytes: usize = documents.iter().map(Bytes::len).sum();
        let arrived = Arrived {
            transport,
            count: 1,
            bytes: bytes as u64,
        };
        arrived.emit(&self.report);
        let (given, limit) = (documents.len(), self.pipeline.limits.documents);
        if given > limit {
            let error = SegmentsError::TooMany { given, limit };
            let refusal = Refusal {
                transport,
                reason: Rejected::TooManyDocuments,
                message: &error.to_string(),
                id: None,
                peer,
                at: self.pipeline.store.stamp(),
                count: 1,
                bytes: &[],
            };
            refusal.emit(&self.report);
            return Err(error);
        }
        let outcome = self.put_within_bounds(source, bytes, documents).await;
        outcome.map_err(|busy| {
            let lost = Lost {
                transport,
                reason: busy.reason,
                count: documents.len() as u64,
                at: self.pipeline.store.stamp(),
            };
            lost.emit(&self.report);
            busy.into()
        })
    }

    async fn put_within_bounds(
        &self,
        source: Source,
        bytes: usize,
        documents: &[Bytes],
    ) -> Result<Vec<Unprocessed>, Busy> {
        let mut held = self.otlp.admission.start();
        held.grow(bytes).await?;
        self.pipeline.documents(source, documents).await
    }

    /// Answers `POST /v1/traces`, `/v1/logs` or `/v1/metrics` that came to the AWS endpoint.
    pub async fn export<B>(&self, account: Account, peer: Option<SocketAddr>, request: Request<B>) -> Response<Bytes>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let source = Source {
            transport: Transport::OtlpAws,
            account,
            peer,
        };
        self.otlp.http(source, request).await
    }

    /// Answers an OTLP request that the AWS endpoint does not let in: in OTLP's words, and counted.
    #[must_use]
    pub fn turn_away_export(
        &self,
        peer: Option<SocketAddr>,
        headers: &HeaderMap,
        failure: &Failure,
    ) -> Response<Bytes> {
        let source = Source::stranger(Transport::OtlpAws, peer);
        self.otlp.turn_away(source, headers, failure)
    }

    /// Counts a call of `PutTraceSegments` that the AWS endpoint does not let in.
    pub fn turn_away_segments(&self, peer: Option<SocketAddr>, failure: &Failure) {
        let source = Source::stranger(Transport::XrayApi, peer);
        self.pipeline.arrived(source.transport, 1, 0);
        self.otlp.tell(source, failure);
    }
}

impl Running {
    /// Stops in the direction the data flows: no new input, then all that came in is handed to the store, then what
    /// reacts to it. The store is the caller's to close, after this.
    ///
    /// # Errors
    /// What was still busy when `grace` was over.
    pub async fn drain(mut self, grace: Duration) -> Result<(), Unclean> {
        let deadline = tokio::time::Instant::now() + grace;
        self.stop.cancel();
        if let Some(datagrams) = self.datagrams.take() {
            datagrams.stop();
            let joined = tokio::task::spawn_blocking(move || datagrams.join());
            let joined = tokio::time::timeout_at(deadline, joined).await;
            joined
                .map_err(|_| Unclean("datagrams"))?
                .map_err(|_| Unclean("datagrams"))?;
        }
        let finished = tokio::time::timeout_at(deadline, async { while self.ports.join_next().await.is_some() {} });
        finished.await.map_err(|_| Unclean("requests"))?;
        self.stop_reacting.cancel();
        let finished = tokio::time::timeout_at(deadline, async { while self.reactions.join_next().await.is_some() {} });
        finished.await.map_err(|_| Unclean("looks for insights"))
    }
}

async fn bind(address: Option<SocketAddr>, what: &'static str) -> Result<Option<TcpListener>, CannotListen> {
    match address {
        Some(address) => TcpListener::bind(address)
            .await
            .map(Some)
            .map_err(cannot(address, what)),
        None => Ok(None),
    }
}

fn cannot(address: SocketAddr, what: &'static str) -> impl FnOnce(io::Error) -> CannotListen {
    move |source| CannotListen { address, what, source }
}
