//! What can be typed. What it means is decided elsewhere: settings in [`crate::config`], the rest in each command.

mod encryption;
mod insights;
mod load;
mod look;
mod sampling;
mod server;
mod signals;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

pub(crate) use encryption::{EncryptionCommand, RotateArgs};
pub(crate) use insights::{InsightsArgs, InsightsCommand, ReplayArgs};
pub(crate) use load::{LoadArgs, Protocol, ShapeArg};
pub(crate) use look::{MapArgs, OrderArg, SearchArgs, TailArgs, TraceArgs};
pub(crate) use sampling::{RulesArgs, SamplingCommand, SimulateArgs};
pub(crate) use server::ServerArgs;
pub(crate) use signals::{LogsArgs, MetricsArgs};

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
    /// Show one trace as a tree with a time line, and the logs and metrics that go with it
    Trace(TraceArgs),
    /// Find log events
    Logs(LogsArgs),
    /// List metrics, or show them over time
    Metrics(MetricsArgs),
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
#[command(
    after_help = "Understood: one X-Ray document, a list of them, the answer of BatchGetTraces, daemon datagrams \
line by line, OTLP requests of traces, logs and metrics as JSON (also line by line) and as protobuf. Each file is \
recognised by its content."
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

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Show each value and where it comes from, rather than a file to start from
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("write a number from 0 to 10000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
