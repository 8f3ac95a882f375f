//! The process: parse, run, exit code; nothing else.

mod cli;
mod config;
mod demo;
mod doctor;
mod encryption;
mod exit;
mod import;
mod load;
mod send;
mod serve;
mod show;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

/// Ingest allocates and frees small blocks on one thread and another; the system's allocator keeps what it freed in
/// arenas of the wrong thread, so that both memory and time grow with load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::Cli::try_parse() {
        Ok(cli) => exit::code(run(cli.command)),
        Err(usage) => exit::usage(&usage),
    }
}

fn run(command: cli::Command) -> anyhow::Result<()> {
    use cli::{Command, SamplingCommand};
    match command {
        Command::Serve(args) => {
            let config = settings(&args)?;
            all_threads(serve::run(config))
        }
        Command::Demo(args) => {
            let config = settings(&args.server)?;
            let shop = demo::Shop {
                seed: args.seed,
                rate: args.rate,
                history: args.history,
            };
            all_threads(demo::run(config, shop))
        }
        Command::Config(args) => config_command(&args),
        Command::Load(args) => one_thread(load::run(args)),
        Command::Search(args) => one_thread(show::search::run(&args)),
        Command::Trace(args) => one_thread(show::trace::run(&args)),
        Command::Logs(args) => one_thread(show::logs::run(&args)),
        Command::Metrics(args) => one_thread(show::metrics::run(&args)),
        Command::Map(args) => one_thread(show::map::run(&args)),
        Command::Insights(args) => one_thread(show::insights::run(&args)),
        Command::Tail(args) => one_thread(show::tail::run(&args)),
        Command::Sampling(SamplingCommand::Rules(args)) => one_thread(show::sampling::rules(&args)),
        Command::Sampling(SamplingCommand::Simulate(args)) => one_thread(show::sampling::simulate(&args)),
        Command::Import(args) => one_thread(import::run(&args)),
        Command::Encryption(command) => one_thread(encryption::run(&command)),
        Command::Doctor(args) => one_thread(doctor::run(&args)),
    }
}

/// Reads and checks the server's settings, and starts its log.
fn settings(args: &cli::ServerArgs) -> anyhow::Result<config::Config> {
    let layers = args.layers()?;
    let config = config::Config::check(&layers)?;
    telemetry::start(&config.log);
    for stray in &layers.strays {
        tracing::warn!("{stray}");
    }
    Ok(config)
}

/// Runs the server on all cores.
fn all_threads(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Runs a client on this thread alone: it mostly waits.
fn one_thread(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// `config`: prints settings without starting anything.
fn config_command(args: &cli::ConfigArgs) -> anyhow::Result<()> {
    let layers = args.server.layers()?;
    let mut out = std::io::stdout().lock();
    if args.explain {
        config::explain::table(&layers, &mut out)?;
    } else {
        config::explain::file(&layers, &mut out)?;
    }
    config::Config::check(&layers)?;
    Ok(())
}
