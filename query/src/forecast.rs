//! How many faults are usual, over time: the band that insights are found by.

use std::collections::BTreeSet;
use std::ops::Range;

use beamline_model::digest::ServiceId;
use beamline_model::insight::Track;
use beamline_model::insight::band::{Band, Baseline, Rare, past, seasons};
use beamline_model::time::Timestamp;

use crate::QueryError;
use crate::insights::counts;
use crate::series::{SeriesRequest, SeriesSet, services_meant};
use crate::source::Source;

/// The bands of the buckets of a series of services, in their order. What too little is known of has a band that
/// allows anything.
///
/// # Errors
/// Those of [`series`](crate::series::series).
pub fn bands(source: &dyn Source, request: &SeriesRequest, set: &SeriesSet) -> Result<Vec<Band>, QueryError> {
    let services = services_meant(source, request)?;
    let minutes = set.range.start.minute()..set.range.end.minute();
    let mut track = Track::default();
    let wanted = std::iter::once(past(&minutes)).chain(seasons(&minutes));
    // The days overlap when the range is longer than one.
    let mut read_from = u32::MAX;
    for part in wanted {
        let part = part.start..part.end.min(read_from);
        read_from = read_from.min(part.start);
        add(source, request, &services, part, &mut track)?;
    }
    let bucket = |start: Timestamp| start.minute()..start.minute().saturating_add(set.minutes);
    let points = set.series.first().map_or(&[][..], |series| &series.points);
    Ok(points.iter().map(|(start, _)| band(&track, bucket(*start))).collect())
}

fn band(track: &Track, minutes: Range<u32>) -> Band {
    let requests = track.sum(minutes.clone()).total;
    match Baseline::of(track, minutes) {
        Some(usual) => usual.band(requests, Rare::Four),
        None => Band::anything(requests),
    }
}

fn add(
    source: &dyn Source,
    request: &SeriesRequest,
    services: &BTreeSet<ServiceId>,
    minutes: Range<u32>,
    track: &mut Track,
) -> Result<(), QueryError> {
    for (at, minute) in counts(source, request.account, &request.selection, minutes)? {
        let meant = minute.services.iter().filter(|(id, _)| services.contains(id));
        meant.for_each(|(_, counts)| track.add(at, *counts));
    }
    Ok(())
}
