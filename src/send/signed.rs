//! Signing what this program asks a server, with the credentials that AWS's own tools take from the environment.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use beamline_aws::DEFAULT_REGION;
use beamline_aws::sigv4::Signer;
use beamline_model::time::Timestamp;
use beamline_store::Secret;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderValue, Request};
use tower::Service;

/// The credentials of the environment, for a service; `None` if there are none.
pub(crate) fn signer(service: &str) -> Option<Signer> {
    let variable = |name| std::env::var(name).ok().filter(|text: &String| !text.is_empty());
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    Some(Signer {
        access_key: variable("AWS_ACCESS_KEY_ID")?,
        secret: Secret::new(variable("AWS_SECRET_ACCESS_KEY")?),
        session_token: variable("AWS_SESSION_TOKEN").map(Secret::new),
        region: region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
        service: service.to_owned(),
    })
}

/// Signs a request to a host.
pub(crate) fn sign(signer: &Signer, parts: &mut Parts, host: &HeaderValue, body: Option<&[u8]>) -> anyhow::Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
    parts.headers.insert(HOST, host.clone());
    Ok(signer.sign(parts, body, now)?)
}

/// Signs each call of a gRPC client, if there are credentials to sign with.
#[derive(Clone, Debug)]
pub(crate) struct Signed<S> {
    inner: S,
    with: Option<Arc<(Signer, HeaderValue)>>,
}

impl<S> Signed<S> {
    /// Calls of `inner`, which is connected to `host`.
    pub(crate) fn new(inner: S, signer: Option<Signer>, host: &str) -> anyhow::Result<Self> {
        let host = HeaderValue::from_str(host)?;
        Ok(Self {
            inner,
            with: signer.map(|signer| Arc::new((signer, host))),
        })
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Signed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(with) = &self.with else {
            return self.inner.call(request);
        };
        let (mut parts, body) = request.into_parts();
        let (signer, host) = &**with;
        // Credentials that fit into no header sign nothing, which the server then says.
        if let Err(error) = sign(signer, &mut parts, host, None) {
            tracing::warn!("a call cannot be signed: {error}");
        }
        // HTTP/2 says the host elsewhere.
        parts.headers.remove(HOST);
        self.inner.call(Request::from_parts(parts, body))
    }
}
