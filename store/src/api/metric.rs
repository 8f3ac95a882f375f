//! Series and their points, on the way in and out.

use std::ops::Range;

use beamline_model::metric::{Descriptor, Exemplar};
use beamline_model::time::{TimeRange, Timestamp};
use bytes::Bytes;

use super::Account;

/// Data points that are accepted or refused together: what one request brought.
#[derive(Clone, Debug, Default)]
pub struct PointBatch {
    /// Whose they are; the account of every series that is named.
    pub account: Account,
    /// The bytes that the points' ranges point into.
    pub buffer: Bytes,
    /// The points.
    pub points: Vec<BatchPoint>,
}

/// One data point of a [`PointBatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPoint {
    /// Its series, by the number that [`Store::register_series`](crate::Store::register_series) gave out for the
    /// descriptor.
    pub series: u32,
    /// Its time.
    pub time: Timestamp,
    /// When it was received; a [`stamp`](crate::Store::stamp) of its own.
    pub received: Timestamp,
    /// Where its body is in [`PointBatch::buffer`]: the binary form of a [`Point`](beamline_model::metric::Point).
    pub body: Range<u32>,
}

/// Which series somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesQuery {
    /// Whose.
    pub account: Account,
    /// What all of them have; nothing for all series.
    pub terms: Vec<SeriesTerm>,
    /// They have points in an hour that this range touches; `None` for whenever.
    pub range: Option<TimeRange>,
    /// At most so many.
    pub limit: usize,
    /// Only those with a number above this one: where the page before ended.
    pub after: Option<u32>,
}

/// One indexed fact about a series.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeriesTerm {
    /// The metric has this name.
    Name(String),
    /// CloudWatch's namespace is this.
    Namespace(String),
    /// The service that was measured has this name.
    Service(String),
    /// Some label with this key has this value.
    Label(String, String),
    /// There is some label with this key.
    LabelKey(String),
}

/// One page of series, by ascending number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesPage {
    /// The series.
    pub series: Vec<FoundSeries>,
    /// Where to go on; `None` when that was all.
    pub next: Option<u32>,
}

/// A series that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundSeries {
    /// Its number, in its account.
    pub series: u32,
    /// What it is.
    pub descriptor: Descriptor,
    /// Between which times it has points, rounded outwards to hours; `None` while it has none.
    pub active: Option<TimeRange>,
}

/// A measurement that was made in a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceExemplar {
    /// The series it stands in.
    pub series: u32,
    /// The time of the point it stands in.
    pub time: Timestamp,
    /// The measurement.
    pub exemplar: Exemplar,
}
