//! A plain HTTP client: for OTLP over HTTP, for AWS operations, and for `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use beamline_aws::sigv4::Signer;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::signed;

/// No answer of ours is larger; what is, is not from us.
const MAX_ANSWER: usize = 64 << 20;
/// Longer than any answer of a healthy server takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Talks to one server, keeping connections open.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    signer: Option<Arc<Signer>>,
}

impl Http {
    /// A client for `base`, such as `http://127.0.0.1:4318`. Connects on first use.
    pub(crate) fn new(base: &str) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            base: base.trim_end_matches('/').to_owned(),
            signer: None,
        }
    }

    /// The same client, signing for an AWS service if there are credentials.
    pub(crate) fn signed_for(mut self, service: &str) -> Self {
        self.signer = signed::signer(service).map(Arc::new);
        self
    }

    /// Sends a body and gives status and answer.
    pub(crate) async fn post(&self, path: &str, kind: &str, body: Bytes) -> anyhow::Result<(StatusCode, Bytes)> {
        self.request(Method::POST, path, kind, body).await
    }

    /// Fetches a path and gives status and answer.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        self.request(Method::GET, path, "text/plain", Bytes::new()).await
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let url = format!("{}{path}", self.base);
        let exchange = async {
            let request = Request::builder().method(method).uri(&url);
            let (mut parts, ()) = request.header(CONTENT_TYPE, kind).body(())?.into_parts();
            if let (Some(signer), Some(host)) = (&self.signer, parts.uri.authority()) {
                let host = HeaderValue::from_str(host.as_str())?;
                signed::sign(signer, &mut parts, &host, Some(&body))?;
            }
            let request = Request::from_parts(parts, Full::new(body));
            let answer = self.client.request(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
            anyhow::Ok((status, body))
        };
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .map_err(|_| anyhow::anyhow!("no answer within {}", humantime::format_duration(PATIENCE)))
            .and_then(|answer| answer)
            .with_context(|| format!("asking {url}"))
    }
}
