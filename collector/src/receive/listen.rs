//! TCP connections that speak HTTP/1 or HTTP/2: accepts them, bounds them, and lets them finish when it is time to stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::answer::Reply;
use super::otlp::Otlp;
use crate::report::Transport;

/// An idle HTTP/1 connection is closed after so long: longer than any exporter's schedule.
const IDLE: Duration = Duration::from_secs(75);

/// After the word to stop, requests that have begun have so long to finish, unless the server's own patience ends first.
const FINISH: Duration = Duration::from_secs(60);

/// One port.
pub(crate) struct Port {
    pub(crate) listener: TcpListener,
    pub(crate) transport: Transport,
    pub(crate) otlp: Arc<Otlp>,
    pub(crate) connections: usize,
    pub(crate) first_request: Duration,
}

impl Port {
    /// Serves until told to stop, then until all requests that have begun are answered.
    pub(crate) async fn serve(self, stop: CancellationToken) {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE)
            .max_buf_size(64 * 1024);
        builder
            .http2()
            .timer(TokioTimer::new())
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(8 << 20)
            .max_concurrent_streams(1_024)
            .max_header_list_size(32 * 1024)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        let graceful = GracefulShutdown::new();
        let room = Arc::new(Semaphore::new(self.connections));
        let mut tasks = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.accept(&room) => accepted,
            };
            while tasks.try_join_next().is_some() {}
            let Some((stream, peer, permit)) = accepted else {
                continue;
            };
            let served = Arc::new(AtomicBool::new(false));
            let service = {
                let (otlp, served, transport) = (Arc::clone(&self.otlp), Arc::clone(&served), self.transport);
                service_fn(move |request: Request<Incoming>| {
                    served.store(true, Ordering::Relaxed);
                    let otlp = Arc::clone(&otlp);
                    async move { Ok::<Response<Reply>, Infallible>(otlp.serve(transport, peer, request).await) }
                })
            };
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            let connection = graceful.watch(connection);
            let patience = self.first_request;
            tasks.spawn(async move {
                let _permit = permit;
                let mute = async {
                    tokio::time::sleep(patience).await;
                    if served.load(Ordering::Relaxed) {
                        std::future::pending::<()>().await;
                    }
                };
                tokio::select! {
                    // A connection that breaks is the client's affair; what it sent was answered or not by itself.
                    _ = connection => {}
                    () = mute => tracing::debug!(%peer, "closed: no request came"),
                }
            });
        }
        drop(self.listener);
        if tokio::time::timeout(FINISH, graceful.shutdown()).await.is_err() {
            tracing::warn!("connections were closed before their requests were answered");
        }
        tasks.shutdown().await;
    }

    async fn accept(
        &self,
        room: &Arc<Semaphore>,
    ) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let permit = Arc::clone(room).acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and awaited, so they should not wait for company.
                let _ = stream.set_nodelay(true);
                Some((stream, peer, permit))
            }
            Err(error) => {
                // Out of file descriptors, or the client went away: neither is helped by trying at once.
                tracing::warn!("accepting a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                None
            }
        }
    }
}
