//! Moments as AWS's JSON carries them.

use serde::{Deserialize, Deserializer, Serialize};

/// Seconds since the epoch, fractions allowed.
///
/// Reads any JSON number. What is above 1e11 was meant as milliseconds: the X-Ray SDK for Java writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
pub struct Seconds(pub f64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Ok(Self(if number.abs() > 1e11 { number / 1e3 } else { number }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_moment_is_read() {
        for (json, seconds) in [
            ("1704067200", 1_704_067_200.0),
            ("1704067200.5", 1_704_067_200.5),
            ("1.7040672005E9", 1_704_067_200.5),
            ("1704067200500", 1_704_067_200.5),
            ("0", 0.0),
            ("-1", -1.0),
        ] {
            assert_eq!(
                serde_json::from_str::<Seconds>(json).unwrap(),
                Seconds(seconds),
                "{json}"
            );
        }
    }

    #[test]
    fn moments_are_written_as_plain_numbers() {
        assert_eq!(
            serde_json::to_string(&Seconds(1_795_415_913.219)).unwrap(),
            "1795415913.219"
        );
        assert_eq!(serde_json::to_string(&Seconds(0.0)).unwrap(), "0.0");
    }
}
