//! What a trace must have to match, so that an index can skip those that have not.
//!
//! Every answer errs on the side of asking too little: a trace that matches always has what is required of it.

use std::ops::Range;

use beamline_model::lang::trace_filter::CausePattern;
use beamline_model::lang::trace_filter::ast::{
    BoolTest, CausePart, Condition, Expr, FlagKey, NumberKey, NumberOp, NumberTest, ScalarTest, Selector, TextKey,
    TextOp, TextTest,
};
use beamline_store::api::{Required, Term, TextPart, TraceFlag};

use super::{Expression, Nested, group_ref};

/// What an expression requires.
pub(super) fn of(expr: &Expr, groups: &Nested<'_>) -> Required {
    match expr {
        Expr::Or(parts) => any(parts.iter().map(|part| of(part, groups)).collect()),
        Expr::And(parts) => all(parts.iter().map(|part| of(part, groups)).collect()),
        Expr::Not(inner) => match &**inner {
            Expr::Not(inner) => of(inner, groups),
            Expr::Condition(Condition::Flag(key, test)) => {
                let wanted = test.is_none_or(|test| test.value != test.negated);
                flag(*key, !wanted)
            }
            _ => Required::Anything,
        },
        Expr::Condition(condition) => condition_of(condition, groups),
        Expr::Service { selector, when } => service(selector.as_ref(), when.as_deref()),
        Expr::Edge { from, to, .. } => match (name(from.as_ref()), name(to.as_ref())) {
            (Some(from_name), Some(to_name)) if !may_be_client(from.as_ref()) => {
                Required::Term(Term::Edge(from_name.to_owned(), to_name.to_owned()))
            }
            _ => all(vec![callee(from.as_ref()), callee(to.as_ref())]),
        },
        Expr::Cause { part, when, .. } => match (part, when) {
            (CausePart::Service, Some(when)) => named_service(when),
            _ => Required::Anything,
        },
        Expr::CauseJson { causes, .. } => cause_services(causes),
        Expr::Trace(_) => Required::Anything,
    }
}

/// All of them, in the simplest form.
pub(super) fn all(mut parts: Vec<Required>) -> Required {
    parts.retain(|part| *part != Required::Anything);
    if parts.contains(&Required::Nothing) {
        return Required::Nothing;
    }
    match parts.pop() {
        None => Required::Anything,
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            Required::All(parts)
        }
    }
}

/// At least one of them, in the simplest form.
fn any(mut parts: Vec<Required>) -> Required {
    parts.retain(|part| *part != Required::Nothing);
    if parts.contains(&Required::Anything) {
        return Required::Anything;
    }
    match parts.pop() {
        None => Required::Nothing,
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            Required::Any(parts)
        }
    }
}

fn condition_of(condition: &Condition, groups: &Nested<'_>) -> Required {
    match condition {
        Condition::Flag(key, test) => flag(*key, test.is_none_or(|test| test.value != test.negated)),
        Condition::Number(key, test) => number(*key, *test),
        Condition::Text(
            key,
            Some(TextTest {
                op: TextOp::Equal,
                value,
            }),
        ) => text(*key, value),
        Condition::Text(TextKey::AccountId | TextKey::Name | TextKey::Type | TextKey::Message, _) => Required::Anything,
        Condition::Text(_, test) => test.as_ref().map_or(Required::Anything, part),
        Condition::Annotation(key, test) => {
            let said = Required::Term(annotation(key, test.as_ref()));
            match test {
                Some(ScalarTest::Text(test)) => all(vec![part(test), said]),
                Some(ScalarTest::Number(test)) => all(vec![numbers(key, *test), said]),
                _ => said,
            }
        }
        Condition::Group { negated: true, .. } => Required::Anything,
        Condition::Group { by, group, .. } => match groups.enter(group_ref(*by, group)) {
            None | Some((Expression::Broken(_), _)) => Required::Nothing,
            Some((Expression::All, _)) => Required::Anything,
            Some((Expression::Filter(filter), inner)) => of(filter.expr(), &inner),
        },
    }
}

