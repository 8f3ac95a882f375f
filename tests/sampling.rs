//! Sampling rules beyond the AWS API: over a restart, at the terminal, and for clients that ask Jaeger's way.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use beamline_proto::jaeger as pb;
use beamline_proto::jaeger::sampling_manager_client::SamplingManagerClient;
use serde_json::{Value, json};

use crate::harness::{Server, beamline, block_on};
use crate::wire::{get, now, post};

const PATIENCE: Duration = Duration::from_secs(60);

fn api(server: &Server, path: &str, body: &Value) -> Value {
    let reply = post(server.http(), path, &[], body.to_string().as_bytes());
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn create_rule(server: &Server, name: &str, priority: u32, fixed_rate: f64, more: &Value) {
    let mut rule = json!({"RuleName": name, "Priority": priority, "FixedRate": fixed_rate, "ReservoirSize": 1,
        "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "ResourceARN": "*",
        "Version": 1});
    for (member, value) in more.as_object().unwrap() {
        rule[member] = value.clone();
    }
    api(server, "/CreateSamplingRule", &json!({"SamplingRule": rule}));
}

fn last_change(server: &Server) -> f64 {
    let targets = api(server, "/SamplingTargets", &json!({"SamplingStatisticsDocuments": []}));
    targets["LastRuleModification"].as_f64().unwrap()
}

#[test]
fn what_rules_there_are_and_when_they_changed_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start_on(&data, &[]);
    assert_eq!(last_change(&server), 0.0);
    create_rule(&server, "kept", 1, 0.5, &json!({}));
    create_rule(&server, "gone", 2, 0.5, &json!({}));
    api(&server, "/DeleteSamplingRule", &json!({"RuleName": "gone"}));
    let (rules, changed) = (api(&server, "/GetSamplingRules", &json!({})), last_change(&server));
    server.kill();
    let server = Server::start_on(&data, &[]);
    assert_eq!(
        last_change(&server),
        changed,
        "the rule that changed last is gone, but not that it changed"
    );
    assert_eq!(api(&server, "/GetSamplingRules", &json!({})), rules);
    let names: Vec<&Value> = rules["SamplingRuleRecords"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["SamplingRule"]["RuleName"])
        .collect();
    assert_eq!(names, ["kept", "Default"]);
}

/// Sends requests to a service, each a trace of its own, so many in each of some seconds.
fn send_requests(server: &Server, service: &str, url: &str, seconds: u64, each: u64) {
    let (now, tag) = (now(), url.len() as u64);
    let documents: Vec<String> = (0..seconds * each)
        .map(|number| {
            let start = now - 60 - number / each;
            let trace = format!("1-{start:08x}-{tag:08x}{number:016x}");
            format!(
                r#"{{"trace_id":"{trace}","id":"{:016x}","name":"{service}","start_time":{start}.1,"end_time":{start}.2,
                    "http":{{"request":{{"method":"GET","url":"{url}"}}}}}}"#,
                number + 1
            )
        })
        .collect();
    let answer = api(server, "/TraceSegments", &json!({"TraceSegmentDocuments": documents}));
    assert_eq!(answer["UnprocessedTraceSegments"], json!([]));
}

fn sampling(server: &Server, args: &[&str]) -> Output {
    let output = beamline(&["sampling"])
        .args(args)
        .args(["--endpoint", &server.endpoint()])
        .output();
    output.unwrap()
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The fields of the line that begins with a word.
fn line<'a>(text: &'a str, first: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(first));
    line.unwrap_or_else(|| panic!("no line begins with {first}: {text}"))
        .split_whitespace()
        .collect()
}

