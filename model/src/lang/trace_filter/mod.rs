//! X-Ray's filter expressions: which traces are wanted.
//!
//! ```text
//! expr       := and (OR and)*
//! and        := unary ([AND] unary)*                 juxtaposition is AND: ok !partial duration < 3
//! unary      := ('!' | NOT) unary | primary
//! primary    := '(' expr ')' | condition | service | edge | rootcause | json
//! condition  := key [op value]                       without op: true, or set
//! op         := = | != | < | <= | > | >= | CONTAINS | BEGINSWITH | ENDSWITH
//! service    := service([selector]) [{ expr }]
//! edge       := edge([selector], [selector]) [{ expr }]
//! selector   := STRING | id(name: STRING, type: STRING, account.id: STRING)     any of the three
//! rootcause  := rootcause.(fault|error|responsetime).(service|entity|exception) [{ expr }]
//! json       := rootcause[.(fault|error|responsetime)].json = #[ JSON ]
//! ```
//!
//! Keywords do not care for case, values do. A bare trace id as the whole expression selects that trace. What is
//! inside braces is asked of one and the same segment, call or element of a root cause.
//!
//! A condition on something absent is false, also with `!=`; its negation `!(…)` is then true. Where a trace has
//! several values, one that satisfies the condition is enough.
//!
//! An expression is decided on the [`Digest`] alone. Length, nesting and number of conditions are bounded, so that
//! parsing and deciding take bounded time and stack whatever the input.
//!
//! | file | what it knows |
//! |---|---|
//! | `lexer` | characters |
//! | `keyword` | names, and where each may be used |
//! | `parser` | the grammar |
//! | `ast` | what an expression is |
//! | `cause_json` | the JSON form of root causes |
//! | `print` | the canonical text |
//! | `eval` | the meaning |
//! | `entity` | the selectors of time series, which share selectors with expressions |

pub mod ast;
mod cause_json;
mod entity;
mod eval;
#[cfg(test)]
mod fixture;
mod keyword;
mod lexer;
mod parser;
mod print;
#[cfg(test)]
mod properties;

pub use cause_json::{CausePattern, EntityPattern, ExceptionPattern, ServicePattern};
pub use entity::EntitySelector;
pub use eval::{GroupRef, Groups, NoGroups};
pub use parser::numeral;

use crate::digest::Digest;
use crate::id::TraceId;
use ast::Expr;

/// Longest text that is read, in bytes; also the longest canonical text.
pub const MAX_LENGTH: usize = 16 * 1024;
/// Most levels that the parser descends: parentheses, negations, braces.
const MAX_NESTING: usize = 128;
/// Most levels of a parsed expression. Its canonical text has at most two levels of nesting for each.
const MAX_DEPTH: usize = 60;
/// Most conditions in one expression.
const MAX_CONDITIONS: usize = 1_000;

/// A filter expression that was understood. `Display` prints its canonical text, which parses to the same filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    expr: Expr,
}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// Says what is wrong and at which column, if it is not one.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let expr = parser::filter(text)?;
        let filter = Self { expr };
        let canonical = filter.to_string();
        if canonical.len() > MAX_LENGTH {
            return Err(FilterError::too_long());
        }
        Ok(filter)
    }

    /// Whether a trace is wanted. `groups` decides conditions on groups.
    #[must_use]
    pub fn matches(&self, digest: &Digest, groups: &dyn Groups) -> bool {
        eval::matches(&self.expr, digest, groups)
    }

    /// What it says, for those who plan by it.
    #[must_use]
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Whether it asks for groups anywhere.
    #[must_use]
    pub fn mentions_groups(&self) -> bool {
        self.expr.mentions_groups()
    }
}

impl From<TraceId> for Filter {
    fn from(trace: TraceId) -> Self {
        Self {
            expr: Expr::Trace(trace),
        }
    }
}

impl std::str::FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

/// Why a text is not a filter expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at column {column})")]
pub struct FilterError {
    /// Where, counted in characters from 1.
    pub column: usize,
    /// What is wrong, and where it can be guessed, what was meant.
    pub message: String,
}

impl FilterError {
    fn too_long() -> Self {
        Self {
            column: 1,
            message: format!("the expression is longer than {MAX_LENGTH} bytes"),
        }
    }
}
