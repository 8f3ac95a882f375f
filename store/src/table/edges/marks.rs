//! Which minutes changed, for whoever watches them.

use super::EdgeHour;
use crate::api::Account;
use crate::engine::{EngineError, View};
use crate::table::calendar::{Calendar, Table};
use crate::table::keys::Place;

/// The numbers of an hour's minutes, see [`read`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourMarks {
    /// First minute of the hour.
    pub hour: u32,
    /// Of each minute, a number that is another whenever its statistics are.
    pub minutes: [u32; 60],
}

/// When the statistics of minutes changed, for the hours from a minute on that have anything: two answers differ in the
/// minutes to which something was added in between.
pub fn read(view: &dyn View, account: Account, from: u32) -> Result<Vec<HourMarks>, EngineError> {
    let calendar = Calendar::read(view, Table::Edges, account)?;
    let read = |minute: u32| {
        let hour = EdgeHour::read(view, &Place { account, minute })?;
        Ok(HourMarks {
            hour: minute,
            minutes: hour.marks,
        })
    };
    calendar.hours_between(from, u32::MAX).into_iter().map(read).collect()
}
