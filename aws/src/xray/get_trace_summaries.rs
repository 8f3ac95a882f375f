//! `GetTraceSummaries`: which traces are there, newest first.

use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::sampling::decide::is_within_rate;
use beamline_proto::generated::xray::{
    GetTraceSummariesRequest, GetTraceSummariesResult, SamplingStrategy, SamplingStrategyName, TimeRangeType,
};
use beamline_query::filter::Selection;
use beamline_query::search::{DEFAULT_BUDGET, SearchRequest, search};
use beamline_store::api::TimeBasis;

use super::render::{moment, summary::summary};
use super::{Call, asked, token};
use crate::fault::Fault;

/// Summaries on one page.
const PAGE: usize = 100;

/// How many traces a partial scan looks at for one page.
const PARTIAL_SCAN: usize = 20_000;

/// Which of the matching traces are given.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Share {
    All,
    /// Those that are found while looking at so many.
    Scan(usize),
    /// Those that a rate keeps; the same ones on every page and in every request.
    Rate(f64),
}

pub(super) fn run(call: &Call, request: GetTraceSummariesRequest) -> Result<GetTraceSummariesResult, Fault> {
    let range = asked::range(call, request.start_time, request.end_time)?;
    if call.limits.strict && request.filter_expression.as_deref() == Some("") {
        return Err(Fault::invalid("FilterExpression must not be empty"));
    }
    let share = share(request.sampling.unwrap_or_default(), request.sampling_strategy)?;
    let basis = match request.time_range_type {
        None | Some(TimeRangeType::TraceId) => TimeBasis::Start,
        Some(TimeRangeType::Event) => TimeBasis::Update,
        Some(TimeRangeType::Service) => TimeBasis::SegmentEnd,
    };
    let mut search_request = SearchRequest {
        basis,
        selection: Selection::parse(request.filter_expression.as_deref().unwrap_or_default(), "")?,
        limit: PAGE,
        budget: match share {
            Share::Scan(budget) => budget,
            Share::All | Share::Rate(_) => DEFAULT_BUDGET,
        },
        cursor: request.next_token.as_deref().map(token::to_traces).transpose()?,
        ..SearchRequest::new(call.account, range.clone())
    };
    // A rate leaves rows out of the pages that the search gives, so more of them may be needed for one of ours.
    let (mut digests, mut scanned): (Vec<Arc<Digest>>, u64) = (Vec::new(), 0);
    loop {
        search_request.limit = PAGE - digests.len();
        let page = search(&*call.source, &search_request)?;
        scanned += page.scanned;
        digests.extend(page.digests.into_iter().filter(|digest| share.has(digest)));
        search_request.cursor = page.cursor;
        let budget = search_request.budget as u64;
        if page.cursor.is_none() || digests.len() >= PAGE || scanned >= budget || !matches!(share, Share::Rate(_)) {
            break;
        }
    }
    let matched = |digest: &Digest| (basis == TimeBasis::Update).then_some(digest.updated);
    let reached = search_request.cursor.map_or(range.start, |cursor| cursor.start);
    Ok(GetTraceSummariesResult {
        trace_summaries: Some(digests.iter().map(|digest| summary(digest, matched(digest))).collect()),
        approximate_time: Some(moment(reached)),
        traces_processed_count: Some(i64::try_from(scanned).unwrap_or(i64::MAX)),
        next_token: search_request.cursor.as_ref().map(token::of_traces),
    })
}

fn share(sampling: bool, strategy: Option<SamplingStrategy>) -> Result<Share, Fault> {
    if !sampling {
        return Ok(Share::All);
    }
    let strategy = strategy.unwrap_or_default();
    match (strategy.name, strategy.value) {
        (Some(SamplingStrategyName::FixedRate), Some(rate)) if (0.0..=1.0).contains(&rate) => Ok(Share::Rate(rate)),
        (Some(SamplingStrategyName::FixedRate), _) => Err(Fault::invalid(
            "the Value of a FixedRate strategy must be between 0 and 1",
        )),
        (Some(SamplingStrategyName::PartialScan) | None, _) => Ok(Share::Scan(PARTIAL_SCAN)),
    }
}

impl Share {
    fn has(self, digest: &Digest) -> bool {
        match self {
            Self::All | Self::Scan(_) => true,
            Self::Rate(rate) => is_within_rate(digest.trace, rate),
        }
    }
}
