//! Spans.

use super::Scalar::{Enum, Fixed32, Fixed64, Hex, Text, UInt32};
use super::common::{KEY_VALUE, RESOURCE, SCOPE};
use super::{Message, many, message, nested, one};

const SPAN_KINDS: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

const STATUS_CODES: &[&str] = &["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

pub(super) static REQUEST: Message = message(&[many("resourceSpans", 1, || &RESOURCE_SPANS)]);

static RESOURCE_SPANS: Message = message(&[
    nested("resource", 1, || &RESOURCE),
    many("scopeSpans", 2, || &SCOPE_SPANS),
    one("schemaUrl", 3, Text),
]);

static SCOPE_SPANS: Message = message(&[
    nested("scope", 1, || &SCOPE),
    many("spans", 2, || &SPAN),
    one("schemaUrl", 3, Text),
]);

pub(in super::super) static SPAN: Message = message(&[
    one("traceId", 1, Hex),
    one("spanId", 2, Hex),
    one("traceState", 3, Text),
    one("parentSpanId", 4, Hex),
    one("flags", 16, Fixed32),
    one("name", 5, Text),
    one("kind", 6, Enum(SPAN_KINDS)),
    one("startTimeUnixNano", 7, Fixed64),
    one("endTimeUnixNano", 8, Fixed64),
    many("attributes", 9, || &KEY_VALUE),
    one("droppedAttributesCount", 10, UInt32),
    many("events", 11, || &EVENT),
    one("droppedEventsCount", 12, UInt32),
    many("links", 13, || &LINK),
    one("droppedLinksCount", 14, UInt32),
    nested("status", 15, || &STATUS),
]);

static EVENT: Message = message(&[
    one("timeUnixNano", 1, Fixed64),
    one("name", 2, Text),
    many("attributes", 3, || &KEY_VALUE),
    one("droppedAttributesCount", 4, UInt32),
]);

static LINK: Message = message(&[
    one("traceId", 1, Hex),
    one("spanId", 2, Hex),
    one("traceState", 3, Text),
    many("attributes", 4, || &KEY_VALUE),
    one("droppedAttributesCount", 5, UInt32),
    one("flags", 6, Fixed32),
]);

static STATUS: Message = message(&[one("message", 2, Text), one("code", 3, Enum(STATUS_CODES))]);
