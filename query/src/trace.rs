//! What happened in one trace.

use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use beamline_model::trace::{Step, Trace};
use beamline_model::{decode, derive};
use beamline_store::api::{Account, StoredTrace};

use crate::QueryError;
use crate::paths::{ErrorPath, error_paths};
use crate::source::Source;

/// One trace with everything that follows from it. Borrows from what was kept.
#[derive(Clone, Debug)]
pub struct TraceView<'a> {
    /// What was kept: the documents as they arrived.
    pub stored: &'a StoredTrace,
    /// The tree.
    pub trace: Trace<'a>,
    /// The whole at a glance.
    pub digest: Digest,
    /// What the time until the entry point was done consists of; empty without an entry point.
    pub critical_path: Vec<Step>,
    /// How each failure spread.
    pub error_paths: Vec<ErrorPath>,
}

/// Everything kept of one trace, for [`TraceView::open`].
///
/// # Errors
/// If there is no such trace or the store fails.
pub fn stored(source: &dyn Source, account: Account, trace: TraceId) -> Result<StoredTrace, QueryError> {
    let found = source
        .trace(account, trace)?
        .filter(|stored| !stored.records.is_empty());
    found.ok_or(QueryError::NoSuchTrace(trace))
}

/// The same as it was at a moment: without what was received later. `None` if there was no such trace then. As records
/// are never rewritten, this is the same whenever it is asked for, until retention takes the trace away.
///
/// # Errors
/// If the store fails.
pub fn stored_at(
    source: &dyn Source,
    account: Account,
    trace: TraceId,
    moment: Timestamp,
) -> Result<Option<StoredTrace>, QueryError> {
    let mut found = source.trace(account, trace)?.unwrap_or_default();
    found.records.retain(|record| record.received <= moment);
    Ok(Some(found).filter(|stored| !stored.records.is_empty()))
}

impl<'a> TraceView<'a> {
    /// Puts a trace together. Whether it still waits for announced segments depends on `now`.
    #[must_use]
    pub fn open(id: TraceId, stored: &'a StoredTrace, now: Timestamp) -> Self {
        let records: Vec<_> = stored.records.iter().map(|record| record.borrow()).collect();
        let trace = Trace::assemble(id, decode::nodes(&records).nodes);
        let mut digest = derive::digest(&trace, now);
        digest.revision = stored.revision;
        digest.limit_exceeded = stored.limit_exceeded;
        let critical_path = trace
            .entry()
            .map(|entry| trace.critical_path(entry))
            .unwrap_or_default();
        let error_paths = error_paths(&trace);
        Self {
            stored,
            trace,
            digest,
            critical_path,
            error_paths,
        }
    }
}
