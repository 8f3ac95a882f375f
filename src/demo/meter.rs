//! What the services measure: requests counted, how long they took, and how many messages wait in the queue.
//!
//! Sums and histograms are cumulative, as OpenTelemetry's SDKs send them, and every service says its own every few seconds.

use std::collections::BTreeMap;

use beamline_model::time::Timestamp;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, exemplar, metric,
};

use super::otlp::{int, nanos, resource, text};
use super::span::{Api, Doing, Service, Span, Story};

/// How often measurements are reported, in nanoseconds.
pub(crate) const EVERY: i64 = 15_000_000_000;

/// Upper bounds in seconds, those that OpenTelemetry advises for the durations of requests.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// What tells the requests of a service apart: route and status.
type Route = (String, u16);

/// What is counted so far.
pub(crate) struct Meter {
    start: Timestamp,
    services: BTreeMap<Service, BTreeMap<Route, Measured>>,
    /// Measurements of what is not over yet, by when it will be.
    waiting: BTreeMap<(Timestamp, u64), Request>,
    queued: i64,
    shipped: i64,
}

/// A request that was answered.
struct Request {
    service: Service,
    route: Route,
    seconds: f64,
    trace: u128,
    queued: i64,
}

#[derive(Clone, Default)]
struct Measured {
    count: u64,
    sum: f64,
    least: f64,
    most: f64,
    counts: [u64; BOUNDS.len() + 1],
    /// The slowest request since the last report: when, how long, its trace and span.
    slowest: Option<(Timestamp, f64, u128, u64)>,
}

impl Meter {
    /// A meter that begins to count at `start`.
    pub(crate) fn new(start: Timestamp) -> Self {
        Self {
            start,
            services: BTreeMap::new(),
            waiting: BTreeMap::new(),
            queued: 0,
            shipped: 0,
        }
    }

    /// Measures a story, each request when it is over.
    pub(crate) fn take(&mut self, story: &Story) {
        for span in story.spans.iter().filter(|span| span.doing.enters_service()) {
            let route = match &span.doing {
                Doing::Serving { method, path } => format!("{method} {}", template(path)),
                _ => "process shipments".to_owned(),
            };
            let sends =
                |it: &&Span| matches!(it.doing, Doing::Aws { api: Api::Queue, .. }) && it.parent == Some(span.id);
            let sent = story.spans.iter().filter(sends).count();
            let request = Request {
                service: span.service,
                route: (route, span.outcome.status()),
                seconds: span.end.since(span.start) as f64 / 1e9,
                trace: story.trace,
                queued: i64::try_from(sent).unwrap_or(0),
            };
            self.waiting.insert((span.end, span.id), request);
        }
    }

    /// What every service reports at `now`.
    pub(crate) fn report(&mut self, now: Timestamp) -> ExportMetricsServiceRequest {
        while let Some(entry) = self.waiting.first_entry() {
            let (end, span) = *entry.key();
            if end > now {
                break;
            }
            let request = entry.remove();
            self.count(end, span, request);
        }
        let (start, depth) = (self.start, self.queued - self.shipped);
        let reports = self.services.iter_mut().map(|(service, routes)| {
            let mut metrics = of_requests(routes, start, now);
            if *service == Service::Shipping {
                metrics.push(queue_depth(depth, now));
            }
            of_service(*service, metrics)
        });
        ExportMetricsServiceRequest {
            resource_metrics: reports.collect(),
        }
    }

