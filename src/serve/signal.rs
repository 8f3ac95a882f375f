//! Being told to stop.

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

/// Returns at the first SIGINT or SIGTERM. From then on, a second one ends the process at once: whoever sends it has
/// lost patience with draining.
pub(crate) async fn interrupted() -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    let impatience = std::thread::Builder::new().name("beamline-signals".to_owned());
    let runtime = tokio::runtime::Handle::current();
    impatience
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            std::process::exit(130);
        })
        .context("starting a thread for signals")?;
    Ok(())
}
