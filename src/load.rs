//! `load`: sends at a given rate whether or not the server keeps up, and reports what became of it.
//!
//! | module | |
//! |---|---|
//! | [`shape`] | what traces look like: services, spans, failures |
//! | [`template`] | requests encoded once, with holes for what differs from one sending to the next |
//! | [`otlp`], [`xray`] | a shape as templates of either protocol |
//! | [`drive`] | when to send what, and what came back |
//! | [`polls`] | sampling clients that ask meanwhile |
//! | [`server`] | the other side: counters, CPU time, disk |
//! | [`reads`] | how fast answers are afterwards |
//! | [`report`] | all of it, for people or as JSON |
//!
//! The generator runs on one thread, so that on a machine with two cores the server has the other one.

mod drive;
mod otlp;
mod polls;
mod reads;
mod report;
mod server;
mod shape;
mod template;
mod xray;

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{LoadArgs, Protocol};
use crate::serve::Ready;

/// Generates load, then prints the report.
pub(crate) async fn run(mut args: LoadArgs) -> anyhow::Result<()> {
    if let Some(path) = &args.ready_file {
        let ready = Ready::read(path)?;
        args.otlp_grpc = ready.otlp_grpc.to_string();
        args.xray = ready.xray.to_string();
        args.server.endpoint = format!("http://{}", ready.http);
        args.pid = Some(ready.pid);
        args.data = Some(ready.data);
    }
    let target = server::Server::new(&args);
    let before = target.look().await.context("looking at the server before the load")?;
    let templates = match args.protocol {
        Protocol::Otlp => otlp::templates(args.shape, args.batch, args.seed),
        Protocol::XrayUdp | Protocol::XrayApi => xray::templates(args.shape, args.seed),
    };
    let progress = progress(&args);
    let polls = polls::Polls::start(&args)?;
    let sent = drive::run(&args, templates, &progress).await?;
    let polls = polls.map_or_else(|| Ok(Vec::new()), polls::Polls::stop)?;
    progress.finish_and_clear();
    target.settle(&before, sent.documents()).await?;
    let after = target.look().await.context("looking at the server after the load")?;
    let reads = match args.reads {
        0 => Vec::new(),
        count => reads::run(&args, &sent, count).await?,
    };
    let report = report::Report::new(&args, &sent, &before, &after, polls, reads);
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", report.json())?;
    } else {
        report.print(&mut out)?;
    }
    Ok(())
}

/// A line that tells how far it is, where somebody may see it.
fn progress(args: &LoadArgs) -> ProgressBar {
    if args.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = match args.spans {
        Some(spans) => ProgressBar::with_draw_target(Some(spans), ProgressDrawTarget::stderr_with_hz(4)),
        None => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4)),
    };
    let line = if args.spans.is_some() {
        "{bar:30} {human_pos} of {human_len} spans, {per_sec}, {eta} to go"
    } else {
        "{spinner} {human_pos} spans in {elapsed}, {per_sec}"
    };
    bar.set_style(ProgressStyle::with_template(line).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
