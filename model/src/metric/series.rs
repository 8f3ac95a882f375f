//! What the points of a series add up to, period by period.
//!
//! | kind | what a point adds |
//! |---|---|
//! | gauge, and cumulative sums that may fall | its value, as one measurement |
//! | delta sum | its value, as one measurement |
//! | cumulative sum that never falls | what was added since the point before, as one measurement |
//! | delta histogram, of either sort | its measurements, spread over their buckets |
//! | cumulative histogram | those since the point before |
//! | summary | as many measurements as since the point before, spread between its quantiles |
//! | CloudWatch's data | themselves |
//!
//! A cumulative series begins anew when its start moves or when it falls: then all of the point is new. The first point
//! that is seen of one only says where the series stands, unless the series began after the first moment that is looked
//! at.

use std::collections::BTreeMap;

use super::descriptor::{Facts, Kind, Temporality};
use super::distribution::Distribution;
use super::point::{Point, PointValue};
use crate::time::{TimeRange, Timestamp};

mod spread;
#[cfg(test)]
mod tests;

/// Periods of a range, each with what was measured in it.
#[derive(Clone, Debug)]
pub struct Buckets {
    range: TimeRange,
    period: i64,
    periods: BTreeMap<i64, Distribution>,
}

impl Buckets {
    /// For a range, in periods of so many nanoseconds that begin at multiples of it.
    #[must_use]
    pub fn new(range: TimeRange, period: i64) -> Self {
        Self {
            range,
            period: period.max(1),
            periods: BTreeMap::new(),
        }
    }

    /// Adds a series: its points in order of time, from some time before the range on, so that it can be told what was
    /// new at the first point within.
    pub fn add<'a>(&mut self, facts: &Facts<'_>, points: impl Iterator<Item = &'a Point>) {
        let cumulative = is_cumulative(facts);
        let mut before: Option<&Point> = None;
        let mut first = None;
        for point in points {
            if point.is_gone() {
                continue;
            }
            let looked_from = *first.get_or_insert(point.time.min(self.range.start));
            if self.range.start <= point.time && point.time < self.range.end {
                let begin = point.time.0.div_euclid(self.period).saturating_mul(self.period);
                let into = self.periods.entry(begin).or_default();
                if !cumulative {
                    spread::whole(point, into);
                } else if is_fresh(point, before) {
                    // Without a point before, all of it is new only if it began while somebody looked.
                    if before.is_some() || (point.start != Timestamp::ZERO && point.start >= looked_from) {
                        spread::whole(point, into);
                    }
                } else if let Some(before) = before {
                    spread::since(point, before, into);
                }
            }
            before = Some(point);
        }
    }

    /// The periods in which anything was measured, by their first moment.
    #[must_use]
    pub fn finish(self) -> Vec<(Timestamp, Distribution)> {
        let periods = self.periods.into_iter().filter(|(_, measured)| !measured.is_empty());
        periods.map(|(begin, measured)| (Timestamp(begin), measured)).collect()
    }
}

/// Whether points say what happened since a start that many have in common.
fn is_cumulative(facts: &Facts<'_>) -> bool {
    match facts.kind {
        Kind::Gauge | Kind::Statistics => false,
        Kind::Sum => facts.temporality == Temporality::Cumulative && facts.monotonic,
        Kind::Histogram | Kind::Exponential => facts.temporality == Temporality::Cumulative,
        Kind::Summary => true,
    }
}

/// Whether a cumulative series began anew between two points, or nothing is known of it before.
fn is_fresh(point: &Point, before: Option<&Point>) -> bool {
    let Some(before) = before else { return true };
    let moved = point.start != before.start && point.start != Timestamp::ZERO && before.start != Timestamp::ZERO;
    moved || has_fallen(&point.value, &before.value)
}

fn has_fallen(now: &PointValue, before: &PointValue) -> bool {
    match (now, before) {
        (PointValue::Int(now), PointValue::Int(before)) => now < before,
        (PointValue::Double(now), PointValue::Double(before)) => now < before,
        (PointValue::Int(now), PointValue::Double(before)) => (*now as f64) < *before,
        (PointValue::Double(now), PointValue::Int(before)) => *now < *before as f64,
        (PointValue::Histogram(now), PointValue::Histogram(before)) => {
            // Other bounds cannot be compared; they come with a new start, or ought to.
            let fell = || now.counts.iter().zip(&before.counts).any(|(now, before)| now < before);
            now.bounds != before.bounds || now.counts.len() != before.counts.len() || now.count < before.count || fell()
        }
        (PointValue::Exponential(now), PointValue::Exponential(before)) => {
            // A histogram that spreads lowers its scale. It never rises while the histogram goes on.
            now.count < before.count || now.zero_count < before.zero_count || now.scale > before.scale
        }
        (PointValue::Summary(now), PointValue::Summary(before)) => now.count < before.count,
        _ => true,
    }
}