#[test]
fn other_rules_are_tried_on_what_was_seen_beside_the_current_ones() {
    let server = Server::start();
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    std::fs::write(
        path,
        r#"[{"RuleName": "cart", "Priority": 1, "FixedRate": 0.5, "ReservoirSize": 2, "URLPath": "/cart"}]"#,
    )
    .unwrap();
    let nothing = sampling(&server, &["simulate", "--rules", path]);
    assert_eq!(printed(&nothing), "");
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("no traces at all"));

    create_rule(
        &server,
        "shop",
        5,
        0.0,
        &json!({"ServiceName": "shop", "ReservoirSize": 3}),
    );
    send_requests(&server, "shop", "https://shop.example.com/cart", 10, 12);
    send_requests(&server, "blog", "https://blog.example.com/", 5, 1);
    let text = printed(&sampling(&server, &["simulate", "--rules", path]));
    assert!(text.starts_with("125 requests in the last 1h;"), "{text}");
    // Matches, reservoir, rate, kept, share; now matches, now kept, now share; change.
    assert_eq!(
        line(&text, "cart"),
        ["cart", "120", "20", "50", "70", "58.33%", "-", "-", "-", "+70"]
    );
    assert_eq!(
        line(&text, "Default"),
        ["Default", "5", "5", "0", "5", "100%", "5", "5", "100%", "="]
    );
    assert_eq!(
        line(&text, "shop"),
        ["shop", "-", "-", "-", "-", "-", "120", "30", "25%", "−30"]
    );
    assert_eq!(
        line(&text, "all"),
        ["all", "125", "25", "50", "75", "60%", "125", "35", "28%", "+40"]
    );

    let one = ["simulate", "--rules", path, "--json", "--filter", "service(\"blog\")"];
    let answer: Value = serde_json::from_str(&printed(&sampling(&server, &one))).unwrap();
    assert_eq!(
        (&answer["requests"], &answer["tried"][1]["rule"]["name"]),
        (&json!("5"), &json!("Default"))
    );

    std::fs::write(
        path,
        r#"{"RuleName": "cart", "Priority": 1, "FixedRate": 5, "ReservoirSize": 2}"#,
    )
    .unwrap();
    let wrong = sampling(&server, &["simulate", "--rules", path]);
    assert_eq!(wrong.status.code(), Some(64));
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(told.contains("`cart`: FixedRate must be between 0 and 1"), "{told}");
}

#[test]
fn rules_are_listed_with_what_clients_make_of_them() {
    let server = Server::start();
    create_rule(
        &server,
        "cart",
        5,
        0.1,
        &json!({"HTTPMethod": "GET", "URLPath": "/cart*", "ReservoirSize": 20}),
    );
    create_rule(&server, "gold", 6, 0.1, &json!({"Attributes": {"tier": "gold"}}));
    let document = json!({"RuleName": "cart", "ClientID": "abcdef0123456789abcdef01", "RequestCount": 200,
                          "SampledCount": 30, "BorrowCount": 0, "Timestamp": now()});
    api(
        &server,
        "/SamplingTargets",
        &json!({"SamplingStatisticsDocuments": [document]}),
    );
    let text = printed(&sampling(&server, &["rules"]));
    assert!(text.starts_with("3 rules, changed last 20"), "{text}");
    let cart = line(&text, "cart");
    assert_eq!(cart[..6], ["cart", "5", "20/s", "10%", "1", "20/s"], "{text}");
    assert_eq!(cart[8..], ["15%", "GET", "/cart*"], "{text}");
    assert!(
        line(&text, "gold").ends_with(&["tier=gold", "(X-Ray", "SDKs", "skip", "it)"]),
        "{text}"
    );
    assert_eq!(line(&text, "Default")[8..], ["-", "everything"], "{text}");
    let answer: Value = serde_json::from_str(&printed(&sampling(&server, &["rules", "--json"]))).unwrap();
    assert_eq!(answer["rules"][0]["sampled"], "30");
}

fn shop_rules(server: &Server) {
    create_rule(
        server,
        "cart",
        1,
        1.0,
        &json!({"ServiceName": "shop", "HTTPMethod": "GET", "URLPath": "/cart"}),
    );
    create_rule(server, "shop", 2, 0.25, &json!({"ServiceName": "sh*"}));
}

