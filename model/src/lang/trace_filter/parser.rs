//! The grammar.

use super::ast::{BoolTest, CauseKind, CausePart, Condition, Expr, GroupKey, NumberTest, TextTest};
use super::cause_json::CausePattern;
use super::keyword::{self, Key, Scope};
use super::lexer::{Lexer, Op, Token};
use super::{FilterError, MAX_CONDITIONS, MAX_DEPTH, MAX_LENGTH, MAX_NESTING};
use crate::id::TraceId;

mod selector;
mod value;

pub(super) use selector::entity;
pub use value::numeral;
use value::{number_op, text_op};

type Parsed<T> = Result<T, FilterError>;

/// Reads a whole filter expression.
pub(super) fn filter(text: &str) -> Parsed<Expr> {
    if text.len() > MAX_LENGTH {
        return Err(FilterError::too_long());
    }
    if let Ok(trace) = text.trim().parse::<TraceId>() {
        return Ok(Expr::Trace(trace));
    }
    let mut parser = Parser::new(text)?;
    if *parser.lexer.peek() == Token::End {
        return Err(parser.lexer.error("the expression is empty"));
    }
    let expr = parser.expr(Scope::Trace)?;
    parser.end()?;
    if expr.depth() > MAX_DEPTH {
        return Err(parser.too_deep(0));
    }
    Ok(expr)
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    nesting: usize,
    conditions: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Parsed<Self> {
        Ok(Self {
            lexer: Lexer::new(text)?,
            nesting: 0,
            conditions: 0,
        })
    }

    fn expr(&mut self, scope: Scope) -> Parsed<Expr> {
        let mut parts = vec![self.and(scope)?];
        while self.take_word("or")? {
            parts.push(self.and(scope)?);
        }
        Ok(one_or(parts, Expr::Or))
    }

    fn and(&mut self, scope: Scope) -> Parsed<Expr> {
        let mut parts = vec![self.unary(scope)?];
        while self.take_word("and")? || self.at_operand() {
            parts.push(self.unary(scope)?);
        }
        Ok(one_or(parts, Expr::And))
    }

    /// Whether another operand follows, so that it is joined by AND.
    fn at_operand(&self) -> bool {
        match self.lexer.peek() {
            Token::Word(word) => !word.eq_ignore_ascii_case("or"),
            Token::Sign(sign) => matches!(sign, '(' | '!'),
            _ => false,
        }
    }

    fn unary(&mut self, scope: Scope) -> Parsed<Expr> {
        let at = self.lexer.offset();
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.too_deep(at));
        }
        let expr = if self.take_sign('!')? || self.take_word("not")? {
            Expr::Not(Box::new(self.unary(scope)?))
        } else if self.take_sign('(')? {
            let expr = self.expr(scope)?;
            self.close(')', at)?;
            expr
        } else {
            self.primary(scope)?
        };
        self.nesting -= 1;
        Ok(expr)
    }

    fn primary(&mut self, scope: Scope) -> Parsed<Expr> {
        let at = self.lexer.offset();
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            let message = format!("the expression has more than {MAX_CONDITIONS} conditions");
            return Err(self.lexer.error(message));
        }
        let Token::Word(word) = *self.lexer.peek() else {
            return Err(self.unexpected("a condition"));
        };
        let lower = word.to_ascii_lowercase();
        if let Some(name) = lower.strip_prefix("annotation.") {
            // Names keep their case, so they are cut from the word as it was written.
            let name = &word[word.len() - name.len()..];
            self.lexer.take()?;
            return self.annotation(name.to_owned(), at, scope);
        }
        if let Some(rest) = lower.strip_prefix("rootcause.") {
            self.only_of_traces(scope)?;
            self.lexer.take()?;
            return self.cause(rest, at);
        }
        match lower.as_str() {
            "annotation" => {
                self.lexer.take()?;
                let name = self.bracketed_name()?;
                self.annotation(name, at, scope)
            }
            "group.name" | "group.arn" => {
                self.only_of_traces(scope)?;
                self.lexer.take()?;
                self.group(if lower == "group.arn" {
                    GroupKey::Arn
                } else {
                    GroupKey::Name
                })
            }
            "service" => {
                self.only_of_traces(scope)?;
                self.lexer.take()?;
                let selector = self.service_selector()?;
                let when = self.block(Scope::Segment)?;
                Ok(Expr::Service { selector, when })
            }
            "edge" => {
                self.only_of_traces(scope)?;
                self.lexer.take()?;
                let (from, to) = self.edge_selectors()?;
                let when = self.block(Scope::Call)?;
                Ok(Expr::Edge { from, to, when })
            }
            _ => self.condition(word, scope),
        }
    }

    fn condition(&mut self, word: &str, scope: Scope) -> Parsed<Expr> {
        let Some(key) = keyword::key(word) else {
            return Err(self.unknown(word));
        };
        if !scope.knows(key) {
            let name = keyword::name(key);
            let message = format!("`{name}` cannot be asked for here, only {}", Scope::hint(key));
            return Err(self.lexer.error(message));
        }
        self.lexer.take()?;
        let name = keyword::name(key);
        let Some((op, at)) = self.operator()? else {
            return Ok(Expr::Condition(match key {
                Key::Flag(key) => Condition::Flag(key, None),
                Key::Number(key) => Condition::Number(key, None),
                Key::Text(key) => Condition::Text(key, None),
            }));
        };
        let condition = match key {
            Key::Flag(key) => {
                let negated = self.equality(op, at, name, "true or false")?;
                let value = self.truth(name)?;
                Condition::Flag(key, Some(BoolTest { negated, value }))
            }
            Key::Number(key) => {
                let Some(op) = number_op(op) else {
                    return Err(self.wrong_operator(at, name, "a number", "= != < <= > >="));
                };
                let value = self.number(name)?;
                Condition::Number(key, Some(NumberTest { op, value }))
            }
            Key::Text(key) => {
                let Some(op) = text_op(op) else {
                    let fitting = "= != CONTAINS BEGINSWITH ENDSWITH";
                    return Err(self.wrong_operator(at, name, "a text", fitting));
                };
                let value = self.text(name, scope)?;
                Condition::Text(key, Some(TextTest { op, value }))
            }
        };
        Ok(Expr::Condition(condition))
    }

    fn annotation(&mut self, name: String, at: usize, scope: Scope) -> Parsed<Expr> {
        if !scope.knows_annotations() {
            let message = "annotations can be asked for outside of braces and inside service(…) { } only";
            return Err(self.lexer.error_at(at, message));
        }
        if name.is_empty() {
            return Err(self.lexer.error_at(at, "the annotation lacks its name"));
        }
        let test = match self.operator()? {
            Some((op, _)) => Some(self.scalar_test(op, scope)?),
            None => None,
        };
        Ok(Expr::Condition(Condition::Annotation(name, test)))
    }

    fn bracketed_name(&mut self) -> Parsed<String> {
        let at = self.lexer.offset();
        if *self.lexer.peek() != Token::Sign('[') {
            return Err(self.lexer.error("write annotation.NAME or annotation[\"NAME\"]"));
        }
        if let Some(name) = self.lexer.take_bracketed()? {
            return Ok(name.to_owned());
        }
        self.lexer.take()?;
        let Token::Text(name) = self.lexer.take()? else {
            return Err(self.lexer.error_at(at, "`[` is never closed by `]`"));
        };
        self.close(']', at)?;
        Ok(name)
    }

    fn group(&mut self, by: GroupKey) -> Parsed<Expr> {
        let Some((op, at)) = self.operator()? else {
            return Err(self.unexpected("= or != and a group"));
        };
        let negated = self.equality(op, at, "a group", "a group in quotes")?;
        let group = self.text("the group", Scope::Trace)?;
        Ok(Expr::Condition(Condition::Group { by, negated, group }))
    }

    fn cause(&mut self, path: &str, at: usize) -> Parsed<Expr> {
        let (kind, part) = match path.split_once('.') {
            Some((kind, part)) => match cause_kind(kind) {
                Some(kind) => (Some(kind), part),
                None => return Err(self.unknown_cause(at)),
            },
            None => (None, path),
        };
        let part = match (kind, part) {
            (_, "json") => {
                if !matches!(self.lexer.take()?, Token::Op(Op::Equal)) || *self.lexer.peek() != Token::Sign('#') {
                    let message = "root causes in JSON are written `rootcause.json = #[…]`";
                    return Err(self.lexer.error_at(at, message));
                }
                let causes: Vec<CausePattern> = self.lexer.take_json()?;
                return Ok(Expr::CauseJson { kind, causes });
            }
            (Some(_), "service") => CausePart::Service,
            (Some(_), "entity") => CausePart::Entity,
            (Some(kind), "exception") if kind != CauseKind::ResponseTime => CausePart::Exception,
            (Some(_), "exception") => {
                let message = "causes of response times have services and entities, but no exceptions";
                return Err(self.lexer.error_at(at, message));
            }
            _ => return Err(self.unknown_cause(at)),
        };
        let Some(kind) = kind else {
            return Err(self.unknown_cause(at));
        };
        let when = self.block(Scope::Cause(kind, part))?;
        Ok(Expr::Cause { kind, part, when })
    }

    fn block(&mut self, scope: Scope) -> Parsed<Option<Box<Expr>>> {
        let at = self.lexer.offset();
        if !self.take_sign('{')? {
            return Ok(None);
        }
        if *self.lexer.peek() == Token::Sign('}') {
            return Err(self
                .lexer
                .error("the braces are empty: write a condition or leave them out"));
        }
        let expr = self.expr(scope)?;
        self.close('}', at)?;
        Ok(Some(Box::new(expr)))
    }

    fn take_sign(&mut self, sign: char) -> Parsed<bool> {
        let found = *self.lexer.peek() == Token::Sign(sign);
        if found {
            self.lexer.take()?;
        }
        Ok(found)
    }

    fn take_word(&mut self, word: &str) -> Parsed<bool> {
        let found = matches!(self.lexer.peek(), Token::Word(next) if next.eq_ignore_ascii_case(word));
        if found {
            self.lexer.take()?;
        }
        Ok(found)
    }

    /// Takes the parenthesis after a word and says where it was.
    fn open(&mut self, word: &str) -> Parsed<usize> {
        let at = self.lexer.offset();
        if self.take_sign('(')? {
            Ok(at)
        } else {
            Err(self.unexpected(&format!("`(` after {word}")))
        }
    }

    fn close(&mut self, sign: char, opened_at: usize) -> Parsed<()> {
        if self.take_sign(sign)? {
            return Ok(());
        }
        if *self.lexer.peek() == Token::End {
            let message = format!("what begins here is never closed by `{sign}`");
            return Err(self.lexer.error_at(opened_at, message));
        }
        Err(self.unexpected(&format!("`{sign}`")))
    }

    fn end(&self) -> Parsed<()> {
        match self.lexer.peek() {
            Token::End => Ok(()),
            _ => Err(self.unexpected("AND, OR or the end")),
        }
    }

    fn only_of_traces(&self, scope: Scope) -> Parsed<()> {
        if scope == Scope::Trace {
            return Ok(());
        }
        let message = "this can be asked of whole traces only: put it outside of the braces";
        Err(self.lexer.error(message))
    }

    fn unexpected(&self, expected: &str) -> FilterError {
        let found = match self.lexer.peek() {
            Token::Word(text) | Token::Numeral(text) => format!("`{text}`"),
            Token::Text(_) => "a string".to_owned(),
            Token::Op(_) => "an operator".to_owned(),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".to_owned(),
        };
        self.lexer.error(format!("expected {expected}, found {found}"))
    }

    fn unknown(&self, word: &str) -> FilterError {
        let hint = match keyword::suggestion(word) {
            Some(meant) => format!(", did you mean `{meant}`?"),
            None => String::new(),
        };
        self.lexer.error(format!("unknown keyword `{word}`{hint}"))
    }

    fn unknown_cause(&self, at: usize) -> FilterError {
        let message = "expected rootcause.fault, .error or .responsetime, then .service, .entity, .exception or .json";
        self.lexer.error_at(at, message)
    }

    fn wrong_operator(&self, at: usize, name: &str, value: &str, fitting: &str) -> FilterError {
        let message = format!("`{name}` is compared with {value}, by one of {fitting}");
        self.lexer.error_at(at, message)
    }

    fn too_deep(&self, at: usize) -> FilterError {
        self.lexer.error_at(at, "the expression is nested too deeply")
    }
}

fn one_or(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn cause_kind(word: &str) -> Option<CauseKind> {
    match word {
        "fault" => Some(CauseKind::Fault),
        "error" => Some(CauseKind::Error),
        "responsetime" => Some(CauseKind::ResponseTime),
        _ => None,
    }
}
