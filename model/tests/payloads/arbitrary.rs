//! Requests with log records and metrics in which every field is sometimes there.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A source of requests, the same for the same seed.
pub(super) struct Random(StdRng);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(super) fn logs(&mut self) -> ExportLogsServiceRequest {
        let resource_logs = self.some(|random| ResourceLogs {
            resource: random.maybe(Self::resource),
            scope_logs: random.some(|random| ScopeLogs {
                scope: random.maybe(Self::scope),
                log_records: random.some(Self::log_record),
                schema_url: random.text(),
            }),
            schema_url: random.text(),
        });
        ExportLogsServiceRequest { resource_logs }
    }

    pub(super) fn metrics(&mut self) -> ExportMetricsServiceRequest {
        let resource_metrics = self.some(|random| ResourceMetrics {
            resource: random.maybe(Self::resource),
            scope_metrics: random.some(|random| ScopeMetrics {
                scope: random.maybe(Self::scope),
                metrics: random.some(Self::metric),
                schema_url: random.text(),
            }),
            schema_url: random.text(),
        });
        ExportMetricsServiceRequest { resource_metrics }
    }

    fn some<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.0.random_range(0..3)).map(|_| make(self)).collect()
    }

    fn maybe<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Option<T> {
        self.0.random_bool(0.7).then(|| make(self))
    }

    /// A number that is 0, small, or anything.
    fn number(&mut self) -> u64 {
        match self.0.random_range(0..3) {
            0 => 0,
            1 => self.0.random_range(0..300),
            _ => self.0.random(),
        }
    }

    fn small(&mut self) -> u32 {
        self.number() as u32
    }

    /// Anything but NaN, which is not equal to itself.
    fn double(&mut self) -> f64 {
        match self.0.random_range(0..4) {
            0 => 0.0,
            1 => f64::from(self.0.random::<i16>()) / 8.0,
            2 => f64::INFINITY,
            _ => Some(f64::from_bits(self.0.random()))
                .filter(|double| !double.is_nan())
                .unwrap_or(-1.5),
        }
    }

    fn text(&mut self) -> String {
        let chars = ['a', '"', '\\', '\n', '\u{1}', 'ü', '😀', '/', ' '];
        let length = self.0.random_range(0..5);
        (0..length)
            .map(|_| chars[self.0.random_range(0..chars.len())])
            .collect()
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.0.random_range(0..=most);
        (0..length).map(|_| self.0.random()).collect()
    }

    fn value(&mut self, depth: usize) -> AnyValue {
        let most = if depth > 3 { 6 } else { 8 };
        let value = match self.0.random_range(0..most) {
            0 => None,
            1 => Some(Any::StringValue(self.text())),
            2 => Some(Any::BoolValue(self.0.random())),
            3 => Some(Any::IntValue(self.number() as i64)),
            4 => Some(Any::DoubleValue(self.double())),
            5 => Some(Any::BytesValue(self.bytes(4))),
            6 => Some(Any::ArrayValue(ArrayValue {
                values: self.some(|random| random.value(depth + 1)),
            })),
            _ => Some(Any::KvlistValue(KeyValueList {
                values: self.some(|random| random.attribute(depth + 1)),
            })),
        };
        AnyValue { value }
    }

    fn attribute(&mut self, depth: usize) -> KeyValue {
        KeyValue {
            key: self.text(),
            value: self.maybe(|random| random.value(depth)),
            ..KeyValue::default()
        }
    }

    fn attributes(&mut self) -> Vec<KeyValue> {
        self.some(|random| random.attribute(0))
    }

    fn resource(&mut self) -> Resource {
        Resource {
            attributes: self.attributes(),
            dropped_attributes_count: self.small(),
            entity_refs: self.some(|random| EntityRef {
                schema_url: random.text(),
                r#type: random.text(),
                id_keys: random.some(Self::text),
                description_keys: random.some(Self::text),
            }),
        }
    }

    fn scope(&mut self) -> InstrumentationScope {
        InstrumentationScope {
            name: self.text(),
            version: self.text(),
            attributes: self.attributes(),
            dropped_attributes_count: self.small(),
        }
    }

    fn log_record(&mut self) -> LogRecord {
        LogRecord {
            time_unix_nano: self.number(),
            observed_time_unix_nano: self.number(),
            severity_number: self.0.random_range(0..30),
            severity_text: self.text(),
            body: self.maybe(|random| random.value(0)),
            attributes: self.attributes(),
            dropped_attributes_count: self.small(),
            flags: self.small(),
            trace_id: self.bytes(16),
            span_id: self.bytes(8),
            event_name: self.text(),
        }
    }

    fn metric(&mut self) -> Metric {
        let temporality = self.0.random_range(0..3);
        let data = match self.0.random_range(0..6) {
            0 => None,
            1 => Some(Data::Gauge(Gauge {
                data_points: self.some(Self::number_point),
            })),
            2 => Some(Data::Sum(Sum {
                data_points: self.some(Self::number_point),
                aggregation_temporality: temporality,
                is_monotonic: self.0.random(),
            })),
            3 => Some(Data::Histogram(Histogram {
                data_points: self.some(Self::histogram_point),
                aggregation_temporality: temporality,
            })),
            4 => Some(Data::ExponentialHistogram(ExponentialHistogram {
                data_points: self.some(Self::exponential_point),
                aggregation_temporality: temporality,
            })),
            _ => Some(Data::Summary(Summary {
                data_points: self.some(Self::summary_point),
            })),
        };
        Metric {
            name: self.text(),
            description: self.text(),
            unit: self.text(),
            metadata: self.attributes(),
            data,
        }
    }

    fn number_point(&mut self) -> NumberDataPoint {
        NumberDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            exemplars: self.some(Self::exemplar),
            flags: self.small(),
            value: self.maybe(|random| match random.0.random() {
                true => number_data_point::Value::AsDouble(random.double()),
                false => number_data_point::Value::AsInt(random.number() as i64),
            }),
        }
    }

    fn histogram_point(&mut self) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.maybe(Self::double),
            bucket_counts: self.some(Self::number),
            explicit_bounds: self.some(Self::double),
            exemplars: self.some(Self::exemplar),
            flags: self.small(),
            min: self.maybe(Self::double),
            max: self.maybe(Self::double),
        }
    }

    fn exponential_point(&mut self) -> ExponentialHistogramDataPoint {
        let buckets = |random: &mut Self| Buckets {
            offset: random.small() as i32,
            bucket_counts: random.some(Self::number),
        };
        ExponentialHistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.maybe(Self::double),
            scale: self.small() as i32,
            zero_count: self.number(),
            positive: self.maybe(buckets),
            negative: self.maybe(buckets),
            flags: self.small(),
            exemplars: self.some(Self::exemplar),
            min: self.maybe(Self::double),
            max: self.maybe(Self::double),
            zero_threshold: self.double(),
        }
    }

    fn summary_point(&mut self) -> SummaryDataPoint {
        SummaryDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.double(),
            quantile_values: self.some(|random| ValueAtQuantile {
                quantile: random.double(),
                value: random.double(),
            }),
            flags: self.small(),
        }
    }

    fn exemplar(&mut self) -> Exemplar {
        Exemplar {
            filtered_attributes: self.attributes(),
            time_unix_nano: self.number(),
            span_id: self.bytes(8),
            trace_id: self.bytes(16),
            value: self.maybe(|random| match random.0.random() {
                true => exemplar::Value::AsDouble(random.double()),
                false => exemplar::Value::AsInt(random.number() as i64),
            }),
        }
    }
}