fn trace_flag(key: FlagKey) -> Option<TraceFlag> {
    Some(match key {
        FlagKey::Ok => TraceFlag::Ok,
        FlagKey::Error => TraceFlag::Error,
        FlagKey::Fault => TraceFlag::Fault,
        FlagKey::Throttle => TraceFlag::Throttle,
        FlagKey::Partial => TraceFlag::Partial,
        FlagKey::Inferred => TraceFlag::Inferred,
        FlagKey::First | FlagKey::Last | FlagKey::Remote | FlagKey::Root => return None,
    })
}

/// A flag of the whole trace that has to be set or not. Only of `ok` the absence is indexed too.
fn flag(key: FlagKey, wanted: bool) -> Required {
    let term = |flag| Required::Term(Term::Flag(flag));
    match trace_flag(key) {
        Some(flag) if wanted => term(flag),
        Some(TraceFlag::Ok) => Required::Any(vec![term(TraceFlag::Error), term(TraceFlag::Fault)]),
        _ => Required::Anything,
    }
}

fn number(key: NumberKey, test: Option<NumberTest>) -> Required {
    match (key, test) {
        (NumberKey::ResponseTime, None) => Required::ResponseTime(0..u64::MAX),
        (NumberKey::ResponseTime, Some(test)) => nanos(test).map_or(Required::Nothing, Required::ResponseTime),
        (NumberKey::Duration, Some(test)) => nanos(test).map_or(Required::Nothing, Required::Duration),
        (
            NumberKey::HttpStatus,
            Some(NumberTest {
                op: NumberOp::Equal,
                value,
            }),
        ) => {
            let status = value as u16;
            if f64::from(status) == value {
                Required::Term(Term::HttpStatus(status))
            } else {
                Required::Nothing
            }
        }
        (NumberKey::HttpStatus, Some(test)) => status(test),
        _ => Required::Anything,
    }
}

/// The nanoseconds that may meet a test in seconds, widened by what floating point may lose. `None` if none can.
fn nanos(test: NumberTest) -> Option<Range<u64>> {
    let nanos = test.value * 1e9;
    let slack = nanos.abs() * 1e-9 + 2.0;
    // A float-to-int `as` saturates, which keeps the range as wide as it must be.
    let (low, high) = ((nanos - slack) as u64, (nanos + slack) as u64);
    let below = high.saturating_add(1);
    let negative = nanos + slack < 0.0;
    match test.op {
        NumberOp::NotEqual => Some(0..u64::MAX),
        NumberOp::Greater | NumberOp::GreaterOrEqual => Some(low..u64::MAX),
        NumberOp::Less | NumberOp::LessOrEqual | NumberOp::Equal if negative => None,
        NumberOp::Less | NumberOp::LessOrEqual => Some(0..below),
        NumberOp::Equal => Some(low..below),
    }
}

fn text(key: TextKey, value: &str) -> Required {
    let value = value.to_owned();
    Required::Term(match key {
        TextKey::HttpUrl => Term::HttpUrl(value),
        TextKey::HttpMethod => Term::HttpMethod(value),
        TextKey::HttpUserAgent => Term::HttpUserAgent(value),
        TextKey::HttpClientIp => Term::HttpClientIp(value),
        TextKey::User => Term::User(value),
        TextKey::AvailabilityZone => Term::AvailabilityZone(value),
        TextKey::InstanceId => Term::InstanceId(value),
        TextKey::ResourceArn => Term::ResourceArn(value),
        TextKey::AccountId | TextKey::Name | TextKey::Type | TextKey::Message => return Required::Anything,
    })
}

/// Between which numbers the value of an annotation must lie.
fn numbers(key: &str, test: NumberTest) -> Required {
    let range = match test.op {
        NumberOp::NotEqual => return Required::Anything,
        NumberOp::Equal => test.value..=test.value,
        NumberOp::Less | NumberOp::LessOrEqual => f64::NEG_INFINITY..=test.value,
        NumberOp::Greater | NumberOp::GreaterOrEqual => test.value..=f64::INFINITY,
    };
    Required::Number(key.to_owned(), range)
}

