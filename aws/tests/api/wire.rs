//! What is the same for every operation.

use std::io::Write;
use std::time::Duration;

use beamline_aws::{AwsConfig, Credential, Credentials};
use beamline_store::Secret;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Request;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;
use crate::shop::{put, shopping};

const SCOPE: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/xray/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature=00";

#[tokio::test]
async fn a_request_needs_neither_body_nor_content_type_nor_signature() {
    let server = Server::start().await;
    for body in [
        "",
        " \n",
        "null",
        "{}",
        r#"{"NextToken":null}"#,
        r#"{"FromTheFuture":1}"#,
    ] {
        let reply = server.send(Request::post("/Groups"), body).await;
        assert_eq!(reply.status, 200, "{body}: {}", reply.body);
        assert_eq!(reply.headers["content-type"], "application/json");
        assert_eq!(reply.headers["x-amzn-requestid"].len(), 36);
    }
    let odd = Request::post("/Groups").header("Content-Type", "application/x-amz-json-1.1");
    assert_eq!(server.send(odd, "{}").await.status, 200);
}

#[tokio::test]
async fn the_signature_says_whose_region_is_meant() {
    let server = Server::start().await;
    let arn = async |authorization: Option<&str>| {
        let mut request = Request::post("/Groups");
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        server.send(request, "").await.body["Groups"][0]["GroupARN"].clone()
    };
    assert_eq!(arn(None).await, "arn:aws:xray:us-east-1:123456789012:group/Default");
    assert_eq!(
        arn(Some(SCOPE)).await,
        "arn:aws:xray:eu-west-1:123456789012:group/Default"
    );
    assert_eq!(
        arn(Some("Basic eA==")).await,
        "arn:aws:xray:us-east-1:123456789012:group/Default"
    );
}

#[tokio::test]
async fn whoever_does_not_sign_is_where_the_server_says() {
    let server = Server::with(AwsConfig {
        default_account: "111122223333".to_owned(),
        default_region: "eu-north-1".to_owned(),
        ..AwsConfig::default()
    })
    .await;
    let created = server.post("/CreateGroup", &json!({"GroupName": "mine"})).await;
    let arn = created.body["Group"]["GroupARN"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:xray:eu-north-1:111122223333:group/mine/"),
        "{arn}"
    );
}

