//! Finding digests.
//!
//! A search walks time in units: a minute when results come by time, the whole range when they come by duration or
//! failures. From each unit it gathers the candidates that come first ([`gather`]), opens their pages and asks the
//! matcher ([`evaluate`]), until the page is full, the budget is spent, or nothing is left. Indexes only keep rows from
//! becoming candidates: with [`Required::Anything`] the same code scans.

use std::collections::BTreeMap;
use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::time::{TimeRange, Timestamp};
use rustc_hash::FxHashSet;

use crate::api::{Order, Page, Required, Search, TimeBasis};
use crate::engine::EngineError;
use crate::table::calendar::{Calendar, Table};
use crate::table::hours::{self, Hour};
use crate::table::keys::Place;
use crate::table::{Live, Moment};

mod evaluate;
mod filter;
mod gather;
mod order;
mod store;

use evaluate::evaluate;
use gather::{Candidate, Source, Top, gather};
use order::Key;

/// Candidates gathered at once, at first and at most; more come in further rounds.
const FIRST_ROUND: usize = 1024;
const LARGEST_ROUND: usize = 65_536;
/// A page ends when the services, calls and annotations of its digests are so many, whatever its limit.
const MOST_FACTS: usize = 1 << 20;

/// One page of the traces that are searched for.
pub fn search(moment: &Moment<'_>, search: &Search) -> Result<Page, EngineError> {
    let required = search
        .matcher
        .as_ref()
        .map_or(Required::Anything, |matcher| matcher.required());
    with(moment, search, &required)
}

/// The same with a condition in place of the one that the matcher requires, which it has to follow from.
fn with(moment: &Moment<'_>, search: &Search, required: &Required) -> Result<Page, EngineError> {
    let mut finder = Finder::new(moment, search, required);
    let calendar = Calendar::read(moment.view, Table::Summaries, search.account)?;
    let mut hours = calendar.hours_in(search.basis, &search.range);
    hours.extend(finder.live.keys().map(|minute| minute - minute % 60));
    hours.sort_unstable();
    hours.dedup();
    hours.retain(|&hour| finder.starts_may_lie_between(hour, hour.saturating_add(60)));
    if search.order == Order::Newest {
        hours.reverse();
    }
    match search.order {
        Order::Newest | Order::Oldest => {
            for hour in hours {
                let mut minutes = finder.minutes(hour)?;
                if search.order == Order::Newest {
                    minutes.reverse();
                }
                for minute in minutes {
                    if finder.unit(&[minute])? {
                        return Ok(finder.page);
                    }
                }
            }
        }
        Order::Slowest | Order::MostErrors => {
            let mut minutes = Vec::new();
            for hour in hours {
                minutes.append(&mut finder.minutes(hour)?);
            }
            finder.unit(&minutes)?;
        }
    }
    Ok(finder.page)
}

/// Whether a digest lies in a range by one of its times.
fn lies_in(digest: &Digest, basis: TimeBasis, range: &TimeRange) -> bool {
    match basis {
        TimeBasis::Start => range.contains(&digest.start),
        TimeBasis::Update => range.contains(&digest.updated),
        TimeBasis::SegmentEnd => digest
            .segments
            .iter()
            .filter_map(|segment| segment.end)
            .any(|end| range.contains(&end)),
    }
}

/// A minute to be looked at.
struct Minute {
    place: Place,
    record: hours::Minute,
    /// Its sealed digests cannot be wanted; only live ones can.
    live_only: bool,
}

/// A search under way.
struct Finder<'a> {
    moment: &'a Moment<'a>,
    search: &'a Search,
    required: &'a Required,
    /// Live traces that lie in the range, by the minute of their start.
    live: BTreeMap<u32, Vec<&'a Live>>,
    /// Traces that are live and sealed: what is sealed of them is out of date.
    outdated: FxHashSet<u128>,
    /// Only what comes after this is still wanted.
    after: Option<Key>,
    page: Page,
    facts: usize,
    looked: usize,
}

impl<'a> Finder<'a> {
    fn new(moment: &'a Moment<'a>, search: &'a Search, required: &'a Required) -> Self {
        let mut live: BTreeMap<u32, Vec<&Live>> = BTreeMap::new();
        for entry in moment
            .live
            .iter()
            .filter(|live| lies_in(&live.digest, search.basis, &search.range))
        {
            live.entry(entry.digest.start.minute()).or_default().push(entry);
        }
        let amended = moment.live.iter().filter(|live| live.sealed.is_some());
        Self {
            moment,
            search,
            required,
            live,
            outdated: amended.map(|live| live.digest.trace.0).collect(),
            after: search.cursor.as_ref().map(Key::from),
            page: Page::default(),
            facts: 0,
            looked: 0,
        }
    }

