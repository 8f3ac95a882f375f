//! What SDKs keep under rules that change while they run.
#![allow(
    clippy::print_stdout,
    reason = "the figures are for whoever runs it with --nocapture"
)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::poller::{OFFERED, Poller, Pollers};
use super::program::{Named, available, go, java, node, python, say_aloud};
use crate::harness::Server;
use crate::wire::post;

/// Longer than any SDK takes from its start to its first fetch of the rules.
const START: Duration = Duration::from_secs(40);

/// Reports are 10 s apart; the rest is for jitter, for a second's resolution and for a busy machine.
const REPORT: Duration = Duration::from_secs(13);

/// SDKs ask for rules 300 s after they did so last, at most 5 s later.
const FETCH: Duration = Duration::from_secs(307);

/// Calls an operation of the X-Ray API, and gives its answer.
fn api(server: &Server, path: &str, body: &Value) -> Value {
    let reply = post(server.http(), path, &[], body.to_string().as_bytes());
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn create_rule(server: &Server, name: &str, priority: u32, path: &str, reservoir: u32, rate: f64) {
    let rule = json!({"RuleName": name, "Priority": priority, "URLPath": path, "ReservoirSize": reservoir,
        "FixedRate": rate, "Version": 1, "ResourceARN": "*", "ServiceName": "*", "ServiceType": "*", "Host": "*",
        "HTTPMethod": "*"});
    api(server, "/CreateSamplingRule", &json!({"SamplingRule": rule}));
}

fn update_rule(server: &Server, name: &str, reservoir: u32, rate: f64) {
    let update = json!({"RuleName": name, "ReservoirSize": reservoir, "FixedRate": rate});
    api(server, "/UpdateSamplingRule", &json!({"SamplingRuleUpdate": update}));
}

/// Asserts what all SDKs together kept of a path: within 10 % of the reservoir and the rate of the rest.
fn check_rate(pollers: &Pollers, path: &str, [from, to]: [Instant; 2], reservoir: u32, rate: f64) {
    let counts: Vec<[u64; 2]> = pollers.each().iter().map(|it| it.between(path, from, to)).collect();
    let offered: u64 = counts.iter().map(|count| count[0]).sum();
    let kept: u64 = counts.iter().map(|count| count[1]).sum();
    // As long as it took to offer so much, which is what the seconds of the reservoir were.
    let seconds = offered as f64 / (OFFERED as f64 * counts.len() as f64);
    let sure = f64::from(reservoir) * seconds;
    let expected = sure + rate * (offered as f64 - sure);
    let off = kept as f64 / expected - 1.0;
    let each: Vec<String> = pollers
        .each()
        .iter()
        .zip(&counts)
        .map(|(it, count)| format!("{} {:.1}/s", it.name, count[1] as f64 / seconds))
        .collect();
    let figures = format!(
        "{path}: kept {kept} of {offered} in {seconds:.0} s, expected {expected:.0}, {:+.1} % ({})",
        off * 100.0,
        each.join(", ")
    );
    println!("{figures}");
    assert!(off.abs() <= 0.1, "{figures}");
}

/// Which SDK keeps something of a path how long after a change; fails if it takes longer than it may.
fn check_delay(poller: &Poller, path: &str, changed: Instant, within: Duration) {
    let kept = poller.first_kept(path, changed);
    let took = kept.map(|kept| kept - changed);
    println!(
        "{}: {path} follows the change after {took:?}, may take {within:?}",
        poller.name
    );
    assert!(
        took.is_some_and(|took| took <= within),
        "{}: {path} after {took:?}",
        poller.name
    );
}

/// The X-Ray SDKs of four languages and one sampler of OpenTelemetry; fewer, said aloud, without Go or Java.
fn five_sdks() -> Vec<Named> {
    available([
        ("xray-python", Some(python("xray_poller.py"))),
        ("xray-node", Some(node("xray_poller.js"))),
        ("xray-go", go("xray_poller")),
        ("xray-java", java("XRayPoller")),
        ("otel-java", java("OtelPoller")),
    ])
}

/// Rules have two ways to an SDK. Rates and quotas come back with the reports about every matched rule, each 10 s. New
/// rules and matchers come only when it asks for the rules: Python and Go do so at once when a report's answer tells
/// of a change, OpenTelemetry's samplers as often as they are told to, Node and Java after 5 minutes.
#[test]
fn five_sdks_obey_rules_that_change_while_they_run() {
    let server = Server::start();
    create_rule(&server, "shared", 10, "/shared", 5, 0.2);
    create_rule(&server, "share", 20, "/share", 0, 0.3);
    create_rule(&server, "closed", 30, "/closed", 0, 0.0);
    create_rule(&server, "nothing", 40, "/new", 0, 0.0);
    let paths = ["/shared", "/share", "/closed", "/new"];
    let mut pollers = Pollers::start(&server, &five_sdks(), &paths);
    pollers.until("starting", START, |it| !it.told.is_empty());

    // The reservoir is shared out with the first reports; until then everybody borrows.
    let ready = Instant::now() + REPORT;
    let change_at = ready + Duration::from_secs(15);
    pollers.until_after(change_at);
    check_rate(&pollers, "/shared", [ready, change_at], 5, 0.2);
    check_rate(&pollers, "/share", [ready, change_at], 0, 0.3);
    let asked: Vec<u64> = pollers.each().iter().map(Poller::fetches).collect();

    let changed = Instant::now();
    update_rule(&server, "shared", 10, 0.1);
    update_rule(&server, "share", 0, 0.6);
    update_rule(&server, "closed", 0, 1.0);
    create_rule(&server, "new", 1, "/new", 0, 1.0);

    let settled = changed + REPORT + Duration::from_secs(2);
    let end = settled + Duration::from_secs(60);
    pollers.until_after(end);
    check_rate(&pollers, "/shared", [settled, end], 10, 0.1);
    check_rate(&pollers, "/share", [settled, end], 0, 0.6);
    for (poller, asked) in pollers.each().iter().zip(asked) {
        check_delay(poller, "/closed", changed, REPORT);
        match poller.name {
            "xray-python" | "xray-go" => {
                check_delay(poller, "/new", changed, REPORT + Duration::from_secs(2));
                // They reckon in whole seconds: after a fetch in the second of the change they ask once more.
                let fetches = poller.fetches() - asked;
                assert!((1..=2).contains(&fetches), "{} asked {fetches} times", poller.name);
            }
            "otel-java" => check_delay(poller, "/new", changed, REPORT),
            _ => assert_eq!(poller.fetches(), asked, "{} only asks every 5 minutes", poller.name),
        }
    }
    check_reports(&server, &pollers);

    if std::env::var_os("BEAMLINE_LONG_TESTS").is_none() {
        say_aloud(
            "NOT WAITED 5 minutes until the X-Ray SDKs of Node and Java see a new rule; BEAMLINE_LONG_TESTS=1 does",
        );
    } else {
        pollers.until("seeing a new rule", FETCH, |it| {
            it.first_kept("/new", changed).is_some()
        });
        for poller in pollers.each() {
            check_delay(poller, "/new", changed, FETCH);
        }
    }
    check_received(&server, pollers);
}

/// What the server says of each rule is what the SDKs saw: all but what they have yet to report, and what they decided
/// before they knew the rules.
fn check_reports(server: &Server, pollers: &Pollers) {
    let rows = api(server, "/SamplingStatisticSummaries", &json!({}))["SamplingStatisticSummaries"].clone();
    let rows = rows.as_array().cloned().unwrap_or_default();
    for (rule, path) in [("shared", "/shared"), ("share", "/share"), ("closed", "/closed")] {
        let sum = |column: &str| {
            let of_rule = rows.iter().filter(|row| row["RuleName"] == rule);
            of_rule.filter_map(|row| row[column].as_u64()).sum::<u64>()
        };
        let last = pollers.each().iter().filter_map(|it| it.told.last()?.counts.get(path));
        let [offered, kept] = last.fold([0, 0], |sum, count| [sum[0] + count[0], sum[1] + count[1]]);
        let [requests, sampled] = [sum("RequestCount"), sum("SampledCount") + sum("BorrowCount")];
        let figures = format!("{rule}: {requests} of {offered} requests and {sampled} of {kept} samples are reported");
        println!("{figures}");
        assert!((offered * 4 / 5..=offered).contains(&requests), "{figures}");
        // Some SDKs count what they borrow among what they sample, too.
        assert!((kept * 3 / 4..=kept * 21 / 20).contains(&sampled), "{figures}");
    }
}

/// Every request that an X-Ray SDK kept is on the map.
fn check_received(server: &Server, pollers: Pollers) {
    let now = crate::wire::now();
    let range = json!({"StartTime": now - 3600, "EndTime": now + 60});
    let received = |name: &str| {
        let graph = api(server, "/ServiceGraph", &range);
        let nodes = graph["Services"].as_array().cloned().unwrap_or_default();
        let node = nodes
            .iter()
            .find(|node| node["Name"] == name && node["SummaryStatistics"].is_object());
        node.and_then(|node| node["SummaryStatistics"]["TotalCount"].as_u64())
            .unwrap_or(0)
    };
    let finished = pollers.finish();
    for (name, counts) in finished.iter().filter(|(name, _)| name.starts_with("xray-")) {
        let kept: u64 = counts.values().map(|count| count[1]).sum();
        let deadline = Instant::now() + REPORT;
        let mut there = received(name);
        while there < kept && Instant::now() < deadline {
            there = received(name);
        }
        println!("{name}: {there} received of {kept} kept");
        // It may have kept some more after it told for the last time.
        let later = OFFERED * counts.len() as u64;
        assert!(
            (kept..=kept + later).contains(&there),
            "{name}: {there} received of {kept} kept"
        );
    }
}

/// The remote samplers of three languages: what they are told they do, and what they see they report.
#[test]
fn samplers_of_opentelemetry_obey_in_three_languages() {
    let samplers = available([
        ("otel-java", java("OtelPoller")),
        ("otel-python", Some(python("otel_poller.py"))),
        ("otel-node", Some(node("otel_poller.js"))),
    ]);
    let server = Server::start();
    create_rule(&server, "open", 10, "/open", 0, 1.0);
    create_rule(&server, "closed", 20, "/closed", 0, 0.0);
    create_rule(&server, "reservoir", 30, "/reservoir", 30, 0.0);
    create_rule(&server, "nothing", 40, "/new", 0, 0.0);
    let mut pollers = Pollers::start(&server, &samplers, &["/open", "/closed", "/reservoir", "/new"]);
    pollers.until("starting", START, |it| !it.told.is_empty());

    // By then each has reported and been answered.
    let ready = Instant::now() + REPORT;
    pollers.until_after(ready + REPORT);
    let changed = Instant::now();
    let since = |from: Instant, path: &str| -> Vec<[u64; 2]> {
        pollers
            .each()
            .iter()
            .map(|it| it.between(path, from, changed))
            .collect()
    };
    assert!(
        since(ready, "/open")
            .iter()
            .all(|[offered, kept]| offered == kept && *kept > 0)
    );
    assert!(since(ready, "/closed").iter().all(|[_, kept]| *kept == 0));
    let kept: u64 = since(ready, "/reservoir").iter().map(|count| count[1]).sum();
    let offered: u64 = since(ready, "/reservoir").iter().map(|count| count[0]).sum();
    let expected = 30.0 * offered as f64 / (OFFERED as f64 * samplers.len() as f64);
    println!("/reservoir: kept {kept}, expected {expected:.0}");
    assert!(
        (kept as f64 / expected - 1.0).abs() <= 0.1,
        "kept {kept}, expected {expected:.0}"
    );
    check_reports_of_samplers(&server);

    create_rule(&server, "new", 1, "/new", 0, 1.0);
    // They ask every 10 s, and up to 5 s later on purpose.
    let within = Duration::from_secs(17);
    pollers.until("seeing a new rule", within, |it| {
        it.first_kept("/new", changed).is_some()
    });
    for poller in pollers.each() {
        check_delay(poller, "/new", changed, within);
    }
}

/// Reported is what was kept: all of one rule, nothing of another.
fn check_reports_of_samplers(server: &Server) {
    let rows = api(server, "/SamplingStatisticSummaries", &json!({}))["SamplingStatisticSummaries"].clone();
    let rows = rows.as_array().cloned().unwrap_or_default();
    let sum = |rule: &str, column: &str| {
        let of_rule = rows.iter().filter(|row| row["RuleName"] == rule);
        of_rule.filter_map(|row| row[column].as_u64()).sum::<u64>()
    };
    assert_eq!(sum("open", "RequestCount"), sum("open", "SampledCount"), "{rows:?}");
    assert!(
        sum("open", "RequestCount") > 0 && sum("closed", "RequestCount") > 0,
        "{rows:?}"
    );
    assert_eq!(
        sum("closed", "SampledCount") + sum("closed", "BorrowCount"),
        0,
        "{rows:?}"
    );
}
