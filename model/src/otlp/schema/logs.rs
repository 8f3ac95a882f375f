//! Log records.

use super::Scalar::{Enum, Fixed32, Fixed64, Hex, Text, UInt32};
use super::common::{ANY_VALUE, KEY_VALUE, RESOURCE, SCOPE};
use super::{Message, many, message, nested, one};

const SEVERITIES: &[&str] = &[
    "SEVERITY_NUMBER_UNSPECIFIED",
    "SEVERITY_NUMBER_TRACE",
    "SEVERITY_NUMBER_TRACE2",
    "SEVERITY_NUMBER_TRACE3",
    "SEVERITY_NUMBER_TRACE4",
    "SEVERITY_NUMBER_DEBUG",
    "SEVERITY_NUMBER_DEBUG2",
    "SEVERITY_NUMBER_DEBUG3",
    "SEVERITY_NUMBER_DEBUG4",
    "SEVERITY_NUMBER_INFO",
    "SEVERITY_NUMBER_INFO2",
    "SEVERITY_NUMBER_INFO3",
    "SEVERITY_NUMBER_INFO4",
    "SEVERITY_NUMBER_WARN",
    "SEVERITY_NUMBER_WARN2",
    "SEVERITY_NUMBER_WARN3",
    "SEVERITY_NUMBER_WARN4",
    "SEVERITY_NUMBER_ERROR",
    "SEVERITY_NUMBER_ERROR2",
    "SEVERITY_NUMBER_ERROR3",
    "SEVERITY_NUMBER_ERROR4",
    "SEVERITY_NUMBER_FATAL",
    "SEVERITY_NUMBER_FATAL2",
    "SEVERITY_NUMBER_FATAL3",
    "SEVERITY_NUMBER_FATAL4",
];

pub(super) static REQUEST: Message = message(&[many("resourceLogs", 1, || &RESOURCE_LOGS)]);

static RESOURCE_LOGS: Message = message(&[
    nested("resource", 1, || &RESOURCE),
    many("scopeLogs", 2, || &SCOPE_LOGS),
    one("schemaUrl", 3, Text),
]);

static SCOPE_LOGS: Message = message(&[
    nested("scope", 1, || &SCOPE),
    many("logRecords", 2, || &LOG_RECORD),
    one("schemaUrl", 3, Text),
]);

static LOG_RECORD: Message = message(&[
    one("timeUnixNano", 1, Fixed64),
    one("observedTimeUnixNano", 11, Fixed64),
    one("severityNumber", 2, Enum(SEVERITIES)),
    one("severityText", 3, Text),
    nested("body", 5, || &ANY_VALUE),
    many("attributes", 6, || &KEY_VALUE),
    one("droppedAttributesCount", 7, UInt32),
    one("flags", 8, Fixed32),
    one("traceId", 9, Hex),
    one("spanId", 10, Hex),
    one("eventName", 12, Text),
]);
