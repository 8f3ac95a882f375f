//! One point of a series, without loss.

use smallvec::SmallVec;

use super::unit::Unit;
use crate::id::{SpanId, TraceId};
use crate::time::Timestamp;

mod binary;

/// What is measured of a series at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// When.
    pub time: Timestamp,
    /// Since when sums and counts are counted; [`Timestamp::ZERO`] if the sender left it out.
    pub start: Timestamp,
    /// OTLP's flags; bit 0 says that nothing was recorded.
    pub flags: u32,
    /// What was measured.
    pub value: PointValue,
    /// Single measurements that stand for the rest.
    pub exemplars: Vec<Exemplar>,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PointValue {
    /// No value at all.
    #[default]
    Nothing,
    /// A whole number.
    Int(i64),
    /// A double.
    Double(f64),
    /// Counts between explicit bounds.
    Histogram(Box<Histogram>),
    /// Counts between powers of a base.
    Exponential(Box<Exponential>),
    /// Quantiles that the sender computed.
    Summary(Box<Summary>),
    /// What CloudWatch's `PutMetricData` brings.
    Statistics(Box<Statistics>),
}

/// Counts between explicit bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// How many measurements.
    pub count: u64,
    /// Their sum.
    pub sum: Option<f64>,
    /// The least of them.
    pub min: Option<f64>,
    /// The greatest of them.
    pub max: Option<f64>,
    /// Upper bounds, each included, of all buckets but the last, which has none.
    pub bounds: Vec<f64>,
    /// Count by bucket: one more than there are bounds, or none at all.
    pub counts: Vec<u64>,
}

/// Counts between powers of `2^(2^-scale)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exponential {
    /// How many measurements.
    pub count: u64,
    /// Their sum.
    pub sum: Option<f64>,
    /// The least of them.
    pub min: Option<f64>,
    /// The greatest of them.
    pub max: Option<f64>,
    /// How fine the buckets are.
    pub scale: i32,
    /// How many measurements are as good as zero.
    pub zero_count: u64,
    /// How far from zero they may be.
    pub zero_threshold: f64,
    /// Those above zero.
    pub positive: Option<Buckets>,
    /// Those below zero, by magnitude.
    pub negative: Option<Buckets>,
}

/// Neighbouring buckets of an exponential histogram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buckets {
    /// Index of the first: it holds magnitudes above `base^offset` up to `base^(offset + 1)`.
    pub offset: i32,
    /// Count by bucket.
    pub counts: Vec<u64>,
}

/// Quantiles that the sender computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many measurements.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantile, from 0 to 1, and the value there.
    pub quantiles: Vec<(f64, f64)>,
}

/// One datum of CloudWatch. Data of one time do not replace each other, they add up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// In which unit it was measured.
    pub unit: Unit,
    /// 1 or 60: in seconds, how finely the datum wants to be kept.
    pub resolution: u8,
    /// The numbers.
    pub measured: Measured,
}

/// The numbers of a CloudWatch datum.
#[derive(Clone, Debug, PartialEq)]
pub enum Measured {
    /// Values, and how often each was measured. A single value is one of these, measured once.
    Values(Vec<(f64, f64)>),
    /// A statistic set.
    Set {
        /// How many measurements.
        count: f64,
        /// Their sum.
        sum: f64,
        /// The least of them.
        min: f64,
        /// The greatest of them.
        max: f64,
    },
}

impl Default for Measured {
    fn default() -> Self {
        Self::Values(Vec::new())
    }
}

/// An id as it came: 16 or 8 bytes if it is one.
pub type IdBytes = SmallVec<[u8; 16]>;

/// A single measurement, and what it belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exemplar {
    /// When.
    pub time: Timestamp,
    /// What was measured.
    pub value: Number,
    /// The trace in which it was measured, as it came.
    pub trace_id: IdBytes,
    /// The span in which it was measured, as it came.
    pub span_id: IdBytes,
    /// Attributes that are not among those of the series: protobuf `KeyValue`s, each with its length in front.
    pub attributes: Vec<u8>,
}

/// A number as OTLP has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Number {
    /// None.
    #[default]
    Nothing,
    /// A whole number.
    Int(i64),
    /// A double.
    Double(f64),
}

impl Exemplar {
    /// The trace, if the exemplar names one.
    #[must_use]
    pub fn trace(&self) -> Option<TraceId> {
        TraceId::from_bytes(&self.trace_id)
    }

    /// The span, if the exemplar names one.
    #[must_use]
    pub fn span(&self) -> Option<SpanId> {
        SpanId::from_bytes(&self.span_id)
    }
}

impl Number {
    /// The number, if there is one.
    #[must_use]
    pub fn as_double(self) -> Option<f64> {
        match self {
            Self::Nothing => None,
            Self::Int(int) => Some(int as f64),
            Self::Double(double) => Some(double),
        }
    }
}

/// OTLP's flag for a point that says that nothing was recorded.
const NOTHING_RECORDED: u32 = 1;

impl Point {
    /// Whether the point says that there is no value, for instance because what was measured has gone.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.flags & NOTHING_RECORDED != 0 || self.value == PointValue::Nothing
    }

    /// Tells points of a series at one time apart: points with equal time and identity are the same one, sent again.
    /// Those of CloudWatch are all different, so that the moment of reception tells them.
    #[must_use]
    pub fn identity(&self, received: Timestamp) -> Timestamp {
        match self.value {
            PointValue::Statistics(_) => received,
            _ => self.start,
        }
    }
}
