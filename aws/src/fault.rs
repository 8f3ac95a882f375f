//! The one place where errors become AWS's.
//!
//! A fault has two readers. The caller gets a code that SDKs turn into a typed exception and a message in the domain's
//! words. What went wrong inside goes to the log under the request id that the caller got, and is never sent.

use std::fmt::Display;

use beamline_collector::report::{Dropped, Rejected};
use beamline_collector::sample::RulesError;
use beamline_collector::{Busy, Failure, SegmentsError};
use beamline_model::lang::trace_filter::FilterError;
use beamline_model::sampling::rule::BadRule;
use beamline_proto::aws::{Operation, Rejection, Service};
use beamline_query::QueryError;
use beamline_store::StoreError;

use crate::sigv4::Refusal;

/// The longest `ResourceName` that the service models allow, in characters.
const LONGEST_RESOURCE: usize = 1_011;

/// An AWS error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Shape name or common code: `InvalidRequestException`.
    pub(crate) code: &'static str,
    /// HTTP status.
    pub(crate) status: u16,
    /// For people.
    pub(crate) message: String,
    /// `ResourceName`, for the errors that have it.
    pub(crate) resource: Option<String>,
}

impl Fault {
    fn new(code: &'static str, status: u16, message: impl Display) -> Self {
        Self {
            code,
            status,
            message: message.to_string(),
            resource: None,
        }
    }

    /// The request asks for what cannot be.
    pub(crate) fn invalid(message: impl Display) -> Self {
        Self::new("InvalidRequestException", 400, message)
    }

    /// Too much at once; SDKs wait and try again.
    pub(crate) fn throttled(message: impl Display) -> Self {
        Self::new("ThrottledException", 429, message)
    }

    /// There are as many sampling rules as there may be.
    pub(crate) fn too_many_rules(message: impl Display) -> Self {
        Self::new("RuleLimitExceededException", 400, message)
    }

    /// A resource would have more tags than it may.
    pub(crate) fn too_many_tags(resource: &str, message: impl Display) -> Self {
        Self {
            resource: Some(resource.to_owned()),
            ..Self::new("TooManyTagsException", 400, message)
        }
    }

    /// No such resource, for the few operations that say so with a 404.
    pub(crate) fn not_found(resource: &str, message: impl Display) -> Self {
        Self {
            resource: Some(resource.chars().take(LONGEST_RESOURCE).collect()).filter(|name: &String| !name.is_empty()),
            ..Self::new("ResourceNotFoundException", 404, message)
        }
    }

    /// A text that should be a resource policy is none.
    pub(crate) fn malformed_policy(why: impl Display) -> Self {
        let message = format!("the policy document is not valid: {why}");
        Self::new("MalformedPolicyDocumentException", 400, message)
    }

    /// A resource policy would keep its author from writing another.
    pub(crate) fn lockout(message: impl Display) -> Self {
        Self::new("LockoutPreventionException", 400, message)
    }

    /// A resource policy is at another revision than the caller thinks.
    pub(crate) fn policy_revision(message: impl Display) -> Self {
        Self::new("InvalidPolicyRevisionIdException", 400, message)
    }

    /// A resource policy is larger than it may be.
    pub(crate) fn policy_too_large(message: impl Display) -> Self {
        Self::new("PolicySizeLimitExceededException", 400, message)
    }

    /// There are as many resource policies as there may be.
    pub(crate) fn too_many_policies(message: impl Display) -> Self {
        Self::new("PolicyCountLimitExceededException", 400, message)
    }

    /// The same in the words of an operation. One that does not declare `InvalidRequestException` refuses invalid
    /// requests with the error that all services have in common.
    pub(crate) fn of(self, operation: &Operation) -> Self {
        const INVALID: &str = "InvalidRequestException";
        if self.code != INVALID || operation.errors.contains(&INVALID) {
            return self;
        }
        Self {
            code: "ValidationException",
            ..self
        }
    }

    /// The body is not what the protocol says it is.
    pub(crate) fn malformed(message: impl Display) -> Self {
        Self::new("SerializationException", 400, message)
    }

