//! Trace retrieval: traces as they were at one moment, page by page.

use beamline_store::ObjectKind;
use beamline_store::api::Account;
use serde_json::{Value, json};

use crate::server::Server;
use crate::shop::{RANGE, put, shop, shopping, within};

fn id(number: u32) -> String {
    format!("1-6b03df66-{number:024x}")
}

async fn retrieve(server: &Server, traces: &[String]) -> Value {
    let request = within(json!({"TraceIds": traces}));
    let reply = server.post("/StartTraceRetrieval", &request).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["RetrievalToken"].clone()
}

#[tokio::test]
async fn traces_are_given_as_batch_get_traces_gives_them() {
    let server = shop(2).await;
    let plain = id(1).replace("1-", "").replace('-', "");
    let token = retrieve(&server, &[plain, id(0), id(1), id(999)]).await;
    let expected = server.post("/Traces", &json!({"TraceIds": [id(1), id(0)]})).await.body;
    let segments = |traces: &Value, name: &str| {
        let traces = traces["Traces"].as_array().unwrap().clone();
        let shown = traces
            .iter()
            .map(|trace| json!([trace["Id"], trace["Duration"], trace[name]]));
        shown.collect::<Vec<_>>()
    };
    let server = server.restart().await;
    let found = server
        .post("/ListRetrievedTraces", &json!({"RetrievalToken": token}))
        .await
        .body;
    assert_eq!([&found["RetrievalStatus"], &found["TraceFormat"]], ["COMPLETE", "XRAY"]);
    assert_eq!(segments(&found, "Spans"), segments(&expected, "Segments"));
    assert_eq!(found.get("NextToken"), None);
}

#[tokio::test]
async fn spans_are_given_in_the_words_of_opentelemetry() {
    let server = shop(1).await;
    let token = retrieve(&server, &[id(0)]).await;
    let request = json!({"RetrievalToken": token, "TraceFormat": "OTEL"});
    let found = server.post("/ListRetrievedTraces", &request).await.body;
    assert_eq!([&found["RetrievalStatus"], &found["TraceFormat"]], ["COMPLETE", "OTEL"]);
    let spans = found["Traces"][0]["Spans"].as_array().unwrap();
    let documents: Vec<Value> = spans
        .iter()
        .map(|span| serde_json::from_str(span["Document"].as_str().unwrap()).unwrap())
        .collect();
    let told: Vec<_> = documents
        .iter()
        .map(|span| {
            (
                &span["name"],
                &span["kind"],
                &span["resource"]["attributes"]["service.name"],
            )
        })
        .collect();
    let (shop, payments) = (json!("shop"), json!("payments"));
    assert_eq!(
        told,
        [
            (&shop, &json!("SERVER"), &shop),
            (&payments, &json!("CLIENT"), &shop),
            (&payments, &json!("SERVER"), &payments),
            (&json!("DynamoDB"), &json!("CLIENT"), &payments),
        ],
        "{documents:?}"
    );
    for (span, document) in spans.iter().zip(&documents) {
        assert_eq!(span["Id"], document["spanId"]);
        assert_eq!(document["traceId"], "6b03df66000000000000000000000000");
    }
    assert_eq!(documents[0]["durationNano"], 300_000_000);
}

#[tokio::test]
async fn what_arrives_later_is_not_part_of_a_retrieval() {
    let server = Server::start().await;
    let documents = shopping(0);
    put(&server, &documents[..1]).await;
    let token = retrieve(&server, &[id(0), id(1)]).await;
    put(&server, &documents[1..]).await;
    put(&server, &shopping(1)).await;
    let list = async |token: &Value| {
        let request = json!({"RetrievalToken": token});
        let found = server.post("/ListRetrievedTraces", &request).await.body;
        let traces = found["Traces"].as_array().unwrap().clone();
        let counts = traces.iter().map(|trace| trace["Spans"].as_array().unwrap().len());
        counts.collect::<Vec<_>>()
    };
    // The shop's segment and payments, which is only known from there.
    assert_eq!(list(&token).await, [2]);
    // Now payments itself, and the table that it asked.
    let later = retrieve(&server, &[id(0), id(1)]).await;
    assert_eq!(list(&later).await, [3, 3]);
    assert_eq!(list(&token).await, [2]);
}

#[tokio::test]
async fn only_what_lies_in_the_range_is_retrieved() {
    let server = shop(1).await;
    for (start, end, count) in [
        (RANGE.0, RANGE.1, 1),
        (1_795_415_910.1, 1_795_415_910.2, 1),
        (RANGE.0, 1_795_415_910.0, 1),
        (RANGE.0, 1_795_415_909.9, 0),
        (1_795_415_910.4, RANGE.1, 0),
    ] {
        let request = json!({"TraceIds": [id(0)], "StartTime": start, "EndTime": end});
        let token = server.post("/StartTraceRetrieval", &request).await.body["RetrievalToken"].clone();
        let found = server
            .post("/ListRetrievedTraces", &json!({"RetrievalToken": token}))
            .await
            .body;
        assert_eq!(found["Traces"].as_array().unwrap().len(), count, "{start} to {end}");
    }
}

