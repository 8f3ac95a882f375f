//! Which of many metrics matter most, and by which statistic.

/// What a metric tells about the work of a service. What tells most comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// How long work took.
    Duration,
    /// How much of it failed.
    Errors,
    /// How much of it there was.
    Rate,
    /// How full something is.
    Saturation,
    /// Anything else.
    Other,
}

/// What is measured of a series, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A value now and then.
    Value,
    /// A sum.
    Sum,
    /// Many measurements.
    Distribution,
}

/// How much a series tells, the most first, and by which of CloudWatch's statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interest {
    /// What it tells.
    pub topic: Topic,
    /// It is about calls to others rather than about what the service did itself.
    pub outward: bool,
    /// The statistic that tells it.
    pub statistic: &'static str,
}

impl Interest {
    /// Of a metric by its name, its shape and its unit.
    #[must_use]
    pub fn of(name: &str, shape: Shape, unit: &str) -> Self {
        let words = words(name);
        let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let timed = matches!(
            unit,
            "s" | "ms" | "us" | "ns" | "Seconds" | "Milliseconds" | "Microseconds"
        );
        let slow = has(&["duration", "latency", "elapsed", "time"]);
        let failed = has(&[
            "error",
            "errors",
            "fault",
            "faults",
            "failed",
            "failures",
            "exceptions",
            "rejected",
            "4xx",
            "5xx",
        ]);
        let worked = has(&[
            "request",
            "requests",
            "count",
            "calls",
            "invocations",
            "operations",
            "messages",
            "total",
        ]);
        let full = has(&[
            "queue",
            "depth",
            "lag",
            "pending",
            "utilization",
            "cpu",
            "memory",
            "heap",
            "connections",
            "active",
            "usage",
        ]);
        let topic = match shape {
            Shape::Distribution if slow || timed => Topic::Duration,
            _ if failed => Topic::Errors,
            Shape::Value if full => Topic::Saturation,
            Shape::Value if slow && timed => Topic::Duration,
            Shape::Sum if worked => Topic::Rate,
            _ if full => Topic::Saturation,
            _ => Topic::Other,
        };
        let statistic = match (shape, topic) {
            (Shape::Distribution, Topic::Errors | Topic::Rate) | (Shape::Sum, _) => "Sum",
            (Shape::Distribution, _) => "p99",
            (Shape::Value, Topic::Saturation) => "Maximum",
            (Shape::Value, _) => "Average",
        };
        Self {
            topic,
            outward: has(&["client", "outgoing", "downstream"]),
            statistic,
        }
    }
}

/// The words of a metric's name, lower case: `HTTPCode_5XX`, `http.server.requestDuration` and `queue-depth` have three,
/// four and two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in name.chars().take(256) {
        let begins = character.is_uppercase() && before.is_lowercase();
        if begins || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_alphanumeric(), words.last_mut()) {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}
