//! Every field of log records and metrics by its name in JSON, held against the published types.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, EntityRef, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::signals::{logs, metrics};

pub(super) fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn resource() -> Resource {
    Resource {
        attributes: vec![attribute("service.name", Any::StringValue("cart".into()))],
        dropped_attributes_count: 1,
        entity_refs: vec![EntityRef {
            schema_url: "s".into(),
            r#type: "service".into(),
            id_keys: vec!["service.name".into(), "service.namespace".into()],
            description_keys: vec!["service.version".into()],
        }],
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "lib".into(),
        version: "1".into(),
        attributes: vec![attribute("x", Any::BoolValue(true))],
        dropped_attributes_count: 2,
    }
}

const RESOURCE: &str = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}],"droppedAttributesCount":1,
    "entityRefs":[{"schemaUrl":"s","type":"service","idKeys":["service.name","service.namespace"],
    "descriptionKeys":["service.version"]}]}"#;

const SCOPE: &str = r#"{"name":"lib","version":"1","attributes":[{"key":"x","value":{"boolValue":true}}],
    "droppedAttributesCount":2}"#;

#[test]
fn every_field_of_a_log_record_has_its_place() {
    let json = format!(
        r#"{{"resourceLogs":[{{"resource":{RESOURCE},"scopeLogs":[{{"scope":{SCOPE},"logRecords":[{{
            "timeUnixNano":"1544712660300000000","observedTimeUnixNano":1544712660300000001,
            "severityNumber":"SEVERITY_NUMBER_WARN2","severityText":"WARN2","body":{{"kvlistValue":{{"values":[
            {{"key":"b","value":{{"bytesValue":"AQI="}}}}]}}}},"attributes":[{{"key":"n","value":{{"intValue":"-7"}}}}],
            "droppedAttributesCount":3,"flags":257,"traceId":"5B8EFFF798038103D269B633813FC60C",
            "spanId":"eee19b7ec3c1b174","eventName":"started","from.a.later.version":[{{}}]}}],"schemaUrl":"u"}}],
            "schemaUrl":"v"}}]}}"#
    );
    let values = vec![attribute("b", Any::BytesValue(vec![1, 2]))];
    let record = LogRecord {
        time_unix_nano: 1_544_712_660_300_000_000,
        observed_time_unix_nano: 1_544_712_660_300_000_001,
        severity_number: 14,
        severity_text: "WARN2".into(),
        body: Some(AnyValue {
            value: Some(Any::KvlistValue(opentelemetry_proto::tonic::common::v1::KeyValueList {
                values,
            })),
        }),
        attributes: vec![attribute("n", Any::IntValue(-7))],
        dropped_attributes_count: 3,
        flags: 257,
        trace_id: 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c_u128.to_be_bytes().to_vec(),
        span_id: 0xeee1_9b7e_c3c1_b174_u64.to_be_bytes().to_vec(),
        event_name: "started".into(),
    };
    let expected = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource()),
            scope_logs: vec![ScopeLogs {
                scope: Some(scope()),
                log_records: vec![record],
                schema_url: "u".into(),
            }],
            schema_url: "v".into(),
        }],
    };
    assert_eq!(logs(&json), expected);
}

/// One metric in JSON, and what it should be.
fn check(json: &str, expected: Metric) {
    let request = format!(
        r#"{{"resourceMetrics":[{{"resource":{RESOURCE},"scopeMetrics":[{{"scope":{SCOPE},"metrics":[{json}],
            "schemaUrl":"u"}}],"schemaUrl":"v"}}]}}"#
    );
    let expected = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource()),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(scope()),
                metrics: vec![expected],
                schema_url: "u".into(),
            }],
            schema_url: "v".into(),
        }],
    };
    assert_eq!(metrics(&request), expected, "{json}");
}

fn metric(data: Data) -> Metric {
    Metric {
        name: "m".into(),
        description: "d".into(),
        unit: "ms".into(),
        metadata: vec![attribute("k", Any::StringValue("v".into()))],
        data: Some(data),
    }
}

const METRIC: &str = r#""name":"m","description":"d","unit":"ms","metadata":[{"key":"k","value":{"stringValue":"v"}}]"#;

const TIMES: &str = r#""startTimeUnixNano":"5","timeUnixNano":6,
    "attributes":[{"key":"a","value":{"doubleValue":0.5}}],"flags":1"#;

fn attributes() -> Vec<KeyValue> {
    vec![attribute("a", Any::DoubleValue(0.5))]
}

