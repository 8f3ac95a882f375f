//! What the simulated services do, before any of them says it in its own protocol.

use beamline_model::time::Timestamp;

/// The services of the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Service {
    Storefront,
    Checkout,
    Payments,
    Orders,
    Inventory,
    Shipping,
}

/// How a service reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reports {
    /// X-Ray segments by UDP, each whole.
    Segments,
    /// X-Ray segments by UDP; the segment is announced in progress when work begins.
    AnnouncedSegments,
    /// X-Ray by UDP; finished subsegments are streamed ahead of their segment.
    StreamedSubsegments,
    /// OTLP over gRPC.
    OtlpGrpc,
    /// OTLP over HTTP.
    OtlpHttp,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Storefront => "storefront",
            Self::Checkout => "checkout",
            Self::Payments => "payments",
            Self::Orders => "orders",
            Self::Inventory => "inventory",
            Self::Shipping => "shipping",
        }
    }

    pub(crate) fn reports(self) -> Reports {
        match self {
            Self::Storefront => Reports::Segments,
            Self::Payments => Reports::AnnouncedSegments,
            Self::Inventory => Reports::StreamedSubsegments,
            Self::Checkout | Self::Orders => Reports::OtlpGrpc,
            Self::Shipping => Reports::OtlpHttp,
        }
    }

    /// X-Ray's `origin`.
    pub(crate) fn origin(self) -> &'static str {
        match self {
            Self::Storefront | Self::Payments => "AWS::ECS::Fargate",
            _ => "AWS::EC2::Instance",
        }
    }

    /// Language as the OpenTelemetry and X-Ray SDKs name it.
    pub(crate) fn language(self) -> &'static str {
        match self {
            Self::Storefront => "nodejs",
            Self::Checkout | Self::Inventory => "java",
            Self::Payments | Self::Shipping => "python",
            Self::Orders => "go",
        }
    }
}

/// Part of the work of one service, or a call that it makes.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) service: Service,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) doing: Doing,
    pub(crate) outcome: Outcome,
    /// Type and message.
    pub(crate) exception: Option<(&'static str, String)>,
    pub(crate) user: Option<String>,
    pub(crate) annotations: Vec<(&'static str, Value)>,
}

/// What a span is about.
#[derive(Clone, Debug)]
pub(crate) enum Doing {
    /// Answers a request.
    Serving { method: &'static str, path: String },
    /// Asks another service.
    Calling {
        host: &'static str,
        method: &'static str,
        path: String,
        /// The callee reports, too.
        traced: bool,
    },
    /// Works by itself.
    Working { name: &'static str },
    /// Asks the database.
    Querying { statement: &'static str },
    /// Asks AWS.
    Aws {
        api: Api,
        operation: &'static str,
        retries: u32,
    },
    /// Takes a message that `link` (trace and span) sent.
    Consuming { link: (u128, u64) },
}

impl Doing {
    /// Whether a service's work begins here.
    pub(crate) fn enters_service(&self) -> bool {
        matches!(self, Self::Serving { .. } | Self::Consuming { .. })
    }
}

/// The AWS resources of the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    /// The table of orders.
    Table,
    /// The queue of shipments.
    Queue,
    /// The topic that tells of shipments.
    Topic,
}

pub(crate) const TABLE: &str = "orders";
pub(crate) const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/shipments";
pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:shipment-events";
pub(crate) const DATABASE: &str = "stock@db.shop.internal";
pub(crate) const CARD_NETWORK: &str = "api.cardnetwork.example";

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Fine,
    NotFound,
    Declined,
    Throttled,
    Failed,
    Unavailable,
}

impl Outcome {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Fine => 200,
            Self::NotFound => 404,
            Self::Declined => 402,
            Self::Throttled => 429,
            Self::Failed => 500,
            Self::Unavailable => 503,
        }
    }

    pub(crate) fn is_error(self) -> bool {
        (400..500).contains(&self.status())
    }

    pub(crate) fn is_fault(self) -> bool {
        self.status() >= 500
    }
}

/// The value of an annotation.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Number(f64),
    Truth(bool),
}

/// One trace: what happened, in order of beginning.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) trace: u128,
    pub(crate) spans: Vec<Span>,
}
