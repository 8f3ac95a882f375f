//! `trace`: one trace as a tree with a time line, its failures and where its time went.

use std::io::Write;

use beamline_proto::query::document::Body;
use beamline_proto::query::{Document, GetTraceRequest, Trace};
use tonic::Code;

use super::screen::{FAULT, HEADING, QUIET, SERVICE, Screen, printable};
use super::{Json, client, words};
use crate::cli::TraceArgs;
use crate::exit::Negative;

mod joined;
mod row;
mod waterfall;

/// Prints one trace.
pub(crate) async fn run(args: &TraceArgs) -> anyhow::Result<()> {
    let request = GetTraceRequest {
        scope: client::scope(&args.show),
        trace_id: args.id.clone(),
        documents: args.raw,
        enrich: !args.raw && !args.bare,
    };
    let mut query = client::connect(&args.show.server.endpoint).await?;
    let trace = match query.get_trace(request).await {
        Ok(parts) => gather(parts.into_inner()).await,
        Err(status) => Err(status),
    };
    let trace = match trace {
        Err(status) if status.code() == Code::NotFound => {
            let hint = format!("`beamline doctor --trace {}` tells why that may be", args.id);
            writeln!(std::io::stderr(), "there is no trace {}; {hint}", printable(&args.id))?;
            return Err(Negative.into());
        }
        other => other.map_err(|status| client::failure(status, ""))?,
    };
    let mut screen = Screen::stdout();
    let json = Json::new()?;
    if args.raw {
        for document in &trace.documents {
            print_raw(document, &json, &mut screen)?;
        }
    } else if args.show.json {
        json.print("Trace", &trace, &mut screen)?;
    } else {
        let logs = joined::Logs::of(&trace);
        print_heading(&trace, &mut screen)?;
        waterfall::print(&trace, &logs, args.verbose, &mut screen)?;
        print_failures(&trace, &mut screen)?;
        print_critical_path(&trace, &mut screen)?;
        joined::print(&trace, &logs, &mut screen)?;
    }
    screen.flush()?;
    Ok(())
}

/// Merges the parts of an answer: later ones add nodes, documents and log events only.
async fn gather(mut parts: tonic::Streaming<Trace>) -> Result<Trace, tonic::Status> {
    let mut whole = parts.message().await?.unwrap_or_default();
    while let Some(part) = parts.message().await? {
        whole.nodes.extend(part.nodes);
        whole.documents.extend(part.documents);
        if let Some(more) = part.enrichment {
            whole.enrichment.get_or_insert_default().logs.extend(more.logs);
        }
    }
    Ok(whole)
}

/// X-Ray documents byte for byte; OpenTelemetry spans, which are binary, in the API's JSON form.
fn print_raw(document: &Document, json: &Json, screen: &mut Screen) -> anyhow::Result<()> {
    match &document.body {
        Some(Body::Xray(bytes)) => {
            screen.write_all(bytes)?;
            writeln!(screen)?;
        }
        Some(Body::Otlp(_)) => json.print("Document", document, screen)?,
        None => {}
    }
    Ok(())
}

fn print_heading(trace: &Trace, screen: &mut Screen) -> anyhow::Result<()> {
    let Some(summary) = &trace.summary else {
        return Ok(());
    };
    let paint = screen.paint;
    if trace.enrichment.as_ref().is_some_and(|enrichment| enrichment.log_only) {
        let told = "nothing of it is stored; this is what logs tell of it";
        writeln!(screen, "{}  {told}", paint.text(HEADING, &summary.trace_id))?;
        return Ok(());
    }
    let (verdict, style) = words::verdict(summary.flags.as_ref(), summary.partial);
    writeln!(
        screen,
        "{}  {}  {}",
        paint.text(HEADING, &summary.trace_id),
        printable(&words::request(summary)),
        paint.text(style, verdict)
    )?;
    let mut facts = vec![
        format!("{} UTC", words::moment(summary.start.as_ref())),
        format!("took {}", words::duration_text(summary.duration.as_ref())),
        words::counted(u64::from(summary.node_count), "node"),
        words::counted(summary.services.len() as u64, "service"),
    ];
    facts.extend(
        summary
            .users
            .iter()
            .map(|user| format!("user {}", printable(&user.name))),
    );
    for (set, fact) in [
        (summary.partial, "not all of it is there yet"),
        (summary.limit_exceeded, "too large: what came last was refused"),
    ] {
        if set {
            facts.push(fact.to_owned());
        }
    }
    writeln!(screen, "{}\n", paint.text(QUIET, facts.join(" · ")))?;
    Ok(())
}

