//! What real sampling clients send and rely on, one test for each way in which they differ from the model.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use beamline_aws::AwsConfig;
use beamline_model::digest::Digest;
use beamline_model::group::Group;
use beamline_model::id::TraceId;
use beamline_model::insight::{Insight, InsightId, Minute};
use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_query::source::{LogSource, MetricSource, Nothing, Source};
use beamline_store::StoreError;
use beamline_store::api::{Account, Page, Search, StoredTrace, Touched, Wanted};
use http::Request;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::task::JoinSet;

use crate::sampling::{document, now, rule};
use crate::server::Server;

const NODE: &str = "abcdef0123456789abcdef01";
const GO: &str = "0123456789abcdef01234567";

async fn target(server: &Server, document: Value) -> Value {
    let body = json!({"SamplingStatisticsDocuments": [document]});
    let granted = server.post("/SamplingTargets", &body).await.body;
    granted["SamplingTargetDocuments"][0].clone()
}

#[tokio::test]
async fn times_are_numbers_of_seconds_in_any_spelling_and_milliseconds_from_java() {
    let server = Server::start().await;
    let seconds = now();
    for spelled in [
        format!("{seconds}"),
        format!("{}", seconds as u64),
        format!("{:e}", seconds),
        format!("{}", (seconds * 1e3) as u64),
        format!("{:e}", (seconds * 1e3).round()),
    ] {
        let body = format!(
            r#"{{"SamplingStatisticsDocuments":[{{"RuleName":"Default","ClientID":"{GO}","Timestamp":{spelled},
                "RequestCount":1,"SampledCount":1}}]}}"#
        );
        let granted = server.send(Request::post("/SamplingTargets"), body).await.body;
        assert_eq!(granted["UnprocessedStatistics"], json!([]), "{spelled}");
        let until = &granted["SamplingTargetDocuments"][0]["ReservoirQuotaTTL"];
        let until = until.as_f64().unwrap();
        assert!((until - seconds - 300.0).abs() < 60.0, "{spelled}: {until}");
        assert!(granted["LastRuleModification"].is_number(), "{spelled}");
    }
}

