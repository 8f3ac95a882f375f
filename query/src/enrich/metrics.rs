//! Metrics of a trace's services around its time.

use beamline_model::enrich::measure::Shape;
use beamline_model::enrich::{Interest, Party, Reason, Scene};
use beamline_model::metric::{Distribution, Facts, Kind, Statistic};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::Account;
use beamline_store::api::metric::{FoundSeries, SeriesTerm};

use super::{Found, JoinedMetric, Reached, Until};
use crate::QueryError;
use crate::metrics::{Selection, list};
use crate::source::Source;

/// Most series of one service, and of all together.
const MOST_OF_PARTY: usize = 6;
const MOST: usize = 24;
/// Services beyond these are not asked for, nor series of one.
const MOST_PARTIES: usize = 12;
const MOST_SERIES: usize = 500;

const MINUTE: i64 = 60_000_000_000;
/// How far before and after the trace is looked.
const AROUND: i64 = 30 * MINUTE;

/// A series that may be given.
struct Candidate {
    series: FoundSeries,
    interest: Interest,
    reason: Reason,
    party: usize,
}

/// Looks for series of the trace's services, those first that tell most about requests.
///
/// # Errors
/// If the store fails.
pub fn metrics(
    source: &dyn Source,
    account: Account,
    scene: &Scene,
    until: Until,
) -> Result<Found<JoinedMetric>, QueryError> {
    let mut found = Found::default();
    let Some(range) = scene.range() else { return Ok(found) };
    let window = window(&range);
    let mut candidates = Vec::new();
    for (number, party) in scene.parties.iter().enumerate().take(MOST_PARTIES) {
        if until.is_over() {
            found.reached = Reached::Late;
            return Ok(found);
        }
        let selection = Selection {
            account,
            terms: vec![SeriesTerm::Service(party.service.clone())],
        };
        let page = list(source, &selection, Some(window.clone()), MOST_SERIES, None)?;
        let mut of_party: Vec<Candidate> = page
            .series
            .into_iter()
            .map(|series| candidate(series, party, number))
            .collect();
        of_party.sort_by_cached_key(rank);
        if page.next.is_some() || of_party.len() > MOST_OF_PARTY {
            found.reached = Reached::Truncated;
        }
        of_party.truncate(MOST_OF_PARTY);
        candidates.append(&mut of_party);
    }
    // What tells most of each service comes before what tells less of any.
    candidates.sort_by_cached_key(rank);
    if candidates.len() > MOST {
        found.reached = Reached::Truncated;
    }
    for candidate in candidates.into_iter().take(MOST) {
        if until.is_over() {
            found.reached = Reached::Late;
            break;
        }
        found
            .items
            .extend(measured(source, account, candidate, scene, &window, range.start)?);
    }
    Ok(found)
}

/// Whole minutes around the trace.
fn window(range: &TimeRange) -> TimeRange {
    let start = Timestamp::from_minute(range.start.plus(-AROUND).minute());
    let end = Timestamp::from_minute(range.end.plus(AROUND + MINUTE - 1).minute());
    start..end
}

fn candidate(series: FoundSeries, party: &Party, number: usize) -> Candidate {
    let facts = series.descriptor.facts();
    let interest = Interest::of(&facts.name, shape(facts.kind), &facts.unit);
    let reason = reason(&facts, party);
    Candidate {
        series,
        interest,
        reason,
        party: number,
    }
}

/// The most interesting first; of those the surest, then by service and name.
fn rank(candidate: &Candidate) -> (Interest, u16, usize, String) {
    let doubt = ((1.0 - candidate.reason.confidence) * 1_000.0) as u16;
    let name = candidate.series.descriptor.facts().name.into_owned();
    (candidate.interest, doubt, candidate.party, name)
}

fn reason(facts: &Facts<'_>, party: &Party) -> Reason {
    let service = &party.service;
    match facts.instance() {
        Some(instance) if party.hosts.contains(instance) => {
            Reason::inferred(0.9, format!("service={service} instance={instance}"))
        }
        // The trace tells where it ran, and that is elsewhere.
        Some(instance) if !party.hosts.is_empty() => {
            Reason::nearby(0.5, format!("service={service} other instance={instance}"))
        }
        _ => Reason::inferred(0.8, format!("service={service}")),
    }
}

fn shape(kind: Kind) -> Shape {
    match kind {
        Kind::Gauge => Shape::Value,
        Kind::Sum => Shape::Sum,
        Kind::Histogram | Kind::Exponential | Kind::Summary | Kind::Statistics => Shape::Distribution,
    }
}

fn measured(
    source: &dyn Source,
    account: Account,
    candidate: Candidate,
    scene: &Scene,
    window: &TimeRange,
    start: Timestamp,
) -> Result<Option<JoinedMetric>, QueryError> {
    let period = MINUTE.unsigned_abs();
    let buckets = source
        .metrics()
        .statistics(account, &[candidate.series.series], window, period)?;
    let Ok(statistic) = candidate.interest.statistic.parse::<Statistic>() else {
        return Ok(None);
    };
    let value = |(start, it): &(Timestamp, Distribution)| Some((*start, it.statistic(statistic)?));
    let values: Vec<(Timestamp, f64)> = buckets.iter().filter_map(value).collect();
    let minute = Timestamp::from_minute(start.minute());
    Ok((!values.is_empty()).then(|| JoinedMetric {
        spot: scene.parties.get(candidate.party).map_or(0, |party| party.first),
        series: candidate.series,
        reason: candidate.reason,
        statistic: candidate.interest.statistic,
        range: window.clone(),
        of_trace: values.iter().position(|(start, _)| *start == minute),
        values,
    }))
}
