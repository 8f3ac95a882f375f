//! The statistics that CloudWatch knows by name, computed from a distribution.
//!
//! Bounds in percent count measurements: `TM(10%:90%)` leaves the lowest and the highest tenth of them out, with a
//! share of those that lie on a bound. Absolute bounds are values, the lower excluded and the upper included.

use std::fmt;
use std::str::FromStr;

use super::distribution::Distribution;

/// A statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// How many measurements.
    SampleCount,
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
    /// The least value that so many percent of the measurements are not above.
    Percentile(f64),
    /// Something of those within bounds.
    Trimmed(Trimmed, Bounds),
    /// How many percent of the measurements lie within absolute bounds.
    PercentileRank(f64, f64),
}

/// What is asked of the measurements within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trimmed {
    /// `TM`: their mean.
    Mean,
    /// `TC`: how many.
    Count,
    /// `TS`: their sum.
    Sum,
    /// `WM`: the mean of all, those outside moved to the bound that they are beyond.
    Winsorized,
}

/// Between which measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds {
    /// From so many to so many percent of them.
    Percent(f64, f64),
    /// Above a value, up to another.
    Absolute(f64, f64),
}

/// The text is no statistic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such statistic: `{0}`")]
pub struct BadStatistic(pub String);

impl FromStr for Statistic {
    type Err = BadStatistic;

    fn from_str(text: &str) -> Result<Self, BadStatistic> {
        parse(text).ok_or_else(|| BadStatistic(text.chars().take(64).collect()))
    }
}

fn parse(text: &str) -> Option<Statistic> {
    const TRIMMED: [(&str, &str, Trimmed); 4] = [
        ("tm", "TM", Trimmed::Mean),
        ("tc", "TC", Trimmed::Count),
        ("ts", "TS", Trimmed::Sum),
        ("wm", "WM", Trimmed::Winsorized),
    ];
    match text {
        "SampleCount" => return Some(Statistic::SampleCount),
        "Sum" => return Some(Statistic::Sum),
        "Average" => return Some(Statistic::Average),
        "Minimum" => return Some(Statistic::Minimum),
        "Maximum" => return Some(Statistic::Maximum),
        "IQM" => return Some(Statistic::Trimmed(Trimmed::Mean, Bounds::Percent(25.0, 75.0))),
        _ => {}
    }
    if let Some(range) = range(text, "PR") {
        let Bounds::Absolute(from, to) = bounds(range)? else {
            return None;
        };
        return Some(Statistic::PercentileRank(from, to));
    }
    for (lower, upper, what) in TRIMMED {
        if let Some(range) = range(text, upper) {
            return Some(Statistic::Trimmed(what, bounds(range)?));
        }
        if let Some(number) = text.strip_prefix(lower) {
            return Some(Statistic::Trimmed(what, Bounds::Percent(0.0, percent(number)?)));
        }
    }
    text.strip_prefix('p').and_then(percent).map(Statistic::Percentile)
}

fn range<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

/// A number of percent with at most ten digits behind the point.
fn percent(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole, 3) || !digits(fraction, 10) {
        return None;
    }
    text.parse().ok().filter(|percent| *percent <= 100.0)
}

