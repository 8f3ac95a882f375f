//! Questions about logs and metrics whose answers can be worked out by hand, over gRPC and in the terminal.

use beamline_proto::query::logs_client::LogsClient;
use beamline_proto::query::metrics_client::MetricsClient;
use beamline_proto::query::read_logs_response::Part;
use beamline_proto::query::{
    GetStatisticsRequest, LabelCondition, ListLogGroupsRequest, ListLogStreamsRequest, ListSeriesRequest, LogOrder,
    LogStreamOrder, ReadLogsRequest, SeriesSelection, TimeRange,
};
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::harness::{Server, block_on, run};
use crate::wire::{now, post};

const TRACE: &str = "5759e988bd862e3fe1be46a994272793";

/// Whole minutes, a little in the past.
fn begin() -> u64 {
    now() / 60 * 60 - 600
}

fn nanos(seconds: u64) -> String {
    format!("{seconds}000000000")
}

fn range(from: u64, to: u64) -> Option<TimeRange> {
    let time = |seconds: u64| {
        Some(prost_types::Timestamp {
            seconds: seconds as i64,
            nanos: 0,
        })
    };
    Some(TimeRange {
        start: time(from),
        end: time(to),
    })
}

fn export(server: &Server, path: &str, body: &Value) {
    let kind = [("Content-Type", "application/json")];
    let reply = post(server.otlp_http(), path, &kind, body.to_string().as_bytes());
    assert_eq!((reply.status, reply.json()), (200, json!({})));
}

fn resource(service: &str, instance: &str) -> Value {
    json!({"attributes": [
        {"key": "service.name", "value": {"stringValue": service}},
        {"key": "service.instance.id", "value": {"stringValue": instance}},
    ]})
}

/// Two services, one of them on two hosts: a record a second, the fourth an error of a trace.
fn log(server: &Server, begin: u64) {
    let record = |after: u64, text: &str| json!({"timeUnixNano": nanos(begin + after), "body": {"stringValue": text}});
    let mut failed = record(3, "payment Refused by bank");
    failed["severityNumber"] = 17.into();
    failed["traceId"] = TRACE.into();
    failed["spanId"] = "53995c3f42cd8ad8".into();
    let of = |service: &str, instance: &str, records: Value| json!({"resource": resource(service, instance), "scopeLogs": [{"logRecords": records}]});
    let body = json!({"resourceLogs": [
        of("cart", "a", json!([record(0, "began"), record(2, "payment asked for"), failed])),
        of("cart", "b", json!([record(1, "began")])),
        of("stock", "a", json!([record(4, "payment is none of mine")])),
    ]});
    export(server, "/v1/logs", &body);
}

/// A counter that tells differences, by outcome: 3 and 1 in the first minute, 4 and 0 in the second.
fn measure(server: &Server, begin: u64) {
    let point = |minute: u64, outcome: &str, value: u64| {
        json!({
            "startTimeUnixNano": nanos(begin + minute * 60), "timeUnixNano": nanos(begin + minute * 60 + 30),
            "asInt": value.to_string(), "attributes": [{"key": "outcome", "value": {"stringValue": outcome}}],
        })
    };
    let points = [
        point(0, "ok", 3),
        point(0, "bad", 1),
        point(1, "ok", 4),
        point(1, "bad", 0),
    ];
    let body = json!({"resourceMetrics": [{"resource": resource("cart", "a"), "scopeMetrics": [{"metrics": [
        {"name": "orders", "unit": "{order}",
         "sum": {"aggregationTemporality": 1, "isMonotonic": true, "dataPoints": points}},
    ]}]}]});
    export(server, "/v1/metrics", &body);
}

async fn texts(client: &mut LogsClient<Channel>, request: ReadLogsRequest) -> Result<(Vec<String>, Vec<u8>), Status> {
    let mut answer = client.read_logs(request).await?.into_inner();
    let mut texts = Vec::new();
    loop {
        match answer.message().await?.expect("an end comes last").part {
            Some(Part::Event(event)) => texts.push(event.text),
            Some(Part::End(end)) => return Ok((texts, end.cursor)),
            None => panic!("a part is one of the two"),
        }
    }
}

