//! Which traces are wanted: a filter expression together with the groups that are kept.

mod required;

use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::group::{Expression, GroupSet, Nested};
use beamline_model::lang::trace_filter::ast::{Expr, GroupKey};
use beamline_model::lang::trace_filter::{Filter, GroupRef};
use beamline_model::time::{TimeRange, Timestamp};
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
        groups(source, account)?
    } else {
        GroupSet::default()
    };
    let mut filters: Vec<Filter> = selection.filter.iter().cloned().collect();
    if let Some(name) = &selection.group {
        let Some(expression) = groups.expression(named(name)) else {
            return Err(QueryError::NoSuchGroup(name.clone()));
        };
        match expression {
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
    groups: GroupSet,
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

/// Reads the groups of an account.
///
/// # Errors
/// If the store fails.
pub fn groups(source: &dyn Source, account: Account) -> Result<GroupSet, QueryError> {
    let accounts = source.accounts();
    let owner = accounts.iter().find(|(known, ..)| *known == account);
    let (id, region) = owner.map_or(("", ""), |(_, id, region)| (id, region));
    Ok(GroupSet::new(id, region, &source.groups(account)?))
}

/// A group by its name or its ARN.
#[must_use]
pub fn named(group: &str) -> GroupRef<'_> {
    if group.starts_with("arn:") {
        GroupRef::Arn(group)
    } else {
        GroupRef::Name(group)
    }
}

/// Whose statistics, kept by the minute, are those of a selection: from `since` on, and before that those of the traces
/// themselves have to be added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The number under which they are.
    pub statistics: Account,
    /// The first minute that they have.
    pub since: u32,
}

/// The kept statistics of a selection; `None` if there are none. Those of everything and of groups are kept.
///
/// # Errors
/// If there is no such group, or the store fails.
pub fn kept(source: &dyn Source, account: Account, selection: &Selection) -> Result<Option<Kept>, QueryError> {
    let all = Some(Kept {
        statistics: account,
        since: 0,
    });
    let group = match selection {
        Selection {
            filter: None,
            group: None,
        } => return Ok(all),
        Selection {
            filter: None,
            group: Some(group),
        } => group,
        Selection { filter: Some(_), .. } => return Ok(None),
    };
    let groups = groups(source, account)?;
    let Some(name) = groups.name(named(group)) else {
        return Err(QueryError::NoSuchGroup(group.clone()));
    };
    if matches!(groups.expression(GroupRef::Name(name)), Some(Expression::All)) {
        return Ok(all);
    }
    let version = groups.version(name).unwrap_or_default();
    let kept = source.group_statistics(account, name, version);
    Ok(kept.map(|(statistics, since)| Kept { statistics, since }))
}

/// A range of whole minutes in two parts: before the statistics were kept, and from then on, in whole stretches of so
/// many minutes. One of them may be empty.
#[must_use]
pub fn divided(range: &TimeRange, kept: Option<Kept>, minutes: u32) -> (TimeRange, TimeRange) {
    let minutes = minutes.max(1);
    let since = kept.map_or(u32::MAX, |kept| kept.since.div_ceil(minutes).saturating_mul(minutes));
    let since = Timestamp::from_minute(since).clamp(range.start, range.end);
    (range.start..since, since..range.end)
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
