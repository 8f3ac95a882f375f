//! The messages that hold metrics.

use super::{Field, KEY_VALUE, Kind, Message, RESOURCE, SCOPE, many, one};

pub(in crate::otlp) static METRICS_REQUEST: Message = Message {
    fields: &[many("resourceMetrics", 1, || &RESOURCE_METRICS)],
};

static RESOURCE_METRICS: Message = Message {
    fields: &[
        one("resource", 1, Kind::Message(|| &RESOURCE)),
        many("scopeMetrics", 2, || &SCOPE_METRICS),
        one("schemaUrl", 3, Kind::Text),
    ],
};

static SCOPE_METRICS: Message = Message {
    fields: &[
        one("scope", 1, Kind::Message(|| &SCOPE)),
        many("metrics", 2, || &METRIC),
        one("schemaUrl", 3, Kind::Text),
    ],
};

static METRIC: Message = Message {
    fields: &[
        one("name", 1, Kind::Text),
        one("description", 2, Kind::Text),
        one("unit", 3, Kind::Text),
        one("gauge", 5, Kind::Message(|| &GAUGE)),
        one("sum", 7, Kind::Message(|| &SUM)),
        one("histogram", 9, Kind::Message(|| &HISTOGRAM)),
        one("exponentialHistogram", 10, Kind::Message(|| &EXPONENTIAL)),
        one("summary", 11, Kind::Message(|| &SUMMARY)),
        many("metadata", 12, || &KEY_VALUE),
    ],
};

const TEMPORALITIES: Kind = Kind::Enum(&[
    "AGGREGATION_TEMPORALITY_UNSPECIFIED",
    "AGGREGATION_TEMPORALITY_DELTA",
    "AGGREGATION_TEMPORALITY_CUMULATIVE",
]);

static GAUGE: Message = Message {
    fields: &[many("dataPoints", 1, || &NUMBER_POINT)],
};

static SUM: Message = Message {
    fields: &[
        many("dataPoints", 1, || &NUMBER_POINT),
        one("aggregationTemporality", 2, TEMPORALITIES),
        one("isMonotonic", 3, Kind::Bool),
    ],
};

static HISTOGRAM: Message = Message {
    fields: &[
        many("dataPoints", 1, || &HISTOGRAM_POINT),
        one("aggregationTemporality", 2, TEMPORALITIES),
    ],
};

static EXPONENTIAL: Message = Message {
    fields: &[
        many("dataPoints", 1, || &EXPONENTIAL_POINT),
        one("aggregationTemporality", 2, TEMPORALITIES),
    ],
};

static SUMMARY: Message = Message {
    fields: &[many("dataPoints", 1, || &SUMMARY_POINT)],
};

const fn numbers(name: &'static str, number: u32, kind: Kind) -> Field {
    Field {
        name,
        number,
        kind,
        repeated: true,
    }
}

static NUMBER_POINT: Message = Message {
    fields: &[
        many("attributes", 7, || &KEY_VALUE),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("asDouble", 4, Kind::Double),
        one("asInt", 6, Kind::SFixed64),
        many("exemplars", 5, || &EXEMPLAR),
        one("flags", 8, Kind::UInt32),
    ],
};

static HISTOGRAM_POINT: Message = Message {
    fields: &[
        many("attributes", 9, || &KEY_VALUE),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("count", 4, Kind::Fixed64),
        one("sum", 5, Kind::Double),
        numbers("bucketCounts", 6, Kind::Fixed64),
        numbers("explicitBounds", 7, Kind::Double),
        many("exemplars", 8, || &EXEMPLAR),
        one("flags", 10, Kind::UInt32),
        one("min", 11, Kind::Double),
        one("max", 12, Kind::Double),
    ],
};

static EXPONENTIAL_POINT: Message = Message {
    fields: &[
        many("attributes", 1, || &KEY_VALUE),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("count", 4, Kind::Fixed64),
        one("sum", 5, Kind::Double),
        one("scale", 6, Kind::SInt32),
        one("zeroCount", 7, Kind::Fixed64),
        one("positive", 8, Kind::Message(|| &BUCKETS)),
        one("negative", 9, Kind::Message(|| &BUCKETS)),
        one("flags", 10, Kind::UInt32),
        many("exemplars", 11, || &EXEMPLAR),
        one("min", 12, Kind::Double),
        one("max", 13, Kind::Double),
        one("zeroThreshold", 14, Kind::Double),
    ],
};

static BUCKETS: Message = Message {
    fields: &[one("offset", 1, Kind::SInt32), numbers("bucketCounts", 2, Kind::UInt64)],
};

static SUMMARY_POINT: Message = Message {
    fields: &[
        many("attributes", 7, || &KEY_VALUE),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("count", 4, Kind::Fixed64),
        one("sum", 5, Kind::Double),
        many("quantileValues", 6, || &QUANTILE),
        one("flags", 8, Kind::UInt32),
    ],
};

static QUANTILE: Message = Message {
    fields: &[one("quantile", 1, Kind::Double), one("value", 2, Kind::Double)],
};

static EXEMPLAR: Message = Message {
    fields: &[
        many("filteredAttributes", 7, || &KEY_VALUE),
        one("timeUnixNano", 2, Kind::Fixed64),
        one("asDouble", 3, Kind::Double),
        one("asInt", 6, Kind::SFixed64),
        one("spanId", 4, Kind::Hex),
        one("traceId", 5, Kind::Hex),
    ],
};
