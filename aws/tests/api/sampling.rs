//! Sampling rules, and the pollers that live by them.

use beamline_aws::AwsConfig;
use serde_json::{Value, json};

use crate::server::Server;

pub(crate) fn rule(name: &str) -> Value {
    json!({
        "RuleName": name, "ResourceARN": "*", "Priority": 100, "FixedRate": 0.1, "ReservoirSize": 2,
        "ServiceName": "shop", "ServiceType": "*", "Host": "*", "HTTPMethod": "GET", "URLPath": "/cart/*", "Version": 1,
    })
}

pub(crate) fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs_f64()
}

/// What a client reports about a rule.
pub(crate) fn document(rule: &str, client: &str, timestamp: f64) -> Value {
    json!({"RuleName": rule, "ClientID": client, "RequestCount": 110, "BorrowCount": 10, "SampledCount": 20,
           "Timestamp": timestamp})
}

#[tokio::test]
async fn the_default_rule_has_every_member_that_sdks_read() {
    let server = Server::start().await;
    let expected = json!({"SamplingRuleRecords": [{
        "SamplingRule": {
            "RuleName": "Default", "RuleARN": "arn:aws:xray:us-east-1:123456789012:sampling-rule/Default",
            "ResourceARN": "*", "Priority": 10000, "FixedRate": 0.05, "ReservoirSize": 1, "ServiceName": "*",
            "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1, "Attributes": {},
        },
        "CreatedAt": 0.0, "ModifiedAt": 0.0,
    }]});
    server
        .check("/GetSamplingRules", json!({}), 200, expected.clone())
        .await;
    // The SDK for Go says it has no token.
    server
        .check("/GetSamplingRules", json!({"NextToken": null}), 200, expected)
        .await;
}

/// The names of the rules in the order of the answer.
async fn listed_names(server: &Server) -> Vec<Value> {
    let listed = server.post("/GetSamplingRules", &json!({})).await.body;
    let rules = listed["SamplingRuleRecords"].as_array().unwrap();
    rules
        .iter()
        .map(|record| record["SamplingRule"]["RuleName"].clone())
        .collect()
}

#[tokio::test]
async fn a_rule_is_created_changed_and_deleted() {
    let server = Server::start().await;
    let before = now();
    let mut given = rule("cart");
    given["Attributes"] = json!({"tier": "gold"});
    given["SamplingRateBoost"] = json!({"MaxRate": 0.5, "CooldownWindowMinutes": 10});
    let created = server
        .post("/CreateSamplingRule", &json!({"SamplingRule": given}))
        .await;
    assert_eq!(created.status, 200, "{}", created.body);
    let record = &created.body["SamplingRuleRecord"];
    let mut expected = given;
    expected["RuleARN"] = json!("arn:aws:xray:us-east-1:123456789012:sampling-rule/cart");
    assert_eq!(record["SamplingRule"], expected);
    let moment = record["CreatedAt"].as_f64().unwrap();
    assert!(moment >= before - 1.0 && moment <= now() + 1.0, "{moment}");
    assert_eq!(record["CreatedAt"], record["ModifiedAt"]);

    assert_eq!(listed_names(&server).await, ["cart", "Default"]);

    // The SDK for Java looks at the last rule only to see whether there is a new one, or a new order.
    let mut first = rule("first");
    first["Priority"] = json!(1);
    server
        .post("/CreateSamplingRule", &json!({"SamplingRule": first}))
        .await;
    let slower = json!({"SamplingRuleUpdate": {"RuleName": "cart", "FixedRate": 0.5}});
    server.post("/UpdateSamplingRule", &slower).await;
    assert_eq!(listed_names(&server).await, ["cart", "first", "Default"]);

    let by_arn = json!({"SamplingRuleUpdate": {"RuleARN": expected["RuleARN"], "FixedRate": 0.5, "Priority": 7}});
    let updated = server.post("/UpdateSamplingRule", &by_arn).await.body;
    (expected["FixedRate"], expected["Priority"]) = (json!(0.5), json!(7));
    assert_eq!(updated["SamplingRuleRecord"]["SamplingRule"], expected);
    assert_eq!(listed_names(&server).await, ["first", "cart", "Default"]);

    let deleted = server
        .post("/DeleteSamplingRule", &json!({"RuleName": "cart"}))
        .await
        .body;
    assert_eq!(deleted["SamplingRuleRecord"]["SamplingRule"], expected);
    let missing = json!({"RuleName": "cart"});
    server
        .refuses("/DeleteSamplingRule", missing, "InvalidRequestException", "cart")
        .await;
}

