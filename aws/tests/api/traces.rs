//! Segments in; summaries, documents and graphs out.

use http::Request;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::{Value, json};

use crate::server::Server;

const START: f64 = 1_795_415_910.0;
pub(crate) const RANGE: (f64, f64) = (1_795_415_400.0, 1_795_416_000.0);

/// A shop that asks payments, which asks a table: the documents of one request.
pub(crate) fn shopping(number: u32) -> Vec<Value> {
    let trace = format!("1-6b03df66-{number:024x}");
    let id = |of: u32| format!("{:016x}", u64::from(number) * 16 + u64::from(of) + 1);
    let start = START + f64::from(number) / 4.0;
    vec![
        json!({
            "name": "shop", "id": id(0), "trace_id": trace, "start_time": start, "end_time": start + 0.3,
            "origin": "AWS::EC2::Instance", "user": "alice", "annotations": {"tier": "gold", "age": 30},
            "http": {"request": {"method": "GET", "url": "http://shop.example.com/cart"}, "response": {"status": 200}},
            "subsegments": [{
                "name": "payments", "id": id(1), "namespace": "remote", "start_time": start + 0.05,
                "end_time": start + 0.25,
            }],
        }),
        json!({
            "name": "payments", "id": id(2), "trace_id": trace, "parent_id": id(1), "start_time": start + 0.1,
            "end_time": start + 0.2,
            "subsegments": [{
                "name": "DynamoDB", "id": id(3), "namespace": "aws", "start_time": start + 0.12,
                "end_time": start + 0.18, "fault": number % 2 == 1,
                "aws": {"operation": "GetItem", "table_name": "orders"},
            }],
        }),
    ]
}

