//! What a filter expression says, once it was understood.

use super::cause_json::CausePattern;
use crate::digest::ServiceId;
use crate::id::TraceId;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// At least one of two or more.
    Or(Vec<Expr>),
    /// All of two or more.
    And(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// A condition on one key.
    Condition(Condition),
    /// A service takes part; with an expression, one of its segments meets that.
    Service {
        /// Which service; `None` for any.
        selector: Option<Selector>,
        /// What holds for one segment of it.
        when: Option<Box<Expr>>,
    },
    /// A service calls another; with an expression, one such call meets that.
    Edge {
        /// The caller; `None` for any service.
        from: Option<Selector>,
        /// The callee; `None` for any service.
        to: Option<Selector>,
        /// What holds for one call.
        when: Option<Box<Expr>>,
    },
    /// There is such a root cause; with an expression, one element of one meets that.
    Cause {
        /// Cause of what.
        kind: CauseKind,
        /// Which of its elements.
        part: CausePart,
        /// What holds for one element.
        when: Option<Box<Expr>>,
    },
    /// The list of root causes looks like this.
    CauseJson {
        /// Of which kind; `None` if any of the three lists will do.
        kind: Option<CauseKind>,
        /// As many causes as there must be, in order.
        causes: Vec<CausePattern>,
    },
    /// This one trace.
    Trace(TraceId),
}

impl Expr {
    /// Levels below and including this one.
    pub(super) fn depth(&self) -> usize {
        let below = match self {
            Self::Or(parts) | Self::And(parts) => parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(inner) => inner.depth(),
            Self::Service { when, .. } | Self::Edge { when, .. } | Self::Cause { when, .. } => {
                when.as_ref().map_or(0, |when| when.depth())
            }
            Self::Condition(_) | Self::CauseJson { .. } | Self::Trace(_) => 0,
        };
        below + 1
    }

    /// Groups are asked for at the level of traces only, so braces need no look.
    pub(super) fn mentions_groups(&self) -> bool {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.iter().any(Self::mentions_groups),
            Self::Not(inner) => inner.mentions_groups(),
            Self::Condition(condition) => matches!(condition, Condition::Group { .. }),
            _ => false,
        }
    }
}

/// A condition on one key. Without a test, a flag has to be true and anything else has to be there.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Of a truth value.
    Flag(FlagKey, Option<BoolTest>),
    /// Of a number.
    Number(NumberKey, Option<NumberTest>),
    /// Of a text.
    Text(TextKey, Option<TextTest>),
    /// Of an annotation with this name.
    Annotation(String, Option<ScalarTest>),
    /// Of the groups that the trace belongs to.
    Group {
        /// Named how.
        by: GroupKey,
        /// Must not belong to it.
        negated: bool,
        /// The name or ARN.
        group: String,
    },
}

/// Keys with a truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the keyword of its name")]
pub enum FlagKey {
    Ok,
    Error,
    Throttle,
    Fault,
    Partial,
    Inferred,
    First,
    Last,
    Remote,
    Root,
}

/// Keys with a number. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the keyword of its name")]
pub enum NumberKey {
    ResponseTime,
    Duration,
    HttpStatus,
    Index,
    Coverage,
}

/// Keys with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the keyword of its name")]
pub enum TextKey {
    HttpUrl,
    HttpMethod,
    HttpUserAgent,
    HttpClientIp,
    User,
    AvailabilityZone,
    InstanceId,
    ResourceArn,
    AccountId,
    Name,
    Type,
    Message,
}

/// How a group is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKey {
    /// By its name.
    Name,
    /// By its ARN.
    Arn,
}

/// `= true`, `!= false` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoolTest {
    /// `!=` rather than `=`.
    pub negated: bool,
    /// What to compare with.
    pub value: bool,
}

/// A comparison with a finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberTest {
    /// How.
    pub op: NumberOp,
    /// What to compare with.
    pub value: f64,
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the operator of its name")]
pub enum NumberOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A comparison with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTest {
    /// How.
    pub op: TextOp,
    /// What to compare with.
    pub value: String,
}

/// How texts are compared; case matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the operator of its name")]
pub enum TextOp {
    Equal,
    NotEqual,
    Contains,
    BeginsWith,
    EndsWith,
}

/// A comparison whose type is that of the value it names.
#[derive(Clone, Debug, PartialEq)]
pub enum ScalarTest {
    /// With a truth value.
    Bool(BoolTest),
    /// With a number.
    Number(NumberTest),
    /// With a text.
    Text(TextTest),
}

/// Which services are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Those with this name or alias.
    Name(String),
    /// Those that agree in everything that is given, which is at least one.
    Id {
        /// Name or alias.
        name: Option<String>,
        /// Type.
        kind: Option<String>,
        /// Account.
        account: Option<String>,
    },
}

impl Selector {
    /// Whether this is one of the services that are meant. `known_as` tells whether it goes by a name other than that
    /// in its id.
    #[must_use]
    pub fn accepts(&self, id: &ServiceId, known_as: impl Fn(&str) -> bool) -> bool {
        let named = |name: &str| id.name == name || known_as(name);
        match self {
            Self::Name(name) => named(name),
            Self::Id { name, kind, account } => {
                name.as_deref().is_none_or(named)
                    && kind.as_deref().is_none_or(|kind| id.kind == kind)
                    && account.as_deref().is_none_or(|account| id.account == account)
            }
        }
    }

    /// The name that it asks for, if it asks for one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Id { name, .. } => name.as_deref(),
        }
    }

    /// Whether the client of this service is meant. It goes by the service's name, so only its type tells it apart.
    #[must_use]
    pub fn accepts_client_of(&self, id: &ServiceId, known_as: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Id {
                name,
                kind: Some(kind),
                account,
            } => {
                kind == "client"
                    && name.as_deref().is_none_or(|name| id.name == name || known_as(name))
                    && account.as_deref().is_none_or(|account| id.account == account)
            }
            Self::Name(_) | Self::Id { kind: None, .. } => false,
        }
    }
}

/// Cause of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CauseKind {
    /// A fault.
    Fault,
    /// An error.
    Error,
    /// The response time.
    ResponseTime,
}

/// Element of a root cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CausePart {
    /// A service on the path.
    Service,
    /// A segment or subsegment on the path.
    Entity,
    /// An exception on the path.
    Exception,
}