#[test]
fn logs_are_found_by_group_stream_word_and_trace() {
    let server = Server::start();
    let begin = begin();
    log(&server, begin);
    block_on(async {
        let mut client = LogsClient::connect(server.endpoint()).await.unwrap();
        let all = |change: &dyn Fn(&mut ReadLogsRequest)| {
            let mut request = ReadLogsRequest {
                range: range(begin, begin + 60),
                order: LogOrder::Oldest.into(),
                ..ReadLogsRequest::default()
            };
            change(&mut request);
            request
        };
        let everything = [
            "began",
            "began",
            "payment asked for",
            "payment Refused by bank",
            "payment is none of mine",
        ];
        assert_eq!(texts(&mut client, all(&|_| ())).await.unwrap().0, everything);
        let cart = |request: &mut ReadLogsRequest| request.groups = vec!["/otlp/cart".to_owned()];
        assert_eq!(texts(&mut client, all(&cart)).await.unwrap().0, everything[..4]);
        let words = |request: &mut ReadLogsRequest| request.words = vec!["PAYMENT".to_owned(), "refused".to_owned()];
        assert_eq!(texts(&mut client, all(&words)).await.unwrap().0, everything[3..4]);
        let stream = |request: &mut ReadLogsRequest| request.stream_prefix = "b".to_owned();
        assert_eq!(texts(&mut client, all(&stream)).await.unwrap().0, everything[1..2]);
        let traced = |request: &mut ReadLogsRequest| request.trace_id = TRACE.to_owned();
        assert_eq!(texts(&mut client, all(&traced)).await.unwrap().0, everything[3..4]);

        let newest = |request: &mut ReadLogsRequest| {
            request.order = LogOrder::Newest.into();
            request.limit = 2;
        };
        let (first, cursor) = texts(&mut client, all(&newest)).await.unwrap();
        assert_eq!(first, [everything[4], everything[3]]);
        let next = |request: &mut ReadLogsRequest| {
            newest(request);
            request.cursor.clone_from(&cursor);
        };
        assert_eq!(
            texts(&mut client, all(&next)).await.unwrap().0,
            [everything[2], everything[1]]
        );

        let unknown = |request: &mut ReadLogsRequest| request.groups = vec!["/otlp/nobody".to_owned()];
        let refused = texts(&mut client, all(&unknown)).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{refused}");
        assert!(refused.message().contains("/otlp/nobody"), "{refused}");
        let garbled = |request: &mut ReadLogsRequest| request.cursor = vec![1, 2, 3];
        let refused = texts(&mut client, all(&garbled)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    });
}

#[test]
fn groups_and_streams_are_listed() {
    let server = Server::start();
    log(&server, begin());
    block_on(async {
        let mut client = LogsClient::connect(server.endpoint()).await.unwrap();
        let answer = client
            .list_log_groups(ListLogGroupsRequest::default())
            .await
            .unwrap()
            .into_inner();
        let names: Vec<&str> = answer.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["/otlp/cart", "/otlp/stock", "aws/spans"]);
        assert_eq!(
            answer.groups[0].arn,
            "arn:aws:logs:us-east-1:123456789012:log-group:/otlp/cart"
        );
        let streams = |order: LogStreamOrder| ListLogStreamsRequest {
            group: "/otlp/cart".to_owned(),
            order: order.into(),
            ..ListLogStreamsRequest::default()
        };
        let names = |answer: beamline_proto::query::ListLogStreamsResponse| {
            answer.streams.into_iter().map(|stream| stream.name).collect::<Vec<_>>()
        };
        let by_name = client.list_log_streams(streams(LogStreamOrder::Name)).await.unwrap();
        assert_eq!(names(by_name.into_inner()), ["a", "b"]);
        let mut latest = streams(LogStreamOrder::LastEvent);
        latest.limit = 1;
        let first = client.list_log_streams(latest.clone()).await.unwrap().into_inner();
        latest.cursor.clone_from(&first.cursor);
        assert_eq!(names(first), ["a"]);
        assert_eq!(
            names(client.list_log_streams(latest).await.unwrap().into_inner()),
            ["b"]
        );
    });
}

