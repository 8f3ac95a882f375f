//! What an expression means.
//!
//! Conditions are asked of a [`Facts`]: a whole trace, a segment, a call, or an element of a root cause. What is
//! absent is not equal to anything, and not different from anything either.

mod compare;
mod facts;

use super::ast::{CauseKind, CausePart, Condition, Expr, GroupKey, Selector, TextKey, TextOp};
use super::cause_json;
use crate::digest::{CallFact, Digest, RootCause, ServiceFact};
use compare::{number_passes, scalar_passes, text_passes};
use facts::{Call, EntityElement, ExceptionElement, Facts, Position, Segment, ServiceElement};

/// Decides whether traces belong to groups.
pub trait Groups {
    /// Whether a trace belongs to a group; `None` if there is no such group.
    fn contains(&self, group: GroupRef<'_>, digest: &Digest) -> Option<bool>;
}

/// How an expression names a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupRef<'a> {
    /// By its name.
    Name(&'a str),
    /// By its ARN.
    Arn(&'a str),
}

/// There are no groups.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGroups;

impl Groups for NoGroups {
    fn contains(&self, _: GroupRef<'_>, _: &Digest) -> Option<bool> {
        None
    }
}

pub(super) fn matches(expr: &Expr, digest: &Digest, groups: &dyn Groups) -> bool {
    holds(expr, &Whole { digest, groups })
}

fn holds(expr: &Expr, facts: &impl Facts) -> bool {
    match expr {
        Expr::Or(parts) => parts.iter().any(|part| holds(part, facts)),
        Expr::And(parts) => parts.iter().all(|part| holds(part, facts)),
        Expr::Not(inner) => !holds(inner, facts),
        Expr::Condition(condition) => condition_holds(condition, facts),
        _ => facts.whole().is_some_and(|whole| whole.holds(expr)),
    }
}

fn condition_holds(condition: &Condition, facts: &impl Facts) -> bool {
    match condition {
        Condition::Flag(key, test) => facts.flag(*key).is_some_and(|flag| match test {
            None => flag,
            Some(test) => (flag == test.value) != test.negated,
        }),
        Condition::Number(key, test) => facts
            .number(*key)
            .is_some_and(|number| test.is_none_or(|test| number_passes(number, test))),
        Condition::Text(key, None) => facts.any_text(*key, &mut |_| true),
        Condition::Text(TextKey::Name, Some(test)) if test.op == TextOp::NotEqual => {
            // A service has one identity, however many names it goes by.
            let same = |text: &str| text == test.value;
            facts.any_text(TextKey::Name, &mut |_| true) && !facts.any_text(TextKey::Name, &mut { same })
        }
        Condition::Text(key, Some(test)) => facts.any_text(*key, &mut |text| text_passes(text, test)),
        Condition::Annotation(name, test) => facts.any_annotation(name, &mut |value| {
            test.as_ref().is_none_or(|test| scalar_passes(value, test))
        }),
        Condition::Group { by, negated, group } => facts.whole().is_some_and(|whole| {
            let group = match by {
                GroupKey::Name => GroupRef::Name(group),
                GroupKey::Arn => GroupRef::Arn(group),
            };
            let belongs = whole.groups.contains(group, whole.digest);
            belongs.is_some_and(|belongs| belongs != *negated)
        }),
    }
}

/// A whole trace.
struct Whole<'a> {
    digest: &'a Digest,
    groups: &'a dyn Groups,
}

impl Whole<'_> {
    fn holds(&self, expr: &Expr) -> bool {
        let digest = self.digest;
        match expr {
            Expr::Service { selector, when: None } => digest
                .services
                .iter()
                .any(|service| accepts(selector.as_ref(), service)),
            Expr::Service {
                selector,
                when: Some(when),
            } => digest.segments.iter().enumerate().any(|(index, fact)| {
                let Some(service) = digest.services.get(usize::from(fact.service)) else {
                    return false;
                };
                let segment = Segment {
                    digest,
                    index,
                    fact,
                    service,
                };
                accepts(selector.as_ref(), service) && holds(when, &segment)
            }),
            Expr::Edge { from, to, when } => digest.calls.iter().any(|call| {
                call_is_between(digest, call, from.as_ref(), to.as_ref())
                    && when.as_ref().is_none_or(|when| holds(when, &Call(call)))
            }),
            Expr::Cause { kind, part, when } => causes(digest, *kind)
                .iter()
                .any(|cause| any_element(digest, cause, *part, when.as_deref())),
            Expr::CauseJson { kind, causes: patterns } => match kind {
                Some(kind) => cause_json::agree(patterns, causes(digest, *kind), digest),
                None => [CauseKind::Fault, CauseKind::Error, CauseKind::ResponseTime]
                    .iter()
                    .any(|kind| cause_json::agree(patterns, causes(digest, *kind), digest)),
            },
            Expr::Trace(trace) => digest.trace == *trace,
            Expr::Or(_) | Expr::And(_) | Expr::Not(_) | Expr::Condition(_) => holds(expr, self),
        }
    }
}

fn accepts(selector: Option<&Selector>, service: &ServiceFact) -> bool {
    let known_as = |name: &str| service.aliases.iter().any(|alias| alias == name);
    selector.is_none_or(|selector| selector.accepts(&service.id, known_as))
}

fn call_is_between(digest: &Digest, call: &CallFact, from: Option<&Selector>, to: Option<&Selector>) -> bool {
    let Some(callee) = digest.services.get(usize::from(call.to)) else {
        return false;
    };
    let from_accepted = if call.from == CallFact::CLIENT {
        let known_as = |name: &str| callee.aliases.iter().any(|alias| alias == name);
        from.is_some_and(|from| from.accepts_client_of(&callee.id, known_as))
    } else {
        let caller = digest.services.get(usize::from(call.from));
        caller.is_some_and(|caller| accepts(from, caller))
    };
    from_accepted && accepts(to, callee)
}

fn causes(digest: &Digest, kind: CauseKind) -> &[RootCause] {
    match kind {
        CauseKind::Fault => &digest.fault_causes,
        CauseKind::Error => &digest.error_causes,
        CauseKind::ResponseTime => &digest.response_time_causes,
    }
}

fn any_element(digest: &Digest, cause: &RootCause, part: CausePart, when: Option<&Expr>) -> bool {
    let entities = || {
        let services = cause.services.iter();
        services.flat_map(|service| service.path.iter().map(move |entity| (service, entity)))
    };
    match part {
        CausePart::Service => any_at(cause.services.iter(), when, |position, service| ServiceElement {
            digest,
            position,
            service,
        }),
        CausePart::Entity => any_at(entities(), when, |position, (service, entity)| EntityElement {
            position,
            service,
            entity,
        }),
        CausePart::Exception => {
            let exceptions = entities().flat_map(|(_, entity)| entity.exceptions.iter());
            any_at(exceptions, when, |position, (kind, message)| ExceptionElement {
                position,
                kind,
                message,
            })
        }
    }
}

fn any_at<T, F: Facts>(
    elements: impl Iterator<Item = T> + Clone,
    when: Option<&Expr>,
    element: impl Fn(Position, T) -> F,
) -> bool {
    let count = elements.clone().count();
    elements.enumerate().any(|(index, item)| {
        let facts = element(Position { index, count }, item);
        when.is_none_or(|when| holds(when, &facts))
    })
}
