//! `insights`: when services failed more than they usually do, and why it is said that they did.

use std::io::Write;
use std::time::{Duration, SystemTime};

use beamline_proto::query::{
    Anomaly, Impact, Insight, InsightState, Insights, ListInsightsRequest, ReplayInsightsRequest, TimeRange,
};

use super::screen::{FAULT, HEADING, QUIET, SERVICE, Screen};
use super::table::{Align, Cell, Table};
use super::{Json, client, words};
use crate::cli::{InsightsArgs, InsightsCommand, ReplayArgs};
use crate::exit::Misuse;

/// Lists insights, or judges a stretch of time again.
pub(crate) async fn run(args: &InsightsArgs) -> anyhow::Result<()> {
    let (found, show) = match &args.command {
        None => {
            let request = ListInsightsRequest {
                scope: client::scope(&args.show),
                range: Some(client::range(&args.when)?),
                group: args.group.clone(),
                limit: args.limit,
                ..ListInsightsRequest::default()
            };
            let mut query = client::connect(&args.show.server.endpoint).await?;
            (query.list_insights(request).await, &args.show)
        }
        Some(InsightsCommand::Replay(replay)) => {
            let request = ReplayInsightsRequest {
                scope: client::scope(&replay.show),
                range: Some(range(replay)?),
                group: replay.group.clone(),
            };
            let mut query = client::connect(&replay.show.server.endpoint).await?;
            (query.replay_insights(request).await, &replay.show)
        }
    };
    let found: Insights = found.map_err(|status| client::failure(status, ""))?.into_inner();
    let mut screen = Screen::stdout();
    if show.json {
        let json = Json::new()?;
        for insight in &found.insights {
            json.print("Insight", insight, &mut screen)?;
        }
    } else {
        print(&found.insights, &mut screen)?;
    }
    screen.flush()?;
    tell_rest(args, &found);
    Ok(())
}

/// The time to judge: between two moments, or the last so long.
fn range(args: &ReplayArgs) -> anyhow::Result<TimeRange> {
    let now = SystemTime::now();
    let to = args.to.unwrap_or(now);
    let from = args.from.or_else(|| to.checked_sub(args.since));
    match from {
        Some(from) if from < to => Ok(TimeRange {
            start: Some(from.into()),
            end: Some(to.into()),
        }),
        _ => Err(Misuse("--from has to be before --to".to_owned()).into()),
    }
}

fn print(insights: &[Insight], screen: &mut Screen) -> anyhow::Result<()> {
    let (paint, width) = (screen.paint, screen.width);
    for (number, insight) in insights.iter().enumerate() {
        if number > 0 {
            writeln!(screen)?;
        }
        let (state, style) = match insight.state() {
            InsightState::Active => ("active", FAULT),
            _ => ("closed", QUIET),
        };
        let (start, end) = (
            words::moment(insight.start.as_ref()),
            words::moment(insight.end.as_ref()),
        );
        let took = took(insight).map(words::length).unwrap_or_default();
        writeln!(
            screen,
            "{}  {}  {} to {} UTC, {took}  {}",
            paint.text(
                HEADING,
                super::screen::printable(&words::service(insight.root_cause.as_ref()))
            ),
            paint.text(style, state),
            minute(&start),
            minute(&end),
            paint.text(QUIET, format!("{} {}", insight.group, insight.id)),
        )?;
        writeln!(screen, "{}", super::screen::printable(&insight.summary))?;
        services(insight).print(screen, paint, width)?;
    }
    Ok(())
}

fn took(insight: &Insight) -> Option<Duration> {
    let moment = |time: Option<prost_types::Timestamp>| SystemTime::try_from(time?).ok();
    moment(insight.end)?.duration_since(moment(insight.start)?).ok()
}

fn minute(moment: &str) -> &str {
    moment.get(..16).unwrap_or(moment)
}

fn services(insight: &Insight) -> Table {
    let mut table = Table::new([
        ("", Align::Left),
        ("SERVICE", Align::Left),
        ("SINCE", Align::Left),
        ("FAULTS", Align::Right),
        ("OF", Align::Right),
        ("EXPECTED", Align::Right),
        ("USUALLY", Align::Right),
        ("DEVIATION", Align::Right),
    ]);
    let none = Impact::default();
    for anomaly in &insight.anomalies {
        let impact = anomaly.impact.as_ref().unwrap_or(&none);
        let since = words::moment(anomaly.start.as_ref());
        table.row([
            Cell::from(if is_root(insight, anomaly) { "✗" } else { "↑" }),
            Cell::new(words::service(anomaly.service.as_ref()), SERVICE),
            Cell::new(since.get(11..16).unwrap_or_default(), QUIET),
            Cell::new(words::count(impact.fault), FAULT),
            Cell::from(words::count(impact.total)),
            Cell::from(format!("{:.1}", anomaly.expected_faults)),
            Cell::from(format!("{:.1}%", anomaly.usual_fault_rate * 100.0)),
            Cell::from(format!("{:.0}σ", anomaly.deviation)),
        ]);
    }
    table
}

fn is_root(insight: &Insight, anomaly: &Anomaly) -> bool {
    insight.root_cause == anomaly.service
}

/// Says on standard error what the rows do not: that there are none, or that there are more.
fn tell_rest(args: &InsightsArgs, found: &Insights) {
    let message = match (&args.command, found.insights.len()) {
        (None, 0) => format!(
            "no insights in the last {}; `beamline insights replay` judges it again",
            humantime::format_duration(args.when.since)
        ),
        (Some(_), 0) => "nothing in that time is unusual".to_owned(),
        (_, shown) if !found.cursor.is_empty() => {
            format!(
                "the first {}; --limit gives more",
                words::counted(shown as u64, "insight")
            )
        }
        _ => return,
    };
    // With standard error closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{message}");
}
