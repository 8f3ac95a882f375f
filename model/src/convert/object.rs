//! A JSON object that is being written.

use std::fmt::Write;

use crate::json::{write_number, write_text};
use crate::node::{Scalar, Text, Value};
use crate::time::Timestamp;

pub(crate) struct Object {
    out: String,
}

impl Object {
    pub(crate) fn new() -> Self {
        Self { out: "{".to_owned() }
    }

    fn key(&mut self, key: &str) {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        write_text(&mut self.out, key);
        self.out.push(':');
    }

    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.out.push_str(json);
    }

    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        write_text(&mut self.out, text);
    }

    pub(crate) fn option(&mut self, key: &str, text: &Option<Text<'_>>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    pub(crate) fn truth(&mut self, key: &str, truth: Option<bool>) {
        if let Some(truth) = truth {
            self.raw(key, if truth { "true" } else { "false" });
        }
    }

    pub(crate) fn int(&mut self, key: &str, int: Option<i64>) {
        if let Some(int) = int {
            self.raw(key, &int.to_string());
        }
    }

    /// A moment as a number of seconds, exact to the nanosecond.
    pub(crate) fn moment(&mut self, key: &str, moment: Timestamp) {
        self.key(key);
        let written = write!(self.out, "{moment}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }

    pub(crate) fn scalar(&mut self, key: &str, scalar: &Scalar<'_>) {
        match scalar {
            Scalar::Text(text) => self.text(key, text),
            Scalar::Bool(truth) => self.truth(key, Some(*truth)),
            Scalar::Number(number) => {
                self.key(key);
                write_number(&mut self.out, *number);
            }
        }
    }

    pub(crate) fn value(&mut self, key: &str, value: &Value<'_>) {
        self.key(key);
        write_value(&mut self.out, value);
    }

    pub(crate) fn texts<'t>(&mut self, key: &str, texts: impl IntoIterator<Item = &'t str>) {
        self.list(
            key,
            texts.into_iter().map(|text| {
                let mut json = String::new();
                write_text(&mut json, text);
                json
            }),
        );
    }

    /// A list of JSON texts; an empty one is left out.
    pub(crate) fn list(&mut self, key: &str, items: impl IntoIterator<Item = String>) {
        let items: Vec<String> = items.into_iter().collect();
        if !items.is_empty() {
            self.raw(key, &format!("[{}]", items.join(",")));
        }
    }

    /// An object that is left out if it is empty.
    pub(crate) fn filled(&mut self, key: &str, object: Self) {
        if object.out.len() > 1 {
            self.raw(key, &object.close());
        }
    }

    pub(crate) fn close(mut self) -> String {
        self.out.push('}');
        self.out
    }
}

/// An attribute value as plain JSON: bytes as hex, since JSON has no word for them.
fn write_value(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Empty => out.push_str("null"),
        Value::Text(text) => write_text(out, text),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(int) => out.push_str(&int.to_string()),
        Value::Double(double) => write_number(out, *double),
        Value::Bytes(bytes) => write_text(out, &bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            let mut object = Object::new();
            for (key, value) in entries {
                object.value(key, value);
            }
            out.push_str(&object.close());
        }
    }
}
