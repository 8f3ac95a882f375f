//! `logs`: log groups and events.

pub(super) mod line;

use std::io::Write;

use beamline_proto::query::read_logs_response::Part;
use beamline_proto::query::{ListLogGroupsRequest, LogEvent, LogGroup, LogOrder, ReadLogsEnd, ReadLogsRequest};

use super::screen::{QUIET, SERVICE, Screen};
use super::table::{Align, Cell, Table};
use super::{Json, client, words};
use crate::cli::LogsArgs;

/// Prints events, the latest last, or groups.
pub(crate) async fn run(args: &LogsArgs) -> anyhow::Result<()> {
    if args.groups {
        return groups(args).await;
    }
    let request = ReadLogsRequest {
        scope: client::scope(&args.show),
        range: Some(client::range(&args.when)?),
        groups: Some(args.group.clone())
            .filter(|group| !group.is_empty())
            .into_iter()
            .collect(),
        stream_prefix: args.stream.clone(),
        words: args.words.clone(),
        trace_id: args.trace.clone(),
        order: match args.first {
            true => LogOrder::Oldest.into(),
            false => LogOrder::Newest.into(),
        },
        limit: args.limit,
        ..ReadLogsRequest::default()
    };
    let mut logs = client::logs(&args.show.server.endpoint).await?;
    let fail = |status| client::failure(status, "");
    let mut answer = logs.read_logs(request).await.map_err(fail)?.into_inner();
    let (mut events, mut end) = (Vec::new(), ReadLogsEnd::default());
    while let Some(message) = answer.message().await.map_err(fail)? {
        match message.part {
            Some(Part::Event(event)) => events.push(event),
            Some(Part::End(told)) => end = told,
            None => {}
        }
    }
    if !args.first {
        events.reverse();
    }
    print(args, &events)?;
    say_how_it_ended(args, &end);
    Ok(())
}

fn print(args: &LogsArgs, events: &[LogEvent]) -> anyhow::Result<()> {
    let mut screen = Screen::stdout();
    if args.show.json {
        let json = Json::new()?;
        for event in events {
            json.print("LogEvent", event, &mut screen)?;
        }
    } else {
        let widths = line::Widths::of(events, args.group.is_empty());
        for event in events {
            writeln!(screen, "{}", line::whole(event, &widths, &screen))?;
        }
    }
    screen.flush()?;
    Ok(())
}

/// On standard error, so that what is piped on stays what it is.
fn say_how_it_ended(args: &LogsArgs, end: &ReadLogsEnd) {
    let since = humantime::format_duration(args.when.since);
    let message = match (end.matched, end.cursor.is_empty()) {
        (0, true) => format!("no such log events in the last {since}; `beamline logs --groups` lists what there is"),
        (0, false) => "nothing found so far; a narrower time or a group gets further".to_owned(),
        (matched, false) if args.first => format!("the first {}; -n gives more", words::counted(matched, "event")),
        (matched, false) => format!("the last {}; -n gives more", words::counted(matched, "event")),
        (_, true) => return,
    };
    // With standard error closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{message}");
}

async fn groups(args: &LogsArgs) -> anyhow::Result<()> {
    let mut logs = client::logs(&args.show.server.endpoint).await?;
    let mut found: Vec<LogGroup> = Vec::new();
    let mut request = ListLogGroupsRequest {
        scope: client::scope(&args.show),
        prefix: args.group.clone(),
        limit: 1_000,
        cursor: Vec::new(),
    };
    loop {
        let answer = logs.list_log_groups(request.clone()).await;
        let answer = answer.map_err(|status| client::failure(status, ""))?.into_inner();
        found.extend(answer.groups);
        request.cursor = answer.cursor;
        if request.cursor.is_empty() {
            break;
        }
    }
    let mut screen = Screen::stdout();
    if args.show.json {
        let json = Json::new()?;
        for group in &found {
            json.print("LogGroup", group, &mut screen)?;
        }
    } else {
        let (paint, width) = (screen.paint, screen.width);
        groups_table(&found).print(&mut screen, paint, width)?;
    }
    screen.flush()?;
    Ok(())
}

fn groups_table(groups: &[LogGroup]) -> Table {
    let mut table = Table::new([
        ("CREATED (UTC)", Align::Left),
        ("KEPT", Align::Right),
        ("LOG GROUP", Align::Left),
    ]);
    for group in groups {
        let (created, kept) = match group.r#virtual {
            true => ("made of spans".to_owned(), "as they are".to_owned()),
            false => (words::moment(group.created.as_ref()), days(group.retention_days)),
        };
        table.row([
            Cell::new(created, QUIET),
            Cell::new(kept, QUIET),
            Cell::new(group.name.clone(), SERVICE),
        ]);
    }
    table
}

fn days(days: u32) -> String {
    match days {
        0 => "by default".to_owned(),
        days => words::counted(u64::from(days), "day"),
    }
}
