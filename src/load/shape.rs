//! What generated traces look like, before any protocol.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::cli::ShapeArg;

/// One trace: its spans, parents first.
#[derive(Clone, Debug)]
pub(super) struct TraceShape {
    pub(super) spans: Vec<SpanShape>,
}

/// One span of a shape.
#[derive(Clone, Debug)]
pub(super) struct SpanShape {
    /// Index of its parent in [`TraceShape::spans`].
    pub(super) parent: Option<usize>,
    /// Number of the service it runs in.
    pub(super) service: u16,
    /// Which operation of the service.
    pub(super) operation: u8,
    /// When it starts and ends, as parts of the whole trace's time.
    pub(super) from: f32,
    pub(super) to: f32,
    /// It ends with an error of the server.
    pub(super) fault: bool,
    /// Picks the values of attributes that repeat.
    pub(super) variety: u32,
}

/// Services of the skewed shape; Zipf's law makes most of them rare.
const SKEWED_SERVICES: usize = 60;
/// Spans of a huge trace.
const HUGE: usize = 5_000;

/// Traces of the Jaeger shape: 10 spans in 10 services, each span called by one before it.
fn jaeger(rng: &mut StdRng) -> TraceShape {
    tree(10, rng, |index, _| index as u16, |_| false)
}

/// Traces of the skewed shape: few or many spans, services by Zipf's law, 1 % faults.
fn skewed(rng: &mut StdRng) -> TraceShape {
    let spans = 1 + (rng.random::<f64>().powi(3) * 40.0) as usize;
    tree(spans, rng, |_, rng| zipf(rng), |rng| rng.random_bool(0.01))
}

/// One huge trace of the skewed shape.
pub(super) fn huge(seed: u64) -> TraceShape {
    let mut rng = StdRng::seed_from_u64(seed);
    tree(HUGE, &mut rng, |_, rng| zipf(rng), |rng| rng.random_bool(0.01))
}

/// As many traces as it takes to have `spans` spans.
pub(super) fn traces(shape: ShapeArg, spans: usize, seed: u64) -> Vec<TraceShape> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut traces = Vec::new();
    let mut count = 0;
    while count < spans {
        let trace = match shape {
            ShapeArg::Jaeger => jaeger(&mut rng),
            ShapeArg::Skewed => skewed(&mut rng),
        };
        count += trace.spans.len();
        traces.push(trace);
    }
    traces
}

/// The name of a service.
pub(super) fn service_name(number: u16) -> String {
    format!("service-{number:03}")
}

fn tree(
    spans: usize,
    rng: &mut StdRng,
    service: impl Fn(usize, &mut StdRng) -> u16,
    fault: impl Fn(&mut StdRng) -> bool,
) -> TraceShape {
    let mut shape = TraceShape {
        spans: Vec::with_capacity(spans),
    };
    for index in 0..spans {
        let parent = (index > 0).then(|| rng.random_range(0..index));
        let (from, to) = match parent.map(|parent| &shape.spans[parent]) {
            None => (0.0, 1.0),
            Some(parent) => {
                let (a, b): (f32, f32) = (rng.random(), rng.random());
                let length = parent.to - parent.from;
                (
                    parent.from + length * 0.9 * a.min(b),
                    parent.to - length * 0.1 * a.max(b),
                )
            }
        };
        shape.spans.push(SpanShape {
            parent,
            service: service(index, rng),
            operation: rng.random_range(0..8),
            from,
            to: to.max(from),
            fault: fault(rng),
            variety: rng.random(),
        });
    }
    shape
}

/// A service by Zipf's law: number 0 twice as often as 1, three times as often as 2, …
fn zipf(rng: &mut StdRng) -> u16 {
    let whole: f64 = (1..=SKEWED_SERVICES).map(|rank| 1.0 / rank as f64).sum();
    let mut left = rng.random::<f64>() * whole;
    for rank in 1..=SKEWED_SERVICES {
        left -= 1.0 / rank as f64;
        if left <= 0.0 {
            return (rank - 1) as u16;
        }
    }
    (SKEWED_SERVICES - 1) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn jaegers_shape_is_as_published() {
        for trace in traces(ShapeArg::Jaeger, 1000, 1) {
            assert_eq!(trace.spans.len(), 10);
            let services: std::collections::HashSet<u16> = trace.spans.iter().map(|span| span.service).collect();
            assert_eq!(services.len(), 10);
        }
    }

    #[test]
    fn the_skewed_shape_has_frequent_and_rare_services_and_one_percent_faults() {
        let all = traces(ShapeArg::Skewed, 200_000, 1);
        let spans: Vec<&SpanShape> = all.iter().flat_map(|trace| &trace.spans).collect();
        let mut by_service: HashMap<u16, usize> = HashMap::new();
        spans
            .iter()
            .for_each(|span| *by_service.entry(span.service).or_default() += 1);
        assert!(by_service[&0] > 40 * by_service[&59]);
        let faults = spans.iter().filter(|span| span.fault).count() as f64 / spans.len() as f64;
        assert!((0.005..0.015).contains(&faults), "{faults}");
    }

    #[test]
    fn children_lie_within_their_parents() {
        for trace in traces(ShapeArg::Skewed, 10_000, 3).iter().chain([&huge(3)]) {
            for span in &trace.spans {
                let Some(parent) = span.parent else { continue };
                let parent = &trace.spans[parent];
                assert!(parent.from <= span.from && span.from <= span.to && span.to <= parent.to + 1e-6);
            }
        }
    }
}
