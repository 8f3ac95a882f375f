//! What can be typed about logs and metrics.

use std::time::Duration;

use clap::Args;

use super::{ShowArgs, WhenArgs};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  beamline logs --groups                     which groups there are
  beamline logs /otlp/cart --words timeout   what cart said about timeouts
  beamline logs --trace 1-5759e988-bd862e3fe1be46a994272793
  beamline logs aws/spans -n 5 --json        spans as log events")]
pub(crate) struct LogsArgs {
    /// Only of this log group; without one all groups are read, except aws/spans
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) group: String,
    /// List the groups whose names begin like GROUP instead of reading events
    #[arg(long, conflicts_with_all = ["words", "trace", "stream", "first"])]
    pub(crate) groups: bool,
    /// Only events with this word; may be given more than once
    #[arg(long = "words", short = 'w', value_name = "WORD", num_args = 1..)]
    pub(crate) words: Vec<String>,
    /// Only events that name this trace, in X-Ray's or W3C's spelling
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) trace: String,
    /// Only of streams whose names begin so
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub(crate) stream: String,
    #[command(flatten)]
    pub(crate) when: WhenArgs,
    /// The earliest events of that time rather than the latest
    #[arg(long)]
    pub(crate) first: bool,
    /// At most so many
    #[arg(long, short = 'n', default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  beamline metrics                                    which series there are
  beamline metrics --service cart
  beamline metrics http.server.request.duration --stat p99 --period 5m
  beamline metrics shop.orders --stat sum --merge --since 6h")]
pub(crate) struct MetricsArgs {
    /// Only metrics of this name
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) name: String,
    /// Only of this CloudWatch namespace
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) namespace: String,
    /// Only about this service
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) service: String,
    /// Only with this label, or with any value of it; may be given more than once
    #[arg(long, value_name = "KEY[=VALUE]", num_args = 1)]
    pub(crate) label: Vec<String>,
    /// Show this statistic over time: count, sum, average, min, max, p99, …; may be given more than once
    #[arg(long, value_name = "NAME", num_args = 1)]
    pub(crate) stat: Vec<String>,
    /// Length of a period; otherwise a minute, or longer for longer times
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, requires = "stat")]
    pub(crate) period: Option<Duration>,
    /// Put all series together instead of showing each
    #[arg(long, requires = "stat")]
    pub(crate) merge: bool,
    #[command(flatten)]
    pub(crate) when: WhenArgs,
    /// At most so many series
    #[arg(long, short = 'n', default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}
