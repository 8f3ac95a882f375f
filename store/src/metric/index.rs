//! Which series have some terms in common.
//!
//! A term is a partition that lists its series, a row each. The shortest list is followed; whether a series is in the
//! other ones is asked row by row. What is found is held against the descriptors, since two terms can have one hash.

use std::ops::{Bound, ControlFlow};

use beamline_model::time::{TimeRange, Timestamp};

use super::activity::{Activity, both};
use super::registry::read_descriptor;
use super::{keys, terms};
use crate::Store;
use crate::api::metric::{FoundSeries, SeriesPage, SeriesQuery};
use crate::engine::{Family, KeyRange, View};
use crate::error::StoreError;
use crate::inner::Inner;

/// Lists are looked at so far, one step after the other, until one of them ends: a short one is found soon whatever the
/// length of the others.
const STEPS: [usize; 3] = [64, 512, 4_096];
/// So many series are looked at together.
const TOGETHER: usize = 512;

struct Search<'a> {
    store: &'a Inner,
    view: &'a dyn View,
    query: &'a SeriesQuery,
    /// The list that is followed; `None` to follow all series.
    leading: Option<Vec<u8>>,
    /// The other lists.
    others: Vec<Vec<u8>>,
}

impl Store {
    /// Series that have all of some terms, by ascending number. Blocks.
    pub fn series(&self, query: &SeriesQuery) -> Result<SeriesPage, StoreError> {
        Search::new(&self.inner, &*self.inner.engine.view(), query)?.page()
    }
}

/// The numbers in a list behind one, at most so many.
fn list(
    view: &dyn View,
    part: Option<&[u8]>,
    query: &SeriesQuery,
    after: Option<u32>,
    most: usize,
) -> Result<Vec<u32>, StoreError> {
    let account = keys::account(query.account);
    let (family, part) = match part {
        Some(part) => (Family::SeriesIndex, part),
        None => (Family::Series, &account[..]),
    };
    let key = |series: u32| match family {
        Family::Series => keys::descriptor(series).to_vec(),
        _ => series.to_be_bytes().to_vec(),
    };
    let range = KeyRange {
        start: after.map_or(Bound::Included(key(0)), |after| Bound::Excluded(key(after))),
        end: Bound::Included(key(u32::MAX)),
    };
    let mut found = Vec::new();
    view.scan(family, part, range, false, &mut |key, _| {
        found.extend(match family {
            Family::Series => keys::series_of(key),
            _ => key.try_into().ok().map(u32::from_be_bytes),
        });
        match found.len() < most {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    })?;
    Ok(found)
}

/// Which list is the shortest, as far as that is soon told.
fn shortest(view: &dyn View, query: &SeriesQuery, lists: &[Vec<u8>]) -> Result<usize, StoreError> {
    if lists.len() < 2 {
        return Ok(0);
    }
    for step in STEPS {
        let mut shortest = (step, None);
        for (index, part) in lists.iter().enumerate() {
            let length = list(view, Some(part), query, query.after, shortest.0)?.len();
            if length < shortest.0 {
                shortest = (length, Some(index));
            }
        }
        if let (_, Some(index)) = shortest {
            return Ok(index);
        }
    }
    Ok(0)
}

impl<'a> Search<'a> {
    fn new(store: &'a Inner, view: &'a dyn View, query: &'a SeriesQuery) -> Result<Self, StoreError> {
        let mut others: Vec<_> = query
            .terms
            .iter()
            .map(|term| terms::part(query.account, term))
            .collect();
        others.sort_unstable();
        others.dedup();
        let shortest = shortest(view, query, &others)?;
        let leading = (!others.is_empty()).then(|| others.swap_remove(shortest));
        Ok(Self {
            store,
            view,
            query,
            leading,
            others,
        })
    }

    fn page(&self) -> Result<SeriesPage, StoreError> {
        let mut page = SeriesPage::default();
        let mut after = self.query.after;
        loop {
            let some = list(self.view, self.leading.as_deref(), self.query, after, TOGETHER)?;
            let Some(&last) = some.last() else {
                return Ok(page);
            };
            for found in self.matching(some)? {
                if page.series.len() == self.query.limit {
                    page.next = page.series.last().map(|last| last.series);
                    return Ok(page);
                }
                page.series.push(found);
            }
            after = Some(last);
        }
    }

    /// Those of some series that are wanted.
    fn matching(&self, mut some: Vec<u32>) -> Result<Vec<FoundSeries>, StoreError> {
        for part in &self.others {
            let rows: Vec<_> = some
                .iter()
                .map(|series| (part.clone(), series.to_be_bytes().to_vec()))
                .collect();
            let listed = self.view.multi_get(Family::SeriesIndex, &rows)?;
            let mut listed = listed.iter();
            some.retain(|_| listed.next().is_some_and(Option::is_some));
        }
        let part = keys::account(self.query.account).to_vec();
        let rows = |key: fn(u32) -> [u8; 5]| -> Vec<_> {
            some.iter()
                .map(|&series| (part.clone(), key(series).to_vec()))
                .collect()
        };
        // Live first: what is sealed between the two looks is then found twice.
        let live = self.store.points.times(self.query.account, &some);
        let activities = self
            .store
            .engine
            .view()
            .multi_get(Family::Series, &rows(keys::activity))?;
        let descriptors = self.view.multi_get(Family::Series, &rows(keys::descriptor))?;
        let mut found = Vec::new();
        let times = live.into_iter().zip(activities);
        for ((series, (live, sealed)), descriptor) in some.into_iter().zip(times).zip(descriptors) {
            let Some(descriptor) = descriptor else { continue };
            let active = active(live, sealed.as_deref());
            if let Some(range) = &self.query.range
                && !active
                    .as_ref()
                    .is_some_and(|active| active.start < range.end && range.start < active.end)
            {
                continue;
            }
            let descriptor = read_descriptor(&descriptor)?;
            let facts = descriptor.facts();
            if self.query.terms.iter().all(|term| terms::has(&facts, term)) {
                drop(facts);
                found.push(FoundSeries {
                    series,
                    descriptor,
                    active,
                });
            }
        }
        Ok(found)
    }
}

/// Between which hours a series has points, of which some are live and some may be sealed.
fn active(live: Option<(Timestamp, Timestamp)>, row: Option<&[u8]>) -> Option<TimeRange> {
    let sealed = row.and_then(Activity::decode).and_then(Activity::all_hours);
    let live = live.map(|(first, last)| (keys::hour(first), keys::hour(last)));
    let (first, last) = both(sealed, live)?;
    Some(keys::span(first, last))
}
