//! Times, lengths of time, shares and verdicts as people read them.

use std::time::{Duration, SystemTime};

use anstyle::Style;
use beamline_proto::query::{CauseKind, Flags, RootCause, ServiceId, TraceSummary};

use super::screen::{ERROR, FAULT, GOOD, THROTTLE};

/// `12 µs`, `3.4 ms`, `120 ms`, `1.2 s`, `3 min 5 s`: never more than three digits that mean something.
pub(crate) fn length(duration: Duration) -> String {
    let nanos = duration.as_nanos() as f64;
    let three = |value: f64, unit: &str| {
        let digits = if value >= 99.95 {
            0
        } else if value >= 9.995 {
            1
        } else {
            2
        };
        format!("{value:.digits$} {unit}")
    };
    match nanos {
        n if n < 1e3 => format!("{n} ns"),
        n if n < 999_500.0 => three(n / 1e3, "µs"),
        n if n < 999.5e6 => three(n / 1e6, "ms"),
        n if n < 60e9 => three(n / 1e9, "s"),
        _ => {
            let seconds = duration.as_secs();
            match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
                (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
                (hours @ 0..48, minutes, _) => format!("{hours} h {minutes} min"),
                (hours, ..) => format!("{} days", hours / 24),
            }
        }
    }
}

/// A length of time of the API; a negative one is none.
pub(crate) fn duration(duration: Option<&prost_types::Duration>) -> Option<Duration> {
    Duration::try_from(*duration?).ok()
}

/// A length of time of the API in words, `-` when there is none.
pub(crate) fn duration_text(value: Option<&prost_types::Duration>) -> String {
    duration(value).map_or_else(|| "-".to_owned(), length)
}

/// A moment in UTC, to the millisecond: `2026-11-23 19:31:02.120`.
pub(crate) fn moment(time: Option<&prost_types::Timestamp>) -> String {
    let time = time.and_then(|time| SystemTime::try_from(*time).ok());
    time.map_or_else(
        || "-".to_owned(),
        |time| {
            let text = humantime::format_rfc3339_millis(time).to_string();
            text.trim_end_matches('Z').replace('T', " ")
        },
    )
}

/// A rate: `0.02`, `1.5`, `1,200`.
pub(crate) fn rate(per_second: f64) -> String {
    match per_second {
        r if r <= 0.0 => "0".to_owned(),
        r if r < 0.01 => "<0.01".to_owned(),
        r if r < 10.0 => format!("{r:.2}"),
        r if r < 100.0 => format!("{r:.1}"),
        r => count(r.round() as u64),
    }
}

/// A share of a whole: `-`, `0.3%`, `12%`.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "-".to_owned();
    }
    let percent = 100.0 * part as f64 / whole as f64;
    match percent {
        p if p < 0.1 => "<0.1%".to_owned(),
        p if p < 9.95 => format!("{p:.1}%"),
        p => format!("{p:.0}%"),
    }
}

/// A number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and what is counted: `1 trace`, `2 traces`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A measured value with its unit: lengths of time and sizes as people read them, others with three digits that mean
/// something. OpenTelemetry's notes in braces, as in `{request}`, are no units.
pub(crate) fn measured(value: f64, unit: &str) -> String {
    let nanos = match unit {
        "s" | "Seconds" => Some(value * 1e9),
        "ms" | "Milliseconds" => Some(value * 1e6),
        "us" | "Microseconds" => Some(value * 1e3),
        "ns" => Some(value),
        _ => None,
    };
    if let Some(nanos) = nanos.filter(|nanos| (0.0..1e18).contains(nanos)) {
        return length(Duration::from_nanos(nanos.round() as u64));
    }
    let unit = if unit.starts_with('{') || unit == "1" { "" } else { unit };
    format!("{} {unit}", short_number(value)).trim_end().to_owned()
}

