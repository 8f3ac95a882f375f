//! What can be typed about sampling.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ShowArgs, WhenArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum SamplingCommand {
    /// Show the rules in the order in which they are tried, and what clients make of them
    Rules(RulesArgs),
    /// Show what other rules would have kept of recent requests, beside what the current ones would
    Simulate(SimulateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The file holds rules as AWS writes them: the answer of `aws xray get-sampling-rules`, a list of
sampling rules, or a single one. Only RuleName, Priority, FixedRate and ReservoirSize are needed; patterns that are left
out match everything. Without a rule called Default the current one stands in.

Examples:
  aws xray get-sampling-rules > rules.json    then edit, and
  beamline sampling simulate --rules rules.json
  beamline sampling simulate --rules rules.json --since 1d --filter 'service(\"checkout\")'"
)]
pub(crate) struct SimulateArgs {
    /// The rules to try, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: PathBuf,
    #[command(flatten)]
    pub(crate) when: WhenArgs,
    /// Only traces that match this X-Ray filter expression
    #[arg(long, value_name = "EXPRESSION", default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
    /// Only those that match this group, too
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) group: String,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}
