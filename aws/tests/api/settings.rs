//! Settings of an account that there is one of: where segments go, and which share of them is indexed.

use beamline_store::ObjectKind;
use beamline_store::api::Account;
use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test]
async fn a_destination_is_pending_when_it_changes_and_active_from_then_on() {
    let server = Server::start().await;
    let active = |destination: &str| json!({"Destination": destination, "Status": "ACTIVE"});
    // The SDK for Python sends this without a body.
    server
        .check("/GetTraceSegmentDestination", Value::Null, 200, active("XRay"))
        .await;
    let same = json!({"Destination": "XRay"});
    server
        .check("/UpdateTraceSegmentDestination", same, 200, active("XRay"))
        .await;
    let logs = json!({"Destination": "CloudWatchLogs"});
    let pending = json!({"Destination": "CloudWatchLogs", "Status": "PENDING"});
    server.check("/UpdateTraceSegmentDestination", logs, 200, pending).await;
    let server = server.restart().await;
    server
        .check("/GetTraceSegmentDestination", json!({}), 200, active("CloudWatchLogs"))
        .await;
    server
        .check(
            "/UpdateTraceSegmentDestination",
            json!({}),
            200,
            active("CloudWatchLogs"),
        )
        .await;
}

#[tokio::test]
async fn the_log_group_of_spans_can_have_a_key_of_its_own() {
    let server = Server::start().await;
    let path = "/UpdateTraceSegmentDestination";
    let with = |destination: &str, key: &str| json!({"Destination": destination, "CloudWatchLogsConfiguration": {"SpansLogGroupKmsKeyId": key}});
    let key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd";
    for (request, part) in [
        (with("XRay", key), "needs the Destination CloudWatchLogs"),
        (with("CloudWatchLogs", "alias/spans"), "ARN of a key"),
        (
            with("CloudWatchLogs", "arn:aws:kms:us-east-1:123456789012:alias/spans"),
            "ARN of a key",
        ),
        (
            with("CloudWatchLogs", "arn:aws:kms:us-east-1:123456789012:key/"),
            "ARN of a key",
        ),
    ] {
        server.refuses(path, request, "InvalidRequestException", part).await;
    }
    let answer = server.post(path, &with("CloudWatchLogs", key)).await.body;
    assert_eq!(answer, json!({"Destination": "CloudWatchLogs", "Status": "PENDING"}));
    let setting = server
        .store
        .object(ObjectKind::Setting, Account::default(), "trace-segment-destination");
    let kept: Value = serde_json::from_slice(&setting.unwrap().unwrap()).unwrap();
    assert_eq!(kept["key"], key);
}

#[tokio::test]
async fn the_one_indexing_rule_keeps_what_is_wished_for() {
    let server = Server::start().await;
    let percentages = |rule: &Value| {
        let value = &rule["Rule"]["Probabilistic"];
        assert_eq!(value["ActualSamplingPercentage"], 100.0);
        assert_eq!(rule["Name"], "Default");
        value["DesiredSamplingPercentage"].as_f64().unwrap()
    };
    let listed = server.post("/GetIndexingRules", &json!({})).await.body;
    assert_eq!(percentages(&listed["IndexingRules"][0]), 1.0);
    assert_eq!(listed["IndexingRules"][0]["ModifiedAt"], 0.0);
    let wish = |percentage: f64| json!({"Name": "Default", "Rule": {"Probabilistic": {"DesiredSamplingPercentage": percentage}}});
    for percentage in [0.0, 100.0, 12.5] {
        let updated = server.post("/UpdateIndexingRule", &wish(percentage)).await.body;
        assert_eq!(percentages(&updated["IndexingRule"]), percentage);
        assert!(updated["IndexingRule"]["ModifiedAt"].as_f64().unwrap() > 1.7e9);
    }
    for percentage in [-0.1, 100.1] {
        server
            .refuses(
                "/UpdateIndexingRule",
                wish(percentage),
                "InvalidRequestException",
                "between 0 and 100",
            )
            .await;
    }
    let nothing = json!({"Name": "Default", "Rule": {}});
    server
        .refuses(
            "/UpdateIndexingRule",
            nothing,
            "InvalidRequestException",
            "needs a value",
        )
        .await;
    let other = json!({"Name": "other", "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 1}}});
    let refused = server.post("/UpdateIndexingRule", &other).await;
    refused.is_fault("ResourceNotFoundException", "no indexing rule");
    assert_eq!((refused.status, &refused.body["ResourceName"]), (404, &json!("other")));
    let server = server.restart().await;
    let listed = server.post("/GetIndexingRules", &json!({})).await.body;
    assert_eq!(percentages(&listed["IndexingRules"][0]), 12.5);
}
