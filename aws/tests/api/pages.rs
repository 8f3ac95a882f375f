//! Lists of more than one page: all pages together are everything, once, whatever happens in between.

use serde_json::{Value, json};

use crate::server::Server;
use crate::shop::{put, shop, within};

/// Sizes of the pages, and one member of all rows.
fn told(pages: &[Vec<Value>], member: &str) -> (Vec<usize>, Vec<Value>) {
    let sizes = pages.iter().map(Vec::len).collect();
    let rows = pages.iter().flatten();
    (sizes, rows.map(|row| row.pointer(member).unwrap().clone()).collect())
}

fn id(number: u32) -> String {
    format!("1-6b03df66-{number:024x}")
}

/// One segment of a service of its own, with calls to others that do not report.
fn calling(number: u32, callees: std::ops::Range<u32>) -> Value {
    let start = 1_795_415_910.0;
    let call = |callee: u32| {
        json!({"name": format!("callee-{callee:05}"), "id": format!("{:016x}", 0xca11_0000 + callee), "start_time": start,
               "end_time": start + 0.1, "namespace": "remote"})
    };
    json!({"name": format!("caller-{number:05}"), "id": format!("{:016x}", 0x5e60_0000 + number), "trace_id": id(number),
           "start_time": start, "end_time": start + 0.2, "subsegments": callees.map(call).collect::<Vec<_>>()})
}

#[tokio::test]
async fn groups() {
    let server = Server::start().await;
    for number in 0..230 {
        let create = json!({"GroupName": format!("g{number:03}")});
        assert_eq!(server.post("/CreateGroup", &create).await.status, 200);
    }
    let first = server.post("/Groups", &json!({})).await.body;
    let pages = server.pages("/Groups", &json!({}), "Groups").await;
    let (sizes, names) = told(&pages, "/GroupName");
    let created = (0..230).map(|number| json!(format!("g{number:03}")));
    let expected: Vec<Value> = std::iter::once(json!("Default")).chain(created).collect();
    assert_eq!((sizes, names), (vec![100, 100, 31], expected));
    assert!(first["NextToken"].as_str().unwrap().len() <= 100);
}

#[tokio::test]
async fn groups_that_come_and_go_leave_the_others_where_they_are() {
    let server = Server::start().await;
    for number in 0..150 {
        server
            .post("/CreateGroup", &json!({"GroupName": format!("g{number:03}")}))
            .await;
    }
    let first = server.post("/Groups", &json!({})).await.body;
    for gone in ["g000", "g098", "g120"] {
        server.post("/DeleteGroup", &json!({"GroupName": gone})).await;
    }
    for new in ["a", "z"] {
        server.post("/CreateGroup", &json!({"GroupName": new})).await;
    }
    let next = json!({"NextToken": first["NextToken"]});
    let second = server.post("/Groups", &next).await.body;
    let (_, names) = told(&[second["Groups"].as_array().unwrap().clone()], "/GroupName");
    let rest = (99..150).filter(|number| *number != 120);
    let expected: Vec<Value> = rest
        .map(|number| json!(format!("g{number:03}")))
        .chain([json!("z")])
        .collect();
    assert_eq!(names, expected);
    assert_eq!(second.get("NextToken"), None);
}

#[tokio::test]
async fn trace_summaries() {
    let server = shop(230).await;
    let pages = server
        .pages("/TraceSummaries", &within(json!({})), "TraceSummaries")
        .await;
    let newest_first: Vec<Value> = (0..230).rev().map(|number| json!(id(number))).collect();
    assert_eq!(told(&pages, "/Id"), (vec![100, 100, 30], newest_first));
}

#[tokio::test]
async fn documents_of_many_megabytes() {
    let server = Server::start().await;
    for number in 0..6 {
        let mut document = calling(number, 0..0);
        document["metadata"] = json!({"default": {"text": "x".repeat(4_000_000)}});
        put(&server, &[document]).await;
    }
    let ids: Vec<String> = (0..7).map(id).collect();
    let pages = server.pages("/Traces", &json!({"TraceIds": ids}), "Traces").await;
    let found: Vec<Value> = (0..6).map(|number| json!(id(number))).collect();
    assert_eq!(told(&pages, "/Id"), (vec![5, 1], found));
}

#[tokio::test]
async fn graphs_agree_on_their_references_across_pages() {
    let server = Server::start().await;
    let documents: Vec<Value> = (0..2)
        .map(|number| calling(number, number * 600..(number + 1) * 600))
        .collect();
    put(&server, &documents).await;
    let ids = json!({"TraceIds": [id(0), id(1)]});
    let started = server.post("/StartTraceRetrieval", &within(ids.clone())).await.body;
    let places: Vec<Value> = (0..1_204).map(Value::from).collect();
    let pages = server.pages("/TraceGraph", &ids, "Services").await;
    assert_eq!(told(&pages, "/ReferenceId"), (vec![1_000, 204], places.clone()));

    let server = Server::start().await;
    put(&server, &documents).await;
    let pages = server.pages("/ServiceGraph", &within(json!({})), "Services").await;
    assert_eq!(told(&pages, "/ReferenceId"), (vec![1_000, 204], places.clone()));

    let server = Server::start().await;
    put(&server, &documents).await;
    let token = server.post("/StartTraceRetrieval", &within(ids)).await.body["RetrievalToken"].clone();
    assert_ne!(token, started["RetrievalToken"]);
    let request = json!({"RetrievalToken": token});
    let pages = server.pages("/GetRetrievedTracesGraph", &request, "Services").await;
    assert_eq!(told(&pages, "/Service/ReferenceId"), (vec![1_000, 204], places));
}