#[tokio::test]
async fn what_makes_no_rule_is_refused() {
    let server = Server::start().await;
    server
        .post("/CreateSamplingRule", &json!({"SamplingRule": rule("taken")}))
        .await;
    let with = |member: &str, value: Value| {
        let mut rule = rule("new");
        rule[member] = value;
        json!({"SamplingRule": rule})
    };
    for (path, body, part) in [
        (
            "/CreateSamplingRule",
            json!({"SamplingRule": rule("taken")}),
            "already exists",
        ),
        ("/CreateSamplingRule", with("RuleName", json!("Default")), "reserved"),
        ("/CreateSamplingRule", with("RuleName", Value::Null), "needs a RuleName"),
        ("/CreateSamplingRule", with("Version", json!(2)), "Version must be 1"),
        (
            "/CreateSamplingRule",
            with("Priority", json!(10_000)),
            "less than or equal to 9999",
        ),
        (
            "/CreateSamplingRule",
            with("FixedRate", json!(1.5)),
            "less than or equal to 1",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {}}),
            "either RuleName or RuleARN",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleName": "a", "RuleARN": "b"}}),
            "either RuleName or RuleARN",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleName": "gone"}}),
            "gone",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleName": "Default", "Host": "x"}}),
            "Host of the Default rule",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleName": "Default", "Priority": 5}}),
            "Priority of the Default rule",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleName": "taken", "Priority": 0}}),
            "Priority",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleName": "taken", "ReservoirSize": -1}}),
            "ReservoirSize",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleName": "taken", "FixedRate": 1.5}}),
            "FixedRate",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleARN": "arn:aws:xray:eu-west-1:123456789012:sampling-rule/taken"}}),
            "not the ARN of a sampling rule of this account and region",
        ),
        (
            "/DeleteSamplingRule",
            json!({"RuleARN": "arn:aws:xray:us-east-1:210987654321:sampling-rule/taken"}),
            "not the ARN of a sampling rule of this account and region",
        ),
        ("/DeleteSamplingRule", json!({}), "either RuleName or RuleARN"),
        (
            "/CreateSamplingRule",
            with("SamplingRateBoost", json!({"MaxRate": 1.5, "CooldownWindowMinutes": 1})),
            "less than or equal to 1",
        ),
        (
            "/CreateSamplingRule",
            with("SamplingRateBoost", json!({"MaxRate": 0.5})),
            "cooldownWindowMinutes",
        ),
        ("/CreateSamplingRule", with("Host", Value::Null), "samplingRule.host"),
        ("/CreateSamplingRule", with("URLPath", json!("")), "URLPath"),
        (
            "/CreateSamplingRule",
            with(
                "Attributes",
                json!({"a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6"}),
            ),
            "attributes",
        ),
        (
            "/DeleteSamplingRule",
            json!({"RuleName": "Default"}),
            "cannot be deleted",
        ),
    ] {
        server.refuses(path, body, "InvalidRequestException", part).await;
    }
}

