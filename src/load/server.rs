//! The other side of a load: what the server counted, the CPU time it took, the disk it filled.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::cli::LoadArgs;
use crate::send::http::Http;

/// How the server is looked at.
pub(super) struct Server {
    http: Http,
    pid: Option<u32>,
    data: Option<PathBuf>,
}

/// What was seen at one moment.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// Figures of `/metrics` with their labels.
    pub(super) figures: BTreeMap<String, f64>,
    /// CPU seconds, if the process is known.
    pub(super) cpu: Option<f64>,
    /// Resident bytes, if the process is known.
    pub(super) resident: Option<u64>,
    /// Bytes on disk, if the folder is known.
    pub(super) disk: Option<u64>,
    /// CPU seconds of this process.
    pub(super) own_cpu: Option<f64>,
}

/// Counts that `/metrics` has under this name, whatever their labels.
const STORED: &str = "beamline_collector_stored_total";
/// Traces that are not sealed yet.
const LIVE: &str = "beamline_store_live_traces";
/// The time a settled state is waited for. Sealing begins when a trace has been idle, so this is longer than that.
const PATIENCE: Duration = Duration::from_secs(180);

impl Server {
    pub(super) fn new(args: &LoadArgs) -> Self {
        Self {
            http: Http::new(&args.server.endpoint),
            pid: args.pid,
            data: args.data.clone(),
        }
    }

    pub(super) async fn look(&self) -> anyhow::Result<Look> {
        let (status, text) = self.http.get("/metrics").await?;
        anyhow::ensure!(status.is_success(), "/metrics was answered {status}");
        Ok(Look {
            figures: figures(&String::from_utf8_lossy(&text)),
            cpu: self.pid.and_then(|pid| cpu_seconds(&pid.to_string())),
            resident: self.pid.and_then(resident_bytes),
            disk: self
                .data
                .as_deref()
                .map(disk_bytes)
                .transpose()
                .context("measuring the data folder")?,
            own_cpu: cpu_seconds("self"),
        })
    }

    /// Waits until the server is done with what it was sent: all of it counted, all of it sealed.
    pub(super) async fn settle(&self, before: &Look, documents: u64) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut last_change = (Instant::now(), 0.0, 0.0);
        loop {
            let look = self.look().await?;
            let accounted = look.sum(STORED) - before.sum(STORED) + look.lost(before).values().sum::<f64>();
            let live = look.sum(LIVE);
            if accounted >= documents as f64 && live <= before.sum(LIVE) {
                return Ok(());
            }
            if (accounted, live) != (last_change.1, last_change.2) {
                last_change = (Instant::now(), accounted, live);
            }
            // What was lost on the way to the server will never be accounted for.
            if last_change.0.elapsed() > Duration::from_secs(20) || begun.elapsed() > PATIENCE {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Look {
    /// The sum over all labels of a figure.
    pub(super) fn sum(&self, name: &str) -> f64 {
        let own = |figure: &&String| figure.split('{').next() == Some(name);
        self.figures
            .iter()
            .filter(|(figure, _)| own(figure))
            .map(|(_, value)| value)
            .sum()
    }

    /// Stored since `before`.
    pub(super) fn stored(&self, before: &Self) -> f64 {
        self.sum(STORED) - before.sum(STORED)
    }

    /// Everything the collector counted as refused or lost since `before`, with its labels.
    pub(super) fn lost(&self, before: &Self) -> BTreeMap<String, f64> {
        let is_loss = |name: &str| {
            name.starts_with("beamline_collector") && (name.contains("rejected") || name.contains("dropped"))
        };
        let change = |(name, value): (&String, &f64)| {
            let change = value - before.figures.get(name).copied().unwrap_or(0.0);
            (change > 0.0).then(|| (name.clone(), change))
        };
        self.figures
            .iter()
            .filter(|(name, _)| is_loss(name))
            .filter_map(change)
            .collect()
    }
}

/// Prometheus' text as name with labels → value.
fn figures(text: &str) -> BTreeMap<String, f64> {
    let figure = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(figure)
        .collect()
}

/// User and system time of a process, from `/proc`; `None` where there is no such thing.
fn cpu_seconds(pid: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_cpu_seconds(&stat)
}

/// The name of a process may contain anything, so fields are counted after its closing parenthesis.
fn parse_cpu_seconds(stat: &str) -> Option<f64> {
    /// What Linux has answered to `sysconf(_SC_CLK_TCK)` on every architecture for twenty years.
    const TICKS_PER_SECOND: f64 = 100.0;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Bytes of all files below a folder. Files that vanish meanwhile, as a database's do, count for nothing.
fn disk_bytes(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)?.flatten() {
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes += disk_bytes(&entry.path()).unwrap_or(0),
            Ok(metadata) => bytes += metadata.len(),
            Err(_) => {}
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str) -> Look {
        Look {
            figures: figures(text),
            cpu: None,
            resident: None,
            disk: None,
            own_cpu: None,
        }
    }

    #[test]
    fn losses_are_what_counters_of_losses_gained() {
        let before = look("beamline_collector_dropped_total{transport=\"otlp_grpc\",reason=\"in_flight_bytes\"} 5\n");
        let after = look(
            "# HELP x y\nbeamline_collector_dropped_total{transport=\"otlp_grpc\",reason=\"in_flight_bytes\"} 7\n\
             beamline_collector_stored_total{transport=\"otlp_grpc\"} 40\n\
             beamline_collector_stored_total{transport=\"xray_udp\"} 2\n",
        );
        assert_eq!(after.stored(&before), 42.0);
        assert_eq!(after.lost(&before).into_values().collect::<Vec<_>>(), [2.0]);
        assert_eq!(before.lost(&before).len(), 0);
    }

    #[test]
    fn cpu_time_is_found_behind_any_process_name() {
        let stat = "7 (a) b ) (c) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 4 0 100 1 1";
        assert_eq!(parse_cpu_seconds(stat), Some(3.0));
        assert_eq!(parse_cpu_seconds("nonsense"), None);
    }
}