    fn count(&mut self, end: Timestamp, span: u64, request: Request) {
        self.queued += request.queued;
        if request.service == Service::Shipping {
            self.shipped += 1;
        }
        let routes = self.services.entry(request.service).or_default();
        let measured = routes.entry(request.route).or_default();
        let seconds = request.seconds;
        measured.least = if measured.count == 0 {
            seconds
        } else {
            measured.least.min(seconds)
        };
        measured.most = measured.most.max(seconds);
        measured.count += 1;
        measured.sum += seconds;
        measured.counts[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        if measured.slowest.is_none_or(|(_, known, ..)| known < seconds) {
            measured.slowest = Some((end, seconds, request.trace, span));
        }
    }
}

/// A path with what differs from request to request left out.
fn template(path: &str) -> String {
    let part = |part: &str| {
        if part.starts_with(|character: char| character.is_ascii_digit()) {
            "{id}".to_owned()
        } else {
            part.to_owned()
        }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn of_service(service: Service, metrics: Vec<Metric>) -> ResourceMetrics {
    let scope = InstrumentationScope {
        name: format!("shop.{}", service.name()),
        ..Default::default()
    };
    ResourceMetrics {
        resource: Some(resource(service)),
        scope_metrics: vec![ScopeMetrics {
            scope: Some(scope),
            metrics,
            schema_url: String::new(),
        }],
        schema_url: "https://opentelemetry.io/schemas/1.37.0".to_owned(),
    }
}

fn attributes((route, status): &Route) -> Vec<KeyValue> {
    vec![
        text("http.route", route),
        int("http.response.status_code", i64::from(*status)),
    ]
}

fn of_requests(routes: &mut BTreeMap<Route, Measured>, start: Timestamp, now: Timestamp) -> Vec<Metric> {
    let counted = |(route, measured): (&Route, &Measured)| NumberDataPoint {
        attributes: attributes(route),
        start_time_unix_nano: nanos(start),
        time_unix_nano: nanos(now),
        value: Some(Number::AsInt(i64::try_from(measured.count).unwrap_or(i64::MAX))),
        ..Default::default()
    };
    let requests = Sum {
        data_points: routes.iter().map(counted).collect(),
        aggregation_temporality: AggregationTemporality::Cumulative.into(),
        is_monotonic: true,
    };
    let timed = |(route, measured): (&Route, &mut Measured)| HistogramDataPoint {
        attributes: attributes(route),
        start_time_unix_nano: nanos(start),
        time_unix_nano: nanos(now),
        count: measured.count,
        sum: Some(measured.sum),
        min: Some(measured.least),
        max: Some(measured.most),
        bucket_counts: measured.counts.to_vec(),
        explicit_bounds: BOUNDS.to_vec(),
        exemplars: measured.slowest.take().map(exemplar).into_iter().collect(),
        ..Default::default()
    };
    let durations = Histogram {
        data_points: routes.iter_mut().map(timed).collect(),
        aggregation_temporality: AggregationTemporality::Cumulative.into(),
    };
    vec![
        metric(
            "shop.requests",
            "Requests answered",
            "{request}",
            metric::Data::Sum(requests),
        ),
        metric(
            "http.server.request.duration",
            "Duration of HTTP server requests",
            "s",
            metric::Data::Histogram(durations),
        ),
    ]
}

fn exemplar((time, seconds, trace, span): (Timestamp, f64, u128, u64)) -> Exemplar {
    Exemplar {
        time_unix_nano: nanos(time),
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: span.to_be_bytes().to_vec(),
        value: Some(exemplar::Value::AsDouble(seconds)),
        ..Default::default()
    }
}

fn queue_depth(depth: i64, now: Timestamp) -> Metric {
    let point = NumberDataPoint {
        attributes: vec![text("messaging.destination.name", "shipments")],
        time_unix_nano: nanos(now),
        value: Some(Number::AsInt(depth)),
        ..Default::default()
    };
    let gauge = Gauge {
        data_points: vec![point],
    };
    metric(
        "shop.queue.depth",
        "Messages that wait",
        "{message}",
        metric::Data::Gauge(gauge),
    )
}

fn metric(name: &str, description: &str, unit: &str, data: metric::Data) -> Metric {
    Metric {
        name: name.to_owned(),
        description: description.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::story::visit;

    fn metrics(request: &ExportMetricsServiceRequest) -> Vec<(&str, &Metric)> {
        let scopes = request.resource_metrics.iter().flat_map(|it| &it.scope_metrics);
        scopes
            .flat_map(|scope| &scope.metrics)
            .map(|metric| (metric.name.as_str(), metric))
            .collect()
    }

    #[test]
    fn what_is_not_over_is_not_counted_and_counts_never_fall() {
        let start = Timestamp::from_seconds(1_790_000_000);
        let mut meter = Meter::new(start);
        let mut requests = 0;
        for n in 0..300 {
            for story in visit(n, start.plus(n as i64 * 1_000_000_000)) {
                requests += story.spans.iter().filter(|span| span.doing.enters_service()).count() as u64;
                meter.take(&story);
            }
        }
        let mut before = 0;
        for turn in 1..=40 {
            let report = meter.report(start.plus(turn * EVERY));
            let counted: u64 = metrics(&report)
                .into_iter()
                .filter_map(|(_, metric)| match &metric.data {
                    Some(metric::Data::Histogram(histogram)) => {
                        Some(histogram.data_points.iter().map(|point| point.count).sum::<u64>())
                    }
                    _ => None,
                })
                .sum();
            assert!(counted >= before);
            before = counted;
        }
        assert_eq!(before, requests);
    }

    #[test]
    fn the_slowest_since_the_last_report_stands_for_the_rest() {
        let start = Timestamp::from_seconds(1_790_000_000);
        let mut meter = Meter::new(start);
        visit(7, start).iter().for_each(|story| meter.take(story));
        let exemplars = |report: &ExportMetricsServiceRequest| {
            let all = metrics(report)
                .into_iter()
                .filter_map(|(_, metric)| match &metric.data {
                    Some(metric::Data::Histogram(histogram)) => Some(histogram.data_points.clone()),
                    _ => None,
                });
            all.flatten().map(|point| point.exemplars.len()).sum::<usize>()
        };
        assert!(exemplars(&meter.report(start.plus(EVERY))) > 0);
        assert_eq!(exemplars(&meter.report(start.plus(2 * EVERY))), 0);
    }

    #[test]
    fn paths_lose_what_differs() {
        assert_eq!(template("/product/17"), "/product/{id}");
        assert_eq!(template("/checkout"), "/checkout");
    }
}
