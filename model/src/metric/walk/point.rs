//! One data point, read from protobuf.

use smallvec::SmallVec;

use super::{
    MAX_ATTRIBUTES, MAX_BUCKETS, MAX_EXEMPLAR_ATTRIBUTES, MAX_EXEMPLARS, PointRejection, Rejection, malformed,
};
use crate::metric::descriptor::Kind;
use crate::metric::form::Put;
use crate::metric::point::{Buckets, Exemplar, Exponential, Histogram, IdBytes, Number, Point, PointValue, Summary};
use crate::otlp::check;
use crate::otlp::wire::{Fields, Wire};
use crate::time::Timestamp;

/// Attributes as they stand in the request.
pub(super) type Attributes<'a> = SmallVec<[&'a [u8]; 16]>;

const WRONG_TYPE: &str = "field of another type than its number says";

/// What all kinds of points have, each under numbers of its own.
#[derive(Default)]
struct Common<'a> {
    attributes: Attributes<'a>,
    start: u64,
    time: u64,
    flags: u32,
    exemplars: Vec<Exemplar>,
}

/// Reads a point of a metric of this kind; its attributes are checked by whoever sorts them.
pub(super) fn read(kind: Kind, message: &[u8]) -> Result<(Point, Attributes<'_>), Rejection> {
    let mut common = Common::default();
    let value = match kind {
        Kind::Gauge | Kind::Sum => number(message, &mut common)?,
        Kind::Histogram => histogram(message, &mut common)?,
        Kind::Exponential => exponential(message, &mut common)?,
        Kind::Summary => summary(message, &mut common)?,
        Kind::Statistics => PointValue::Nothing,
    };
    let point = Point {
        time: moment(common.time)?.ok_or((PointRejection::InvalidTime, "a point without a time"))?,
        start: moment(common.start)?.unwrap_or(Timestamp::ZERO),
        flags: common.flags,
        value,
        exemplars: common.exemplars,
    };
    Ok((point, common.attributes))
}

/// A moment from the wire, where 0 means "not said".
fn moment(nanos: u64) -> Result<Option<Timestamp>, Rejection> {
    match i64::try_from(nanos) {
        Ok(0) => Ok(None),
        Ok(nanos) => Ok(Some(Timestamp(nanos))),
        Err(_) => Err((PointRejection::InvalidTime, "a time after the year 2262")),
    }
}

impl<'a> Common<'a> {
    fn attribute(&mut self, bytes: &'a [u8]) -> Result<(), Rejection> {
        if self.attributes.len() == MAX_ATTRIBUTES {
            return Err((PointRejection::TooLarge, "too many attributes"));
        }
        self.attributes.push(bytes);
        Ok(())
    }

    fn exemplar(&mut self, bytes: &[u8]) -> Result<(), Rejection> {
        if self.exemplars.len() == MAX_EXEMPLARS {
            return Err((PointRejection::TooLarge, "too many exemplars"));
        }
        self.exemplars.push(exemplar(bytes)?);
        Ok(())
    }
}

fn fields(message: &[u8]) -> impl Iterator<Item = Result<(u32, Wire<'_>), Rejection>> {
    Fields::new(message).map(|field| field.map_err(|bad| malformed(bad.message)))
}

fn number<'a>(message: &'a [u8], common: &mut Common<'a>) -> Result<PointValue, Rejection> {
    let mut value = PointValue::Nothing;
    for field in fields(message) {
        match field? {
            (7, Wire::Bytes(bytes)) => common.attribute(bytes)?,
            (2, Wire::Fixed64(nanos)) => common.start = nanos,
            (3, Wire::Fixed64(nanos)) => common.time = nanos,
            (4, Wire::Fixed64(bits)) => value = PointValue::Double(f64::from_bits(bits)),
            (6, Wire::Fixed64(bits)) => value = PointValue::Int(bits as i64),
            (5, Wire::Bytes(bytes)) => common.exemplar(bytes)?,
            (8, Wire::Varint(flags)) => common.flags = flags as u32,
            (2..=8, _) => return Err(malformed(WRONG_TYPE)),
            _ => {}
        }
    }
    Ok(value)
}

