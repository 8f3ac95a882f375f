//! The server: open, bind, serve, wait, drain, on one screen.

mod figures;
mod guard;
mod jaeger;
mod keys;
mod listen;
mod pages;
mod ports;
mod ready;
mod signal;
mod status;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use beamline_aws::{AwsConfig, Signatures};
use beamline_collector::report::registry::Registry;
use beamline_collector::{Collector, Limits, Running};
use beamline_proto::jaeger::sampling_manager_server::SamplingManagerServer;
use beamline_query::serve::{PoolConfig, QueryService};
use beamline_query::source::Source;
use beamline_store::{Location, Store, StoreConfig, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Config;
use figures::Figures;
pub(crate) use guard::SERVICE;
use jaeger::Jaeger;
use listen::Threads;
use pages::Facts;
use ports::Ports;
pub(crate) use ready::Ready;
pub(crate) use signal::interrupted;
use status::Operator;

/// A server that serves, until [`Server::drain`].
pub(crate) struct Server {
    /// What was bound.
    pub(crate) ready: Ready,
    config: Config,
    store: Arc<Store>,
    receivers: Running,
    listeners: JoinSet<()>,
    /// Those that the listeners run on.
    threads: Threads,
    stopping: CancellationToken,
    open: Arc<AtomicBool>,
}

/// Serves until it is told to stop.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let server = Server::start(config).await?;
    interrupted().await?;
    server.drain().await
}

impl Server {
    /// Opens the store, binds everything, and returns once everything serves.
    pub(crate) async fn start(config: Config) -> anyhow::Result<Self> {
        let store = open_store(&config).await?;
        let ports = Ports::bind(&config).await?;
        let registry = Arc::new(Registry::default());
        let receivers =
            Collector::start(collector_config(&config, &ports), Arc::clone(&store), registry.clone()).await?;
        let ready = ports.ready(&config, &receivers.addresses)?;

        let figures = Figures::new(registry, Arc::clone(&store));
        let open = Arc::new(AtomicBool::new(false));
        let operator = Operator::new(figures.clone(), receivers.collector.clone(), Arc::clone(&open));
        let source: Arc<dyn Source> = Arc::<Store>::clone(&store);
        let query = QueryService::new(
            Arc::clone(&source),
            Arc::new(operator),
            PoolConfig::default(),
            crate::demo::now,
        );
        let aws = aws_config(&config);
        let account = store.known_account(&config.account, &config.region).unwrap_or_default();
        let jaeger = Jaeger::new(Arc::clone(&receivers.collector.rules), account);
        let grpc = beamline_query::serve::routes(query).await;
        let grpc = grpc
            .add_service(SamplingManagerServer::new(jaeger.clone()))
            .into_axum_router();
        let grpc = guard::guarded(grpc, &aws, &config.account);
        let facts = Facts::new(Arc::clone(&store), figures, Arc::clone(&open), &ready);
        let collector = &receivers.collector;
        let mut everywhere =
            beamline_aws::router(aws.clone(), collector.clone(), Arc::clone(&store), Arc::clone(&source));
        // Jaeger's clients cannot sign, so where everybody has to they get no rules.
        if aws.signatures != Signatures::Enforce {
            everywhere = everywhere.merge(jaeger.routes());
        }
        let daemon = beamline_aws::daemon_router(aws, collector.clone(), Arc::clone(&store), source);
        let people = pages::everything(facts, everywhere, grpc);

        let (mut listeners, stopping) = (JoinSet::new(), CancellationToken::new());
        let threads = Threads::start().context("starting the threads that answer")?;
        for (listener, router) in [(ports.http, people), (ports.xray, daemon)] {
            let listener = threads.take_over(listener)?;
            let serving = listen::serve(listener, router, stopping.clone(), config.drain);
            listeners.spawn_on(serving, threads.handle());
        }
        if config.master_files.paths().next().is_some() {
            let files = config.master_files.clone();
            listeners.spawn(keys::watch(files, Arc::clone(&store), stopping.clone()));
        }
        open.store(true, Ordering::Release);
        if let Some(path) = &config.ready_file {
            ready
                .write(path)
                .with_context(|| format!("writing {}", path.display()))?;
        }
        info!("{ready}");
        Ok(Self {
            ready,
            config,
            store,
            receivers,
            listeners,
            threads,
            stopping,
            open,
        })
    }

    /// Stops in the direction the data flows: no new input, then what is under way, then the store.
    pub(crate) async fn drain(mut self) -> anyhow::Result<()> {
        info!("stopping; a second signal ends it at once");
        self.open.store(false, Ordering::Release);
        self.stopping.cancel();
        if let Err(unclean) = self.receivers.drain(self.config.drain).await {
            warn!("{unclean}");
        }
        while self.listeners.join_next().await.is_some() {}
        drop(self.threads);
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.close())
            .await
            .context("closing the store")?;
        if let Some(path) = &self.config.ready_file {
            // Somebody may have taken it away already, which is what we want.
            let _ = std::fs::remove_file(path);
        }
        info!("stopped");
        Ok(())
    }
}

async fn open_store(config: &Config) -> anyhow::Result<Arc<Store>> {
    let mut options = StoreConfig::new(Location::Folder(config.data.clone()));
    options.default_account = (config.account.clone(), config.region.clone());
    options.durability = config.durability;
    options.memory = config.memory;
    options.retention_days = config.retention_days;
    options.masters = config.masters.clone();
    options.seal.idle = config.seal_after;
    options.seal.every = options.seal.every.min(config.seal_after);
    // Log events and points are sealed by their age: a minute, unless traces are hurried or held back.
    options.logs.seal_age = config.seal_after * 6;
    options.seal.age = options.seal.age.min(config.seal_after * 30);
    let opened = tokio::task::spawn_blocking(move || Store::open(options)).await?;
    let store = opened.map_err(|error| match error {
        StoreError::Locked(_) => anyhow::anyhow!(error).context(
            "name the master key with --encryption-key-file, or its passphrase with --encryption-passphrase-file",
        ),
        _ => anyhow::anyhow!(error),
    });
    let store = store.with_context(|| format!("opening the data in {}", config.data.display()))?;
    Ok(Arc::new(store))
}

fn collector_config(config: &Config, ports: &Ports) -> beamline_collector::Config {
    let limits = Limits {
        request_bytes: config.max_request,
        ..Limits::default()
    };
    beamline_collector::Config {
        xray_udp: Some(ports.xray_udp),
        otlp_grpc: Some(config.otlp_grpc),
        otlp_http: Some(config.otlp_http),
        cors_origins: config.cors.clone(),
        head_sampling: config.head_sampling,
        limits: if config.strict { limits.strict() } else { limits },
        ..beamline_collector::Config::default()
    }
}

fn aws_config(config: &Config) -> AwsConfig {
    AwsConfig {
        default_account: config.account.clone(),
        default_region: config.region.clone(),
        signatures: config.signatures,
        credentials: Arc::new(config.credentials.clone()),
        clock: crate::demo::now,
        strict: config.strict,
        ..AwsConfig::default()
    }
}
