//! Points said in OTLP again: `ResourceMetrics` from descriptors and points.

use super::descriptor::{Descriptor, Kind, Otlp, Parts};
use super::form::Take;
use super::point::{Buckets, Exemplar, Number, Point, PointValue};
use crate::otlp::wire::{write_bytes, write_varint};

/// The protobuf `ExportMetricsServiceRequest` of points that came with OTLP; it has one `ResourceMetrics` per resource, in
/// it one `ScopeMetrics` per scope and in that one `Metric` per metric. Neighbours in `series` are put together, so sorted
/// descriptors give the least. Series of CloudWatch have no form in OTLP and are left out.
#[must_use]
pub fn write<'a>(series: impl IntoIterator<Item = (&'a Descriptor, &'a [Point])>) -> Vec<u8> {
    let mut open = Open::default();
    for (descriptor, points) in series {
        let Parts::Otlp(otlp) = descriptor.parts() else {
            continue;
        };
        open.turn_to(&otlp);
        for point in points {
            let mut message = Vec::new();
            write_point(&mut message, &otlp, point);
            write_bytes(&mut open.data, 1, &message);
        }
    }
    open.close_resource();
    open.out
}

/// What is being written: each level is closed when the next series does not belong to it.
#[derive(Default)]
struct Open<'a> {
    current: Option<Otlp<'a>>,
    out: Vec<u8>,
    scopes: Vec<u8>,
    metrics: Vec<u8>,
    /// The points of the metric.
    data: Vec<u8>,
}