#[tokio::test]
async fn accounts_and_regions_are_kept_apart() {
    let credential = Credential {
        secret: Secret::new("not looked at"),
        account: "210987654321".to_owned(),
    };
    let credentials = Credentials::from([("AKID".to_owned(), credential)]);
    let server = Server::with(AwsConfig {
        credentials: credentials.into(),
        ..AwsConfig::default()
    })
    .await;
    let signed = |path: &str| Request::post(path).header("Authorization", SCOPE);
    let created = server.send(signed("/CreateGroup"), r#"{"GroupName":"mine"}"#).await;
    let arn = created.body["Group"]["GroupARN"].as_str().unwrap().to_owned();
    assert!(
        arn.starts_with("arn:aws:xray:eu-west-1:210987654321:group/mine/"),
        "{arn}"
    );
    assert_eq!(
        server.send(signed("/GetGroup"), r#"{"GroupName":"mine"}"#).await.status,
        200
    );
    server
        .refuses(
            "/GetGroup",
            json!({"GroupName": "mine"}),
            "InvalidRequestException",
            "no group named mine",
        )
        .await;
    server
        .refuses(
            "/GetGroup",
            json!({"GroupARN": arn}),
            "InvalidRequestException",
            "not the ARN of a group",
        )
        .await;
}

#[tokio::test]
async fn what_is_no_operation_is_said_in_the_shape_of_aws() {
    let server = Server::start().await;
    let unknown = [
        Request::post("/NoSuchThing"),
        Request::get("/Groups"),
        Request::post("/groups"),
        Request::post("/"),
        Request::post("/Groups").header("Authorization", SCOPE.replace("/xray/", "/monitoring/")),
    ];
    for request in unknown {
        let reply = server.send(request, "{}").await;
        reply.is_fault("UnknownOperationException", "no operation of an AWS service");
        assert_eq!(reply.status, 404);
    }
}

#[tokio::test]
async fn moments_are_taken_in_every_spelling_that_clients_write() {
    let server = Server::start().await;
    put(&server, &shopping(0)).await;
    let found = async |start: &str, end: &str| {
        let body = format!(r#"{{"StartTime":{start},"EndTime":{end},"NextToken":null,"FilterExpression":null}}"#);
        let reply = server.send(Request::post("/TraceSummaries"), body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let summaries = reply.body["TraceSummaries"].as_array().unwrap();
        // The answer is a number of seconds, whatever was written.
        assert!(summaries.iter().all(|summary| summary["StartTime"] == 1_795_415_910.0));
        summaries.len()
    };
    for (start, end) in [
        ("1795415910", "1795415911"),
        ("1795415909.75", "1795415910.000001"),
        ("1.79541591E9", "1.795415911e+09"),
        ("1795415910000", "1795415911000"),
        ("0", "1e300"),
        ("-1e-3", "1795415910.5"),
    ] {
        assert_eq!(found(start, end).await, 1, "{start} to {end}");
    }
    assert_eq!(found("1795415911000", "1795415912000").await, 0);
}

#[tokio::test]
async fn bodies_that_are_no_documents_are_refused() {
    let server = Server::start().await;
    let deep = "[".repeat(100_000);
    for (body, part) in [
        (&b"{"[..], "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (br#"{"GroupName": NaN}"#, "not JSON"),
        (br#"{"GroupName": 1e999}"#, "not JSON"),
        (b"[]", "expected a structure"),
        (br#""text""#, "expected a structure"),
        (br#"{"GroupName": ["a"]}"#, "expected a string at 'groupName'"),
        (deep.as_bytes(), "not JSON"),
    ] {
        let reply = server.send(Request::post("/GetGroup"), body.to_vec()).await;
        reply.is_fault("SerializationException", part);
        assert_eq!(reply.status, 400);
    }
}

#[tokio::test]
async fn packed_bodies_are_read_up_to_the_limit() {
    let server = Server::with(AwsConfig {
        body_limit: 10_000,
        ..AwsConfig::default()
    })
    .await;
    let packed = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let gzip = || Request::post("/Groups").header("Content-Encoding", "gzip");
    assert_eq!(server.send(gzip(), packed("{}")).await.status, 200);
    let bomb = server.send(gzip(), packed(&" ".repeat(5_000_000))).await;
    assert_eq!(bomb.status, 413);
    bomb.is_fault("RequestEntityTooLargeException", "10000 bytes");
    let plain = server.send(Request::post("/Groups"), " ".repeat(10_001)).await;
    assert_eq!(plain.status, 413);
    let brotli = Request::post("/Groups").header("Content-Encoding", "br");
    server
        .send(brotli, "{}")
        .await
        .is_fault("UnsupportedMediaTypeException", "`br`");
    server
        .send(gzip(), "{}")
        .await
        .is_fault("SerializationException", "not gzip");
}

#[tokio::test]
async fn too_many_bytes_at_once_are_throttled() {
    let server = Server::with(AwsConfig {
        in_flight_limit: 1024,
        ..AwsConfig::default()
    })
    .await;
    let reply = server.send(Request::post("/Groups"), " ".repeat(4096)).await;
    assert_eq!(reply.status, 429);
    reply.is_fault("ThrottledException", "in flight");
    assert_eq!(server.send(Request::post("/Groups"), "{}").await.status, 200);
}

#[tokio::test]
async fn a_body_that_never_ends_does_not_hold_the_server() {
    let server = Server::with(AwsConfig {
        body_timeout: Duration::from_millis(50),
        ..AwsConfig::default()
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = b"POST /Groups HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{";
    stream.write_all(head).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("RequestTimeoutException"), "{answer}");
}
