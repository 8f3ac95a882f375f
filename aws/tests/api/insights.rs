//! Insights: found by the watch, told in X-Ray's shapes.

use std::sync::Arc;

use beamline_collector::react::insights::Watcher;
use beamline_collector::report::registry::Registry;
use beamline_model::testkit::shop;
use beamline_model::time::Timestamp;
use serde_json::{Value, json};

use crate::server::Server;

/// A server, and the first minute of what was reported to it.
struct Shop {
    server: Server,
    watcher: Watcher,
    begin: u32,
}

/// So many minutes ago the shop began.
const AGO: u32 = 260;

impl Shop {
    async fn open() -> Self {
        let server = Server::start().await;
        let begin = server.store.stamp().minute() - AGO;
        let watcher = Watcher::new(Arc::clone(&server.store), &Registry::default());
        Self { server, watcher, begin }
    }

    async fn serve(&self, minutes: std::ops::Range<u32>, requests: u32, faults: u32) {
        let samples = minutes.flat_map(|minute| shop(self.begin + minute, requests, faults));
        let documents: Vec<String> = samples.flat_map(|sample| sample.documents).collect();
        for part in documents.chunks(1_000) {
            let reply = self
                .server
                .post("/TraceSegments", &json!({"TraceSegmentDocuments": part}))
                .await;
            assert_eq!(reply.body, json!({"UnprocessedTraceSegments": []}));
        }
        let store = Arc::clone(&self.server.store);
        tokio::task::spawn_blocking(move || store.seal_all().unwrap())
            .await
            .unwrap();
    }

    fn look(&mut self, minute: u32) {
        self.watcher.look(self.at(minute)).unwrap();
    }

    fn at(&self, minute: u32) -> Timestamp {
        Timestamp::from_minute(self.begin + minute)
    }

    /// Epoch seconds of a minute.
    fn seconds(&self, minute: u32) -> f64 {
        self.at(minute).seconds()
    }

    /// The time from one minute to another, with more members.
    fn window(&self, from: u32, to: u32, more: Value) -> Value {
        let mut request = json!({"StartTime": self.seconds(from), "EndTime": self.seconds(to)});
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        request
    }

    async fn summaries(&self, more: Value) -> Value {
        let request = self.window(0, AGO, more);
        self.server.post("/InsightSummaries", &request).await.body
    }
}

fn service(name: &str) -> Value {
    json!({"Name": name, "Names": [name], "Type": ""})
}

fn counts(fault: i64, total: i64) -> Value {
    json!({"FaultCount": fault, "OkCount": total - fault, "TotalCount": total})
}

/// A shop that failed for three minutes and was watched while it did.
async fn troubled() -> Shop {
    let mut shop = Shop::open().await;
    shop.serve(0..200, 10, 0).await;
    for minute in 200..203 {
        shop.serve(minute..minute + 1, 10, 8).await;
        shop.look(minute + 1);
    }
    shop
}

