//! Why something was refused or lost: closed lists, so that every reason has a name and a counter.

use beamline_model::metric::walk::PointRejection;
use beamline_model::otlp::Signal;
use beamline_model::otlp::logs::LogRejection;
use beamline_model::otlp::walk::SpanRejection;
use beamline_model::segment::RefusalCode;

use super::registry::Label;

/// Declares a closed list whose members are printed as label values.
macro_rules! labels {
    (
        $(#[$about:meta])*
        $name:ident as $key:literal { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// How it is printed.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl Label for $name {
            const KEY: &'static str = $key;
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn index(self) -> usize {
                self as usize
            }

            fn text(self) -> &'static str {
                self.as_str()
            }
        }
    };
}

labels! {
    /// The way something came in.
    Transport as "transport" {
        /// A datagram of an X-Ray SDK, or of ADOT.
        XrayUdp = "xray_udp",
        /// `PutTraceSegments`.
        XrayApi = "xray_api",
        /// The port for OTLP over gRPC.
        OtlpGrpc = "otlp_grpc",
        /// The port for OTLP over HTTP.
        OtlpHttp = "otlp_http",
        /// OTLP over HTTP at the AWS endpoint.
        OtlpAws = "otlp_aws",
    }
}

impl Label for Signal {
    const KEY: &'static str = "signal";
    const ALL: &'static [Self] = &Self::ALL;

    fn index(self) -> usize {
        self as usize
    }

    fn text(self) -> &'static str {
        self.as_str()
    }
}

labels! {
    /// What is wrong with something that was refused.
    Rejected as "reason" {
        /// A datagram whose first line is not the header of version 1.
        Header = "header",
        /// A datagram with nothing after its header.
        NoBody = "no_body",
        /// More bytes than are allowed, before or after decompression.
        TooLarge = "too_large",
        /// Not JSON, not UTF-8, or nested too deeply.
        Json = "json",
        /// JSON, but not a segment document.
        NotASegment = "not_a_segment",
        /// No name.
        MissingName = "missing_name",
        /// A bad name.
        InvalidName = "invalid_name",
        /// No id.
        MissingId = "missing_id",
        /// A bad id.
        InvalidId = "invalid_id",
        /// No trace id.
        MissingTraceId = "missing_trace_id",
        /// A bad trace id.
        InvalidTraceId = "invalid_trace_id",
        /// No start.
        MissingStartTime = "missing_start_time",
        /// A bad start.
        InvalidStartTime = "invalid_start_time",
        /// A bad end.
        InvalidEndTime = "invalid_end_time",
        /// A lone subsegment without a parent.
        MissingParentId = "missing_parent_id",
        /// A lone subsegment with a bad parent.
        InvalidParentId = "invalid_parent_id",
        /// OTLP by datagram that is not base64.
        Base64 = "base64",
        /// Not the protobuf message it should be.
        Protobuf = "protobuf",
        /// A span with a bad trace id or span id.
        SpanIds = "span_ids",
        /// A data point that says no time.
        PointTime = "point_time",
        /// A histogram whose buckets do not go with its bounds.
        PointBuckets = "point_buckets",
        /// A metric without a name.
        MetricName = "metric_name",
        /// A metric with no data, or data of an unknown kind.
        MetricKind = "metric_kind",
        /// A gRPC message that is not framed as one.
        Framing = "framing",
        /// A compressed body that does not decompress.
        Compression = "compression",
        /// A compression nobody here knows.
        UnknownCompression = "unknown_compression",
        /// A media type that is not OTLP.
        ContentType = "content_type",
        /// A method other than POST.
        Method = "method",
        /// A path nobody serves.
        Path = "path",
        /// A service that exists in OTLP, but not here.
        Unimplemented = "unimplemented",
        /// The client took too long to send it.
        SlowClient = "slow_client",
        /// The client went away while sending it.
        Disconnected = "disconnected",
        /// A trace that already has as many bytes as a trace may have.
        TraceTooLarge = "trace_too_large",
        /// Not signed, or not as it has to be.
        Signature = "signature",
        /// More documents than one request may have.
        TooManyDocuments = "too_many_documents",
        /// More log records, data points or new series than one request may have.
        TooManyItems = "too_many_items",
        /// A new log group or stream, where the account has as many as it may have.
        TooManyStreams = "too_many_streams",
        /// A new series, where the account has as many as it may have.
        TooManySeries = "too_many_series",
    }
}

labels! {
    /// Why something was lost that nothing was wrong with.
    Dropped as "reason" {
        /// The kernel's receive buffer was full.
        KernelBuffer = "kernel_buffer_full",
        /// Too many bytes are being worked on.
        InFlight = "in_flight_bytes",
        /// The store takes in no more for the moment.
        StoreOverloaded = "store_overloaded",
        /// The store cannot write, for instance because the disk is full.
        StoreReadOnly = "store_read_only",
        /// The store failed.
        StoreFailed = "store_failed",
        /// It came while the server was stopping.
        Stopping = "stopping",
        /// A sampling rule says not to keep it.
        SampledOut = "sampled_out",
        /// Metrics by datagram, while too many wait to be kept.
        MetricsQueue = "metrics_queue_full",
    }
}

impl Dropped {
    /// Somebody wanted it so; it is no cause for a warning.
    #[must_use]
    pub fn is_intended(self) -> bool {
        matches!(self, Self::SampledOut | Self::Stopping)
    }
}

impl From<SpanRejection> for Rejected {
    fn from(reason: SpanRejection) -> Self {
        match reason {
            SpanRejection::InvalidTraceId | SpanRejection::InvalidSpanId => Self::SpanIds,
            SpanRejection::Malformed => Self::Protobuf,
        }
    }
}

impl From<LogRejection> for Rejected {
    fn from(reason: LogRejection) -> Self {
        match reason {
            LogRejection::Malformed => Self::Protobuf,
            LogRejection::TooLarge => Self::TooLarge,
            LogRejection::TooMany => Self::TooManyItems,
        }
    }
}

impl From<PointRejection> for Rejected {
    fn from(reason: PointRejection) -> Self {
        match reason {
            PointRejection::InvalidTime => Self::PointTime,
            PointRejection::InvalidBuckets => Self::PointBuckets,
            PointRejection::NoName => Self::MetricName,
            PointRejection::UnknownKind => Self::MetricKind,
            PointRejection::TooLarge => Self::TooLarge,
            PointRejection::TooMany => Self::TooManyItems,
            PointRejection::Malformed => Self::Protobuf,
        }
    }
}

impl From<RefusalCode> for Rejected {
    fn from(code: RefusalCode) -> Self {
        match code {
            RefusalCode::ParseError => Self::Json,
            RefusalCode::SegmentTooLarge => Self::TooLarge,
            RefusalCode::InvalidSegment => Self::NotASegment,
            RefusalCode::MissingName => Self::MissingName,
            RefusalCode::InvalidName => Self::InvalidName,
            RefusalCode::MissingId => Self::MissingId,
            RefusalCode::InvalidId => Self::InvalidId,
            RefusalCode::MissingTraceId => Self::MissingTraceId,
            RefusalCode::InvalidTraceId => Self::InvalidTraceId,
            RefusalCode::MissingStartTime => Self::MissingStartTime,
            RefusalCode::InvalidStartTime => Self::InvalidStartTime,
            RefusalCode::InvalidEndTime => Self::InvalidEndTime,
            RefusalCode::MissingParentId => Self::MissingParentId,
            RefusalCode::InvalidParentId => Self::InvalidParentId,
        }
    }
}
