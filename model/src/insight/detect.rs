//! Finds what is unusual, and who is to blame.
//!
//! A minute is *bad* when at least [`FEWEST_FAULTS`] requests failed and that is more than the band allows. Two bad
//! minutes of three begin a stretch. Services with little traffic have too few faults in any minute, so ten minutes
//! together are looked at too, without the worst of them; with nothing to confirm them, these must be rarer by chance.
//! A stretch ends with the last minute that is bad and is over after [`QUIET`] minutes that are not.
//!
//! While it goes on, what was usual when it began stays the measure for [`FROZEN`] minutes, or a long failure would
//! soon be called usual. After that it is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::band::{Baseline, Rare};
use super::history::{Counts, History, Track};
use crate::digest::ServiceId;

/// Fewer faults are never unusual.
pub const FEWEST_FAULTS: i64 = 5;
/// After so many minutes without anything unusual it is over.
pub const QUIET: u32 = 10;
/// For so many minutes from its begin a failure is held against what was usual before it.
pub const FROZEN: u32 = 360;
/// Minutes that are looked at together where each has too few requests.
pub const LONG: u32 = 10;
/// So many minutes before a window have a say in what begins in it.
pub const LEAD: u32 = LONG + 2;

/// What is unusual about one service, and why we say so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Which service.
    pub service: ServiceId,
    /// First minute that is bad.
    pub start: u32,
    /// The minute after the last that is bad.
    pub end: u32,
    /// Its requests in between.
    pub counts: Counts,
    /// The share of requests that usually fails, as it was when this began, in millionths.
    pub usual_millionths: i64,
    /// How many faults were expected of as many requests, in thousandths.
    pub expected_milli: i64,
    /// How many standard deviations the faults are above that, in thousandths.
    pub deviation_milli: i64,
}

impl Anomaly {
    /// The share of requests that usually fails, 0 to 1.
    #[must_use]
    pub fn usual(&self) -> f64 {
        self.usual_millionths as f64 / 1e6
    }

    /// Faults beyond what was expected, in thousandths.
    #[must_use]
    pub fn excess_milli(&self) -> i64 {
        self.counts
            .fault
            .saturating_mul(1_000)
            .saturating_sub(self.expected_milli)
    }
}

/// Unusual stretches of services that call one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// First minute in which one of them was bad.
    pub start: u32,
    /// The minute after the last.
    pub end: u32,
    /// It was not over when the window ended.
    pub open: bool,
    /// The farthest downstream of them.
    pub root: ServiceId,
    /// They, the one with the most unexpected faults first, one for each service; at most [`MOST_ANOMALIES`] besides the
    /// root.
    pub anomalies: Vec<Anomaly>,
    /// The root's requests in that time.
    pub at_root: Counts,
    /// Requests from outside in that time.
    pub clients: Counts,
}

impl Finding {
    /// Whether a service is part of it.
    #[must_use]
    pub fn involves(&self, service: &ServiceId) -> bool {
        self.anomalies.iter().any(|anomaly| anomaly.service == *service)
    }
}

/// So many services of one finding are told apart.
pub const MOST_ANOMALIES: usize = 100;
/// So many stretches are looked at in one window, those with the most faults: whoever makes up names of services must
/// not make everybody wait.
const MOST_STRETCHES: usize = 1_000;

/// A stretch of bad minutes of one service, by its number.
#[derive(Clone, Debug)]
struct Stretch {
    service: usize,
    minutes: Range<u32>,
    open: bool,
    usual: Baseline,
}

impl Stretch {
    /// Whether a minute is bad by what was usual when this began.
    fn goes_on(&self, track: &Track, minute: u32) -> bool {
        let counts = track.at(minute);
        let is_young = minute < self.minutes.start + FROZEN;
        is_young && counts.fault >= FEWEST_FAULTS && counts.fault > self.usual.band(counts.total, Rare::Four).high
    }
}

/// What there is to find in a window of whole minutes, by start. Whatever began before the window is not found.
#[must_use]
pub fn findings(history: &History, window: Range<u32>) -> Vec<Finding> {
    let mut stretches = Vec::new();
    for (service, (_, track)) in history.tracks.iter().enumerate() {
        stretches.extend(stretches_of(service, track, &window));
    }
    if stretches.len() > MOST_STRETCHES {
        let faults = |it: &Stretch| history.tracks[it.service].1.sum(it.minutes.clone()).fault;
        stretches.sort_by_cached_key(|it| (std::cmp::Reverse(faults(it)), history.tracks[it.service].0.clone()));
        stretches.truncate(MOST_STRETCHES);
    }
    let mut found: Vec<Finding> = folded(history, &stretches)
        .into_iter()
        .map(|together| finding(history, &together))
        .collect();
    found.sort_by(|a, b| (a.start, &a.root).cmp(&(b.start, &b.root)));
    found
}

