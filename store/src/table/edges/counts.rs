//! Requests and faults by the minute, without the histograms that make up most of what is kept.

use std::ops::{Bound, ControlFlow, Range};

use beamline_model::digest::ServiceId;
use beamline_model::insight::Minute;

use super::{EdgeHour, Length, packed};
use crate::api::Account;
use crate::codec::varint::corrupt;
use crate::engine::{EngineError, Family, KeyRange};
use crate::table::Moment;
use crate::table::calendar::{Calendar, Table};
use crate::table::keys::{self, Place};

/// What is sealed of some minutes; those with nothing are left out.
pub fn sealed(moment: &Moment<'_>, account: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, EngineError> {
    let calendar = Calendar::read(moment.view, Table::Edges, account)?;
    let mut found = Vec::new();
    for hour in calendar.hours_between(minutes.start, minutes.end) {
        let record = EdgeHour::read(moment.view, &Place { account, minute: hour })?;
        let inside = hour.max(minutes.start)..hour.saturating_add(60).min(minutes.end);
        for minute in inside.filter(|&minute| record.has(Length::Minute, minute)) {
            found.push((minute, of_minute(moment, Place { account, minute })?));
        }
    }
    Ok(found)
}

/// The same with what live traces add to it.
pub fn all(moment: &Moment<'_>, account: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, EngineError> {
    let mut found: std::collections::BTreeMap<u32, Minute> =
        sealed(moment, account, minutes.clone())?.into_iter().collect();
    for (minute, sum) in super::read::live(moment, &minutes)?.sums() {
        found.entry(minute).or_default().add(Minute::from(&sum.graph()));
    }
    Ok(found.into_iter().collect())
}

fn of_minute(moment: &Moment<'_>, place: Place) -> Result<Minute, EngineError> {
    let range = KeyRange {
        start: Bound::Included(keys::edges(Length::Minute as u8)),
        end: Bound::Excluded(keys::edges(Length::Minute as u8 + 1)),
    };
    let mut minute = Minute::default();
    let mut sound = Some(());
    moment
        .view
        .scan(Family::Edge, &place.part(), range, false, &mut |_, value| {
            sound = add(value, &mut minute);
            match sound {
                Some(()) => ControlFlow::Continue(()),
                None => ControlFlow::Break(()),
            }
        })?;
    sound.ok_or_else(|| corrupt("graph statistics"))?;
    Ok(minute)
}

/// Adds one value to a minute; `None` if its bytes are damaged.
fn add(value: &[u8], minute: &mut Minute) -> Option<()> {
    let body = packed::unpack(value)?;
    let mut take = crate::codec::varint::Take(&body);
    let mut services: Vec<ServiceId> = Vec::new();
    for _ in 0..take.count()? {
        services.push(packed::take_service(&mut take)?);
    }
    let service = |number: u64| services.get(usize::try_from(number).ok()?);
    for _ in 0..take.count()? {
        let id = service(take.varint()?)?;
        let _roots_and_reported = (take.zigzag()?, take.zigzag()?);
        let counts = packed::take_counts(&mut take)?;
        match minute.services.get_mut(id) {
            Some(sum) => sum.add(counts),
            None => drop(minute.services.insert(id.clone(), counts)),
        }
    }
    for _ in 0..take.count()? {
        let from = match take.varint()? {
            0 => None,
            from => Some(service(from - 1)?),
        };
        let to = take.varint()?;
        let (callee, link) = (service(to >> 1)?, to & 1 == 1);
        let counts = packed::take_counts(&mut take)?;
        packed::skip_aliases(&mut take)?;
        match from {
            None => minute.clients.add(counts),
            Some(from) if !link => {
                *minute.calls.entry((from.clone(), callee.clone())).or_default() += counts.total;
            }
            Some(_) => {}
        }
    }
    take.0.is_empty().then_some(())
}
