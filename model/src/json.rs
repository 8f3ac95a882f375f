//! A small JSON reader that borrows everything.
//!
//! It validates strictly (RFC 8259), never recurses, and hands out the text of each value as it stands in the input,
//! which is what "keep it verbatim" needs and what general deserialisers do not offer for every member at once. It is
//! not a deserialiser: what a member means is decided where it is read.

use std::borrow::Cow;

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

/// A string between its quotes, escapes still in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Str<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Str<'a> {
    /// The string itself, borrowed unless it has escapes.
    pub(crate) fn text(self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }
}

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

/// A position in a JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Offset of the next byte.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The input between two offsets that this reader reported.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or("")
    }

    pub(crate) fn bad<T>(&self, message: &'static str) -> Result<T> {
        Err(BadJson {
            position: self.at,
            message,
        })
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte()? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                other => return Some(other),
            }
        }
    }

    /// Takes the next byte if it is the given one.
    pub(crate) fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Fails unless only white space is left.
    pub(crate) fn end(&mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.bad("expected nothing more"),
        }
    }

    /// The next member's key, its colon consumed; `None` at the closing brace, which is consumed. Call it after the
    /// opening brace with `first`, and after each value without.
    pub(crate) fn key(&mut self, first: bool) -> Result<Option<Str<'a>>> {
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !first => {
                self.at += 1;
                self.peek();
            }
            Some(b'"') if first => {}
            _ => {
                return self.bad(if first {
                    "expected a key or `}`"
                } else {
                    "expected `,` or `}`"
                });
            }
        }
        let key = self.string()?;
        if self.take(b':') {
            Ok(Some(key))
        } else {
            self.bad("expected `:`")
        }
    }

    /// Whether another array item follows; consumes the comma or the closing bracket. `first` as in [`Self::key`].
    pub(crate) fn item(&mut self, first: bool) -> Result<bool> {
        match self.peek() {
            Some(b']') => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            _ => self.bad("expected `,` or `]`"),
        }
    }

    /// The next value, whole.
    pub(crate) fn value(&mut self) -> Result<Value<'a>> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'{') => Ok(Value::Object(self.container()?)),
            Some(b'[') => Ok(Value::Array(self.container()?)),
            _ => self.scalar(),
        }
    }

    /// The text of the next value, whole.
    pub(crate) fn raw(&mut self) -> Result<&'a str> {
        self.peek();
        let start = self.at;
        self.value()?;
        Ok(self.slice(start, self.at))
    }

    fn scalar(&mut self) -> Result<Value<'a>> {
        match self.byte() {
            Some(b'-' | b'0'..=b'9') => Ok(Value::Number(self.number()?)),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => self.bad("expected a value"),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            self.bad("expected a value")
        }
    }

    fn digits(&mut self) -> Result<()> {
        let start = self.at;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            self.bad("expected a digit")
        } else {
            Ok(())
        }
    }

    fn number(&mut self) -> Result<&'a str> {
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(self.slice(start, self.at))
    }

    fn string(&mut self) -> Result<Str<'a>> {
        if self.byte() != Some(b'"') {
            return self.bad("expected a string");
        }
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.byte() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 1;
                    self.escape()?;
                }
                Some(0..=0x1f) => return self.bad("control character in a string"),
                Some(_) => self.at += 1,
                None => return self.bad("string without end"),
            }
        }
        let raw = self.slice(start, self.at);
        self.at += 1;
        Ok(Str { raw, escaped })
    }

    fn escape(&mut self) -> Result<()> {
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.byte().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return self.bad("expected four hex digits");
                    }
                    self.at += 1;
                }
            }
            _ => return self.bad("unknown escape"),
        }
        Ok(())
    }

    /// Consumes an array or object with everything in it. Keeps one bit per open level, so that depth costs no stack.
    fn container(&mut self) -> Result<&'a str> {
        let start = self.at;
        let mut is_object = [0u64; MAX_DEPTH / 64];
        let mut depth = 0;
        loop {
            let opened = match self.peek() {
                Some(b'{') => Some(true),
                Some(b'[') => Some(false),
                Some(b'"') => {
                    self.string()?;
                    None
                }
                _ => {
                    self.scalar()?;
                    None
                }
            };
            let mut first = false;
            if let Some(object) = opened {
                if depth == MAX_DEPTH {
                    return self.bad("nested too deeply");
                }
                self.at += 1;
                let bit = 1u64 << (depth % 64);
                let word = &mut is_object[depth / 64];
                *word = if object { *word | bit } else { *word & !bit };
                depth += 1;
                first = true;
            }
            loop {
                let level = depth - 1;
                let more = if is_object[level / 64] >> (level % 64) & 1 == 1 {
                    self.key(first)?.is_some()
                } else {
                    self.item(first)?
                };
                if more {
                    break;
                }
                first = false;
                depth -= 1;
                if depth == 0 {
                    return Ok(self.slice(start, self.at));
                }
            }
        }
    }
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

/// Resolves the escapes of a validated string. Half a surrogate pair becomes U+FFFD, since it is no character.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let code = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        let mut used = at + 2;
        match code {
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'n' => text.push('\n'),
            b'r' => text.push('\r'),
            b't' => text.push('\t'),
            b'u' => {
                let high = unit(rest, used);
                used += 4;
                let mut point = u32::from(high);
                if (0xd800..0xdc00).contains(&high) && rest.as_bytes()[used.min(rest.len())..].starts_with(b"\\u") {
                    let low = unit(rest, used + 2);
                    if (0xdc00..0xe000).contains(&low) {
                        point = 0x10000 + ((u32::from(high) - 0xd800) << 10) + (u32::from(low) - 0xdc00);
                        used += 6;
                    }
                }
                text.push(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            other => text.push(char::from(other)),
        }
        rest = rest.get(used..).unwrap_or("");
    }
    text.push_str(rest);
    text
}

fn unit(text: &str, at: usize) -> u16 {
    text.get(at..at + 4)
        .and_then(|digits| u16::from_str_radix(digits, 16).ok())
        .unwrap_or(0xfffd)
}

/// Appends a JSON string with its quotes.
pub(crate) fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[done..at]);
        if escape.is_empty() {
            out.push_str("\\u00");
            out.push(char::from(b'0' + (byte >> 4)));
            out.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        } else {
            out.push_str(escape);
        }
        done = at + 1;
    }
    out.push_str(&text[done..]);
    out.push('"');
}

/// Appends a double as JSON: whole ones without a fraction, and what is not finite as a string, which JSON has no
/// number for.
pub(crate) fn write_number(out: &mut String, number: f64) {
    use std::fmt::Write;
    let done = if !number.is_finite() {
        let word = match number {
            _ if number.is_nan() => "NaN",
            _ if number > 0.0 => "Infinity",
            _ => "-Infinity",
        };
        write!(out, "\"{word}\"")
    } else if number.abs() >= 1e17 || (number != 0.0 && number.abs() < 1e-7) {
        write!(out, "{number:e}")
    } else {
        write!(out, "{number}")
    };
    debug_assert!(done.is_ok(), "writing to a string cannot fail");
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
