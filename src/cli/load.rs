//! `beamline load`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Endpoint;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// Segments by UDP, as X-Ray SDKs send them
    XrayUdp,
    /// Segments by PutTraceSegments, as the X-Ray daemon sends them
    XrayApi,
    /// Spans by OTLP gRPC
    Otlp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShapeArg {
    /// 10 spans a trace, 10 services, 11 attributes a span
    Jaeger,
    /// Services by Zipf's law, 1 % errors, now and then a huge trace
    Skewed,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct LoadArgs {
    /// By which protocol
    #[arg(long, value_enum, default_value_t = Protocol::Otlp)]
    pub(crate) protocol: Protocol,
    /// What traces look like
    #[arg(long, value_enum, default_value_t = ShapeArg::Jaeger)]
    pub(crate) shape: ShapeArg,
    /// Spans a second; 0 is as many as the server takes
    #[arg(long, default_value_t = 0, value_parser = count)]
    pub(crate) rate: u64,
    /// Stop after so many spans, such as 10M
    #[arg(long, value_parser = count)]
    pub(crate) spans: Option<u64>,
    /// Stop after so long
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration, conflicts_with = "spans")]
    pub(crate) duration: Duration,
    /// Spread the traces' times over the last so long instead of sending them as of now
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) span_of: Option<Duration>,
    /// Connections, and requests under way on each is one
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) connections: u16,
    /// Spans in one OTLP request
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(10..=20_000))]
    pub(crate) batch: u32,
    /// The same number gives the same ids
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Address of the OTLP gRPC receiver
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4317")]
    pub(crate) otlp_grpc: String,
    /// Address of the X-Ray daemon receiver
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2000")]
    pub(crate) xray: String,
    #[command(flatten)]
    pub(crate) server: Endpoint,
    /// Server process, to account for its CPU time
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// The server's data folder, to account for the disk
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Ready file of the server, which tells addresses, process and data folder at once
    #[arg(long, value_name = "FILE", conflicts_with_all = ["otlp_grpc", "xray", "endpoint", "pid", "data"])]
    pub(crate) ready_file: Option<PathBuf>,
    /// So many reads of each kind afterwards; 0 for none
    #[arg(long, default_value_t = 200)]
    pub(crate) reads: u32,
    /// So many clients ask for sampling rules and targets meanwhile, each twice a second
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=1_000))]
    pub(crate) pollers: u16,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A count as people write it: `200k`, `10M`.
fn count(text: &str) -> Result<u64, String> {
    let wrong = || "write a number such as 200k or 10M".to_owned();
    let (number, factor) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1e3),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 1e6),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 1e9),
        _ => (text, 1.0),
    };
    let number: f64 = number.replace('_', "").parse().map_err(|_| wrong())?;
    let count = number * factor;
    (0.0..=1e12).contains(&count).then_some(count as u64).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_people_write_them() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(count(text).ok(), expected, "{text}");
        check("200k", Some(200_000));
        check("1.5M", Some(1_500_000));
        check("10_000", Some(10_000));
        check("0", Some(0));
        for text in ["", "k", "-1", "many", "1e30", "NaN", "é"] {
            check(text, None);
        }
    }
}
