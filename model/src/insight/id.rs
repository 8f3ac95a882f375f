//! Names of insights.

use std::fmt;
use std::str::FromStr;

use xxhash_rust::xxh3::Xxh3;

use crate::digest::ServiceId;

/// Identifies an insight in its account: a UUID, `Display`ed in lower case.
///
/// It follows from the group, the first minute and the root cause as they were when the insight was found first, so
/// that judging the same data again names it the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InsightId(pub u128);

/// The text is not a UUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an insight: `{0}`")]
pub struct BadInsightId(pub String);

impl InsightId {
    /// The id of what was found: `group` tells the group from all others, also from deleted ones of its name.
    #[must_use]
    pub fn of(group: &str, start: u32, root: &ServiceId) -> Self {
        let mut hash = Xxh3::new();
        for text in [group, &root.name, &root.kind, &root.account] {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(&start.to_le_bytes());
        // Version 5, made from a name, and the variant of RFC 9562: AWS's clients check both.
        let bits = hash.digest128() & !(0xf << 76) & !(0b11 << 62);
        Self(bits | 5 << 76 | 0b10 << 62)
    }
}

impl fmt::Display for InsightId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            bits >> 96,
            bits >> 80 & 0xffff,
            bits >> 64 & 0xffff,
            bits >> 48 & 0xffff,
            bits & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for InsightId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for InsightId {
    type Err = BadInsightId;

    fn from_str(text: &str) -> Result<Self, BadInsightId> {
        let bad = || BadInsightId(text.chars().take(64).collect());
        let parts: Vec<&str> = text.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let digits = parts.concat();
        if lengths != [8, 4, 4, 4, 12] || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        u128::from_str_radix(&digits, 16).map(Self).map_err(|_| bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_are_uuids_and_survive_printing(group: String, start: u32, name: String) {
            let root = ServiceId { name, ..ServiceId::default() };
            let id = InsightId::of(&group, start, &root);
            let text = id.to_string();
            prop_assert_eq!(text.parse(), Ok(id));
            prop_assert_eq!(text.to_uppercase().parse(), Ok(id));
            prop_assert_eq!((text.len(), &text[14..15]), (36, "5"));
            prop_assert!("89ab".contains(&text[19..20]));
            prop_assert_ne!(id, InsightId::of(&group, start.wrapping_add(1), &root));
        }

        #[test]
        fn any_other_text_is_refused(text in "[-0-9a-f+]{0,40}") {
            if let Ok(id) = text.parse::<InsightId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
