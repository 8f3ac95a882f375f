//! Log events: one a request, each with a text of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use beamline_proto::query::logs_client::LogsClient;
use beamline_proto::query::read_logs_response::Part;
use beamline_proto::query::{LogOrder, ReadLogsRequest};
use serde_json::json;

use super::{Stop, everything, now, post};
use crate::harness::Server;

/// How many texts of each sender were acknowledged; they are numbered from 0.
pub(super) type Acknowledged = BTreeMap<u64, u64>;

/// Sends records until the server no longer answers.
pub(super) fn send(sender: u64, otlp: SocketAddr, stop: &Stop) -> Acknowledged {
    let mut count = 0;
    while !stop.now() && post(otlp, "/v1/logs", &request(sender, count)) {
        count += 1;
    }
    Acknowledged::from([(sender, count)])
}

fn request(sender: u64, number: u64) -> serde_json::Value {
    json!({"resourceLogs": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "crash"}},
            {"key": "service.instance.id", "value": {"stringValue": format!("sender-{}", sender % 8)}},
        ]},
        "scopeLogs": [{"logRecords": [{
            "timeUnixNano": now().as_nanos().to_string(),
            "body": {"stringValue": format!("line {sender} {number}")},
        }]}],
    }]})
}

/// Reads all events there are, page by page, and compares each sender's with what was acknowledged.
pub(super) async fn verify(server: &Server, acknowledged: &Acknowledged, when: &str) {
    let mut kept: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for text in texts(server).await {
        let mut words = text.split(' ').skip(1).map(|word| word.parse::<u64>().unwrap());
        let (sender, number) = (words.next().unwrap(), words.next().unwrap());
        kept.entry(sender).or_default().push(number);
    }
    for (sender, count) in acknowledged {
        let numbers = kept.remove(sender).unwrap_or_default();
        let whole: Vec<u64> = (0..numbers.len() as u64).collect();
        assert_eq!(
            numbers, whole,
            "{when}: lines of sender {sender}, in order and each once"
        );
        // At most the one request that was under way may be there unacknowledged.
        let excess = (numbers.len() as u64).checked_sub(*count);
        assert!(
            excess.is_some_and(|excess| excess <= 1),
            "{when}: {} lines of sender {sender}, {count} were acknowledged",
            numbers.len()
        );
    }
}

async fn texts(server: &Server) -> Vec<String> {
    let mut client = LogsClient::connect(server.endpoint()).await.unwrap();
    let mut texts = Vec::new();
    let mut cursor = Vec::new();
    loop {
        let request = ReadLogsRequest {
            range: Some(everything()),
            groups: vec!["/otlp/crash".to_owned()],
            order: LogOrder::Oldest.into(),
            limit: 1_000,
            cursor,
            ..ReadLogsRequest::default()
        };
        let mut parts = client.read_logs(request).await.unwrap().into_inner();
        cursor = loop {
            match parts.message().await.unwrap().unwrap().part.unwrap() {
                Part::Event(event) => texts.push(event.text),
                Part::End(end) => break end.cursor,
            }
        };
        if cursor.is_empty() {
            return texts;
        }
    }
}
