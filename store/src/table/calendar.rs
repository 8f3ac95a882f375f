//! Which hours hold anything, so that no reader probes empty time, however far apart the traces' times are.

use std::collections::BTreeMap;

use crate::api::{Account, TimeBasis};
use crate::codec::varint::{Put, Take, corrupt};
use crate::engine::{Change, EngineError, Family, KeyRange, View, WriteBatch};
use beamline_model::time::{TimeRange, Timestamp};

use super::keys;
use super::zone::Zone;

const HOUR_NANOS: i64 = 3_600_000_000_000;

/// What a calendar is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Digests by the hour of their start.
    Summaries = 0,
    /// Graph statistics by the hour of the requests' end.
    Edges = 1,
}

/// One day with anything in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// A bit for each hour that holds anything.
    pub hours: u32,
    /// A bit for each hour that background work is not done with.
    pub open: u32,
    /// Bounds of the digests, rounded outwards to hours so that they change rarely.
    pub zone: Zone,
}

/// The days of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// By day since the epoch.
    pub days: BTreeMap<u32, Day>,
}

impl Calendar {
    /// Reads one.
    pub fn read(view: &dyn View, table: Table, account: Account) -> Result<Self, EngineError> {
        match view.get(Family::Meta, keys::CALENDARS, &keys::calendar(table as u8, account))? {
            Some(bytes) => Self::decode(&bytes).ok_or_else(|| corrupt("a calendar")),
            None => Ok(Self::default()),
        }
    }

    /// Reads those of all accounts.
    pub fn read_all(view: &dyn View, table: Table) -> Result<BTreeMap<Account, Self>, EngineError> {
        let mut all = BTreeMap::new();
        let mut sound = Some(());
        let every = KeyRange {
            start: std::ops::Bound::Unbounded,
            end: std::ops::Bound::Unbounded,
        };
        view.scan(Family::Meta, keys::CALENDARS, every, false, &mut |key, value| {
            if let [kind, high, low] = *key
                && kind == table as u8
            {
                let calendar = Self::decode(value);
                sound = sound.and(calendar.as_ref().map(|_| ()));
                all.insert(Account(u16::from_be_bytes([high, low])), calendar.unwrap_or_default());
            }
            std::ops::ControlFlow::Continue(())
        })?;
        sound.map(|()| all).ok_or_else(|| corrupt("a calendar"))
    }

    /// Notes that something was put into an hour, named by its first minute, and that there is work to do on it.
    /// Says whether that changed anything.
    pub fn note(&mut self, minute: u32, zone: Option<&Zone>) -> bool {
        let day = self.days.entry(minute / 1440).or_default();
        let before = *day;
        let bit = 1 << (minute / 60 % 24);
        day.hours |= bit;
        day.open |= bit;
        if let Some(zone) = zone {
            day.zone.merge(&outwards(zone));
            // Counts are kept by hour; here they only say that there is something.
            day.zone.rows = 1;
            (day.zone.duration, day.zone.failed, day.zone.flags) = (u64::MAX, u32::MAX, u8::MAX);
            day.zone.status = (0, u16::MAX);
        }
        *day != before
    }

    /// Notes that background work on an hour is done.
    pub fn close(&mut self, minute: u32) {
        if let Some(day) = self.days.get_mut(&(minute / 1440)) {
            day.open &= !(1 << (minute / 60 % 24));
        }
    }

    /// Forgets all hours below a minute. Says whether there were any.
    pub fn forget_below(&mut self, minute: u32) -> bool {
        let before = self.days.len();
        self.days = self.days.split_off(&(minute / 1440));
        let mut changed = before != self.days.len();
        if let Some(day) = self.days.get_mut(&(minute / 1440)) {
            let kept = u32::MAX << (minute / 60 % 24);
            changed |= day.hours & !kept != 0;
            (day.hours, day.open) = (day.hours & kept, day.open & kept);
        }
        self.days.retain(|_, day| day.hours != 0);
        changed
    }

    /// First minutes of the hours that may hold digests in a range, ascending.
    #[must_use]
    pub fn hours_in(&self, basis: TimeBasis, range: &TimeRange) -> Vec<u32> {
        self.days
            .iter()
            .filter(|(_, day)| day.zone.may_lie_in(basis, range))
            .flat_map(|(&number, day)| set_hours(number, day.hours))
            .filter(|&minute| {
                // A start outside the range of its hour cannot be, whatever the basis.
                let begin = Timestamp::from_minute(minute);
                begin < range.end && (basis != TimeBasis::Start || begin.plus(HOUR_NANOS) > range.start || minute == 0)
                    || basis == TimeBasis::Update
            })
            .collect()
    }

    /// First minutes of the hours between two minutes that hold anything, ascending.
    #[must_use]
    pub fn hours_between(&self, from: u32, to: u32) -> Vec<u32> {
        self.days
            .range(from / 1440..=to / 1440)
            .flat_map(|(&number, day)| set_hours(number, day.hours))
            .filter(|&minute| minute < to && minute.saturating_add(60) > from)
            .collect()
    }

    /// First minutes of the hours that background work is not done with, latest first.
    pub fn open_hours(&self) -> impl Iterator<Item = u32> + '_ {
        self.days
            .iter()
            .rev()
            .flat_map(|(&number, day)| set_hours(number, day.open).rev())
    }

    /// Writes it.
    pub fn put(&self, table: Table, account: Account, batch: &mut WriteBatch) {
        let mut value = vec![1];
        value.varint(self.days.len() as u64);
        for (&number, day) in &self.days {
            value.varint(u64::from(number));
            value.varint(u64::from(day.hours));
            value.varint(u64::from(day.open));
            day.zone.encode(Timestamp::ZERO, &mut value);
        }
        batch.changes.push(Change::Put {
            family: Family::Meta,
            part: keys::CALENDARS.to_vec(),
            key: keys::calendar(table as u8, account),
            value,
        });
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        if take.byte()? != 1 {
            return None;
        }
        let days = (0..take.count()?)
            .map(|_| {
                let number = take.number()?;
                let (hours, open) = (take.number()?, take.number()?);
                Some((
                    number,
                    Day {
                        hours,
                        open,
                        zone: Zone::decode(Timestamp::ZERO, &mut take)?,
                    },
                ))
            })
            .collect::<Option<_>>()?;
        Some(Self { days })
    }
}

fn set_hours(day: u32, hours: u32) -> impl DoubleEndedIterator<Item = u32> {
    (0..24)
        .filter(move |hour| hours >> hour & 1 == 1)
        .map(move |hour| day * 1440 + hour * 60)
}

fn outwards(zone: &Zone) -> Zone {
    let down = |time: i64| time.div_euclid(HOUR_NANOS).saturating_mul(HOUR_NANOS);
    let up = |time: i64| down(time).saturating_add(HOUR_NANOS);
    Zone {
        start: (down(zone.start.0), up(zone.start.1)),
        end: up(zone.end),
        updated: (down(zone.updated.0), up(zone.updated.1)),
        ..*zone
    }
}
