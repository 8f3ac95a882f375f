//! Names of log groups and streams: their grammar, checked once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name of a group or stream, in characters.
pub const NAME_LIMIT: usize = 512;

/// What OpenTelemetry calls a service that does not say its name.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// Names a log group: 1 to 512 of `A-Z a-z 0-9 _ / . # -`. Case matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogGroupName(String);

/// Names a stream within its group: 1 to 512 characters, neither `:` nor `*` among them. Case matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogStreamName(String);

/// A group or stream cannot be called that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLogName {
    /// There is no name at all.
    #[error("a name has at least one character")]
    Empty,
    /// It is longer than [`NAME_LIMIT`].
    #[error("a name has at most {NAME_LIMIT} characters")]
    TooLong,
    /// It has a character that such a name cannot have.
    #[error("a name cannot have the character {0:?}")]
    Character(char),
}

fn in_group(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '/' | '.' | '#' | '-')
}

fn in_stream(character: char) -> bool {
    !matches!(character, ':' | '*') && !character.is_control()
}

fn check(name: &str, allowed: fn(char) -> bool) -> Result<(), BadLogName> {
    if name.is_empty() {
        return Err(BadLogName::Empty);
    }
    if let Some(character) = name.chars().find(|&character| !allowed(character)) {
        return Err(BadLogName::Character(character));
    }
    match name.chars().nth(NAME_LIMIT) {
        Some(_) => Err(BadLogName::TooLong),
        None => Ok(()),
    }
}

/// The name with each character that it cannot have replaced by `_`, and cut off where it becomes too long.
fn acceptable(name: &str, allowed: fn(char) -> bool) -> String {
    let replaced = |character| if allowed(character) { character } else { '_' };
    name.chars().take(NAME_LIMIT).map(replaced).collect()
}

impl LogGroupName {
    /// Whether AWS keeps this name for groups of its own: those under `aws/` cannot be created by users.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with("aws/")
    }

    /// The group for a name that somebody chose without knowing what groups can be called: characters that cannot be
    /// become `_`, and what is too long is cut off. Two such names may become one. `None` for no name.
    #[must_use]
    pub fn acceptable(name: &str) -> Option<Self> {
        (!name.is_empty()).then(|| Self(acceptable(name, in_group)))
    }

    /// The group of an OpenTelemetry service that names none: `/otlp/` and the name of the service, made
    /// [`acceptable`](Self::acceptable). A service without a name is `unknown_service`.
    #[must_use]
    pub fn of_service(service: &str) -> Self {
        let service = if service.is_empty() { UNKNOWN_SERVICE } else { service };
        Self(acceptable(&format!("/otlp/{service}"), in_group))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LogStreamName {
    /// The stream for a name that somebody chose without knowing what streams can be called: characters that cannot be
    /// become `_`, and what is too long is cut off. `None` for no name.
    #[must_use]
    pub fn acceptable(name: &str) -> Option<Self> {
        (!name.is_empty()).then(|| Self(acceptable(name, in_stream)))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text {
    ($name:ident, $allowed:ident) => {
        impl FromStr for $name {
            type Err = BadLogName;

            fn from_str(text: &str) -> Result<Self, BadLogName> {
                check(text, $allowed).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadLogName;

            fn try_from(text: String) -> Result<Self, BadLogName> {
                check(&text, $allowed).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(LogGroupName, in_group);
text!(LogStreamName, in_stream);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_are_called_what_aws_lets_them_be_called() {
        let check = |name: &str, expected: Result<(), BadLogName>| {
            assert_eq!(name.parse::<LogGroupName>().map(drop), expected, "{name}");
        };
        check("/aws/lambda/checkout", Ok(()));
        check("a", Ok(()));
        check("App.prod_1#x-y/z", Ok(()));
        check(&"n".repeat(512), Ok(()));
        check("", Err(BadLogName::Empty));
        check(&"n".repeat(513), Err(BadLogName::TooLong));
        check("a b", Err(BadLogName::Character(' ')));
        check("grün", Err(BadLogName::Character('ü')));
        check("a:b", Err(BadLogName::Character(':')));
    }

    #[test]
    fn streams_may_have_all_but_colons_and_stars() {
        let check = |name: &str, expected: Result<(), BadLogName>| {
            assert_eq!(name.parse::<LogStreamName>().map(drop), expected, "{name}");
        };
        check("2026/11/26/[$LATEST]0123456789abcdef", Ok(()));
        check(&"ü".repeat(512), Ok(()));
        check(&"ü".repeat(513), Err(BadLogName::TooLong));
        check("a:b", Err(BadLogName::Character(':')));
        check("a*", Err(BadLogName::Character('*')));
        check("a\nb", Err(BadLogName::Character('\n')));
    }

    #[test]
    fn services_have_groups_whatever_they_are_called() {
        let check = |service: &str, group: &str| assert_eq!(LogGroupName::of_service(service).as_str(), group);
        check("checkout", "/otlp/checkout");
        check("", "/otlp/unknown_service");
        check("unknown_service:java", "/otlp/unknown_service_java");
        check("Кasse 1", "/otlp/_asse_1");
    }

    #[test]
    fn names_of_aws_itself_are_told() {
        let reserved = |name: &str| name.parse::<LogGroupName>().unwrap().is_reserved();
        assert!(reserved("aws/spans"));
        assert!(!reserved("/aws/lambda/x"));
        assert!(!reserved("aws-spans"));
    }

    proptest! {
        #[test]
        fn what_is_made_acceptable_is_accepted_and_what_was_accepted_stays(name in ".{0,600}") {
            let group = LogGroupName::of_service(&name);
            prop_assert_eq!(group.as_str().parse(), Ok(group.clone()));
            let stream = LogStreamName::acceptable(&name);
            prop_assert_eq!(stream.is_some(), !name.is_empty());
            if let Some(stream) = stream {
                prop_assert_eq!(stream.as_str().parse(), Ok(stream.clone()));
                if let Ok(same) = name.parse::<LogStreamName>() {
                    prop_assert_eq!(same, stream);
                }
            }
            if let Ok(same) = name.parse::<LogGroupName>() {
                prop_assert_eq!(Some(same), LogGroupName::acceptable(&name));
            }
        }
    }
}
