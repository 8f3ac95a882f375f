//! The figures of the whole process: the registry's, the store's, and a few of the process itself.

use std::fmt::Write;
use std::sync::Arc;
use std::time::SystemTime;

use beamline_collector::report::registry::Registry;
use beamline_store::Store;

/// All figures.
#[derive(Clone)]
pub(super) struct Figures {
    registry: Arc<Registry>,
    store: Arc<Store>,
    started: SystemTime,
}

impl Figures {
    pub(super) fn new(registry: Arc<Registry>, store: Arc<Store>) -> Self {
        Self {
            registry,
            store,
            started: SystemTime::now(),
        }
    }

    /// When this process began to serve.
    pub(super) fn started(&self) -> SystemTime {
        self.started
    }

    /// In Prometheus' text format. Blocks on the store.
    pub(super) fn text(&self) -> String {
        let mut text = self.registry.render();
        let mut named = "";
        for (name, value) in self.store.figures() {
            // Figures that differ in their labels follow one another, and have one heading.
            let plain = name.split('{').next().unwrap_or(name);
            let kind = if plain.ends_with("_total") { "counter" } else { "gauge" };
            // Writing to a string cannot fail, here and below.
            if plain != named {
                let _ = writeln!(text, "# TYPE {plain} {kind}");
            }
            let _ = writeln!(text, "{name} {value}");
            named = plain;
        }
        let since = self.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let _ = writeln!(
            text,
            "# TYPE beamline_build_info gauge\nbeamline_build_info{{version=\"{}\"}} 1\n\
             # TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {}",
            env!("CARGO_PKG_VERSION"),
            since.as_secs()
        );
        text
    }

    /// Each with its labels as Prometheus writes them.
    pub(super) fn pairs(&self) -> Vec<(String, f64)> {
        pairs(&self.text())
    }
}

fn pairs(text: &str) -> Vec<(String, f64)> {
    let pair = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    let mut pairs: Vec<(String, f64)> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(pair)
        .collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_labels() {
        let text = "# HELP b x\n# TYPE b counter\nb{reason=\"too large\"} 3\na 1.5\n";
        assert_eq!(
            pairs(text),
            [("a".to_owned(), 1.5), ("b{reason=\"too large\"}".to_owned(), 3.0)]
        );
    }
}
