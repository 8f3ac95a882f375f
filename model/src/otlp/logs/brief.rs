//! What a person reads first in a log record.

use super::message::write_value;
use super::walk::head;
use crate::node::Text;
use crate::otlp::value::text;
use crate::otlp::wire::{Fields, Wire};

/// What a person reads first in a log record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brief<'a> {
    /// OpenTelemetry's severity number: 1 to 24, and 0 if it has none or one that no version knows.
    pub severity: u8,
    /// The severity as its sender calls it; empty if it does not.
    pub severity_text: Text<'a>,
    /// The body: text as it is, anything else as JSON; the name of the event if there is no body.
    pub text: Text<'a>,
}

/// What a person reads first in a protobuf `LogRecord`. What is malformed reads as absent.
#[must_use]
pub fn brief(record: &[u8]) -> Brief<'_> {
    let mut brief = Brief {
        severity: head(record).severity,
        ..Brief::default()
    };
    let mut event = Text::default();
    for field in Fields::new(record) {
        match field {
            Ok((3, Wire::Bytes(name))) => brief.severity_text = text(name),
            Ok((5, Wire::Bytes(body))) => brief.text = said(body),
            Ok((12, Wire::Bytes(name))) => event = text(name),
            _ => {}
        }
    }
    if brief.text.is_empty() {
        brief.text = event;
    }
    brief
}

/// A value as text.
fn said(value: &[u8]) -> Text<'_> {
    let mut last = None;
    for field in Fields::new(value) {
        last = field.ok().or(last);
    }
    match last {
        None => Text::default(),
        Some((1, Wire::Bytes(bytes))) => text(bytes),
        Some(_) => {
            let mut out = String::new();
            write_value(&mut out, value, 0);
            Text::Owned(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sized(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }

    fn check(record: &[u8], severity: u8, severity_text: &str, text: &str) {
        let found = brief(record);
        assert_eq!(
            (found.severity, &*found.severity_text, &*found.text),
            (severity, severity_text, text)
        );
    }

    #[test]
    fn a_body_is_read_as_text_and_the_name_of_an_event_stands_in() {
        let said = sized(5, &sized(1, "out of stock".as_bytes()));
        let event = sized(12, b"cart.emptied");
        check(
            &[&[0x10, 17][..], &sized(3, b"ERROR"), &said, &event].concat(),
            17,
            "ERROR",
            "out of stock",
        );
        check(&event, 0, "", "cart.emptied");
        check(&sized(5, &[0x18, 42]), 0, "", "42");
        check(b"", 0, "", "");
    }

    proptest! {
        #[test]
        fn noise_is_read_as_something(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = brief(&bytes);
        }
    }
}
