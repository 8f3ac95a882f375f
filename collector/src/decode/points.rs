//! Data points.

use std::ops::Range;

use beamline_model::metric::walk::{self, PointRejection, RejectedPoints, Walked};
use beamline_model::otlp::BadWire;
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::{Decode, Judge, place};

/// Bytes of new descriptors that a request may have: each repeats what its resource says.
const MOST_NEW: usize = 16 << 20;

/// The data points of one request.
#[derive(Debug, Default)]
pub(crate) struct Points {
    /// The points as they are kept, one after the other.
    pub(crate) buffer: Vec<u8>,
    pub(crate) points: Vec<DraftedPoint>,
    /// The descriptors of series whose numbers could not be told at once, each once, in order.
    pub(crate) new: Vec<Box<[u8]>>,
}

#[derive(Debug)]
pub(crate) struct DraftedPoint {
    pub(crate) series: Series,
    pub(crate) time: Timestamp,
    pub(crate) received: Timestamp,
    /// Where it is in the buffer.
    pub(crate) body: Range<u32>,
}

/// Which series a point belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Series {
    /// The one with this number.
    Known(u32),
    /// The one at this place among the new ones.
    New(usize),
}

const TOO_MANY_NEW: RejectedPoints = RejectedPoints {
    reason: PointRejection::TooMany,
    detail: "too many new series in one request",
    points: 1,
};

impl Decode for Points {
    fn request(&mut self, request: &[u8], judge: &mut impl Judge) -> Result<(), BadWire> {
        let mut places: FxHashMap<Box<[u8]>, usize> = FxHashMap::default();
        let mut left = MOST_NEW;
        let walked = walk::request(request, &mut |item| match item {
            Walked::Rejected(rejected) => judge.refuse_points(rejected),
            Walked::Point { descriptor, point } => {
                let series = match judge.series(descriptor) {
                    Some(number) => Series::Known(number),
                    None => match places.get(descriptor) {
                        Some(&place) => Series::New(place),
                        None if descriptor.len() > left => return judge.refuse_points(TOO_MANY_NEW),
                        None => {
                            left -= descriptor.len();
                            places.insert(descriptor.into(), places.len());
                            Series::New(places.len() - 1)
                        }
                    },
                };
                let from = self.buffer.len();
                point.encode(&mut self.buffer);
                self.points.push(DraftedPoint {
                    series,
                    time: point.time,
                    received: judge.stamp(),
                    body: place(from..self.buffer.len()),
                });
            }
        });
        if walked.is_err() {
            self.buffer.clear();
            self.points.clear();
            return walked;
        }
        let mut new: Vec<(Box<[u8]>, usize)> = places.into_iter().collect();
        new.sort_unstable_by_key(|(_, place)| *place);
        self.new = new.into_iter().map(|(descriptor, _)| descriptor).collect();
        Ok(())
    }
}