/// The minutes whose bands decide what is found in a window: those with faults enough to be bad if only the last
/// hours were looked at. What is usual at their time of day has to be known to judge them.
#[must_use]
pub fn suspects(history: &History, window: Range<u32>) -> BTreeSet<u32> {
    let mut suspects = BTreeSet::new();
    for (_, track) in &history.tracks {
        for minute in with_lead(&window) {
            if bad(track, minute).is_some() {
                suspects.insert(minute);
            }
            if bad_together(track, minute).is_some() {
                suspects.extend(together(minute));
            }
        }
    }
    suspects
}

fn with_lead(window: &Range<u32>) -> Range<u32> {
    window.start.saturating_sub(2)..window.end
}

fn together(minute: u32) -> Range<u32> {
    minute.saturating_sub(LONG - 1)..minute.saturating_add(1)
}

/// What is usual in a minute, if it is bad.
fn bad(track: &Track, minute: u32) -> Option<Baseline> {
    let counts = track.at(minute);
    if counts.fault < FEWEST_FAULTS {
        return None;
    }
    let usual = Baseline::of(track, minute..minute.saturating_add(1))?;
    (counts.fault > usual.band(counts.total, Rare::Four).high).then_some(usual)
}

/// What is usual in the ten minutes up to one, if they are bad together, and not only for the worst of them.
fn bad_together(track: &Track, minute: u32) -> Option<Baseline> {
    // Most of the time nothing fails, and then nothing has to be worked out.
    if track.at(minute).fault == 0 {
        return None;
    }
    let minutes = together(minute);
    let worst = track
        .within(minutes.clone())
        .map(|(_, counts)| counts)
        .max_by_key(|it| it.fault)?;
    let all = track.sum(minutes.clone());
    let (faults, requests) = (all.fault - worst.fault, all.total - worst.total);
    if faults < FEWEST_FAULTS {
        return None;
    }
    let usual = Baseline::of(track, minutes)?;
    (faults > usual.band(requests, Rare::Five).high).then_some(usual)
}

fn stretches_of(service: usize, track: &Track, window: &Range<u32>) -> Vec<Stretch> {
    let mut done = Vec::new();
    let mut current: Option<Stretch> = None;
    let mut last_bad: [Option<(u32, Baseline)>; 2] = [None, None];
    for minute in with_lead(window) {
        let alone = bad(track, minute);
        let long = bad_together(track, minute);
        if let Some(stretch) = &mut current {
            if alone.is_some() || long.is_some() || stretch.goes_on(track, minute) {
                stretch.minutes.end = minute + 1;
            } else if minute + 1 >= stretch.minutes.end + QUIET {
                stretch.open = false;
                done.extend(current.take());
            }
        } else if minute >= window.start {
            // The first of two bad minutes of three, or else of ten minutes the first that had too many faults.
            let confirmed = last_bad.iter().flatten().find(|(at, _)| at + 2 >= minute).copied();
            let begun = match (alone, confirmed, long) {
                (Some(_), Some(first), _) => Some(first),
                (_, _, Some(usual)) => Some((first_too_many(track, minute, &usual), usual)),
                _ => None,
            };
            current = begun.map(|(start, usual)| Stretch {
                service,
                minutes: start..minute + 1,
                open: true,
                usual,
            });
        }
        if let Some(usual) = alone {
            last_bad = [last_bad[1], Some((minute, usual))];
        }
    }
    done.extend(current);
    done
}

fn first_too_many(track: &Track, minute: u32, usual: &Baseline) -> u32 {
    let first = track
        .within(together(minute))
        .find(|&(_, counts)| usual.is_exceeded(counts));
    first.map_or(minute, |(first, _)| first)
}

