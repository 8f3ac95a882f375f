//! Watches the statistics of every group for insights, and keeps what it finds.
//!
//! Every few seconds it asks the store which minutes have changed since it looked last, and judges those again together
//! with what they may have a say in. So data that comes late is judged like any other, and minutes that nobody touched
//! cost nothing. Only sealed statistics are read: traces are sealed ten seconds after they went silent, and deriving
//! those that are not would be done twice for each trace. What is found is decided in
//! [`model::insight`](beamline_model::insight); this knows when to look, and where what is found is kept.

mod kept;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use beamline_model::group::{DEFAULT_GROUP, Group, GroupSet};
use beamline_model::insight::{Insight, Judgement, State, reconcile, watch};
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use beamline_store::{HourMarks, ObjectKind, Store, StoreError};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::report::registry::{Kind, Registry};
use kept::Kept;

/// Later than this nobody is told any more: what changed before is left alone.
const LATE: u32 = 7 * 24 * 60;
/// A group that is watched for the first time, or again after a start, is judged so far back.
const FIRST_LOOK: u32 = 6 * 60;
/// Changed minutes so close to each other are judged together.
const NEAR: u32 = 60;
/// As many minutes are judged at once, at most.
const AT_ONCE: u32 = 6 * 60;

/// Finds insights in what a store has, and keeps them there. There must be one for a store.
pub struct Watcher {
    store: Arc<Store>,
    figures: Arc<Figures>,
    kept: Kept,
    seen: BTreeMap<Watched, Seen>,
}

/// A group that is watched: whose, which, and under which number it has statistics. Several may have the same ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Watched {
    account: Account,
    group_unique: String,
    statistics: Account,
}

/// What was looked at of some statistics.
#[derive(Debug, Default)]
struct Seen {
    /// Minutes from here on were not over.
    until: u32,
    /// The marks of minutes, by the first minute of their hour.
    marks: BTreeMap<u32, [u32; 60]>,
}

impl Seen {
    fn of(marks: Vec<HourMarks>, until: u32) -> Self {
        let mut seen = Self {
            until,
            marks: BTreeMap::new(),
        };
        for mut hour in marks {
            // A minute that is not over was not judged, so that its mark counts as new when it is.
            let over = until.saturating_sub(hour.hour).min(60) as usize;
            hour.minutes[over..].fill(0);
            seen.marks.insert(hour.hour, hour.minutes);
        }
        seen
    }

    /// The minutes that have other marks than when they were looked at.
    fn changed(&self, marks: &[HourMarks]) -> BTreeSet<u32> {
        let mut changed = BTreeSet::new();
        for hour in marks {
            let known = self.marks.get(&hour.hour).unwrap_or(&[0; 60]);
            let minutes = (hour.hour..).zip(hour.minutes.iter().zip(known));
            changed.extend(minutes.filter(|(_, (mark, known))| mark != known).map(|(at, _)| at));
        }
        changed
    }
}

#[derive(Debug, Default)]
struct Figures {
    judged: AtomicU64,
    told: AtomicU64,
    failed: AtomicU64,
}

impl Watcher {
    /// Watches a store. `registry` shows what it does.
    #[must_use]
    pub fn new(store: Arc<Store>, registry: &Registry) -> Self {
        let figures = Arc::new(Figures::default());
        let show = |name, help, read: fn(&Figures) -> &AtomicU64| {
            let figures = Arc::clone(&figures);
            registry.figure(name, help, Kind::Counter, move || {
                read(&figures).load(Ordering::Relaxed) as f64
            });
        };
        show(
            "beamline_collector_insight_minutes_judged_total",
            "Minutes of groups that were judged for insights, again and again included.",
            |it| &it.judged,
        );
        show(
            "beamline_collector_insight_events_total",
            "Events of insights: found, changed, over.",
            |it| &it.told,
        );
        show(
            "beamline_collector_insight_looks_failed_total",
            "Times that insights could not be looked for because the store failed; the next look makes up for it.",
            |it| &it.failed,
        );
        Self {
            kept: Kept::new(Arc::clone(&store)),
            store,
            figures,
            seen: BTreeMap::new(),
        }
    }

    /// Judges what has changed since the last look. Blocks on the store.
    ///
    /// # Errors
    /// When the store fails. What was not judged is judged by the next look.
    pub fn look(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let mut watched = BTreeSet::new();
        for (account, id, region) in self.store.accounts() {
            self.kept.load(account)?;
            let groups = groups(&self.store, account)?;
            let set = GroupSet::new(&id, &region, &groups);
            for group in groups.iter().filter(|group| group.insights) {
                let Some(statistics) = statistics(&self.store, account, &set, group) else {
                    continue;
                };
                let target = Watched {
                    account,
                    group_unique: group.unique.clone(),
                    statistics,
                };
                self.look_at(&target, group, now)?;
                watched.insert(target);
            }
            self.end_unwatched(account, &groups, now)?;
            self.kept.forget_old(account, now)?;
        }
        // A group that is watched no more is looked at as if for the first time if it ever is again.
        self.seen.retain(|target, _| watched.contains(target));
        Ok(())
    }

