//! The figures of the whole process, as `/metrics` shows them in Prometheus' text format.
//!
//! A figure is registered once and read whenever somebody asks. Label values come from closed lists, so the number of
//! series is known when the program is compiled.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A closed list of label values.
pub trait Label: Copy + 'static {
    /// The name of the label.
    const KEY: &'static str;
    /// All values, in the order of their indexes.
    const ALL: &'static [Self];
    /// The place in [`Label::ALL`].
    fn index(self) -> usize;
    /// The value as printed: lower case and underscores.
    fn text(self) -> &'static str;
}

/// One label, or two.
pub trait Labels: Copy + 'static {
    /// How many combinations there are.
    fn count() -> usize;
    /// The place of this combination among them.
    fn index(self) -> usize;
    /// `key="value"` for the combination at a place.
    fn print(index: usize) -> String;
}

impl<L: Label> Labels for L {
    fn count() -> usize {
        L::ALL.len()
    }

    fn index(self) -> usize {
        Label::index(self)
    }

    fn print(index: usize) -> String {
        format!("{}=\"{}\"", L::KEY, L::ALL[index].text())
    }
}

impl<A: Label, B: Label> Labels for (A, B) {
    fn count() -> usize {
        A::ALL.len() * B::ALL.len()
    }

    fn index(self) -> usize {
        self.0.index() * B::ALL.len() + self.1.index()
    }

    fn print(index: usize) -> String {
        let (first, second) = (index / B::ALL.len(), index % B::ALL.len());
        format!("{},{}", <A as Labels>::print(first), <B as Labels>::print(second))
    }
}

/// Whether a figure only ever grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows; its name ends in `_total`.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// Figures by name. A name that is registered again replaces the earlier one.
#[derive(Default)]
pub struct Registry {
    families: Mutex<BTreeMap<&'static str, Family>>,
}

struct Family {
    help: &'static str,
    kind: &'static str,
    print: Box<dyn Fn(&mut String) + Send + Sync>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl Registry {
    /// Counters for every combination of labels. Combinations that never happened are not printed if there are two
    /// labels.
    pub fn counters<L: Labels>(&self, name: &'static str, help: &'static str) -> Counters<L> {
        let cells: Arc<[AtomicU64]> = (0..L::count()).map(|_| AtomicU64::new(0)).collect();
        let shown = Arc::clone(&cells);
        self.register(name, help, "counter", move |out| {
            let many = shown.len() > 20;
            for (index, cell) in shown.iter().enumerate() {
                let value = cell.load(Ordering::Relaxed);
                if value > 0 || !many {
                    line(out, name, &L::print(index), value as f64);
                }
            }
        });
        Counters {
            cells,
            labels: PhantomData,
        }
    }

    /// A figure that is worked out when somebody asks.
    pub fn figure(
        &self,
        name: &'static str,
        help: &'static str,
        kind: Kind,
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.register(name, help, kind.as_str(), move |out| line(out, name, "", read()));
    }

    /// Figures that are worked out when somebody asks, told apart by one label.
    pub fn figures(
        &self,
        name: &'static str,
        help: &'static str,
        kind: Kind,
        key: &'static str,
        read: impl Fn() -> Vec<(&'static str, f64)> + Send + Sync + 'static,
    ) {
        self.register(name, help, kind.as_str(), move |out| {
            for (value, figure) in read() {
                line(out, name, &format!("{key}=\"{value}\""), figure);
            }
        });
    }

    /// A distribution over buckets with the given upper ends, which ascend.
    pub fn histogram(&self, name: &'static str, help: &'static str, ends: &'static [f64]) -> Histogram {
        let cells = Arc::new(Cells {
            ends,
            counts: (0..=ends.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0f64.to_bits()),
        });
        let shown = Arc::clone(&cells);
        self.register(name, help, "histogram", move |out| shown.print(out, name));
        Histogram { cells }
    }

    /// Everything, in Prometheus' text format, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        for (name, family) in families.iter() {
            let _ = writeln!(out, "# HELP {name} {}\n# TYPE {name} {}", family.help, family.kind);
            (family.print)(&mut out);
        }
        out
    }

