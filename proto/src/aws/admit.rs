//! The check of a request against its shape.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::sync::{Mutex, OnceLock, PoisonError};

use regex::Regex;
use serde_json::Value;

use super::shape::{Length, Range, Shape, Structure};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is not a document, or a value in it has the wrong type.
    #[error("{0}")]
    Malformed(String),
    /// It breaks constraints. The text lists them as AWS does.
    #[error("{0}")]
    Invalid(String),
}

/// So many mistakes are listed, and so many characters of each value: an answer stays small whatever was sent.
const LISTED_MISTAKES: usize = 20;
const SHOWN_CHARACTERS: usize = 100;

/// Holds a document against a structure.
///
/// * `null` is the same as absent, for members of structures.
/// * An empty body, which arrives here as `null`, is an empty structure.
/// * A whole number may be written as `30.0` or `3e1`; it comes back as `30`.
/// * Members that the structure does not know stay and are ignored by serde.
///
/// The admitted document has every required member and only values that the Rust types can hold.
pub fn admit(structure: &Structure, document: Value) -> Result<Value, Rejection> {
    let mut check = Check::default();
    let document = if document.is_null() {
        Value::Object(serde_json::Map::new())
    } else {
        document
    };
    let admitted = check.structure(structure, document, &Path::Root)?;
    match check.mistakes {
        0 => Ok(admitted),
        1 => Err(Rejection::Invalid(format!(
            "1 validation error detected: {}",
            check.list
        ))),
        many => Err(Rejection::Invalid(format!(
            "{many} validation errors detected: {}",
            check.list
        ))),
    }
}

/// Where a value is, as AWS prints it: `samplingRule.attributes`, `tags.1.member.key`.
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
    Key(&'a Path<'a>, &'a str),
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Member(parent, name) => {
                if !matches!(parent, Path::Root) {
                    write!(f, "{parent}.")?;
                }
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_lowercase());
                write!(f, "{}{}", first.map(String::from).unwrap_or_default(), letters.as_str())
            }
            Path::Item(parent, at) => write!(f, "{parent}.{}.member", at + 1),
            Path::Key(parent, key) => write!(f, "{parent}.{}", shortened(key)),
        }
    }
}

#[derive(Default)]
struct Check {
    mistakes: usize,
    list: String,
}

impl Check {
    fn structure(&mut self, structure: &Structure, value: Value, path: &Path<'_>) -> Result<Value, Rejection> {
        let Value::Object(mut members) = value else {
            return Err(wrong_type(path, "a structure"));
        };
        for member in structure.members {
            let path = Path::Member(path, member.name);
            match members.get_mut(member.name).map(Value::take) {
                None | Some(Value::Null) if member.required => {
                    self.mistake("null", &path, "Member must not be null");
                }
                None | Some(Value::Null) => {}
                Some(value) => {
                    let admitted = self.shape(member.shape, value, &path)?;
                    if let Some(place) = members.get_mut(member.name) {
                        *place = admitted;
                    }
                }
            }
        }
        Ok(Value::Object(members))
    }

    fn shape(&mut self, shape: &Shape, value: Value, path: &Path<'_>) -> Result<Value, Rejection> {
        match shape {
            Shape::Boolean => match value {
                Value::Bool(_) => Ok(value),
                _ => Err(wrong_type(path, "true or false")),
            },
            Shape::Integer(range) => self.whole(&value, i64::from(i32::MIN)..=i64::from(i32::MAX), *range, path),
            Shape::Long(range) => self.whole(&value, i64::MIN..=i64::MAX, *range, path),
            Shape::Double(range) => {
                let number = value.as_f64().ok_or_else(|| wrong_type(path, "a number"))?;
                self.range(number, *range, &value, path);
                Ok(value)
            }
            Shape::Timestamp => match value {
                Value::Number(_) => Ok(value),
                _ => Err(wrong_type(path, "seconds since the epoch")),
            },
            Shape::String {
                length,
                pattern,
                values,
            } => {
                let Value::String(text) = &value else {
                    return Err(wrong_type(path, "a string"));
                };
                self.text(text, *length, *pattern, values, path);
                Ok(value)
            }
            Shape::List { length, member } => {
                let Value::Array(items) = value else {
                    return Err(wrong_type(path, "a list"));
                };
                self.length(items.len(), *length, || format!("{} items", items.len()), path);
                let mut admitted = Vec::with_capacity(items.len());
                for (at, item) in items.into_iter().enumerate() {
                    let path = Path::Item(path, at);
                    if item.is_null() {
                        self.mistake("null", &path, "Member must not be null");
                    } else {
                        admitted.push(self.shape(member, item, &path)?);
                    }
                }
                Ok(Value::Array(admitted))
            }
            Shape::Map { length, key, value: of } => self.map(value, (*length, key, of), path),
            Shape::Structure(structure) => self.structure(structure, value, path),
        }
    }

