//! A server that wants signatures, and those who bring them: boto3, the AWS CLI, its own commands.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use beamline_proto::query::{GetServiceGraphRequest, GetStatusRequest, TimeRange};
use tonic::Code;

use crate::clients::interpreter;
use crate::harness::{Server, beamline, block_on};

pub(crate) const KEY: &str = "AKIDTESTER";
pub(crate) const SECRET: &str = "s3cret/of+the=tester";
const ACCOUNT: &str = "210987654321";

/// A server in which everybody has to sign.
pub(crate) fn server(folder: &Path) -> Server {
    let file = folder.join("beamline.toml");
    let other = "[credentials.AKIDOTHER]\nsecret = \"other\"\naccount = \"111122223333\"\n";
    let text = format!(
        "signatures = \"enforce\"\n{other}[credentials.{KEY}]\nsecret = \"{SECRET}\"\naccount = \"{ACCOUNT}\"\n"
    );
    std::fs::write(&file, text).unwrap();
    Server::start_on(&folder.join("data"), &["--config", file.to_str().unwrap()])
}

fn told(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

#[test]
fn boto3_signs_rightly_and_wrongly() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/python/signed_calls.py");
    let output = Command::new(interpreter())
        .arg(script)
        .args([KEY, SECRET, ACCOUNT])
        .env("BEAMLINE_ENDPOINT", server.endpoint())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn the_aws_cli_is_let_in_with_the_right_key_only() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    let cli: PathBuf = Path::new(&interpreter()).with_file_name("aws");
    let groups = |key: &str, secret: &str| {
        let mut command = Command::new(&cli);
        command
            .args([
                "--output",
                "json",
                "--endpoint-url",
                &server.endpoint(),
                "xray",
                "get-groups",
            ])
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command.output().unwrap()
    };
    let right = groups(KEY, SECRET);
    assert!(
        right.status.success() && told(&right).contains(ACCOUNT),
        "{}",
        told(&right)
    );
    for (key, secret, code) in [
        (KEY, "wrong", "(InvalidSignatureException)"),
        ("AKIDUNKNOWN", SECRET, "(UnrecognizedClientException)"),
    ] {
        let refused = groups(key, secret);
        assert!(
            !refused.status.success() && told(&refused).contains(code),
            "{}",
            told(&refused)
        );
    }
}

#[test]
fn our_own_commands_sign_with_what_the_environment_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    let run = |args: &[&str], key: &str, secret: &str| {
        let mut command = beamline(args);
        command
            .args(["--endpoint", &server.endpoint()])
            .current_dir(folder.path());
        if !key.is_empty() {
            command
                .env("AWS_ACCESS_KEY_ID", key)
                .env("AWS_SECRET_ACCESS_KEY", secret);
        }
        command.output().unwrap()
    };
    let now = crate::wire::now();
    let trace = format!("1-{now:08x}-0000000000000000000000aa");
    let document = format!(
        r#"{{"name":"signed","id":"00000000000000c1","trace_id":"{trace}","start_time":{now}.25,"end_time":{now}.75}}"#
    );
    let file = folder.path().join("trace.json");
    std::fs::write(&file, document).unwrap();
    let import = ["import", file.to_str().unwrap()];
    assert!(!run(&import, "", "").status.success());
    let imported = run(&import, KEY, SECRET);
    assert!(imported.status.success(), "{}", told(&imported));

    let found = run(&["trace", &trace], KEY, SECRET);
    assert!(
        found.status.success() && told(&found).contains("signed"),
        "{}",
        told(&found)
    );
    let unsigned = told(&run(&["trace", &trace], "", ""));
    assert!(
        unsigned.contains("Missing Authentication Token") && unsigned.contains("AWS_ACCESS_KEY_ID"),
        "{unsigned}"
    );
    let wrong = told(&run(&["trace", &trace], KEY, "wrong"));
    assert!(wrong.contains("does not match the signature you provided"), "{wrong}");
    // Another's key sees another's traces, whatever it asks for.
    let other = run(&["trace", &trace, "--account", ACCOUNT], "AKIDOTHER", "other");
    assert!(
        !other.status.success() && !told(&other).contains("signed"),
        "{}",
        told(&other)
    );
}

#[test]
fn the_query_api_asks_too_and_health_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    block_on(async {
        let mut query = server.query().await;
        let refused = query.get_status(GetStatusRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
        assert_eq!(refused.message(), "Missing Authentication Token");
        let range = TimeRange::default();
        let graph = GetServiceGraphRequest {
            range: Some(range),
            ..GetServiceGraphRequest::default()
        };
        let refused = query.get_service_graph(graph).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
        let channel = tonic::transport::Endpoint::from_shared(server.endpoint())
            .unwrap()
            .connect()
            .await
            .unwrap();
        let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
        let answer = health
            .check(tonic_health::pb::HealthCheckRequest::default())
            .await
            .unwrap();
        assert_eq!(answer.into_inner().status, 1, "it serves");
    });
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            crate::harness::http(server.http(), "GET", path, "text/plain", b"").0,
            200
        );
    }
    let daemon = crate::harness::http(server.xray(), "POST", "/GetSamplingRules", "application/json", b"{}");
    assert_eq!(daemon.0, 200, "samplers do not sign: {}", daemon.1);
}