/// Between which numbers the HTTP status must lie. A float-to-int `as` saturates and rounds towards zero, which
/// includes what lies between.
fn status(test: NumberTest) -> Required {
    let value = test.value as u16;
    Required::HttpStatus(match test.op {
        NumberOp::Equal | NumberOp::NotEqual => 0..=u16::MAX,
        NumberOp::Less | NumberOp::LessOrEqual => 0..=value,
        NumberOp::Greater | NumberOp::GreaterOrEqual => value..=u16::MAX,
    })
}

/// The part that a text must have. Every text that is compared is among those of the digest.
fn part(test: &TextTest) -> Required {
    let part = match test.op {
        _ if test.value.is_empty() => return Required::Anything,
        TextOp::BeginsWith => TextPart::Begin,
        TextOp::Contains => TextPart::Within,
        TextOp::EndsWith => TextPart::End,
        TextOp::Equal | TextOp::NotEqual => return Required::Anything,
    };
    Required::Text(part(test.value.clone()))
}

/// A text that could also be a number or a truth value is equal to those too, however they are spelled.
fn annotation(key: &str, test: Option<&ScalarTest>) -> Term {
    if let Some(ScalarTest::Text(TextTest {
        op: TextOp::Equal,
        value,
    })) = test
    {
        let may_be_other = value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok();
        let is_truth = value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false");
        if !may_be_other && !is_truth {
            return Term::Annotation(key.to_owned(), value.clone());
        }
    }
    Term::AnnotationKey(key.to_owned())
}

fn name(selector: Option<&Selector>) -> Option<&str> {
    match selector? {
        Selector::Name(name) => Some(name),
        Selector::Id { name, .. } => name.as_deref(),
    }
}

/// A client goes by the name of the service that it calls, so its name says nothing about callers.
fn may_be_client(selector: Option<&Selector>) -> bool {
    matches!(selector, Some(Selector::Id { kind: Some(kind), .. }) if kind == "client")
}

/// What a selector requires of a service, or of the client of one.
fn callee(selector: Option<&Selector>) -> Required {
    let named = name(selector).map_or(Required::Anything, |name| {
        Required::Term(Term::Service(name.to_owned()))
    });
    match selector {
        Some(Selector::Id { kind: Some(kind), .. }) if kind != "client" => {
            all(vec![named, Required::Term(Term::ServiceKind(kind.clone()))])
        }
        _ => named,
    }
}

fn service(selector: Option<&Selector>, when: Option<&Expr>) -> Required {
    let kind = match selector {
        Some(Selector::Id { kind: Some(kind), .. }) => Required::Term(Term::ServiceKind(kind.clone())),
        _ => Required::Anything,
    };
    let Some(name) = name(selector) else {
        return kind;
    };
    let mut parts = vec![Required::Term(Term::Service(name.to_owned())), kind];
    if let Some(when) = when {
        parts.push(segment(name, when));
    }
    all(parts)
}

/// What a condition on one segment of a service requires.
fn segment(name: &str, when: &Expr) -> Required {
    let flagged = |flag| Required::Term(Term::ServiceFlag(name.to_owned(), flag));
    match when {
        Expr::Or(parts) => any(parts.iter().map(|part| segment(name, part)).collect()),
        Expr::And(parts) => all(parts.iter().map(|part| segment(name, part)).collect()),
        Expr::Condition(Condition::Flag(key, test)) => {
            let wanted = test.is_none_or(|BoolTest { negated, value }| value != negated);
            match trace_flag(*key) {
                Some(flag) if wanted => flagged(flag),
                _ => Required::Anything,
            }
        }
        _ => Required::Anything,
    }
}

/// The services that a condition on an element of a root cause names.
fn named_service(when: &Expr) -> Required {
    match when {
        Expr::Or(parts) => any(parts.iter().map(named_service).collect()),
        Expr::And(parts) => all(parts.iter().map(named_service).collect()),
        Expr::Condition(Condition::Text(
            TextKey::Name,
            Some(TextTest {
                op: TextOp::Equal,
                value,
            }),
        )) => Required::Term(Term::Service(value.clone())),
        _ => Required::Anything,
    }
}

fn cause_services(causes: &[CausePattern]) -> Required {
    let services = causes.iter().flat_map(|cause| cause.services.iter().flatten());
    let names = services.filter_map(|service| service.name.clone());
    all(names.map(|name| Required::Term(Term::Service(name))).collect())
}
