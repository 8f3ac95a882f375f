//! `sampling`: the rules and what clients make of them, and what other rules would have kept.

mod file;
mod tables;

use std::io::Write;

use anyhow::Context;
use beamline_proto::query::{ListSamplingRulesRequest, Selection, SimulateSamplingRequest, SimulateSamplingResponse};

use super::screen::Screen;
use super::{Json, client, words};
use crate::cli::{RulesArgs, SimulateArgs};
use crate::exit::Misuse;

/// Prints the rules in the order in which they are tried.
pub(crate) async fn rules(args: &RulesArgs) -> anyhow::Result<()> {
    let request = ListSamplingRulesRequest {
        scope: client::scope(&args.show),
    };
    let mut query = client::connect(&args.show.server.endpoint).await?;
    let answer = query.list_sampling_rules(request).await;
    let answer = answer.map_err(|status| client::failure(status, ""))?.into_inner();
    let mut screen = Screen::stdout();
    if args.show.json {
        Json::new()?.print("ListSamplingRulesResponse", &answer, &mut screen)?;
    } else {
        tables::rules(&answer, &mut screen)?;
    }
    screen.flush()?;
    Ok(())
}

/// Tries the rules of a file on recent requests and prints what they would have kept.
pub(crate) async fn simulate(args: &SimulateArgs) -> anyhow::Result<()> {
    let text = file::read(&args.rules).with_context(|| format!("reading {}", args.rules.display()))?;
    let rules = file::parse(&text).map_err(|wrong| Misuse(format!("{}: {wrong}", args.rules.display())))?;
    let request = SimulateSamplingRequest {
        scope: client::scope(&args.show),
        range: Some(client::range(&args.when)?),
        selection: Some(Selection {
            filter: args.filter.clone(),
            group: args.group.clone(),
        }),
        rules,
    };
    let mut query = client::connect(&args.show.server.endpoint).await?;
    let answer = query.simulate_sampling(request).await;
    let answer = answer
        .map_err(|status| client::failure(status, &args.filter))?
        .into_inner();
    let mut screen = Screen::stdout();
    if args.show.json {
        Json::new()?.print("SimulateSamplingResponse", &answer, &mut screen)?;
    } else if answer.requests > 0 {
        tables::simulation(&answer, &args.when, &mut screen)?;
    }
    screen.flush()?;
    tell_rest(args, &answer);
    Ok(())
}

/// Says on standard error what the table does not: that there was nothing to try rules on, or not all of it.
fn tell_rest(args: &SimulateArgs, answer: &SimulateSamplingResponse) {
    let since = humantime::format_duration(args.when.since);
    let message = if answer.scanned == 0 {
        format!("no traces at all in the last {since}; `beamline doctor` tells whether anything arrives")
    } else if answer.requests == 0 {
        let scanned = words::counted(answer.scanned, "trace");
        format!("no request to try rules on among {scanned} of the last {since}")
    } else if answer.truncated {
        "there were more traces than one answer looks at; this is about the newest only".to_owned()
    } else {
        return;
    };
    // With standard error closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{message}");
}
