//! AWS's own limits, which are kept when that is asked for, and what is allowed when it is not.

use beamline_aws::AwsConfig;
use serde_json::{Value, json};

use crate::server::Server;
use crate::shop::within;

async fn strict() -> Server {
    Server::with(AwsConfig {
        strict: true,
        ..AwsConfig::default()
    })
    .await
}

fn segment(name: &str, padding: usize) -> String {
    let document = json!({"name": name, "id": "00000000000000a1", "trace_id": "1-6b03df66-0000000000000000000000a1",
                          "start_time": 1, "end_time": 2, "metadata": {"default": {"text": "x".repeat(padding)}}});
    document.to_string()
}

#[tokio::test]
async fn ranges_are_6_hours_long() {
    let (strict, relaxed) = (strict().await, Server::start().await);
    let long = json!({"StartTime": 0, "EndTime": 21_601});
    let longest = json!({"StartTime": 0, "EndTime": 21_600});
    for path in ["/TraceSummaries", "/ServiceGraph", "/TimeSeriesServiceStatistics"] {
        strict
            .refuses(path, long.clone(), "InvalidRequestException", "6 hours")
            .await;
        assert_eq!(strict.post(path, &longest).await.status, 200, "{path}");
        assert_eq!(relaxed.post(path, &long).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn five_traces_can_be_asked_for() {
    let (strict, relaxed) = (strict().await, Server::start().await);
    let ids =
        |count: u32| json!({"TraceIds": (0..count).map(|id| format!("1-6b03df66-{id:024x}")).collect::<Vec<_>>()});
    for path in ["/Traces", "/TraceGraph"] {
        assert_eq!(strict.post(path, &ids(5)).await.status, 200);
        strict
            .refuses(
                path,
                ids(6),
                "InvalidRequestException",
                "Exceeding maximum query size: 5",
            )
            .await;
        assert_eq!(relaxed.post(path, &ids(1_000)).await.status, 200);
        let part = "Exceeding maximum query size: 1000";
        relaxed.refuses(path, ids(1_001), "InvalidRequestException", part).await;
    }
}

#[tokio::test]
async fn documents_have_64_kib_and_a_call_has_50() {
    let (strict, relaxed) = (strict().await, Server::start().await);
    let put = async |server: &Server, documents: Vec<String>| {
        let request = json!({"TraceSegmentDocuments": documents});
        server.post("/TraceSegments", &request).await
    };
    let small = 64 * 1024 - segment("a", 0).len();
    for (server, padding, code) in [
        (&strict, small, Value::Null),
        (&strict, small + 1, json!("SegmentTooLarge")),
        (&relaxed, small + 1, Value::Null),
    ] {
        let answer = put(server, vec![segment("a", padding)]).await.body;
        assert_eq!(answer["UnprocessedTraceSegments"][0]["ErrorCode"], code, "{padding}");
    }
    assert_eq!(put(&strict, vec![segment("a", 0); 50]).await.status, 200);
    let refused = put(&strict, vec![segment("a", 0); 51]).await;
    refused.is_fault("InvalidRequestException", "51 documents, 50 are allowed");
    assert_eq!(put(&relaxed, vec![segment("a", 0); 51]).await.status, 200);
}

#[tokio::test]
async fn an_account_has_25_groups_and_25_rules() {
    let server = strict().await;
    let group = |number: u32| json!({"GroupName": format!("g{number}")});
    let rule = |number: u32| {
        json!({"SamplingRule": {
            "RuleName": format!("r{number}"), "ResourceARN": "*", "Priority": 1, "FixedRate": 0, "ReservoirSize": 0,
            "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
        }})
    };
    for number in 0..25 {
        assert_eq!(server.post("/CreateGroup", &group(number)).await.status, 200);
        assert_eq!(server.post("/CreateSamplingRule", &rule(number)).await.status, 200);
    }
    server
        .refuses("/CreateGroup", group(25), "InvalidRequestException", "25 groups")
        .await;
    server
        .refuses(
            "/CreateSamplingRule",
            rule(25),
            "RuleLimitExceededException",
            "25 sampling rules",
        )
        .await;
}

#[tokio::test]
async fn what_aws_refuses_and_means_no_harm_is_refused() {
    let (strict, relaxed) = (strict().await, Server::start().await);
    for (path, request, part) in [
        (
            "/TraceSummaries",
            json!({"FilterExpression": ""}),
            "FilterExpression must not be empty",
        ),
        ("/TimeSeriesServiceStatistics", json!({"Period": 120}), "60 or 300"),
    ] {
        let request = within(request);
        assert_eq!(relaxed.post(path, &request).await.status, 200, "{path}");
        strict.refuses(path, request, "InvalidRequestException", part).await;
    }
    for period in [60, 300] {
        let request = within(json!({"Period": period}));
        assert_eq!(strict.post("/TimeSeriesServiceStatistics", &request).await.status, 200);
    }
}
