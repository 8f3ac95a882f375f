//! The check at the door: an `ExportMetricsServiceRequest` point by point.
//!
//! Each point is accepted or rejected on its own. An accepted one comes with the canonical descriptor of its series, of
//! which everything but the point's own attributes is put together once per metric.

use std::fmt;

use super::descriptor::{Kind, Prefix};
use super::point::Point;
use crate::otlp::wire::{BadWire, Fields, Wire};

mod point;
#[cfg(test)]
mod tests;

/// A request has at most so many points; what is more is rejected.
pub const MAX_POINTS: usize = 100_000;
/// A resource, scope, point or exemplar has at most so many attributes, and a metric so many metadata.
pub const MAX_ATTRIBUTES: usize = 256;
/// A descriptor has at most so many bytes.
pub const MAX_DESCRIPTOR: usize = 32 << 10;
/// A histogram has at most so many buckets, on each side of zero if it is exponential; a summary so many quantiles.
pub const MAX_BUCKETS: usize = 1_024;
/// A point has at most so many exemplars.
pub const MAX_EXEMPLARS: usize = 256;
/// The attributes of one exemplar have at most so many bytes.
pub const MAX_EXEMPLAR_ATTRIBUTES: usize = 8 << 10;

/// What a request holds, in order.
#[derive(Debug, PartialEq)]
pub enum Walked<'a> {
    /// An acceptable point.
    Point {
        /// The canonical bytes of its series' [`Descriptor`](super::Descriptor).
        descriptor: &'a [u8],
        /// The point.
        point: Point,
    },
    /// What cannot be kept.
    Rejected(RejectedPoints),
}

/// Points that cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectedPoints {
    /// Why, for counters.
    pub reason: PointRejection,
    /// Why, for people.
    pub detail: &'static str,
    /// How many points; what is not understood so far that it could be counted is 1.
    pub points: usize,
}

/// Why a point cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointRejection {
    /// It does not say when, or a time that cannot be told.
    InvalidTime,
    /// Its buckets do not go with its bounds.
    InvalidBuckets,
    /// The metric has no name.
    NoName,
    /// The metric has data of a kind that is not known.
    UnknownKind,
    /// Too many attributes, buckets, quantiles or exemplars, or too many bytes of what describes it.
    TooLarge,
    /// The request has too many points.
    TooMany,
    /// Not a protobuf message, or nested too deeply.
    Malformed,
}

impl PointRejection {
    /// All of them, so that counters can exist before the first rejection.
    pub const ALL: [Self; 7] = [
        Self::InvalidTime,
        Self::InvalidBuckets,
        Self::NoName,
        Self::UnknownKind,
        Self::TooLarge,
        Self::TooMany,
        Self::Malformed,
    ];

    /// The word that counters are labelled with.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidTime => "invalid_time",
            Self::InvalidBuckets => "invalid_buckets",
            Self::NoName => "no_name",
            Self::UnknownKind => "unknown_kind",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::Malformed => "malformed",
        }
    }
}

impl fmt::Display for PointRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why something cannot be kept: for counters, and for people.
type Rejection = (PointRejection, &'static str);

fn malformed(detail: &'static str) -> Rejection {
    (PointRejection::Malformed, detail)
}

/// Calls `each` for every point of a protobuf `ExportMetricsServiceRequest`, and for what cannot be kept.
///
/// # Errors
/// The bytes around the metrics are not such a message. Nothing that `each` was given before should be kept then, since
/// the sender will be told that the request failed as a whole.
pub fn request(bytes: &[u8], each: &mut dyn FnMut(Walked<'_>)) -> Result<(), BadWire> {
    let mut walk = Walk {
        prefix: Prefix::default(),
        points: 0,
        each,
    };
    for field in Fields::new(bytes) {
        if let (1, Wire::Bytes(message)) = field? {
            walk.resource(message)?;
        }
    }
    Ok(())
}

struct Walk<'e> {
    prefix: Prefix,
    /// How many there were so far.
    points: usize,
    each: &'e mut dyn FnMut(Walked<'_>),
}

/// A message that encloses others: a resource with its scopes, or a scope with its metrics.
struct Enclosing<'a> {
    /// What it encloses.
    items: Vec<&'a [u8]>,
    /// The resource or scope, which may stand in several pieces.
    said: Vec<&'a [u8]>,
    /// URL of its schema.
    schema: &'a [u8],
}

impl<'a> Enclosing<'a> {
    fn read(message: &'a [u8]) -> Result<Self, BadWire> {
        let (mut items, mut said, mut schema) = (Vec::new(), Vec::new(), &[][..]);
        for field in Fields::new(message) {
            match field? {
                (1, Wire::Bytes(bytes)) => said.push(bytes),
                (2, Wire::Bytes(bytes)) => items.push(bytes),
                (3, Wire::Bytes(bytes)) => schema = bytes,
                _ => {}
            }
        }
        Ok(Self { items, said, schema })
    }
}

