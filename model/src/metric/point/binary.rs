//! The compact binary form of a point: what waits in the log until it is sealed.
//!
//! ```text
//! head u8        value in the low four bits; 16 it has a start, 32 flags, 64 exemplars
//! time i64
//! [start]        zigzag, nanoseconds before the time
//! [flags]        varint
//! value          0 nothing | 1 int zigzag | 2 double
//!                3 histogram: said u8, count, [sum], [min], [max], bounds, counts
//!                4 exponential: said u8, count, [sum], [min], [max], scale zigzag, zero count, zero threshold,
//!                  [positive], [negative]: offset zigzag, counts
//!                5 summary: count, sum, quantiles: count varint, each quantile and value
//!                6 values: unit u8, resolution u8, count varint, each value and count
//!                7 statistic set: unit u8, resolution u8, count, sum, min, max
//! [exemplars]    count varint, each: value u8 and time zigzag after the point's, value, trace id, span id, attributes
//! ```
//! Lists have their length in front. Doubles are eight bytes, little-endian.

use smallvec::SmallVec;

use super::super::form::{Put, Take};
use super::{Buckets, Exemplar, Exponential, Histogram, Measured, Number, Point, PointValue, Statistics, Summary};
use crate::metric::unit::Unit;
use crate::time::Timestamp;

const HAS_START: u8 = 16;
const HAS_FLAGS: u8 = 32;
const HAS_EXEMPLARS: u8 = 64;

const NOTHING: u8 = 0;
const INT: u8 = 1;
const DOUBLE: u8 = 2;
const HISTOGRAM: u8 = 3;
const EXPONENTIAL: u8 = 4;
const SUMMARY: u8 = 5;
const VALUES: u8 = 6;
const SET: u8 = 7;

const SUM: u8 = 1;
const MIN: u8 = 2;
const MAX: u8 = 4;
const POSITIVE: u8 = 8;
const NEGATIVE: u8 = 16;

impl Point {
    /// Appends the binary form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut head = match &self.value {
            PointValue::Nothing => NOTHING,
            PointValue::Int(_) => INT,
            PointValue::Double(_) => DOUBLE,
            PointValue::Histogram(_) => HISTOGRAM,
            PointValue::Exponential(_) => EXPONENTIAL,
            PointValue::Summary(_) => SUMMARY,
            PointValue::Statistics(statistics) => match statistics.measured {
                Measured::Values(_) => VALUES,
                Measured::Set { .. } => SET,
            },
        };
        head |= if self.start == Timestamp::ZERO { 0 } else { HAS_START };
        head |= if self.flags == 0 { 0 } else { HAS_FLAGS };
        head |= if self.exemplars.is_empty() { 0 } else { HAS_EXEMPLARS };
        out.push(head);
        out.extend_from_slice(&self.time.0.to_le_bytes());
        if head & HAS_START != 0 {
            out.zigzag(self.time.0.wrapping_sub(self.start.0));
        }
        if head & HAS_FLAGS != 0 {
            out.varint(u64::from(self.flags));
        }
        put_value(out, &self.value);
        if head & HAS_EXEMPLARS != 0 {
            out.varint(self.exemplars.len() as u64);
            for exemplar in &self.exemplars {
                exemplar.encode(self.time, out);
            }
        }
    }

    /// Whether the point with this binary form has exemplars, told without reading it.
    #[must_use]
    pub fn has_exemplars(bytes: &[u8]) -> bool {
        bytes.first().is_some_and(|head| head & HAS_EXEMPLARS != 0)
    }

    /// Reads the binary form; `None` if the bytes are none. Takes no more memory than a small multiple of their
    /// number.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        let head = take.byte()?;
        let time = Timestamp(take.signed()?);
        let start = match head & HAS_START {
            0 => Timestamp::ZERO,
            _ => Timestamp(time.0.wrapping_sub(take.zigzag()?)),
        };
        let flags = match head & HAS_FLAGS {
            0 => 0,
            _ => take.number()?,
        };
        let value = take_value(head & 15, &mut take)?;
        let exemplars = match head & HAS_EXEMPLARS {
            0 => Vec::new(),
            _ => {
                let count = take.count(5)?;
                (0..count)
                    .map(|_| Exemplar::decode(time, &mut take))
                    .collect::<Option<_>>()?
            }
        };
        let point = Self {
            time,
            start,
            flags,
            value,
            exemplars,
        };
        (take.0.is_empty() && head < 128).then_some(point)
    }
}

impl Exemplar {
    fn encode(&self, at: Timestamp, out: &mut Vec<u8>) {
        out.push(match self.value {
            Number::Nothing => NOTHING,
            Number::Int(_) => INT,
            Number::Double(_) => DOUBLE,
        });
        out.zigzag(self.time.0.wrapping_sub(at.0));
        match self.value {
            Number::Nothing => {}
            Number::Int(int) => out.zigzag(int),
            Number::Double(double) => out.double(double),
        }
        out.sized(&self.trace_id);
        out.sized(&self.span_id);
        out.sized(&self.attributes);
    }

    fn decode(at: Timestamp, take: &mut Take<'_>) -> Option<Self> {
        let kind = take.byte()?;
        let time = Timestamp(at.0.wrapping_add(take.zigzag()?));
        Some(Self {
            time,
            value: match kind {
                NOTHING => Number::Nothing,
                INT => Number::Int(take.zigzag()?),
                DOUBLE => Number::Double(take.double()?),
                _ => return None,
            },
            trace_id: SmallVec::from_slice(take.sized()?),
            span_id: SmallVec::from_slice(take.sized()?),
            attributes: take.sized()?.to_vec(),
        })
    }
}