#[tokio::test]
async fn clients_that_report_are_granted_a_quota() {
    let server = Server::start().await;
    server
        .post("/CreateSamplingRule", &json!({"SamplingRule": rule("cart")}))
        .await;
    let document = |rule: &str, timestamp: f64| document(rule, "abcdef0123456789abcdef01", timestamp);
    // The SDK for Java writes milliseconds.
    let documents = [
        document("cart", now()),
        document("Default", now() * 1e3),
        document("gone", now()),
        document("cart", now() - 400.0),
    ];
    let granted = server
        .post("/SamplingTargets", &json!({"SamplingStatisticsDocuments": documents}))
        .await
        .body;
    let targets = granted["SamplingTargetDocuments"].as_array().unwrap();
    let names: Vec<_> = targets.iter().map(|target| &target["RuleName"]).collect();
    assert_eq!(names, ["cart", "Default"], "{granted}");
    assert_eq!(targets[0]["FixedRate"], 0.1);
    assert_eq!(targets[0]["Interval"], 10);
    assert!(targets[0]["ReservoirQuota"].as_i64().unwrap() <= 2);
    assert!(targets[0]["ReservoirQuotaTTL"].as_f64().unwrap() > now() + 200.0);
    let changed = granted["LastRuleModification"].as_f64().unwrap();
    assert!(changed > 1e9 && changed <= now(), "{changed}");
    let unprocessed = granted["UnprocessedStatistics"].as_array().unwrap();
    let codes: Vec<_> = unprocessed.iter().map(|report| &report["ErrorCode"]).collect();
    assert_eq!(codes, ["404", "400"], "{granted}");
    assert_eq!(granted["UnprocessedBoostStatistics"], json!([]));

    let summaries = server.post("/SamplingStatisticSummaries", &json!({})).await.body;
    let rows = summaries["SamplingStatisticSummaries"].as_array().unwrap();
    let cart = rows.iter().find(|row| row["RuleName"] == "cart").unwrap();
    assert_eq!(
        [&cart["RequestCount"], &cart["SampledCount"], &cart["BorrowCount"]],
        [110, 20, 10]
    );
    assert_eq!(cart["Timestamp"].as_f64().unwrap() % 10.0, 0.0);
}

#[tokio::test]
async fn of_the_default_rule_the_rates_and_the_boost_can_be_changed() {
    let server = Server::start().await;
    let arn = "arn:aws:xray:us-east-1:123456789012:sampling-rule/Default";
    let boost = json!({"MaxRate": 0.5, "CooldownWindowMinutes": 10});
    let update = json!({"SamplingRuleUpdate": {"RuleARN": arn, "FixedRate": 0.2, "ReservoirSize": 7,
                                               "SamplingRateBoost": boost}});
    let updated = server.post("/UpdateSamplingRule", &update).await.body;
    let record = &updated["SamplingRuleRecord"];
    assert_eq!(record["CreatedAt"], 0.0);
    assert!(record["ModifiedAt"].as_f64().unwrap() > 1e9);
    let rule = &record["SamplingRule"];
    assert_eq!((&rule["FixedRate"], &rule["ReservoirSize"]), (&json!(0.2), &json!(7)));
    assert_eq!(
        (&rule["SamplingRateBoost"], &rule["Priority"]),
        (&boost, &json!(10_000))
    );
    let listed = server.post("/GetSamplingRules", &json!({})).await.body;
    assert_eq!(listed["SamplingRuleRecords"], json!([record]));
}

#[tokio::test]
async fn a_strict_server_takes_25_rules_besides_the_default_one() {
    let server = Server::with(AwsConfig {
        strict: true,
        ..AwsConfig::default()
    })
    .await;
    let default = json!({"SamplingRuleUpdate": {"RuleName": "Default", "FixedRate": 0.1}});
    assert_eq!(server.post("/UpdateSamplingRule", &default).await.status, 200);
    for number in 0..25 {
        let create = json!({"SamplingRule": rule(&format!("rule-{number}"))});
        assert_eq!(
            server.post("/CreateSamplingRule", &create).await.status,
            200,
            "{number}"
        );
    }
    let one_more = json!({"SamplingRule": rule("one-more")});
    server
        .refuses(
            "/CreateSamplingRule",
            one_more.clone(),
            "RuleLimitExceededException",
            "25",
        )
        .await;
    server.post("/DeleteSamplingRule", &json!({"RuleName": "rule-3"})).await;
    assert_eq!(server.post("/CreateSamplingRule", &one_more).await.status, 200);
    let listed = server.post("/GetSamplingRules", &json!({})).await.body;
    assert_eq!(
        listed["SamplingRuleRecords"].as_array().unwrap().len(),
        26,
        "all on one page"
    );
}