    fn look_at(&mut self, target: &Watched, group: &Group, now: Timestamp) -> Result<(), StoreError> {
        let (account, statistics) = (target.account, target.statistics);
        let until = now.minute();
        let marks = self.store.changes(statistics, until.saturating_sub(LATE))?;
        let before = self.seen.get(target);
        let mut changed = before.unwrap_or(&Seen::default()).changed(&marks);
        let last = before.map_or(0, |seen| seen.until);
        let first = before.map_or(until.saturating_sub(FIRST_LOOK), |_| 0);
        // Silence ends an insight, too.
        let active = self
            .kept
            .of(account, &group.unique)
            .filter(|it| it.state == State::Active);
        let silent: Vec<u32> = active.map(|it| it.end.min(until.saturating_sub(1))).collect();
        changed.retain(|&minute| first <= minute && minute < until);
        if last < until {
            changed.extend(silent);
        }
        for minutes in stretches(&changed) {
            self.judge(account, statistics, group, minutes, now)?;
        }
        self.seen.insert(target.clone(), Seen::of(marks, until));
        Ok(())
    }

    /// Closes what nobody watches any more, because its group is gone or wants no insights.
    fn end_unwatched(&mut self, account: Account, groups: &[Group], now: Timestamp) -> Result<(), StoreError> {
        let wanted: Vec<&Group> = groups.iter().filter(|group| group.insights).collect();
        let left = |it: &&Insight| wanted.iter().all(|group| group.unique != it.group_unique);
        let active = self.kept.all(account).filter(|it| it.state == State::Active);
        let left: Vec<Insight> = active.filter(left).cloned().collect();
        for insight in left {
            let judgement = Judgement {
                group: &insight.group,
                group_unique: &insight.group_unique,
                window: insight.first..insight.end,
                announce: false,
                now,
            };
            for closed in reconcile(std::slice::from_ref(&insight), &[], &judgement) {
                self.kept.put(account, closed)?;
            }
        }
        Ok(())
    }

    fn judge(
        &mut self,
        account: Account,
        statistics: Account,
        group: &Group,
        minutes: Range<u32>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known: Vec<_> = self.kept.of(account, &group.unique).cloned().collect();
        let read = |minutes| self.store.sealed_counts(statistics, minutes);
        let judged = watch::judge(minutes, now.minute(), &known, read)?;
        let minutes = u64::from(judged.window.end - judged.window.start);
        self.figures.judged.fetch_add(minutes, Ordering::Relaxed);
        let judgement = Judgement {
            group: &group.name,
            group_unique: &group.unique,
            window: judged.window,
            announce: group.notifications,
            now,
        };
        for insight in reconcile(&known, &judged.findings, &judgement) {
            let events = known
                .iter()
                .find(|it| it.id() == insight.id())
                .map_or(0, |it| it.events.len());
            if insight.events.len() > events {
                self.figures.told.fetch_add(1, Ordering::Relaxed);
                tracing::info!(group = group.name, id = insight.id(), state = ?insight.state, "{}", insight.summary());
            }
            self.kept.put(account, insight)?;
        }
        Ok(())
    }
}

/// The groups of an account, the one that always exists among them.
fn groups(store: &Store, account: Account) -> Result<Vec<Group>, StoreError> {
    let kept = store.objects(ObjectKind::Group, account)?.into_iter();
    // One that cannot be read is told to whoever asks for it; the others are watched all the same.
    let mut groups: Vec<Group> = kept
        .filter_map(|(_, value)| serde_json::from_slice(&value).ok())
        .collect();
    if groups.iter().all(|group| group.name != DEFAULT_GROUP) {
        groups.push(Group::always());
    }
    Ok(groups)
}

/// The number of a group's statistics; `None` while it has none.
fn statistics(store: &Store, account: Account, set: &GroupSet, group: &Group) -> Option<Account> {
    if group.expression.is_none() {
        return Some(account);
    }
    let (number, _) = store.group_statistics(account, &group.name, set.version(&group.name)?)?;
    Some(number)
}

/// Minutes as stretches that are judged at once.
fn stretches(minutes: &BTreeSet<u32>) -> Vec<Range<u32>> {
    let mut stretches: Vec<Range<u32>> = Vec::new();
    for &minute in minutes {
        match stretches.last_mut() {
            Some(last) if minute < last.end + NEAR && minute < last.start + AT_ONCE => last.end = minute + 1,
            _ => stretches.push(minute..minute + 1),
        }
    }
    stretches
}

/// Looks again and again, until told to stop.
pub(crate) async fn run(mut watcher: Watcher, every: Duration, stop: CancellationToken) {
    let mut due = tokio::time::interval(every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = stop.cancelled() => return,
        }
        let looked = tokio::task::spawn_blocking(move || {
            let now = watcher.store.stamp();
            let looked = watcher.look(now);
            (watcher, looked)
        });
        let Ok((back, looked)) = looked.await else {
            tracing::error!("looking for insights panicked; none are found until the next start");
            return;
        };
        watcher = back;
        if let Err(error) = looked {
            watcher.figures.failed.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%error, "insights could not be looked for");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_near_each_other_are_judged_at_once() {
        let check = |minutes: &[u32], expected: &[Range<u32>]| {
            assert_eq!(stretches(&minutes.iter().copied().collect()), expected, "{minutes:?}");
        };
        check(&[], &[]);
        check(&[5], std::slice::from_ref(&(5..6)));
        check(&[5, 6, 60, 200], &[5..61, 200..201]);
        let day: Vec<u32> = (0..1440).collect();
        check(&day, &[0..360, 360..720, 720..1080, 1080..1440]);
    }
}
