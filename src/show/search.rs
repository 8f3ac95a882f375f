//! `search`: one line per trace.

use std::io::Write;

use beamline_proto::query::search_response::Part;
use beamline_proto::query::{Order, SearchEnd, SearchRequest, Selection, TraceSummary};

use super::screen::{QUIET, SERVICE, Screen};
use super::table::{Align, Cell, Table};
use super::{Json, client, words};
use crate::cli::{OrderArg, SearchArgs};

/// Finds traces and prints them.
pub(crate) async fn run(args: &SearchArgs) -> anyhow::Result<()> {
    let request = SearchRequest {
        scope: client::scope(&args.show),
        range: Some(client::range(&args.when)?),
        selection: Some(Selection {
            filter: args.filter.clone(),
            group: args.group.clone(),
        }),
        order: order(args.order).into(),
        limit: args.limit,
        ..SearchRequest::default()
    };
    let mut query = client::connect(&args.show.server.endpoint).await?;
    let fail = |status| client::failure(status, &args.filter);
    let mut parts = query.search(request).await.map_err(fail)?.into_inner();
    let mut screen = Screen::stdout();
    let json = Json::new()?;
    let (mut found, mut end) = (Vec::new(), SearchEnd::default());
    while let Some(message) = parts.message().await.map_err(fail)? {
        match message.part {
            Some(Part::Trace(trace)) if args.show.json => json.print("TraceSummary", &trace, &mut screen)?,
            Some(Part::Trace(trace)) => found.push(trace),
            Some(Part::End(last)) => end = last,
            None => {}
        }
    }
    if !args.show.json {
        print(&found, &mut screen)?;
    }
    screen.flush()?;
    tell_rest(args, &end);
    Ok(())
}

fn order(order: OrderArg) -> Order {
    match order {
        OrderArg::Newest => Order::Newest,
        OrderArg::Oldest => Order::Oldest,
        OrderArg::Slowest => Order::Slowest,
        OrderArg::MostErrors => Order::MostErrors,
    }
}

fn print(found: &[TraceSummary], screen: &mut Screen) -> anyhow::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([
        ("START (UTC)", Align::Left),
        ("TRACE", Align::Left),
        ("TOOK", Align::Right),
        ("", Align::Left),
        ("ENTRY", Align::Left),
        ("REQUEST", Align::Left),
        ("WHY", Align::Left),
    ]);
    for trace in found {
        table.row(row(trace));
    }
    let (paint, width) = (screen.paint, screen.width);
    table.print(screen, paint, width)?;
    Ok(())
}

/// The cells for one trace.
pub(super) fn row(trace: &TraceSummary) -> [Cell; 7] {
    let (verdict, style) = words::verdict(trace.flags.as_ref(), trace.partial);
    [
        Cell::new(words::moment(trace.start.as_ref()), QUIET),
        Cell::from(trace.trace_id.clone()),
        Cell::from(words::duration_text(trace.duration.as_ref())),
        Cell::new(verdict, style),
        Cell::new(words::service(trace.entry_point.as_ref()), SERVICE),
        Cell::from(words::request(trace)),
        Cell::from(words::why(trace).unwrap_or_default()),
    ]
}

/// Says on standard error what the rows do not: that there are none, or that there are more.
fn tell_rest(args: &SearchArgs, end: &SearchEnd) {
    let since = humantime::format_duration(args.when.since);
    let more = !end.cursor.is_empty();
    let message = match (end.matched, more) {
        (0, false) if end.scanned == 0 => {
            format!("no traces at all in the last {since}; `beamline doctor` tells whether anything arrives")
        }
        (0, false) => {
            format!(
                "none of {} in the last {since} match",
                words::counted(end.scanned, "trace")
            )
        }
        (0, true) => "nothing found so far; a narrower time or filter gets further".to_owned(),
        (matched, true) => format!("the first {}; --limit gives more", words::counted(matched, "trace")),
        (_, false) => return,
    };
    // With standard error closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{message}");
}
