//! What a time series is of: X-Ray's entity selector expressions.

use std::fmt;

use super::ast::{Expr, Selector};
use super::{FilterError, parser};
use crate::digest::ServiceId;

/// A service or an edge, as time series name them. `Display` prints the canonical text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntitySelector {
    /// `service(…)`, or an `id(…)` by itself; `None` for every service.
    Service(Option<Selector>),
    /// `edge(…, …)`; `None` for any service at that end.
    Edge(Option<Selector>, Option<Selector>),
}

impl EntitySelector {
    /// Reads a selector: `service("a")`, `edge("a", id(type: "b"))` or `id(name: "a", type: "b")`.
    ///
    /// # Errors
    /// Says what is wrong and at which column, if it is not one.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let unexpected = FilterError {
            column: 1,
            message: "expected service(…), edge(…) or id(…)".to_owned(),
        };
        match parser::entity(text)? {
            Expr::Service { selector, .. } => Ok(Self::Service(selector)),
            Expr::Edge { from, to, .. } => Ok(Self::Edge(from, to)),
            _ => Err(unexpected),
        }
    }

    /// Whether it depends on the names under which services are known, other than those in their ids.
    #[must_use]
    pub fn asks_for_names(&self) -> bool {
        let named = |selector: &Option<Selector>| selector.as_ref().is_some_and(|it| it.name().is_some());
        match self {
            Self::Service(selector) => named(selector),
            Self::Edge(caller, callee) => named(caller) || named(callee),
        }
    }

    /// Whether a service is meant. `known_as` tells whether it goes by another name too.
    #[must_use]
    pub fn accepts_service(&self, id: &ServiceId, known_as: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Service(selector) => accepts(selector.as_ref(), id, known_as),
            Self::Edge(..) => false,
        }
    }

    /// Whether an edge is meant. A `from` of `None` is the client of `to`, who is meant only if the selector says
    /// that it is of type `client`.
    #[must_use]
    pub fn accepts_edge(&self, from: Option<&ServiceId>, to: &ServiceId, known_as: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Service(_) => false,
            Self::Edge(caller, callee) => {
                let from_accepted = match from {
                    Some(id) => accepts(caller.as_ref(), id, |_| false),
                    None => caller
                        .as_ref()
                        .is_some_and(|caller| caller.accepts_client_of(to, &known_as)),
                };
                from_accepted && accepts(callee.as_ref(), to, &known_as)
            }
        }
    }
}

fn accepts(selector: Option<&Selector>, id: &ServiceId, known_as: impl Fn(&str) -> bool) -> bool {
    selector.is_none_or(|selector| selector.accepts(id, known_as))
}

impl fmt::Display for EntitySelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = None;
        let expr = match self.clone() {
            Self::Service(selector) => Expr::Service { selector, when },
            Self::Edge(from, to) => Expr::Edge { from, to, when },
        };
        expr.fmt(f)
    }
}