#[tokio::test]
async fn failures_that_go_unseen_raise_the_rate_for_a_minute() {
    let server = Server::start().await;
    let mut given = rule("cart");
    (given["FixedRate"], given["SamplingRateBoost"]) =
        (json!(0.01), json!({"MaxRate": 0.5, "CooldownWindowMinutes": 10}));
    server
        .post("/CreateSamplingRule", &json!({"SamplingRule": given}))
        .await;
    let failures = |rule: &str, timestamp: f64| {
        json!({"RuleName": rule, "ServiceName": "shop", "Timestamp": timestamp, "AnomalyCount": 100,
               "TotalCount": 5_000, "SampledAnomalyCount": 1})
    };
    let report = json!({
        "SamplingStatisticsDocuments": [
            document("cart", "abcdef0123456789abcdef01", now()),
            document("Default", "abcdef0123456789abcdef01", now()),
        ],
        "SamplingBoostStatisticsDocuments": [
            failures("cart", now()), failures("gone", now()), failures("Default", now()), failures("cart", now() - 400.0),
        ],
    });
    let granted = server.post("/SamplingTargets", &report).await.body;
    let targets = granted["SamplingTargetDocuments"].as_array().unwrap();
    // 100 failures in ten seconds, of which one a second should be sampled.
    assert_eq!(targets[0]["SamplingBoost"]["BoostRate"], 0.1, "{granted}");
    let until = targets[0]["SamplingBoost"]["BoostRateTTL"].as_f64().unwrap();
    assert!((50.0..=60.0).contains(&(until - now())), "{until}");
    assert_eq!(targets[1].get("SamplingBoost"), None);
    let unprocessed = granted["UnprocessedBoostStatistics"].as_array().unwrap();
    let told: Vec<_> = unprocessed
        .iter()
        .map(|it| (&it["RuleName"], &it["ErrorCode"]))
        .collect();
    let expected =
        [("gone", "404"), ("Default", "400"), ("cart", "400")].map(|(rule, code)| (json!(rule), json!(code)));
    assert_eq!(
        told,
        expected.iter().map(|(rule, code)| (rule, code)).collect::<Vec<_>>()
    );
    assert_eq!(granted["UnprocessedStatistics"], json!([]));
}

#[tokio::test]
async fn reports_about_nothing_are_answered_with_everything_sdks_read() {
    let server = Server::start().await;
    let expected = json!({"SamplingTargetDocuments": [], "LastRuleModification": 0.0, "UnprocessedStatistics": [],
                          "UnprocessedBoostStatistics": []});
    let nothing = json!({"SamplingStatisticsDocuments": []});
    server.check("/SamplingTargets", nothing, 200, expected).await;
}

#[tokio::test]
async fn statistics_are_listed_page_by_page_with_tokens_of_their_own() {
    let server = Server::start().await;
    let summaries = async |token: Value| {
        server
            .post("/SamplingStatisticSummaries", &json!({"NextToken": token}))
            .await
    };
    let report = json!({"SamplingStatisticsDocuments": [document("Default", "abcdef0123456789abcdef01", now())]});
    server.post("/SamplingTargets", &report).await;
    let all = summaries(Value::Null).await.body;
    assert_eq!(all["SamplingStatisticSummaries"].as_array().unwrap().len(), 1);
    assert_eq!(all.get("NextToken"), None);
    let wrong = summaries(json!("AAAA")).await;
    wrong.is_fault("InvalidRequestException", "NextToken");
}

#[tokio::test]
async fn daemons_tell_about_themselves() {
    let server = Server::start().await;
    let record = json!({"Timestamp": now(), "SegmentsReceivedCount": 5, "BackendConnectionErrors": {"OtherCount": 1}});
    let body = json!({"TelemetryRecords": [record], "Hostname": "", "EC2InstanceId": "", "ResourceARN": ""});
    server.check("/TelemetryRecords", body, 200, json!({})).await;
}
