//! The grammar.

use super::{BadJson, MAX_DEPTH, Result, Str, Value};

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
        Ok(Str::new(raw, escaped))
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
