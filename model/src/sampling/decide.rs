//! Is this request kept, and how many does it stand for?

use xxhash_rust::xxh3::xxh3_64;

use super::rule::Rule;
use crate::id::TraceId;
use crate::time::Timestamp;

/// What was decided about a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// Kept; it stands for so many requests.
    Keep {
        /// 1 from the reservoir, the inverse of the rate otherwise.
        weight: f32,
    },
    /// Not kept.
    Skip,
}

/// Counts what a rule keeps for sure in each second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reservoir {
    second: i64,
    granted: u32,
}

impl Reservoir {
    /// Grants `per_second` requests in each whole second. Time that runs backwards grants nothing new.
    pub fn take(&mut self, per_second: u32, now: Timestamp) -> bool {
        let second = now.0.div_euclid(1_000_000_000);
        if second > self.second {
            (self.second, self.granted) = (second, 0);
        }
        let granted = self.granted < per_second;
        self.granted += u32::from(granted);
        granted
    }
}

/// Decides about a request that falls under `rule`: the reservoir first, then the rate.
pub fn decide(rule: &Rule, reservoir: &mut Reservoir, trace: TraceId, now: Timestamp) -> Decision {
    if reservoir.take(rule.reservoir, now) {
        return Decision::Keep { weight: 1.0 };
    }
    if is_within_rate(trace, rule.fixed_rate) {
        return Decision::Keep {
            weight: (1.0 / rule.fixed_rate) as f32,
        };
    }
    Decision::Skip
}

/// Whether the trace belongs to the share `rate` of all traces. The same trace gets the same answer everywhere and
/// always, and a trace within a rate is within every higher one.
#[must_use]
pub fn is_within_rate(trace: TraceId, rate: f64) -> bool {
    // The top 53 bits as a number in [0, 1): all that a double tells apart.
    let place = (xxh3_64(&trace.to_bytes()) >> 11) as f64 / (1u64 << 53) as f64;
    place < rate
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn about_the_right_share_of_traces_is_within_a_rate() {
        let within = (1..=100_000u128)
            .filter(|&bits| is_within_rate(TraceId(bits), 0.05))
            .count();
        assert!((4_700..=5_300).contains(&within), "{within}");
        assert!((1..1_000u128).all(|bits| is_within_rate(TraceId(bits), 1.0)));
        assert!(!(1..1_000u128).any(|bits| is_within_rate(TraceId(bits), 0.0)));
    }

    #[test]
    fn what_the_rate_keeps_stands_for_what_it_did_not() {
        let rule = Rule {
            reservoir: 1,
            fixed_rate: 0.25,
            ..Rule::default_rule()
        };
        let mut reservoir = Reservoir::default();
        let total: f64 = (1..=40_000u128)
            .map(
                |bits| match decide(&rule, &mut reservoir, TraceId(bits), Timestamp::from_seconds(1)) {
                    Decision::Keep { weight } => f64::from(weight),
                    Decision::Skip => 0.0,
                },
            )
            .sum();
        assert!((38_000.0..42_000.0).contains(&total), "{total}");
    }

    proptest! {
        #[test]
        fn a_reservoir_never_grants_more_than_its_size_in_a_second(
            size in 0u32..20,
            moments in proptest::collection::vec(0i64..5_000_000_000, 0..200),
        ) {
            let mut moments = moments;
            moments.sort_unstable();
            let mut reservoir = Reservoir::default();
            let mut granted = [0u32; 5];
            for moment in moments {
                let second = (moment / 1_000_000_000) as usize;
                granted[second] += u32::from(reservoir.take(size, Timestamp(moment)));
            }
            prop_assert!(granted.iter().all(|&count| count <= size), "{granted:?}");
        }

        #[test]
        fn a_clock_that_jumps_back_grants_nothing_twice(size in 0u32..5, moments in proptest::collection::vec(0i64..3, 0..60)) {
            let mut reservoir = Reservoir::default();
            let taken = moments.iter().filter(|&&s| reservoir.take(size, Timestamp::from_seconds(s))).count();
            prop_assert!(taken <= 3 * size as usize);
        }

        #[test]
        fn a_trace_within_a_rate_is_within_every_higher_one(bits in 1u128.., low in 0.0f64..1.0, more in 0.0f64..1.0) {
            if is_within_rate(TraceId(bits), low) {
                prop_assert!(is_within_rate(TraceId(bits), (low + more).min(1.0)));
            }
        }
    }
}
