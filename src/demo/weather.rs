//! What is wrong with the world at a moment. Troubles come and go on their own schedules, so that any hour has some
//! and their times differ.

use beamline_model::time::Timestamp;

/// The troubles of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weather {
    /// The third party that authorizes cards fails often.
    pub(crate) card_network_down: bool,
    /// The table of orders gets more requests than it is paid for.
    pub(crate) table_hot: bool,
    /// The database is slow.
    pub(crate) database_slow: bool,
}

impl Weather {
    /// The troubles at `moment`.
    pub(crate) fn at(moment: Timestamp) -> Self {
        let minute = moment.minute();
        Self {
            card_network_down: (20..26).contains(&(minute % 53)),
            table_hot: (5..9).contains(&(minute % 37)),
            database_slow: (30..35).contains(&(minute % 41)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hour_has_each_trouble_and_mostly_none() {
        for hour in 0..200 {
            let minutes: Vec<Weather> = (0..60)
                .map(|m| Weather::at(Timestamp::from_minute(hour * 60 + m)))
                .collect();
            assert!(minutes.iter().any(|it| it.card_network_down));
            assert!(minutes.iter().any(|it| it.table_hot));
            assert!(minutes.iter().any(|it| it.database_slow));
            let calm = minutes
                .iter()
                .filter(|it| !(it.card_network_down || it.table_hot || it.database_slow));
            assert!(calm.count() >= 30);
        }
    }
}
