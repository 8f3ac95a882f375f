//! A server on a free port, and a client that says exactly what it is told to.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use beamline_aws::AwsConfig;
use beamline_collector::{Collector, Config, Limits};
use beamline_query::source::Source;
use beamline_store::engine::memory::Memory;
use beamline_store::{Store, StoreConfig};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: Arc<Store>,
    pub(crate) collector: Collector,
    client: Client<HttpConnector, Full<Bytes>>,
    config: AwsConfig,
    engine: Arc<Memory>,
    _tasks: JoinSet<()>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// What a server serves.
type Serves = fn(AwsConfig, Collector, Arc<Store>, Arc<dyn Source>) -> Router;

/// All APIs, and AWS's answer where there is none.
fn everything(config: AwsConfig, collector: Collector, store: Arc<Store>, source: Arc<dyn Source>) -> Router {
    beamline_aws::router(config, collector, store, source).fallback(beamline_aws::unknown)
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(AwsConfig::default()).await
    }

    pub(crate) async fn with(config: AwsConfig) -> Self {
        Self::on(
            Arc::new(Memory::new()),
            StoreConfig::in_memory(),
            config,
            everything,
            None,
        )
        .await
    }

    /// The daemon's port.
    pub(crate) async fn daemon(config: AwsConfig) -> Self {
        let daemon = beamline_aws::daemon_router;
        Self::on(Arc::new(Memory::new()), StoreConfig::in_memory(), config, daemon, None).await
    }

    /// On a store that is configured in its own way.
    pub(crate) async fn storing(store: StoreConfig) -> Self {
        Self::on(Arc::new(Memory::new()), store, AwsConfig::default(), everything, None).await
    }

    /// Moves everything to its final place.
    pub(crate) async fn seal_all(&self) {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.seal_all().unwrap())
            .await
            .unwrap();
    }

    /// A server whose queries are answered by something else than its store.
    pub(crate) async fn reading(config: AwsConfig, source: Arc<dyn Source>) -> Self {
        let memory = Arc::new(Memory::new());
        Self::on(memory, StoreConfig::in_memory(), config, everything, Some(source)).await
    }

    /// Stops, and starts again with nothing but what was written down.
    pub(crate) async fn restart(self) -> Self {
        let (engine, config) = (Arc::clone(&self.engine), self.config.clone());
        self.store.close();
        drop(self);
        Self::on(engine, StoreConfig::in_memory(), config, everything, None).await
    }

    async fn on(
        engine: Arc<Memory>,
        store: StoreConfig,
        config: AwsConfig,
        serves: Serves,
        source: Option<Arc<dyn Source>>,
    ) -> Self {
        let store = Arc::new(Store::on(Arc::clone(&engine) as _, store).unwrap());
        let limits = Limits::default();
        let collector = Config {
            xray_udp: None,
            otlp_grpc: None,
            otlp_http: None,
            limits: if config.strict { limits.strict() } else { limits },
            insights: None,
            ..Config::default()
        };
        let running = Collector::start(collector, Arc::clone(&store), Arc::default())
            .await
            .unwrap();
        let source = source.unwrap_or_else(|| Arc::<Store>::clone(&store));
        let router = serves(config.clone(), running.collector.clone(), Arc::clone(&store), source);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            store,
            collector: running.collector.clone(),
            config,
            engine,
            client: Client::builder(TokioExecutor::new()).build_http(),
            _tasks: tasks,
        }
    }

    /// An unsigned request without a content type, as the X-Ray SDK for Go sends them.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Request::post(path), body.to_string()).await
    }

    /// The request as it was built, with this server put before the path.
    pub(crate) async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Reply {
        let mut request = request.body(Full::new(body.into())).unwrap();
        *request.uri_mut() = format!("http://{}{}", self.address, request.uri()).parse().unwrap();
        let (parts, body) = self.client.request(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {bytes:?}")),
        }
    }

    /// The status alone, for answers that are not JSON.
    pub(crate) async fn status(&self, request: http::request::Builder, body: impl Into<Bytes>) -> u16 {
        let mut request = request.body(Full::new(body.into())).unwrap();
        *request.uri_mut() = format!("http://{}{}", self.address, request.uri()).parse().unwrap();
        self.client.request(request).await.unwrap().status().as_u16()
    }

    /// Posts and compares the whole answer: `expected` is the status and the body, or the error's code and message.
    pub(crate) async fn check(&self, path: &str, body: Value, status: u16, expected: Value) -> Value {
        let reply = self.post(path, &body).await;
        assert_eq!((reply.status, &reply.body), (status, &expected), "POST {path} {body}");
        reply.body
    }

    /// The pages of a list, with a restart before each but the first.
    pub(crate) async fn pages(self, path: &str, request: &Value, list: &str) -> Vec<Vec<Value>> {
        let (mut server, mut request, mut pages) = (self, request.clone(), Vec::new());
        loop {
            let reply = server.post(path, &request).await;
            assert_eq!(reply.status, 200, "POST {path} {request}: {}", reply.body);
            pages.push(reply.body[list].as_array().unwrap().clone());
            let token = reply.body["NextToken"].clone();
            if token.is_null() {
                return pages;
            }
            assert_ne!(token, request["NextToken"], "a repeated token makes paginators fail");
            request["NextToken"] = token;
            server = server.restart().await;
        }
    }

    /// Posts and looks for the error's code and a part of its message.
    pub(crate) async fn refuses(&self, path: &str, body: Value, code: &str, part: &str) {
        let reply = self.post(path, &body).await;
        reply.is_fault(code, part);
    }
}

impl Reply {
    /// Every error has its code in the header and in the body, and a message.
    pub(crate) fn is_fault(&self, code: &str, part: &str) {
        assert_eq!(self.body["__type"], code, "{}", self.body);
        assert_eq!(self.headers["x-amzn-errortype"], code);
        let message = self.body["Message"].as_str().unwrap();
        assert!(message.contains(part), "{message:?} should contain {part:?}");
        assert!(self.status >= 400);
    }
}
