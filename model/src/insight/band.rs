//! How many faults are usual.
//!
//! A service's own past says which share of its requests fails: the median of the last three hours, in blocks of 15
//! minutes so that a few bad minutes do not count; and the same minute of the last seven days, without the worst of
//! them, so that what happens every night at two is no surprise. The larger of the two is what is expected. The band
//! around it is where chance leaves the count of faults in all but 1 of 31,000 minutes (four standard deviations of the
//! binomial distribution, taken from its tail itself, which for small counts reaches farther than the deviation says);
//! wider for services whose rate goes up and down more than chance explains.

use std::ops::Range;

use super::history::{Counts, Track};

/// How far the past reaches that is looked at for the usual rate.
pub const RECENT: u32 = 180;
/// The latest minutes are no past yet: a failure that begins must not be taken for usual.
pub const UNSETTLED: u32 = 3;
/// Days that are looked at for what is usual at this time.
pub const DAYS: u32 = 7;
/// Minutes of a day.
pub const DAY: u32 = 1_440;

const BLOCK: u32 = 15;
/// A past of fewer minutes with requests, or fewer requests, says nothing.
const FEWEST_MINUTES: usize = 10;
const FEWEST_REQUESTS: i64 = 20;
const FEWEST_DAYS: usize = 3;

/// How rare something must be to be called unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rare {
    /// Four standard deviations. For a minute, of which a second one has to confirm it.
    Four,
    /// Five standard deviations. For what nothing else confirms.
    Five,
}

impl Rare {
    fn deviations(self) -> f64 {
        match self {
            Self::Four => 4.0,
            Self::Five => 5.0,
        }
    }

    /// The probability of what is farther out, on one side.
    fn tail(self) -> f64 {
        match self {
            Self::Four => 3.167e-5,
            Self::Five => 2.867e-7,
        }
    }
}

/// What is usual for a service at some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// The share of requests that is expected to fail.
    pub rate: f64,
    /// How many times larger the variance of its counts is than chance explains; at least 1.
    pub spread: f64,
}

/// Between which counts of faults nothing is unusual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Band {
    /// The fewest.
    pub low: i64,
    /// The most.
    pub high: i64,
}

impl Band {
    /// Of what no past says anything: any number of so many requests may fail.
    #[must_use]
    pub fn anything(requests: i64) -> Self {
        Self {
            low: 0,
            high: requests.max(0),
        }
    }
}

impl Baseline {
    /// What is usual for a service in some minutes; `None` if too little is known of its past.
    #[must_use]
    pub fn of(track: &Track, minutes: Range<u32>) -> Option<Self> {
        let recent = recent(track, minutes.start);
        let rate = match (recent, season(track, minutes.clone())) {
            (Some(recent), Some(season)) => recent.max(season),
            (one, other) => one.or(other)?,
        };
        Some(Self {
            rate,
            spread: spread(track, minutes.start, recent.unwrap_or(rate)),
        })
    }

    /// How many of so many requests usually fail.
    #[must_use]
    pub fn band(&self, requests: i64, rare: Rare) -> Band {
        let requests = requests.max(0);
        let expected = requests as f64 * self.rate;
        let reach = rare.deviations() * self.deviation(requests);
        let high = upper(requests, self.rate, rare.tail()).max((expected + reach).floor() as i64);
        let low = requests - upper(requests, 1.0 - self.rate, rare.tail());
        Band {
            low: low.min((expected - reach).ceil() as i64).clamp(0, requests),
            high: high.min(requests),
        }
    }

    /// Whether more requests failed than are expected to, by however little.
    #[must_use]
    pub fn is_exceeded(&self, counts: Counts) -> bool {
        counts.fault as f64 > counts.total as f64 * self.rate
    }

    /// The standard deviation of the number of faults of so many requests.
    #[must_use]
    pub fn deviation(&self, requests: i64) -> f64 {
        (self.spread * requests.max(0) as f64 * self.rate * (1.0 - self.rate)).sqrt()
    }
}