#[tokio::test]
async fn an_insight_is_told_while_it_goes_on_and_when_it_is_over() {
    let mut shop = troubled().await;
    let active = shop.summaries(json!({"GroupName": "Default"})).await;
    let summary = &active["InsightSummaries"][0];
    let id = summary["InsightId"].as_str().unwrap().to_owned();
    let text = summary["Summary"].as_str().unwrap();
    assert!(text.starts_with("80 % of the requests to cart failed since "), "{text}");
    assert!(
        text.ends_with("One more service is affected, and 24 of 30 requests of clients failed."),
        "{text}"
    );
    let mut expected = json!({
        "InsightId": id, "GroupARN": "arn:aws:xray:us-east-1:123456789012:group/Default", "GroupName": "Default",
        "RootCauseServiceId": service("cart"), "Categories": ["FAULT"], "State": "ACTIVE",
        "StartTime": shop.seconds(200), "Summary": text,
        "ClientRequestImpactStatistics": counts(24, 30),
        "RootCauseServiceRequestImpactStatistics": counts(24, 30),
        "TopAnomalousServices": [{"ServiceId": service("cart")}, {"ServiceId": service("web")}],
        "LastUpdateTime": shop.seconds(203),
    });
    assert_eq!(active, json!({"InsightSummaries": [expected]}));

    shop.serve(203..220, 10, 0).await;
    shop.look(220);
    let over = shop
        .server
        .post("/Insight", &json!({"InsightId": id.to_uppercase()}))
        .await
        .body;
    let text = over["Insight"]["Summary"].clone();
    let sentences: Vec<&str> = text.as_str().unwrap().split('.').collect();
    assert!(
        sentences.len() >= 3 && !sentences[1].is_empty(),
        "Grafana shows the second: {text}"
    );
    expected.as_object_mut().unwrap().remove("LastUpdateTime");
    (expected["State"], expected["EndTime"], expected["Summary"]) = (json!("CLOSED"), json!(shop.seconds(203)), text);
    assert_eq!(over, json!({"Insight": expected}));
    let none = shop
        .summaries(json!({"GroupName": "Default", "States": ["ACTIVE"]}))
        .await;
    assert_eq!(none, json!({"InsightSummaries": []}));
    let arn = "arn:aws:xray:us-east-1:123456789012:group/Default";
    let closed = shop.summaries(json!({"GroupARN": arn, "States": ["CLOSED"]})).await;
    assert_eq!(closed["InsightSummaries"][0]["InsightId"], id);

    let events = shop.server.post("/InsightEvents", &json!({"InsightId": id})).await.body;
    let times: Vec<f64> = events["InsightEvents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["EventTime"].as_f64().unwrap())
        .collect();
    assert_eq!(times, [202, 203, 220].map(|minute| shop.seconds(minute)));
    assert_eq!(
        events["InsightEvents"][0]["ClientRequestImpactStatistics"],
        counts(16, 20)
    );
    assert_eq!(
        events["InsightEvents"][2]["TopAnomalousServices"][0]["ServiceId"],
        service("cart")
    );
    let mut pages = Vec::new();
    let mut token = Value::Null;
    loop {
        let request = json!({"InsightId": id, "MaxResults": 1, "NextToken": token});
        let page = shop.server.post("/InsightEvents", &request).await.body;
        pages.extend(page["InsightEvents"].as_array().unwrap().iter().cloned());
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(Value::Array(pages), events["InsightEvents"]);
}

#[tokio::test]
async fn the_impact_graph_has_who_failed_and_who_felt_it() {
    let shop = troubled().await;
    let found = shop.summaries(json!({"GroupName": "Default"})).await;
    let id = &found["InsightSummaries"][0]["InsightId"];
    let request = shop.window(195, 205, json!({"InsightId": id}));
    let graph = shop.server.post("/InsightImpactGraph", &request).await.body;
    let expected = json!({
        "InsightId": id, "StartTime": shop.seconds(195), "EndTime": shop.seconds(205),
        "ServiceGraphStartTime": shop.seconds(195), "ServiceGraphEndTime": shop.seconds(205),
        "Services": [
            {"ReferenceId": 0, "Type": "", "Name": "cart", "Names": ["cart"], "Edges": []},
            {"ReferenceId": 1, "Type": "", "Name": "web", "Names": ["web"], "Edges": [{"ReferenceId": 0}]},
            {"ReferenceId": 2, "Type": "client", "Name": "web", "Names": ["web"], "Edges": [{"ReferenceId": 1}]},
        ],
    });
    assert_eq!(graph, expected);
    // In a time without requests there is still the one that is to blame.
    let request = shop.window(230, 240, json!({"InsightId": id}));
    let graph = shop.server.post("/InsightImpactGraph", &request).await.body;
    assert_eq!(graph["Services"][0]["Name"], "cart");
}

#[tokio::test]
async fn lists_come_in_pages_latest_first() {
    let mut shop = Shop::open().await;
    shop.serve(0..200, 10, 0).await;
    for minute in [200, 220, 240] {
        shop.serve(minute..minute + 2, 10, 8).await;
        shop.serve(minute + 2..minute + 20, 10, 0).await;
    }
    shop.look(AGO);
    let all = shop.summaries(json!({"GroupName": "Default"})).await;
    let all = all["InsightSummaries"].as_array().unwrap().clone();
    let starts: Vec<f64> = all.iter().map(|it| it["StartTime"].as_f64().unwrap()).collect();
    assert_eq!(starts, [240, 220, 200].map(|minute| shop.seconds(minute)));
    let (mut pages, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = shop
            .summaries(json!({"GroupName": "Default", "MaxResults": 2, "NextToken": token}))
            .await;
        pages.extend(page["InsightSummaries"].as_array().unwrap().iter().cloned());
        assert!(pages.len() <= 3);
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(pages, all);
    // Only those that went on in the time that is asked for.
    let request = shop.window(203, 221, json!({"GroupName": "Default"}));
    let some = shop.server.post("/InsightSummaries", &request).await.body;
    assert_eq!(some["InsightSummaries"], json!([all[1]]));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let shop = Shop::open().await;
    let unknown = "6f3b1c52-1b0f-5f6e-9a35-0123456789ab";
    let old =
        json!({"GroupName": "Default", "StartTime": shop.seconds(0) - 31.0 * 86_400.0, "EndTime": shop.seconds(1)});
    let group = |more: Value| shop.window(0, 1, more);
    for (path, body, part) in [
        ("/Insight", json!({}), "insightId"),
        ("/Insight", json!({"InsightId": "x"}), "pattern"),
        ("/Insight", json!({"InsightId": unknown}), "no insight"),
        ("/InsightEvents", json!({"InsightId": unknown}), "no insight"),
        ("/InsightEvents", json!({"InsightId": unknown, "MaxResults": 51}), "50"),
        (
            "/InsightImpactGraph",
            group(json!({"InsightId": unknown})),
            "no insight",
        ),
        ("/InsightSummaries", group(json!({})), "either GroupName or GroupARN"),
        (
            "/InsightSummaries",
            group(json!({"GroupName": "a", "GroupARN": "b"})),
            "either GroupName or GroupARN",
        ),
        (
            "/InsightSummaries",
            group(json!({"GroupName": "gone"})),
            "no group is called",
        ),
        (
            "/InsightSummaries",
            group(json!({"GroupName": "Default", "MaxResults": 101})),
            "100",
        ),
        (
            "/InsightSummaries",
            group(json!({"GroupName": "Default", "States": ["ACTIVE", "CLOSED"]})),
            "states",
        ),
        (
            "/InsightSummaries",
            group(json!({"GroupName": "Default", "States": ["OPEN"]})),
            "states",
        ),
        (
            "/InsightSummaries",
            group(json!({"GroupName": "Default", "NextToken": "x"})),
            "NextToken",
        ),
        (
            "/InsightSummaries",
            shop.window(1, 1, json!({"GroupName": "Default"})),
            "before EndTime",
        ),
        ("/InsightSummaries", old, "30 days"),
    ] {
        shop.server.refuses(path, body, "InvalidRequestException", part).await;
    }
    let shop = troubled().await;
    let found = shop.summaries(json!({"GroupName": "Default"})).await;
    let id = &found["InsightSummaries"][0]["InsightId"];
    let long = json!({"InsightId": id, "StartTime": shop.seconds(0), "EndTime": shop.seconds(0) + 21_601.0});
    shop.server
        .refuses("/InsightImpactGraph", long, "InvalidRequestException", "6 hours")
        .await;
    let foreign = json!({"InsightId": id, "NextToken": "AgAAAAAAAAABAAAAAAAAAAFhYmNk"});
    shop.server
        .refuses("/InsightEvents", foreign, "InvalidRequestException", "NextToken")
        .await;
}

#[tokio::test]
async fn the_forecast_is_the_band_that_insights_are_found_by() {
    let shop = troubled().await;
    let selector = "id(name: \"cart\")";
    let request = shop.window(
        190,
        204,
        json!({"EntitySelectorExpression": selector, "ForecastStatistics": true}),
    );
    let answer = shop.server.post("/TimeSeriesServiceStatistics", &request).await.body;
    let points = answer["TimeSeriesServiceStatistics"].as_array().unwrap().clone();
    assert_eq!(points.len(), 14);
    for (minute, point) in (190..).zip(&points) {
        let faults = point["ServiceSummaryStatistics"]["FaultStatistics"]["TotalCount"]
            .as_i64()
            .unwrap();
        let band = &point["ServiceForecastStatistics"];
        let (low, high) = (
            band["FaultCountLow"].as_i64().unwrap(),
            band["FaultCountHigh"].as_i64().unwrap(),
        );
        assert_eq!(low, 0);
        let is_bad = (200..203).contains(&minute);
        assert_eq!(
            faults > high,
            is_bad,
            "minute {minute}: {faults} faults, at most {high} expected"
        );
    }
    let without = shop.window(190, 204, json!({"EntitySelectorExpression": selector}));
    let answer = shop.server.post("/TimeSeriesServiceStatistics", &without).await.body;
    assert!(
        answer["TimeSeriesServiceStatistics"][0]
            .get("ServiceForecastStatistics")
            .is_none()
    );
    for selector in [
        json!({}),
        json!({"EntitySelectorExpression": "edge(\"web\", \"cart\")"}),
    ] {
        let mut request = shop.window(190, 204, selector);
        request["ForecastStatistics"] = json!(true);
        let (path, part) = ("/TimeSeriesServiceStatistics", "names a service");
        shop.server
            .refuses(path, request, "InvalidRequestException", part)
            .await;
    }
}

#[tokio::test]
async fn a_group_has_statistics_from_when_it_is_made() {
    let shop = Shop::open().await;
    let gold = json!({"GroupName": "gold", "FilterExpression": "annotation.tier = \"gold\"",
                      "InsightsConfiguration": {"InsightsEnabled": true}});
    shop.serve(0..3, 10, 4).await;
    assert_eq!(shop.server.post("/CreateGroup", &gold).await.status, 200);
    // What was there before is counted from the traces, what comes later as it comes.
    let ahead = AGO + 3;
    shop.serve(ahead..ahead + 3, 10, 2).await;
    let count = async |from: u32, to: u32| {
        let request = shop.window(from, to, json!({"GroupName": "gold"}));
        let graph = shop.server.post("/ServiceGraph", &request).await.body;
        let services = graph["Services"].as_array().unwrap().clone();
        let cart = services.into_iter().find(|it| it["Name"] == "cart").unwrap();
        let statistics = &cart["SummaryStatistics"];
        let faults = statistics["FaultStatistics"]["TotalCount"].as_i64().unwrap();
        (faults, statistics["TotalCount"].as_i64().unwrap())
    };
    assert_eq!(count(0, 10).await, (6, 15));
    assert_eq!(count(ahead, ahead + 10).await, (3, 15));
    assert_eq!(count(0, ahead + 10).await, (9, 30));
}
