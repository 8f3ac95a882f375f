//! What some measurements amount to: their number, sum, extremes, and how they are distributed.
//!
//! Up to a hundred distinct values are kept as they are. Beyond that, values share buckets whose bounds are powers of
//! one base, so that each is known to half a percent. Adding and merging give the same whatever the order, except for
//! the last bits of sums.

use std::collections::BTreeMap;

use super::point::Statistics;

/// Up to so many distinct values are told apart.
pub const MAX_EXACT: usize = 100;
/// Values that share a bucket differ by at most this share of them.
pub const RELATIVE_ERROR: f64 = 0.005;

/// What some measurements amount to. A number of measurements may be fractional, as CloudWatch's counts may.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// How many measurements.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The least of them; infinite when there are none.
    pub min: f64,
    /// The greatest of them; infinite when there are none.
    pub max: f64,
    /// How many of them are in `values`. Of a statistic set nothing more is known than its four numbers.
    known: f64,
    values: Values,
}

/// How measurements are distributed, by key. Keys ascend with values.
#[derive(Clone, Debug, PartialEq)]
enum Values {
    Exact(BTreeMap<Value, f64>),
    Buckets(BTreeMap<i32, Bucket>),
}

/// A double in the order of doubles. There is one zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Value(i64);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bucket {
    count: f64,
    sum: f64,
}

impl Value {
    fn of(double: f64) -> Self {
        let bits = (double + 0.0).to_bits() as i64;
        Self(bits ^ ((bits >> 63) as u64 >> 1) as i64)
    }

    fn double(self) -> f64 {
        f64::from_bits((self.0 ^ ((self.0 >> 63) as u64 >> 1) as i64) as u64)
    }
}

/// Above the index of any double's magnitude, in either direction.
const OFFSET: i32 = 1 << 20;

/// The bucket of a value: 0 for zero, more for more.
fn bucket(value: f64) -> i32 {
    if value == 0.0 {
        return 0;
    }
    let index = (value.abs().ln() / RELATIVE_ERROR.ln_1p()).ceil() as i32 + OFFSET;
    if value < 0.0 { -index } else { index }
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            count: 0.0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            known: 0.0,
            values: Values::Exact(BTreeMap::new()),
        }
    }
}

impl Distribution {
    /// Adds equal measurements. What is no number, infinite, or measured no times is not added.
    pub fn add(&mut self, value: f64, count: f64) {
        if self.note(value, count) {
            self.count += count;
            self.sum += value * count;
        }
    }

    /// Adds measurements of which sum and extremes are known better than each of them: `values` says where about they
    /// are.
    pub(super) fn add_about(&mut self, whole: Whole, values: impl Iterator<Item = (f64, f64)>) {
        if !(whole.count > 0.0 && whole.count.is_finite() && whole.sum.is_finite()) {
            return;
        }
        let before = (self.min, self.max);
        for (value, count) in values {
            self.note(value, count);
        }
        (self.min, self.max) = (before.0.min(whole.min), before.1.max(whole.max));
        self.count += whole.count;
        self.sum += whole.sum;
    }

    /// Adds what a datum of CloudWatch says.
    pub fn add_statistics(&mut self, statistics: &Statistics) {
        use super::point::Measured;
        match statistics.measured {
            Measured::Values(ref values) => values.iter().for_each(|&(value, count)| self.add(value, count)),
            Measured::Set { count, sum, min, max } => {
                let whole = Whole { count, sum, min, max };
                // A set tells what was measured only if all of it was the same.
                let same = min == max && (sum - min * count).abs() <= f64::EPSILON * sum.abs();
                self.add_about(whole, same.then_some((min, count)).into_iter());
            }
        }
    }

    /// Takes a value in without counting it.
    fn note(&mut self, value: f64, count: f64) -> bool {
        if !(value.is_finite() && count.is_finite() && count > 0.0) {
            return false;
        }
        (self.min, self.max) = (self.min.min(value), self.max.max(value));
        self.known += count;
        match &mut self.values {
            Values::Exact(values) => {
                *values.entry(Value::of(value)).or_default() += count;
                if values.len() > MAX_EXACT {
                    self.values = Values::Buckets(into_buckets(values));
                }
            }
            Values::Buckets(buckets) => put(buckets, value, count),
        }
        true
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
        self.known += other.known;
        match (&mut self.values, &other.values) {
            (Values::Exact(values), Values::Exact(more)) => {
                for (value, count) in more {
                    *values.entry(*value).or_default() += count;
                }
                if values.len() > MAX_EXACT {
                    self.values = Values::Buckets(into_buckets(values));
                }
            }
            (Values::Exact(values), Values::Buckets(more)) => {
                let mut buckets = into_buckets(values);
                merge(&mut buckets, more);
                self.values = Values::Buckets(buckets);
            }
            (Values::Buckets(buckets), Values::Exact(more)) => {
                more.iter()
                    .for_each(|(value, &count)| put(buckets, value.double(), count));
            }
            (Values::Buckets(buckets), Values::Buckets(more)) => merge(buckets, more),
        }
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0.0
    }