/// Stretches that belong together: at the same time, of one service or of services that call each other.
fn folded<'a>(history: &History, stretches: &'a [Stretch]) -> Vec<Vec<&'a Stretch>> {
    let belong = |a: &Stretch, b: &Stretch| {
        let both = a.minutes.start.min(b.minutes.start)..a.minutes.end.max(b.minutes.end);
        let apart = (both.end - both.start).saturating_sub(length(a) + length(b));
        // Faults reach the callers with their retries and timeouts, so one may begin a little after the other ended.
        let near = apart < 3;
        let calls = history.called(a.service, b.service, both.clone()) || history.called(b.service, a.service, both);
        near && (a.service == b.service || calls)
    };
    let mut left: Vec<&Stretch> = stretches.iter().collect();
    let mut folded = Vec::new();
    while let Some(first) = left.pop() {
        let mut together = vec![first];
        let mut looked_at = 0;
        while let Some(&stretch) = together.get(looked_at) {
            looked_at += 1;
            let (near, apart) = left.into_iter().partition(|other| belong(stretch, other));
            let near: Vec<&Stretch> = near;
            together.extend(near);
            left = apart;
        }
        folded.push(together);
    }
    folded
}

fn length(stretch: &Stretch) -> u32 {
    stretch.minutes.end - stretch.minutes.start
}

fn finding(history: &History, stretches: &[&Stretch]) -> Finding {
    let start = stretches.iter().map(|it| it.minutes.start).min().unwrap_or_default();
    let end = stretches.iter().map(|it| it.minutes.end).max().unwrap_or_default();
    let mut by_service: BTreeMap<usize, Vec<&Stretch>> = BTreeMap::new();
    for stretch in stretches {
        by_service.entry(stretch.service).or_default().push(stretch);
    }
    let mut anomalies: Vec<(usize, Anomaly)> = by_service
        .iter()
        .map(|(&service, stretches)| (service, anomaly(history, service, stretches)))
        .collect();
    anomalies.sort_by(|(_, a), (_, b)| {
        let order = |it: &Anomaly| (std::cmp::Reverse(it.excess_milli()), it.service.clone());
        order(a).cmp(&order(b))
    });
    let root = root(history, &anomalies, start..end);
    let mut others = 0..MOST_ANOMALIES;
    anomalies.retain(|&(service, _)| service == root || others.next().is_some());
    Finding {
        start,
        end,
        open: stretches.iter().any(|it| it.open),
        root: history.tracks[root].0.clone(),
        at_root: history.tracks[root].1.sum(start..end),
        clients: history.clients.sum(start..end),
        anomalies: anomalies.into_iter().map(|(_, anomaly)| anomaly).collect(),
    }
}

fn anomaly(history: &History, service: usize, stretches: &[&Stretch]) -> Anomaly {
    let (id, track) = &history.tracks[service];
    let mut counts = Counts::default();
    let (mut expected, mut variance) = (0.0, 0.0);
    for stretch in stretches {
        let sum = track.sum(stretch.minutes.clone());
        counts.add(sum);
        expected += sum.total as f64 * stretch.usual.rate;
        variance += stretch.usual.deviation(sum.total).powi(2);
    }
    let deviation = (counts.fault as f64 - expected) / variance.sqrt().max(f64::MIN_POSITIVE);
    let first = stretches.iter().min_by_key(|stretch| stretch.minutes.start);
    Anomaly {
        service: id.clone(),
        start: first.map_or(0, |stretch| stretch.minutes.start),
        end: stretches.iter().map(|it| it.minutes.end).max().unwrap_or_default(),
        counts,
        usual_millionths: first.map_or(0, |stretch| (stretch.usual.rate * 1e6).round() as i64),
        expected_milli: (expected * 1e3).round() as i64,
        deviation_milli: (deviation * 1e3).round() as i64,
    }
}

/// The service that is to blame: one whose callees are all as usual. Of several the one with the most unexpected
/// faults; of services that call each other in a circle the same.
fn root(history: &History, anomalies: &[(usize, Anomaly)], minutes: Range<u32>) -> usize {
    let called = |from: usize, to: usize| from != to && history.called(from, to, minutes.clone());
    // Everything unusual that calls from a service reach.
    let below = |service: usize| {
        let mut reached = BTreeSet::new();
        let mut next = vec![service];
        while let Some(from) = next.pop() {
            for &(to, _) in anomalies {
                if called(from, to) && reached.insert(to) {
                    next.push(to);
                }
            }
        }
        reached
    };
    let reached: BTreeMap<usize, BTreeSet<usize>> = anomalies
        .iter()
        .map(|&(service, _)| (service, below(service)))
        .collect();
    // Whatever it reaches reaches it, too: nothing is farther downstream.
    let is_last = |service: usize| reached[&service].iter().all(|other| reached[other].contains(&service));
    let last = anomalies.iter().find(|&&(service, _)| is_last(service));
    last.or(anomalies.first()).map_or(0, |&(service, _)| service)
}