    /// The body is larger than anything sensible.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("the request body must not be larger than {limit} bytes");
        Self::new("RequestEntityTooLargeException", 413, message)
    }

    /// The body did not arrive in time.
    pub(crate) fn too_slow() -> Self {
        Self::new(
            "RequestTimeoutException",
            408,
            "the request body did not arrive in time",
        )
    }

    /// `Content-Encoding` is something else than gzip or nothing.
    pub(crate) fn encoding(encoding: &str) -> Self {
        let shown: String = encoding.chars().take(40).collect();
        Self::new(
            "UnsupportedMediaTypeException",
            415,
            format!("content encoding `{shown}` is not supported; gzip is"),
        )
    }

    /// Why segments or spans were turned away with this, for those who count that. `broken` is what it means that a body
    /// is not what it should be.
    pub(crate) fn as_failure(&self, broken: Rejected) -> Failure {
        let reason = match self.status {
            403 => Rejected::Signature,
            404 => Rejected::Path,
            408 => Rejected::SlowClient,
            413 => Rejected::TooLarge,
            415 => Rejected::UnknownCompression,
            429 => return Failure::Busy(Busy::new(Dropped::InFlight)),
            _ => broken,
        };
        Failure::Refused(reason, self.message.clone())
    }

    /// No service has an operation there.
    pub(crate) fn unknown_operation(method: &str, path: &str) -> Self {
        let shown: String = path.chars().take(200).collect();
        Self::new(
            "UnknownOperationException",
            404,
            format!("no operation of an AWS service is at {method} {shown}"),
        )
    }

    /// The operation exists in AWS and not here.
    pub(crate) fn not_implemented(service: &Service, operation: &Operation) -> Self {
        Self::new(
            "NotImplementedException",
            501,
            format!("{} {} is not implemented by Beamline", service.id, operation.name),
        )
    }

    /// Writing is not possible now; reading may be.
    pub(crate) fn unavailable(message: impl Display) -> Self {
        Self::new("ServiceUnavailableException", 503, message)
    }

    /// Something went wrong in here. The cause is logged and not sent.
    pub(crate) fn internal(cause: &dyn std::error::Error) -> Self {
        let mut chain = cause.to_string();
        let mut source = cause.source();
        while let Some(deeper) = source {
            chain = format!("{chain}: {deeper}");
            source = deeper.source();
        }
        tracing::error!(cause = chain, "request failed");
        Self::new(
            "InternalFailure",
            500,
            "the request could not be completed; the log has the cause",
        )
    }
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Malformed(message) => Self::malformed(message),
            Rejection::Invalid(message) => Self::invalid(message),
        }
    }
}

/// Services that speak rest-json answer all of these with 403, where those that speak JSON 1.1 say 400.
impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::Unsigned => "MissingAuthenticationTokenException",
            Refusal::Incomplete(_) => "IncompleteSignatureException",
            Refusal::UnknownKey => "UnrecognizedClientException",
            Refusal::Mismatch | Refusal::Unfit(_) => "InvalidSignatureException",
        };
        Self::new(code, 403, refusal)
    }
}

impl From<FilterError> for Fault {
    fn from(error: FilterError) -> Self {
        Self::invalid(format!("the expression is not valid: {error}"))
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Overloaded(_) => Self::throttled(error),
            StoreError::ReadOnly(_) | StoreError::Closed => Self::unavailable(error),
            // Each operation of CloudWatch Logs has names of its own for these.
            StoreError::TooManyAccounts | StoreError::Log(_) => Self::invalid(error),
            StoreError::NoMasterKey => Self::invalid(
                "encryption needs a master key: `beamline encryption new-key FILE` makes one, and the server takes it \
                 with --encryption-key-file FILE",
            ),
            StoreError::Locked(_) | StoreError::Malformed(_) | StoreError::Damaged(_) | StoreError::Engine { .. } => {
                Self::internal(&error)
            }
        }
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Filter { error, .. } => error.into(),
            QueryError::Invalid { .. }
            | QueryError::NoSuchAccount { .. }
            | QueryError::NoSuchGroup(_)
            | QueryError::NoSuchLogGroup(_)
            | QueryError::NoSuchInsight(_)
            | QueryError::NoSuchTrace(_) => Self::invalid(error),
            QueryError::Busy => Self::throttled(error),
            QueryError::Store(error) => error.into(),
            QueryError::Lost => Self::internal(&error),
        }
    }
}

impl From<BadRule> for Fault {
    fn from(error: BadRule) -> Self {
        Self::invalid(error)
    }
}

impl From<RulesError> for Fault {
    fn from(error: RulesError) -> Self {
        match error {
            RulesError::TooMany(_) => Self::too_many_rules(error),
            RulesError::Store(error) => error.into(),
            RulesError::Bad(_)
            | RulesError::Exists(_)
            | RulesError::NoSuchRule(_)
            | RulesError::DefaultStays
            | RulesError::NotOneName
            | RulesError::BadArn(_) => Self::invalid(error),
        }
    }
}

impl From<SegmentsError> for Fault {
    fn from(error: SegmentsError) -> Self {
        match error {
            SegmentsError::TooMany { .. } => Self::invalid(error),
            SegmentsError::Busy(Busy { reason, .. }) => match reason {
                Dropped::StoreReadOnly | Dropped::StoreFailed | Dropped::Stopping => Self::unavailable(error),
                _ => Self::throttled(error),
            },
        }
    }
}
