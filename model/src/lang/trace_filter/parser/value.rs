//! What keys are compared with, and how.

use super::super::ast::{BoolTest, NumberOp, NumberTest, ScalarTest, TextOp, TextTest};
use super::super::keyword::Scope;
use super::super::lexer::{Op, Token};
use super::{Parsed, Parser};

impl Parser<'_> {
    /// The value says of which type the comparison is, except that an order needs a number and a part a text.
    pub(super) fn scalar_test(&mut self, op: Op, scope: Scope) -> Parsed<ScalarTest> {
        let what = "the annotation";
        let negated = op == Op::NotEqual;
        Ok(match op {
            Op::Order(op) => ScalarTest::Number(NumberTest {
                op,
                value: self.number(what)?,
            }),
            Op::Part(op) => ScalarTest::Text(TextTest {
                op,
                value: self.text(what, scope)?,
            }),
            Op::Equal | Op::NotEqual => match self.lexer.peek() {
                Token::Numeral(_) => ScalarTest::Number(NumberTest {
                    op: if negated { NumberOp::NotEqual } else { NumberOp::Equal },
                    value: self.number(what)?,
                }),
                Token::Word(word) if truth(word).is_some() => ScalarTest::Bool(BoolTest {
                    negated,
                    value: self.truth(what)?,
                }),
                _ => ScalarTest::Text(TextTest {
                    op: if negated { TextOp::NotEqual } else { TextOp::Equal },
                    value: self.text(what, scope)?,
                }),
            },
        })
    }

    pub(super) fn operator(&mut self) -> Parsed<Option<(Op, usize)>> {
        let at = self.lexer.offset();
        let op = match self.lexer.peek() {
            Token::Op(op) => Some(*op),
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "contains" => Some(Op::Part(TextOp::Contains)),
                "beginswith" => Some(Op::Part(TextOp::BeginsWith)),
                "endswith" => Some(Op::Part(TextOp::EndsWith)),
                _ => None,
            },
            _ => None,
        };
        if op.is_some() {
            self.lexer.take()?;
        }
        Ok(op.map(|op| (op, at)))
    }

    /// Whether it is `!=` rather than `=`; nothing else will do.
    pub(super) fn equality(&self, op: Op, at: usize, name: &str, value: &str) -> Parsed<bool> {
        match op {
            Op::Equal => Ok(false),
            Op::NotEqual => Ok(true),
            Op::Order(_) | Op::Part(_) => Err(self.wrong_operator(at, name, value, "= !=")),
        }
    }

    pub(super) fn truth(&mut self, name: &str) -> Parsed<bool> {
        let value = match self.lexer.peek() {
            Token::Word(word) => truth(word),
            Token::Text(text) => truth(text),
            _ => None,
        };
        let Some(value) = value else {
            return Err(self.unexpected(&format!("true or false for {name}")));
        };
        self.lexer.take()?;
        Ok(value)
    }

    /// A finite number, in quotes or not.
    pub(super) fn number(&mut self, name: &str) -> Parsed<f64> {
        let value = match self.lexer.peek() {
            Token::Numeral(text) => text.parse().ok(),
            Token::Text(text) => numeral(text),
            _ => None,
        };
        let Some(value) = value.filter(|value: &f64| value.is_finite()) else {
            return Err(self.unexpected(&format!("a number for {name}")));
        };
        self.lexer.take()?;
        Ok(value)
    }

    /// A string in quotes; inside braces also a bare word, which is how X-Ray's own examples write it.
    pub(super) fn text(&mut self, name: &str, scope: Scope) -> Parsed<String> {
        match self.lexer.peek() {
            Token::Text(_) => match self.lexer.take()? {
                Token::Text(text) => Ok(text),
                _ => Err(self.unexpected("a string")),
            },
            Token::Word(_) | Token::Numeral(_) if scope != Scope::Trace => self.lexer.take_bare().map(str::to_owned),
            _ => Err(self.unexpected(&format!("a string in quotes for {name}"))),
        }
    }
}

fn truth(word: &str) -> Option<bool> {
    if word.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    word.eq_ignore_ascii_case("false").then_some(false)
}

/// A decimal number; `inf` and `NaN`, which Rust would read too, are texts.
#[must_use]
pub fn numeral(text: &str) -> Option<f64> {
    let looks_like_one = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let number = || text.parse().ok().filter(|value: &f64| value.is_finite());
    looks_like_one.then(number).flatten()
}

pub(super) fn number_op(op: Op) -> Option<NumberOp> {
    match op {
        Op::Equal => Some(NumberOp::Equal),
        Op::NotEqual => Some(NumberOp::NotEqual),
        Op::Order(op) => Some(op),
        Op::Part(_) => None,
    }
}

pub(super) fn text_op(op: Op) -> Option<TextOp> {
    match op {
        Op::Equal => Some(TextOp::Equal),
        Op::NotEqual => Some(TextOp::NotEqual),
        Op::Part(op) => Some(op),
        Op::Order(_) => None,
    }
}
