//! Which traces are wanted: a filter expression together with the groups that are kept.

mod required;

use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::group::{DEFAULT_GROUP, Group};
use beamline_model::lang::trace_filter::ast::{Expr, GroupKey};
use beamline_model::lang::trace_filter::{Filter, GroupRef, Groups};
use beamline_store::api::{Account, Matcher, Required};

use crate::QueryError;
use crate::source::Source;

/// Which traces are wanted; they have to meet everything that is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// A filter expression.
    pub filter: Option<Filter>,
    /// The name or ARN of a group.
    pub group: Option<String>,
}

impl Selection {
    /// The selection that a filter's text and a group's name make; empty ones select all.
    ///
    /// # Errors
    /// If the text is not an expression.
    pub fn parse(filter: &str, group: &str) -> Result<Self, QueryError> {
        let filter = match filter.trim() {
            "" => None,
            text => {
                let parsed = Filter::parse(text);
                Some(parsed.map_err(|error| QueryError::Filter {
                    field: "selection.filter",
                    error,
                })?)
            }
        };
        let group = Some(group.to_owned()).filter(|group| !group.is_empty());
        Ok(Self { filter, group })
    }
}

impl From<Filter> for Selection {
    fn from(filter: Filter) -> Self {
        Self {
            filter: Some(filter),
            group: None,
        }
    }
}

/// The matcher of a selection; `None` if it selects all.
///
/// # Errors
/// If there is no such group, its expression cannot be read, or the store fails.
pub fn matcher(
    source: &dyn Source,
    account: Account,
    selection: &Selection,
) -> Result<Option<Arc<dyn Matcher>>, QueryError> {
    let asks_for_groups = |filter: &Filter| filter.mentions_groups();
    let needs_groups = selection.group.is_some() || selection.filter.as_ref().is_some_and(asks_for_groups);
    let groups = if needs_groups {
        KeptGroups::load(source, account)?
    } else {
        KeptGroups::default()
    };
    let mut filters: Vec<Filter> = selection.filter.iter().cloned().collect();
    if let Some(name) = &selection.group {
        let named = if name.starts_with("arn:") {
            GroupRef::Arn(name)
        } else {
            GroupRef::Name(name)
        };
        let Some(group) = groups.find(named) else {
            return Err(QueryError::NoSuchGroup(name.clone()));
        };
        match &group.expression {
            Expression::All => {}
            Expression::Filter(filter) => filters.push(filter.clone()),
            Expression::Broken(error) => {
                let message = format!("the expression of `{name}` cannot be read: {error}");
                return Err(QueryError::Invalid {
                    field: "group",
                    message,
                });
            }
        }
    }
    if filters.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Condition { filters, groups })))
}

/// Whether digests meet all of some filters.
struct Condition {
    filters: Vec<Filter>,
    groups: KeptGroups,
}

impl Matcher for Condition {
    fn matches(&self, digest: &Digest) -> bool {
        let groups = Nested::outermost(&self.groups);
        self.filters.iter().all(|filter| filter.matches(digest, &groups))
    }

    fn required(&self) -> Required {
        let groups = Nested::outermost(&self.groups);
        required::all(
            self.filters
                .iter()
                .map(|filter| required::of(filter.expr(), &groups))
                .collect(),
        )
    }
}

/// The groups of an account with their expressions read.
#[derive(Default)]
pub struct KeptGroups {
    groups: Vec<KeptGroup>,
}

struct KeptGroup {
    name: String,
    arn: String,
    expression: Expression,
}

/// Which traces belong to a group.
enum Expression {
    All,
    Filter(Filter),
    /// It cannot be read, so that no trace belongs to it.
    Broken(String),
}

/// The ARN of a group. The group that always exists has no last part.
#[must_use]
pub fn group_arn(account: &str, region: &str, group: &Group) -> String {
    let unique = &group.unique;
    let last = if unique.is_empty() {
        String::new()
    } else {
        format!("/{unique}")
    };
    format!("arn:aws:xray:{region}:{account}:group/{}{last}", group.name)
}

impl KeptGroups {
    /// Reads the groups of an account.
    ///
    /// # Errors
    /// If the store fails.
    pub fn load(source: &dyn Source, account: Account) -> Result<Self, QueryError> {
        let accounts = source.accounts();
        let owner = accounts.iter().find(|(known, ..)| *known == account);
        let (id, region) = owner.map_or(("", ""), |(_, id, region)| (id, region));
        let always = Group {
            name: DEFAULT_GROUP.to_owned(),
            unique: String::new(),
            expression: None,
            insights: false,
            notifications: false,
        };
        let kept = source.groups(account)?;
        let groups = std::iter::once(&always).chain(&kept).map(|group| KeptGroup {
            name: group.name.clone(),
            arn: group_arn(id, region, group),
            expression: match group.expression.as_deref().map(Filter::parse) {
                None => Expression::All,
                Some(Ok(filter)) => Expression::Filter(filter),
                Some(Err(error)) => Expression::Broken(error.to_string()),
            },
        });
        Ok(Self {
            groups: groups.collect(),
        })
    }

    fn find(&self, group: GroupRef<'_>) -> Option<&KeptGroup> {
        self.groups.iter().find(|kept| match group {
            GroupRef::Name(name) => kept.name == name,
            GroupRef::Arn(arn) => kept.arn == arn,
        })
    }
}

/// Groups as seen from inside of so many others. Expressions of groups may name groups, even themselves, so there is
/// a level below which there are none.
struct Nested<'a> {
    groups: &'a KeptGroups,
    below: u8,
}

/// How many groups deep an expression is followed.
const LEVELS: u8 = 4;

impl<'a> Nested<'a> {
    fn outermost(groups: &'a KeptGroups) -> Self {
        Self { groups, below: LEVELS }
    }

    /// The expression of a group and the groups that it sees, unless this is too deep.
    fn enter(&self, group: GroupRef<'_>) -> Option<(&'a Expression, Self)> {
        let kept = self.groups.find(group)?;
        let below = self.below.checked_sub(1)?;
        let inner = Self {
            groups: self.groups,
            below,
        };
        Some((&kept.expression, inner))
    }
}

impl Groups for Nested<'_> {
    fn contains(&self, group: GroupRef<'_>, digest: &Digest) -> Option<bool> {
        let (expression, inner) = self.enter(group)?;
        match expression {
            Expression::All => Some(true),
            Expression::Filter(filter) => Some(filter.matches(digest, &inner)),
            Expression::Broken(_) => None,
        }
    }
}

fn group_ref(by: GroupKey, group: &str) -> GroupRef<'_> {
    match by {
        GroupKey::Name => GroupRef::Name(group),
        GroupKey::Arn => GroupRef::Arn(group),
    }
}

/// The one trace that a selection is about, if it is a bare trace id and nothing else.
#[must_use]
pub fn single_trace(selection: &Selection) -> Option<beamline_model::id::TraceId> {
    match (&selection.group, selection.filter.as_ref().map(Filter::expr)) {
        (None, Some(Expr::Trace(trace))) => Some(*trace),
        _ => None,
    }
}
