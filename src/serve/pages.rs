//! What the HTTP port serves besides APIs: health, metrics, and a page that says what this is.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use beamline_store::Store;
use http::{StatusCode, header};
use tower::ServiceExt;

use super::Ready;
use super::figures::Figures;

/// What the pages tell about.
#[derive(Clone)]
pub(super) struct Facts {
    store: Arc<Store>,
    figures: Figures,
    /// Every listener serves, and none is about to stop.
    open: Arc<AtomicBool>,
    ready: Arc<Ready>,
}

impl Facts {
    pub(super) fn new(store: Arc<Store>, figures: Figures, open: Arc<AtomicBool>, ready: &Ready) -> Self {
        Self {
            store,
            figures,
            open,
            ready: Arc::new(ready.clone()),
        }
    }
}

/// Everything that the HTTP port serves: pages and AWS APIs by their paths, gRPC by its content type.
pub(super) fn everything(facts: Facts, aws: Router, grpc: Router) -> Router {
    Router::new()
        .route("/", get(about))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(facts)
        .merge(aws)
        .fallback(move |request: Request| elsewhere(grpc.clone(), request))
}

/// What no path is for: gRPC, whose paths are its own; AWS operations that do not exist; or nothing.
async fn elsewhere(grpc: Router, request: Request) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        return grpc.oneshot(request).await.into_response();
    }
    let (parts, body) = request.into_parts();
    if beamline_aws::speaks_aws(&parts) {
        return beamline_aws::unknown(Request::from_parts(parts, body)).await;
    }
    (StatusCode::NOT_FOUND, "there is nothing here; / says what there is\n").into_response()
}

/// 200 while everything is taken in; otherwise 503 with the reason.
async fn ready(State(facts): State<Facts>) -> Response {
    if !facts.open.load(Ordering::Acquire) {
        return (StatusCode::SERVICE_UNAVAILABLE, "starting or stopping\n").into_response();
    }
    match facts.store.read_only() {
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("read-only: {reason}\n")).into_response(),
        None => "ready\n".into_response(),
    }
}

async fn metrics(State(facts): State<Facts>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    match tokio::task::spawn_blocking(move || facts.figures.text()).await {
        Ok(text) => (kind, text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What runs here, and how to look at it.
async fn about(State(facts): State<Facts>) -> Response {
    let Ready {
        http,
        xray,
        otlp_grpc,
        otlp_http,
        ..
    } = facts.ready.as_ref();
    let mut rows = String::new();
    for (what, how) in [
        ("X-Ray SDKs", format!("AWS_XRAY_DAEMON_ADDRESS={xray}")),
        (
            "OpenTelemetry SDKs",
            format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{otlp_grpc}"),
        ),
        (
            "the same over HTTP",
            format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{otlp_http}"),
        ),
        ("Jaeger's samplers", format!("http://{http}/sampling")),
        ("AWS CLI and SDKs", format!("AWS_ENDPOINT_URL_XRAY=http://{http}")),
        ("services and calls", format!("beamline map --endpoint http://{http}")),
        ("traces", format!("beamline search 'fault' --endpoint http://{http}")),
        ("one trace", format!("beamline trace ID --endpoint http://{http}")),
        ("nothing arrives?", format!("beamline doctor --endpoint http://{http}")),
        (
            "gRPC query API",
            format!("{http}, beamline.query.v1.Query, with reflection and health"),
        ),
        ("own figures", "/metrics, /healthz, /readyz".to_owned()),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(rows, "<tr><th>{what}<td><code>{how}</code>");
    }
    let policy = [(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'",
    )];
    (
        policy,
        Html(
            PAGE.replace("{version}", env!("CARGO_PKG_VERSION"))
                .replace("{rows}", &rows),
        ),
    )
        .into_response()
}

const PAGE: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>Beamline</title>
<meta name=\"viewport\" content=\"width=device-width\">
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 52rem; margin: 3rem auto; padding: 0 1rem }
th { text-align: left; font-weight: normal; padding-right: 2rem; white-space: nowrap; vertical-align: top }
code { overflow-wrap: anywhere }
</style>
<h1>Beamline {version}</h1>
<p>This server takes in traces from AWS X-Ray and OpenTelemetry SDKs, logs and metrics from the latter, and answers for them.</p>
<table>
{rows}</table>
</html>
";
