//! When a rule samples more for a minute, because failures go unseen.

use super::rule::Rule;
use crate::time::Timestamp;

const SECOND: i64 = 1_000_000_000;

/// How long one boost lasts.
pub const BOOST_LASTS: i64 = 60 * SECOND;

/// How long failures are counted before the count starts anew.
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
    began: Timestamp,
    anomalies: f64,
    sampled: f64,
    granted: Option<Boost>,
}

impl Booster {
    /// Takes in failures that a client saw, and how many of them it had sampled.
    pub fn report(&mut self, anomalies: u32, sampled: u32, now: Timestamp) {
        if now.since(self.began) >= WINDOW as u64 {
            (self.began, self.anomalies, self.sampled) = (now, 0.0, 0.0);
        }
        self.anomalies += f64::from(anomalies);
        self.sampled += f64::from(sampled);
    }

    /// The boost that clients of `rule` get now: the smallest one that samples about one failed request a second.
    /// Everybody who asks during a boost gets the same one; after it, none is given until the cool-down has passed.
    pub fn current(&mut self, rule: &Rule, now: Timestamp) -> Option<Boost> {
        let bounds = rule.boost?;
        if let Some(boost) = self.granted {
            if now < boost.until {
                return Some(boost);
            }
            let cooldown = i64::from(bounds.cooldown_minutes).saturating_mul(60 * SECOND);
            if now < boost.until.plus(cooldown) {
                return None;
            }
        }
        let seconds = WINDOW as f64 / SECOND as f64;
        let (seen, sampled) = (self.anomalies / seconds, self.sampled / seconds);
        let stale = now.since(self.began) >= 2 * WINDOW as u64;
        if stale || seen <= 0.0 || sampled >= WANTED || bounds.max_rate <= rule.fixed_rate {
            return None;
        }
        let boost = Boost {
            rate: (WANTED / seen).max(rule.fixed_rate).min(bounds.max_rate),
            until: now.plus(BOOST_LASTS),
        };
        self.granted = Some(boost);
        Some(boost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::rule::RateBoost;

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
        check(10_000, 0, rule(0.05, 0.5, 1), Some(0.05));
        check(1, 0, rule(0.05, 0.5, 1), Some(0.5));
        check(100, 0, rule(0.05, 0.01, 1), None);
        check(100, 0, Rule::default_rule(), None);
    }

    #[test]
    fn a_boost_lasts_a_minute_and_does_not_return_before_it_cooled_down() {
        let rule = rule(0.01, 1.0, 2);
        let mut booster = Booster::default();
        let mut boosted = Vec::new();
        for second in (0..400).step_by(10) {
            booster.report(100, 0, at(1_000 + second));
            if booster.current(&rule, at(1_000 + second)).is_some() {
                boosted.push(second);
            }
        }
        let minute = |from: i64| (from..from + 60).step_by(10);
        let expected: Vec<i64> = minute(0)
            .chain(minute(180))
            .chain(minute(360))
            .filter(|&s| s < 400)
            .collect();
        assert_eq!(boosted, expected);
    }
}
