//! The units that CloudWatch knows.

use std::str::FromStr;

/// A unit of CloudWatch. The numbers are part of the stored form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "each is the word it stands for")]
pub enum Unit {
    #[default]
    None = 0,
    Seconds = 1,
    Microseconds = 2,
    Milliseconds = 3,
    Bytes = 4,
    Kilobytes = 5,
    Megabytes = 6,
    Gigabytes = 7,
    Terabytes = 8,
    Bits = 9,
    Kilobits = 10,
    Megabits = 11,
    Gigabits = 12,
    Terabits = 13,
    Percent = 14,
    Count = 15,
    BytesPerSecond = 16,
    KilobytesPerSecond = 17,
    MegabytesPerSecond = 18,
    GigabytesPerSecond = 19,
    TerabytesPerSecond = 20,
    BitsPerSecond = 21,
    KilobitsPerSecond = 22,
    MegabitsPerSecond = 23,
    GigabitsPerSecond = 24,
    TerabitsPerSecond = 25,
    CountPerSecond = 26,
}

/// The word is no unit of CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such unit: `{0}`")]
pub struct BadUnit(pub String);

impl Unit {
    /// Every unit, in the order of their numbers.
    pub const ALL: [Self; 27] = [
        Self::None,
        Self::Seconds,
        Self::Microseconds,
        Self::Milliseconds,
        Self::Bytes,
        Self::Kilobytes,
        Self::Megabytes,
        Self::Gigabytes,
        Self::Terabytes,
        Self::Bits,
        Self::Kilobits,
        Self::Megabits,
        Self::Gigabits,
        Self::Terabits,
        Self::Percent,
        Self::Count,
        Self::BytesPerSecond,
        Self::KilobytesPerSecond,
        Self::MegabytesPerSecond,
        Self::GigabytesPerSecond,
        Self::TerabytesPerSecond,
        Self::BitsPerSecond,
        Self::KilobitsPerSecond,
        Self::MegabitsPerSecond,
        Self::GigabitsPerSecond,
        Self::TerabitsPerSecond,
        Self::CountPerSecond,
    ];

    const WORDS: [&'static str; 27] = [
        "None",
        "Seconds",
        "Microseconds",
        "Milliseconds",
        "Bytes",
        "Kilobytes",
        "Megabytes",
        "Gigabytes",
        "Terabytes",
        "Bits",
        "Kilobits",
        "Megabits",
        "Gigabits",
        "Terabits",
        "Percent",
        "Count",
        "Bytes/Second",
        "Kilobytes/Second",
        "Megabytes/Second",
        "Gigabytes/Second",
        "Terabytes/Second",
        "Bits/Second",
        "Kilobits/Second",
        "Megabits/Second",
        "Gigabits/Second",
        "Terabits/Second",
        "Count/Second",
    ];

    /// The word that CloudWatch's API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The unit with a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The unit that an OTLP metric's unit (UCUM) comes closest to without changing the numbers.
    #[must_use]
    pub fn of_ucum(unit: &str) -> Self {
        match unit {
            "s" => Self::Seconds,
            "ms" => Self::Milliseconds,
            "us" => Self::Microseconds,
            "By" => Self::Bytes,
            "kBy" | "KiBy" => Self::Kilobytes,
            "MBy" | "MiBy" => Self::Megabytes,
            "GBy" | "GiBy" => Self::Gigabytes,
            "TBy" | "TiBy" => Self::Terabytes,
            "bit" => Self::Bits,
            "%" => Self::Percent,
            "By/s" => Self::BytesPerSecond,
            "bit/s" => Self::BitsPerSecond,
            _ if unit.starts_with('{') && unit.ends_with("}/s") => Self::CountPerSecond,
            "1" => Self::Count,
            _ if unit.starts_with('{') && unit.ends_with('}') => Self::Count,
            _ => Self::None,
        }
    }
}

impl FromStr for Unit {
    type Err = BadUnit;

    fn from_str(word: &str) -> Result<Self, BadUnit> {
        let found = Self::WORDS.iter().position(|known| *known == word);
        found
            .and_then(|at| Self::ALL.get(at).copied())
            .ok_or_else(|| BadUnit(word.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_a_word_and_a_number() {
        for (number, unit) in Unit::ALL.into_iter().enumerate() {
            assert_eq!((unit as usize, unit.as_str().parse()), (number, Ok(unit)));
            assert_eq!(Unit::from_number(number as u8), Some(unit));
        }
        assert_eq!("seconds".parse::<Unit>(), Err(BadUnit("seconds".into())));
        assert_eq!(Unit::from_number(27), None);
    }

    #[test]
    fn units_of_opentelemetry_are_translated() {
        let check = |ucum, unit| assert_eq!(Unit::of_ucum(ucum), unit, "{ucum}");
        check("ms", Unit::Milliseconds);
        check("{request}", Unit::Count);
        check("{request}/s", Unit::CountPerSecond);
        check("By/s", Unit::BytesPerSecond);
        check("furlong", Unit::None);
    }
}
