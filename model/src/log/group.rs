//! What is known of a log group.

use serde::{Deserialize, Serialize};

use super::LogGroupName;
use crate::time::Timestamp;

/// A log group, as it is kept: an object of the kind `LogGroup` under its name. Its tags are an object of the kind
/// `Tags` under its ARN, as those of every other resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Unique in its account, never changed.
    pub name: LogGroupName,
    /// What keys are made of: unique in the store, given out once.
    pub number: u32,
    /// When it was made.
    #[serde(with = "nanos")]
    pub created: Timestamp,
    /// What AWS charges for; kept and told.
    #[serde(default)]
    pub class: LogClass,
    /// How long its events stay; `None` for as long as the server keeps anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// The name under which the owner knows the key for new events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether deleting it is refused.
    #[serde(default)]
    pub protected: bool,
}

/// A group's class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogClass {
    /// All features.
    #[default]
    Standard,
    /// Fewer features at AWS, and cheaper.
    InfrequentAccess,
    /// Only for handing events on to others.
    Delivery,
    /// Fewer features again.
    Essentials,
}

/// How many days events stay: one of the numbers that AWS lets one choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Retention(u16);

/// Events cannot be kept for this number of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("log events cannot be kept for {0} days")]
pub struct BadRetention(pub u16);

impl Retention {
    /// What can be chosen, ascending.
    pub const CHOICES: [u16; 22] = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
    ];

    /// So many days, if they can be chosen.
    pub fn new(days: u16) -> Result<Self, BadRetention> {
        match Self::CHOICES.binary_search(&days) {
            Ok(_) => Ok(Self(days)),
            Err(_) => Err(BadRetention(days)),
        }
    }

    /// The number of days.
    #[must_use]
    pub const fn days(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Retention {
    type Error = BadRetention;

    fn try_from(days: u16) -> Result<Self, BadRetention> {
        Self::new(days)
    }
}

impl From<Retention> for u16 {
    fn from(retention: Retention) -> Self {
        retention.0
    }
}

/// A moment as a whole number.
mod nanos {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::time::Timestamp;

    pub(super) fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(moment.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_days_that_aws_lists_can_be_chosen() {
        for days in Retention::CHOICES {
            assert_eq!(Retention::new(days).map(Retention::days), Ok(days));
        }
        for days in [0, 2, 4, 29, 31, 366, 3654, u16::MAX] {
            assert_eq!(Retention::new(days), Err(BadRetention(days)));
        }
    }

    #[test]
    fn a_group_survives_being_written_and_a_short_record_is_read() {
        let group = LogGroup {
            name: "/aws/lambda/checkout".parse().unwrap(),
            number: 7,
            created: Timestamp(1_795_420_000_000_000_001),
            class: LogClass::InfrequentAccess,
            retention: Retention::new(14).ok(),
            key: Some("alias/logs".to_owned()),
            protected: true,
        };
        let text = serde_json::to_string(&group).unwrap();
        assert_eq!(serde_json::from_str::<LogGroup>(&text).unwrap(), group);
        assert!(text.contains(r#""class":"INFREQUENT_ACCESS""#), "{text}");
        let short: LogGroup = serde_json::from_str(r#"{"name":"a","number":1,"created":5}"#).unwrap();
        assert_eq!(
            (short.class, short.retention, short.protected),
            (LogClass::Standard, None, false)
        );
        assert!(serde_json::from_str::<LogGroup>(r#"{"name":"a","number":1,"created":5,"retention":2}"#).is_err());
    }
}
