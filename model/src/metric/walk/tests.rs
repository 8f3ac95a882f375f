use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, number_data_point,
    summary_data_point::ValueAtQuantile,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::metric::{Descriptor, Point, request};

fn text(key: &str, value: &str) -> KeyValue {
    let value = any_value::Value::StringValue(value.into());
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..Default::default()
    }
}

fn number(time: u64) -> NumberDataPoint {
    NumberDataPoint {
        time_unix_nano: time,
        value: Some(number_data_point::Value::AsInt(-7)),
        ..Default::default()
    }
}

fn histogram(counts: &[u64], bounds: &[f64]) -> HistogramDataPoint {
    HistogramDataPoint {
        time_unix_nano: 5,
        bucket_counts: counts.to_vec(),
        explicit_bounds: bounds.to_vec(),
        ..Default::default()
    }
}

fn metric(name: &str, data: Option<Data>) -> Metric {
    Metric {
        name: name.into(),
        data,
        ..Default::default()
    }
}

fn gauge(points: Vec<NumberDataPoint>) -> Option<Data> {
    Some(Data::Gauge(Gauge { data_points: points }))
}

fn histograms(points: Vec<HistogramDataPoint>) -> Option<Data> {
    Some(Data::Histogram(Histogram {
        data_points: points,
        aggregation_temporality: 2,
    }))
}

fn of(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: vec![text("service.name", "shop")],
                ..Default::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: None,
                metrics,
                schema_url: "scope-schema".into(),
            }],
            schema_url: String::new(),
        }],
    }
}

/// Series with their points, and words for what was rejected.
fn walked(bytes: &[u8]) -> (Vec<(Descriptor, Vec<Point>)>, Vec<String>) {
    let (mut series, mut rejected): (Vec<(Descriptor, Vec<Point>)>, _) = (Vec::new(), Vec::new());
    super::request(bytes, &mut |item| match item {
        Walked::Point { descriptor, point } => {
            let descriptor = Descriptor::from_bytes(descriptor).unwrap();
            match series.iter_mut().find(|(known, _)| *known == descriptor) {
                Some((_, points)) => points.push(point),
                None => series.push((descriptor, vec![point])),
            }
        }
        Walked::Rejected(rejected_points) => {
            rejected.push(format!("{} {}", rejected_points.reason, rejected_points.points));
        }
    })
    .unwrap();
    (series, rejected)
}

fn check(metrics: Vec<Metric>, accepted: usize, expected: &[&str]) {
    let (series, rejected) = walked(&of(metrics).encode_to_vec());
    let points: usize = series.iter().map(|(_, points)| points.len()).sum();
    assert_eq!(
        (points, rejected),
        (accepted, expected.iter().map(ToString::to_string).collect())
    );
}

#[test]
fn a_point_that_cannot_be_kept_is_rejected_alone() {
    let points = vec![number(1), number(0), number(u64::MAX), number(2)];
    check(
        vec![metric("m", gauge(points))],
        2,
        &["invalid_time 1", "invalid_time 1"],
    );
    let points = vec![
        histogram(&[1, 2], &[0.5]),
        histogram(&[1], &[0.5]),
        histogram(&[1, 2, 3], &[0.5, 0.5]),
        histogram(&[], &[]),
        histogram(&[1, 2], &[f64::NAN]),
        histogram(&[0; 1_026], &[0.0; 1_025]),
    ];
    let expected = [
        "invalid_buckets 1",
        "invalid_buckets 1",
        "invalid_buckets 1",
        "too_large 1",
    ];
    check(vec![metric("m", histograms(points))], 2, &expected);
}

