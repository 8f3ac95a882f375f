//! `beamline insights`.

use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand};

use super::{ShowArgs, WhenArgs};

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
