//! Moments, as nanoseconds since the Unix epoch.

use std::fmt;
use std::ops::Range;

/// A moment: nanoseconds since the Unix epoch.
///
/// X-Ray writes moments as fractional seconds and OTLP as whole nanoseconds; both fit without loss until the year
/// 2262. `Display` prints fractional seconds, `1795415913.219` style, with as many digits as the value has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A half-open span of time, `[start, end)`.
pub type TimeRange = Range<Timestamp>;

const NANOS: i64 = 1_000_000_000;

impl Timestamp {
    /// The epoch itself.
    pub const ZERO: Self = Self(0);
    /// The last moment that can be told.
    pub const MAX: Self = Self(i64::MAX);

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(NANOS))
    }

    /// Nanoseconds since the epoch as OTLP carries them; beyond 2262 they saturate.
    #[must_use]
    pub fn from_nanos(nanos: u64) -> Self {
        Self(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// A JSON number of seconds. Values above 1e11 are taken as milliseconds, because the X-Ray SDK for Java sends
    /// its statistics that way. `None` for what is not a moment: NaN, infinities.
    #[must_use]
    pub fn from_wire_seconds(seconds: f64) -> Option<Self> {
        if !seconds.is_finite() {
            return None;
        }
        let seconds = if seconds.abs() > 1e11 { seconds / 1e3 } else { seconds };
        // A float-to-int `as` saturates, which is what a far-future time deserves. Microseconds are what a double
        // can hold at today's epoch, so the noise below them is rounded away.
        Some(Self(((seconds * 1e6).round() as i64).saturating_mul(1_000)))
    }

    /// Reads decimal seconds from their spelling, exactly to the nanosecond: `1795415913.219`, `1.568835610432E9`.
    /// `None` for anything that is not a finite decimal number.
    #[must_use]
    pub fn parse_seconds(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        // value = digits × 10^(exponent - fraction length) seconds; shift to nanoseconds.
        let mut nanos: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()).take(40) {
            nanos = nanos.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let taken = whole.len().saturating_add(fraction.len()).min(40);
        let untaken = (whole.len() + fraction.len() - taken) as i32;
        let shift = exponent
            .checked_add(9)?
            .checked_sub(i32::try_from(fraction.len()).ok()?)?
            .checked_add(untaken)?;
        let nanos = if shift >= 0 {
            let power = 10i128.checked_pow(shift.unsigned_abs()).unwrap_or(i128::MAX);
            nanos.saturating_mul(power)
        } else {
            match 10i128.checked_pow(shift.unsigned_abs()) {
                Some(divisor) => (nanos + divisor / 2) / divisor,
                None => 0,
            }
        };
        let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
        Some(Self(if negative { -nanos } else { nanos }))
    }

    /// Seconds as the AWS APIs print them.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The minute this moment falls into, counted from the epoch; times before it fall into minute 0.
    #[must_use]
    pub fn minute(self) -> u32 {
        u32::try_from(self.0.div_euclid(60 * NANOS).max(0)).unwrap_or(u32::MAX)
    }

    /// The day this moment falls into, counted from the epoch; times before it fall into day 0.
    #[must_use]
    pub fn day(self) -> u16 {
        u16::try_from(self.0.div_euclid(86_400 * NANOS).max(0)).unwrap_or(u16::MAX)
    }

    /// The first moment of a minute.
    #[must_use]
    pub fn from_minute(minute: u32) -> Self {
        Self(i64::from(minute).saturating_mul(60 * NANOS))
    }

    /// How long after `earlier` this moment is, in nanoseconds; 0 if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// This moment moved by a number of nanoseconds, saturating.
    #[must_use]
    pub fn plus(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, magnitude) = if self.0 < 0 {
            ("-", self.0.unsigned_abs())
        } else {
            ("", self.0 as u64)
        };
        let (whole, nanos) = (magnitude / NANOS as u64, magnitude % NANOS as u64);
        if nanos == 0 {
            return write!(f, "{sign}{whole}.0");
        }
        let fraction = format!("{nanos:09}");
        write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn real_sdk_spellings_are_read_exactly() {
        let check =
            |text: &str, nanos: i64| assert_eq!(Timestamp::parse_seconds(text), Some(Timestamp(nanos)), "{text}");
        check("1795415913.219", 1_795_415_913_219_000_000);
        check("1.568835610432E9", 1_568_835_610_432_000_000);
        check("1795415967.9915116", 1_795_415_967_991_511_600);
        check("0", 0);
        check("-1.5", -1_500_000_000);
        check("1e300", i64::MAX);
        check("1e-300", 0);
        check("1.00000000049", 1_000_000_000);
    }

    #[test]
    fn what_is_not_a_number_is_not_a_moment() {
        for text in ["", "-", ".", "NaN", "inf", "1e", "1e99999999999", "0x10", "1_000", "+1"] {
            assert_eq!(Timestamp::parse_seconds(text), None, "{text}");
        }
        assert_eq!(Timestamp::from_wire_seconds(f64::NAN), None);
        assert_eq!(Timestamp::from_wire_seconds(f64::INFINITY), None);
    }

    #[test]
    fn java_milliseconds_are_recognised() {
        assert_eq!(
            Timestamp::from_wire_seconds(1_624_257_967_000.0),
            Some(Timestamp::from_seconds(1_624_257_967))
        );
        assert_eq!(
            Timestamp::from_wire_seconds(1_624_257_967.5),
            Some(Timestamp(1_624_257_967_500_000_000))
        );
    }

    proptest! {
        #[test]
        fn printing_and_reading_lose_nothing(nanos in (i64::MIN + 1)..) {
            let moment = Timestamp(nanos);
            prop_assert_eq!(Timestamp::parse_seconds(&moment.to_string()), Some(moment));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "[-0-9.eE]{0,60}") {
            let _ = Timestamp::parse_seconds(&text);
        }
    }
}
