//! Groups: filter expressions under a name.
//!
//! Kept as an object of the kind `Group` under its name, as JSON. The group `Default`, which has every trace, always
//! exists; of it only what was chosen about insights is kept, once somebody did.

mod set;

pub use set::{Expression, GroupSet, Nested};

use serde::{Deserialize, Serialize};

/// The name of the group that always exists and has no expression: every trace belongs to it.
pub const DEFAULT_GROUP: &str = "Default";

/// The longest name.
pub const NAME_LIMIT: usize = 32;

/// A saved filter expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Unique in its account, never changed, case matters.
    pub name: String,
    /// The last part of its ARN: tells it from a deleted group of the same name.
    pub unique: String,
    /// Which traces belong to it; all when there is none.
    pub expression: Option<String>,
    /// Whether insights are looked for in it.
    pub insights: bool,
    /// Whether insights are announced; needs `insights`.
    pub notifications: bool,
}

impl Group {
    /// The group that always exists. It has every trace, and insights are looked for in it unless somebody says no.
    #[must_use]
    pub fn always() -> Self {
        Self {
            name: DEFAULT_GROUP.to_owned(),
            unique: String::new(),
            expression: None,
            insights: true,
            notifications: false,
        }
    }

    /// Its ARN. That of the group that always exists has no last part.
    #[must_use]
    pub fn arn(&self, account: &str, region: &str) -> String {
        let name = &self.name;
        match self.unique.as_str() {
            "" => format!("arn:aws:xray:{region}:{account}:group/{name}"),
            unique => format!("arn:aws:xray:{region}:{account}:group/{name}/{unique}"),
        }
    }

    /// Whether a group can be called that: 1 to 32 letters, digits and dashes, and not like the group that always
    /// exists.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(allowed) && name != DEFAULT_GROUP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_digits_and_dashes() {
        for name in ["a", "slow-pages", "X9", "default", &"n".repeat(32)] {
            assert!(Group::is_name(name), "{name}");
        }
        for name in ["", "Default", "a b", "a_b", "ä", "a/b", &"n".repeat(33)] {
            assert!(!Group::is_name(name), "{name}");
        }
    }
}