/// The minutes of the past that say something about some minutes, apart from the seven days.
#[must_use]
pub fn past(minutes: &Range<u32>) -> Range<u32> {
    minutes.start.saturating_sub(RECENT + UNSETTLED)..minutes.end
}

/// The same time on each of the last seven days, a minute wider on both sides.
pub fn seasons(minutes: &Range<u32>) -> impl Iterator<Item = Range<u32>> + use<> {
    let (start, end) = (minutes.start.saturating_sub(1), minutes.end.saturating_add(1));
    (1..=DAYS).filter_map(move |day| Some(start.checked_sub(day * DAY)?..end.checked_sub(day * DAY)?))
}

/// A share of so few requests that none or all of them may have failed by chance.
fn share(fault: i64, total: i64) -> f64 {
    (fault.max(0) as f64 + 0.5) / (total.max(0) as f64 + 1.0)
}

fn recent(track: &Track, first: u32) -> Option<f64> {
    let end = first.saturating_sub(UNSETTLED);
    let past = end.saturating_sub(RECENT)..end;
    let minutes = track.within(past.clone()).count();
    if minutes < FEWEST_MINUTES || track.sum(past).total < FEWEST_REQUESTS {
        return None;
    }
    let blocks = (0..RECENT / BLOCK).map(|block| end.saturating_sub(block * BLOCK));
    let sums = blocks.map(|end| track.sum(end.saturating_sub(BLOCK)..end));
    let shares = sums.filter(|sum| sum.total > 0).map(|sum| share(sum.fault, sum.total));
    median(shares.collect())
}

fn season(track: &Track, minutes: Range<u32>) -> Option<f64> {
    let sums = seasons(&minutes).map(|minutes| track.sum(minutes));
    let mut days: Vec<_> = sums.filter(|sum| sum.total > 0).collect();
    if days.len() < FEWEST_DAYS {
        return None;
    }
    // Without the worst day: an accident of last Tuesday is no habit.
    days.sort_by(|a, b| share(a.fault, a.total).total_cmp(&share(b.fault, b.total)));
    days.pop();
    let total = days.iter().map(|day| day.total).sum();
    let fault = days.iter().map(|day| day.fault).sum();
    Some(share(fault, total))
}

/// From the median of squared residuals, which bad minutes hardly move. Of a chi-squared variable it is 0.455.
fn spread(track: &Track, first: u32, rate: f64) -> f64 {
    let end = first.saturating_sub(UNSETTLED);
    let squares = track.within(end.saturating_sub(RECENT)..end).map(|(_, counts)| {
        let expected = counts.total as f64 * rate;
        let variance = (expected * (1.0 - rate)).max(f64::MIN_POSITIVE);
        (counts.fault as f64 - expected).powi(2) / variance
    });
    median(squares.collect()).map_or(1.0, |median| (median / 0.455).max(1.0))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) = (
        values.get(values.len().checked_sub(1)? / 2)?,
        values.get(values.len() / 2)?,
    );
    Some(f64::midpoint(*low, *high))
}

