//! What was found, held against what there was.

use std::convert::Infallible;
use std::ops::Range;

use beamline_model::insight::{Insight, Judgement, Minute, reconcile, watch};
use beamline_model::time::Timestamp;

use crate::world::{Kind, Trouble, World};

/// Found this long after the trouble is over, it is still found.
const GRACE: u32 = 5;

/// What became of some runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    runs: u32,
    troubles: u32,
    found: u32,
    /// Found, and blamed on the service that caused it.
    blamed: u32,
    /// Insights where nothing was wrong, and a second one where one was.
    false_alarms: u32,
    /// Minutes from the begin of the trouble until it was found, as somebody who watches finds it.
    delays: Vec<u32>,
}

impl Score {
    pub(crate) const HEADINGS: &str =
        "kind            runs  faults   recall  precision  root right  found after (median, most)  false alarms a day";

    pub(crate) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.troubles += other.troubles;
        self.found += other.found;
        self.blamed += other.blamed;
        self.false_alarms += other.false_alarms;
        self.delays.extend(&other.delays);
    }

    /// The share of troubles that were found.
    pub(crate) fn recall(&self) -> f64 {
        share(self.found, self.troubles)
    }

    /// The share of insights that were about a trouble.
    pub(crate) fn precision(&self) -> f64 {
        share(self.found, self.found + self.false_alarms)
    }

    /// The share of found troubles that were blamed on the right service.
    pub(crate) fn blame(&self) -> f64 {
        share(self.blamed, self.found)
    }

    pub(crate) fn line(&self, name: &str) -> String {
        let percent = |share: f64| {
            if share.is_nan() {
                "-".to_owned()
            } else {
                format!("{:.1} %", share * 100.0)
            }
        };
        let mut delays = self.delays.clone();
        delays.sort_unstable();
        let after = match (delays.get(delays.len() / 2), delays.last()) {
            (Some(median), Some(most)) => format!("{median} min, {most} min"),
            _ => "-".to_owned(),
        };
        let days = f64::from(self.runs * World::HOURS) / 24.0;
        format!(
            "{name:15} {:4}  {:6}  {:>7}  {:>9}  {:>10}  {after:>26}  {:>18.3}",
            self.runs,
            self.troubles,
            percent(self.recall()),
            percent(self.precision()),
            percent(self.blame()),
            f64::from(self.false_alarms) / days,
        )
    }
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole)
}

/// Runs one world.
pub(crate) fn of(kind: Kind, seed: u64) -> Score {
    let world = World::new(kind, seed);
    let found = judged(&world, world.window.clone(), world.window.end);
    let trouble = world.trouble.as_ref();
    let is_about = |insight: &&Insight| trouble.is_some_and(|trouble| overlap(insight, &trouble.minutes));
    let about = found.iter().filter(is_about).collect::<Vec<_>>();
    let is_blamed = |trouble: &Trouble| about.iter().any(|insight| insight.root == trouble.service);
    Score {
        runs: 1,
        troubles: u32::from(trouble.is_some()),
        found: u32::from(!about.is_empty()),
        blamed: u32::from(trouble.is_some_and(is_blamed)),
        false_alarms: (found.len() - about.len() + about.len().saturating_sub(1)) as u32,
        delays: trouble.and_then(|trouble| delay(&world, trouble)).into_iter().collect(),
    }
}

fn overlap(insight: &Insight, minutes: &Range<u32>) -> bool {
    insight.first < minutes.end + GRACE && minutes.start < insight.end
}

/// Minutes from the begin of the trouble to the end of the first minute after which it is found.
fn delay(world: &World, trouble: &Trouble) -> Option<u32> {
    let minutes = trouble.minutes.start + 1..=trouble.minutes.end + GRACE;
    let found = minutes.into_iter().find(|&now| {
        let found = judged(world, now - 1..now, now);
        found.iter().any(|insight| overlap(insight, &trouble.minutes))
    });
    found.map(|now| now - trouble.minutes.start)
}

fn judged(world: &World, changed: Range<u32>, until: u32) -> Vec<Insight> {
    let read = |minutes: Range<u32>| -> Result<Vec<(u32, Minute)>, Infallible> {
        let minutes = world.minutes.range(minutes.start..minutes.end.min(until));
        Ok(minutes.map(|(&at, minute)| (at, minute.clone())).collect())
    };
    let Ok(judged) = watch::judge(changed, until, &[], read);
    let judgement = Judgement {
        group: "Default",
        group_unique: "",
        window: judged.window,
        announce: false,
        now: Timestamp::from_minute(until),
    };
    reconcile(&[], &judged.findings, &judgement)
}
