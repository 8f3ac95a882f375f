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
mod tests;