/// The smallest count that a binomial variable exceeds with no more than a probability.
///
/// Walks from the most probable count outwards with the ratio of neighbouring probabilities, until they are nothing;
/// about ten standard deviations to either side.
fn upper(trials: i64, probability: f64, tail: f64) -> i64 {
    const NOTHING: f64 = 1e-18;
    if trials <= 0 || probability <= 0.0 {
        return 0;
    }
    if probability >= 1.0 {
        return trials;
    }
    let odds = probability / (1.0 - probability);
    let mode = (((trials + 1) as f64 * probability) as i64).min(trials);
    let mut above = vec![1.0];
    let (mut count, mut weight) = (mode, 1.0);
    while count < trials && weight > NOTHING {
        weight *= (trials - count) as f64 / (count + 1) as f64 * odds;
        count += 1;
        above.push(weight);
    }
    let mut total: f64 = above.iter().sum();
    let (mut below, mut weight) = (mode, 1.0);
    while below > 0 && weight > NOTHING {
        weight *= below as f64 / (trials - below + 1) as f64 / odds;
        below -= 1;
        total += weight;
    }
    let mut beyond = 0.0;
    for weight in above.iter().rev() {
        if (beyond + weight) / total > tail {
            return count;
        }
        beyond += weight;
        count -= 1;
    }
    // All of it is below the mode: the tail wanted is larger than a half.
    mode
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_binomial_tail_is_what_tables_say() {
        // P(X > 5) of 20 trials at 5 % is 3.3e-4, P(X > 6) 3.4e-5, P(X > 7) 2.8e-6.
        assert_eq!(upper(20, 0.05, 4e-4), 5);
        assert_eq!(upper(20, 0.05, 4e-5), 6);
        assert_eq!(upper(20, 0.05, 3.2e-5), 7);
        assert_eq!(upper(1, 0.5, 1e-9), 1);
        assert_eq!(upper(0, 0.5, 1e-9), 0);
        // Far from the edges it is nearly normal: 500,000 ± 4 × 500.
        assert!((upper(1_000_000, 0.5, Rare::Four.tail()) - 502_000).abs() < 10);
    }

    fn steady(rate: i64) -> Track {
        let mut track = Track::default();
        for minute in 10_000..10_200 {
            let fault = if minute % 10 < rate as u32 { 1 } else { 0 };
            let (total, ok) = (10, 10 - fault);
            track.put(minute, Counts { total, ok, fault });
        }
        track
    }

    #[test]
    fn a_few_bad_minutes_do_not_become_usual() {
        let usual = Baseline::of(&steady(1), 10_200..10_201).unwrap();
        assert!((0.005..0.02).contains(&usual.rate), "{usual:?}");
        let mut track = steady(1);
        for minute in 10_130..10_190 {
            track.put(
                minute,
                Counts {
                    total: 10,
                    ok: 0,
                    fault: 10,
                },
            );
        }
        let after = Baseline::of(&track, 10_200..10_201).unwrap();
        assert!(after.rate < 0.03, "{after:?}");
    }

    #[test]
    fn what_happens_every_day_is_usual() {
        let mut track = steady(0);
        let at = |day: u32| 10_200 - day * DAY;
        let bad = Counts {
            total: 10,
            ok: 5,
            fault: 5,
        };
        for day in 1..=5 {
            (0..3).for_each(|more| track.put(at(day) - 1 + more, bad));
        }
        let usual = Baseline::of(&track, 10_200..10_201).unwrap();
        assert!((0.4..0.6).contains(&usual.rate), "{usual:?}");
        assert!(usual.band(10, Rare::Four).high == 10);
        // Twice is an accident.
        let other = Baseline::of(&track, 10_203..10_204).unwrap();
        assert!(other.rate < 0.05, "{other:?}");
    }

    #[test]
    fn too_short_a_past_says_nothing() {
        let mut track = Track::default();
        (100..109).for_each(|minute| {
            track.put(
                minute,
                Counts {
                    total: 100,
                    ok: 100,
                    fault: 0,
                },
            );
        });
        assert_eq!(Baseline::of(&track, 112..113), None);
    }

    proptest! {
        #[test]
        fn a_band_holds_what_is_expected_and_grows_with_traffic(
            rate in 0.0f64..1.0, spread in 1.0f64..5.0, requests in 0i64..5_000,
        ) {
            let usual = Baseline { rate, spread };
            let band = usual.band(requests, Rare::Four);
            let expected = (requests as f64 * rate) as i64;
            prop_assert!(0 <= band.low && band.low <= expected && expected <= band.high && band.high <= requests);
            let wider = usual.band(requests, Rare::Five);
            prop_assert!(wider.low <= band.low && band.high <= wider.high);
            prop_assert!(band.high <= usual.band(requests + 1, Rare::Four).high);
        }
    }
}
