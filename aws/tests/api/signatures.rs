//! Who is let in, as callers see it.

use std::io::Write;
use std::sync::Arc;
use std::time::SystemTime;

use beamline_aws::sigv4::Signer;
use beamline_aws::{AwsConfig, Credential, Credentials, Signatures};
use beamline_collector::report::{Dropped, Rejected, Transport};
use beamline_model::time::Timestamp;
use beamline_store::Secret;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Request;
use serde_json::json;

use crate::server::{Reply, Server};

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_nanos(since.as_nanos() as u64)
}

fn config(signatures: Signatures) -> AwsConfig {
    let credential = Credential {
        secret: Secret::new("sesame"),
        account: "210987654321".to_owned(),
    };
    AwsConfig {
        credentials: Arc::new(Credentials::from([("AKID".to_owned(), credential)])),
        signatures,
        clock: now,
        ..AwsConfig::default()
    }
}

async fn server(signatures: Signatures) -> Server {
    Server::with(config(signatures)).await
}

fn signer(access_key: &str, secret: &str) -> Signer {
    Signer {
        access_key: access_key.to_owned(),
        secret: Secret::new(secret),
        session_token: Some(Secret::new("of temporary credentials")),
        region: "eu-west-1".to_owned(),
        service: "xray".to_owned(),
    }
}

/// A signed request, before its body is put to it.
fn signed(server: &Server, signer: &Signer, path: &str, body: &[u8], at: Timestamp) -> http::request::Builder {
    let request = Request::post(path).header("Host", server.address.to_string());
    let mut parts = request.body(()).unwrap().into_parts().0;
    signer.sign(&mut parts, Some(body), at).unwrap();
    let mut request = Request::post(path);
    *request.headers_mut().unwrap() = parts.headers;
    request
}

async fn ask(server: &Server, signer: &Signer, at: Timestamp) -> Reply {
    server.send(signed(server, signer, "/Groups", b"{}", at), "{}").await
}

#[tokio::test]
async fn whoever_has_to_sign_signs_right() {
    let server = server(Signatures::Enforce).await;
    let reply = ask(&server, &signer("AKID", "sesame"), now()).await;
    assert_eq!(
        reply.body["Groups"][0]["GroupARN"],
        "arn:aws:xray:eu-west-1:210987654321:group/Default"
    );
    let check = |reply: Reply, code, part| {
        reply.is_fault(code, part);
        assert_eq!(reply.status, 403, "{code}");
        assert!(reply.headers.contains_key("x-amzn-requestid"));
    };
    let unsigned = server.post("/Groups", &json!({})).await;
    check(
        unsigned,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    );
    let incomplete = Request::post("/Groups").header("Authorization", "AWS4-HMAC-SHA256 Credential=AKID");
    let incomplete = server.send(incomplete, "{}").await;
    check(
        incomplete,
        "IncompleteSignatureException",
        "requires 'Signature' parameter.",
    );
    let unknown = ask(&server, &signer("AKIDOTHER", "sesame"), now()).await;
    check(
        unknown,
        "UnrecognizedClientException",
        "security token included in the request is invalid",
    );
    let wrong = ask(&server, &signer("AKID", "barley"), now()).await;
    check(
        wrong,
        "InvalidSignatureException",
        "does not match the signature you provided",
    );
    let late = ask(&server, &signer("AKID", "sesame"), now().plus(-301_000_000_000)).await;
    check(late, "InvalidSignatureException", "Signature expired: ");
    let early = ask(&server, &signer("AKID", "sesame"), now().plus(302_000_000_000)).await;
    check(early, "InvalidSignatureException", "Signature not yet current: ");
}