fn bounds(text: &str) -> Option<Bounds> {
    let (from, to) = text.split_once(':')?;
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() && to.is_empty() {
        return None;
    }
    if from.ends_with('%') || to.ends_with('%') {
        let bound = |text: &str, open| match text {
            "" => Some(open),
            text => percent(text.strip_suffix('%')?),
        };
        let (from, to) = (bound(from, 0.0)?, bound(to, 100.0)?);
        return (from < to).then_some(Bounds::Percent(from, to));
    }
    let bound = |text: &str, open| match text {
        "" => Some(open),
        text => text.parse().ok().filter(|number: &f64| number.is_finite()),
    };
    let (from, to) = (bound(from, f64::NEG_INFINITY)?, bound(to, f64::INFINITY)?);
    (from < to).then_some(Bounds::Absolute(from, to))
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let absolute = |bound: f64| {
            if bound.is_finite() {
                bound.to_string()
            } else {
                String::new()
            }
        };
        match *self {
            Self::SampleCount => f.write_str("SampleCount"),
            Self::Sum => f.write_str("Sum"),
            Self::Average => f.write_str("Average"),
            Self::Minimum => f.write_str("Minimum"),
            Self::Maximum => f.write_str("Maximum"),
            Self::Percentile(percent) => write!(f, "p{percent}"),
            Self::PercentileRank(from, to) => write!(f, "PR({}:{})", absolute(from), absolute(to)),
            Self::Trimmed(what, bounds) => {
                let name = match what {
                    Trimmed::Mean => "TM",
                    Trimmed::Count => "TC",
                    Trimmed::Sum => "TS",
                    Trimmed::Winsorized => "WM",
                };
                match bounds {
                    Bounds::Percent(from, to) => write!(f, "{name}({from}%:{to}%)"),
                    Bounds::Absolute(from, to) => write!(f, "{name}({}:{})", absolute(from), absolute(to)),
                }
            }
        }
    }
}

impl Distribution {
    /// A statistic of the measurements; `None` when nothing was measured, or not known well enough.
    #[must_use]
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        if self.is_empty() {
            return None;
        }
        let distributed = || self.is_distributed().then_some(());
        match statistic {
            Statistic::SampleCount => Some(self.count),
            Statistic::Sum => Some(self.sum),
            Statistic::Average => self.average(),
            Statistic::Minimum => Some(self.min),
            Statistic::Maximum => Some(self.max),
            Statistic::Percentile(percent) => {
                distributed()?;
                self.percentile(percent)
            }
            Statistic::PercentileRank(from, to) => {
                distributed()?;
                Some(100.0 * self.between(from, to).count / self.count)
            }
            Statistic::Trimmed(what, bounds) => {
                distributed()?;
                self.trimmed(what, bounds)
            }
        }
    }

    /// The least value that so many percent of the measurements are not above.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        // The extremes are known exactly.
        match percent {
            0.0 => return Some(self.min),
            100.0 => return Some(self.max),
            _ => {}
        }
        let rank = self.count * percent / 100.0;
        let mut seen = 0.0;
        let mut last = None;
        for (value, count) in self.values() {
            seen += count;
            last = Some(value);
            // Summing fractions up may fall short by the last bit.
            if seen >= rank - self.count * 1e-12 {
                break;
            }
        }
        last
    }

    fn trimmed(&self, what: Trimmed, bounds: Bounds) -> Option<f64> {
        let inside = match bounds {
            Bounds::Percent(from, to) => self.ranked(self.count * from / 100.0, self.count * to / 100.0),
            Bounds::Absolute(from, to) => self.between(from, to),
        };
        match what {
            Trimmed::Count => Some(inside.count),
            Trimmed::Sum => Some(inside.sum),
            Trimmed::Mean => (inside.count > 0.0).then(|| inside.sum / inside.count),
            Trimmed::Winsorized => {
                let (low, high) = match bounds {
                    Bounds::Percent(from, to) => (self.percentile(from)?, self.percentile(to)?),
                    Bounds::Absolute(from, to) => (from, to),
                };
                let moved = self.values().map(|(value, count)| value.clamp(low, high) * count);
                Some(moved.sum::<f64>() / self.count)
            }
        }
    }

    /// Those between two ranks, with a share of those that lie across one.
    fn ranked(&self, from: f64, to: f64) -> Inside {
        let mut inside = Inside::default();
        let mut seen = 0.0;
        for (value, count) in self.values() {
            let share = (to.min(seen + count) - from.max(seen)).max(0.0);
            inside.count += share;
            inside.sum += value * share;
            seen += count;
        }
        inside
    }

    /// Those above one value, up to another.
    fn between(&self, from: f64, to: f64) -> Inside {
        let mut inside = Inside::default();
        for (value, count) in self.values().filter(|(value, _)| from < *value && *value <= to) {
            inside.count += count;
            inside.sum += value * count;
        }
        inside
    }
}

#[derive(Default)]
struct Inside {
    count: f64,
    sum: f64,
}

#[cfg(test)]
mod tests;
