//! What can be typed. What it means is decided elsewhere: settings in [`crate::config`], the rest in each command.

mod sampling;
mod server;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use sampling::{RulesArgs, SamplingCommand, SimulateArgs};
pub(crate) use server::ServerArgs;

/// A self-hosted distributed tracing collector and analyzer that speaks AWS X-Ray and OpenTelemetry.
#[derive(Debug, Parser)]
#[command(name = "beamline", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take in traces and answer for them
    Serve(ServerArgs),
    /// Serve, with a small simulated shop reporting, so that there is something to see
    Demo(DemoArgs),
    /// Find traces by an X-Ray filter expression
    Search(SearchArgs),
    /// Show one trace as a tree with a time line
    Trace(TraceArgs),
    /// Show services and the calls between them
    Map(MapArgs),
    /// Show when services failed more than they usually do, and who was to blame
    Insights(InsightsArgs),
    /// Follow traces as they arrive
    Tail(TailArgs),
    /// Show sampling rules, or try others on what was seen
    #[command(subcommand)]
    Sampling(SamplingCommand),
    /// Send files of X-Ray documents or OTLP requests to the server
    Import(ImportArgs),
    /// Find out why something does not show up
    Doctor(DoctorArgs),
    /// Generate load and measure the server under it
    Load(LoadArgs),
    /// Show the server's settings and where each comes from
    Config(ConfigArgs),
    /// Make and change the master keys of encryption at rest
    #[command(subcommand)]
    Encryption(EncryptionCommand),
}

/// How to reach the server.
#[derive(Clone, Debug, Args)]
pub(crate) struct Endpoint {
    /// The server's HTTP address
    #[arg(
        long,
        value_name = "URL",
        env = "BEAMLINE_ENDPOINT",
        default_value = "http://127.0.0.1:2001"
    )]
    pub(crate) endpoint: String,
}

/// What all commands share that show something.
#[derive(Clone, Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) server: Endpoint,
    /// Print JSON, one value per line
    #[arg(long)]
    pub(crate) json: bool,
    /// Of this AWS account instead of the server's own
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) account: String,
    /// Of this AWS region instead of the server's own
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) region: String,
}

/// Which span of time.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct WhenArgs {
    /// Look back so far
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    pub(crate) since: Duration,
    /// Leave out the latest
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    pub(crate) until: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Orders a second
    #[arg(long, default_value_t = 5.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// The same number gives the same shop
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// How much past to report at the start
    #[arg(long, value_name = "TIME", default_value = "3h", value_parser = humantime::parse_duration)]
    pub(crate) history: Duration,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  beamline search 'service(\"checkout\") { fault }'
  beamline search 'responsetime > 2' --order slowest
  beamline search 'annotation[tier] = \"gold\" AND error' --since 1d")]
pub(crate) struct SearchArgs {
    /// X-Ray filter expression; without one every trace matches
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
    #[command(flatten)]
    pub(crate) when: WhenArgs,
    /// Which come first
    #[arg(long, value_enum, default_value_t = OrderArg::Newest)]
    pub(crate) order: OrderArg,
    /// At most so many
    #[arg(long, short = 'n', default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
    /// Only those that match this group, too
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) group: String,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderArg {
    Newest,
    Oldest,
    Slowest,
    MostErrors,
}

#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    /// Trace id, in X-Ray's or W3C's spelling
    pub(crate) id: String,
    /// Also show annotations, attributes, queries and flaws of each node
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Print each document exactly as it was received instead
    #[arg(long, conflicts_with = "verbose")]
    pub(crate) raw: bool,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MapArgs {
    /// Only traces that match this X-Ray filter expression
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
    #[command(flatten)]
    pub(crate) when: WhenArgs,
    /// Only those that match this group, too
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) group: String,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct InsightsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<InsightsCommand>,
    #[command(flatten)]
    pub(crate) when: WhenArgs,
    /// Only those of this group
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) group: String,
    /// At most so many
    #[arg(long, short = 'n', default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InsightsCommand {
    /// Judge a stretch of time again, as of its end, and show what would be found
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  beamline insights replay --since 6h
  beamline insights replay --from 2026-11-23T20:00:00Z --to 2026-11-23T23:00:00Z --group checkout")]
pub(crate) struct ReplayArgs {
    /// The last so long, or so long before --to
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    pub(crate) since: Duration,
    /// From this moment (UTC)
    #[arg(long, value_name = "MOMENT", value_parser = humantime::parse_rfc3339_weak, conflicts_with = "since")]
    pub(crate) from: Option<SystemTime>,
    /// Until this moment (UTC) instead of now
    #[arg(long, value_name = "MOMENT", value_parser = humantime::parse_rfc3339_weak)]
    pub(crate) to: Option<SystemTime>,
    /// Only the traces of this group
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) group: String,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    /// Only traces that match this X-Ray filter expression
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
    /// Stop after so many lines
    #[arg(long, short = 'n')]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Understood: one X-Ray document, a list of them, the answer of BatchGetTraces, daemon datagrams \
line by line, OTLP requests as JSON (also line by line) and as protobuf. Each file is recognised by its content."
)]
pub(crate) struct ImportArgs {
    /// Files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) server: Endpoint,
    /// Where OTLP requests go
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4318")]
    pub(crate) otlp_http: String,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Why is this trace not there, or not whole?
    #[arg(long, value_name = "ID")]
    pub(crate) trace: Option<String>,
    /// X-Ray daemon address that applications send to
    #[arg(
        long,
        value_name = "ADDR",
        env = "AWS_XRAY_DAEMON_ADDRESS",
        default_value = "127.0.0.1:2000"
    )]
    pub(crate) xray: String,
    /// OTLP gRPC address that applications send to
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4317")]
    pub(crate) otlp_grpc: String,
    /// OTLP HTTP address that applications send to
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4318")]
    pub(crate) otlp_http: String,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

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

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Show each value and where it comes from, rather than a file to start from
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EncryptionCommand {
    /// Write a new master key to a file, for --encryption-key-file
    NewKey {
        /// A file that does not exist
        file: PathBuf,
    },
    /// Change to a new master key and new data keys while the server runs
    Rotate(RotateArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "The settings have to be those of the running server: its key file is written anew, and its HTTP \
address or ready file tells when it has taken the new key up."
)]
pub(crate) struct RotateArgs {
    /// Change the data keys only
    #[arg(long)]
    pub(crate) data_keys: bool,
    /// Leave the old master key in the file, below the new one
    #[arg(long, conflicts_with = "data_keys")]
    pub(crate) keep_old: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("write a number from 0 to 10000".to_owned()),
    }
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
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

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
