//! The service graph of any span of minutes.

use std::ops::Range;
use std::sync::Arc;

use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};

use super::sum::{Minutes, Sum};
use super::{EdgeHour, Length, add_bucket};
use crate::api::{Account, Wanted, WholeGraph};
use crate::engine::EngineError;
use crate::table::Moment;
use crate::table::calendar::{Calendar, Table};
use crate::table::keys::Place;

const MINUTE: i64 = 60_000_000_000;

/// The minutes that a range touches.
fn minutes(range: &TimeRange) -> Range<u32> {
    let end = range.end.plus(MINUTE - 1).minute();
    range.start.minute()..end.max(range.start.minute())
}

/// The requests that ended in the minutes that a range touches, live traces included.
pub fn graph(moment: &Moment<'_>, account: Account, range: &TimeRange) -> Result<GraphStats, EngineError> {
    let minutes = minutes(range);
    let calendar = Calendar::read(moment.view, Table::Edges, account)?;
    let mut sum = Sum::default();
    for minutes in cut(minutes.clone()) {
        sum.merge(&*sealed(moment, account, &calendar, minutes)?);
    }
    live(moment, &minutes)?.sums().for_each(|(_, live)| sum.merge(live));
    Ok(sum.graph())
}

/// Minutes cut so that what still changes is apart from what does not: the hours that are whole, the last of them, and
/// what is left at both ends.
fn cut(minutes: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    let last = minutes.end - minutes.end % 60;
    let first = minutes.start.div_ceil(60).saturating_mul(60).min(minutes.end);
    let last = last.max(first);
    let before = last.saturating_sub(60).max(first);
    [minutes.start..first, first..before, before..last, last..minutes.end]
        .into_iter()
        .filter(|part| !part.is_empty())
}

/// What is sealed of a stretch of time, named by every change of its hours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Piece {
    account: Account,
    minutes: Range<u32>,
    /// Hours with anything, and their state.
    hours: Vec<(u32, (u32, Timestamp))>,
}

/// The sum of what is sealed in some minutes.
fn sealed(
    moment: &Moment<'_>,
    account: Account,
    calendar: &Calendar,
    minutes: Range<u32>,
) -> Result<Arc<Sum>, EngineError> {
    let mut hours = Vec::new();
    for minute in calendar.hours_between(minutes.start, minutes.end) {
        let record = EdgeHour::read(moment.view, &Place { account, minute })?;
        hours.push((minute, record.state()));
    }
    let piece = Piece {
        account,
        minutes,
        hours,
    };
    moment.cache.sums.get(&piece, || {
        let mut sum = Sum::default();
        SealedHours::new(moment, account, calendar, &WholeGraph).add(piece.minutes.clone(), &mut sum)?;
        let bytes = sum.bytes() + piece.hours.len() * 24;
        Ok((Arc::new(sum), bytes))
    })
}

/// Visits what is wanted of the same, cut into periods, a multiple of a minute each, the first beginning with the
/// range's first minute, ascending. One period is held at a time, and periods without a request are left out.
pub fn each(
    moment: &Moment<'_>,
    account: Account,
    range: &TimeRange,
    period: u32,
    wanted: &dyn Wanted,
    visit: &mut dyn FnMut(Timestamp, GraphStats),
) -> Result<(), EngineError> {
    let minutes = minutes(range);
    let period = period.max(1);
    let calendar = Calendar::read(moment.view, Table::Edges, account)?;
    let live = live(moment, &minutes)?;
    // Only periods in hours with anything: a range may be as long as time itself.
    let mut hours = calendar.hours_between(minutes.start, minutes.end);
    hours.extend(live.sums().map(|(minute, _)| minute - minute % 60));
    hours.sort_unstable();
    let mut sealed = SealedHours::new(moment, account, &calendar, wanted);
    let number = |minute: u32| (minute - minutes.start) / period;
    let mut next = 0;
    for hour in hours {
        let part = hour.max(minutes.start)..hour.saturating_add(60).min(minutes.end);
        if part.is_empty() {
            continue;
        }
        let last = number(part.end - 1);
        for number in number(part.start).max(next)..=last {
            let first = minutes.start + number * period;
            let span = first..first.saturating_add(period).min(minutes.end);
            let mut sum = Sum::default();
            sealed.add(span.clone(), &mut sum)?;
            live.within(span).for_each(|live| sum.merge(live));
            let graph = sum.part(wanted);
            if !graph.is_empty() {
                visit(Timestamp::from_minute(first), graph);
            }
        }
        next = next.max(last + 1);
    }
    Ok(())
}

/// What live traces contribute beyond what is sealed of them.
pub(super) fn live(moment: &Moment<'_>, minutes: &Range<u32>) -> Result<Minutes, EngineError> {
    let mut sums = Minutes::default();
    for number in 0..moment.live.len() {
        let Some(live) = moment.live.derive(number)? else {
            continue;
        };
        sums.add_where(&live.digest, 1, |minute| minutes.contains(&minute));
        if let Some(sealed) = &live.sealed {
            sums.add_where(sealed, -1, |minute| minutes.contains(&minute));
        }
    }
    Ok(sums)
}

/// Adds up what is sealed, from the longest buckets that fit. It remembers the hour that it looked at last.
struct SealedHours<'a> {
    moment: &'a Moment<'a>,
    account: Account,
    calendar: &'a Calendar,
    wanted: &'a dyn Wanted,
    last: Option<(u32, EdgeHour)>,
}

impl<'a> SealedHours<'a> {
    fn new(moment: &'a Moment<'a>, account: Account, calendar: &'a Calendar, wanted: &'a dyn Wanted) -> Self {
        Self {
            moment,
            account,
            calendar,
            wanted,
            last: None,
        }
    }

    fn hour(&mut self, minute: u32) -> Result<EdgeHour, EngineError> {
        if let Some((_, hour)) = self.last.as_ref().filter(|(last, _)| *last == minute) {
            return Ok(hour.clone());
        }
        let place = Place {
            account: self.account,
            minute,
        };
        let hour = EdgeHour::read(self.moment.view, &place)?;
        self.last = Some((minute, hour.clone()));
        Ok(hour)
    }

    fn add(&mut self, minutes: Range<u32>, sum: &mut Sum) -> Result<(), EngineError> {
        let (view, account, wanted) = (self.moment.view, self.account, self.wanted);
        for first in self.calendar.hours_between(minutes.start, minutes.end) {
            let record = self.hour(first)?;
            let inside = |from: u32, length: u32| minutes.start <= from && from.saturating_add(length) <= minutes.end;
            let mut add = |minute, length| add_bucket(view, &Place { account, minute }, length, wanted, sum);
            if inside(first, 60) && record.has(Length::Hour, first) {
                add(first, Length::Hour)?;
                continue;
            }
            for ten in (first..first.saturating_add(60)).step_by(10) {
                if inside(ten, 10) && record.has(Length::Ten, ten) {
                    add(ten, Length::Ten)?;
                    continue;
                }
                for minute in (ten..ten + 10).filter(|&minute| inside(minute, 1) && record.has(Length::Minute, minute))
                {
                    add(minute, Length::Minute)?;
                }
            }
        }
        Ok(())
    }
}
