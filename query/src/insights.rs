//! When services failed more than they usually do, and who was to blame.
//!
//! Insights are found and kept by the write side as data comes in. Here they are listed, and any stretch of time that
//! is kept can be judged again by the same rules, which also explains why something was not found.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use beamline_model::digest::ServiceId;
use beamline_model::group::{DEFAULT_GROUP, Group};
use beamline_model::insight::{Insight, InsightId, Judgement, Minute, State, reconcile, watch};
use beamline_model::lang::trace_filter::GroupRef;
use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::Account;

use crate::QueryError;
use crate::filter::{Selection, divided, groups, kept, named};
use crate::graph::{GraphNode, ServiceGraph, each_contribution, graph, silent, whole};
use crate::source::Source;

/// Longest time that is judged again for one answer.
pub const LONGEST_REPLAY_MINUTES: u32 = 7 * 24 * 60;
/// So many minutes are judged at once.
const AT_ONCE: u32 = 6 * 60;

/// Asks for insights.
#[derive(Clone, Debug)]
pub struct ListRequest {
    /// Whose.
    pub account: Account,
    /// Name or ARN of the group in which they were found; `None` for all groups.
    pub group: Option<String>,
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those that went on at some moment of this time.
    pub range: TimeRange,
    /// At most so many.
    pub limit: usize,
    /// Where the page before ended.
    pub after: Option<Place>,
}

/// The place of an insight in the order of lists: latest start first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its start.
    pub start: Timestamp,
    /// Its id, for equal starts.
    pub id: InsightId,
}

/// Some insights, latest start first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// They.
    pub insights: Vec<Insight>,
    /// Where to go on; `None` when there are no more.
    pub next: Option<Place>,
}

/// Lists insights.
///
/// # Errors
/// If there is no such group, or the store fails.
pub fn list(source: &dyn Source, request: &ListRequest) -> Result<Page, QueryError> {
    let group = request.group.as_deref();
    let group = group
        .map(|name| find_group(source, request.account, name))
        .transpose()?;
    let mut found: Vec<(Place, Insight)> = source
        .insights(request.account)?
        .into_iter()
        .filter(|insight| group.as_ref().is_none_or(|group| group.unique == insight.group_unique))
        .filter(|insight| request.state.is_none_or(|state| insight.state == state))
        .filter(|insight| went_on(insight, &request.range))
        .filter_map(|insight| Some((place(&insight)?, insight)))
        .filter(|(place, _)| request.after.is_none_or(|after| *place < after))
        .collect();
    found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
    let more = found.len() > request.limit;
    found.truncate(request.limit);
    let next = found.last().map(|(place, _)| *place).filter(|_| more);
    let insights = found.into_iter().map(|(_, insight)| insight).collect();
    Ok(Page { insights, next })
}

/// Where an insight is in lists; `None` if its name is not an id, which none that was found has.
fn place(insight: &Insight) -> Option<Place> {
    Some(Place {
        start: insight.start(),
        id: insight.id().parse().ok()?,
    })
}

fn went_on(insight: &Insight, range: &TimeRange) -> bool {
    insight.start() < range.end && insight.ended().is_none_or(|end| end > range.start)
}

/// One insight.
///
/// # Errors
/// If there is none of this id, or the store fails.
pub fn find(source: &dyn Source, account: Account, id: InsightId) -> Result<Insight, QueryError> {
    source.insight(account, id)?.ok_or(QueryError::NoSuchInsight(id))
}

