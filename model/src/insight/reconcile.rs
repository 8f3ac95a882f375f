//! What was found against what is kept.

use std::ops::Range;

use super::detect::Finding;
use super::history::Counts;
use super::id::InsightId;
use super::kept::{Event, Insight, State};
use crate::time::Timestamp;

/// Events kept of one insight; the last one is replaced by what comes after.
const MOST_EVENTS: usize = 200;
/// A change of the impact by a fifth is worth telling.
const WORTH_TELLING: f64 = 0.2;

/// Whose findings, and when they were made.
#[derive(Clone, Debug)]
pub struct Judgement<'a> {
    /// Name of the group.
    pub group: &'a str,
    /// What tells the group from a deleted one of the same name.
    pub group_unique: &'a str,
    /// The minutes that were judged.
    pub window: Range<u32>,
    /// The group wants its insights to be announced.
    pub announce: bool,
    /// Now.
    pub now: Timestamp,
}

/// The insights that have to be written: new ones, and those of `kept` that changed. `kept` are insights of the group;
/// those that the window does not hold as a whole are left alone.
///
/// What was told is not taken back: an insight that later data no longer shows is closed and stays.
#[must_use]
pub fn reconcile(kept: &[Insight], findings: &[Finding], judged: &Judgement<'_>) -> Vec<Insight> {
    let mut candidates: Vec<&Insight> = kept.iter().filter(|it| is_within(it, judged)).collect();
    candidates.sort_by(|a, b| (a.first, a.id()).cmp(&(b.first, b.id())));
    let mut changed = Vec::new();
    for finding in findings {
        let (mut same, others) = candidates.into_iter().partition::<Vec<_>, _>(|it| is_same(it, finding));
        candidates = others;
        let insight = match same.is_empty() {
            true => {
                let id = InsightId::of(judged.group_unique, finding.start, &finding.root);
                Insight::new(id, judged.group, judged.group_unique, finding.root.clone())
            }
            false => same.remove(0).clone(),
        };
        changed.extend(updated(insight, finding, judged));
        // What turned out to be one is told once; the others have said what they had to.
        changed.extend(same.into_iter().filter_map(|merged| closed(merged, judged)));
    }
    changed.extend(candidates.into_iter().filter_map(|gone| closed(gone, judged)));
    changed
}

fn is_within(insight: &Insight, judged: &Judgement<'_>) -> bool {
    judged.window.start <= insight.first && insight.end <= judged.window.end
}

fn is_same(insight: &Insight, finding: &Finding) -> bool {
    let at_the_same_time = insight.first < finding.end && finding.start < insight.end;
    at_the_same_time
        && insight
            .anomalies
            .iter()
            .any(|anomaly| finding.involves(&anomaly.service))
}

/// The insight as it is now, if that is not how it is kept.
fn updated(before: Insight, finding: &Finding, judged: &Judgement<'_>) -> Option<Insight> {
    let mut insight = before.clone();
    insight.first = finding.start;
    insight.end = finding.end;
    insight.state = if finding.open { State::Active } else { State::Closed };
    insight.root = finding.root.clone();
    insight.anomalies.clone_from(&finding.anomalies);
    insight.at_root = finding.at_root;
    insight.clients = finding.clients;
    if insight == before {
        return None;
    }
    insight.touch(judged.now);
    if is_worth_telling(&insight) {
        tell(&mut insight, judged);
    }
    Some(insight)
}

fn closed(insight: &Insight, judged: &Judgement<'_>) -> Option<Insight> {
    if insight.state == State::Closed {
        return None;
    }
    let mut insight = insight.clone();
    insight.state = State::Closed;
    insight.touch(judged.now);
    tell(&mut insight, judged);
    Some(insight)
}

fn is_worth_telling(insight: &Insight) -> bool {
    let Some(last) = insight.events.last() else {
        return true;
    };
    let services = insight.anomalies.iter().map(|anomaly| &anomaly.service);
    let moved = |before: Counts, after: Counts| {
        let change = before.fault.abs_diff(after.fault) as f64;
        change > 0.0 && change >= WORTH_TELLING * before.fault.max(1) as f64
    };
    last.state != insight.state
        || last.root != insight.root
        || !same_set(services, &last.services)
        || moved(last.at_root, insight.at_root)
        || moved(last.clients, insight.clients)
}

fn same_set<'a, T: Ord + 'a>(these: impl Iterator<Item = &'a T>, those: &'a [T]) -> bool {
    let these: std::collections::BTreeSet<&T> = these.collect();
    these == those.iter().collect()
}

fn tell(insight: &mut Insight, judged: &Judgement<'_>) {
    if insight.events.len() >= MOST_EVENTS {
        insight.events.pop();
    }
    let event = Event::of(insight, judged.now, judged.announce);
    insight.events.push(event);
}
