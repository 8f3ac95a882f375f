//! Summaries and documents of traces.

use serde_json::{Value, json};

use crate::server::Server;
use crate::shop::{RANGE, START, shop, shopping, within};

#[tokio::test]
async fn a_summary_tells_what_the_trace_is() {
    let server = shop(2).await;
    let answer = server.post("/TraceSummaries", &within(json!({}))).await.body;
    assert_eq!(answer["TracesProcessedCount"], 2);
    assert_eq!(answer["ApproximateTime"], RANGE.0);
    assert_eq!(answer.get("NextToken"), None);
    let summaries = answer["TraceSummaries"].as_array().unwrap();
    let ids: Vec<_> = summaries.iter().map(|summary| &summary["Id"]).collect();
    assert_eq!(
        ids,
        [
            "1-6b03df66-000000000000000000000001",
            "1-6b03df66-000000000000000000000000"
        ]
    );
    let summary = &summaries[1];
    let shop = json!({"Name": "shop", "Names": ["shop"], "Type": "AWS::EC2::Instance"});
    for (member, expected) in [
        ("StartTime", json!(START)),
        ("Duration", json!(0.3)),
        ("ResponseTime", json!(0.3)),
        ("HasFault", json!(false)),
        ("HasError", json!(false)),
        ("HasThrottle", json!(false)),
        ("IsPartial", json!(false)),
        (
            "Http",
            json!({"HttpURL": "http://shop.example.com/cart", "HttpStatus": 200, "HttpMethod": "GET"}),
        ),
        ("EntryPoint", shop.clone()),
        ("Users", json!([{"UserName": "alice", "ServiceIds": [shop]}])),
        ("Revision", json!(1)),
    ] {
        assert_eq!(summary[member], expected, "{member} of {summary}");
    }
    let tier = json!([{"AnnotationValue": {"StringValue": "gold"}, "ServiceIds": [shop]}]);
    assert_eq!(summary["Annotations"]["tier"], tier);
    let services = summary["ServiceIds"].as_array().unwrap();
    let names: Vec<_> = services.iter().map(|service| &service["Name"]).collect();
    assert_eq!(names, ["shop", "payments", "orders"]);
    assert_eq!(services[2]["Type"], "AWS::DynamoDB::Table");

    // The table faulted; nobody else did.
    let causes = &summaries[0]["FaultRootCauses"];
    assert_eq!(causes[0]["ClientImpacting"], false, "{causes}");
    let chain = causes[0]["Services"].as_array().unwrap();
    let names: Vec<_> = chain.iter().map(|service| &service["Name"]).collect();
    assert_eq!(names, ["shop", "payments", "orders"]);
}

#[tokio::test]
async fn a_sample_is_the_same_on_every_page_and_in_every_request() {
    let server = shop(230).await;
    let collect = async |strategy: Value| {
        let (mut ids, mut token) = (Vec::new(), Value::Null);
        loop {
            let mut request = within(json!({"Sampling": true, "SamplingStrategy": strategy, "NextToken": token}));
            // Grafana changes the value between pages; the token must not mind.
            if !token.is_null() && strategy["Name"] == "FixedRate" {
                request["SamplingStrategy"]["Value"] = json!(1);
            }
            let page = server.post("/TraceSummaries", &request).await.body;
            let summaries = page["TraceSummaries"].as_array().unwrap();
            ids.extend(
                summaries
                    .iter()
                    .map(|summary| summary["Id"].as_str().unwrap().to_owned()),
            );
            token = page["NextToken"].clone();
            if token.is_null() {
                return ids;
            }
        }
    };
    let newest_first: Vec<String> = (0..230)
        .rev()
        .map(|number| format!("1-6b03df66-{number:024x}"))
        .collect();
    assert_eq!(collect(json!({"Name": "PartialScan"})).await, newest_first);
    assert_eq!(collect(json!({"Name": "FixedRate", "Value": 1})).await, newest_first);
    let half = json!({"Sampling": true, "SamplingStrategy": {"Name": "FixedRate", "Value": 0.5}});
    let request = within(half);
    let once = server.post("/TraceSummaries", &request).await.body["TraceSummaries"].clone();
    let again = server.post("/TraceSummaries", &request).await.body["TraceSummaries"].clone();
    let kept = once.as_array().unwrap().len();
    assert!((50..=100).contains(&kept), "{kept} of about 115, 100 on a page");
    assert_eq!(once, again);
}

