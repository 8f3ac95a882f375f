//! The process's own log lines: to standard error, for the person who runs it.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Starts writing log lines that `filter` lets through. Called once, before anything logs.
pub(crate) fn start(filter: &str) {
    let filter = EnvFilter::new(filter);
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    // A second start would be a defect of `main`, and keeping the first subscriber is right even then.
    let _ = subscriber.try_init();
}
