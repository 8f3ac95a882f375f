//! What has to exist so that a minimal request can be answered.

use beamline_proto::aws::Operation;
use serde_json::{Value, json};

use super::requests::required;
use crate::server::Server;
use crate::traces::{RANGE, put, shopping};

/// A server on which there is one of everything, each called `known`.
pub(super) struct World {
    pub(super) server: Server,
    group: Value,
    retrieval: Value,
}

/// A request that was in trouble, with a link to another trace.
const TRACE: &str = "1-6b03df66-000000000000000000000001";

const POLICY: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"xray:*","Resource":"*"}}"#;

impl World {
    pub(super) async fn create() -> Self {
        let server = Server::start().await;
        let mut documents = shopping(1);
        documents[0]["links"] = json!([{"trace_id": "1-6b03df66-0000000000000000000000ff", "id": "00000000000000ff"}]);
        put(&server, &documents).await;
        let made = async |path: &str, request: Value| {
            let reply = server.post(path, &request).await;
            assert_eq!(reply.status, 200, "{path} {request}: {}", reply.body);
            reply.body
        };
        let tags = json!([{"Key": "a", "Value": "b"}]);
        let group = json!({"GroupName": "known", "FilterExpression": "user", "Tags": tags});
        let group = made("/CreateGroup", group).await["Group"]["GroupARN"].clone();
        made("/CreateSamplingRule", json!({"SamplingRule": rule("known")})).await;
        made(
            "/PutResourcePolicy",
            json!({"PolicyName": "known", "PolicyDocument": POLICY}),
        )
        .await;
        let report = json!([{"RuleName": "known", "ClientID": "a".repeat(24), "Timestamp": now(), "RequestCount": 1,
                             "SampledCount": 1}]);
        made("/SamplingTargets", json!({"SamplingStatisticsDocuments": report})).await;
        let traces = json!({"TraceIds": [TRACE], "StartTime": RANGE.0, "EndTime": RANGE.1});
        let retrieval = made("/StartTraceRetrieval", traces).await["RetrievalToken"].clone();
        Self {
            server,
            group,
            retrieval,
        }
    }

    /// What the model requires, and what an operation needs beyond that.
    pub(super) fn minimal(&self, operation: &Operation) -> Value {
        let mut request = required(operation.input);
        for (member, value) in [("StartTime", RANGE.0), ("EndTime", RANGE.1)] {
            if let Some(place) = request.get_mut(member) {
                *place = json!(value);
            }
        }
        let more = match operation.name {
            "BatchGetTraces" | "GetTraceGraph" | "StartTraceRetrieval" => json!({"TraceIds": [TRACE]}),
            "GetGroup" | "UpdateGroup" | "DeleteGroup" => json!({"GroupName": "known"}),
            "ListTagsForResource" | "TagResource" | "UntagResource" => json!({"ResourceARN": self.group}),
            "CreateSamplingRule" => json!({"SamplingRule": rule("new")}),
            "UpdateSamplingRule" => json!({"SamplingRuleUpdate": {"RuleName": "known"}}),
            "DeleteSamplingRule" => json!({"RuleName": "known"}),
            "PutResourcePolicy" => json!({"PolicyDocument": POLICY}),
            "DeleteResourcePolicy" => json!({"PolicyName": "known"}),
            "UpdateIndexingRule" => {
                json!({"Name": "Default", "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 5}}})
            }
            "ListRetrievedTraces" | "GetRetrievedTracesGraph" | "CancelTraceRetrieval" => {
                json!({"RetrievalToken": self.retrieval})
            }
            _ => json!({}),
        };
        for (member, value) in more.as_object().unwrap() {
            request[member] = value.clone();
        }
        request
    }
}

/// Members that a reply to a minimal request has no reason to have: there is no second page.
pub(super) fn not_said_by(_: &Operation) -> &'static [&'static str] {
    &["NextToken"]
}

fn rule(name: &str) -> Value {
    json!({
        "RuleName": name, "ResourceARN": "*", "Priority": 1, "FixedRate": 0, "ReservoirSize": 0, "ServiceName": "*",
        "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
    })
}

fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs_f64()
}