#[test]
fn every_field_of_numbers_has_its_place() {
    let exemplars = r#"[{"filteredAttributes":[{"key":"f","value":{"boolValue":false}}],"timeUnixNano":"7",
        "asInt":-8,"spanId":"EEE19B7EC3C1B174","traceId":"5b8efff798038103d269b633813fc60c"},{"asDouble":"-Infinity"}]"#;
    let point = |value| NumberDataPoint {
        attributes: attributes(),
        start_time_unix_nano: 5,
        time_unix_nano: 6,
        exemplars: vec![
            Exemplar {
                filtered_attributes: vec![attribute("f", Any::BoolValue(false))],
                time_unix_nano: 7,
                span_id: 0xeee1_9b7e_c3c1_b174_u64.to_be_bytes().to_vec(),
                trace_id: 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c_u128.to_be_bytes().to_vec(),
                value: Some(exemplar::Value::AsInt(-8)),
            },
            Exemplar {
                value: Some(exemplar::Value::AsDouble(f64::NEG_INFINITY)),
                ..Exemplar::default()
            },
        ],
        flags: 1,
        value: Some(value),
    };
    check(
        &format!(r#"{{{METRIC},"gauge":{{"dataPoints":[{{{TIMES},"exemplars":{exemplars},"asDouble":1e3}}]}}}}"#),
        metric(Data::Gauge(Gauge {
            data_points: vec![point(number_data_point::Value::AsDouble(1_000.0))],
        })),
    );
    check(
        &format!(
            r#"{{{METRIC},"sum":{{"dataPoints":[{{{TIMES},"exemplars":{exemplars},"asInt":"-9223372036854775808"}}],
                "aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","isMonotonic":true}}}}"#
        ),
        metric(Data::Sum(Sum {
            data_points: vec![point(number_data_point::Value::AsInt(i64::MIN))],
            aggregation_temporality: 2,
            is_monotonic: true,
        })),
    );
}

#[test]
fn every_field_of_histograms_has_its_place() {
    check(
        &format!(
            r#"{{{METRIC},"histogram":{{"dataPoints":[{{{TIMES},"count":"3","sum":4.5,"bucketCounts":["0",3,"18446744073709551615"],
                "explicitBounds":[-0.5,"Infinity"],"exemplars":[{{}}],"min":1,"max":2}}],"aggregationTemporality":1}}}}"#
        ),
        metric(Data::Histogram(Histogram {
            data_points: vec![HistogramDataPoint {
                attributes: attributes(),
                start_time_unix_nano: 5,
                time_unix_nano: 6,
                count: 3,
                sum: Some(4.5),
                bucket_counts: vec![0, 3, u64::MAX],
                explicit_bounds: vec![-0.5, f64::INFINITY],
                exemplars: vec![Exemplar::default()],
                flags: 1,
                min: Some(1.0),
                max: Some(2.0),
            }],
            aggregation_temporality: 1,
        })),
    );
    check(
        &format!(
            r#"{{{METRIC},"exponentialHistogram":{{"dataPoints":[{{{TIMES},"count":9,"sum":10,"scale":-10,"zeroCount":"2",
                "positive":{{"offset":-3,"bucketCounts":["1",0,300]}},"negative":{{"offset":4,"bucketCounts":[]}},
                "exemplars":[{{}}],"min":-1,"max":5,"zeroThreshold":0.25}}],"aggregationTemporality":2}}}}"#
        ),
        metric(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![ExponentialHistogramDataPoint {
                attributes: attributes(),
                start_time_unix_nano: 5,
                time_unix_nano: 6,
                count: 9,
                sum: Some(10.0),
                scale: -10,
                zero_count: 2,
                positive: Some(Buckets {
                    offset: -3,
                    bucket_counts: vec![1, 0, 300],
                }),
                negative: Some(Buckets {
                    offset: 4,
                    bucket_counts: vec![],
                }),
                flags: 1,
                exemplars: vec![Exemplar::default()],
                min: Some(-1.0),
                max: Some(5.0),
                zero_threshold: 0.25,
            }],
            aggregation_temporality: 2,
        })),
    );
}

#[test]
fn every_field_of_a_summary_has_its_place() {
    let quantiles = r#"[{"quantile":0.5,"value":7},{"quantile":1}]"#;
    check(
        &format!(
            r#"{{{METRIC},"summary":{{"dataPoints":[{{{TIMES},"count":3,"sum":21,"quantileValues":{quantiles}}}]}}}}"#
        ),
        metric(Data::Summary(Summary {
            data_points: vec![SummaryDataPoint {
                attributes: attributes(),
                start_time_unix_nano: 5,
                time_unix_nano: 6,
                count: 3,
                sum: 21.0,
                quantile_values: vec![
                    ValueAtQuantile {
                        quantile: 0.5,
                        value: 7.0,
                    },
                    ValueAtQuantile {
                        quantile: 1.0,
                        value: 0.0,
                    },
                ],
                flags: 1,
            }],
        })),
    );
}
