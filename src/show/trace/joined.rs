//! What goes with a trace: log events under the nodes they hang on, metrics and ranks below.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use beamline_proto::query::{Enrichment, JoinKind, JoinReason, JoinedLog, JoinedMetric, LookState, Panel, Rank, Trace};

use super::row;
use crate::show::logs::line;
use crate::show::metrics::{labels, service};
use crate::show::screen::{FAULT, HEADING, PLAIN, QUIET, SERVICE, Screen, fit, printable};
use crate::show::spark::spark;
use crate::show::table::{Align, Cell, Table};
use crate::show::words;

/// So many log events are shown below a node; the others are counted, unless everything is wanted.
const MOST_BELOW: usize = 5;
/// So many that hang on no node.
const MOST_ALONE: usize = 20;
/// The width of sparklines: one column for two minutes.
const SPARK: usize = 30;
/// Ranks below are nothing remarkable.
const REMARKABLE: f64 = 0.9;

/// The log events of each node, by its index in the trace.
pub(super) struct Logs<'t> {
    of_nodes: BTreeMap<usize, Vec<&'t JoinedLog>>,
    alone: Vec<&'t JoinedLog>,
}

impl<'t> Logs<'t> {
    /// Those that go with a trace.
    pub(super) fn of(trace: &'t Trace) -> Self {
        let mut logs = Self {
            of_nodes: BTreeMap::new(),
            alone: Vec::new(),
        };
        for log in trace.enrichment.iter().flat_map(|enrichment| &enrichment.logs) {
            match log.node {
                Some(node) => logs.of_nodes.entry(node as usize).or_default().push(log),
                None => logs.alone.push(log),
            }
        }
        for events in logs.of_nodes.values_mut() {
            events.sort_by_key(|log| moment(log));
        }
        logs
    }

    /// The lines below a node, each with its style.
    pub(super) fn below(&self, node: usize, verbose: bool) -> Vec<(String, Style)> {
        let events = self.of_nodes.get(&node).map(Vec::as_slice).unwrap_or_default();
        let most = if verbose { usize::MAX } else { MOST_BELOW };
        let mut lines: Vec<(String, Style)> = events.iter().take(most).map(|log| told(log)).collect();
        if events.len() > most {
            let more = words::counted((events.len() - most) as u64, "more log event");
            lines.push((format!("… {more}, all with --verbose"), QUIET));
        }
        lines
    }
}

fn moment(log: &JoinedLog) -> (i64, i32) {
    let time = log.event.as_ref().and_then(|event| event.time);
    time.map_or((0, 0), |time| (time.seconds, time.nanos))
}

/// `≡ 14:03:02.120 ERROR out of stock`; what only happened nearby has `≈` in front.
fn told(log: &JoinedLog) -> (String, Style) {
    let Some(event) = &log.event else {
        return (String::new(), PLAIN);
    };
    let clock = words::moment(event.time.as_ref());
    let clock = clock.split_once(' ').map_or(clock.as_str(), |(_, clock)| clock);
    let (severity, style) = line::severity(event);
    let mark = if is_nearby(log.reason.as_ref()) { '≈' } else { '≡' };
    let text = format!("{mark} {clock} {severity:<5} {}", line::said(event));
    (text, if style == PLAIN { QUIET } else { style })
}

fn is_nearby(reason: Option<&JoinReason>) -> bool {
    reason.is_some_and(|reason| reason.kind() == JoinKind::Nearby)
}

/// Everything that hangs on no node, and what was measured.
pub(super) fn print(trace: &Trace, logs: &Logs<'_>, screen: &mut Screen) -> anyhow::Result<()> {
    let Some(enrichment) = &trace.enrichment else {
        return Ok(());
    };
    print_alone(logs, screen)?;
    print_metrics(trace, enrichment, screen)?;
    print_ranks(trace, &enrichment.ranks, screen)?;
    print_looks(enrichment, screen)?;
    Ok(())
}

fn print_alone(logs: &Logs<'_>, screen: &mut Screen) -> io::Result<()> {
    if logs.alone.is_empty() {
        return Ok(());
    }
    let paint = screen.paint;
    writeln!(screen, "\n{}", paint.text(HEADING, "What else was logged"))?;
    let width = screen.width.unwrap_or(usize::MAX);
    for log in logs.alone.iter().take(MOST_ALONE) {
        let (text, style) = told(log);
        let group = log
            .event
            .as_ref()
            .map(|event| printable(&event.group))
            .unwrap_or_default();
        let line = fit(&format!("{text}  ({group})"), width.saturating_sub(2));
        writeln!(screen, "  {}", paint.text(style, line))?;
    }
    if logs.alone.len() > MOST_ALONE {
        writeln!(screen, "  … {} more", logs.alone.len() - MOST_ALONE)?;
    }
    Ok(())
}

