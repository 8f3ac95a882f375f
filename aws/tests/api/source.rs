//! The traces of a store as a plain list: slow, and without an index that could be wrong.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use beamline_model::digest::Digest;
use beamline_model::group::Group;
use beamline_model::id::TraceId;
use beamline_model::stats::{GraphStats, contribution};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_query::source::Source;
use beamline_query::trace::TraceView;
use beamline_store::api::{Account, Cursor, Page, Search, StoredTrace, TimeBasis, Touched};
use beamline_store::{ObjectKind, Store, StoreError};
use tokio::sync::broadcast;

pub(crate) struct Listed {
    store: Arc<Store>,
    news: Mutex<broadcast::Receiver<Touched>>,
    traces: Mutex<BTreeSet<(Account, TraceId)>>,
}

impl Listed {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self {
            news: Mutex::new(store.subscribe()),
            store,
            traces: Mutex::default(),
        }
    }

    fn digests(&self, account: Account) -> Result<Vec<Arc<Digest>>, StoreError> {
        let mut traces = self.traces.lock().unwrap();
        while let Ok(touched) = self.news.lock().unwrap().try_recv() {
            traces.insert((touched.account, touched.trace));
        }
        let of_account = traces.iter().filter(|(owner, _)| *owner == account);
        let mut digests = Vec::new();
        for (_, trace) in of_account {
            digests.extend(self.digest(account, *trace)?);
        }
        digests.sort_by_key(|digest| (std::cmp::Reverse(digest.start), digest.trace));
        Ok(digests)
    }
}

impl Source for Listed {
    fn accounts(&self) -> Vec<(Account, String, String)> {
        self.store.accounts()
    }

    fn groups(&self, account: Account) -> Result<Vec<Group>, StoreError> {
        let objects = self.store.objects(ObjectKind::Group, account)?;
        Ok(objects
            .iter()
            .map(|(_, value)| serde_json::from_slice(value).unwrap())
            .collect())
    }

    fn trace(&self, account: Account, trace: TraceId) -> Result<Option<StoredTrace>, StoreError> {
        self.store.trace(account, trace)
    }

    fn digest(&self, account: Account, trace: TraceId) -> Result<Option<Arc<Digest>>, StoreError> {
        let Some(stored) = self.store.trace(account, trace)? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(
            TraceView::open(trace, &stored, self.store.stamp()).digest,
        )))
    }

    fn search(&self, search: &Search) -> Result<Page, StoreError> {
        let mut page = Page::default();
        for digest in self.digests(search.account)? {
            let position = (std::cmp::Reverse(digest.start), digest.trace);
            let in_range = match search.basis {
                TimeBasis::Start => search.range.contains(&digest.start),
                TimeBasis::Update => search.range.contains(&digest.updated),
                TimeBasis::SegmentEnd => {
                    let mut ends = digest.segments.iter().filter_map(|segment| segment.end);
                    ends.any(|end| search.range.contains(&end))
                }
            };
            let given = |cursor: &Cursor| position <= (std::cmp::Reverse(cursor.start), cursor.trace);
            if !in_range || search.cursor.as_ref().is_some_and(given) {
                continue;
            }
            if page.digests.len() == search.limit {
                page.cursor = page.digests.last().map(|last| Cursor {
                    key: last.start.0,
                    start: last.start,
                    trace: last.trace,
                });
                break;
            }
            page.scanned += 1;
            if search.matcher.as_ref().is_none_or(|matcher| matcher.matches(&digest)) {
                page.digests.push(digest);
            }
        }
        Ok(page)
    }

    fn graph(&self, account: Account, range: TimeRange) -> Result<GraphStats, StoreError> {
        let mut sum = GraphStats::default();
        for (_, stats) in self.graph_series(account, range, 1)? {
            sum.merge(&stats, 1);
        }
        Ok(sum)
    }

    fn graph_series(
        &self,
        account: Account,
        range: TimeRange,
        minutes: u32,
    ) -> Result<Vec<(Timestamp, GraphStats)>, StoreError> {
        let mut all = Vec::new();
        for digest in self.digests(account)? {
            let within = contribution(&digest).into_iter().filter(|(minute, _)| {
                let start = Timestamp::from_minute(*minute);
                range.contains(&start)
            });
            all.extend(within.map(|(minute, stats)| (Timestamp::from_minute(minute / minutes * minutes), stats)));
        }
        Ok(all)
    }

    fn subscribe(&self) -> broadcast::Receiver<Touched> {
        self.store.subscribe()
    }
}