#[tokio::test]
async fn the_signature_is_about_the_body_as_it_was_sent() {
    let server = server(Signatures::Enforce).await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(br#"{"GroupName":"packed"}"#).unwrap();
    let packed = packed.finish().unwrap();
    let right = signer("AKID", "sesame");
    let request = || signed(&server, &right, "/CreateGroup", &packed, now()).header("Content-Encoding", "gzip");
    assert_eq!(server.send(request(), packed.clone()).await.status, 200);
    let other = server.send(request(), r#"{"GroupName":"other"}"#).await;
    other.is_fault("InvalidSignatureException", "does not match");
    let large = format!(r#"{{"TraceSegmentDocuments":["{}"]}}"#, "x".repeat(1 << 20));
    let request = signed(&server, &right, "/TraceSegments", large.as_bytes(), now());
    assert_eq!(server.send(request, large).await.status, 200);
}

#[tokio::test]
async fn otlp_on_the_aws_endpoint_is_signed_too() {
    let server = server(Signatures::Enforce).await;
    let right = signer("AKID", "sesame");
    let json = |request: http::request::Builder| request.header("Content-Type", "application/json");
    let request = json(signed(&server, &right, "/v1/traces", b"{}", now()));
    assert_eq!(server.status(request, "{}").await, 200);
    let request = json(signed(&server, &right, "/v1/traces", b"{}", now()));
    assert_eq!(server.status(request, r#"{"resourceSpans":[]}"#).await, 403);
    let unsigned = server.send(json(Request::post("/v1/traces")), "{}").await;
    let expected = json!({"code": 7, "message": "Missing Authentication Token"});
    assert_eq!((unsigned.status, unsigned.body), (403, expected));
    let protobuf = Request::post("/v1/traces").header("Content-Type", "application/x-protobuf");
    assert_eq!(server.status(protobuf, "").await, 403);
    let report = &server.collector.report;
    assert_eq!(report.rejected(Transport::OtlpAws, Rejected::Signature), 3);
    assert_eq!(report.received(Transport::OtlpAws), 4);
}

#[tokio::test]
async fn segments_that_are_not_signed_are_counted_and_questions_are_not() {
    let server = server(Signatures::Enforce).await;
    for path in ["/TraceSegments", "/Groups"] {
        server
            .refuses(path, json!({}), "MissingAuthenticationTokenException", "Missing")
            .await;
    }
    let report = &server.collector.report;
    assert_eq!(report.rejected(Transport::XrayApi, Rejected::Signature), 1);
    assert_eq!(report.received(Transport::XrayApi), 1);
}

#[tokio::test]
async fn signed_and_compressed_otlp_takes_as_much_room_as_it_announces() {
    let config = config(Signatures::Enforce);
    let config = AwsConfig {
        in_flight_limit: config.body_limit / 2,
        ..config
    };
    let server = Server::with(config).await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(b"{}").unwrap();
    let packed = packed.finish().unwrap();
    let export = |body: &[u8]| {
        let request = signed(&server, &signer("AKID", "sesame"), "/v1/traces", body, now());
        request
            .header("Content-Type", "application/json")
            .header("Content-Encoding", "gzip")
    };
    assert_eq!(server.status(export(&packed), packed.clone()).await, 200);
    let large = vec![7; 5 << 20];
    let refused = server.send(export(&large), large.clone()).await;
    assert_eq!(refused.status, 429, "{}", refused.body);
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3).contains(&seconds), "{seconds}");
    assert_eq!(
        server.collector.report.dropped(Transport::OtlpAws, Dropped::InFlight),
        1
    );
}

#[tokio::test]
async fn whoever_may_leave_it_may_not_get_it_wrong() {
    let server = server(Signatures::Lenient).await;
    assert_eq!(server.post("/Groups", &json!({})).await.status, 200);
    assert_eq!(ask(&server, &signer("AKID", "sesame"), now()).await.status, 200);
    let wrong = ask(&server, &signer("AKID", "barley"), now()).await;
    wrong.is_fault("InvalidSignatureException", "does not match");
    let unknown = ask(&server, &signer("any", "any"), now()).await;
    unknown.is_fault("UnrecognizedClientException", "invalid");
}

#[tokio::test]
async fn nobody_has_to_sign_for_the_daemon_and_nobody_can_name_another_there() {
    for mode in [Signatures::Lenient, Signatures::Enforce] {
        let server = Server::daemon(config(mode)).await;
        let expected = "arn:aws:xray:us-east-1:123456789012:group/Default";
        let unsigned = server.post("/Groups", &json!({})).await;
        assert_eq!(unsigned.body["Groups"][0]["GroupARN"], expected);
        let wrong = ask(&server, &signer("AKID", "barley"), now()).await;
        assert_eq!(wrong.body["Groups"][0]["GroupARN"], expected);
    }
}