/// A number with three digits that mean something, and thousands in words of a letter.
fn short_number(value: f64) -> String {
    let (scaled, letter) = match value.abs() {
        n if n >= 999.5e9 => return format!("{value:.2e}"),
        n if n >= 999.5e6 => (value / 1e9, "G"),
        n if n >= 999.5e3 => (value / 1e6, "M"),
        n if n >= 9_999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match scaled.abs() {
        n if n >= 99.95 || scaled.fract() == 0.0 => 0,
        n if n >= 9.995 => 1,
        n if n >= 0.01 => 2,
        _ => 4,
    };
    format!("{scaled:.digits$}{letter}")
}

/// The gravest of X-Ray's verdicts.
pub(crate) fn verdict(flags: Option<&Flags>, partial: bool) -> (&'static str, Style) {
    match flags {
        Some(flags) if flags.fault => ("fault", FAULT),
        Some(flags) if flags.throttle => ("throttle", THROTTLE),
        Some(flags) if flags.error => ("error", ERROR),
        _ if partial => ("partial", super::screen::QUIET),
        _ => ("ok", GOOD),
    }
}

/// What a service is called.
pub(crate) fn service(id: Option<&ServiceId>) -> String {
    id.map_or_else(|| "-".to_owned(), |id| id.name.clone())
}

/// The end of a name that is an address: what tells queues apart is there.
pub(crate) fn short(name: &str) -> &str {
    let tail = name.strip_prefix("https://").and_then(|rest| rest.rsplit('/').next());
    tail.filter(|tail| !tail.is_empty()).unwrap_or(name)
}

/// What entered: `POST /checkout 500`.
pub(crate) fn request(summary: &TraceSummary) -> String {
    let Some(http) = &summary.http else {
        return String::new();
    };
    let path = path_of(&http.url);
    let status = if http.status == 0 {
        String::new()
    } else {
        http.status.to_string()
    };
    [http.method.as_str(), path, status.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A URL without scheme and host.
pub(crate) fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    }
}

/// The cause that explains a trace best: of a fault before that of an error; slowness only explains what is slow.
pub(crate) fn why(summary: &TraceSummary) -> Option<String> {
    let of = |kind: CauseKind| summary.causes.iter().find(|cause| cause.kind() == kind);
    of(CauseKind::Fault).or_else(|| of(CauseKind::Error)).map(culprit)
}

/// The end of a path: who is to blame, and for what.
pub(crate) fn culprit(cause: &RootCause) -> String {
    let Some(service) = cause.services.last() else {
        return String::new();
    };
    let name = self::service(service.id.as_ref());
    let name = short(&name);
    let exception = service.path.iter().rev().find_map(|entity| entity.exceptions.first());
    match exception {
        Some(exception) if exception.message.is_empty() => format!("{name}: {}", exception.name),
        Some(exception) => format!("{name}: {}: {}", exception.name, exception.message),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_three_digits_that_mean_something() {
        let check = |nanos: u64, expected: &str| assert_eq!(length(Duration::from_nanos(nanos)), expected);
        check(0, "0 ns");
        check(950, "950 ns");
        check(1_500, "1.50 µs");
        check(12_345_678, "12.3 ms");
        check(999_400_000, "999 ms");
        check(999_600_000, "1.00 s");
        check(59_000_000_000, "59.0 s");
        check(185_000_000_000, "3 min 5 s");
        check(7_500_000_000_000, "2 h 5 min");
        check(30 * 86_400_000_000_000, "30 days");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "trace"), "1 trace");
        assert_eq!(counted(1_000, "trace"), "1,000 traces");
        assert_eq!(share(0, 7), "-");
        assert_eq!(share(1, 3), "33%");
        assert_eq!(share(1, 100_000), "<0.1%");
        assert_eq!(rate(0.001), "<0.01");
        assert_eq!(rate(1_234.5), "1,235");
    }

    #[test]
    fn measured_values_are_readable() {
        let check = |value: f64, unit: &str, expected: &str| assert_eq!(measured(value, unit), expected);
        check(0.0123, "s", "12.3 ms");
        check(250.0, "ms", "250 ms");
        check(42.0, "{request}", "42");
        check(0.5, "1", "0.50");
        check(1_234_567.0, "By", "1.23M By");
        check(1_234.0, "", "1234");
        check(-3.0, "s", "-3 s");
        check(f64::INFINITY, "s", "inf s");
        check(0.00012, "", "0.0001");
    }

    #[test]
    fn moments_are_utc() {
        let time = prost_types::Timestamp {
            seconds: 1_795_415_913,
            nanos: 219_000_000,
        };
        assert_eq!(moment(Some(&time)), "2026-11-23 06:38:33.219");
        assert_eq!(moment(None), "-");
    }

    #[test]
    fn paths_are_what_is_after_the_host() {
        assert_eq!(path_of("http://shop/a?b=1"), "/a?b=1");
        assert_eq!(path_of("http://shop"), "/");
        assert_eq!(path_of("/a"), "/a");
    }

    #[test]
    fn queue_addresses_are_shortened_to_what_tells_them_apart() {
        assert_eq!(
            short("https://sqs.us-east-1.amazonaws.com/123456789012/shipments"),
            "shipments"
        );
        assert_eq!(short("cart"), "cart");
        assert_eq!(short("https://"), "https://");
    }
}
