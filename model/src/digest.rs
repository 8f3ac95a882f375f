//! What search can ask about a whole trace.
//!
//! A digest is derived from all records of a trace and holds every fact that a filter expression, a trace summary or
//! the service graph needs, so that none of the three opens the records themselves. It is derived data: deleting it
//! loses nothing.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::id::TraceId;
use crate::node::{Flags, Scalar};
use crate::time::Timestamp;

/// A service as X-Ray identifies it: two nodes are the same service when all three agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceId {
    /// Canonical name.
    pub name: String,
    /// `AWS::EC2::Instance`, `remote`, `client`, … Empty when nobody said.
    pub kind: String,
    /// Account, when a document names one.
    pub account: String,
}

/// One service of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ServiceFact {
    /// Which.
    pub id: ServiceId,
    /// Other names under which callers know it.
    pub aliases: Vec<String>,
    /// Nobody reported for it; it is known from its callers only.
    pub inferred: bool,
}

/// The HTTP facts that can be searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpFact {
    /// URL.
    pub url: Option<String>,
    /// Method.
    pub method: Option<String>,
    /// Status.
    pub status: Option<u16>,
    /// User agent.
    pub user_agent: Option<String>,
    /// Client address.
    pub client_ip: Option<String>,
}

/// One request that a service answered: a segment, a span that entered a service, or an inferred segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentFact {
    /// Index into [`Digest::services`].
    pub service: u16,
    /// No caller in the trace: a request entered here.
    pub root: bool,
    /// Made from a caller's subsegment.
    pub inferred: bool,
    /// Verdicts.
    pub flags: Flags,
    /// Start.
    pub start: Timestamp,
    /// End; `None` while in progress.
    pub end: Option<Timestamp>,
    /// Last end of anything below it in the same service, when later than `end`: asynchronous work.
    pub async_end: Option<Timestamp>,
    /// HTTP facts.
    pub http: HttpFact,
    /// Requests it stands for.
    pub weight: f32,
}

/// One call from a service to another, as the caller saw it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallFact {
    /// Index of the caller in [`Digest::services`]; [`CallFact::CLIENT`] for the client of a root segment.
    pub from: u16,
    /// Index of the callee in [`Digest::services`].
    pub to: u16,
    /// A message, not a request: the edge is a link and `start..end` is the age of the event when it was received.
    pub link: bool,
    /// Verdicts as the caller saw them.
    pub flags: Flags,
    /// Start.
    pub start: Timestamp,
    /// End; `None` while in progress.
    pub end: Option<Timestamp>,
    /// HTTP facts as the caller saw them.
    pub http: HttpFact,
    /// The name that the caller used, when it is not the callee's own.
    pub alias: Option<String>,
    /// Requests it stands for.
    pub weight: f32,
}

impl CallFact {
    /// The caller of root segments: somebody outside, who is not one of the services.
    pub const CLIENT: u16 = u16::MAX;
}

/// Indexes of services or segments: mostly one, and of as many facts as there are annotations.
pub type Indexes = SmallVec<[u16; 4]>;

/// An annotation value and where it was set.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotationFact {
    /// Key.
    pub key: String,
    /// Value.
    pub value: Scalar<'static>,
    /// Indexes into [`Digest::services`], ascending.
    pub services: Indexes,
    /// Indexes into [`Digest::segments`], ascending.
    pub segments: Indexes,
}

/// A user and the services that named them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFact {
    /// User.
    pub name: String,
    /// Indexes into [`Digest::services`], ascending.
    pub services: Indexes,
}

/// One path to the reason of a fault, an error or slowness: from the entry point to the service that is to blame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RootCause {
    /// Entry point first.
    pub services: Vec<CauseService>,
    /// Whether the client felt it.
    pub client_impacting: bool,
}

/// One service on a [`RootCause`] path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CauseService {
    /// Index into [`Digest::services`].
    pub service: u16,
    /// Known from its caller only.
    pub inferred: bool,
    /// The segment itself first, then the subsegments on the path.
    pub path: Vec<CauseEntity>,
}

/// One segment or subsegment on a [`RootCause`] path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CauseEntity {
    /// Its name.
    pub name: String,
    /// Whether it is a call to somebody else.
    pub remote: bool,
    /// Share of the trace's response time, for response-time causes; 0 otherwise.
    pub coverage: f32,
    /// Exceptions it recorded: type and message.
    pub exceptions: Vec<(String, String)>,
}

/// Everything that can be asked about one trace without opening its records.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    /// The trace.
    pub trace: TraceId,
    /// Starts at 1 and grows whenever the trace changes.
    pub revision: u32,
    /// Earliest start.
    pub start: Timestamp,
    /// Latest moment known: the last end, or the last start of what is in progress.
    pub end: Timestamp,
    /// When the last record arrived.
    pub updated: Timestamp,
    /// Root segment's end minus its start, in nanoseconds; `None` while in progress.
    pub response_time: Option<u64>,
    /// The root segment's error and fault; throttle of any segment.
    pub flags: Flags,
    /// Something is in progress, or a callee that was announced has not reported yet.
    pub partial: bool,
    /// Some service is inferred.
    pub inferred: bool,
    /// Records were refused because the trace was too large.
    pub limit_exceeded: bool,
    /// Segments, subsegments and spans.
    pub nodes: u32,
    /// Requests this trace stands for.
    pub weight: f32,
    /// The root segment's HTTP facts.
    pub http: HttpFact,
    /// Services in order of their first segment.
    pub services: Vec<ServiceFact>,
    /// Index of the root segment's service.
    pub entry: Option<u16>,
    /// What each service did.
    pub segments: Vec<SegmentFact>,
    /// Who called whom.
    pub calls: Vec<CallFact>,
    /// Distinct annotation values.
    pub annotations: Vec<AnnotationFact>,
    /// Distinct users.
    pub users: Vec<UserFact>,
    /// Distinct resource ARNs.
    pub resource_arns: Vec<String>,
    /// Distinct instance ids.
    pub instance_ids: Vec<String>,
    /// Distinct availability zones.
    pub availability_zones: Vec<String>,
    /// Why it faulted.
    pub fault_causes: Vec<RootCause>,
    /// Why it erred.
    pub error_causes: Vec<RootCause>,
    /// Why it took so long.
    pub response_time_causes: Vec<RootCause>,
}

impl Digest {
    /// A digest that knows nothing yet.
    #[must_use]
    pub fn new(trace: TraceId) -> Self {
        Self {
            trace,
            revision: 1,
            start: Timestamp::MAX,
            end: Timestamp::ZERO,
            updated: Timestamp::ZERO,
            response_time: None,
            flags: Flags::default(),
            partial: false,
            inferred: false,
            limit_exceeded: false,
            nodes: 0,
            weight: 1.0,
            http: HttpFact::default(),
            services: Vec::new(),
            entry: None,
            segments: Vec::new(),
            calls: Vec::new(),
            annotations: Vec::new(),
            users: Vec::new(),
            resource_arns: Vec::new(),
            instance_ids: Vec::new(),
            availability_zones: Vec::new(),
            fault_causes: Vec::new(),
            error_causes: Vec::new(),
            response_time_causes: Vec::new(),
        }
    }

    /// From the earliest start to the latest moment, in nanoseconds.
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.end.since(self.start)
    }
}
