//! Metrics and their data points.

use super::Scalar::{Bool, Double, Enum, Fixed64, Hex, SFixed64, SInt32, Text, UInt32, UInt64};
use super::common::{KEY_VALUE, RESOURCE, SCOPE};
use super::{Field, Message, many, message, nested, one, some};

const TEMPORALITIES: &[&str] = &[
    "AGGREGATION_TEMPORALITY_UNSPECIFIED",
    "AGGREGATION_TEMPORALITY_DELTA",
    "AGGREGATION_TEMPORALITY_CUMULATIVE",
];

const TEMPORALITY: Field = one("aggregationTemporality", 2, Enum(TEMPORALITIES));

pub(super) static REQUEST: Message = message(&[many("resourceMetrics", 1, || &RESOURCE_METRICS)]);

static RESOURCE_METRICS: Message = message(&[
    nested("resource", 1, || &RESOURCE),
    many("scopeMetrics", 2, || &SCOPE_METRICS),
    one("schemaUrl", 3, Text),
]);

static SCOPE_METRICS: Message = message(&[
    nested("scope", 1, || &SCOPE),
    many("metrics", 2, || &METRIC),
    one("schemaUrl", 3, Text),
]);

static METRIC: Message = message(&[
    one("name", 1, Text),
    one("description", 2, Text),
    one("unit", 3, Text),
    nested("gauge", 5, || &GAUGE),
    nested("sum", 7, || &SUM),
    nested("histogram", 9, || &HISTOGRAM),
    nested("exponentialHistogram", 10, || &EXPONENTIAL_HISTOGRAM),
    nested("summary", 11, || &SUMMARY),
    many("metadata", 12, || &KEY_VALUE),
]);

static GAUGE: Message = message(&[many("dataPoints", 1, || &NUMBER_POINT)]);

static SUM: Message = message(&[
    many("dataPoints", 1, || &NUMBER_POINT),
    TEMPORALITY,
    one("isMonotonic", 3, Bool),
]);

static HISTOGRAM: Message = message(&[many("dataPoints", 1, || &HISTOGRAM_POINT), TEMPORALITY]);

static EXPONENTIAL_HISTOGRAM: Message = message(&[many("dataPoints", 1, || &EXPONENTIAL_POINT), TEMPORALITY]);

static SUMMARY: Message = message(&[many("dataPoints", 1, || &SUMMARY_POINT)]);

static NUMBER_POINT: Message = message(&[
    one("startTimeUnixNano", 2, Fixed64),
    one("timeUnixNano", 3, Fixed64),
    one("asDouble", 4, Double),
    many("exemplars", 5, || &EXEMPLAR),
    one("asInt", 6, SFixed64),
    many("attributes", 7, || &KEY_VALUE),
    one("flags", 8, UInt32),
]);

static HISTOGRAM_POINT: Message = message(&[
    one("startTimeUnixNano", 2, Fixed64),
    one("timeUnixNano", 3, Fixed64),
    one("count", 4, Fixed64),
    one("sum", 5, Double),
    some("bucketCounts", 6, Fixed64),
    some("explicitBounds", 7, Double),
    many("exemplars", 8, || &EXEMPLAR),
    many("attributes", 9, || &KEY_VALUE),
    one("flags", 10, UInt32),
    one("min", 11, Double),
    one("max", 12, Double),
]);

static EXPONENTIAL_POINT: Message = message(&[
    many("attributes", 1, || &KEY_VALUE),
    one("startTimeUnixNano", 2, Fixed64),
    one("timeUnixNano", 3, Fixed64),
    one("count", 4, Fixed64),
    one("sum", 5, Double),
    one("scale", 6, SInt32),
    one("zeroCount", 7, Fixed64),
    nested("positive", 8, || &BUCKETS),
    nested("negative", 9, || &BUCKETS),
    one("flags", 10, UInt32),
    many("exemplars", 11, || &EXEMPLAR),
    one("min", 12, Double),
    one("max", 13, Double),
    one("zeroThreshold", 14, Double),
]);

static BUCKETS: Message = message(&[one("offset", 1, SInt32), some("bucketCounts", 2, UInt64)]);

static SUMMARY_POINT: Message = message(&[
    one("startTimeUnixNano", 2, Fixed64),
    one("timeUnixNano", 3, Fixed64),
    one("count", 4, Fixed64),
    one("sum", 5, Double),
    many("quantileValues", 6, || &QUANTILE),
    many("attributes", 7, || &KEY_VALUE),
    one("flags", 8, UInt32),
]);

static QUANTILE: Message = message(&[one("quantile", 1, Double), one("value", 2, Double)]);

static EXEMPLAR: Message = message(&[
    one("timeUnixNano", 2, Fixed64),
    one("asDouble", 3, Double),
    one("spanId", 4, Hex),
    one("traceId", 5, Hex),
    one("asInt", 6, SFixed64),
    many("filteredAttributes", 7, || &KEY_VALUE),
]);