pub(crate) async fn put(server: &Server, documents: &[Value]) -> Value {
    let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    let reply = server
        .post("/TraceSegments", &json!({"TraceSegmentDocuments": texts}))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

pub(crate) fn within(more: Value) -> Value {
    let mut request = json!({"StartTime": RANGE.0, "EndTime": RANGE.1});
    for (member, value) in more.as_object().unwrap() {
        request[member] = value.clone();
    }
    request
}

pub(crate) async fn shop(traces: u32) -> Server {
    let server = Server::start().await;
    for number in 0..traces {
        let answer = put(&server, &shopping(number)).await;
        assert_eq!(answer, json!({"UnprocessedTraceSegments": []}));
    }
    server
}

#[tokio::test]
async fn documents_that_cannot_be_kept_are_named_and_do_not_fail_the_others() {
    let server = Server::start().await;
    let mut documents = shopping(0);
    documents.push(json!({"name": "x", "id": "6226467e3f845502", "start_time": 1, "end_time": 2}));
    let mut texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    texts.push("{".to_owned());
    let answer = server
        .post("/TraceSegments", &json!({"TraceSegmentDocuments": texts}))
        .await
        .body;
    let unprocessed = answer["UnprocessedTraceSegments"].as_array().unwrap();
    assert_eq!(unprocessed.len(), 2, "{answer}");
    assert_eq!(unprocessed[0]["Id"], "6226467e3f845502");
    assert_eq!(unprocessed[0]["ErrorCode"], "MissingTraceId");
    assert!(
        unprocessed[0]["Message"]
            .as_str()
            .unwrap()
            .starts_with("Invalid segment. ErrorCode: MissingTraceId")
    );
    assert_eq!(
        [&unprocessed[1]["Id"], &unprocessed[1]["ErrorCode"]],
        [&Value::Null, &json!("ParseError")]
    );
    let summaries = server.post("/TraceSummaries", &within(json!({}))).await.body;
    assert_eq!(summaries["TraceSummaries"].as_array().unwrap().len(), 1);
    let many = json!({"TraceSegmentDocuments": vec!["{}"; 1_001]});
    server
        .refuses(
            "/TraceSegments",
            many,
            "InvalidRequestException",
            "1001 documents, 1000 are allowed",
        )
        .await;
}

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
async fn the_graph_counts_every_request_once_wherever_it_is_counted() {
    let server = shop(4).await;
    let expected_start = (RANGE.0 / 60.0).floor() * 60.0;
    let of_range = server.post("/ServiceGraph", &within(json!({}))).await.body;
    assert_eq!(
        [&of_range["StartTime"], &of_range["EndTime"]],
        [&json!(expected_start), &json!(RANGE.1)]
    );
    assert_eq!(of_range["ContainsOldGroupVersions"], false);
    let ids: Vec<String> = (0..4).map(|number| format!("1-6b03df66-{number:024x}")).collect();
    let of_traces = server.post("/TraceGraph", &json!({"TraceIds": ids})).await.body;
    for graph in [&of_range, &of_traces] {
        let services = graph["Services"].as_array().unwrap();
        for (place, service) in services.iter().enumerate() {
            assert_eq!(service["ReferenceId"], place, "dense from 0");
        }
        let find = |name: &str, kind: &str| {
            let found = services
                .iter()
                .find(|service| service["Name"] == name && service["Type"] == kind);
            found.unwrap_or_else(|| panic!("{name} {kind} in {graph}"))
        };
        let client = find("shop", "client");
        assert_eq!(
            [&client["State"], &client["Root"], &client["SummaryStatistics"]],
            [&json!("unknown"), &Value::Null, &Value::Null]
        );
        let shop = find("shop", "AWS::EC2::Instance");
        assert_eq!([&shop["State"], &shop["Root"]], [&json!("active"), &json!(true)]);
        assert_eq!(client["Edges"][0]["ReferenceId"], shop["ReferenceId"]);
        assert_eq!(client["Edges"][0]["SummaryStatistics"], shop["SummaryStatistics"]);
        assert_eq!(
            shop["SummaryStatistics"],
            json!({"OkCount": 4, "ErrorStatistics": {"ThrottleCount": 0, "OtherCount": 0, "TotalCount": 0},
                   "FaultStatistics": {"OtherCount": 0, "TotalCount": 0}, "TotalCount": 4, "TotalResponseTime": 1.2})
        );
        assert_eq!(shop["ResponseTimeHistogram"], json!([{"Value": 0.3, "Count": 4}]));
        let payments = find("payments", "");
        let table = find("orders", "AWS::DynamoDB::Table");
        assert_eq!(table["State"], "unknown");
        assert_eq!(table["Edges"], json!([]));
        assert_eq!(table["SummaryStatistics"]["FaultStatistics"]["TotalCount"], 2);
        let edge = &payments["Edges"][0];
        assert_eq!(edge["ReferenceId"], table["ReferenceId"]);
        assert_eq!(
            [
                &edge["SummaryStatistics"]["OkCount"],
                &edge["SummaryStatistics"]["TotalCount"]
            ],
            [2, 4]
        );
        let counted = edge["ResponseTimeHistogram"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["Count"].as_i64().unwrap());
        assert_eq!(counted.sum::<i64>(), 4);
        assert_eq!(edge.get("EdgeType"), None);
    }
}

#[tokio::test]
async fn time_series_count_what_was_selected() {
    let server = shop(70).await;
    let total = async |more: Value, statistics: &str| {
        let answer = server.post("/TimeSeriesServiceStatistics", &within(more)).await.body;
        let points = answer["TimeSeriesServiceStatistics"].as_array().unwrap().clone();
        let counts = points
            .iter()
            .map(|point| point[statistics]["TotalCount"].as_i64().unwrap());
        (points.len(), counts.sum::<i64>())
    };
    assert_eq!(
        total(json!({}), "EdgeSummaryStatistics").await,
        (10, 70),
        "traffic is counted once, where it enters"
    );
    let of = |selector: &str| json!({"EntitySelectorExpression": selector, "Period": 300});
    assert_eq!(
        total(of("service(\"payments\")"), "ServiceSummaryStatistics").await,
        (2, 70)
    );
    assert_eq!(
        total(of("edge(\"shop\", \"payments\")"), "EdgeSummaryStatistics").await,
        (2, 70)
    );
    assert_eq!(
        total(of("service(\"nobody\")"), "ServiceSummaryStatistics").await,
        (2, 0)
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

#[tokio::test]
async fn a_large_call_is_kept_whole() {
    let server = Server::start().await;
    let mut documents = Vec::new();
    for number in 0..200 {
        documents.extend(shopping(number));
        documents[2 * number as usize]["metadata"] = json!({"default": {"page": "x".repeat(4_000)}});
    }
    assert_eq!(put(&server, &documents).await, json!({"UnprocessedTraceSegments": []}));
    let graph = server.post("/ServiceGraph", &within(json!({}))).await.body;
    let services = graph["Services"].as_array().unwrap();
    let shop = services.iter().find(|service| service["Root"] == true).unwrap();
    assert_eq!(shop["SummaryStatistics"]["TotalCount"], 200);
}

#[tokio::test]
async fn otlp_is_taken_where_exporters_send_it() {
    let server = Server::start().await;
    let span = Span {
        trace_id: vec![0x6b, 0x03, 0xdf, 0x66, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        span_id: vec![1; 8],
        name: "GET /".to_owned(),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: 1_795_415_910_000_000_000,
        end_time_unix_nano: 1_795_415_910_500_000_000,
        ..Span::default()
    };
    let name = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue("web".to_owned())),
        }),
        ..KeyValue::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![name],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    let post = Request::post("/v1/traces").header("Content-Type", "application/x-protobuf");
    assert_eq!(server.status(post, request.encode_to_vec()).await, 200);
    let found = server
        .post(
            "/TraceSummaries",
            &within(json!({"FilterExpression": "service(\"web\")"})),
        )
        .await
        .body;
    assert_eq!(
        found["TraceSummaries"][0]["Id"], "1-6b03df66-0102030405060708090a0b0c",
        "{found}"
    );
}
