//! When a rule samples more for a minute, because failures go unseen.

use super::rule::Rule;
use crate::time::Timestamp;

const SECOND: i64 = 1_000_000_000;

/// How long one boost lasts.
pub const BOOST_LASTS: i64 = 60 * SECOND;

/// Failures are counted in stretches of this length, which is how often clients report.
const WINDOW: i64 = 10 * SECOND;

/// Failed requests per second of which at least one should be sampled.
const WANTED: f64 = 1.0;

/// A raised rate, and until when it may be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boost {
    /// The share of requests to keep.
    pub rate: f64,
    /// The moment it ends.
    pub until: Timestamp,
}

/// What one rule's clients reported about failures lately, and the boost given for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Booster {
    /// The stretch that is being counted.
    current: Failures,
    /// The one before, of which everything is known.
    previous: Failures,
    granted: Option<Boost>,
}

/// Failures that clients reported in one stretch of time.
#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    /// Number of the stretch since the epoch.
    number: i64,
    seen: f64,
    sampled: f64,
}

impl Booster {
    /// Takes in failures that a client saw, and how many of them it had sampled.
    pub fn report(&mut self, anomalies: u32, sampled: u32, now: Timestamp) {
        self.turn_to(now);
        self.current.seen += f64::from(anomalies);
        self.current.sampled += f64::from(sampled);
    }

    /// The boost that clients of `rule` get now: the smallest one that samples about one failed request a second.
    /// Everybody who asks during a boost gets the same one. The next may begin when the cool-down, counted from the
    /// beginning of this one, has passed.
    pub fn current(&mut self, rule: &Rule, now: Timestamp) -> Option<Boost> {
        let bounds = rule.boost?;
        self.turn_to(now);
        if let Some(boost) = self.given(rule, now) {
            return Some(boost);
        }
        if let Some(boost) = self.granted {
            let cooldown = i64::from(bounds.cooldown_minutes).saturating_mul(60 * SECOND);
            if now < boost.until.plus(cooldown - BOOST_LASTS) {
                return None;
            }
        }
        let Failures { seen, sampled, .. } = self.worst();
        let seconds = WINDOW as f64 / SECOND as f64;
        let (seen, sampled) = (seen / seconds, sampled / seconds);
        // What the fixed rate samples anyway needs no boost, and a boost to no more would only begin the cool-down.
        let needed = WANTED / seen;
        if seen <= 0.0 || sampled >= WANTED || needed.min(bounds.max_rate) <= rule.fixed_rate {
            return None;
        }
        let boost = Boost {
            rate: needed.min(bounds.max_rate),
            until: now.plus(BOOST_LASTS),
        };
        self.granted = Some(boost);
        Some(boost)
    }

    /// The boost that was given and still holds.
    #[must_use]
    pub fn given(&self, rule: &Rule, now: Timestamp) -> Option<Boost> {
        rule.boost.and(self.granted).filter(|boost| now < boost.until)
    }

    /// The stretch with more failures: the one before is complete, but failures may have begun only in this one.
    fn worst(&self) -> Failures {
        if self.current.seen > self.previous.seen {
            self.current
        } else {
            self.previous
        }
    }

    fn turn_to(&mut self, now: Timestamp) {
        let number = now.0.div_euclid(WINDOW);
        if number <= self.current.number {
            return;
        }
        let empty = |number| Failures {
            number,
            ..Failures::default()
        };
        self.previous = if self.current.number == number - 1 {
            self.current
        } else {
            empty(number - 1)
        };
        self.current = empty(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::rule::RateBoost;
    use proptest::prelude::*;

    fn rule(fixed_rate: f64, max_rate: f64, cooldown_minutes: u32) -> Rule {
        Rule {
            fixed_rate,
            boost: Some(RateBoost {
                max_rate,
                cooldown_minutes,
            }),
            ..Rule::default_rule()
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_rate_rises_no_further_than_needed() {
        let check = |anomalies, sampled, rule: Rule, expected: Option<f64>| {
            let mut booster = Booster::default();
            booster.report(anomalies, sampled, at(100));
            let rate = booster.current(&rule, at(101)).map(|boost| boost.rate);
            assert_eq!(rate, expected, "{anomalies} anomalies, {sampled} sampled");
        };
        check(0, 0, rule(0.05, 0.5, 1), None);
        check(100, 0, rule(0.05, 0.5, 1), Some(0.1));
        check(100, 10, rule(0.05, 0.5, 1), None);
        check(100, 9, rule(0.05, 0.5, 1), Some(0.1));
        // The fixed rate is more than enough.
        check(10_000, 0, rule(0.05, 0.5, 1), None);
        check(1, 0, rule(0.05, 0.5, 1), Some(0.5));
        check(100, 0, rule(0.05, 0.01, 1), None);
        check(100, 0, Rule::default_rule(), None);
    }

    #[test]
    fn a_boost_lasts_a_minute_and_comes_once_in_a_cool_down() {
        let check = |cooldown, expected: &[i64]| {
            let rule = rule(0.01, 1.0, cooldown);
            let mut booster = Booster::default();
            let mut boosted = Vec::new();
            for second in (0..400).step_by(10) {
                booster.report(100, 0, at(1_000 + second));
                if booster.current(&rule, at(1_000 + second)).is_some() {
                    boosted.push(second);
                }
            }
            let minutes = expected.iter().flat_map(|&from| (from..from + 60).step_by(10));
            let expected: Vec<i64> = minutes.filter(|&second| second < 400).collect();
            assert_eq!(boosted, expected, "cool-down of {cooldown} min");
        };
        check(2, &[0, 120, 240, 360]);
        check(5, &[0, 300]);
        check(0, &[0, 60, 120, 180, 240, 300, 360]);
        check(u32::MAX, &[0]);
    }

    #[test]
    fn failures_of_several_services_count_together() {
        let mut booster = Booster::default();
        // Four services with 25 failures each; the boost is decided when the first of them reports again.
        for second in 100..104 {
            booster.report(25, 0, at(second));
        }
        booster.report(1, 0, at(110));
        let boost = booster.current(&rule(0.01, 1.0, 1), at(110)).unwrap();
        assert_eq!(boost.rate, 0.1);
    }

    #[test]
    fn failures_that_ended_are_forgotten() {
        let mut booster = Booster::default();
        booster.report(100, 0, at(100));
        assert_eq!(booster.current(&rule(0.01, 1.0, 1), at(120)), None);
    }

    proptest! {
        #[test]
        fn a_boost_stays_within_its_bounds(
            fixed in 0.0f64..=1.0,
            max in 0.0f64..=1.0,
            cooldown in 0u32..3,
            reports in proptest::collection::vec((0u32..5_000, 0u32..50, 0i64..40), 0..60),
        ) {
            let rule = rule(fixed, max, cooldown);
            let mut booster = Booster::default();
            let (mut now, mut began) = (1_000, None::<i64>);
            for (anomalies, sampled, later) in reports {
                now += later;
                booster.report(anomalies, sampled, at(now));
                let Some(boost) = booster.current(&rule, at(now)) else { continue };
                prop_assert!(boost.rate > fixed && boost.rate <= max);
                prop_assert!(boost.until > at(now) && boost.until <= at(now + 60));
                let begins = boost.until.0 / SECOND - 60;
                if let Some(before) = began.replace(begins) && before != begins {
                    prop_assert!(begins - before >= 60.max(60 * i64::from(cooldown)));
                }
            }
        }
    }
}
