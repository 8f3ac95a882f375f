//! The commands that look at traces.

use clap::{Args, ValueEnum};

use super::{ShowArgs, WhenArgs};

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
    /// Only the trace itself, without the logs and metrics that go with it
    #[arg(long)]
    pub(crate) bare: bool,
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