    fn map(
        &mut self,
        map: Value,
        (length, key_shape, value_shape): (Length, &Shape, &Shape),
        path: &Path<'_>,
    ) -> Result<Value, Rejection> {
        let Value::Object(entries) = map else {
            return Err(wrong_type(path, "a map"));
        };
        self.length(entries.len(), length, || format!("{} entries", entries.len()), path);
        let mut admitted = serde_json::Map::new();
        for (key, value) in entries {
            let path = Path::Key(path, &key);
            if let Shape::String {
                length,
                pattern,
                values,
            } = key_shape
            {
                self.text(&key, *length, *pattern, values, &path);
            }
            if !value.is_null() {
                let value = self.shape(value_shape, value, &path)?;
                admitted.insert(key, value);
            }
        }
        Ok(Value::Object(admitted))
    }

    fn whole(
        &mut self,
        value: &Value,
        bits: std::ops::RangeInclusive<i64>,
        range: Range,
        path: &Path<'_>,
    ) -> Result<Value, Rejection> {
        let whole = value.as_i64().or_else(|| {
            // Beyond 2^53 a double no longer says which whole number was meant.
            let double = value.as_f64()?;
            (double.fract() == 0.0 && double.abs() <= 9_007_199_254_740_992.0).then_some(double as i64)
        });
        let whole = whole.filter(|whole| bits.contains(whole));
        let whole = whole.ok_or_else(|| wrong_type(path, "a whole number in range"))?;
        self.range(whole as f64, range, value, path);
        Ok(Value::from(whole))
    }

    fn range(&mut self, number: f64, range: Range, shown: &Value, path: &Path<'_>) {
        if let Some(min) = range.min.filter(|min| number < *min) {
            let constraint = format!("Member must have value greater than or equal to {min}");
            self.mistake(&shown.to_string(), path, &constraint);
        }
        if let Some(max) = range.max.filter(|max| number > *max) {
            let constraint = format!("Member must have value less than or equal to {max}");
            self.mistake(&shown.to_string(), path, &constraint);
        }
    }

    fn text(&mut self, text: &str, length: Length, pattern: Option<&'static str>, values: &[&str], path: &Path<'_>) {
        // Counting is for what is limited only: documents of megabytes are not.
        if length.min.is_some() || length.max.is_some() {
            self.length(text.chars().count(), length, || text.to_owned(), path);
        }
        if let Some(pattern) = pattern.filter(|pattern| !matches(pattern, text)) {
            let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
            self.mistake(text, path, &constraint);
        }
        if !values.is_empty() && !values.contains(&text) {
            let constraint = format!("Member must satisfy enum value set: [{}]", values.join(", "));
            self.mistake(text, path, &constraint);
        }
    }

    fn length(&mut self, found: usize, length: Length, shown: impl Fn() -> String, path: &Path<'_>) {
        if let Some(min) = length.min.filter(|min| found < *min) {
            let constraint = format!("Member must have length greater than or equal to {min}");
            self.mistake(&shown(), path, &constraint);
        }
        if let Some(max) = length.max.filter(|max| found > *max) {
            let constraint = format!("Member must have length less than or equal to {max}");
            self.mistake(&shown(), path, &constraint);
        }
    }

    fn mistake(&mut self, value: &str, path: &Path<'_>, constraint: &str) {
        self.mistakes += 1;
        if self.mistakes > LISTED_MISTAKES {
            return;
        }
        let separator = if self.list.is_empty() { "" } else { "; " };
        let value = match value {
            "null" => "null".to_owned(),
            value => format!("'{}'", shortened(value)),
        };
        // Writing to a string cannot fail.
        let _ = write!(
            self.list,
            "{separator}Value {value} at '{path}' failed to satisfy constraint: {constraint}"
        );
    }
}

