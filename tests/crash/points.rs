//! Data points: one a request, of a series for each sender.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use beamline_proto::query::metrics_client::MetricsClient;
use beamline_proto::query::read_points_response::Part;
use beamline_proto::query::{ReadPointsRequest, SeriesSelection};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, ResourceMetrics};
use prost::Message;
use serde_json::json;

use super::{Stop, everything, now, post};
use crate::harness::Server;

/// How many points of each sender were acknowledged; their values count from 0.
pub(super) type Acknowledged = BTreeMap<u64, u64>;

const NAME: &str = "crash.points";

/// Sends points until the server no longer answers.
pub(super) fn send(sender: u64, otlp: SocketAddr, stop: &Stop) -> Acknowledged {
    let mut count = 0;
    while !stop.now() && post(otlp, "/v1/metrics", &request(sender, count)) {
        count += 1;
    }
    Acknowledged::from([(sender, count)])
}

fn request(sender: u64, number: u64) -> serde_json::Value {
    json!({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "crash"}}]},
        "scopeMetrics": [{"metrics": [{"name": NAME, "gauge": {"dataPoints": [{
            "timeUnixNano": now().as_nanos().to_string(),
            "asInt": number.to_string(),
            "attributes": [{"key": "sender", "value": {"intValue": sender.to_string()}}],
        }]}}]}],
    }]})
}

/// Reads all points there are, and compares each sender's with what was acknowledged.
pub(super) async fn verify(server: &Server, acknowledged: &Acknowledged, when: &str) {
    let mut kept = kept(server).await;
    for (sender, count) in acknowledged {
        let values = kept.remove(sender).unwrap_or_default();
        let whole: Vec<u64> = (0..values.len() as u64).collect();
        assert_eq!(
            values, whole,
            "{when}: points of sender {sender}, in order and each once"
        );
        // At most the one request that was under way may be there unacknowledged.
        let excess = (values.len() as u64).checked_sub(*count);
        assert!(
            excess.is_some_and(|excess| excess <= 1),
            "{when}: {} points of sender {sender}, {count} were acknowledged",
            values.len()
        );
    }
}

async fn kept(server: &Server) -> BTreeMap<u64, Vec<u64>> {
    let mut client = MetricsClient::connect(server.endpoint()).await.unwrap();
    let mut kept: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut cursor = Vec::new();
    loop {
        let request = ReadPointsRequest {
            selection: Some(SeriesSelection {
                name: NAME.to_owned(),
                ..SeriesSelection::default()
            }),
            range: Some(everything()),
            cursor,
            ..ReadPointsRequest::default()
        };
        let mut parts = client.read_points(request).await.unwrap().into_inner();
        cursor = loop {
            match parts.message().await.unwrap().unwrap().part.unwrap() {
                Part::ResourceMetrics(bytes) => {
                    for point in points(&bytes) {
                        let (sender, value) = read(&point);
                        kept.entry(sender).or_default().push(value);
                    }
                }
                Part::End(end) => break end.cursor,
            }
        };
        if cursor.is_empty() {
            return kept;
        }
    }
}

fn points(bytes: &[u8]) -> Vec<NumberDataPoint> {
    let resource = ResourceMetrics::decode(bytes).unwrap();
    let metrics = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
    let gauges = metrics.filter_map(|metric| match metric.data {
        Some(Data::Gauge(gauge)) => Some(gauge.data_points),
        _ => None,
    });
    gauges.flatten().collect()
}

fn read(point: &NumberDataPoint) -> (u64, u64) {
    let Some(Number::AsInt(value)) = point.value else {
        panic!("an int was sent: {point:?}");
    };
    let sender = point.attributes.iter().find(|attribute| attribute.key == "sender");
    let sender = sender.and_then(|attribute| attribute.value.as_ref()?.value.clone());
    let Some(Value::IntValue(sender)) = sender else {
        panic!("a sender was told: {point:?}");
    };
    (sender as u64, value as u64)
}
