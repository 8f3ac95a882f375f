//! The service graph and time series.

use serde_json::{Value, json};

use crate::shop::{RANGE, shop, within};

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
