//! Values as people write them: `127.0.0.1:2001`, `30d`, `64MiB`. Each reader says what would have been right.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use beamline_aws::Signatures;
use beamline_collector::HeadSampling;
use beamline_store::engine::Durability;
use tracing_subscriber::EnvFilter;

/// Host and port. A name other than `localhost` is not looked up: what is bound should not depend on a resolver.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let local = |port: &str| {
        let port = port.parse().ok()?;
        Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    };
    match text.strip_prefix("localhost:") {
        Some(port) => local(port),
        None => text.parse().ok(),
    }
    .ok_or_else(|| format!("`{text}` is not an address; write host:port, such as 127.0.0.1:2001"))
}

/// `commit`, `write` or `memory`.
pub(super) fn durability(text: &str) -> Result<Durability, String> {
    match text {
        "commit" => Ok(Durability::Commit),
        "write" => Ok(Durability::Write),
        "memory" => Ok(Durability::Memory),
        _ => Err(format!("`{text}` is not one of commit, write, memory")),
    }
}

/// A length of time.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("`{text}` is not a duration; write 30d, 12h or 1h 30m"))
}

/// A number of whole days that traces are kept.
pub(super) fn days(text: &str) -> Result<u16, String> {
    const DAY: u64 = 86_400;
    let seconds = duration(text)?.as_secs();
    let days = u16::try_from(seconds / DAY)
        .ok()
        .filter(|days| (1..=3_650).contains(days));
    match days {
        Some(days) if seconds.is_multiple_of(DAY) => Ok(days),
        _ => Err(format!(
            "`{text}` is not a number of days from 1d to 3650d; data is dropped day by day"
        )),
    }
}

/// Who decides about spans that nobody decided about yet.
pub(super) fn head_sampling(text: &str) -> Result<HeadSampling, String> {
    match text {
        "off" => Ok(HeadSampling::Off),
        "rules" => Ok(HeadSampling::Rules),
        _ => Err(format!("`{text}` is not one of off, rules")),
    }
}

/// `off`, `lenient` or `enforce`.
pub(super) fn signatures(text: &str) -> Result<Signatures, String> {
    match text {
        "off" => Ok(Signatures::Off),
        "lenient" => Ok(Signatures::Lenient),
        "enforce" => Ok(Signatures::Enforce),
        _ => Err(format!("`{text}` is not one of off, lenient, enforce")),
    }
}

/// Origins separated by commas.
pub(super) fn origins(text: &str) -> Result<Vec<String>, String> {
    let origins: Vec<String> = text
        .split(',')
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect();
    match origins.iter().find(|origin| !origin.contains("://")) {
        Some(origin) => Err(format!(
            "`{origin}` is not an origin; write one such as https://shop.example.com"
        )),
        None => Ok(origins),
    }
}

/// A number of bytes: `64MiB`, `1.5GB`, `65536`.
pub(super) fn size(text: &str) -> Result<usize, String> {
    parse_size(text).ok_or_else(|| format!("`{text}` is not a size; write 64MiB, 1.5GB or a number of bytes"))
}

fn parse_size(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text
        .find(|c: char| c != '.' && !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * factor as f64;
    // 2^53 bytes is more than any machine has, and up to there the arithmetic is exact.
    (1.0..9_007_199_254_740_992.0)
        .contains(&bytes)
        .then_some(bytes as usize)
}

/// An AWS account: twelve digits.
pub(super) fn account(text: &str) -> Result<String, String> {
    let right = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    right
        .then(|| text.to_owned())
        .ok_or_else(|| format!("`{text}` is not an account; it has 12 digits"))
}

/// An AWS region.
pub(super) fn region(text: &str) -> Result<String, String> {
    let right = (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    right
        .then(|| text.to_owned())
        .ok_or_else(|| format!("`{text}` is not a region; write one such as us-east-1"))
}

/// Which log lines to write, in the notation of `RUST_LOG`.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!(
            "`{text}` is not a log filter; write info or beamline_store=debug,info"
        )),
    }
}

/// On or off.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" | "" => Ok(false),
        _ => Err(format!("`{text}` is not true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let check = |text: &str, bytes: Option<usize>| assert_eq!(parse_size(text), bytes, "{text}");
        check("64MiB", Some(64 << 20));
        check("64 mib", Some(64 << 20));
        check("1.5GB", Some(1_500_000_000));
        check("4k", Some(4096));
        check("65536", Some(65536));
        for text in ["", "MiB", "0", "-1", "1.2.3", "5 parsecs", "1e9", "99999999999GiB"] {
            check(text, None);
        }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(duration("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5_400)));
        assert!(duration("30").is_err());
        assert_eq!(days("30d"), Ok(30));
        for text in ["5m", "36h", "0d", "4000d", "soon"] {
            assert!(days(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "\\PC{0,40}") {
            let _ = (address(&text), duration(&text), size(&text), account(&text), region(&text), switch(&text));
        }

        #[test]
        fn whole_mebibytes_are_exact(count in 1usize..1_000_000) {
            prop_assert_eq!(parse_size(&format!("{count}MiB")), Some(count << 20));
        }
    }
}