fn put_value(out: &mut Vec<u8>, value: &PointValue) {
    match value {
        PointValue::Nothing => {}
        PointValue::Int(int) => out.zigzag(*int),
        PointValue::Double(double) => out.double(*double),
        PointValue::Histogram(histogram) => {
            out.push(said(histogram.sum, histogram.min, histogram.max));
            out.varint(histogram.count);
            put_said(out, [histogram.sum, histogram.min, histogram.max]);
            out.varint(histogram.bounds.len() as u64);
            histogram.bounds.iter().for_each(|&bound| out.double(bound));
            put_counts(out, &histogram.counts);
        }
        PointValue::Exponential(histogram) => {
            let mut said = said(histogram.sum, histogram.min, histogram.max);
            said |= if histogram.positive.is_some() { POSITIVE } else { 0 };
            said |= if histogram.negative.is_some() { NEGATIVE } else { 0 };
            out.push(said);
            out.varint(histogram.count);
            put_said(out, [histogram.sum, histogram.min, histogram.max]);
            out.zigzag(i64::from(histogram.scale));
            out.varint(histogram.zero_count);
            out.double(histogram.zero_threshold);
            for buckets in [&histogram.positive, &histogram.negative].into_iter().flatten() {
                out.zigzag(i64::from(buckets.offset));
                put_counts(out, &buckets.counts);
            }
        }
        PointValue::Summary(summary) => {
            out.varint(summary.count);
            out.double(summary.sum);
            put_pairs(out, &summary.quantiles);
        }
        PointValue::Statistics(statistics) => {
            out.push(statistics.unit as u8);
            out.push(statistics.resolution);
            match &statistics.measured {
                Measured::Values(values) => put_pairs(out, values),
                Measured::Set { count, sum, min, max } => {
                    [count, sum, min, max]
                        .into_iter()
                        .for_each(|&number| out.double(number));
                }
            }
        }
    }
}

fn take_value(kind: u8, take: &mut Take<'_>) -> Option<PointValue> {
    Some(match kind {
        NOTHING => PointValue::Nothing,
        INT => PointValue::Int(take.zigzag()?),
        DOUBLE => PointValue::Double(take.double()?),
        HISTOGRAM => {
            let said = take.byte()?;
            let count = take.varint()?;
            let [sum, min, max] = take_said(said, take)?;
            let bounds = take.count(8)?;
            let bounds = (0..bounds).map(|_| take.double()).collect::<Option<_>>()?;
            PointValue::Histogram(Box::new(Histogram {
                count,
                sum,
                min,
                max,
                bounds,
                counts: take_counts(take)?,
            }))
        }
        EXPONENTIAL => {
            let said = take.byte()?;
            let count = take.varint()?;
            let [sum, min, max] = take_said(said, take)?;
            PointValue::Exponential(Box::new(Exponential {
                count,
                sum,
                min,
                max,
                scale: i32::try_from(take.zigzag()?).ok()?,
                zero_count: take.varint()?,
                zero_threshold: take.double()?,
                positive: take_buckets(said & POSITIVE != 0, take)?,
                negative: take_buckets(said & NEGATIVE != 0, take)?,
            }))
        }
        SUMMARY => PointValue::Summary(Box::new(Summary {
            count: take.varint()?,
            sum: take.double()?,
            quantiles: take_pairs(take)?,
        })),
        VALUES | SET => {
            let unit = Unit::from_number(take.byte()?)?;
            let resolution = take.byte()?;
            let measured = match kind {
                VALUES => Measured::Values(take_pairs(take)?),
                _ => Measured::Set {
                    count: take.double()?,
                    sum: take.double()?,
                    min: take.double()?,
                    max: take.double()?,
                },
            };
            PointValue::Statistics(Box::new(Statistics {
                unit,
                resolution,
                measured,
            }))
        }
        _ => return None,
    })
}

fn said(sum: Option<f64>, min: Option<f64>, max: Option<f64>) -> u8 {
    let bit = |number: Option<f64>, bit| if number.is_some() { bit } else { 0 };
    bit(sum, SUM) | bit(min, MIN) | bit(max, MAX)
}

fn put_said(out: &mut Vec<u8>, numbers: [Option<f64>; 3]) {
    numbers.into_iter().flatten().for_each(|number| out.double(number));
}

fn take_said(said: u8, take: &mut Take<'_>) -> Option<[Option<f64>; 3]> {
    let mut numbers = [None; 3];
    for (number, bit) in numbers.iter_mut().zip([SUM, MIN, MAX]) {
        if said & bit != 0 {
            *number = Some(take.double()?);
        }
    }
    Some(numbers)
}

fn put_counts(out: &mut Vec<u8>, counts: &[u64]) {
    out.varint(counts.len() as u64);
    counts.iter().for_each(|&count| out.varint(count));
}

fn take_counts(take: &mut Take<'_>) -> Option<Vec<u64>> {
    let count = take.count(1)?;
    (0..count).map(|_| take.varint()).collect()
}

fn take_buckets(said: bool, take: &mut Take<'_>) -> Option<Option<Buckets>> {
    if !said {
        return Some(None);
    }
    Some(Some(Buckets {
        offset: i32::try_from(take.zigzag()?).ok()?,
        counts: take_counts(take)?,
    }))
}

fn put_pairs(out: &mut Vec<u8>, pairs: &[(f64, f64)]) {
    out.varint(pairs.len() as u64);
    for (one, other) in pairs {
        out.double(*one);
        out.double(*other);
    }
}

fn take_pairs(take: &mut Take<'_>) -> Option<Vec<(f64, f64)>> {
    let count = take.count(16)?;
    (0..count).map(|_| Some((take.double()?, take.double()?))).collect()
}
