//! Which services are meant.

use super::super::ast::{Expr, Selector};
use super::super::lexer::Token;
use super::super::{FilterError, MAX_LENGTH};
use super::{Parsed, Parser};

/// Reads `service(…)`, `edge(…)` or `id(…)` and nothing else: what a time series is of.
pub(in super::super) fn entity(text: &str) -> Parsed<Expr> {
    if text.len() > MAX_LENGTH {
        return Err(FilterError::too_long());
    }
    let mut parser = Parser::new(text)?;
    let word = match parser.lexer.peek() {
        Token::Word(word) => word.to_ascii_lowercase(),
        _ => String::new(),
    };
    let expr = match word.as_str() {
        "id" => Expr::Service {
            selector: parser.selector()?,
            when: None,
        },
        "service" => {
            parser.lexer.take()?;
            let selector = parser.service_selector()?;
            Expr::Service { selector, when: None }
        }
        "edge" => {
            parser.lexer.take()?;
            let (from, to) = parser.edge_selectors()?;
            Expr::Edge { from, to, when: None }
        }
        _ => return Err(parser.lexer.error("expected service(…), edge(…) or id(…)")),
    };
    parser.end()?;
    Ok(expr)
}

impl Parser<'_> {
    pub(super) fn service_selector(&mut self) -> Parsed<Option<Selector>> {
        let at = self.open("service")?;
        let selector = self.selector()?;
        self.close(')', at)?;
        Ok(selector)
    }

    pub(super) fn edge_selectors(&mut self) -> Parsed<(Option<Selector>, Option<Selector>)> {
        let at = self.open("edge")?;
        let from = self.selector()?;
        if from.is_none() && self.take_sign(')')? {
            return Ok((None, None));
        }
        if !self.take_sign(',')? {
            return Err(self.unexpected("a comma and the service that is called"));
        }
        let to = self.selector()?;
        self.close(')', at)?;
        Ok((from, to))
    }

    /// A selector, or nothing where a comma or parenthesis follows.
    fn selector(&mut self) -> Parsed<Option<Selector>> {
        match self.lexer.peek() {
            Token::Sign(')' | ',') => Ok(None),
            Token::Text(_) => match self.lexer.take()? {
                Token::Text(name) => Ok(Some(Selector::Name(name))),
                _ => Err(self.unexpected("a service")),
            },
            Token::Word(word) if word.eq_ignore_ascii_case("id") => {
                self.lexer.take()?;
                self.id_selector().map(Some)
            }
            _ => Err(self.unexpected("a service in quotes, or id(name: \"…\", type: \"…\")")),
        }
    }

    fn id_selector(&mut self) -> Parsed<Selector> {
        let at = self.open("id")?;
        let (mut name, mut kind, mut account) = (None, None, None);
        loop {
            let pair = self.lexer.offset();
            let Token::Word(word) = *self.lexer.peek() else {
                return Err(self.unexpected("name:, type: or account.id:"));
            };
            let field = match word.to_ascii_lowercase().as_str() {
                "name" => &mut name,
                "type" => &mut kind,
                "account.id" => &mut account,
                _ => return Err(self.unexpected("name:, type: or account.id:")),
            };
            self.lexer.take()?;
            if !self.take_sign(':')? {
                return Err(self.unexpected("a colon"));
            }
            let Token::Text(value) = self.lexer.peek().clone() else {
                return Err(self.unexpected("a string in quotes"));
            };
            self.lexer.take()?;
            if field.replace(value).is_some() {
                return Err(self.lexer.error_at(pair, format!("`{word}` is given twice")));
            }
            if !self.take_sign(',')? {
                break;
            }
        }
        self.close(')', at)?;
        Ok(Selector::Id { name, kind, account })
    }
}
