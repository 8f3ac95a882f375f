// What the fuzz targets hold for every input. `aws/tests/api/corpora.rs` includes this file, so that the corpora run as
// ordinary tests too.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use beamline_aws::sigv4::{Gate, Signer};
use beamline_aws::{AwsConfig, Credential, Credentials, Signatures};
use beamline_collector::{Collector, Config};
use beamline_model::time::Timestamp;
use beamline_store::engine::memory::Memory;
use beamline_store::{Secret, Store, StoreConfig};
use http::{HeaderValue, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// What stands between the requests of one input.
const NEXT: &str = "\n---\n";

/// So many requests of an input are sent.
const MOST_REQUESTS: usize = 8;

/// When every request is sent: the moment of the test suite that AWS publishes for signatures.
const NOW: Timestamp = Timestamp(1_440_938_160_000_000_000);

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("threads can be started")
});

/// Requests to a server that nobody asked before: each is answered in AWS's shape and none by an inner error, and what
/// was taken in can be sealed and read.
pub fn read_requests(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let requests: Vec<Request<String>> = text.split(NEXT).take(MOST_REQUESTS).filter_map(request).collect();
    if requests.is_empty() {
        return;
    }
    RUNTIME.block_on(async {
        let engine = Arc::new(Memory::new());
        let store = Arc::new(Store::on(engine, StoreConfig::in_memory()).expect("an empty store opens"));
        let router = router(&store).await;
        for request in requests {
            answered(&router, request).await;
        }
        store.seal_all().expect("what was taken in can be sealed");
        let everything = r#"{"StartTime":0,"EndTime":1e300}"#;
        for path in ["/TraceSummaries", "/ServiceGraph"] {
            let request = Request::post(path).body(everything.to_owned());
            answered(&router, request.expect("a request")).await;
        }
        store.close();
    });
}

async fn router(store: &Arc<Store>) -> Router {
    let quiet = Config {
        xray_udp: None,
        otlp_grpc: None,
        otlp_http: None,
        insights: None,
        ..Config::default()
    };
    let running = Collector::start(quiet, Arc::clone(store), Arc::default()).await;
    let collector = running.expect("no port is asked for").collector;
    let config = AwsConfig {
        clock: || NOW,
        ..AwsConfig::default()
    };
    let source = Arc::<Store>::clone(store);
    beamline_aws::router(config, collector, Arc::clone(store), source).fallback(beamline_aws::unknown)
}

async fn answered(router: &Router, request: Request<String>) {
    let exports = request.uri().path() == "/v1/traces";
    let answer = router.clone().oneshot(request.map(Body::from)).await;
    let (parts, body) = answer.expect("routers answer everything").into_parts();
    assert_ne!(parts.status, 500);
    assert!(parts.headers.contains_key("x-amzn-requestid"));
    let bytes = body.collect().await.expect("it is in memory").to_bytes();
    if exports {
        return;
    }
    let document: Value = serde_json::from_slice(&bytes).expect("answers are JSON");
    if !parts.status.is_success() {
        assert_eq!(
            document["__type"],
            parts.headers["x-amzn-errortype"].to_str().expect("a name")
        );
    }
}

/// A request with any head: whoever is let in, nothing breaks; and signed, it is let in, until its body is another.
pub fn read_signed(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(request) = request(text) else { return };
    let (mut parts, body) = request.into_parts();
    for signatures in [Signatures::Off, Signatures::Lenient, Signatures::Enforce] {
        let gate = gate(signatures);
        let Ok(pass) = gate.look(&parts) else { continue };
        let _ = pass.verify(&parts, body.as_bytes());
        let _ = (pass.account(), pass.region(), pass.service(), pass.needs_body(&parts));
    }
    parts.headers.clear();
    parts.headers.insert("host", HeaderValue::from_static("127.0.0.1:2000"));
    let signer = Signer {
        access_key: KEY.to_owned(),
        secret: Secret::new(SECRET),
        session_token: None,
        region: "eu-west-1".to_owned(),
        service: "xray".to_owned(),
    };
    let signed = signer.sign(&mut parts, Some(body.as_bytes()), NOW);
    signed.expect("all texts can be headers");
    let gate = gate(Signatures::Enforce);
    let pass = gate.look(&parts).expect("it is signed");
    assert_eq!(pass.verify(&parts, body.as_bytes()), Ok(()));
    assert!(pass.verify(&parts, format!("{body} ").as_bytes()).is_err());
}

fn gate(signatures: Signatures) -> Gate {
    let credential = Credential {
        secret: Secret::new(SECRET),
        account: "210987654321".to_owned(),
    };
    let credentials = Credentials::from([(KEY.to_owned(), credential)]);
    Gate::new(signatures, Arc::new(credentials), || NOW)
}

/// A request as HTTP/1.1 writes it, but with lines ended by newlines alone and without the version.
fn request(text: &str) -> Option<Request<String>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request = request.header(name, value.trim());
    }
    request.body(body.to_owned()).ok()
}
