//! Master keys that change while the server runs: their files are looked at every few seconds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use beamline_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::secrets::MasterFiles;

/// How often to look. Looking is one system call a file.
const EVERY: Duration = Duration::from_secs(2);

/// What tells that a file is another one or has changed.
type Stamp = Option<(SystemTime, u64, u64)>;

/// Takes up changed files until `stopping`: their first key seals the data keys from then on, which are renewed as well.
/// A file that cannot be read changes nothing.
pub(super) async fn watch(files: MasterFiles, store: Arc<Store>, stopping: CancellationToken) {
    let paths: Vec<PathBuf> = files.paths().map(Path::to_owned).collect();
    let look = || paths.iter().map(|path| stamp(path)).collect::<Vec<Stamp>>();
    let mut seen = look();
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stopping.cancelled() => return,
        }
        let now = look();
        if now != seen {
            let (files, store) = (files.clone(), Arc::clone(&store));
            // Stretching a passphrase and writing take their time.
            let done = tokio::task::spawn_blocking(move || take_up(&files, &store)).await;
            if done.unwrap_or(true) {
                seen = now;
            }
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

/// `false` if trying again may help.
fn take_up(files: &MasterFiles, store: &Store) -> bool {
    let masters = match files.read() {
        Ok(masters) => masters,
        Err(wrong) => {
            for (setting, problem) in wrong {
                warn!(setting, problem, "the master keys stay as they were");
            }
            return true;
        }
    };
    match store.rotate(&masters) {
        Ok(done) => {
            info!(
                master_changed = done.master_changed,
                fresh_data_keys = done.fresh,
                data_keys = done.keys,
                "took up changed master keys"
            );
            true
        }
        Err(error) => {
            warn!(%error, "the master keys stay as they were; trying again");
            false
        }
    }
}
