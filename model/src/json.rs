//! A small JSON reader that borrows everything.
//!
//! It validates strictly (RFC 8259), never recurses, and hands out the text of each value as it stands in the input,
//! which is what "keep it verbatim" needs and what general deserialisers do not offer for every member at once. It is
//! not a deserialiser: what a member means is decided where it is read.
//!
//! | file | what it knows |
//! |---|---|
//! | `reader` | the grammar |
//! | `text` | strings: their escapes, read and written |
//! | `number` | doubles, written |

mod number;
mod reader;
mod text;

use std::borrow::Cow;

pub(crate) use number::write_number;
pub(crate) use reader::Reader;
pub(crate) use text::{Str, write_text};

/// How deep arrays and objects may nest. A subsegment takes two levels, so a thousand of them fit.
pub const MAX_DEPTH: usize = 2048;

/// The text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {position}")]
pub struct BadJson {
    /// Offset of the first byte that does not fit.
    pub position: usize,
    /// What was expected there.
    pub message: &'static str,
}

type Result<T> = std::result::Result<T, BadJson>;

/// One value: scalars as they are, containers as their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Str<'a>),
    Array(&'a str),
    Object(&'a str),
}

/// The members of an object's text, in order. Stops at the first thing that is not JSON.
pub(crate) fn members(object: &str) -> impl Iterator<Item = (Cow<'_, str>, Value<'_>, &str)> {
    let mut reader = Reader::new(object);
    let mut open = reader.take(b'{');
    let mut first = true;
    std::iter::from_fn(move || {
        if !open {
            return None;
        }
        let member = match reader.key(std::mem::take(&mut first)) {
            Ok(Some(key)) => {
                reader.peek();
                let start = reader.position();
                let value = reader.value().ok();
                value.map(|value| (key.text(), value, reader.slice(start, reader.position())))
            }
            _ => None,
        };
        open = member.is_some();
        member
    })
}

/// The items of an array's text, in order, each with its own text. Stops at the first thing that is not JSON.
pub(crate) fn items(array: &str) -> impl Iterator<Item = (Value<'_>, &str)> {
    let mut reader = Reader::new(array);
    let mut open = reader.take(b'[');
    let mut first = true;
    std::iter::from_fn(move || {
        open = open && reader.item(std::mem::take(&mut first)).unwrap_or(false);
        if !open {
            return None;
        }
        reader.peek();
        let start = reader.position();
        let value = reader.value().ok();
        open = value.is_some();
        value.map(|value| (value, reader.slice(start, reader.position())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Value<'_>> {
        let mut reader = Reader::new(text);
        let value = reader.value()?;
        reader.end()?;
        Ok(value)
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_stops_fitting() {
        let check = |text: &str, position: usize| {
            let refused = read(text).expect_err(text);
            assert_eq!(refused.position, position, "{text}: {refused}");
        };
        check("", 0);
        check("{", 1);
        check("{\"a\"}", 4);
        check("{\"a\":1,}", 7);
        check("[1,]", 3);
        check("[1 2]", 3);
        check("01", 1);
        check("1.", 2);
        check("-", 1);
        check("1e", 2);
        check("NaN", 0);
        check("\"\u{1}\"", 1);
        check("\"\\x\"", 2);
        check("\"\\u12g4\"", 5);
        check("\"abc", 4);
        check("{} {}", 3);
        check("[}", 1);
    }

    #[test]
    fn depth_is_bounded_and_costs_no_stack() {
        let nest = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nest(MAX_DEPTH)).is_ok());
        assert_eq!(
            read(&nest(MAX_DEPTH + 1)).map_err(|bad| bad.message),
            Err("nested too deeply")
        );
        assert!(read(&"{\"a\":".repeat(100_000)).is_err());
    }

    #[test]
    fn half_a_surrogate_pair_is_a_replacement_character() {
        let text = |json: &str| match read(json) {
            Ok(Value::Text(text)) => text.text().into_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(r#""\ud83d\ude00 \u00dc\n\/""#), "😀 Ü\n/");
        assert_eq!(text(r#""\ud83d!""#), "\u{fffd}!");
        assert_eq!(text(r#""\ud83d\u0041""#), "\u{fffd}A");
        assert_eq!(text(r#""\udc00""#), "\u{fffd}");
    }

    proptest! {
        #[test]
        fn reads_exactly_what_serde_json_reads(text in r#"[-\[\]{}",:0-9a-eE.\\ufnrtls+ ]{0,24}"#) {
            prop_assert_eq!(read(&text).is_ok(), serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
        }

        #[test]
        fn strings_are_written_as_serde_json_reads_them(text in "\\PC*|[\\x00-\\x7f]*") {
            let mut out = String::new();
            write_text(&mut out, &text);
            let back: Option<String> = serde_json::from_str(&out).ok();
            prop_assert_eq!(back.as_ref(), Some(&text));
            match read(&out) {
                Ok(Value::Text(back)) => prop_assert_eq!(back.text(), text),
                other => prop_assert!(false, "{other:?}"),
            }
        }

        #[test]
        fn numbers_are_written_as_they_were(number: f64) {
            let mut out = String::new();
            write_number(&mut out, number);
            prop_assert_eq!(matches!(read(&out), Ok(Value::Number(_))), number.is_finite(), "{}", out);
            if number.is_finite() {
                prop_assert_eq!(out.parse(), Ok(number));
            }
        }
    }
}
