//! The planner and the graph, as the store offers them.

use std::sync::{Arc, PoisonError};

use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};

use crate::api::{Account, Page, Search};
use crate::error::StoreError;
use crate::store::Store;
use crate::table::{edges, summaries};
use crate::{derive, sealed};

impl Store {
    /// One page of the traces that are searched for, live ones included. A full page always has a cursor.
    pub fn search(&self, search: &Search) -> Result<Page, StoreError> {
        self.inner.at_this_moment(search.account, |moment| {
            super::search(moment, search).map_err(StoreError::from)
        })
    }

    /// The digest of one trace as it is now; `None` if nothing is known of it.
    pub fn digest(&self, account: Account, trace: TraceId) -> Result<Option<Arc<Digest>>, StoreError> {
        let (inner, key) = (&self.inner, (account, trace));
        let gate = inner.gate.read().unwrap_or_else(PoisonError::into_inner);
        let entry = inner.live.get(&key);
        let view = inner.engine.view();
        drop(gate);
        if let Some(entry) = entry
            && let Some(live) = derive::for_readers(inner, &*view, &view.days(), &entry)?
        {
            return Ok(Some(live.digest));
        }
        let rows = sealed::locate(&*view, key)?.into_iter();
        let Some((_, location)) = rows.max_by_key(|(_, location)| location.revision) else {
            return Ok(None);
        };
        let found = summaries::find(&*view, account, trace, location.digest)?;
        Ok(found.map(|(digest, _)| digest))
    }

    /// The service graph: all requests that ended in the minutes that a range touches.
    pub fn graph(&self, account: Account, range: TimeRange) -> Result<GraphStats, StoreError> {
        self.inner
            .at_this_moment(account, |moment| Ok(edges::read::graph(moment, account, &range)?))
    }

    /// The same, cut into stretches of so many minutes, by their begin, the first beginning with the range's first
    /// minute; stretches with nothing are left out.
    pub fn graph_series(
        &self,
        account: Account,
        range: TimeRange,
        minutes: u32,
    ) -> Result<Vec<(Timestamp, GraphStats)>, StoreError> {
        self.inner.at_this_moment(account, |moment| {
            Ok(edges::read::series(moment, account, &range, minutes)?)
        })
    }
}
