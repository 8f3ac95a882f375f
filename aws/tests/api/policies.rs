//! Resource policies.

use serde_json::{Value, json};

use crate::server::Server;

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service":
    "sns.amazonaws.com"}, "Action": "xray:PutTraceSegments", "Resource": "*"}]}"#;

const LOCKOUT: &str = r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "xray:*", "Resource": "*"}}"#;

fn put(name: &str, more: Value) -> Value {
    let mut request = json!({"PolicyName": name, "PolicyDocument": POLICY});
    for (member, value) in more.as_object().unwrap() {
        request[member] = value.clone();
    }
    request
}

#[tokio::test]
async fn a_policy_is_put_listed_and_deleted_and_outlives_a_restart() {
    let server = Server::start().await;
    for revision in ["1", "2"] {
        let answer = server.post("/PutResourcePolicy", &put("p", json!({}))).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let policy = &answer.body["ResourcePolicy"];
        assert_eq!(policy["PolicyRevisionId"], revision);
        assert_eq!([&policy["PolicyName"], &policy["PolicyDocument"]], ["p", POLICY]);
        assert!(policy["LastUpdatedTime"].as_f64().unwrap() > 1.7e9);
    }
    let server = server.restart().await;
    let listed = server.post("/ListResourcePolicies", &json!({})).await.body;
    let policies = listed["ResourcePolicies"].as_array().unwrap();
    assert_eq!((policies.len(), &policies[0]["PolicyRevisionId"]), (1, &json!("2")));
    server
        .check("/DeleteResourcePolicy", json!({"PolicyName": "p"}), 200, json!({}))
        .await;
    server
        .check("/ListResourcePolicies", json!({}), 200, json!({"ResourcePolicies": []}))
        .await;
    let gone = json!({"PolicyName": "p"});
    server
        .refuses(
            "/DeleteResourcePolicy",
            gone,
            "InvalidRequestException",
            "no resource policy named p",
        )
        .await;
}

#[tokio::test]
async fn a_revision_says_what_the_caller_thinks_is_there() {
    let server = Server::start().await;
    const WRONG: &str = "InvalidPolicyRevisionIdException";
    let revision = |id: &str| put("p", json!({"PolicyRevisionId": id}));
    server
        .refuses("/PutResourcePolicy", revision("1"), WRONG, "no policy p yet")
        .await;
    let created = server.post("/PutResourcePolicy", &revision("0")).await;
    assert_eq!(created.body["ResourcePolicy"]["PolicyRevisionId"], "1");
    for wrong in ["0", "2", "one", ""] {
        server
            .refuses("/PutResourcePolicy", revision(wrong), WRONG, "at revision 1")
            .await;
        let delete = json!({"PolicyName": "p", "PolicyRevisionId": wrong});
        server
            .refuses("/DeleteResourcePolicy", delete, WRONG, "at revision 1")
            .await;
    }
    let updated = server.post("/PutResourcePolicy", &revision("1")).await;
    assert_eq!(updated.body["ResourcePolicy"]["PolicyRevisionId"], "2");
    let delete = json!({"PolicyName": "p", "PolicyRevisionId": "2"});
    server.check("/DeleteResourcePolicy", delete, 200, json!({})).await;
    let created = server.post("/PutResourcePolicy", &revision("0")).await;
    assert_eq!(created.body["ResourcePolicy"]["PolicyRevisionId"], "1");
}

#[tokio::test]
async fn a_policy_that_cannot_be_is_refused_and_says_why() {
    let server = Server::start().await;
    let document = |text: &str| put("p", json!({"PolicyDocument": text}));
    let large = format!("{POLICY}{}", " ".repeat(5_121 - POLICY.len()));
    for (request, code, part) in [
        (document("{}"), "MalformedPolicyDocumentException", "Statement"),
        (document("nonsense"), "MalformedPolicyDocumentException", "not JSON"),
        (document(&large), "PolicySizeLimitExceededException", "5120 bytes"),
        (
            document(LOCKOUT),
            "LockoutPreventionException",
            "BypassPolicyLockoutCheck",
        ),
        (json!({"PolicyName": "p"}), "ValidationException", "policyDocument"),
        (put("a b", json!({})), "ValidationException", "regular expression"),
    ] {
        server.refuses("/PutResourcePolicy", request, code, part).await;
    }
    server
        .check("/ListResourcePolicies", json!({}), 200, json!({"ResourcePolicies": []}))
        .await;
    let largest = document(&large[..5_120]);
    assert_eq!(server.post("/PutResourcePolicy", &largest).await.status, 200);
    let meant = put(
        "p",
        json!({"PolicyDocument": LOCKOUT, "BypassPolicyLockoutCheck": true}),
    );
    assert_eq!(server.post("/PutResourcePolicy", &meant).await.status, 200);
}

#[tokio::test]
async fn an_account_has_five_policies() {
    let server = Server::start().await;
    for number in 0..5 {
        let answer = server
            .post("/PutResourcePolicy", &put(&format!("p{number}"), json!({})))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let sixth = put("p5", json!({}));
    server
        .refuses(
            "/PutResourcePolicy",
            sixth,
            "PolicyCountLimitExceededException",
            "5 resource policies",
        )
        .await;
    let again = server.post("/PutResourcePolicy", &put("p4", json!({}))).await;
    assert_eq!(again.body["ResourcePolicy"]["PolicyRevisionId"], "2");
}