#[tokio::test]
async fn a_graph_that_changes_between_pages_is_not_mixed() {
    let server = Server::start().await;
    put(&server, &[calling(0, 0..1_000), calling(1, 1_000..1_100)]).await;
    let first = server.post("/ServiceGraph", &within(json!({}))).await.body;
    put(&server, &[calling(2, 2_000..2_001)]).await;
    let next = within(json!({"NextToken": first["NextToken"]}));
    server
        .refuses("/ServiceGraph", next, "InvalidRequestException", "has changed")
        .await;
}

#[tokio::test]
async fn points_of_time_series() {
    let server = shop(1).await;
    let day = json!({"StartTime": 1_795_392_000, "EndTime": 1_795_478_400, "Period": 60});
    let path = "/TimeSeriesServiceStatistics";
    let pages = server.pages(path, &day, "TimeSeriesServiceStatistics").await;
    let minutes: Vec<Value> = (0..1_440)
        .map(|minute| json!(1_795_392_000.0 + 60.0 * f64::from(minute)))
        .collect();
    assert_eq!(told(&pages, "/Timestamp"), (vec![720, 720], minutes));

    let server = shop(1).await;
    let week = json!({"StartTime": 1_795_392_000 - 3 * 86_400, "EndTime": 1_795_392_000 + 4 * 86_400,
        "EntitySelectorExpression": "service(\"payments\")", "GroupName": "Default"});
    let pages = server.pages(path, &week, "TimeSeriesServiceStatistics").await;
    let (sizes, counts) = told(&pages, "/ServiceSummaryStatistics/TotalCount");
    assert_eq!(sizes, [720; 14]);
    assert_eq!(counts.iter().filter_map(Value::as_i64).sum::<i64>(), 1);

    let server = shop(1).await;
    let first = server.post(path, &day).await.body;
    let elsewhere = json!({"StartTime": 1_795_392_000 + 86_400, "EndTime": 1_795_392_000 + 2 * 86_400,
        "NextToken": first["NextToken"]});
    server
        .refuses(path, elsewhere, "InvalidRequestException", "NextToken")
        .await;
}

#[tokio::test]
async fn statistics_of_sampling() {
    let server = Server::start().await;
    for number in 0..1_000 {
        let rule = json!({
            "RuleName": format!("r{number:04}"), "ResourceARN": "*", "Priority": 1, "FixedRate": 0, "ReservoirSize": 0,
            "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
        });
        let created = server.post("/CreateSamplingRule", &json!({"SamplingRule": rule})).await;
        assert_eq!(created.status, 200, "{}", created.body);
    }
    let report = |rule: &str| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        json!({"RuleName": rule, "ClientID": "a".repeat(24), "Timestamp": since.unwrap().as_secs_f64(),
               "RequestCount": 1, "SampledCount": 0})
    };
    let rules = (0..500)
        .map(|number| format!("r{number:04}"))
        .chain(["Default".to_owned()]);
    let reports: Vec<Value> = rules.map(|rule| report(&rule)).collect();
    let request = json!({"SamplingStatisticsDocuments": reports});
    server.post("/SamplingTargets", &request).await;
    let path = "/SamplingStatisticSummaries";
    let first = server.post(path, &json!({})).await.body;
    // Reports go on while pages are read.
    server
        .post(
            "/SamplingTargets",
            &json!({"SamplingStatisticsDocuments": [report("Default")]}),
        )
        .await;
    let second = server.post(path, &json!({"NextToken": first["NextToken"]})).await.body;
    let list = |page: &Value| page["SamplingStatisticSummaries"].as_array().unwrap().clone();
    let (sizes, names) = told(&[list(&first), list(&second)], "/RuleName");
    assert_eq!((sizes, names.len()), (vec![500, 1], 501), "{names:?}");
    assert_eq!(second.get("NextToken"), None);
}

#[tokio::test]
async fn retrieved_traces_have_five_traces_and_a_hundred_spans_of_each() {
    let server = shop(7).await;
    // A trace of one segment with 250 calls: 251 spans.
    put(&server, &[calling(100, 0..250)]).await;
    let ids: Vec<String> = [100, 0, 1, 2, 3, 4, 5, 6].into_iter().map(id).collect();
    let request = within(json!({"TraceIds": ids}));
    let token = server.post("/StartTraceRetrieval", &request).await.body["RetrievalToken"].clone();
    let request = json!({"RetrievalToken": token, "TraceFormat": "OTEL"});
    let first = server.post("/ListRetrievedTraces", &request).await.body;
    let other = json!({"RetrievalToken": token, "NextToken": first["NextToken"]});
    server
        .refuses("/ListRetrievedTraces", other, "InvalidRequestException", "NextToken")
        .await;
    let pages = server.pages("/ListRetrievedTraces", &request, "Traces").await;
    let (sizes, names) = told(&pages, "/Id");
    assert_eq!(sizes, [1, 1, 5, 3]);
    let expected: Vec<Value> = [100, 100, 100, 0, 1, 2, 3, 4, 5, 6]
        .into_iter()
        .map(|number| json!(id(number)))
        .collect();
    assert_eq!(names, expected);
    let spans: Vec<usize> = pages
        .iter()
        .flatten()
        .map(|trace| trace["Spans"].as_array().unwrap().len())
        .collect();
    assert_eq!(spans, [100, 100, 51, 4, 4, 4, 4, 4, 4, 4]);
    let (_, mut all) = told(
        &pages
            .concat()
            .iter()
            .map(|trace| trace["Spans"].as_array().unwrap().clone())
            .collect::<Vec<_>>(),
        "/Id",
    );
    let count = all.len();
    all.sort_by_key(Value::to_string);
    all.dedup();
    assert_eq!(all.len(), count, "each span once");
}