fn histogram<'a>(message: &'a [u8], common: &mut Common<'a>) -> Result<PointValue, Rejection> {
    let mut histogram = Histogram::default();
    let too_many = |have: usize| limit(have, MAX_BUCKETS, "too many buckets");
    for field in fields(message) {
        match field? {
            (9, Wire::Bytes(bytes)) => common.attribute(bytes)?,
            (2, Wire::Fixed64(nanos)) => common.start = nanos,
            (3, Wire::Fixed64(nanos)) => common.time = nanos,
            (4, Wire::Fixed64(count)) => histogram.count = count,
            (5, Wire::Fixed64(bits)) => histogram.sum = Some(f64::from_bits(bits)),
            (6, wire) => fixed(wire, |bits| {
                histogram.counts.push(bits);
                too_many(histogram.counts.len())
            })?,
            (7, wire) => fixed(wire, |bits| {
                histogram.bounds.push(f64::from_bits(bits));
                too_many(histogram.bounds.len())
            })?,
            (8, Wire::Bytes(bytes)) => common.exemplar(bytes)?,
            (10, Wire::Varint(flags)) => common.flags = flags as u32,
            (11, Wire::Fixed64(bits)) => histogram.min = Some(f64::from_bits(bits)),
            (12, Wire::Fixed64(bits)) => histogram.max = Some(f64::from_bits(bits)),
            (2..=12, _) => return Err(malformed(WRONG_TYPE)),
            _ => {}
        }
    }
    let (bounds, counts) = (&histogram.bounds, histogram.counts.len());
    if counts != bounds.len() + 1 && (counts, bounds.len()) != (0, 0) {
        return Err((PointRejection::InvalidBuckets, "not one more bucket than bounds"));
    }
    if !bounds.is_sorted_by(|low, high| low < high) || bounds.iter().any(|bound| bound.is_nan()) {
        return Err((PointRejection::InvalidBuckets, "bounds that do not ascend"));
    }
    Ok(PointValue::Histogram(Box::new(histogram)))
}

fn exponential<'a>(message: &'a [u8], common: &mut Common<'a>) -> Result<PointValue, Rejection> {
    let mut histogram = Exponential::default();
    for field in fields(message) {
        match field? {
            (1, Wire::Bytes(bytes)) => common.attribute(bytes)?,
            (2, Wire::Fixed64(nanos)) => common.start = nanos,
            (3, Wire::Fixed64(nanos)) => common.time = nanos,
            (4, Wire::Fixed64(count)) => histogram.count = count,
            (5, Wire::Fixed64(bits)) => histogram.sum = Some(f64::from_bits(bits)),
            (6, Wire::Varint(scale)) => histogram.scale = zigzag(scale),
            (7, Wire::Fixed64(count)) => histogram.zero_count = count,
            (8, Wire::Bytes(bytes)) => buckets(bytes, histogram.positive.get_or_insert_default())?,
            (9, Wire::Bytes(bytes)) => buckets(bytes, histogram.negative.get_or_insert_default())?,
            (10, Wire::Varint(flags)) => common.flags = flags as u32,
            (11, Wire::Bytes(bytes)) => common.exemplar(bytes)?,
            (12, Wire::Fixed64(bits)) => histogram.min = Some(f64::from_bits(bits)),
            (13, Wire::Fixed64(bits)) => histogram.max = Some(f64::from_bits(bits)),
            (14, Wire::Fixed64(bits)) => histogram.zero_threshold = f64::from_bits(bits),
            (1..=14, _) => return Err(malformed(WRONG_TYPE)),
            _ => {}
        }
    }
    Ok(PointValue::Exponential(Box::new(histogram)))
}

fn buckets(message: &[u8], buckets: &mut Buckets) -> Result<(), Rejection> {
    for field in fields(message) {
        match field? {
            (1, Wire::Varint(offset)) => buckets.offset = zigzag(offset),
            (2, Wire::Varint(count)) => buckets.counts.push(count),
            (2, Wire::Bytes(packed)) => varints(packed, &mut buckets.counts)?,
            (1 | 2, _) => return Err(malformed(WRONG_TYPE)),
            _ => {}
        }
        limit(buckets.counts.len(), MAX_BUCKETS, "too many buckets")?;
    }
    let last = i64::from(buckets.offset) + buckets.counts.len() as i64;
    if last > i64::from(i32::MAX) {
        return Err((PointRejection::InvalidBuckets, "buckets beyond the last index"));
    }
    Ok(())
}

