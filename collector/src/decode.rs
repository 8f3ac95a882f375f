//! From bytes to what the store keeps: finds documents, spans, log records and data points in what was received, and
//! decodes nothing that the write path does not need.

mod logs;
mod points;
mod traces;

use std::ops::Range;

use beamline_model::metric::walk::RejectedPoints;
use beamline_model::otlp::logs::RejectedRecord;
use beamline_model::otlp::walk::{RejectedSpan, SpanHead};
use beamline_model::otlp::{BadWire, ResourceFacts};
use beamline_model::segment::Refused;
use beamline_model::time::Timestamp;

pub(crate) use logs::{Logs, Place, Record};
pub(crate) use points::{DraftedPoint, Points, Series};
pub(crate) use traces::Traces;

/// What to do with what was found.
pub(crate) trait Judge {
    /// A moment of reception for one item.
    fn stamp(&mut self) -> Timestamp;
    /// Whether a span is kept, and how many requests it then stands for.
    fn keep(&mut self, span: &SpanHead<'_>, resource: &ResourceFacts<'_>) -> Option<f32>;
    /// The number of a series, if it can be told at once.
    fn series(&mut self, descriptor: &[u8]) -> Option<u32>;
    /// A document cannot be kept.
    fn refuse_document(&mut self, refused: Refused, document: &[u8]);
    /// A span cannot be kept.
    fn refuse_span(&mut self, rejected: RejectedSpan, span: &[u8]);
    /// A log record, or several, cannot be kept.
    fn refuse_record(&mut self, rejected: RejectedRecord, record: &[u8]);
    /// Data points cannot be kept.
    fn refuse_points(&mut self, rejected: RejectedPoints);
}

/// What one OTLP request is made into.
pub(crate) trait Decode {
    /// Adds everything that can be kept of a request. On an error nothing is added.
    fn request(&mut self, request: &[u8], judge: &mut impl Judge) -> Result<(), BadWire>;
}

/// Buffers are bounded far below 4 GiB by the limits of requests.
fn place(range: Range<usize>) -> Range<u32> {
    range.start as u32..range.end as u32
}

#[cfg(test)]
mod tests {
    use beamline_model::otlp::{Signal, json};

    use super::*;

    /// Keeps everything; knows the series it is told to.
    #[derive(Default)]
    struct Mild {
        known: Vec<u8>,
        refused: usize,
    }

    impl Judge for Mild {
        fn stamp(&mut self) -> Timestamp {
            Timestamp(1)
        }

        fn keep(&mut self, _: &SpanHead<'_>, _: &ResourceFacts<'_>) -> Option<f32> {
            Some(1.0)
        }

        fn series(&mut self, descriptor: &[u8]) -> Option<u32> {
            (descriptor == self.known).then_some(7)
        }

        fn refuse_document(&mut self, _: Refused, _: &[u8]) {
            self.refused += 1;
        }

        fn refuse_span(&mut self, _: RejectedSpan, _: &[u8]) {
            self.refused += 1;
        }

        fn refuse_record(&mut self, rejected: RejectedRecord, _: &[u8]) {
            self.refused += rejected.records;
        }

        fn refuse_points(&mut self, rejected: RejectedPoints) {
            self.refused += rejected.points;
        }
    }

    /// A gauge with points of the given series, under a resource that says this much.
    fn gauge(said: usize, series: &[usize]) -> Vec<u8> {
        let point = |number: &usize| {
            format!(r#"{{"timeUnixNano":"5","asInt":1,"attributes":[{{"key":"n","value":{{"intValue":{number}}}}}]}}"#)
        };
        let points: Vec<String> = series.iter().map(point).collect();
        let resource = format!(
            r#"{{"attributes":[{{"key":"k","value":{{"stringValue":"{}"}}}}]}}"#,
            "x".repeat(said)
        );
        let metric = format!(r#"{{"name":"m","gauge":{{"dataPoints":[{}]}}}}"#, points.join(","));
        let request =
            format!(r#"{{"resourceMetrics":[{{"resource":{resource},"scopeMetrics":[{{"metrics":[{metric}]}}]}}]}}"#);
        json::to_protobuf(Signal::Metrics, request.as_bytes()).unwrap()
    }

    #[test]
    fn a_new_series_is_named_once_and_a_known_one_not_at_all() {
        let mut judge = Mild::default();
        let mut points = Points::default();
        points.request(&gauge(1, &[1, 2, 1, 3, 2]), &mut judge).unwrap();
        let series = |points: &Points| points.points.iter().map(|point| point.series).collect::<Vec<_>>();
        assert_eq!(series(&points), [0, 1, 0, 2, 1].map(Series::New));
        assert_eq!(points.new.len(), 3);
        judge.known = points.new[1].to_vec();
        let mut again = Points::default();
        again.request(&gauge(1, &[1, 2, 3]), &mut judge).unwrap();
        assert_eq!(series(&again), [Series::New(0), Series::Known(7), Series::New(1)]);
        assert_eq!(again.new, [points.new[0].clone(), points.new[2].clone()]);
        assert_eq!(again.points.last().unwrap().body.end as usize, again.buffer.len());
        assert_eq!(judge.refused, 0);
    }

    #[test]
    fn a_short_request_cannot_describe_series_without_end() {
        let mut judge = Mild::default();
        let mut points = Points::default();
        let series: Vec<usize> = (0..2_000).collect();
        points.request(&gauge(30_000, &series), &mut judge).unwrap();
        let described: usize = points.new.iter().map(|descriptor| descriptor.len()).sum();
        assert!(described <= 16 << 20, "{described}");
        assert_eq!(points.points.len() + judge.refused, 2_000);
        assert!(judge.refused > 1_000, "{}", judge.refused);
    }

    #[test]
    fn of_a_broken_request_nothing_is_left() {
        let logs = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}]}"#;
        let logs = json::to_protobuf(Signal::Logs, logs.as_bytes()).unwrap();
        let spans = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01000000000000000000000000000000",
            "spanId":"0100000000000000"}]}]}]}"#;
        let spans = json::to_protobuf(Signal::Traces, spans.as_bytes()).unwrap();
        let broken = |request: &[u8]| [request, &[0x0a, 0xff]].concat();
        let mut judge = Mild::default();
        let mut into = Traces::default();
        assert!(into.request(&broken(&spans), &mut judge).is_err());
        assert_eq!((into.records.len(), into.contexts.len(), into.ids.len()), (0, 0, 0));
        assert!(into.request(&spans, &mut judge).is_ok());
        assert_eq!((into.records.len(), into.contexts.len(), into.ids.len()), (1, 1, 1));
        let mut into = Logs::new(Place::default(), 1_000);
        assert!(into.request(&broken(&logs), &mut judge).is_err());
        assert_eq!(
            (into.records.len(), into.contexts.len(), into.destinations.len()),
            (0, 0, 0)
        );
        assert!(into.request(&logs, &mut judge).is_ok());
        assert_eq!(
            (into.records.len(), into.contexts.len(), into.destinations.len()),
            (2, 1, 1)
        );
        let mut into = Points::default();
        assert!(into.request(&broken(&gauge(1, &[1])), &mut judge).is_err());
        assert_eq!((into.points.len(), into.buffer.len(), into.new.len()), (0, 0, 0));
    }
}
