//! Groups and their tags.

use serde_json::{Value, json};

use crate::server::Server;

/// The group in an answer, with the random end of its ARN replaced.
fn settled(mut group: Value) -> Value {
    let arn = group["GroupARN"].as_str().unwrap().to_owned();
    let (head, unique) = arn.rsplit_once('/').unwrap();
    assert!(unique == "Default" || unique.len() == 32, "{arn}");
    if unique != "Default" {
        group["GroupARN"] = json!(format!("{head}/UNIQUE"));
    }
    group
}

fn many_tags(count: usize) -> Vec<Value> {
    (0..count)
        .map(|key| json!({"Key": format!("k{key}"), "Value": "v"}))
        .collect()
}

#[tokio::test]
async fn a_group_is_created_read_changed_and_deleted() {
    let server = Server::start().await;
    let created = server
        .post(
            "/CreateGroup",
            &json!({"GroupName": "slow", "FilterExpression": "responsetime > 3",
                    "InsightsConfiguration": {"InsightsEnabled": true}, "Tags": [{"Key": "team", "Value": "web"}]}),
        )
        .await;
    assert_eq!(created.status, 200, "{}", created.body);
    let arn = created.body["Group"]["GroupARN"].clone();
    let mut expected = json!({
        "GroupName": "slow", "GroupARN": "arn:aws:xray:us-east-1:123456789012:group/slow/UNIQUE",
        "FilterExpression": "responsetime > 3",
        "InsightsConfiguration": {"InsightsEnabled": true, "NotificationsEnabled": false},
    });
    assert_eq!(settled(created.body["Group"].clone()), expected);
    for by in [json!({"GroupName": "slow"}), json!({"GroupARN": arn})] {
        let found = server.post("/GetGroup", &by).await;
        assert_eq!(settled(found.body["Group"].clone()), expected, "{by}");
    }

    let change = json!({"GroupARN": arn, "FilterExpression": "fault",
                        "InsightsConfiguration": {"NotificationsEnabled": true}});
    let changed = server.post("/UpdateGroup", &change).await;
    expected["FilterExpression"] = json!("fault");
    expected["InsightsConfiguration"]["NotificationsEnabled"] = json!(true);
    assert_eq!(settled(changed.body["Group"].clone()), expected);

    let listed = server.post("/Groups", &json!({})).await;
    let default = json!({"GroupName": "Default", "GroupARN": "arn:aws:xray:us-east-1:123456789012:group/Default",
                         "InsightsConfiguration": {"InsightsEnabled": true, "NotificationsEnabled": false}});
    let groups: Vec<Value> = listed.body["Groups"]
        .as_array()
        .unwrap()
        .iter()
        .cloned()
        .map(settled)
        .collect();
    assert_eq!(groups, [default, expected]);

    server
        .check("/DeleteGroup", json!({"GroupName": "slow"}), 200, json!({}))
        .await;
    server
        .refuses(
            "/GetGroup",
            json!({"GroupName": "slow"}),
            "InvalidRequestException",
            "no group named slow",
        )
        .await;
    server
        .refuses(
            "/ListTagsForResource",
            json!({"ResourceARN": arn}),
            "ResourceNotFoundException",
            "no group",
        )
        .await;
}

#[tokio::test]
async fn of_the_group_that_always_exists_only_insights_can_be_chosen() {
    let server = Server::start().await;
    let chosen = json!({"InsightsEnabled": false, "NotificationsEnabled": false});
    let expected = json!({"Group": {"GroupName": "Default", "InsightsConfiguration": chosen,
                          "GroupARN": "arn:aws:xray:us-east-1:123456789012:group/Default"}});
    let change = json!({"GroupName": "Default", "InsightsConfiguration": {"InsightsEnabled": false}});
    server.check("/UpdateGroup", change, 200, expected.clone()).await;
    let named = json!({"GroupName": "Default"});
    server.check("/GetGroup", named, 200, expected.clone()).await;
    let listed = json!({"Groups": [expected["Group"]]});
    server.check("/Groups", json!({}), 200, listed).await;
}

#[tokio::test]
async fn what_makes_no_group_is_refused() {
    let server = Server::start().await;
    server.post("/CreateGroup", &json!({"GroupName": "taken"})).await;
    for (path, body, part) in [
        ("/CreateGroup", json!({"GroupName": "taken"}), "exists already"),
        ("/CreateGroup", json!({"GroupName": "Default"}), "always exists"),
        (
            "/CreateGroup",
            json!({"GroupName": "a b"}),
            "letters, digits and dashes",
        ),
        (
            "/CreateGroup",
            json!({"GroupName": "x", "FilterExpression": "foo = 1"}),
            "column 1",
        ),
        (
            "/CreateGroup",
            json!({"GroupName": "x", "FilterExpression": "service(\"x\""}),
            "column",
        ),
        (
            "/CreateGroup",
            json!({"GroupName": "x", "InsightsConfiguration": {"NotificationsEnabled": true}}),
            "needs InsightsEnabled",
        ),
        (
            "/CreateGroup",
            json!({"GroupName": "x", "Tags": [{"Key": "aws:x", "Value": ""}]}),
            "aws:",
        ),
        (
            "/CreateGroup",
            json!({"GroupName": "x", "Tags": many_tags(51)}),
            "at most 50",
        ),
        (
            "/UpdateGroup",
            json!({"GroupName": "taken", "FilterExpression": "responsetime >"}),
            "column",
        ),
        (
            "/UpdateGroup",
            json!({"GroupName": "Default", "FilterExpression": "ok"}),
            "expression cannot be changed",
        ),
        ("/DeleteGroup", json!({"GroupName": "Default"}), "cannot be deleted"),
        ("/DeleteGroup", json!({"GroupName": "gone"}), "no group named gone"),
        ("/GetGroup", json!({}), "either GroupName or GroupARN"),
        (
            "/GetGroup",
            json!({"GroupName": "a", "GroupARN": "b"}),
            "either GroupName or GroupARN",
        ),
        (
            "/GetGroup",
            json!({"GroupARN": "arn:aws:xray:us-east-1:123456789012:sampling-rule/a"}),
            "not the ARN",
        ),
    ] {
        server.refuses(path, body, "InvalidRequestException", part).await;
    }
}

