//! OTLP over HTTP.

use std::io::{Read, Write};
use std::time::Duration;

use beamline_collector::report::{Dropped, Rejected, Transport};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic_types::pb;

use crate::support::{Server, TRACE, request, span, start};

const HTTP: Transport = Transport::OtlpHttp;
pub(crate) const PROTOBUF: &str = "application/x-protobuf";

pub(crate) async fn send(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{}{path}", server.http()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

async fn post(server: &Server, headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    send(server, Method::POST, "/v1/traces", headers, body).await
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn protobuf_is_kept_however_it_is_compressed() {
    let server = start(|_| ()).await;
    let plain = |id| request(vec![span(7, id)]).encode_to_vec();
    let cases: [(&str, Vec<u8>); 5] = [
        ("identity", plain(1)),
        ("gzip", gzip(&plain(2))),
        ("deflate", zlib(&plain(3))),
        ("zlib", zlib(&plain(4))),
        ("zstd", zstd::encode_all(plain(5).as_slice(), 3).unwrap()),
    ];
    for (number, (encoding, body)) in (1..).zip(cases) {
        let headers = [
            ("content-type", "application/x-protobuf; charset=utf-8"),
            ("content-encoding", encoding),
        ];
        let answer = post(&server, &headers, body).await;
        assert_eq!(answer.status(), StatusCode::OK, "{encoding}");
        assert_eq!(answer.headers()["content-type"], PROTOBUF);
        assert_eq!(server.weights(7).len(), number, "{encoding}");
    }
}

#[tokio::test]
async fn json_is_answered_in_json() {
    let server = start(|_| ()).await;
    let json = |ids: &str| {
        let time = r#""startTimeUnixNano":"1795415913219000000","endTimeUnixNano":1795415913500000000"#;
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{ids},"name":"x",{time}}}]}}]}}]}}"#)
    };
    let headers = [
        ("content-type", "application/json; charset=UTF-8"),
        ("content-encoding", "gzip"),
    ];
    let good = json(r#""traceId":"5759E988BD862E3FE1BE46A994272793","spanId":"53995C3F42CD8AD8""#);
    let answer = post(&server, &headers, gzip(good.as_bytes())).await;
    assert_eq!(
        (answer.status().as_u16(), answer.body().as_ref()),
        (200, b"{}".as_slice())
    );
    assert_eq!(server.kept(TRACE), 1);
    let bad = json(r#""traceId":"5759E988","spanId":"53995C3F42CD8AD8""#);
    let answer = post(&server, &headers, gzip(bad.as_bytes())).await;
    let told: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(
        (answer.status().as_u16(), &told["partialSuccess"]["rejectedSpans"]),
        (200, &"1".into())
    );
    for broken in ["{", "[]", &"[".repeat(100_000), &"{\"resourceSpans\":[".repeat(50_000)] {
        let answer = post(&server, &headers, gzip(broken.as_bytes())).await;
        let told: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(
            (answer.status().as_u16(), &told["code"]),
            (400, &3.into()),
            "{}",
            &broken[..1]
        );
    }
    assert_eq!(server.rejected(HTTP, Rejected::Json), 4);
}

#[tokio::test]
async fn bad_spans_are_told_in_a_partial_success() {
    let server = start(|_| ()).await;
    let bad = Span {
        span_id: vec![],
        ..span(7, 2)
    };
    let body = request(vec![span(7, 1), bad]).encode_to_vec();
    let answer = post(&server, &[("content-type", PROTOBUF)], body).await;
    let told = ExportTraceServiceResponse::decode(answer.into_body()).unwrap();
    assert_eq!(told.partial_success.unwrap().rejected_spans, 1);
    assert_eq!(server.weights(7).len(), 1);
}

type Case = (
    Method,
    &'static str,
    Vec<(&'static str, &'static str)>,
    Vec<u8>,
    u16,
    Rejected,
);

#[tokio::test]
async fn every_bad_request_gets_its_status_and_the_next_good_one_is_kept() {
    let server = start(|config| config.limits.request_bytes = 1 << 20).await;
    let good = request(vec![span(7, 1)]).encode_to_vec();
    let truncated = good[..good.len() - 3].to_vec();
    let bomb = gzip(&vec![0; 8 << 20]);
    let cases: Vec<Case> = vec![
        (
            Method::GET,
            "/v1/traces",
            vec![("content-type", PROTOBUF)],
            vec![],
            405,
            Rejected::Method,
        ),
        (
            Method::POST,
            "/v1/spans",
            vec![("content-type", PROTOBUF)],
            good.clone(),
            404,
            Rejected::Path,
        ),
        (
            Method::POST,
            "/v1development/profiles",
            vec![("content-type", PROTOBUF)],
            good.clone(),
            404,
            Rejected::Unimplemented,
        ),
        (
            Method::POST,
            "/v1/traces",
            vec![("content-type", "text/plain")],
            good.clone(),
            415,
            Rejected::ContentType,
        ),
        (
            Method::POST,
            "/v1/traces",
            vec![],
            good.clone(),
            415,
            Rejected::ContentType,
        ),
        (
            Method::POST,
            "/v1/traces",
            vec![("content-type", PROTOBUF), ("content-encoding", "br")],
            good.clone(),
            415,
            Rejected::UnknownCompression,
        ),
        (
            Method::POST,
            "/v1/traces",
            vec![("content-type", PROTOBUF)],
            truncated,
            400,
            Rejected::Protobuf,
        ),
        (
            Method::POST,
            "/v1/traces",
            vec![("content-type", PROTOBUF)],
            vec![0; 2 << 20],
            413,
            Rejected::TooLarge,
        ),
        (
            Method::POST,
            "/v1/traces",
            vec![("content-type", PROTOBUF), ("content-encoding", "gzip")],
            bomb,
            413,
            Rejected::TooLarge,
        ),
        (
            Method::POST,
            "/v1/traces",
            vec![("content-type", PROTOBUF), ("content-encoding", "gzip")],
            good.clone(),
            400,
            Rejected::Compression,
        ),
    ];
    for (method, path, headers, body, status, reason) in cases {
        let before = server.rejected(HTTP, reason);
        let answer = send(&server, method, path, &headers, body).await;
        assert_eq!(answer.status().as_u16(), status, "{reason:?}");
        assert_eq!(server.rejected(HTTP, reason), before + 1, "{reason:?}");
        if headers.first() == Some(&("content-type", PROTOBUF)) {
            let told = pb::Status::decode(answer.into_body()).unwrap();
            assert!(told.code != 0 && !told.message.is_empty(), "{reason:?}");
        } else {
            let told: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
            assert!(told["code"] != 0 && told["message"] != "", "{reason:?}");
        }
    }
    assert_eq!(server.weights(7).len(), 0);
    assert_eq!(post(&server, &[("content-type", PROTOBUF)], good).await.status(), 200);
}

#[tokio::test]
async fn an_overloaded_server_says_when_to_come_back() {
    let server = start(|config| config.limits.in_flight_bytes = 1_024).await;
    let answer = post(&server, &[("content-type", PROTOBUF)], vec![0; 10_000]).await;
    assert_eq!(answer.status(), 429);
    let seconds: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&seconds), "{seconds}");
    assert_eq!(server.dropped(HTTP, Dropped::InFlight), 1);
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_send_and_another_may_not() {
    let server = start(|_| ()).await;
    for (origin, allowed) in [("http://localhost:3000", true), ("https://evil.example", false)] {
        let headers = [("origin", origin), ("access-control-request-headers", "content-type")];
        let answer = send(&server, Method::OPTIONS, "/v1/traces", &headers, "").await;
        let told = answer
            .headers()
            .get("access-control-allow-origin")
            .map(|value| value.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), told), (204, allowed.then_some(origin)));
    }
}

#[tokio::test]
async fn a_slow_client_is_told_so_and_does_not_hold_others_up() {
    let server = start(|config| config.limits.slow_client = Duration::from_millis(200)).await;
    let mut slow = tokio::net::TcpStream::connect(server.http()).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut mute = tokio::net::TcpStream::connect(server.http()).await.unwrap();
    mute.write_all(b"POST /v1").await.unwrap();
    let body = request(vec![span(7, 1)]).encode_to_vec();
    assert_eq!(post(&server, &[("content-type", PROTOBUF)], body).await.status(), 200);
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert_eq!(server.rejected(HTTP, Rejected::SlowClient), 1);
    let mut rest = Vec::new();
    // Closed, whether politely or not: what matters is that it ends.
    let _ = mute.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn garbage_instead_of_http_ends_the_connection_only() {
    let server = start(|_| ()).await;
    let address = server.http();
    let garbage = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(&[0xff; 4_096]).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
    });
    garbage.await.unwrap();
    let body = request(vec![span(7, 1)]).encode_to_vec();
    assert_eq!(post(&server, &[("content-type", PROTOBUF)], body).await.status(), 200);
}
