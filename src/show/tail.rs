//! `tail`: traces as they arrive.

use std::io::Write;

use beamline_proto::query::tail_response::Event;
use beamline_proto::query::{Selection, TailRequest, TraceSummary};

use super::screen::{QUIET, SERVICE, Screen, fit};
use super::{Json, client, words};
use crate::cli::TailArgs;

/// Prints a line for every trace that appears or changes, until interrupted.
pub(crate) async fn run(args: &TailArgs) -> anyhow::Result<()> {
    let request = TailRequest {
        scope: client::scope(&args.show),
        selection: Some(Selection {
            filter: args.filter.clone(),
            group: String::new(),
        }),
    };
    let mut query = client::connect(&args.show.server.endpoint).await?;
    let fail = |status| client::failure(status, &args.filter);
    let mut events = query.tail(request).await.map_err(fail)?.into_inner();
    let mut screen = Screen::stdout();
    let json = Json::new()?;
    let mut left = args.limit.unwrap_or(u64::MAX);
    while left > 0 {
        let Some(event) = events.message().await.map_err(fail)? else {
            return Ok(());
        };
        match event.event {
            Some(Event::Trace(trace)) => {
                if args.show.json {
                    json.print("TraceSummary", &trace, &mut screen)?;
                } else {
                    writeln!(screen, "{}", line(&trace, &screen))?;
                }
                left -= 1;
            }
            Some(Event::Missed(missed)) => {
                writeln!(
                    std::io::stderr(),
                    "{} not shown: they came too fast",
                    words::counted(missed.changes, "change")
                )?;
            }
            None => {}
        }
        screen.flush()?;
    }
    Ok(())
}

/// One trace on one line. Columns are of fixed width, since what comes later is not known.
fn line(trace: &TraceSummary, screen: &Screen) -> String {
    let (verdict, style) = words::verdict(trace.flags.as_ref(), trace.partial);
    let paint = screen.paint;
    let moment = words::moment(trace.start.as_ref());
    let clock = moment.split_once(' ').map_or(moment.as_str(), |(_, clock)| clock);
    let why = words::why(trace).map(|why| format!("  {why}")).unwrap_or_default();
    let rest = format!("{}{why}", words::request(trace));
    let room = screen
        .width
        .map_or(usize::MAX, |width| width.saturating_sub(92).max(16));
    format!(
        "{}  {}  {:>8}  {}  {}  {}",
        paint.text(QUIET, clock),
        trace.trace_id,
        words::duration_text(trace.duration.as_ref()),
        paint.text(style, format!("{verdict:<8}")),
        paint.text(
            SERVICE,
            format!("{:<14}", fit(&words::service(trace.entry_point.as_ref()), 14))
        ),
        fit(&rest, room),
    )
    .trim_end()
    .to_owned()
}
