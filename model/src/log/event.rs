//! Which event, and in which order.

use std::fmt;
use std::str::FromStr;

use crate::time::Timestamp;

/// Identifies one log event: unique, stable, and ordered as events are: by time, then by reception.
///
/// `Display` prints 56 decimal digits that sort as text the same way: time and reception in nanoseconds, 20 digits
/// each, and the number of the group in 16. Times before the epoch count as the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogEventId {
    /// When it happened.
    pub time: Timestamp,
    /// When it was received; no two events have the same.
    pub received: Timestamp,
    /// The number of its group.
    pub group: u32,
}

/// The text is not an event's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a log event's id: `{0}` (expected 56 digits)")]
pub struct BadLogEventId(pub String);

impl fmt::Display for LogEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, received) = (self.time.0.max(0), self.received.0.max(0));
        write!(f, "{time:020}{received:020}{:016}", self.group)
    }
}

impl FromStr for LogEventId {
    type Err = BadLogEventId;

    fn from_str(text: &str) -> Result<Self, BadLogEventId> {
        let parts = || {
            let digits = text.len() == 56 && text.bytes().all(|byte| byte.is_ascii_digit());
            let (time, rest) = digits.then_some(text)?.split_at_checked(20)?;
            let (received, group) = rest.split_at_checked(20)?;
            Some(Self {
                time: Timestamp(time.parse().ok()?),
                received: Timestamp(received.parse().ok()?),
                group: group.parse().ok()?,
            })
        };
        parts().ok_or_else(|| BadLogEventId(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_come_back_and_sort_as_text(times in any::<[u32; 2]>(), received in 0..i64::MAX, group: [u32; 2]) {
            let id = |which: usize| LogEventId {
                time: Timestamp(i64::from(times[which])),
                received: Timestamp(received),
                group: group[which],
            };
            let (a, b) = (id(0), id(1));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.to_string().len(), 56);
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
        }

        #[test]
        fn noise_is_refused(text in ".{0,60}") {
            if let Ok(id) = text.parse::<LogEventId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
