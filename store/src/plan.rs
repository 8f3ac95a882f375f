//! Finding digests.
//!
//! A search walks time in units: a minute when results come by time, the whole range when they come by duration or
//! failures. From each unit it gathers the candidates that come first (`gather`), opens their pages and asks the
//! matcher (`evaluate`), until the page is full, the budget is spent, or nothing is left. Indexes only keep rows from
//! becoming candidates: with [`Required::Anything`] the same code scans.

use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::time::{TimeRange, Timestamp};

use crate::api::{Order, Page, Required, Search, TimeBasis};
use crate::engine::EngineError;
use crate::table::Moment;
use crate::table::calendar::{Calendar, Table};
use crate::table::hours::{self, Hour};
use crate::table::keys::Place;

mod evaluate;
mod filter;
mod gather;
mod live;
mod order;
mod store;

use evaluate::evaluate;
use gather::{Candidate, Source, Top, gather};
use live::{Next, Unsealed};
use order::Key;

/// Candidates gathered at once, at first and at most; more come in further rounds.
const FIRST_ROUND: usize = 128;
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
    let mut finder = Finder::new(moment, search, required)?;
    let calendar = Calendar::read(moment.view, Table::Summaries, search.account)?;
    let mut hours = calendar.hours_in(search.basis, &search.range);
    match search.order {
        Order::Newest => finder.newest(hours)?,
        Order::Oldest => {
            finder.add_hours(&mut hours);
            finder.oldest(hours)?;
        }
        Order::Slowest | Order::MostErrors => {
            finder.add_hours(&mut hours);
            let mut minutes = Vec::new();
            for hour in hours {
                let hour = finder.hour(hour)?;
                minutes.extend((hour.first..hour.first + 60).filter_map(|number| finder.minute(&hour, number)));
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

/// An hour being looked at.
struct HourOf {
    first: u32,
    record: Hour,
    /// Its filter does not rule out what is wanted.
    possible: bool,
}

/// A search under way.
struct Finder<'a> {
    moment: &'a Moment<'a>,
    search: &'a Search,
    required: &'a Required,
    live: Unsealed<'a>,
    /// Only what comes after this is still wanted.
    after: Option<Key>,
    page: Page,
    facts: usize,
    looked: usize,
}

impl<'a> Finder<'a> {
    fn new(moment: &'a Moment<'a>, search: &'a Search, required: &'a Required) -> Result<Self, EngineError> {
        Ok(Self {
            moment,
            search,
            required,
            live: Unsealed::new(moment.live, search)?,
            after: search.cursor.as_ref().map(Key::from),
            page: Page::default(),
            facts: 0,
            looked: 0,
        })
    }

    fn add_hours(&self, hours: &mut Vec<u32>) {
        hours.extend(self.live.hours());
        hours.sort_unstable();
        hours.dedup();
    }

    fn oldest(&mut self, hours: Vec<u32>) -> Result<(), EngineError> {
        for hour in hours {
            if !self.starts_may_lie_between(hour, hour.saturating_add(60)) {
                continue;
            }
            let hour = self.hour(hour)?;
            for number in hour.first..hour.first + 60 {
                if let Some(minute) = self.minute(&hour, number)
                    && self.unit(&[minute])?
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Goes back in time. Live traces are derived on the way, so only then it is known where some of them are.
    fn newest(&mut self, mut hours: Vec<u32>) -> Result<(), EngineError> {
        let mut end = u32::MAX;
        loop {
            let live = self.live.last_before(end).map(|minute| minute - minute % 60);
            let Some(hour) = hours.last().copied().max(live) else {
                return Ok(());
            };
            hours.pop_if(|last| *last == hour);
            if self.starts_may_lie_between(hour, hour.saturating_add(60)) {
                let hour = self.hour(hour)?;
                for number in (hour.first..hour.first + 60).rev() {
                    if let Some(minute) = self.minute(&hour, number)
                        && self.unit(&[minute])?
                    {
                        return Ok(());
                    }
                }
            }
            end = hour;
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

    fn hour(&self, first: u32) -> Result<HourOf, EngineError> {
        let place = Place {
            account: self.search.account,
            minute: first,
        };
        let record = Hour::read(self.moment.view, &place)?;
        let possible = filter::hour_may_have(self.moment.view, &place, &record, self.required)?;
        Ok(HourOf {
            first,
            record,
            possible,
        })
    }

    /// A minute of an hour, if it is to be looked at. What whole minutes cannot have is counted as looked at.
    fn minute(&mut self, hour: &HourOf, number: u32) -> Option<Minute> {
        let record = *hour.record.minutes.get((number - hour.first) as usize)?;
        let in_range = record.zone.may_lie_in(self.search.basis, &self.search.range)
            && self.starts_may_lie_between(number, number + 1);
        let wanted = (hour.possible || !record.filtered) && filter::zone_may_have(&record.zone, self.required);
        if in_range && !wanted {
            self.page.scanned += record.zone.rows;
        }
        let live_only = !(in_range && wanted);
        let place = Place {
            account: self.search.account,
            minute: number,
        };
        (!live_only || self.live.may_have(number)).then_some(Minute {
            place,
            record,
            live_only,
        })
    }

    /// Finds what is wanted in some minutes; says whether the page has ended.
    fn unit(&mut self, minutes: &[Minute]) -> Result<bool, EngineError> {
        let mut round = FIRST_ROUND.max(self.search.limit.saturating_mul(5) / 4);
        let mut counted = false;
        loop {
            let mut top = Top::new(self.search.order, round.min(LARGEST_ROUND).min(self.budget()));
            let mut seen = gather(self, minutes, &mut top)?;
            let more = self.gather_live(minutes, &mut top, &mut seen)?;
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
            if dropped == 0 && !more {
                return Ok(false);
            }
            round = round.saturating_mul(8);
        }
    }

    /// Adds the live candidates of some minutes; says whether there are more, none of which comes before those.
    fn gather_live(&mut self, minutes: &[Minute], top: &mut Top, seen: &mut u64) -> Result<bool, EngineError> {
        let (order, after) = (self.search.order, self.after);
        let mut add = |top: &mut Top, digest: &Arc<Digest>| {
            let key = Key::of(order, digest);
            if key.comes_after(after.as_ref(), order) {
                *seen += 1;
                top.push(Candidate {
                    key,
                    source: Source::Live(Arc::clone(digest)),
                });
            }
        };
        for minute in minutes {
            let number = minute.place.minute;
            self.live.of_minute(number).iter().for_each(|digest| add(top, digest));
            loop {
                match self.live.next(number, |latest| top.beats((latest.0, latest.0)))? {
                    Next::Some(Some(digest)) => add(top, &digest),
                    Next::Some(None) => {}
                    Next::Later => return Ok(true),
                    Next::None => break,
                }
            }
        }
        Ok(false)
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
