//! What rules would have kept of requests that were seen.
//!
//! The answer is what a perfectly shared reservoir and the fixed rate give: in each second of a rule, the first
//! requests up to the reservoir's size are kept, and of the rest the share that the rate says. The rate's part is the
//! expected number, not one drawn by chance, so that the same requests always give the same answer.

use rustc_hash::FxHashMap;

use super::matching::{Request, RuleSet};
use super::rule::Rule;
use crate::time::Timestamp;

/// What one rule would have done.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The rule.
    pub rule: Rule,
    /// Requests seen that fall under it.
    pub seen: u64,
    /// Requests that those stand for; the following are parts of it.
    pub matched: f64,
    /// Kept from the reservoir.
    pub by_reservoir: f64,
    /// Kept by the fixed rate.
    pub by_rate: f64,
}

impl Outcome {
    /// All that is kept.
    #[must_use]
    pub fn kept(&self) -> f64 {
        self.by_reservoir + self.by_rate
    }
}

/// Rules that are tried on requests, which may come in any order.
#[derive(Clone, Debug)]
pub struct Simulation {
    rules: RuleSet,
    /// By the rule's place and the second since the epoch: requests seen, and how many those stand for.
    seconds: FxHashMap<(usize, i64), (u64, f64)>,
}

impl Simulation {
    /// A simulation of these rules; the default rule is added if none is among them.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self {
            rules: RuleSet::new(rules),
            seconds: FxHashMap::default(),
        }
    }

    /// Adds a request that began at a moment and stands for so many, at least for itself.
    pub fn add(&mut self, request: &Request<'_>, at: Timestamp, weight: f64) {
        let (place, _) = self.rules.choose(request);
        let second = at.0.div_euclid(1_000_000_000);
        let (seen, matched) = self.seconds.entry((place, second)).or_default();
        *seen += 1;
        *matched += if weight.is_finite() { weight.max(1.0) } else { 1.0 };
    }

    /// What each rule would have done, in the order in which they are tried.
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome> {
        let untouched = |rule: &Rule| Outcome {
            rule: rule.clone(),
            seen: 0,
            matched: 0.0,
            by_reservoir: 0.0,
            by_rate: 0.0,
        };
        let mut outcomes: Vec<Outcome> = self.rules.iter().map(untouched).collect();
        // In the order of time, so that sums of fractions do not depend on how a hash table lies in memory.
        let mut seconds: Vec<_> = self.seconds.iter().collect();
        seconds.sort_unstable_by_key(|(when, _)| **when);
        for (&(place, _), &(seen, matched)) in seconds {
            let outcome = &mut outcomes[place];
            let sure = matched.min(f64::from(outcome.rule.reservoir));
            outcome.seen += seen;
            outcome.matched += matched;
            outcome.by_reservoir += sure;
            outcome.by_rate += (matched - sure) * outcome.rule.fixed_rate;
        }
        outcomes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TraceId;
    use crate::sampling::decide::{Decision, Reservoir, decide};
    use proptest::prelude::*;

    fn rule(name: &str, priority: u16, path: &str, reservoir: u32, fixed_rate: f64) -> Rule {
        Rule {
            name: name.to_owned(),
            priority,
            url_path: path.to_owned(),
            reservoir,
            fixed_rate,
            ..Rule::default_rule()
        }
    }

    fn request(path: &str) -> Request<'_> {
        Request {
            service_name: "shop",
            service_type: "",
            host: "",
            http_method: "GET",
            url_path: path,
            resource_arn: "",
            attribute: &|_| None,
        }
    }

    fn run(rules: Vec<Rule>, requests: &[(i64, &str, f64)]) -> Vec<(String, u64, f64, f64, f64)> {
        let mut simulation = Simulation::new(rules);
        for &(millis, path, weight) in requests {
            simulation.add(&request(path), Timestamp(millis * 1_000_000), weight);
        }
        let told = |it: Outcome| (it.rule.name, it.seen, it.matched, it.by_reservoir, it.by_rate);
        simulation.outcomes().into_iter().map(told).collect()
    }

    #[test]
    fn each_second_fills_the_reservoir_anew() {
        let rules = vec![rule("cart", 1, "/cart*", 2, 0.5), rule("none", 2, "/none", 9, 1.0)];
        let requests = [
            (5_000, "/cart", 1.0),
            (1_999, "/cart?x=1", 1.0),
            (1_000, "/cart", 1.0),
            (1_500, "/cart", 1.0),
            (1_500, "/cart", 1.0),
            (1_500, "/", 1.0),
        ];
        let expected = [
            ("cart".to_owned(), 5, 5.0, 3.0, 1.0),
            ("none".to_owned(), 0, 0.0, 0.0, 0.0),
            ("Default".to_owned(), 1, 1.0, 1.0, 0.0),
        ];
        assert_eq!(run(rules, &requests), expected);
    }

    #[test]
    fn a_request_that_stands_for_many_counts_as_many() {
        let rules = vec![rule("cart", 1, "/cart", 4, 0.1)];
        let requests = [
            (0, "/cart", 20.0),
            (10, "/cart", 0.0),
            (20, "/cart", f64::NAN),
            (30, "/cart", 2.0),
        ];
        assert_eq!(run(rules, &requests)[0], ("cart".to_owned(), 4, 24.0, 4.0, 2.0));
    }

    #[test]
    fn what_is_foretold_is_what_the_gate_then_does() {
        let tried = rule("cart", 1, "/cart", 3, 0.2);
        let mut simulation = Simulation::new(vec![tried.clone()]);
        let mut reservoir = Reservoir::default();
        let mut kept = 0;
        for number in 0..60_000u32 {
            let at = Timestamp(i64::from(number) * 10_000_000);
            simulation.add(&request("/cart"), at, 1.0);
            let decision = decide(&tried, &mut reservoir, TraceId(u128::from(number) + 1), at);
            kept += u32::from(decision != Decision::Skip);
        }
        let foretold = simulation.outcomes()[0].kept();
        // Expected: 600 seconds of 3 + 97 × 0.2, with a standard deviation below 100.
        assert!((foretold - 13_440.0).abs() < 1e-6, "{foretold}");
        assert!(
            (foretold - f64::from(kept)).abs() < 400.0,
            "{foretold} foretold, {kept} kept"
        );
    }

    proptest! {
        #[test]
        fn every_request_falls_under_one_rule_and_none_is_kept_twice(
            reservoir in 0u32..20,
            rate in 0.0f64..=1.0,
            requests in proptest::collection::vec((0i64..5_000, 0usize..3, 0.0f64..9.0), 0..100),
        ) {
            let paths = ["/a", "/b", "/c"];
            let rules = || vec![rule("a", 1, "/a", reservoir, rate), rule("b", 2, "/?", 1, 0.5)];
            let mut requests: Vec<_> = requests.iter().map(|&(at, path, weight)| (at, paths[path], weight.round())).collect();
            let outcomes = run(rules(), &requests);
            let all: f64 = requests.iter().map(|(_, _, weight)| weight.max(1.0)).sum();
            prop_assert_eq!(outcomes.iter().map(|it| it.1).sum::<u64>(), requests.len() as u64);
            prop_assert_eq!(outcomes.iter().map(|it| it.2).sum::<f64>(), all);
            for (_, _, matched, by_reservoir, by_rate) in &outcomes {
                prop_assert!(by_reservoir + by_rate <= matched + 1e-9);
                prop_assert!(*by_reservoir <= 20.0 * 5.0);
            }
            requests.reverse();
            prop_assert_eq!(run(rules(), &requests), outcomes, "order does not matter");
        }
    }
}
