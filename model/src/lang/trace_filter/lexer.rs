//! From characters to tokens, one at a time, so that the parser can say where a bare word or JSON may stand.

use std::ops::Range;

use super::FilterError;
use super::ast::{NumberOp, TextOp};

/// One token; texts borrow from the input unless they hold an escape.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'t> {
    /// Letters, digits, `_`, `.` and `-`, beginning with a letter or `_`.
    Word(&'t str),
    /// Begins with a digit, a sign or a point.
    Numeral(&'t str),
    /// A string in quotes, without them.
    Text(String),
    /// An operator made of signs.
    Op(Op),
    /// One of `( ) { } [ ] , : ! #`.
    Sign(char),
    /// No more.
    End,
}

/// How a key and a value are compared; not every operator goes with every type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`, `<=`, `>`, `>=`
    Order(NumberOp),
    /// `CONTAINS`, `BEGINSWITH`, `ENDSWITH`
    Part(TextOp),
}

pub(super) struct Lexer<'t> {
    text: &'t str,
    /// The token that comes next, and where it is.
    next: Token<'t>,
    span: Range<usize>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Result<Self, FilterError> {
        let mut lexer = Self {
            text,
            next: Token::End,
            span: 0..0,
        };
        lexer.advance()?;
        Ok(lexer)
    }

    /// The token that comes next.
    pub(super) fn peek(&self) -> &Token<'t> {
        &self.next
    }

    /// Byte offset of the token that comes next.
    pub(super) fn offset(&self) -> usize {
        self.span.start
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<Token<'t>, FilterError> {
        let token = std::mem::replace(&mut self.next, Token::End);
        self.advance()?;
        Ok(token)
    }

    /// Takes everything from the next token up to white space or a sign that cannot be in a bare word, so that
    /// `AWS::EC2::Instance` is one.
    pub(super) fn take_bare(&mut self) -> Result<&'t str, FilterError> {
        let rest = &self.text[self.span.start..];
        let ends = |c: char| c.is_whitespace() || "(){}[],\"'=!<>".contains(c);
        let length = rest.find(ends).unwrap_or(rest.len());
        self.span.end = self.span.start + length;
        self.advance()?;
        Ok(&rest[..length])
    }

    /// Takes the next token, which is `[`, and what follows up to a `]`. `None` if the brackets hold a quoted string,
    /// which is made of ordinary tokens, or are never closed.
    pub(super) fn take_bracketed(&mut self) -> Result<Option<&'t str>, FilterError> {
        let rest = &self.text[self.span.end..];
        let length = match rest.find(']') {
            Some(length) if !rest.trim_start().starts_with(['"', '\'']) => length,
            _ => return Ok(None),
        };
        self.span.end += length + 1;
        self.advance()?;
        Ok(Some(rest[..length].trim()))
    }

    /// Takes one JSON value after the next token, which is `#`.
    pub(super) fn take_json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, FilterError> {
        let rest = &self.text[self.span.end..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<T>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(self.json_error(rest, &error)),
            None => return Err(self.error_at(self.span.end, "JSON is expected after `#`")),
        };
        self.span.end += values.byte_offset();
        self.advance()?;
        Ok(value)
    }

    fn json_error(&self, rest: &str, error: &serde_json::Error) -> FilterError {
        let line_start: usize = rest
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum();
        let at = self.span.end + line_start + error.column().saturating_sub(1);
        // serde_json appends its own idea of the position, which counts from the `#`.
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or_default();
        self.error_at(at, format!("not a root cause in JSON: {message}"))
    }

    /// An error at the token that comes next.
    pub(super) fn error(&self, message: impl Into<String>) -> FilterError {
        self.error_at(self.span.start, message)
    }

    /// An error at a byte offset.
    pub(super) fn error_at(&self, offset: usize, message: impl Into<String>) -> FilterError {
        let before = self.text.char_indices().take_while(|(at, _)| *at < offset).count();
        FilterError {
            column: before + 1,
            message: message.into(),
        }
    }

    fn advance(&mut self) -> Result<(), FilterError> {
        let text = self.text;
        let rest = text[self.span.end..].trim_start();
        let start = text.len() - rest.len();
        self.span = start..start;
        let Some(first) = rest.chars().next() else {
            self.next = Token::End;
            return Ok(());
        };
        let (token, length) = match first {
            '"' | '\'' => self.quoted(rest, first)?,
            '=' | '!' | '<' | '>' => self.operator(rest)?,
            '(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' | '#' => (Token::Sign(first), 1),
            '0'..='9' | '+' | '-' | '.' => {
                let length = run(rest, |c| c.is_ascii_alphanumeric() || "+-._".contains(c));
                (Token::Numeral(&rest[..length]), length)
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = run(rest, |c| c.is_ascii_alphanumeric() || "_.-".contains(c));
                (Token::Word(&rest[..length]), length)
            }
            '&' => return Err(self.error("`&` is no operator: write AND")),
            '|' => return Err(self.error("`|` is no operator: write OR")),
            other => return Err(self.error(format!("`{}` cannot stand here", other.escape_debug()))),
        };
        self.next = token;
        self.span.end = start + length;
        Ok(())
    }

    fn operator(&self, rest: &str) -> Result<(Token<'t>, usize), FilterError> {
        let two = rest.as_bytes().get(..2).unwrap_or_default();
        let token = match two {
            b"==" => return Err(self.error("`==` is no operator: write `=`")),
            b"<>" => return Err(self.error("`<>` is no operator: write `!=`")),
            b"!=" => (Token::Op(Op::NotEqual), 2),
            b"<=" => (Token::Op(Op::Order(NumberOp::LessOrEqual)), 2),
            b">=" => (Token::Op(Op::Order(NumberOp::GreaterOrEqual)), 2),
            _ => match rest.as_bytes().first() {
                Some(b'<') => (Token::Op(Op::Order(NumberOp::Less)), 1),
                Some(b'>') => (Token::Op(Op::Order(NumberOp::Greater)), 1),
                Some(b'!') => (Token::Sign('!'), 1),
                _ => (Token::Op(Op::Equal), 1),
            },
        };
        Ok(token)
    }

    /// A backslash makes a quote or a backslash ordinary; before anything else it is itself ordinary, as in paths.
    fn quoted(&self, rest: &str, quote: char) -> Result<(Token<'t>, usize), FilterError> {
        let mut value = String::new();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                return Ok((Token::Text(value), at + 1));
            }
            let escaped = chars.next_if(|(_, next)| c == '\\' && (*next == quote || *next == '\\'));
            value.push(escaped.map_or(c, |(_, next)| next));
        }
        Err(self.error(format!("the string that begins here lacks its closing {quote}")))
    }
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}