    fn register(
        &self,
        name: &'static str,
        help: &'static str,
        kind: &'static str,
        print: impl Fn(&mut String) + Send + Sync + 'static,
    ) {
        let print = Box::new(print);
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        families.insert(name, Family { help, kind, print });
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

fn line(out: &mut String, name: &str, labels: &str, value: f64) {
    let _ = match labels {
        "" => writeln!(out, "{name} {value}"),
        _ => writeln!(out, "{name}{{{labels}}} {value}"),
    };
}

/// Counters of one name, one for every combination of labels.
#[derive(Clone, Debug)]
pub struct Counters<L> {
    cells: Arc<[AtomicU64]>,
    labels: PhantomData<fn(L)>,
}

impl<L: Labels> Counters<L> {
    /// Counts `more`.
    pub fn add(&self, labels: L, more: u64) {
        self.cells[labels.index()].fetch_add(more, Ordering::Relaxed);
    }

    /// What was counted so far.
    #[must_use]
    pub fn get(&self, labels: L) -> u64 {
        self.cells[labels.index()].load(Ordering::Relaxed)
    }
}

/// A distribution.
#[derive(Clone, Debug)]
pub struct Histogram {
    cells: Arc<Cells>,
}

#[derive(Debug)]
struct Cells {
    ends: &'static [f64],
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    /// Notes one value.
    pub fn observe(&self, value: f64) {
        let bucket = self.cells.ends.partition_point(|&end| end < value);
        self.cells.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let add = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // The closure always yields a value, so the update cannot fail.
        let _ = self.cells.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

impl Cells {
    fn print(&self, out: &mut String, name: &str) {
        let mut total = 0;
        for (index, count) in self.counts.iter().enumerate() {
            total += count.load(Ordering::Relaxed);
            let end = self.ends.get(index).map_or_else(|| "+Inf".to_owned(), f64::to_string);
            let _ = writeln!(out, "{name}_bucket{{le=\"{end}\"}} {total}");
        }
        let sum = f64::from_bits(self.sum.load(Ordering::Relaxed));
        let _ = writeln!(out, "{name}_sum {sum}\n{name}_count {total}");
    }
}

#[cfg(test)]
mod tests {
    use super::super::reason::{Dropped, Transport};
    use super::*;

    #[test]
    fn figures_are_printed_as_prometheus_reads_them() {
        let registry = Registry::default();
        let received: Counters<Transport> = registry.counters("received_total", "Received.");
        let dropped: Counters<(Transport, Dropped)> = registry.counters("dropped_total", "Dropped.");
        let seconds = registry.histogram("seconds", "Seconds.", &[0.5, 1.0]);
        registry.figure("bytes", "Bytes.", Kind::Gauge, || 7.5);
        registry.figures("size", "Sizes.", Kind::Gauge, "table", || {
            vec![("hot", 1.0), ("blk", 2.0)]
        });
        received.add(Transport::XrayUdp, 3);
        dropped.add((Transport::OtlpGrpc, Dropped::InFlight), 2);
        for value in [0.25, 0.5, 0.75, 9.0] {
            seconds.observe(value);
        }
        assert_eq!(
            registry.render(),
            "# HELP bytes Bytes.\n# TYPE bytes gauge\nbytes 7.5\n\
             # HELP dropped_total Dropped.\n# TYPE dropped_total counter\n\
             dropped_total{transport=\"otlp_grpc\",reason=\"in_flight_bytes\"} 2\n\
             # HELP received_total Received.\n# TYPE received_total counter\n\
             received_total{transport=\"xray_udp\"} 3\nreceived_total{transport=\"xray_api\"} 0\n\
             received_total{transport=\"otlp_grpc\"} 0\nreceived_total{transport=\"otlp_http\"} 0\n\
             received_total{transport=\"otlp_aws\"} 0\n\
             # HELP seconds Seconds.\n# TYPE seconds histogram\n\
             seconds_bucket{le=\"0.5\"} 2\nseconds_bucket{le=\"1\"} 3\nseconds_bucket{le=\"+Inf\"} 4\n\
             seconds_sum 10.5\nseconds_count 4\n\
             # HELP size Sizes.\n# TYPE size gauge\nsize{table=\"hot\"} 1\nsize{table=\"blk\"} 2\n"
        );
    }

    #[test]
    fn every_combination_of_labels_has_its_own_place() {
        let mut places: Vec<usize> = Vec::new();
        for &transport in Transport::ALL {
            places.extend(Dropped::ALL.iter().map(|&reason| (transport, reason).index()));
        }
        assert_eq!(
            places,
            (0..<(Transport, Dropped) as Labels>::count()).collect::<Vec<_>>()
        );
    }
}
