//! The planner and the graph, as the store offers them.

use std::ops::Range;
use std::sync::{Arc, PoisonError};

use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_model::insight::Minute;
use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};

use crate::api::{Account, Page, Search, Wanted};
use crate::error::StoreError;
use crate::store::Store;
use crate::table::edges::marks::HourMarks;
use crate::table::groups::OfGroup;
use crate::table::{Live, Moment, edges, summaries};
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
        self.statistics(account, |moment| Ok(edges::read::graph(moment, account, &range)?))
    }

    /// Visits what is wanted of the same, cut into stretches of so many minutes, by their begin and ascending, the first
    /// beginning with the range's first minute; stretches with nothing are left out. One is in memory at a time.
    pub fn each_graph(
        &self,
        account: Account,
        range: TimeRange,
        minutes: u32,
        wanted: &dyn Wanted,
        visit: &mut dyn FnMut(Timestamp, GraphStats),
    ) -> Result<(), StoreError> {
        self.statistics(account, |moment| {
            Ok(edges::read::each(moment, account, &range, minutes, wanted, visit)?)
        })
    }

    /// Requests and faults of some minutes; minutes without any are left out.
    pub fn counts(&self, account: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, StoreError> {
        self.statistics(account, |moment| Ok(edges::counts::all(moment, account, minutes)?))
    }

    /// The same without what is not sealed yet, which costs next to nothing: no trace is derived for it.
    pub fn sealed_counts(&self, account: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, StoreError> {
        let (view, nothing) = (self.inner.engine.view(), Vec::<Live>::new());
        let moment = Moment {
            view: &*view,
            live: &nothing,
            cache: &self.inner.cache,
        };
        Ok(edges::counts::sealed(&moment, account, minutes)?)
    }

    /// Which sealed minutes changed, from a minute on; see [`edges::marks`](crate::table::edges::marks).
    pub fn changes(&self, account: Account, from: u32) -> Result<Vec<HourMarks>, StoreError> {
        Ok(edges::marks::read(&*self.inner.engine.view(), account, from)?)
    }

    /// Under which number a version of a group (see [`GroupSet::version`](beamline_model::group::GroupSet::version))
    /// has statistics of its own, and the first minute that they have; `None` if it has none. Everything here that takes
    /// an account takes that number too, and then gives what the group has from that minute on.
    #[must_use]
    pub fn group_statistics(&self, account: Account, name: &str, version: u64) -> Option<(Account, u32)> {
        let groups = self.inner.groups.load();
        let counted = groups.current(account, name).filter(|it| it.version == version)?;
        Some((counted.number, counted.since))
    }

    fn statistics<T>(
        &self,
        account: Account,
        read: impl FnOnce(&Moment<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let groups = self.inner.groups.load_full();
        let Some(group) = groups.by_number(account) else {
            return self.inner.at_this_moment(account, read);
        };
        self.inner.at_this_moment(group.owner, |moment| {
            let live = OfGroup {
                traces: moment.live,
                group,
            };
            read(&Moment {
                view: moment.view,
                live: &live,
                cache: moment.cache,
            })
        })
    }
}