    /// Whether traces that started in `[from, to)` minutes may come after what was given already.
    fn starts_may_lie_between(&self, from: u32, to: u32) -> bool {
        // Minute 0 also holds what started before it.
        let begin = if from == 0 {
            Timestamp(i64::MIN)
        } else {
            Timestamp::from_minute(from)
        };
        match (self.search.order, &self.after) {
            (Order::Newest, Some(after)) => begin <= after.start,
            (Order::Oldest, Some(after)) => Timestamp::from_minute(to) > after.start || to == u32::MAX,
            _ => true,
        }
    }

    /// The minutes of an hour to be looked at, ascending. What whole minutes cannot have is counted as looked at.
    fn minutes(&mut self, hour: u32) -> Result<Vec<Minute>, EngineError> {
        let place = Place {
            account: self.search.account,
            minute: hour,
        };
        let record = Hour::read(self.moment.view, &place)?;
        let possible = filter::hour_may_have(self.moment.view, &place, &record, self.required)?;
        let mut minutes = Vec::new();
        for (number, minute) in (hour..).zip(&record.minutes) {
            let in_range = minute.zone.may_lie_in(self.search.basis, &self.search.range)
                && self.starts_may_lie_between(number, number + 1);
            let wanted = (possible || !minute.filtered) && filter::zone_may_have(&minute.zone, self.required);
            if in_range && !wanted {
                self.page.scanned += minute.zone.rows;
            }
            if in_range && wanted || self.live.contains_key(&number) {
                let place = Place {
                    minute: number,
                    ..place
                };
                minutes.push(Minute {
                    place,
                    record: *minute,
                    live_only: !(in_range && wanted),
                });
            }
        }
        Ok(minutes)
    }

    /// Finds what is wanted in some minutes; says whether the page has ended.
    fn unit(&mut self, minutes: &[Minute]) -> Result<bool, EngineError> {
        let mut round = FIRST_ROUND.max(self.search.limit.saturating_mul(2));
        let mut counted = false;
        loop {
            let mut top = Top::new(self.search.order, round.min(LARGEST_ROUND).min(self.budget()));
            let mut seen = 0;
            for minute in minutes {
                for live in self.live.get(&minute.place.minute).into_iter().flatten() {
                    let key = Key::of(self.search.order, &live.digest);
                    if key.comes_after(self.after.as_ref(), self.search.order) {
                        seen += 1;
                        top.push(Candidate {
                            key,
                            source: Source::Live(Arc::clone(&live.digest)),
                        });
                    }
                }
            }
            seen += gather(self, minutes, &mut top)?;
            if !counted {
                (counted, self.page.scanned) = (true, self.page.scanned + seen);
            }
            let dropped = top.dropped;
            let candidates = top.into_sorted();
            let count = candidates.len();
            let evaluated = self.take(candidates)?;
            if self.page.cursor.is_some() {
                let unseen = (count - evaluated) as u64 + dropped;
                self.page.scanned = self.page.scanned.saturating_sub(unseen);
                return Ok(true);
            }
            if dropped == 0 {
                return Ok(false);
            }
            round = round.saturating_mul(8);
        }
    }

    fn budget(&self) -> usize {
        self.search.budget.max(1).saturating_sub(self.looked).max(1)
    }

    /// Gives those of the candidates that match, in order, until the page ends; says how many were looked at.
    fn take(&mut self, candidates: Vec<Candidate>) -> Result<usize, EngineError> {
        let limit = self.search.limit.max(1);
        let mut batch = (limit - self.page.digests.len()).max(64);
        let mut evaluated = 0;
        let mut rest = candidates.into_iter();
        loop {
            let these: Vec<Candidate> = rest.by_ref().take(batch).collect();
            if these.is_empty() {
                return Ok(evaluated);
            }
            for (key, digest) in evaluate(self.moment, self.search, these)? {
                evaluated += 1;
                self.looked += 1;
                self.after = Some(key);
                if let Some(digest) = digest {
                    self.facts += digest.segments.len() + digest.calls.len() + digest.annotations.len();
                    self.page.digests.push(digest);
                }
                let full = self.page.digests.len() >= limit || self.facts >= MOST_FACTS;
                if full || self.looked >= self.search.budget.max(1) {
                    self.page.cursor = Some(key.into());
                    return Ok(evaluated);
                }
            }
            batch = (batch * 4).min(4096);
        }
    }
}

#[cfg(test)]
#[path = "plan/tests.rs"]
mod tests;