#[test]
fn rules_are_told_jaegers_way_over_http_and_grpc() {
    let server = Server::start();
    shop_rules(&server);
    let shop = concat!(
        r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25},"operationSampling":"#,
        r#"{"defaultSamplingProbability":0.25,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":"#,
        r#"[{"operation":"GET /cart","probabilisticSampling":{"samplingRate":1}}],"#,
        r#""defaultUpperBoundTracesPerSecond":0}}"#,
    );
    let other = r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.05}}"#;
    for (path, expected) in [
        ("/api/sampling?service=shop", shop),
        ("/sampling?service=sh%6Fp", shop),
        ("/sampling?service=blog", other),
        ("/sampling?service=", other),
    ] {
        let reply = get(server.http(), path);
        assert_eq!((reply.status, reply.text().as_str()), (200, expected), "{path}");
        assert!(
            reply
                .head
                .to_ascii_lowercase()
                .contains("content-type: application/json"),
            "{}",
            reply.head
        );
    }
    for path in ["/sampling", "/api/sampling?name=shop", "/sampling?service=a&service=b"] {
        let reply = get(server.http(), path);
        assert_eq!(reply.status, 400, "{path}");
        assert!(
            reply.text().contains("'service' parameter must be provided once"),
            "{path}"
        );
    }
    let told = block_on(async {
        let mut client = SamplingManagerClient::connect(server.endpoint()).await.unwrap();
        let request = pb::SamplingStrategyParameters {
            service_name: "shop".to_owned(),
        };
        client.get_sampling_strategy(request).await.unwrap().into_inner()
    });
    let operations = told.operation_sampling.unwrap();
    assert_eq!(told.probabilistic_sampling.unwrap().sampling_rate, 0.25);
    assert_eq!(operations.default_sampling_probability, 0.25);
    assert_eq!(operations.per_operation_strategies[0].operation, "GET /cart");
}

/// OpenTelemetry's sampler for Node, until it is dropped.
struct Sampler {
    process: Child,
    told: mpsc::Receiver<Vec<f64>>,
}

impl Sampler {
    fn start(server: &Server, service: &str, operations: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/node/jaeger_sampler.js");
        let mut command = Command::new("node");
        command.arg(script).args(operations);
        command.env("ENDPOINT", server.endpoint()).env("SERVICE", service);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let shares = serde_json::from_str(&line).unwrap();
                // Nobody may listen any more.
                let _ = tell.send(shares);
            }
        });
        Self { process, told }
    }

    /// Waits until it samples these shares of its operations, give or take what chance makes of 20,000 traces.
    fn await_shares(&self, expected: &[f64]) {
        let (deadline, mut last) = (Instant::now() + PATIENCE, Vec::new());
        while let Ok(shares) = self
            .told
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            if shares
                .iter()
                .zip(expected)
                .all(|(share, expected)| (share - expected).abs() < 0.02)
            {
                return;
            }
            last = shares;
        }
        panic!("sampled {last:?} at last, not {expected:?}");
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn opentelemetrys_sampler_that_asks_jaegers_way_follows_the_rules() {
    let server = Server::start();
    shop_rules(&server);
    let sampler = Sampler::start(&server, "shop", &["GET /cart", "GET /pay"]);
    sampler.await_shares(&[1.0, 0.25]);
    let update = json!({"SamplingRuleUpdate": {"RuleName": "cart", "FixedRate": 0.5}});
    api(&server, "/UpdateSamplingRule", &update);
    sampler.await_shares(&[0.5, 0.25]);
    api(&server, "/DeleteSamplingRule", &json!({"RuleName": "cart"}));
    sampler.await_shares(&[0.25, 0.25]);
    api(&server, "/DeleteSamplingRule", &json!({"RuleName": "shop"}));
    sampler.await_shares(&[0.05, 0.05]);
}