    /// The mean; `None` when nothing was measured.
    #[must_use]
    pub fn average(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }

    /// Whether it is known how all measurements are distributed. Otherwise there are no percentiles and the like.
    #[must_use]
    pub fn is_distributed(&self) -> bool {
        self.count > 0.0 && (self.known - self.count).abs() <= self.count * 1e-9
    }

    /// Values that were measured, or what stands for them, ascending, and how often each was.
    pub fn values(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let (exact, buckets) = match &self.values {
            Values::Exact(values) => (Some(values), None),
            Values::Buckets(buckets) => (None, Some(buckets)),
        };
        let exact = exact
            .into_iter()
            .flatten()
            .map(|(value, &count)| (value.double(), count));
        let (min, max) = (self.min, self.max);
        let mean = move |bucket: &Bucket| (bucket.sum / bucket.count).clamp(min, max);
        let buckets = buckets.into_iter().flatten();
        exact.chain(buckets.map(move |(_, bucket)| (mean(bucket), bucket.count)))
    }
}

/// The four numbers of some measurements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

fn into_buckets(values: &BTreeMap<Value, f64>) -> BTreeMap<i32, Bucket> {
    let mut buckets = BTreeMap::new();
    values
        .iter()
        .for_each(|(value, &count)| put(&mut buckets, value.double(), count));
    buckets
}

fn put(buckets: &mut BTreeMap<i32, Bucket>, value: f64, count: f64) {
    let bucket = buckets.entry(bucket(value)).or_default();
    bucket.count += count;
    bucket.sum += value * count;
}

fn merge(buckets: &mut BTreeMap<i32, Bucket>, more: &BTreeMap<i32, Bucket>) {
    for (index, more) in more {
        let bucket = buckets.entry(*index).or_default();
        bucket.count += more.count;
        bucket.sum += more.sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[(f64, u8)]) -> Distribution {
        let mut distribution = Distribution::default();
        values
            .iter()
            .for_each(|&(value, count)| distribution.add(value, f64::from(count)));
        distribution
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            -1e9..1e9f64,
            -5.0..5.0f64,
            Just(0.0),
            Just(-0.0),
            (0i32..200).prop_map(f64::from)
        ]
    }

    fn same(one: &Distribution, other: &Distribution) {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + a.abs().max(b.abs()));
        assert_eq!(
            (one.count, one.min, one.max, one.known),
            (other.count, other.min, other.max, other.known)
        );
        assert!(near(one.sum / 1e6, other.sum / 1e6), "{} {}", one.sum, other.sum);
        match (&one.values, &other.values) {
            (Values::Exact(one), Values::Exact(other)) => assert_eq!(one, other),
            (Values::Buckets(one), Values::Buckets(other)) => {
                assert!(one.keys().eq(other.keys()));
                for (one, other) in one.values().zip(other.values()) {
                    assert_eq!(one.count, other.count);
                    assert!(near(one.sum / one.count, other.sum / other.count));
                }
            }
            _ => panic!("one is exact, the other is not"),
        }
    }

    proptest! {
        #[test]
        fn order_and_grouping_of_merges_do_not_matter(
            parts in prop::collection::vec(prop::collection::vec((value(), 0u8..4), 0..80), 3),
        ) {
            let [a, b, c] = [0, 1, 2].map(|part| of(&parts[part]));
            let merged = |one: &Distribution, other: &Distribution| {
                let mut sum = one.clone();
                sum.merge(other);
                sum
            };
            let together = of(&parts.concat());
            same(&merged(&merged(&a, &b), &c), &together);
            same(&merged(&a, &merged(&b, &c)), &together);
            same(&merged(&c, &merged(&b, &a)), &together);
        }

        #[test]
        fn no_value_is_far_from_what_stands_for_it(values in prop::collection::vec(value(), 1..400)) {
            let mut sorted: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
            sorted.sort_by(f64::total_cmp);
            let pairs: Vec<_> = values.iter().map(|&value| (value, 1)).collect();
            let distribution = of(&pairs);
            let mut expected = sorted.iter();
            for (value, count) in distribution.values() {
                for _ in 0..count as usize {
                    let true_value = expected.next().unwrap();
                    prop_assert!((value - true_value).abs() <= true_value.abs() * RELATIVE_ERROR * 1.01, "{} {}", value, true_value);
                }
            }
            prop_assert!(expected.next().is_none());
        }
    }

    #[test]
    fn what_is_no_number_is_not_added() {
        let distribution = of(&[(f64::NAN, 1), (f64::INFINITY, 1), (1.0, 0)]);
        assert_eq!(distribution, Distribution::default());
        assert!(distribution.is_empty() && distribution.average().is_none());
    }
}
