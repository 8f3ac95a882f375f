//! What a query could not do.

use beamline_model::id::TraceId;
use beamline_model::insight::InsightId;
use beamline_model::lang::trace_filter::FilterError;
use beamline_store::StoreError;

/// What a query could not do, in terms of what the caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A text is not an expression.
    #[error("{field}: {error}")]
    Filter {
        /// Which field of the request.
        field: &'static str,
        /// What is wrong with it.
        error: FilterError,
    },
    /// A field says something that cannot be.
    #[error("{field}: {message}")]
    Invalid {
        /// Which field of the request.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// There is no group of this name.
    #[error("no group is called `{0}`")]
    NoSuchGroup(String),
    /// There is no such trace.
    #[error("there is no trace {0}")]
    NoSuchTrace(TraceId),
    /// There is no log group of this name.
    #[error("there is no log group `{0}`")]
    NoSuchLogGroup(String),
    /// There is no such insight.
    #[error("there is no insight {0}")]
    NoSuchInsight(InsightId),
    /// Nothing was ever sent to this account in this region.
    #[error("nothing was ever sent to account {account} in region {region}")]
    NoSuchAccount {
        /// Account id.
        account: String,
        /// Region.
        region: String,
    },
    /// More queries are being answered than this server takes at once.
    #[error("too many queries at once")]
    Busy,
    /// The store failed.
    #[error("reading the store: {0}")]
    Store(#[from] StoreError),
    /// A defect: an answer was lost on its way.
    #[error("a query ended without an answer")]
    Lost,
}
