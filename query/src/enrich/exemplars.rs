//! Single measurements that name a trace.

use std::collections::BTreeMap;

use beamline_model::enrich::{Clue, Reason, Scene, attach};
use beamline_store::api::Account;
use beamline_store::api::metric::FoundSeries;

use super::{Found, JoinedExemplar, Reached, Until};
use crate::QueryError;
use crate::source::Source;

/// Most measurements.
const MOST: usize = 200;

/// Looks for measurements that name the trace, by time.
///
/// # Errors
/// If the store fails.
pub fn exemplars(
    source: &dyn Source,
    account: Account,
    scene: &Scene,
    until: Until,
) -> Result<Found<JoinedExemplar>, QueryError> {
    let mut kept = source.metrics().exemplars(account, scene.trace, MOST + 1)?;
    kept.sort_by_key(|found| (found.exemplar.time, found.series));
    let mut found = Found::default();
    if kept.len() > MOST {
        kept.truncate(MOST);
        found.reached = Reached::Truncated;
    }
    let mut known: BTreeMap<u32, Option<FoundSeries>> = BTreeMap::new();
    for measured in kept {
        if until.is_over() {
            found.reached = Reached::Late;
            break;
        }
        let series = match known.get(&measured.series) {
            Some(series) => series.clone(),
            None => {
                let descriptor = source.metrics().descriptor(account, measured.series)?;
                let series = descriptor.map(|descriptor| FoundSeries {
                    series: measured.series,
                    descriptor,
                    active: None,
                });
                known.insert(measured.series, series.clone());
                series
            }
        };
        let (Some(series), Some(value)) = (series, measured.exemplar.value.as_double()) else {
            continue;
        };
        let span = measured.exemplar.span();
        let clue = Clue {
            span,
            time: measured.exemplar.time,
            ..Clue::default()
        };
        let (spot, reason) = match attach(scene, &clue) {
            Some((spot, reason)) => (Some(spot), reason),
            None => (None, Reason::exact("trace_id")),
        };
        found.items.push(JoinedExemplar {
            series,
            time: measured.exemplar.time,
            value,
            span,
            spot,
            reason,
        });
    }
    Ok(found)
}
