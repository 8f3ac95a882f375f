//! What has to exist so that a minimal request can be answered.

use beamline_model::digest::ServiceId;
use beamline_model::group::DEFAULT_GROUP;
use beamline_model::insight::{Anomaly, Counts, Finding, Insight, Judgement, reconcile};
use beamline_model::time::Timestamp;
use beamline_proto::aws::Operation;
use beamline_store::ObjectKind;
use beamline_store::api::Account;
use serde_json::{Value, json};

use super::requests::required;
use crate::server::Server;
use crate::shop::{RANGE, put, shopping};

/// A server on which there is one of everything, each called `known`.
pub(super) struct World {
    pub(super) server: Server,
    group: Value,
    retrieval: Value,
    insight: String,
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
        let insight = insight();
        let value = serde_json::to_vec(&insight).unwrap();
        let (kind, account) = (ObjectKind::Insight, Account::default());
        server.store.put_object(kind, account, insight.id(), value).unwrap();
        Self {
            server,
            group,
            retrieval,
            insight: insight.id().to_owned(),
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
            "GetInsight" | "GetInsightEvents" => json!({"InsightId": self.insight}),
            // Of insights only the last 30 days can be asked for.
            "GetInsightImpactGraph" => {
                json!({"InsightId": self.insight, "StartTime": now() - 3_600.0, "EndTime": now()})
            }
            "GetInsightSummaries" => {
                json!({"GroupName": "Default", "StartTime": now() - 3_600.0, "EndTime": now()})
            }
            _ => json!({}),
        };
        for (member, value) in more.as_object().unwrap() {
            request[member] = value.clone();
        }
        request
    }
}

/// An insight of some minutes ago.
fn insight() -> Insight {
    let minute = (now() / 60.0) as u32 - 30;
    let service = ServiceId {
        name: "payments".to_owned(),
        ..ServiceId::default()
    };
    let counts = Counts {
        total: 30,
        ok: 10,
        fault: 20,
    };
    let finding = Finding {
        start: minute,
        end: minute + 3,
        open: false,
        root: service.clone(),
        anomalies: vec![Anomaly {
            service,
            start: minute,
            end: minute + 3,
            counts,
            usual_millionths: 1_000,
            expected_milli: 30,
            deviation_milli: 100_000,
        }],
        at_root: counts,
        clients: counts,
    };
    let judgement = Judgement {
        group: DEFAULT_GROUP,
        group_unique: "",
        window: minute - 20..minute + 20,
        announce: false,
        now: Timestamp::from_minute(minute + 20),
    };
    reconcile(&[], &[finding], &judgement).remove(0)
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