#[test]
fn a_metric_that_cannot_be_kept_is_rejected_with_all_its_points() {
    check(vec![metric("", gauge(vec![number(1), number(2)]))], 0, &["no_name 2"]);
    check(
        vec![metric("m", None), metric("n", gauge(vec![number(1)]))],
        1,
        &["unknown_kind 1"],
    );
    let mut bytes = metric("m", None).encode_to_vec();
    crate::otlp::wire::write_bytes(&mut bytes, 8, &[]);
    let mut rejected = Vec::new();
    let mut request = Vec::new();
    let (mut scope, mut resource) = (Vec::new(), Vec::new());
    crate::otlp::wire::write_bytes(&mut scope, 2, &bytes);
    crate::otlp::wire::write_bytes(&mut resource, 2, &scope);
    crate::otlp::wire::write_bytes(&mut request, 1, &resource);
    super::request(&request, &mut |item| rejected.push(format!("{item:?}"))).unwrap();
    assert!(
        rejected.len() == 1 && rejected[0].contains("UnknownKind"),
        "{rejected:?}"
    );
}

#[test]
fn attributes_have_a_bound_in_number_and_depth() {
    let mut many = number(1);
    many.attributes = (0..257).map(|index| text(&index.to_string(), "v")).collect();
    let mut value = AnyValue::default();
    for _ in 0..30 {
        let list = opentelemetry_proto::tonic::common::v1::ArrayValue { values: vec![value] };
        value = AnyValue {
            value: Some(any_value::Value::ArrayValue(list)),
        };
    }
    let mut deep = number(1);
    deep.attributes = vec![KeyValue {
        key: "k".into(),
        value: Some(value),
        ..Default::default()
    }];
    let mut large = number(1);
    large.attributes = vec![text("k", &"x".repeat(40_000))];
    let points = vec![many, deep, large, number(3)];
    check(
        vec![metric("m", gauge(points))],
        1,
        &["too_large 1", "malformed 1", "too_large 1"],
    );
}

fn sorted(mut message: ExportMetricsServiceRequest) -> ExportMetricsServiceRequest {
    let by_key = |attributes: &mut Vec<KeyValue>| attributes.sort_by(|one, other| one.key.cmp(&other.key));
    for resource in &mut message.resource_metrics {
        resource
            .resource
            .iter_mut()
            .for_each(|resource| by_key(&mut resource.attributes));
        for scope in &mut resource.scope_metrics {
            scope.scope.iter_mut().for_each(|scope| by_key(&mut scope.attributes));
            for metric in &mut scope.metrics {
                by_key(&mut metric.metadata);
            }
        }
    }
    message
}

/// What is walked and written again is the message it was, but for the order of attributes.
fn check_round_trip(message: &ExportMetricsServiceRequest) {
    let bytes = message.encode_to_vec();
    let (series, rejected) = walked(&bytes);
    assert_eq!(rejected, Vec::<String>::new());
    let written = request::write(series.iter().map(|(descriptor, points)| (descriptor, &points[..])));
    let written = ExportMetricsServiceRequest::decode(&written[..]).unwrap();
    // As it was sent, because encoding leaves out zeros whatever their sign.
    let sent = ExportMetricsServiceRequest::decode(&bytes[..]).unwrap();
    assert_eq!(format!("{written:?}"), format!("{:?}", sorted(sent)));
    for (_, points) in &series {
        for point in points {
            let mut bytes = Vec::new();
            point.encode(&mut bytes);
            let again = Point::decode(&bytes).unwrap();
            assert_eq!(format!("{again:?}"), format!("{point:?}"));
        }
    }
}

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), Just(0.0), Just(-0.0), Just(f64::NAN), -9.0..9.0f64]
}

fn an_exemplar() -> impl Strategy<Value = Exemplar> {
    (any::<i32>(), any::<bool>(), double(), 0usize..3).prop_map(|(time, int, value, attributes)| Exemplar {
        time_unix_nano: u64::from(time.unsigned_abs()),
        filtered_attributes: (0..attributes).map(|index| text(&format!("k{index}"), "v")).collect(),
        span_id: vec![7; if int { 8 } else { 0 }],
        trace_id: vec![9; if int { 16 } else { 0 }],
        value: Some(if int {
            exemplar::Value::AsInt(time.into())
        } else {
            exemplar::Value::AsDouble(value)
        }),
    })
}