fn wrong_type(path: &Path<'_>, expected: &str) -> Rejection {
    match path {
        Path::Root => Rejection::Malformed(format!("expected {expected}")),
        _ => Rejection::Malformed(format!("expected {expected} at '{path}'")),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether a pattern of a model matches the whole text. The patterns are few and static, so each is compiled once.
fn matches(pattern: &'static str, text: &str) -> bool {
    static COMPILED: OnceLock<Mutex<HashMap<&'static str, Option<Regex>>>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(Mutex::default);
    // A panic while compiling leaves the map as it was, so a poisoned lock is as good as any.
    let mut compiled = compiled.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = compiled
        .entry(pattern)
        .or_insert_with(|| Regex::new(&format!("^(?:{pattern})$")).ok());
    // The generator refuses a pattern that does not compile; one that is not checked refuses nobody.
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Member;
    use proptest::prelude::*;
    use serde_json::json;

    static NAME: Shape = Shape::String {
        length: Length {
            min: Some(1),
            max: Some(4),
        },
        pattern: Some("[a-z]+"),
        values: &[],
    };
    static COLOUR: Shape = Shape::String {
        length: Length { min: None, max: None },
        pattern: None,
        values: &["RED", "BLUE"],
    };
    static PRIORITY: Shape = Shape::Integer(Range {
        min: Some(1.0),
        max: Some(9999.0),
    });
    static TAG: Structure = Structure {
        name: "Tag",
        members: &[Member {
            name: "Key",
            required: true,
            shape: &NAME,
        }],
    };
    static TAG_SHAPE: Shape = Shape::Structure(&TAG);
    static TAGS: Shape = Shape::List {
        length: Length {
            min: None,
            max: Some(2),
        },
        member: &TAG_SHAPE,
    };
    static MAP: Shape = Shape::Map {
        length: Length {
            min: None,
            max: Some(1),
        },
        key: &NAME,
        value: &NAME,
    };
    static REQUEST: Structure = Structure {
        name: "Request",
        members: &[
            Member {
                name: "GroupName",
                required: true,
                shape: &NAME,
            },
            Member {
                name: "Colour",
                required: false,
                shape: &COLOUR,
            },
            Member {
                name: "Priority",
                required: false,
                shape: &PRIORITY,
            },
            Member {
                name: "Tags",
                required: false,
                shape: &TAGS,
            },
            Member {
                name: "Attributes",
                required: false,
                shape: &MAP,
            },
            Member {
                name: "StartTime",
                required: false,
                shape: &Shape::Timestamp,
            },
        ],
    };

    fn check(document: Value, expected: &str) {
        let found = match admit(&REQUEST, document) {
            Ok(admitted) => admitted.to_string(),
            Err(Rejection::Malformed(text)) => format!("malformed: {text}"),
            Err(Rejection::Invalid(text)) => text,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn what_fits_is_admitted_and_whole_numbers_become_whole() {
        check(json!({"GroupName": "shop"}), r#"{"GroupName":"shop"}"#);
        check(
            json!({"GroupName": "a", "Priority": 30.0}),
            r#"{"GroupName":"a","Priority":30}"#,
        );
        check(
            json!({"GroupName": "a", "StartTime": 1.5e9}),
            r#"{"GroupName":"a","StartTime":1500000000.0}"#,
        );
        check(
            json!({"GroupName": "a", "Later": [[]]}),
            r#"{"GroupName":"a","Later":[[]]}"#,
        );
    }

    #[test]
    fn mistakes_are_listed_as_aws_lists_them() {
        check(
            Value::Null,
            "1 validation error detected: Value null at 'groupName' failed to satisfy constraint: Member must not be null",
        );
        check(
            json!({"GroupName": "shopping", "Colour": "GREEN"}),
            "2 validation errors detected: Value 'shopping' at 'groupName' failed to satisfy constraint: Member must \
             have length less than or equal to 4; Value 'GREEN' at 'colour' failed to satisfy constraint: Member must \
             satisfy enum value set: [RED, BLUE]",
        );
        check(
            json!({"GroupName": "A", "Priority": 0}),
            "2 validation errors detected: Value 'A' at 'groupName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [a-z]+; Value '0' at 'priority' failed to satisfy constraint: Member must \
             have value greater than or equal to 1",
        );
        check(
            json!({"GroupName": "a", "Tags": [{"Key": "b"}, {"Key": null}, null]}),
            "3 validation errors detected: Value '3 items' at 'tags' failed to satisfy constraint: Member must have \
             length less than or equal to 2; Value null at 'tags.2.member.key' failed to satisfy constraint: Member \
             must not be null; Value null at 'tags.3.member' failed to satisfy constraint: Member must not be null",
        );
        check(
            json!({"GroupName": "a", "Attributes": {"k": ""}}),
            "2 validation errors detected: Value '' at 'attributes.k' failed to satisfy constraint: Member must have \
             length greater than or equal to 1; Value '' at 'attributes.k' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: [a-z]+",
        );
    }

    #[test]
    fn values_of_the_wrong_type_are_malformed() {
        check(json!([]), "malformed: expected a structure");
        check(json!({"GroupName": 1}), "malformed: expected a string at 'groupName'");
        check(
            json!({"GroupName": "a", "Priority": 1.5}),
            "malformed: expected a whole number in range at 'priority'",
        );
        check(
            json!({"GroupName": "a", "Priority": 4_294_967_296_i64}),
            "malformed: expected a whole number in range at 'priority'",
        );
        check(
            json!({"GroupName": "a", "StartTime": "now"}),
            "malformed: expected seconds since the epoch at 'startTime'",
        );
    }

    #[test]
    fn a_million_mistakes_give_a_short_answer() {
        let tags: Vec<Value> = (0..1_000_000).map(|_| json!({})).collect();
        let Err(Rejection::Invalid(text)) = admit(&REQUEST, json!({"GroupName": "x".repeat(1_000_000), "Tags": tags}))
        else {
            panic!("expected a refusal");
        };
        assert!(
            text.starts_with("1000002 validation errors detected"),
            "{}",
            &text[..60]
        );
        assert!(text.len() < 5_000, "{}", text.len());
    }

    proptest! {
        #[test]
        fn what_was_admitted_is_admitted_again_unchanged(name in "[a-z]{1,4}", priority in 1i32..=9999, fraction: bool) {
            let priority = if fraction { json!(f64::from(priority)) } else { json!(priority) };
            let once = admit(&REQUEST, json!({"GroupName": name, "Priority": priority})).unwrap();
            prop_assert_eq!(admit(&REQUEST, once.clone()).unwrap(), once);
        }
    }
}