#[test]
fn metrics_are_listed_and_added_up() {
    let server = Server::start();
    let begin = begin();
    measure(&server, begin);
    let orders = |labels: &[(&str, Option<&str>)]| {
        Some(SeriesSelection {
            name: "orders".to_owned(),
            service: "cart".to_owned(),
            labels: labels
                .iter()
                .map(|(key, value)| LabelCondition {
                    key: (*key).to_owned(),
                    value: value.map(str::to_owned),
                })
                .collect(),
            ..SeriesSelection::default()
        })
    };
    block_on(async {
        let mut client = MetricsClient::connect(server.endpoint()).await.unwrap();
        for (labels, count) in [
            (&[][..], 2),
            (&[("outcome", None)], 2),
            (&[("outcome", Some("bad"))], 1),
            (&[("outcome", Some("odd"))], 0),
        ] {
            let request = ListSeriesRequest {
                selection: orders(labels),
                ..ListSeriesRequest::default()
            };
            let found = client.list_series(request).await.unwrap().into_inner().series;
            assert_eq!(found.len(), count, "{labels:?}: {found:?}");
        }
        let statistics = |labels: &[(&str, Option<&str>)], split| GetStatisticsRequest {
            selection: orders(labels),
            range: range(begin, begin + 120),
            statistics: vec!["sum".to_owned(), "SampleCount".to_owned()],
            split,
            ..GetStatisticsRequest::default()
        };
        let values = |series: &beamline_proto::query::StatisticsSeries| {
            series.buckets.iter().map(|bucket| bucket.values[0]).collect::<Vec<_>>()
        };
        let merged = client
            .get_statistics(statistics(&[], false))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(merged.statistics, ["Sum", "SampleCount"]);
        assert_eq!(values(&merged.series[0]), [4.0, 4.0]);
        let split = client.get_statistics(statistics(&[], true)).await.unwrap().into_inner();
        let mut each: Vec<_> = split.series.iter().map(values).collect();
        each.sort_by(|one, other| one.partial_cmp(other).unwrap());
        assert_eq!(each, [[1.0, 0.0], [3.0, 4.0]]);

        let mut wrong = statistics(&[], false);
        wrong.statistics = vec!["p101".to_owned()];
        let refused = client.get_statistics(wrong).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    });
}

#[test]
fn the_terminal_shows_logs_and_metrics() {
    let server = Server::start();
    let begin = begin();
    log(&server, begin);
    measure(&server, begin);
    let endpoint = server.endpoint();
    let shown = |args: &[&str]| {
        let output = run(&[args, &["--endpoint", &endpoint]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let logs = shown(&["logs", "/otlp/cart", "--words", "refused"]);
    assert_eq!(logs.lines().count(), 1, "{logs}");
    assert!(
        logs.contains("ERROR") && logs.contains("payment Refused by bank"),
        "{logs}"
    );
    let of_trace = shown(&["logs", "--trace", TRACE, "--json"]);
    let event: Value = serde_json::from_str(of_trace.trim()).expect("one event is one object");
    assert_eq!(event["text"], "payment Refused by bank", "{event}");
    let groups = shown(&["logs", "--groups"]);
    assert!(
        groups.contains("/otlp/stock") && groups.contains("aws/spans"),
        "{groups}"
    );
    let series = shown(&["metrics", "orders"]);
    assert!(
        series.contains("outcome=ok") && series.contains("outcome=bad"),
        "{series}"
    );
    let sums = shown(&["metrics", "orders", "--stat", "sum", "--merge", "--since", "1h"]);
    assert!(sums.contains("Sum"), "{sums}");
    // Nothing but a log event is known of this trace, and that is told.
    let trace = shown(&["trace", TRACE]);
    assert!(trace.contains("payment Refused by bank"), "{trace}");
}
