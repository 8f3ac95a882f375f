//! The messages of OTLP as data: JSON key, field number and type of every field.

mod metrics;

pub(super) use metrics::METRICS_REQUEST;

/// How deep messages may nest. Leaves room for attributes as deep as [`walk`](super::walk) accepts them.
pub(super) const MAX_DEPTH: usize = 90;

pub(super) struct Message {
    pub(super) fields: &'static [Field],
}

pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) repeated: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Base64,
    Hex,
    Bool,
    Int64,
    UInt32,
    UInt64,
    SInt32,
    SFixed64,
    Fixed64,
    Fixed32,
    Double,
    /// The names of its numbers, from 0.
    Enum(&'static [&'static str]),
    /// A function, because messages refer to each other in circles.
    Message(fn() -> &'static Message),
}

impl Kind {
    pub(super) fn expectation(self) -> &'static str {
        match self {
            Self::Text => "expected text",
            Self::Base64 => "expected base64",
            Self::Hex => "expected hex digits",
            Self::Bool => "expected a truth value",
            Self::Int64 | Self::SFixed64 => "expected a whole number of 64 bits",
            Self::SInt32 => "expected a whole number of 32 bits",
            Self::UInt32 | Self::Fixed32 => "expected a whole number of 32 bits that is not negative",
            Self::Fixed64 | Self::UInt64 => "expected a whole number of 64 bits that is not negative",
            Self::Double => "expected a number",
            Self::Enum(_) => "expected an enum's number or name",
            Self::Message(_) => "expected an object",
        }
    }
}

const fn one(name: &'static str, number: u32, kind: Kind) -> Field {
    Field {
        name,
        number,
        kind,
        repeated: false,
    }
}

const fn many(name: &'static str, number: u32, message: fn() -> &'static Message) -> Field {
    Field {
        name,
        number,
        kind: Kind::Message(message),
        repeated: true,
    }
}

const SPAN_KINDS: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

const STATUS_CODES: &[&str] = &["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

pub(super) static TRACE_REQUEST: Message = Message {
    fields: &[many("resourceSpans", 1, || &RESOURCE_SPANS)],
};

static RESOURCE_SPANS: Message = Message {
    fields: &[
        one("resource", 1, Kind::Message(|| &RESOURCE)),
        many("scopeSpans", 2, || &SCOPE_SPANS),
        one("schemaUrl", 3, Kind::Text),
    ],
};

static RESOURCE: Message = Message {
    fields: &[
        many("attributes", 1, || &KEY_VALUE),
        one("droppedAttributesCount", 2, Kind::UInt32),
        many("entityRefs", 3, || &ENTITY_REF),
    ],
};

static ENTITY_REF: Message = Message {
    fields: &[
        one("schemaUrl", 1, Kind::Text),
        one("type", 2, Kind::Text),
        texts("idKeys", 3),
        texts("descriptionKeys", 4),
    ],
};

const fn texts(name: &'static str, number: u32) -> Field {
    Field {
        name,
        number,
        kind: Kind::Text,
        repeated: true,
    }
}

static SCOPE_SPANS: Message = Message {
    fields: &[
        one("scope", 1, Kind::Message(|| &SCOPE)),
        many("spans", 2, || &SPAN),
        one("schemaUrl", 3, Kind::Text),
    ],
};

static SCOPE: Message = Message {
    fields: &[
        one("name", 1, Kind::Text),
        one("version", 2, Kind::Text),
        many("attributes", 3, || &KEY_VALUE),
        one("droppedAttributesCount", 4, Kind::UInt32),
    ],
};

pub(super) static SPAN: Message = Message {
    fields: &[
        one("traceId", 1, Kind::Hex),
        one("spanId", 2, Kind::Hex),
        one("traceState", 3, Kind::Text),
        one("parentSpanId", 4, Kind::Hex),
        one("flags", 16, Kind::Fixed32),
        one("name", 5, Kind::Text),
        one("kind", 6, Kind::Enum(SPAN_KINDS)),
        one("startTimeUnixNano", 7, Kind::Fixed64),
        one("endTimeUnixNano", 8, Kind::Fixed64),
        many("attributes", 9, || &KEY_VALUE),
        one("droppedAttributesCount", 10, Kind::UInt32),
        many("events", 11, || &EVENT),
        one("droppedEventsCount", 12, Kind::UInt32),
        many("links", 13, || &LINK),
        one("droppedLinksCount", 14, Kind::UInt32),
        one("status", 15, Kind::Message(|| &STATUS)),
    ],
};

static EVENT: Message = Message {
    fields: &[
        one("timeUnixNano", 1, Kind::Fixed64),
        one("name", 2, Kind::Text),
        many("attributes", 3, || &KEY_VALUE),
        one("droppedAttributesCount", 4, Kind::UInt32),
    ],
};

static LINK: Message = Message {
    fields: &[
        one("traceId", 1, Kind::Hex),
        one("spanId", 2, Kind::Hex),
        one("traceState", 3, Kind::Text),
        many("attributes", 4, || &KEY_VALUE),
        one("droppedAttributesCount", 5, Kind::UInt32),
        one("flags", 6, Kind::Fixed32),
    ],
};

static STATUS: Message = Message {
    fields: &[one("message", 2, Kind::Text), one("code", 3, Kind::Enum(STATUS_CODES))],
};

static KEY_VALUE: Message = Message {
    fields: &[one("key", 1, Kind::Text), one("value", 2, Kind::Message(|| &ANY_VALUE))],
};

/// The field of `AnyValue` that holds text.
pub(super) const STRING_VALUE: u32 = 1;

static ANY_VALUE: Message = Message {
    fields: &[
        one("stringValue", STRING_VALUE, Kind::Text),
        one("boolValue", 2, Kind::Bool),
        one("intValue", 3, Kind::Int64),
        one("doubleValue", 4, Kind::Double),
        one("arrayValue", 5, Kind::Message(|| &ARRAY)),
        one("kvlistValue", 6, Kind::Message(|| &KEY_VALUES)),
        one("bytesValue", 7, Kind::Base64),
    ],
};

static ARRAY: Message = Message {
    fields: &[many("values", 1, || &ANY_VALUE)],
};

static KEY_VALUES: Message = Message {
    fields: &[many("values", 1, || &KEY_VALUE)],
};
