//! Root causes in the JSON that X-Ray writes them in, as patterns: what is given must agree, what is absent may be
//! anything, and lists agree when they are equally long and their elements agree in order.

use serde::{Deserialize, Deserializer, Serialize};

use crate::digest::{CauseEntity, CauseService, Digest, RootCause};

/// Pattern of a root cause.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CausePattern {
    /// Its services, entry point first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<ServicePattern>>,
    /// Whether the client felt it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_impacting: Option<bool>,
}

/// Pattern of a service on the path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ServicePattern {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name and aliases, in any order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// Type.
    #[serde(default, rename = "Type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Known from its caller only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inferred: Option<bool>,
    /// Its entities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_path: Option<Vec<EntityPattern>>,
}

/// Pattern of a segment or subsegment on the path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EntityPattern {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is a call to somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<bool>,
    /// Share of the response time, to the millionth.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "to_the_millionth"
    )]
    pub coverage: Option<f64>,
    /// Exceptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<Vec<ExceptionPattern>>,
}

/// Pattern of an exception.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ExceptionPattern {
    /// Type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A share is never outside 0 to 1 by much; what is cannot match anything and is kept small enough to be printed and
/// read again exactly.
fn to_the_millionth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let share = Option::<f64>::deserialize(deserializer)?;
    Ok(share.map(|share| (share.clamp(-9.0, 9.0) * 1e6).round() / 1e6))
}

/// Coverage is a single-precision number that clients get back as a double, perhaps rounded for people.
const COVERAGE_TOLERANCE: f64 = 5e-4;

/// Whether the causes agree with the patterns, all of them and in order.
pub(super) fn agree(patterns: &[CausePattern], causes: &[RootCause], digest: &Digest) -> bool {
    all(Some(patterns), causes, |pattern, cause| {
        given(pattern.client_impacting, cause.client_impacting)
            && all(pattern.services.as_deref(), &cause.services, |pattern, service| {
                service_agrees(pattern, service, digest)
            })
    })
}

fn service_agrees(pattern: &ServicePattern, service: &CauseService, digest: &Digest) -> bool {
    let Some(fact) = digest.services.get(usize::from(service.service)) else {
        return false;
    };
    let names_agree = pattern.names.as_ref().is_none_or(|names| {
        let has = |name: &String| *name == fact.id.name || fact.aliases.contains(name);
        let wanted = |name: &String| names.contains(name);
        names.iter().all(has) && wanted(&fact.id.name) && fact.aliases.iter().all(wanted)
    });
    names_agree
        && given(pattern.name.as_deref(), fact.id.name.as_str())
        && given(pattern.kind.as_deref(), fact.id.kind.as_str())
        && given(pattern.account_id.as_deref(), fact.id.account.as_str())
        && given(pattern.inferred, service.inferred)
        && all(pattern.entity_path.as_deref(), &service.path, entity_agrees)
}

fn entity_agrees(pattern: &EntityPattern, entity: &CauseEntity) -> bool {
    let close = |share: f64| (share - f64::from(entity.coverage)).abs() <= COVERAGE_TOLERANCE;
    given(pattern.name.as_deref(), entity.name.as_str())
        && given(pattern.remote, entity.remote)
        && pattern.coverage.is_none_or(close)
        && all(
            pattern.exceptions.as_deref(),
            &entity.exceptions,
            |pattern, (name, message)| {
                given(pattern.name.as_deref(), name.as_str()) && given(pattern.message.as_deref(), message.as_str())
            },
        )
}

fn given<T: PartialEq>(pattern: Option<T>, actual: T) -> bool {
    pattern.is_none_or(|pattern| pattern == actual)
}

fn all<P, T>(patterns: Option<&[P]>, items: &[T], agrees: impl Fn(&P, &T) -> bool) -> bool {
    patterns.is_none_or(|patterns| {
        patterns.len() == items.len() && patterns.iter().zip(items).all(|(pattern, item)| agrees(pattern, item))
    })
}
