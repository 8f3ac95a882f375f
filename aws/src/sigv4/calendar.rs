//! Moments as signatures write them: `20260131T235959Z`.

use beamline_model::time::Timestamp;

const DAY: i64 = 86_400;

/// The moment in the basic format of ISO 8601, in UTC.
pub(super) fn spell(moment: Timestamp) -> String {
    let seconds = moment.0.div_euclid(1_000_000_000);
    let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil(day);
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// Reads that format; `None` for anything else, such as the 31st of June.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let digits = |range| -> Option<i64> {
        let part: &str = text.get(range)?;
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| part.parse().ok())?
    };
    if text.len() != 16 || text.get(8..9)? != "T" || text.get(15..)? != "Z" {
        return None;
    }
    let (year, month, day) = (digits(0..4)?, digits(4..6)?, digits(6..8)?);
    let (hour, minute, second) = (digits(9..11)?, digits(11..13)?, digits(13..15)?);
    let days = days(year, month, day);
    let real = civil(days) == (year, month, day) && hour < 24 && minute < 60 && second < 60;
    real.then(|| Timestamp::from_seconds(days * DAY + hour * 3_600 + minute * 60 + second))
}

/// Days since the epoch of a date in the Gregorian calendar, after Howard Hinnant's `days_from_civil`: years begin in
/// March, so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse: year, month and day.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let (month, day) = ((from_march + 2) % 12 + 1, of_year - (153 * from_march + 2) / 5 + 1);
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_are_spelled_in_utc() {
        assert_eq!(spell(Timestamp::from_seconds(1_440_938_160)), "20150830T123600Z");
        assert_eq!(spell(Timestamp::from_seconds(951_782_399)), "20000228T235959Z");
        assert_eq!(spell(Timestamp::from_seconds(951_782_400)), "20000229T000000Z");
        assert_eq!(spell(Timestamp::ZERO), "19700101T000000Z");
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "20150631T123600Z",
            "20150830T243600Z",
            "2015083+T123600Z",
            "20150830t123600Z",
            "20150229T000000Z",
            "2015-08-30T12:36Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn moments_survive_their_spelling(seconds in -9_000_000_000i64..9_000_000_000) {
            let moment = Timestamp::from_seconds(seconds);
            prop_assert_eq!(parse(&spell(moment)), Some(moment));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = parse(&text);
        }
    }
}
