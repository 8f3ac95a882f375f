//! `map`: services, and the calls between them.

use std::io::Write;
use std::time::{Duration, SystemTime};

use anstyle::Style;
use beamline_proto::query::{GetServiceGraphRequest, GraphEdge, GraphNode, Selection, ServiceGraph, Statistics};

use super::screen::{ERROR, FAULT, HEADING, PLAIN, QUIET, SERVICE, Screen, THROTTLE};
use super::table::{Align, Cell, Table};
use super::{Json, client, words};
use crate::cli::MapArgs;

/// What is told of every service and every call.
const FIGURES: [&str; 7] = ["CALLS/S", "FAULT", "ERROR", "THROTTLE", "P50", "P95", "P99"];
/// Of calls, only so many of them: their names are long.
const FIGURES_OF_CALLS: usize = 6;

/// Prints the service graph of a time range.
pub(crate) async fn run(args: &MapArgs) -> anyhow::Result<()> {
    let request = GetServiceGraphRequest {
        scope: client::scope(&args.show),
        range: Some(client::range(&args.when)?),
        selection: Some(Selection {
            filter: args.filter.clone(),
            group: args.group.clone(),
        }),
    };
    let mut query = client::connect(&args.show.server.endpoint).await?;
    let answer = query.get_service_graph(request).await;
    let graph = answer
        .map_err(|status| client::failure(status, &args.filter))?
        .into_inner();
    let mut screen = Screen::stdout();
    if args.show.json {
        Json::new()?.print("ServiceGraph", &graph, &mut screen)?;
    } else if graph.nodes.is_empty() {
        let since = humantime::format_duration(args.when.since);
        let hint = if args.filter.is_empty() {
            "`beamline doctor` tells whether anything arrives"
        } else {
            "the filter may be too narrow"
        };
        writeln!(std::io::stderr(), "no services in the last {since}; {hint}")?;
    } else {
        print(&graph, &mut screen)?;
    }
    screen.flush()?;
    Ok(())
}

fn print(graph: &ServiceGraph, screen: &mut Screen) -> anyhow::Result<()> {
    let (paint, width) = (screen.paint, screen.width);
    let seconds = seconds_of(graph).max(1.0);
    let (start, end) = (words::moment(graph.start.as_ref()), words::moment(graph.end.as_ref()));
    let minute = |text: &str| text.get(..16).unwrap_or(text).to_owned();
    let services: Vec<&GraphNode> = graph.nodes.iter().filter(|node| !is_client(node)).collect();
    writeln!(
        screen,
        "{}, {} from {} to {} UTC\n",
        paint.text(HEADING, words::counted(services.len() as u64, "service")),
        words::counted(graph.edges.len() as u64, "connection"),
        minute(&start),
        minute(&end),
    )?;
    services_table(&services, seconds).print(screen, paint, width)?;
    writeln!(screen)?;
    calls_table(graph, seconds).print(screen, paint, width)?;
    if graph.truncated {
        writeln!(
            screen,
            "\nThere were more traces than one answer looks at; this counts the newest only."
        )?;
    }
    Ok(())
}

/// The part of the range that is not in the future, so that rates of "the last hour" are not too small.
fn seconds_of(graph: &ServiceGraph) -> f64 {
    let moment = |time: Option<prost_types::Timestamp>| time.and_then(|time| SystemTime::try_from(time).ok());
    let (Some(start), Some(end)) = (moment(graph.start), moment(graph.end)) else {
        return 0.0;
    };
    end.min(SystemTime::now())
        .duration_since(start)
        .unwrap_or(Duration::ZERO)
        .as_secs_f64()
}

fn is_client(node: &GraphNode) -> bool {
    node.id.as_ref().is_some_and(|id| id.r#type == "client")
}

fn services_table(services: &[&GraphNode], seconds: f64) -> Table {
    let mut headings = vec![("SERVICE", Align::Left), ("TYPE", Align::Left)];
    headings.extend(FIGURES.map(|heading| (heading, Align::Right)));
    let mut table = Table::new(headings);
    let mut ranked = services.to_vec();
    ranked.sort_by_key(|node| std::cmp::Reverse(node.statistics.as_ref().map_or(0, |it| it.total)));
    for node in ranked {
        let style = if node.active { SERVICE } else { QUIET };
        let kind = node.id.as_ref().map(|id| id.r#type.clone()).unwrap_or_default();
        let mut row = vec![
            Cell::new(words::short(&words::service(node.id.as_ref())).to_owned(), style),
            Cell::new(kind, QUIET),
        ];
        row.extend(figures(node.statistics.as_ref(), seconds));
        table.row(row);
    }
    table
}

fn calls_table(graph: &ServiceGraph, seconds: f64) -> Table {
    let mut headings = vec![("CALL", Align::Left)];
    headings.extend(
        FIGURES[..FIGURES_OF_CALLS]
            .iter()
            .map(|heading| (*heading, Align::Right)),
    );
    let mut table = Table::new(headings);
    let mut ranked: Vec<&GraphEdge> = graph.edges.iter().collect();
    ranked.sort_by_key(|edge| std::cmp::Reverse(edge.statistics.as_ref().map_or(0, |it| it.total)));
    let name = |reference: u32| {
        let node = graph.nodes.get(reference as usize);
        match node {
            Some(node) if is_client(node) => "client".to_owned(),
            Some(node) => words::short(&words::service(node.id.as_ref())).to_owned(),
            None => "?".to_owned(),
        }
    };
    for edge in ranked {
        let arrow = if edge.link { "⇢" } else { "→" };
        let mut row = vec![Cell::from(format!("{} {arrow} {}", name(edge.from), name(edge.to)))];
        row.extend(
            figures(edge.statistics.as_ref(), seconds)
                .into_iter()
                .take(FIGURES_OF_CALLS),
        );
        table.row(row);
    }
    table
}

/// Rate, shares of failures, and response times.
/// A cell for each of [`FIGURES`].
fn figures(statistics: Option<&Statistics>, seconds: f64) -> [Cell; FIGURES.len()] {
    let none = Statistics::default();
    let it = statistics.unwrap_or(&none);
    let failures =
        |part: u64, style: Style| Cell::new(words::share(part, it.total), if part > 0 { style } else { QUIET });
    let times = it.percentiles.as_ref();
    let time = |value: Option<&prost_types::Duration>| Cell::new(words::duration_text(value), PLAIN);
    [
        Cell::from(words::rate(it.adjusted_total.max(it.total as f64) / seconds)),
        failures(it.fault, FAULT),
        failures(it.error, ERROR),
        failures(it.throttle, THROTTLE),
        time(times.and_then(|it| it.p50.as_ref())),
        time(times.and_then(|it| it.p95.as_ref())),
        time(times.and_then(|it| it.p99.as_ref())),
    ]
}