#[tokio::test]
async fn an_arn_means_the_group_it_was_given_to_and_no_later_one() {
    let server = Server::start().await;
    let create = json!({"GroupName": "g", "Tags": [{"Key": "a", "Value": "b"}]});
    let first = server.post("/CreateGroup", &create).await.body["Group"]["GroupARN"].clone();
    server.post("/DeleteGroup", &json!({"GroupName": "g"})).await;
    let again = server.post("/CreateGroup", &json!({"GroupName": "g"})).await;
    let second = again.body["Group"]["GroupARN"].clone();
    assert_ne!(first, second);
    for path in ["/GetGroup", "/UpdateGroup", "/DeleteGroup"] {
        let old = json!({"GroupARN": first});
        server
            .refuses(path, old, "InvalidRequestException", "no group named g")
            .await;
    }
    let of_second = json!({"ResourceARN": second});
    server
        .check("/ListTagsForResource", of_second, 200, json!({"Tags": []}))
        .await;
    let found = server.post("/GetGroup", &json!({"GroupARN": second})).await;
    assert_eq!(found.body["Group"]["GroupName"], "g");
}

#[tokio::test]
async fn the_default_group_can_be_read_and_tagged_like_any_other() {
    let server = Server::start().await;
    let arn = "arn:aws:xray:us-east-1:123456789012:group/Default";
    for by in [json!({"GroupName": "Default"}), json!({"GroupARN": arn})] {
        assert_eq!(
            server.post("/GetGroup", &by).await.body["Group"]["GroupARN"],
            arn,
            "{by}"
        );
    }
    let tags = json!([{"Key": "a", "Value": "b"}]);
    server
        .check(
            "/TagResource",
            json!({"ResourceARN": arn, "Tags": tags}),
            200,
            json!({}),
        )
        .await;
    server
        .check(
            "/ListTagsForResource",
            json!({"ResourceARN": arn}),
            200,
            json!({"Tags": tags}),
        )
        .await;
}

#[tokio::test]
async fn tags_are_added_replaced_and_removed() {
    let server = Server::start().await;
    let created = server
        .post(
            "/CreateGroup",
            &json!({"GroupName": "g", "Tags": [{"Key": "a", "Value": "1"}]}),
        )
        .await;
    let arn = created.body["Group"]["GroupARN"].clone();
    let tags = json!([{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]);
    server
        .check(
            "/TagResource",
            json!({"ResourceARN": arn, "Tags": tags}),
            200,
            json!({}),
        )
        .await;
    server
        .check(
            "/ListTagsForResource",
            json!({"ResourceARN": arn}),
            200,
            json!({"Tags": tags}),
        )
        .await;
    server
        .check(
            "/UntagResource",
            json!({"ResourceARN": arn, "TagKeys": ["a", "z"]}),
            200,
            json!({}),
        )
        .await;
    let left = json!({"Tags": [{"Key": "b", "Value": ""}]});
    server
        .check("/ListTagsForResource", json!({"ResourceARN": arn}), 200, left)
        .await;

    let many = json!({"ResourceARN": arn, "Tags": many_tags(50)});
    let reply = server.post("/TagResource", &many).await;
    reply.is_fault("TooManyTagsException", "at most 50");
    assert_eq!(reply.body["ResourceName"], arn);
    let gone = "arn:aws:xray:us-east-1:123456789012:group/gone/0";
    let reply = server
        .post("/TagResource", &json!({"ResourceARN": gone, "Tags": []}))
        .await;
    assert_eq!((reply.status, &reply.body["ResourceName"]), (404, &json!(gone)));
    let default = json!({"ResourceARN": "arn:aws:xray:us-east-1:123456789012:sampling-rule/Default"});
    server
        .check("/ListTagsForResource", default, 200, json!({"Tags": []}))
        .await;
}

#[tokio::test]
async fn a_rule_has_the_tags_it_was_created_with_and_none_of_one_before_it() {
    let server = Server::start().await;
    let arn = json!({"ResourceARN": "arn:aws:xray:us-east-1:123456789012:sampling-rule/r"});
    for tags in [json!([{"Key": "a", "Value": "b"}]), json!([])] {
        let rule = json!({"RuleName": "r", "ResourceARN": "*", "Priority": 1, "FixedRate": 0, "ReservoirSize": 0,
                          "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*",
                          "Version": 1});
        let create = json!({"SamplingRule": rule, "Tags": tags});
        assert_eq!(server.post("/CreateSamplingRule", &create).await.status, 200);
        server
            .check("/ListTagsForResource", arn.clone(), 200, json!({"Tags": tags}))
            .await;
        server.post("/DeleteSamplingRule", &json!({"RuleName": "r"})).await;
        server
            .refuses(
                "/ListTagsForResource",
                arn.clone(),
                "ResourceNotFoundException",
                "no group",
            )
            .await;
    }
    let elsewhere = json!({"RuleARN": "arn:aws:xray:eu-west-1:123456789012:sampling-rule/Default"});
    let part = "not the ARN of a sampling rule";
    server
        .refuses("/DeleteSamplingRule", elsewhere, "InvalidRequestException", part)
        .await;
}
