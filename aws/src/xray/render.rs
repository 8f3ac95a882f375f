//! Beamline's words in X-Ray's shapes. Pure functions: the same digest or graph always renders the same.

pub(crate) mod graph;
pub(crate) mod statistics;
pub(crate) mod summary;

use beamline_model::time::Timestamp;
use beamline_proto::aws::Seconds;

/// A moment as X-Ray writes it.
pub(crate) fn moment(timestamp: Timestamp) -> Seconds {
    Seconds(timestamp.seconds())
}

/// A duration in nanoseconds as X-Ray writes it.
pub(crate) fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// `None` for an empty text, which X-Ray would not send.
pub(crate) fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
