//! One member's value, read as leniently as real documents require.

use std::borrow::Cow;

use crate::id::SpanId;
use crate::json::Value;
use crate::node::{Oddity, Text};
use crate::time::Timestamp;

/// Tolerated flaws, each named once. Does not allocate until there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flaws(pub(super) Vec<Oddity>);

impl Flaws {
    pub(super) fn add(&mut self, oddity: Oddity) {
        if !self.0.contains(&oddity) {
            self.0.push(oddity);
        }
    }
}

/// Text; numbers and truth values are taken by their spelling.
pub(super) fn text<'a>(value: &Value<'a>, flaws: &mut Flaws) -> Option<Text<'a>> {
    match value {
        Value::Text(text) => Some(text.text()),
        Value::Number(number) => {
            flaws.add(Oddity::TextAsOther);
            Some(Cow::Borrowed(number))
        }
        Value::Bool(truth) => {
            flaws.add(Oddity::TextAsOther);
            Some(Cow::Borrowed(if *truth { "true" } else { "false" }))
        }
        Value::Null => None,
        Value::Array(_) | Value::Object(_) => {
            flaws.add(Oddity::WrongType);
            None
        }
    }
}

/// A moment; beyond 1e11 seconds it is taken as milliseconds, and what no clock can show saturates.
pub(super) fn moment(value: &Value<'_>, flaws: &mut Flaws) -> Option<Timestamp> {
    match value {
        Value::Number(number) => seconds(number),
        Value::Text(text) => {
            let moment = seconds(text.text().trim());
            flaws.add(if moment.is_some() {
                Oddity::NumberAsText
            } else {
                Oddity::WrongType
            });
            moment
        }
        Value::Null => None,
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            flaws.add(Oddity::WrongType);
            None
        }
    }
}

fn seconds(text: &str) -> Option<Timestamp> {
    match Timestamp::parse_seconds(text) {
        // Saturated, so it may be one of the SDK for Java's milliseconds.
        Some(moment) if moment.0.unsigned_abs() >= i64::MAX as u64 => {
            Timestamp::from_wire_seconds(text.parse().ok()?).or(Some(moment))
        }
        // More digits than can be counted exactly.
        None => Timestamp::from_wire_seconds(text.parse().ok()?),
        exact => exact,
    }
}

/// A double, also from text.
pub(super) fn number(value: &Value<'_>, flaws: &mut Flaws) -> Option<f64> {
    match value {
        Value::Number(number) => number.parse().ok(),
        Value::Text(text) => {
            let number = text
                .text()
                .trim()
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite());
            flaws.add(if number.is_some() {
                Oddity::NumberAsText
            } else {
                Oddity::WrongType
            });
            number
        }
        Value::Null => None,
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            flaws.add(Oddity::WrongType);
            None
        }
    }
}

/// A whole number, also from text and from a double without a fraction.
pub(super) fn whole(value: &Value<'_>, flaws: &mut Flaws) -> Option<i64> {
    if let Value::Number(number) = value
        && let Ok(whole) = number.parse()
    {
        return Some(whole);
    }
    let number = number(value, flaws)?;
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Some(number as i64);
    }
    flaws.add(Oddity::WrongType);
    None
}

/// A truth value, also from text.
pub(super) fn truth(value: &Value<'_>, flaws: &mut Flaws) -> Option<bool> {
    let read = match value {
        Value::Bool(truth) => return Some(*truth),
        Value::Null => return None,
        Value::Text(text) => match &*text.text() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    flaws.add(if read.is_some() {
        Oddity::TextAsOther
    } else {
        Oddity::WrongType
    });
    read
}

/// A reference to another entity. Empty text and null are no reference; anything else that is not an id is a flaw.
pub(super) fn reference(value: &Value<'_>, flaws: &mut Flaws) -> Option<SpanId> {
    if matches!(value, Value::Null) {
        return None;
    }
    let id = match value {
        Value::Text(text) => text.text().parse().ok(),
        _ => None,
    };
    if id.is_none() {
        flaws.add(Oddity::BadReference);
    }
    id
}

/// Notes what X-Ray would refuse in a name.
pub(super) fn check_name(name: &str, flaws: &mut Flaws) {
    let legal = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/%&#=+\\-@".contains(c);
    // Nearly all names are plain, and a look at the bytes is enough for them.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b' ' | b':' | b'/');
    if !name.bytes().all(plain) && !name.chars().all(legal) {
        flaws.add(Oddity::NameCharacters);
    }
    if name.len() > 200 && name.chars().count() > 200 {
        flaws.add(Oddity::NameTooLong);
    }
}
