//! Encryption at rest, as callers turn it on and off.

use beamline_store::StoreConfig;
use beamline_store::cipher::{Master, MasterKey, MasterKeys};
use http::Request;
use serde_json::{Value, json};

use crate::server::Server;

async fn server() -> Server {
    let store = StoreConfig {
        masters: MasterKeys(vec![Master::Key(MasterKey::new([1; 32]))]),
        ..StoreConfig::in_memory()
    };
    Server::storing(store).await
}

fn config(status: &str, key: Option<&str>) -> Value {
    match key {
        Some(key) => json!({"EncryptionConfig": {"Status": status, "Type": "KMS", "KeyId": key}}),
        None => json!({"EncryptionConfig": {"Status": status, "Type": "NONE"}}),
    }
}

#[tokio::test]
async fn it_is_turned_on_and_off_and_says_when_it_is_done() {
    let server = server().await;
    let get = async |expected| server.check("/EncryptionConfig", Value::Null, 200, expected).await;
    get(config("ACTIVE", None)).await;
    let segment = r#"{"name":"a","id":"00000000000000c1","trace_id":"1-6b04b25d-a474fa12f31ba8f8b002cbc1","start_time":1795415913,"end_time":1795415914}"#;
    let segments = json!({"TraceSegmentDocuments": [segment]});
    let kept = json!({"UnprocessedTraceSegments": []});
    server
        .check("/TraceSegments", segments.clone(), 200, kept.clone())
        .await;
    let arn = "arn:aws:kms:us-east-1:123456789012:alias/traces";
    let on = json!({"Type": "KMS", "KeyId": "alias/traces"});
    server
        .check("/PutEncryptionConfig", on, 200, config("UPDATING", Some(arn)))
        .await;
    get(config("UPDATING", Some(arn))).await;
    server.seal_all().await;
    get(config("ACTIVE", Some(arn))).await;
    server.check("/TraceSegments", segments, 200, kept).await;
    get(config("ACTIVE", Some(arn))).await;
    let off = json!({"Type": "NONE"});
    server
        .check("/PutEncryptionConfig", off, 200, config("UPDATING", None))
        .await;
    get(config("ACTIVE", None)).await;
}

#[tokio::test]
async fn each_account_and_region_decides_for_itself() {
    let server = server().await;
    let on = json!({"Type": "KMS", "KeyId": "alias/traces"}).to_string();
    let elsewhere =
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/xray/aws4_request, SignedHeaders=host, Signature=00";
    let request = |path: &str| Request::post(path).header("Authorization", elsewhere);
    let reply = server.send(request("/PutEncryptionConfig"), on).await;
    let arn = "arn:aws:kms:eu-west-1:123456789012:alias/traces";
    assert_eq!(reply.body, config("UPDATING", Some(arn)));
    assert_eq!(
        server.send(request("/EncryptionConfig"), "").await.body,
        config("ACTIVE", Some(arn))
    );
    server
        .check("/EncryptionConfig", Value::Null, 200, config("ACTIVE", None))
        .await;
}

#[tokio::test]
async fn keys_are_named_as_aws_names_them() {
    let server = server().await;
    let own = "arn:aws:kms:us-east-1:123456789012:";
    for (key, arn) in [
        ("alias/aws/xray", format!("{own}alias/aws/xray")),
        (
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            format!("{own}key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ),
        (
            "mrk-1234abcd12ab34cd56ef1234567890ab",
            format!("{own}key/mrk-1234abcd12ab34cd56ef1234567890ab"),
        ),
        (
            "arn:aws:kms:eu-west-1:210987654321:key/1234abcd",
            "arn:aws:kms:eu-west-1:210987654321:key/1234abcd".into(),
        ),
        (
            "arn:aws-cn:kms:cn-north-1:210987654321:alias/a_b",
            "arn:aws-cn:kms:cn-north-1:210987654321:alias/a_b".into(),
        ),
    ] {
        let request = json!({"Type": "KMS", "KeyId": key});
        server
            .check("/PutEncryptionConfig", request, 200, config("UPDATING", Some(&arn)))
            .await;
    }
    for key in [
        "alias/",
        "a key",
        "key/1234abcd",
        "arn:aws:kms:eu-west-1:1:key/1234abcd",
        "arn:aws:s3:::bucket",
        "arn:aws:kms:eu-west-1:210987654321:table/x",
        "../../etc/passwd",
    ] {
        let request = json!({"Type": "KMS", "KeyId": key});
        server
            .refuses(
                "/PutEncryptionConfig",
                request,
                "InvalidRequestException",
                "names no KMS key",
            )
            .await;
    }
    let request = json!({"Type": "KMS"});
    server
        .refuses(
            "/PutEncryptionConfig",
            request,
            "InvalidRequestException",
            "KeyId is required",
        )
        .await;
}

#[tokio::test]
async fn without_a_master_key_it_is_refused() {
    let server = Server::start().await;
    server
        .check("/EncryptionConfig", Value::Null, 200, config("ACTIVE", None))
        .await;
    let on = json!({"Type": "KMS", "KeyId": "alias/traces"});
    server
        .refuses(
            "/PutEncryptionConfig",
            on,
            "InvalidRequestException",
            "--encryption-key-file",
        )
        .await;
    server
        .check(
            "/PutEncryptionConfig",
            json!({"Type": "NONE"}),
            200,
            config("UPDATING", None),
        )
        .await;
}
