//! Errors into statuses. What is inside the server is logged, not told.

use std::time::Duration;

use beamline_store::StoreError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::QueryError;

/// Why a call is not answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Failure {
    /// The query failed.
    Query(QueryError),
    /// The deadline passed.
    Deadline,
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

const RETRY_SOON: Duration = Duration::from_millis(500);
const RETRY_LATER: Duration = Duration::from_secs(5);

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let error = match failure {
            Failure::Query(error) => error,
            Failure::Deadline => return Self::deadline_exceeded("the deadline passed before the answer was complete"),
        };
        let text = error.to_string();
        match error {
            QueryError::Filter { field, error } => {
                let details = ErrorDetails::with_bad_request_violation(field, error.to_string());
                Self::with_error_details(Code::InvalidArgument, text, details)
            }
            QueryError::Invalid { field, message } => {
                let details = ErrorDetails::with_bad_request_violation(field, message);
                Self::with_error_details(Code::InvalidArgument, text, details)
            }
            QueryError::NoSuchGroup(_)
            | QueryError::NoSuchTrace(_)
            | QueryError::NoSuchLogGroup(_)
            | QueryError::NoSuchInsight(_)
            | QueryError::NoSuchAccount { .. } => Self::not_found(text),
            QueryError::Busy => {
                let details = ErrorDetails::with_retry_info(Some(RETRY_SOON));
                Self::with_error_details(Code::ResourceExhausted, text, details)
            }
            QueryError::Store(StoreError::Closed) => {
                let details = ErrorDetails::with_retry_info(Some(RETRY_LATER));
                Self::with_error_details(Code::Unavailable, "the server is shutting down", details)
            }
            QueryError::Store(error) if error.is_temporary() => {
                let details = ErrorDetails::with_retry_info(Some(RETRY_LATER));
                Self::with_error_details(Code::Unavailable, "the store cannot be read at the moment", details)
            }
            QueryError::Store(_) | QueryError::Lost => {
                tracing::error!(error = %text, "a query failed");
                Self::internal("the query failed, the log of the server says why")
            }
        }
    }
}