impl Walk<'_> {
    fn resource(&mut self, message: &[u8]) -> Result<(), BadWire> {
        let resource = Enclosing::read(message)?;
        let mut begin = || self.prefix.resource(resource.schema, &resource.said).map_err(malformed);
        let flaw = attributes_fit(&resource.said, 1).and_then(|()| begin());
        for scope in resource.items {
            let scope = Enclosing::read(scope)?;
            let mut begin = || self.prefix.scope(scope.schema, &scope.said).map_err(malformed);
            let fits = flaw.and_then(|()| attributes_fit(&scope.said, 3));
            let flaw = fits.and_then(|()| begin());
            for metric in scope.items {
                if let Err(rejection) = flaw.and_then(|()| self.metric(metric)) {
                    self.reject(rejection, count_points(metric));
                }
            }
        }
        Ok(())
    }

    /// Walks a metric; an error is why none of its points can be kept.
    fn metric(&mut self, message: &[u8]) -> Result<(), Rejection> {
        let (mut name, mut description, mut unit): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        let mut metadata: Vec<&[u8]> = Vec::new();
        let mut data: Vec<(u32, &[u8])> = Vec::new();
        for field in Fields::new(message) {
            match field.map_err(|bad| malformed(bad.message))? {
                (1, Wire::Bytes(bytes)) => name = bytes,
                (2, Wire::Bytes(bytes)) => description = bytes,
                (3, Wire::Bytes(bytes)) => unit = bytes,
                (number @ 4..=11, Wire::Bytes(bytes)) => data.push((number, bytes)),
                (12, Wire::Bytes(bytes)) => metadata.push(bytes),
                (1..=12, _) => return Err(malformed("field of another type than its number says")),
                _ => {}
            }
        }
        // Of several kinds the last counts, as protobuf has it; its pieces belong together.
        let Some(&(number, _)) = data.last() else {
            return Err((PointRejection::UnknownKind, "a metric without data"));
        };
        let kind = kind(number).ok_or((PointRejection::UnknownKind, "data of a kind that is not known"))?;
        data.retain(|(found, _)| *found == number);
        if name.is_empty() {
            return Err((PointRejection::NoName, "a metric without a name"));
        }
        if metadata.len() > MAX_ATTRIBUTES {
            return Err((PointRejection::TooLarge, "too many metadata"));
        }
        let (temporality, monotonic) = shape(kind, &data)?;
        let metric = super::descriptor::Metric {
            kind,
            temporality,
            monotonic,
            name,
            description,
            unit,
            metadata: &metadata,
        };
        self.prefix.metric(&metric).map_err(malformed)?;
        for (_, data) in data {
            for field in Fields::new(data) {
                // `shape` has seen that all of them can be read.
                if let Ok((1, Wire::Bytes(message))) = field {
                    self.point(kind, message);
                }
            }
        }
        Ok(())
    }

    fn point(&mut self, kind: Kind, message: &[u8]) {
        self.points += 1;
        if self.points > MAX_POINTS {
            return self.reject((PointRejection::TooMany, "too many points in one request"), 1);
        }
        match point::read(kind, message) {
            Ok((point, attributes)) => match self.prefix.point(attributes.into_iter()) {
                Ok(descriptor) if descriptor.len() > MAX_DESCRIPTOR => {
                    self.reject((PointRejection::TooLarge, "too many bytes of attributes and texts"), 1);
                }
                Ok(descriptor) => (self.each)(Walked::Point { descriptor, point }),
                Err(flaw) => self.reject(malformed(flaw), 1),
            },
            Err(rejection) => self.reject(rejection, 1),
        }
    }

    fn reject(&mut self, (reason, detail): Rejection, points: usize) {
        (self.each)(Walked::Rejected(RejectedPoints { reason, detail, points }));
    }
}

fn kind(number: u32) -> Option<Kind> {
    Some(match number {
        5 => Kind::Gauge,
        7 => Kind::Sum,
        9 => Kind::Histogram,
        10 => Kind::Exponential,
        11 => Kind::Summary,
        _ => return None,
    })
}

/// Temporality, and whether a sum is monotonic.
fn shape(kind: Kind, data: &[(u32, &[u8])]) -> Result<(u64, bool), Rejection> {
    let (mut temporality, mut monotonic) = (0, false);
    for field in data.iter().flat_map(|(_, data)| Fields::new(data)) {
        match (kind, field.map_err(|bad| malformed(bad.message))?) {
            (Kind::Sum | Kind::Histogram | Kind::Exponential, (2, Wire::Varint(number))) => temporality = number,
            (Kind::Sum, (3, Wire::Varint(truth))) => monotonic = truth != 0,
            _ => {}
        }
    }
    Ok((temporality, monotonic))
}

fn attributes_fit(pieces: &[&[u8]], number: u32) -> Result<(), Rejection> {
    let fields = pieces.iter().flat_map(|piece| Fields::new(piece));
    let count = fields
        .filter(|field| matches!(field, Ok((found, _)) if *found == number))
        .count();
    if count > MAX_ATTRIBUTES {
        return Err((PointRejection::TooLarge, "too many attributes"));
    }
    Ok(())
}

/// How many points a metric that cannot be kept has, as far as can be told.
fn count_points(metric: &[u8]) -> usize {
    let data = Fields::new(metric).filter_map(|field| match field {
        Ok((4..=11, Wire::Bytes(bytes))) => Some(bytes),
        _ => None,
    });
    let points = data
        .flat_map(Fields::new)
        .filter(|field| matches!(field, Ok((1, Wire::Bytes(_)))));
    points.count().max(1)
}