#[tokio::test]
async fn a_rule_made_of_what_is_required_has_every_member_that_sdks_read() {
    let server = Server::start().await;
    server
        .post("/CreateSamplingRule", &json!({"SamplingRule": rule("cart")}))
        .await;
    // The SDK for Node sends no body and no content type.
    let listed = server.send(Request::post("/GetSamplingRules"), "").await.body;
    assert_eq!(listed.get("NextToken").unwrap_or(&Value::Null), &Value::Null);
    let records = listed["SamplingRuleRecords"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    for record in records {
        let rule = &record["SamplingRule"];
        assert_eq!(
            (&rule["Attributes"], &rule["Version"]),
            (&json!({}), &json!(1)),
            "{rule}"
        );
        assert_eq!(rule["ResourceARN"], "*", "{rule}");
        for text in [
            "RuleName",
            "RuleARN",
            "ServiceName",
            "ServiceType",
            "Host",
            "HTTPMethod",
            "URLPath",
        ] {
            assert!(rule[text].is_string(), "{text} in {rule}");
        }
        for number in ["Priority", "ReservoirSize", "FixedRate"] {
            assert!(rule[number].is_number(), "{number} in {rule}");
        }
        assert!(record["CreatedAt"].is_number() && record["ModifiedAt"].is_number());
    }
}

#[tokio::test]
async fn clients_are_told_once_of_a_change_and_never_of_the_time_of_day() {
    let server = Server::start().await;
    let last_change = async || {
        let body = json!({"SamplingStatisticsDocuments": [document("Default", GO, now())]});
        let granted = server.post("/SamplingTargets", &body).await.body;
        granted["LastRuleModification"].as_f64().unwrap()
    };
    assert_eq!(last_change().await, 0.0);
    let create = json!({"SamplingRule": rule("cart")});
    let created = server.post("/CreateSamplingRule", &create).await.body;
    let made = created["SamplingRuleRecord"]["ModifiedAt"].as_f64().unwrap();
    assert_eq!((last_change().await, last_change().await), (made, made));
    // Moments are told to a quarter of a microsecond, so it may take another change until a later one is told.
    let mut changed = made;
    while changed == made {
        let update = json!({"SamplingRuleUpdate": {"RuleName": "cart", "FixedRate": 0.2}});
        let updated = server.post("/UpdateSamplingRule", &update).await.body;
        changed = updated["SamplingRuleRecord"]["ModifiedAt"].as_f64().unwrap();
        assert_eq!(last_change().await, changed);
    }
    let mut deleted = changed;
    while deleted == changed {
        server.post("/DeleteSamplingRule", &json!({"RuleName": "cart"})).await;
        deleted = last_change().await;
        if deleted == changed {
            server.post("/CreateSamplingRule", &create).await;
        }
    }
    assert!(deleted > changed && changed > made);
    assert_eq!(last_change().await, deleted);
    // What was refused is no change.
    server.post("/DeleteSamplingRule", &json!({"RuleName": "cart"})).await;
    assert_eq!(last_change().await, deleted);
}

#[tokio::test]
async fn each_of_26_documents_is_answered_also_those_that_count_nothing() {
    let server = Server::start().await;
    let mut names: Vec<String> = (0..25).map(|number| format!("rule-{number:02}")).collect();
    for name in &names {
        server
            .post("/CreateSamplingRule", &json!({"SamplingRule": rule(name)}))
            .await;
    }
    names.push("Default".to_owned());
    let mut documents: Vec<Value> = names.iter().map(|name| document(name, GO, now())).collect();
    for document in documents.iter_mut().step_by(2) {
        for count in ["RequestCount", "SampledCount", "BorrowCount"] {
            document[count] = json!(0);
        }
    }
    let body = json!({"SamplingStatisticsDocuments": documents});
    let granted = server.post("/SamplingTargets", &body).await.body;
    let targets = granted["SamplingTargetDocuments"].as_array().unwrap();
    let answered: Vec<_> = targets
        .iter()
        .map(|target| target["RuleName"].as_str().unwrap())
        .collect();
    assert_eq!(answered, names);
    for target in targets {
        assert!(target["FixedRate"].is_number(), "{target}");
        assert_eq!(
            target["ReservoirQuota"].is_number(),
            target["ReservoirQuotaTTL"].is_number()
        );
    }
}

#[tokio::test]
async fn a_client_that_borrows_although_it_holds_a_quota_leaves_the_rest_to_others() {
    let server = Server::start().await;
    let mut given = rule("cart");
    given["ReservoirSize"] = json!(10);
    server
        .post("/CreateSamplingRule", &json!({"SamplingRule": given}))
        .await;
    let report = |client, borrowed: u32| {
        let mut document = document("cart", client, now());
        (document["RequestCount"], document["BorrowCount"]) = (json!(1_000), json!(borrowed));
        document
    };
    let quota = async |client, borrowed| target(&server, report(client, borrowed)).await["ReservoirQuota"].clone();
    assert_eq!(quota(NODE, 10).await, 10);
    assert_eq!(quota(GO, 0).await, 0);
    // The SDK for Node takes its quota for expired whatever it is, and keeps on borrowing.
    let held = quota(NODE, 10).await.as_u64().unwrap() + quota(GO, 0).await.as_u64().unwrap();
    assert!(held <= 10, "{held}");
}

#[tokio::test]
async fn null_is_the_same_as_absent() {
    let server = Server::start().await;
    let mut given = rule("cart");
    for absent in ["RuleARN", "Attributes", "SamplingRateBoost"] {
        given[absent] = Value::Null;
    }
    let created = server
        .post("/CreateSamplingRule", &json!({"SamplingRule": given, "Tags": null}))
        .await;
    assert_eq!(created.status, 200, "{}", created.body);
    let update = json!({"SamplingRuleUpdate": {"RuleName": "cart", "RuleARN": null, "Host": null, "Priority": 3}});
    let updated = server.post("/UpdateSamplingRule", &update).await.body;
    let updated = &updated["SamplingRuleRecord"]["SamplingRule"];
    assert_eq!((&updated["Host"], &updated["Priority"]), (&json!("*"), &json!(3)));
    let mut statistics = document("cart", GO, now());
    statistics["BorrowCount"] = Value::Null;
    let report = json!({"SamplingStatisticsDocuments": [statistics], "SamplingBoostStatisticsDocuments": null});
    let granted = server.post("/SamplingTargets", &report).await.body;
    assert_eq!(granted["SamplingTargetDocuments"][0]["RuleName"], "cart");
    for path in ["/GetSamplingRules", "/SamplingStatisticSummaries"] {
        let reply = server.post(path, &json!({"NextToken": null})).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let deleted = server
        .post("/DeleteSamplingRule", &json!({"RuleName": "cart", "RuleARN": null}))
        .await;
    assert_eq!(deleted.status, 200, "{}", deleted.body);
}

/// A source whose graphs are not ready until they are let go.
struct Stuck {
    entered: mpsc::UnboundedSender<()>,
    gate: Arc<Semaphore>,
    changes: broadcast::Sender<Touched>,
}

/// Lets everything go when dropped, also by a test that fails: a runtime waits for its threads.
struct OpenWhenDone(Arc<Semaphore>);

impl Drop for OpenWhenDone {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Stuck {
    fn wait(&self) {
        self.entered.send(()).unwrap();
        // Closed when the test is done with it.
        let _closed = tokio::runtime::Handle::current().block_on(self.gate.acquire());
    }
}

impl Source for Stuck {
    fn accounts(&self) -> Vec<(Account, String, String)> {
        vec![(Account(0), "123456789012".to_owned(), "us-east-1".to_owned())]
    }

    fn groups(&self, _: Account) -> Result<Vec<Group>, StoreError> {
        Ok(Vec::new())
    }

    fn sampling_rules(&self, _: Account) -> Result<Vec<beamline_model::sampling::record::RuleRecord>, StoreError> {
        Ok(Vec::new())
    }

    fn trace(&self, _: Account, _: TraceId) -> Result<Option<StoredTrace>, StoreError> {
        Ok(None)
    }

    fn digest(&self, _: Account, _: TraceId) -> Result<Option<Arc<Digest>>, StoreError> {
        Ok(None)
    }

    fn search(&self, _: &Search) -> Result<Page, StoreError> {
        Ok(Page::default())
    }

    fn graph(&self, _: Account, _: TimeRange) -> Result<GraphStats, StoreError> {
        self.wait();
        Ok(GraphStats::default())
    }

    fn each_graph(
        &self,
        _: Account,
        _: TimeRange,
        _: u32,
        _: &dyn Wanted,
        _: &mut dyn FnMut(Timestamp, GraphStats),
    ) -> Result<(), StoreError> {
        self.wait();
        Ok(())
    }

    fn group_statistics(&self, _: Account, _: &str, _: u64) -> Option<(Account, u32)> {
        None
    }

    fn counts(&self, _: Account, _: Range<u32>) -> Result<Vec<(u32, Minute)>, StoreError> {
        Ok(Vec::new())
    }

    fn insights(&self, _: Account) -> Result<Vec<Insight>, StoreError> {
        Ok(Vec::new())
    }

    fn insight(&self, _: Account, _: InsightId) -> Result<Option<Insight>, StoreError> {
        Ok(None)
    }

    fn subscribe(&self) -> broadcast::Receiver<Touched> {
        self.changes.subscribe()
    }

    fn logs(&self) -> &dyn LogSource {
        &Nothing
    }

    fn metrics(&self) -> &dyn MetricSource {
        &Nothing
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_are_answered_while_everything_else_waits_for_the_store() {
    const TURNS: usize = 32;
    let (entered, mut reading) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    let open_when_done = OpenWhenDone(Arc::clone(&gate));
    let stuck = Stuck {
        entered,
        gate,
        changes: broadcast::channel(1).0,
    };
    // Room for as many small requests as there will be, and none more.
    let config = AwsConfig {
        in_flight_limit: 40 << 10,
        ..AwsConfig::default()
    };
    let server = Arc::new(Server::reading(config, Arc::new(stuck)).await);
    let graph = json!({"StartTime": now() - 60.0, "EndTime": now()});
    let mut waiting = JoinSet::new();
    for _ in 0..41 {
        let (server, graph) = (Arc::clone(&server), graph.clone());
        waiting.spawn(async move { server.post("/ServiceGraph", &graph).await.status });
    }
    let patience = Duration::from_secs(30);
    let all_turns_taken = async {
        for _ in 0..TURNS {
            reading.recv().await.unwrap();
        }
        // The others wait for a turn, but for one that there was no room for.
        waiting.join_next().await.unwrap().unwrap()
    };
    assert_eq!(tokio::time::timeout(patience, all_turns_taken).await, Ok(429));
    let report = json!({"SamplingStatisticsDocuments": [document("Default", GO, now())]});
    for (path, body) in [
        ("/GetSamplingRules", json!({})),
        ("/SamplingTargets", report),
        ("/SamplingStatisticSummaries", json!({})),
    ] {
        let polled = tokio::time::timeout(patience, server.post(path, &body)).await;
        let reply = polled.unwrap_or_else(|_| panic!("{path} waited"));
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    }
    drop(open_when_done);
    while let Some(status) = waiting.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
}