impl<'a> Open<'a> {
    fn turn_to(&mut self, next: &Otlp<'a>) {
        let same = |part: fn(&Otlp<'a>) -> &'a [u8]| {
            let current = self.current.as_ref();
            current.is_some_and(|current| part(current) == part(next))
        };
        if !same(|otlp| otlp.of_resource) {
            self.close_resource();
        } else if !same(|otlp| otlp.of_scope) {
            self.close_scope();
        } else if !same(|otlp| otlp.of_metric) {
            self.close_metric();
        }
        self.current = Some(next.clone());
    }

    fn close_metric(&mut self) {
        let Some(otlp) = &self.current else { return };
        let mut data = std::mem::take(&mut self.data);
        if otlp.temporality != 0 {
            write_number(&mut data, 2, otlp.temporality);
        }
        if otlp.monotonic {
            write_number(&mut data, 3, 1);
        }
        let mut metric = Vec::new();
        for (number, text) in [(1, otlp.name), (2, otlp.description), (3, otlp.unit)] {
            if !text.is_empty() {
                write_bytes(&mut metric, number, text);
            }
        }
        write_bytes(&mut metric, number_of(otlp.kind), &data);
        otlp.metadata
            .iter()
            .for_each(|message| write_bytes(&mut metric, 12, message));
        write_bytes(&mut self.metrics, 2, &metric);
    }

    fn close_scope(&mut self) {
        self.close_metric();
        let Some(otlp) = &self.current else { return };
        let metrics = std::mem::take(&mut self.metrics);
        let scope = enclose(otlp.scope, &metrics, otlp.scope_schema);
        write_bytes(&mut self.scopes, 2, &scope);
    }

    fn close_resource(&mut self) {
        self.close_scope();
        let Some(otlp) = &self.current else { return };
        let scopes = std::mem::take(&mut self.scopes);
        let resource = enclose(otlp.resource, &scopes, otlp.resource_schema);
        write_bytes(&mut self.out, 1, &resource);
    }
}

fn enclose(said: Option<&[u8]>, items: &[u8], schema: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(items.len() + 64);
    if let Some(said) = said {
        write_bytes(&mut message, 1, said);
    }
    message.extend_from_slice(items);
    if !schema.is_empty() {
        write_bytes(&mut message, 3, schema);
    }
    message
}

/// The field of `Metric` that holds data of a kind.
fn number_of(kind: Kind) -> u32 {
    match kind {
        Kind::Gauge | Kind::Statistics => 5,
        Kind::Sum => 7,
        Kind::Histogram => 9,
        Kind::Exponential => 10,
        Kind::Summary => 11,
    }
}

fn write_number(out: &mut Vec<u8>, number: u32, value: u64) {
    write_varint(out, u64::from(number) << 3);
    write_varint(out, value);
}

/// A field of eight bytes; one that says the same as no field is left out.
fn write_fixed(out: &mut Vec<u8>, number: u32, bits: u64) {
    if bits != 0 {
        write_present(out, number, bits);
    }
}

/// A field of eight bytes.
fn write_present(out: &mut Vec<u8>, number: u32, bits: u64) {
    write_varint(out, u64::from(number) << 3 | 1);
    out.extend_from_slice(&bits.to_le_bytes());
}

fn write_said(out: &mut Vec<u8>, numbers: [(u32, Option<f64>); 3]) {
    for (number, value) in numbers {
        if let Some(value) = value {
            write_present(out, number, value.to_bits());
        }
    }
}

fn write_packed(out: &mut Vec<u8>, number: u32, values: impl ExactSizeIterator<Item = u64>) {
    if values.len() > 0 {
        let packed: Vec<u8> = values.flat_map(u64::to_le_bytes).collect();
        write_bytes(out, number, &packed);
    }
}

/// The numbers of the fields that all kinds of points have: attributes, flags, exemplars.
fn common(kind: Kind) -> (u32, u32, u32) {
    match kind {
        Kind::Gauge | Kind::Sum | Kind::Statistics => (7, 8, 5),
        Kind::Histogram => (9, 10, 8),
        Kind::Exponential => (1, 10, 11),
        // A summary has no exemplars, and none is read.
        Kind::Summary => (7, 8, 0),
    }
}

fn write_point(out: &mut Vec<u8>, otlp: &Otlp<'_>, point: &Point) {
    let (attributes, flags, exemplars) = common(otlp.kind);
    otlp.attributes
        .iter()
        .for_each(|message| write_bytes(out, attributes, message));
    write_fixed(out, 2, point.start.0 as u64);
    write_fixed(out, 3, point.time.0 as u64);
    write_value(out, &point.value);
    if point.flags != 0 {
        write_number(out, flags, u64::from(point.flags));
    }
    for exemplar in &point.exemplars {
        write_bytes(out, exemplars, &exemplar_message(exemplar));
    }
}

fn write_value(out: &mut Vec<u8>, value: &PointValue) {
    match value {
        PointValue::Nothing | PointValue::Statistics(_) => {}
        PointValue::Int(int) => write_present(out, 6, *int as u64),
        PointValue::Double(double) => write_present(out, 4, double.to_bits()),
        PointValue::Histogram(histogram) => {
            write_fixed(out, 4, histogram.count);
            write_said(out, [(5, histogram.sum), (11, histogram.min), (12, histogram.max)]);
            write_packed(out, 6, histogram.counts.iter().copied());
            write_packed(out, 7, histogram.bounds.iter().map(|bound| bound.to_bits()));
        }
        PointValue::Exponential(histogram) => {
            write_fixed(out, 4, histogram.count);
            write_said(out, [(5, histogram.sum), (12, histogram.min), (13, histogram.max)]);
            if histogram.scale != 0 {
                write_number(out, 6, zigzag(histogram.scale));
            }
            write_fixed(out, 7, histogram.zero_count);
            for (number, buckets) in [(8, &histogram.positive), (9, &histogram.negative)] {
                if let Some(buckets) = buckets {
                    write_bytes(out, number, &buckets_message(buckets));
                }
            }
            write_fixed(out, 14, histogram.zero_threshold.to_bits());
        }
        PointValue::Summary(summary) => {
            write_fixed(out, 4, summary.count);
            write_fixed(out, 5, summary.sum.to_bits());
            for (quantile, value) in &summary.quantiles {
                let mut message = Vec::new();
                write_fixed(&mut message, 1, quantile.to_bits());
                write_fixed(&mut message, 2, value.to_bits());
                write_bytes(out, 6, &message);
            }
        }
    }
}

fn buckets_message(buckets: &Buckets) -> Vec<u8> {
    let mut message = Vec::new();
    if buckets.offset != 0 {
        write_number(&mut message, 1, zigzag(buckets.offset));
    }
    if !buckets.counts.is_empty() {
        let mut packed = Vec::new();
        buckets
            .counts
            .iter()
            .for_each(|&count| write_varint(&mut packed, count));
        write_bytes(&mut message, 2, &packed);
    }
    message
}

fn exemplar_message(exemplar: &Exemplar) -> Vec<u8> {
    let mut message = Vec::new();
    let mut attributes = Take(&exemplar.attributes);
    while let Some(attribute) = attributes.sized() {
        write_bytes(&mut message, 7, attribute);
    }
    write_fixed(&mut message, 2, exemplar.time.0 as u64);
    match exemplar.value {
        Number::Nothing => {}
        Number::Int(int) => write_present(&mut message, 6, int as u64),
        Number::Double(double) => write_present(&mut message, 3, double.to_bits()),
    }
    for (number, id) in [(4, &exemplar.span_id), (5, &exemplar.trace_id)] {
        if !id.is_empty() {
            write_bytes(&mut message, number, id);
        }
    }
    message
}

fn zigzag(value: i32) -> u64 {
    u64::from(((value << 1) ^ (value >> 31)) as u32)
}
