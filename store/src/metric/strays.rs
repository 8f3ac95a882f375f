//! In which hours points lie whose own time is elsewhere.
//!
//! A point whose time cannot be believed, like one of a device without a clock, is kept with the hour of its reception,
//! because retention goes by that; this record leads a query for its own time there. It is a row of
//! [`Family::Meta`](crate::engine::Family::Meta) per account, and mostly there is none.
//!
//! ```text
//! version u8 = 1 | hours: count varint, each: hour varint, earliest and latest time of its strays zigzag
//! ```

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use beamline_model::time::{TimeRange, Timestamp};

use super::keys;
use crate::api::Account;
use crate::codec::varint::{Put, Take, corrupt};
use crate::engine::{Change, Family, KeyRange, View, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;

const PART: &[u8] = b"strays";
const VERSION: u8 = 1;

/// The hours of one account, each with the earliest and the latest time of its strays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Strays(BTreeMap<u32, (i64, i64)>);

impl Strays {
    pub(super) fn read(view: &dyn View, account: Account) -> Result<Self, StoreError> {
        match view.get(Family::Meta, PART, &keys::account(account))? {
            None => Ok(Self::default()),
            Some(value) => {
                Ok(Self::decode(&value).ok_or_else(|| corrupt("where points without a plausible time are"))?)
            }
        }
    }

    /// Hours that may have strays with a time in a range, ascending.
    pub(super) fn hours_in(&self, range: &TimeRange) -> impl Iterator<Item = u32> {
        let inside = |(first, last): &(i64, i64)| *first < range.end.0 && *last >= range.start.0;
        self.0
            .iter()
            .filter(move |(_, times)| inside(times))
            .map(|(hour, _)| *hour)
    }

    /// Takes a time in; says whether that changed anything.
    pub(super) fn note(&mut self, hour: u32, time: Timestamp) -> bool {
        let (first, last) = self.0.entry(hour).or_insert((i64::MAX, i64::MIN));
        let before = (*first, *last);
        (*first, *last) = (time.0.min(*first), time.0.max(*last));
        before != (*first, *last)
    }

    pub(super) fn put(&self, account: Account, batch: &mut WriteBatch) {
        let mut value = vec![VERSION];
        value.varint(self.0.len() as u64);
        for (&hour, &(first, last)) in &self.0 {
            value.varint(u64::from(hour));
            value.zigzag(first);
            value.zigzag(last);
        }
        batch.put(Family::Meta, PART, keys::account(account), value);
    }

    fn decode(value: &[u8]) -> Option<Self> {
        let mut take = Take(value);
        (take.byte()? == VERSION).then_some(())?;
        let hours = (0..take.count()?).map(|_| Some((take.number()?, (take.zigzag()?, take.zigzag()?))));
        Some(Self(hours.collect::<Option<_>>()?))
    }
}

/// Forgets all hours before one, of all accounts.
pub(super) fn forget_before(store: &Inner, hour: u32, batch: &mut WriteBatch) -> Result<(), StoreError> {
    let view = store.engine.view();
    let mut accounts = Vec::new();
    view.scan(Family::Meta, PART, KeyRange::all(), false, &mut |key, _| {
        accounts.extend(key.try_into().map(u16::from_be_bytes));
        ControlFlow::Continue(())
    })?;
    for account in accounts.into_iter().map(Account) {
        let mut strays = Strays::read(&*view, account)?;
        let kept = strays.0.split_off(&hour);
        if strays.0.is_empty() {
            continue;
        }
        let (part, key) = (PART.to_vec(), keys::account(account).to_vec());
        match kept.is_empty() {
            true => batch.changes.push(Change::Delete {
                family: Family::Meta,
                part,
                key,
            }),
            false => Strays(kept).put(account, batch),
        }
    }
    Ok(())
}