#[tokio::test]
async fn filter_expressions_and_groups_choose() {
    let server = shop(10).await;
    let count = async |expression: &str| {
        let request = within(json!({"FilterExpression": expression}));
        server.post("/TraceSummaries", &request).await.body["TraceSummaries"]
            .as_array()
            .unwrap()
            .len()
    };
    for (expression, expected) in [
        ("", 10),
        ("service(\"orders\") { fault }", 5),
        ("user = \"alice\" AND annotation.age > 29", 10),
        ("fault", 0),
        ("1-6b03df66-000000000000000000000003", 1),
    ] {
        assert_eq!(count(expression).await, expected, "{expression}");
    }
    let group = json!({"GroupName": "broken", "FilterExpression": "service(\"orders\") { fault }"});
    server.post("/CreateGroup", &group).await;
    assert_eq!(count("group.name = \"broken\"").await, 5);

    let graph = server
        .post("/ServiceGraph", &within(json!({"GroupName": "broken"})))
        .await
        .body;
    let shop = graph["Services"]
        .as_array()
        .unwrap()
        .iter()
        .find(|service| service["Root"] == true)
        .unwrap();
    assert_eq!(shop["SummaryStatistics"]["TotalCount"], 5, "{graph}");
    let whole = server
        .post("/ServiceGraph", &within(json!({"GroupName": "Default"})))
        .await
        .body;
    let shop = whole["Services"]
        .as_array()
        .unwrap()
        .iter()
        .find(|service| service["Root"] == true)
        .unwrap();
    assert_eq!(shop["SummaryStatistics"]["TotalCount"], 10);
}

#[tokio::test]
async fn documents_come_back_as_they_were_sent() {
    let server = shop(1).await;
    let trace = "1-6b03df66-000000000000000000000000";
    let plain = trace.replace("1-", "").replace('-', "");
    let gone = "1-6b03df66-ffffffffffffffffffffffff";
    let answer = server
        .post("/Traces", &json!({"TraceIds": [plain, trace, gone]}))
        .await
        .body;
    assert_eq!(answer["UnprocessedTraceIds"], json!([gone]));
    let traces = answer["Traces"].as_array().unwrap();
    assert_eq!(traces.len(), 1, "one trace, asked for in two spellings");
    let found = &traces[0];
    assert_eq!([&found["Id"], &found["LimitExceeded"]], [&json!(trace), &json!(false)]);
    assert_eq!(found["Duration"], 0.3);
    let segments = found["Segments"].as_array().unwrap();
    let sent = shopping(0);
    for (place, sent) in sent.iter().enumerate() {
        assert_eq!(segments[place]["Id"], sent["id"]);
        assert_eq!(segments[place]["Document"], sent.to_string());
    }
    let inferred: Value = serde_json::from_str(segments[2]["Document"].as_str().unwrap()).unwrap();
    assert_eq!(
        [&inferred["inferred"], &inferred["origin"]],
        [&json!(true), &json!("AWS::DynamoDB::Table")]
    );
}

#[tokio::test]
async fn questions_without_an_answer_are_refused() {
    let server = Server::start().await;
    let backwards = json!({"StartTime": 2, "EndTime": 1});
    for (path, body, part) in [
        ("/TraceSummaries", backwards.clone(), "StartTime must be before EndTime"),
        ("/ServiceGraph", backwards.clone(), "StartTime must be before EndTime"),
        (
            "/TimeSeriesServiceStatistics",
            backwards,
            "StartTime must be before EndTime",
        ),
        (
            "/TraceSummaries",
            within(json!({"FilterExpression": "responsetime >"})),
            "column",
        ),
        (
            "/TraceSummaries",
            within(json!({"FilterExpression": "user > 3"})),
            "column",
        ),
        ("/TraceSummaries", within(json!({"NextToken": "garbage"})), "NextToken"),
        (
            "/TraceSummaries",
            within(json!({"Sampling": true, "SamplingStrategy": {"Name": "FixedRate", "Value": 2}})),
            "between 0 and 1",
        ),
        ("/TraceSummaries", json!({"StartTime": 1}), "Value null at 'endTime'"),
        (
            "/Traces",
            json!({"TraceIds": vec!["a"; 1_001]}),
            "Exceeding maximum query size: 1000",
        ),
        ("/Traces", json!({"TraceIds": ["no"]}), "not a trace id: `no`"),
        ("/Traces", json!({"TraceIds": [], "NextToken": "x"}), "NextToken"),
        ("/TraceGraph", json!({"TraceIds": ["no"]}), "not a trace id: `no`"),
        ("/ServiceGraph", within(json!({"GroupName": "nobody"})), "nobody"),
        (
            "/ServiceGraph",
            within(json!({"GroupName": "a", "GroupARN": "b"})),
            "either GroupName or GroupARN",
        ),
        (
            "/TimeSeriesServiceStatistics",
            within(json!({"Period": 7})),
            "multiple of 60",
        ),
        (
            "/TimeSeriesServiceStatistics",
            within(json!({"EntitySelectorExpression": "fault"})),
            "expected service",
        ),
        (
            "/TimeSeriesServiceStatistics",
            within(json!({"EntitySelectorExpression": ""})),
            "length greater than",
        ),
    ] {
        server.refuses(path, body, "InvalidRequestException", part).await;
    }
}