fn print_metrics(trace: &Trace, enrichment: &Enrichment, screen: &mut Screen) -> io::Result<()> {
    if enrichment.metrics.is_empty() && enrichment.exemplars.is_empty() {
        return Ok(());
    }
    let (paint, width) = (screen.paint, screen.width);
    let heading = "What was measured from half an hour before until half an hour after";
    writeln!(screen, "\n{}", paint.text(HEADING, heading))?;
    let mut table = Table::new([
        ("SERVICE", Align::Left),
        ("METRIC", Align::Left),
        ("STAT", Align::Left),
        ("THEN", Align::Right),
        ("OVER TIME", Align::Left),
        ("LABELS", Align::Left),
    ]);
    for metric in &enrichment.metrics {
        table.row(metric_row(metric));
    }
    if !enrichment.metrics.is_empty() {
        table.print(screen, paint, width)?;
    }
    for exemplar in &enrichment.exemplars {
        let Some(series) = &exemplar.series else { continue };
        let node = exemplar.node.and_then(|node| trace.nodes.get(node as usize));
        let of = node.map_or_else(|| "this trace".to_owned(), name);
        let text = format!(
            "{} of {} was measured in {of}",
            words::measured(exemplar.value, &series.unit),
            series.name
        );
        writeln!(screen, "{}", paint.text(QUIET, printable(&text)))?;
    }
    Ok(())
}

fn metric_row(metric: &JoinedMetric) -> Vec<Cell> {
    let none = Default::default();
    let series = metric.series.as_ref().unwrap_or(&none);
    let seconds = |time: Option<prost_types::Timestamp>| time.map_or(0, |time| time.seconds);
    let start = metric.range.as_ref().map_or(0, |range| seconds(range.start));
    let end = metric.range.as_ref().map_or(0, |range| seconds(range.end));
    let period = metric.period.map_or(60, |period| period.seconds.max(1));
    let place = |time: i64| usize::try_from((time - start) / period).unwrap_or(0);
    let values: Vec<(usize, f64)> = metric
        .values
        .iter()
        .map(|it| (place(seconds(it.start)), it.value))
        .collect();
    let then = metric.trace_value.and_then(|index| metric.values.get(index as usize));
    let nearby = if is_nearby(metric.reason.as_ref()) { "≈ " } else { "" };
    vec![
        Cell::new(service(series), SERVICE),
        Cell::from(format!("{nearby}{}", series.name)),
        Cell::new(metric.statistic.clone(), QUIET),
        Cell::from(then.map_or_else(|| "-".to_owned(), |it| words::measured(it.value, &series.unit))),
        Cell::from(spark(&values, place(end), SPARK)),
        Cell::from(labels(series)),
    ]
}

/// Segments that took remarkably long, the most remarkable first.
fn print_ranks(trace: &Trace, ranks: &[Rank], screen: &mut Screen) -> io::Result<()> {
    const SHOWN: usize = 5;
    let mut remarkable: Vec<&Rank> = ranks.iter().filter(|rank| rank.faster >= REMARKABLE).collect();
    remarkable.sort_by(|a, b| b.faster.total_cmp(&a.faster));
    if remarkable.is_empty() {
        return Ok(());
    }
    let paint = screen.paint;
    writeln!(screen, "\n{}", paint.text(HEADING, "What was slower than usual"))?;
    for rank in remarkable.into_iter().take(SHOWN) {
        let Some(node) = trace.nodes.get(rank.node as usize) else {
            continue;
        };
        let style = if rank.faster >= 0.99 { FAULT } else { PLAIN };
        let share = format!("{:>5.1}%", 100.0 * rank.faster);
        writeln!(
            screen,
            "  {}  {} took {}, slower than that share of {} in that hour (half took {})",
            paint.text(style, share),
            paint.text(SERVICE, row::service(node)),
            words::duration_text(node.duration.as_ref()),
            words::counted(rank.requests, "request"),
            words::duration_text(rank.p50.as_ref()),
        )?;
    }
    Ok(())
}

/// What is missing, and why.
fn print_looks(enrichment: &Enrichment, screen: &mut Screen) -> io::Result<()> {
    let mut missing = Vec::new();
    for look in &enrichment.looks {
        let what = match look.panel() {
            Panel::Logs => "log events",
            Panel::NearbyLogs => "log events nearby",
            Panel::Metrics => "metrics",
            Panel::Exemplars => "single measurements",
            Panel::Ranks => "ranks",
            Panel::Unspecified => continue,
        };
        match look.state() {
            LookState::Late => missing.push(format!("{what}: time ran out")),
            LookState::Failed => missing.push(format!("{what}: could not be read")),
            LookState::Truncated => missing.push(format!("{what}: there are more")),
            LookState::Complete | LookState::Unspecified => {}
        }
    }
    if !missing.is_empty() {
        let paint = screen.paint;
        writeln!(
            screen,
            "\n{}",
            paint.text(QUIET, format!("Not all is shown. {}", missing.join("; ")))
        )?;
    }
    Ok(())
}

fn name(node: &beamline_proto::query::Node) -> String {
    let (service, label) = (row::service(node), row::label(node));
    format!("{service} {label}").trim().to_owned()
}