fn a_metric(index: usize) -> impl Strategy<Value = Metric> {
    let head = (
        1u64..1 << 60,
        0u64..1 << 60,
        0u32..3,
        prop::collection::vec(an_exemplar(), 0..3),
    );
    let numbers = (
        prop::option::of(double()),
        prop::option::of(double()),
        double(),
        any::<u64>(),
    );
    let shape = (
        0usize..5,
        0..3i32,
        any::<bool>(),
        prop::collection::vec(any::<u64>(), 0..6),
        any::<i32>(),
    );
    (head, numbers, shape).prop_map(
        move |((time, start, flags, exemplars), (sum, min, value, count), shape)| {
            let (kind, temporality, is_monotonic, counts, offset) = shape;
            let attributes = vec![text("a", "1"), text("b", "2")];
            let bounds: Vec<f64> = (1..counts.len()).map(|bound| bound as f64).collect();
            let data = match kind {
                0 | 1 => {
                    let data_points = vec![NumberDataPoint {
                        attributes,
                        start_time_unix_nano: start,
                        time_unix_nano: time,
                        exemplars,
                        flags,
                        value: sum.map(number_data_point::Value::AsDouble),
                    }];
                    match kind {
                        0 => Data::Gauge(Gauge { data_points }),
                        _ => Data::Sum(Sum {
                            data_points,
                            aggregation_temporality: temporality,
                            is_monotonic,
                        }),
                    }
                }
                2 => Data::Histogram(Histogram {
                    aggregation_temporality: temporality,
                    data_points: vec![HistogramDataPoint {
                        attributes,
                        start_time_unix_nano: start,
                        time_unix_nano: time,
                        count,
                        sum,
                        bucket_counts: counts,
                        explicit_bounds: bounds,
                        exemplars,
                        flags,
                        min,
                        max: min,
                    }],
                }),
                3 => Data::ExponentialHistogram(ExponentialHistogram {
                    aggregation_temporality: temporality,
                    data_points: vec![ExponentialHistogramDataPoint {
                        attributes,
                        start_time_unix_nano: start,
                        time_unix_nano: time,
                        count,
                        sum,
                        scale: offset / 3,
                        zero_count: count / 2,
                        positive: Some(Buckets {
                            offset: offset / 2,
                            bucket_counts: counts,
                        }),
                        negative: is_monotonic.then(Buckets::default),
                        flags,
                        exemplars,
                        min,
                        max: None,
                        zero_threshold: value,
                    }],
                }),
                _ => Data::Summary(Summary {
                    data_points: vec![SummaryDataPoint {
                        attributes,
                        start_time_unix_nano: start,
                        time_unix_nano: time,
                        count,
                        sum: value,
                        quantile_values: bounds
                            .iter()
                            .map(|&quantile| ValueAtQuantile { quantile, value })
                            .collect(),
                        flags,
                    }],
                }),
            };
            Metric {
                name: format!("metric {index}"),
                description: "what it is".into(),
                unit: "1".into(),
                metadata: vec![text("z", "1"), text("y", "2")],
                data: Some(data),
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_walked_can_be_written_again(
        metrics in (a_metric(0), a_metric(1), a_metric(2)),
        said in any::<[bool; 2]>(),
    ) {
        let mut message = of(vec![metrics.0, metrics.1, metrics.2]);
        let resource = &mut message.resource_metrics[0];
        if said[0] {
            resource.resource = None;
            resource.schema_url = "resource-schema".into();
        }
        if said[1] {
            resource.scope_metrics[0].scope = Some(InstrumentationScope {
                name: "scope".into(),
                attributes: vec![text("b", "2"), text("a", "1")],
                dropped_attributes_count: 3,
                ..Default::default()
            });
        }
        check_round_trip(&message);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = super::request(&bytes, &mut |_| {});
        let _ = Point::decode(&bytes);
    }
}