/// Each failure from where it began to where it was felt; retries that failed alike are one line with their number.
fn print_failures(trace: &Trace, screen: &mut Screen) -> anyhow::Result<()> {
    if trace.error_paths.is_empty() {
        return Ok(());
    }
    let paint = screen.paint;
    writeln!(screen, "\n{}", paint.text(HEADING, "How it failed"))?;
    let mut stories: Vec<(String, String, usize)> = Vec::new();
    for path in &trace.error_paths {
        let nodes: Vec<_> = path
            .nodes
            .iter()
            .filter_map(|&index| trace.nodes.get(index as usize))
            .collect();
        let mut services: Vec<String> = nodes.iter().map(|node| row::service(node)).collect();
        services.dedup();
        let origin = nodes.first().map(|node| row::cause(node)).unwrap_or_default();
        let kind = if path.fault {
            paint.text(FAULT, "fault")
        } else {
            "error".to_owned()
        };
        let felt = if path.client_impacting {
            "felt by the client"
        } else {
            "not felt by the client"
        };
        let way = format!("{kind} began in {}", services.join(" ← "));
        let cause = if origin.is_empty() {
            felt.to_owned()
        } else {
            format!("{origin} ({felt})")
        };
        match stories.iter_mut().find(|(w, c, _)| *w == way && *c == cause) {
            Some((_, _, times)) => *times += 1,
            None => stories.push((way, cause, 1)),
        }
    }
    for (way, cause, times) in stories {
        let often = if times > 1 {
            format!(", {times} times")
        } else {
            String::new()
        };
        writeln!(screen, "  {way}{often}")?;
        writeln!(screen, "        {}", paint.text(QUIET, cause))?;
    }
    Ok(())
}

/// Where the response time went, the largest part first.
fn print_critical_path(trace: &Trace, screen: &mut Screen) -> anyhow::Result<()> {
    const SHOWN: usize = 5;
    let mut spent: Vec<(u32, f64)> = Vec::new();
    for step in &trace.critical_path {
        let seconds = words::duration(step.duration.as_ref())
            .unwrap_or_default()
            .as_secs_f64();
        match spent.iter_mut().find(|(node, _)| *node == step.node) {
            Some((_, sum)) => *sum += seconds,
            None => spent.push((step.node, seconds)),
        }
    }
    let whole: f64 = spent.iter().map(|(_, seconds)| seconds).sum();
    if whole <= 0.0 || spent.len() < 2 {
        return Ok(());
    }
    spent.sort_by(|a, b| b.1.total_cmp(&a.1));
    let paint = screen.paint;
    writeln!(screen, "\n{}", paint.text(HEADING, "Where the time went"))?;
    for (node, seconds) in spent.iter().take(SHOWN) {
        let Some(node) = trace.nodes.get(*node as usize) else {
            continue;
        };
        let time = words::length(std::time::Duration::from_secs_f64(*seconds));
        let (service, label) = (row::service(node), row::label(node));
        writeln!(
            screen,
            "  {:>4.0}%  {time:>8}  {}  {label}",
            100.0 * seconds / whole,
            paint.text(SERVICE, service)
        )?;
    }
    Ok(())
}