/// What would be found in a stretch of time if it were judged now, as of its end. Nothing is kept of it.
///
/// # Errors
/// If there is no such group, the time is longer than [`LONGEST_REPLAY_MINUTES`], or the store fails.
pub fn replay(
    source: &dyn Source,
    account: Account,
    group: &str,
    range: TimeRange,
    now: Timestamp,
) -> Result<Vec<Insight>, QueryError> {
    let group = find_group(source, account, group)?;
    let range = whole(range, 1);
    let until = range.end.min(now).minute();
    let minutes = range.start.minute()..until;
    if range.end.minute() - range.start.minute() > LONGEST_REPLAY_MINUTES {
        return Err(QueryError::Invalid {
            field: "range",
            message: format!("is longer than {} days", LONGEST_REPLAY_MINUTES / 1440),
        });
    }
    let selection = of_group(&group);
    let mut found: Vec<Insight> = Vec::new();
    for first in minutes.clone().step_by(AT_ONCE as usize) {
        let part = first..first.saturating_add(AT_ONCE).min(until);
        let read = |minutes| counts(source, account, &selection, minutes);
        let judged = watch::judge(part, until, &found, read)?;
        let judgement = Judgement {
            group: &group.name,
            group_unique: &group.unique,
            window: judged.window,
            announce: false,
            now,
        };
        for insight in reconcile(&found, &judged.findings, &judgement) {
            found.retain(|known| known.id() != insight.id());
            found.push(insight);
        }
    }
    found.retain(|insight| insight.end > minutes.start);
    found.sort_by_key(|insight| std::cmp::Reverse(place(insight)));
    Ok(found)
}

/// Requests and faults by the minute of the traces that are selected: from kept statistics where there are any, from
/// the traces themselves otherwise.
///
/// # Errors
/// If there is no such group, or the store fails.
pub(crate) fn counts(
    source: &dyn Source,
    account: Account,
    selection: &Selection,
    minutes: Range<u32>,
) -> Result<Vec<(u32, Minute)>, QueryError> {
    if minutes.is_empty() {
        return Ok(Vec::new());
    }
    let range = Timestamp::from_minute(minutes.start)..Timestamp::from_minute(minutes.end);
    let kept = kept(source, account, selection)?;
    let (before, since) = divided(&range, kept, 1);
    let mut found: BTreeMap<u32, GraphStats> = BTreeMap::new();
    if !before.is_empty() {
        each_contribution(source, account, &before, selection, |minute, stats| {
            found.entry(minute).or_default().merge(stats, 1);
        })?;
    }
    let mut found: Vec<(u32, Minute)> = found.iter().map(|(&at, stats)| (at, Minute::from(stats))).collect();
    if let Some(kept) = kept.filter(|_| !since.is_empty()) {
        found.extend(source.counts(kept.statistics, since.start.minute()..since.end.minute())?);
    }
    Ok(found)
}

/// The services that an insight is about and those that felt it, with the calls between them, in a time range.
///
/// # Errors
/// If the store fails.
pub fn impact(
    source: &dyn Source,
    account: Account,
    insight: &Insight,
    range: TimeRange,
) -> Result<ServiceGraph, QueryError> {
    // The group may be gone; what the insight is about happened all the same.
    let group = groups(source, account)?
        .name(GroupRef::Name(&insight.group))
        .map(str::to_owned);
    let selection = Selection { filter: None, group };
    let all = graph(source, account, range, &selection)?;
    let unusual: BTreeSet<&ServiceId> = insight.anomalies.iter().map(|it| &it.service).collect();
    let mut shown = BTreeSet::new();
    for at in all
        .graph
        .node_indices()
        .filter(|&at| unusual.contains(&all.graph[at].id))
    {
        shown.insert(at);
        shown.extend(all.blast_radius(at));
    }
    let mut graph = all.graph.filter_map(
        |at, node| shown.contains(&at).then(|| node.clone()),
        |_, edge| Some(edge.clone()),
    );
    let has_root = graph.node_weights().any(|node: &GraphNode| node.id == insight.root);
    if !has_root {
        graph.add_node(silent(insight.root.clone(), all.range.clone()));
    }
    Ok(ServiceGraph { graph, ..all })
}

fn of_group(group: &Group) -> Selection {
    Selection {
        filter: None,
        group: Some(group.name.clone()).filter(|name| name != DEFAULT_GROUP),
    }
}

/// A group by its name or ARN.
fn find_group(source: &dyn Source, account: Account, group: &str) -> Result<Group, QueryError> {
    let set = groups(source, account)?;
    let Some(name) = set.name(named(group)) else {
        return Err(QueryError::NoSuchGroup(group.to_owned()));
    };
    let kept = source.groups(account)?.into_iter().find(|kept| kept.name == name);
    Ok(kept.unwrap_or_else(Group::always))
}