fn summary<'a>(message: &'a [u8], common: &mut Common<'a>) -> Result<PointValue, Rejection> {
    let mut summary = Summary::default();
    for field in fields(message) {
        match field? {
            (7, Wire::Bytes(bytes)) => common.attribute(bytes)?,
            (2, Wire::Fixed64(nanos)) => common.start = nanos,
            (3, Wire::Fixed64(nanos)) => common.time = nanos,
            (4, Wire::Fixed64(count)) => summary.count = count,
            (5, Wire::Fixed64(bits)) => summary.sum = f64::from_bits(bits),
            (6, Wire::Bytes(bytes)) => {
                summary.quantiles.push(quantile(bytes)?);
                limit(summary.quantiles.len(), MAX_BUCKETS, "too many quantiles")?;
            }
            (8, Wire::Varint(flags)) => common.flags = flags as u32,
            (2..=8, _) => return Err(malformed(WRONG_TYPE)),
            _ => {}
        }
    }
    Ok(PointValue::Summary(Box::new(summary)))
}

fn quantile(message: &[u8]) -> Result<(f64, f64), Rejection> {
    let (mut quantile, mut value) = (0.0, 0.0);
    for field in fields(message) {
        match field? {
            (1, Wire::Fixed64(bits)) => quantile = f64::from_bits(bits),
            (2, Wire::Fixed64(bits)) => value = f64::from_bits(bits),
            (1 | 2, _) => return Err(malformed(WRONG_TYPE)),
            _ => {}
        }
    }
    Ok((quantile, value))
}

fn exemplar(message: &[u8]) -> Result<Exemplar, Rejection> {
    let mut exemplar = Exemplar::default();
    let mut attributes = 0;
    let id = |bytes: &[u8], most: usize| -> Result<IdBytes, Rejection> {
        limit(bytes.len(), most, "an id of too many bytes")?;
        Ok(IdBytes::from_slice(bytes))
    };
    for field in fields(message) {
        match field? {
            (7, Wire::Bytes(bytes)) => {
                check::key_value(bytes, 0).map_err(malformed)?;
                exemplar.attributes.sized(bytes);
                attributes += 1;
                limit(attributes, MAX_ATTRIBUTES, "too many attributes of an exemplar")?;
                limit(
                    exemplar.attributes.len(),
                    MAX_EXEMPLAR_ATTRIBUTES,
                    "an exemplar of too many bytes",
                )?;
            }
            (2, Wire::Fixed64(nanos)) => exemplar.time = moment(nanos)?.unwrap_or(Timestamp::ZERO),
            (3, Wire::Fixed64(bits)) => exemplar.value = Number::Double(f64::from_bits(bits)),
            (6, Wire::Fixed64(bits)) => exemplar.value = Number::Int(bits as i64),
            (4, Wire::Bytes(bytes)) => exemplar.span_id = id(bytes, 8)?,
            (5, Wire::Bytes(bytes)) => exemplar.trace_id = id(bytes, 16)?,
            (2..=7, _) => return Err(malformed(WRONG_TYPE)),
            _ => {}
        }
    }
    Ok(exemplar)
}

fn limit(have: usize, most: usize, detail: &'static str) -> Result<(), Rejection> {
    if have > most {
        return Err((PointRejection::TooLarge, detail));
    }
    Ok(())
}

/// Numbers of eight bytes, packed or one by one.
fn fixed(wire: Wire<'_>, mut each: impl FnMut(u64) -> Result<(), Rejection>) -> Result<(), Rejection> {
    match wire {
        Wire::Fixed64(bits) => each(bits),
        Wire::Bytes(packed) => {
            let (numbers, rest) = packed.as_chunks::<8>();
            if !rest.is_empty() {
                return Err(malformed("packed numbers that end too early"));
            }
            numbers.iter().try_for_each(|number| each(u64::from_le_bytes(*number)))
        }
        _ => Err(malformed(WRONG_TYPE)),
    }
}

fn varints(packed: &[u8], numbers: &mut Vec<u64>) -> Result<(), Rejection> {
    let mut take = crate::metric::form::Take(packed);
    while !take.0.is_empty() {
        limit(numbers.len(), MAX_BUCKETS, "too many buckets")?;
        let number = take.varint();
        numbers.push(number.ok_or(malformed("packed numbers that end too early"))?);
    }
    Ok(())
}

fn zigzag(number: u64) -> i32 {
    let number = number as u32;
    (number >> 1) as i32 ^ -((number & 1) as i32)
}
