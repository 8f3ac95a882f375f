//! Encryption at rest, from outside: turned on by the API, rotated by the command, killed, and looked for on disk.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Server, beamline, block_on, http};

/// No compression can make anything of this.
const MARKER: &str = "q7Zp0VnX3kLw9TbYc2Rd";

fn told(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

fn new_key(folder: &Path, name: &str) -> PathBuf {
    let file = folder.join(name);
    let made = beamline(&["encryption", "new-key", file.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", told(&made));
    file
}

fn start(data: &Path, key: &Path) -> Server {
    Server::start_on(
        data,
        &["--encryption-key-file", key.to_str().unwrap(), "--seal-after", "150ms"],
    )
}

fn call(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let (status, answer) = http(
        server.http(),
        "POST",
        path,
        "application/json",
        body.to_string().as_bytes(),
    );
    (status, serde_json::from_str(&answer).unwrap())
}

fn send(server: &Server, number: u64) -> String {
    let now = crate::wire::now();
    let trace = format!("1-{now:08x}-{number:024x}");
    let document = json!({
        "name": MARKER, "id": format!("{number:016x}"), "trace_id": trace, "start_time": now, "end_time": now + 1,
        "annotations": {"secret": format!("{MARKER}-{number}")},
    });
    let body = json!({"TraceSegmentDocuments": [document.to_string()]});
    let (status, answer) = call(server, "/TraceSegments", &body);
    assert_eq!(
        (status, &answer["UnprocessedTraceSegments"]),
        (200, &json!([])),
        "{answer}"
    );
    trace
}

fn all_there(server: &Server, traces: &[String]) {
    block_on(async {
        for trace in traces {
            let found = server.trace(trace).await.unwrap_or_else(|| panic!("{trace} is gone"));
            assert_eq!(found.documents.len(), 1, "{trace}");
        }
    });
}

/// Whether any file below a folder holds the marker.
fn tells(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        bytes.windows(MARKER.len()).any(|text| text == MARKER.as_bytes())
    })
}

/// Asks until the answer is as wished.
fn await_status(server: &Server, wished: &str) -> Value {
    let begun = std::time::Instant::now();
    loop {
        let (_, answer) = call(server, "/EncryptionConfig", &Value::Null);
        if answer["EncryptionConfig"]["Status"] == wished {
            return answer["EncryptionConfig"].clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{answer}");
        std::thread::yield_now();
    }
}

#[test]
fn what_is_encrypted_survives_rotation_and_kills_and_shows_on_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (data, key) = (folder.path().join("data"), new_key(folder.path(), "keys"));
    let first_key = folder.path().join("first");
    std::fs::copy(&key, &first_key).unwrap();

    let mut server = start(&data, &key);
    let on = json!({"Type": "KMS", "KeyId": "alias/traces"});
    let (status, answer) = call(&server, "/PutEncryptionConfig", &on);
    let arn = "arn:aws:kms:us-east-1:123456789012:alias/traces";
    let config = json!({"KeyId": arn, "Status": "UPDATING", "Type": "KMS"});
    assert_eq!((status, &answer["EncryptionConfig"]), (200, &config));
    let mut traces: Vec<String> = (1..50).map(|number| send(&server, number)).collect();
    let filter = json!({"GroupName": "ours", "FilterExpression": format!("service(\"{MARKER}\")")});
    assert_eq!(call(&server, "/CreateGroup", &filter).0, 200);
    assert_eq!(await_status(&server, "ACTIVE")["KeyId"], arn);

    let rotate = |extra: &[&str]| {
        let mut command = beamline(&["encryption", "rotate"]);
        let ready = data.with_extension("ready.json");
        command
            .arg("--encryption-key-file")
            .arg(&key)
            .arg("--ready-file")
            .arg(ready)
            .args(extra);
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
        told(&output)
    };
    assert!(rotate(&[]).contains("the old one opens nothing of this store any more"));
    traces.extend((50..60).map(|number| send(&server, number)));
    assert!(rotate(&["--data-keys"]).contains("new data keys"));
    traces.extend((60..70).map(|number| send(&server, number)));
    all_there(&server, &traces);
    server.kill();
    assert!(!tells(&data));

    let server = start(&data, &key);
    all_there(&server, &traces);
    assert_eq!(await_status(&server, "ACTIVE")["KeyId"], arn);
    drop(server);
    for flags in [vec![], vec!["--encryption-key-file", first_key.to_str().unwrap()]] {
        let mut command = beamline(&["serve", "--data", data.to_str().unwrap()]);
        for listener in ["--http", "--xray", "--otlp-grpc", "--otlp-http"] {
            command.args([listener, "127.0.0.1:0"]);
        }
        let refused = command.args(&flags).current_dir(folder.path()).output().unwrap();
        let why = told(&refused);
        assert!(
            !refused.status.success() && why.contains("--encryption-key-file"),
            "{why}"
        );
        assert!(
            why.contains("values are encrypted, and opening them needs key "),
            "{why}"
        );
    }
}

#[test]
fn without_a_master_key_encryption_is_refused_with_what_to_do() {
    let server = Server::start();
    let (status, answer) = call(
        &server,
        "/PutEncryptionConfig",
        &json!({"Type": "KMS", "KeyId": "alias/traces"}),
    );
    assert_eq!((status, &answer["__type"]), (400, &json!("InvalidRequestException")));
    assert!(
        answer["Message"].as_str().unwrap().contains("--encryption-key-file"),
        "{answer}"
    );
    assert_eq!(await_status(&server, "ACTIVE")["Type"], "NONE");
}

#[test]
fn keys_are_not_overwritten_and_nothing_is_rotated_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let key = new_key(folder.path(), "keys");
    let text = std::fs::read_to_string(&key).unwrap();
    assert_eq!(text.trim().len(), 64);
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let again = beamline(&["encryption", "new-key", key.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(!again.status.success());
    let mut rotate = beamline(&["encryption", "rotate", "--http", "127.0.0.1:1"]);
    rotate.arg("--encryption-key-file").arg(&key).current_dir(folder.path());
    let rotated = rotate.output().unwrap();
    assert!(
        !rotated.status.success() && told(&rotated).contains("no server runs"),
        "{}",
        told(&rotated)
    );
    assert_eq!(std::fs::read_to_string(&key).unwrap(), text);
}