#[tokio::test]
async fn the_graph_is_that_of_the_traces_and_names_those_they_are_linked_to() {
    let server = Server::start().await;
    let mut documents = shopping(3);
    documents[1]["links"] =
        json!([{"trace_id": id(7), "id": "00000000000000ff"}, {"trace_id": id(3), "id": "1".repeat(16)}]);
    put(&server, &documents).await;
    put(&server, &shopping(4)).await;
    let token = retrieve(&server, &[id(3), id(4)]).await;
    let graph = server
        .post("/GetRetrievedTracesGraph", &json!({"RetrievalToken": token}))
        .await
        .body;
    assert_eq!(graph["RetrievalStatus"], "COMPLETE");
    let services = graph["Services"].as_array().unwrap();
    let expected = server
        .post("/TraceGraph", &json!({"TraceIds": [id(3), id(4)]}))
        .await
        .body;
    let found: Vec<_> = services.iter().map(|service| &service["Service"]).collect();
    assert_eq!(
        found,
        expected["Services"].as_array().unwrap().iter().collect::<Vec<_>>()
    );
    for service in services {
        let links = match service["Service"]["Name"].as_str() {
            Some("payments") => {
                json!([{"ReferenceType": "link", "SourceTraceId": id(3), "DestinationTraceIds": [id(7)]}])
            }
            _ => json!([]),
        };
        assert_eq!(service["Links"], links, "{service}");
    }
}

#[tokio::test]
async fn a_cancelled_retrieval_has_nothing_any_more() {
    let server = shop(1).await;
    let token = retrieve(&server, &[id(0)]).await;
    let this = json!({"RetrievalToken": token});
    for _ in 0..2 {
        server
            .check("/CancelTraceRetrieval", this.clone(), 200, json!({}))
            .await;
    }
    let server = server.restart().await;
    let nothing = json!({"RetrievalStatus": "CANCELLED", "TraceFormat": "XRAY", "Traces": []});
    server.check("/ListRetrievedTraces", this.clone(), 200, nothing).await;
    let nothing = json!({"RetrievalStatus": "CANCELLED", "Services": []});
    server.check("/GetRetrievedTracesGraph", this, 200, nothing).await;
}

#[tokio::test]
async fn a_retrieval_is_gone_after_an_hour() {
    let server = shop(1).await;
    let kept = |minutes: i64| {
        let started = server.store.stamp().0 - minutes * 60_000_000_000;
        let retrieval = json!({"traces": [], "start": 0, "end": 0, "started": started, "cancelled": false});
        let name = format!("trace-retrieval/{minutes}");
        let value = retrieval.to_string().into_bytes();
        server
            .store
            .put_object(ObjectKind::Task, Account::default(), &name, value)
            .unwrap();
    };
    kept(59);
    kept(60);
    let list = async |token: &str| {
        server
            .post("/ListRetrievedTraces", &json!({"RetrievalToken": token}))
            .await
    };
    assert_eq!(list("59").await.body["RetrievalStatus"], "COMPLETE");
    let gone = list("60").await;
    gone.is_fault("ResourceNotFoundException", "no trace retrieval");
    assert_eq!((gone.status, &gone.body["ResourceName"]), (404, &json!("60")));
    // The next one to be started takes it away for good.
    retrieve(&server, &[]).await;
    let left = server.store.objects(ObjectKind::Task, Account::default()).unwrap();
    let names: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"trace-retrieval/59") && names.len() == 2, "{names:?}");
}

#[tokio::test]
async fn what_names_no_retrieval_is_answered_with_404() {
    let server = Server::start().await;
    for path in [
        "/ListRetrievedTraces",
        "/GetRetrievedTracesGraph",
        "/CancelTraceRetrieval",
    ] {
        for token in ["nobody", "", "trace-retrieval/x"] {
            let refused = server.post(path, &json!({"RetrievalToken": token})).await;
            refused.is_fault("ResourceNotFoundException", "no trace retrieval");
            assert_eq!(refused.status, 404);
        }
    }
    for (request, part) in [
        (within(json!({"TraceIds": ["no"]})), "not a trace id"),
        (
            json!({"TraceIds": [id(0)], "StartTime": 2, "EndTime": 1}),
            "StartTime must be before",
        ),
        (
            within(json!({"TraceIds": vec![id(0); 101]})),
            "less than or equal to 100",
        ),
    ] {
        server
            .refuses("/StartTraceRetrieval", request, "InvalidRequestException", part)
            .await;
    }
}

#[tokio::test]
async fn an_account_has_a_thousand_retrievals_at_a_time() {
    let server = Server::start().await;
    for _ in 0..1_000 {
        retrieve(&server, &[]).await;
    }
    let refused = server
        .post("/StartTraceRetrieval", &within(json!({"TraceIds": []})))
        .await;
    refused.is_fault("ThrottledException", "1000 trace retrievals");
}
