//! What sampling clients report and are granted: `GetSamplingTargets` and `GetSamplingStatisticSummaries`.

use beamline_collector::sample::{BoostStatistics, Grant, Statistics, Summary, Unreported};
use beamline_model::sampling::quota::ClientId;
use beamline_model::time::Timestamp;
use beamline_proto::aws::Seconds;
use beamline_proto::generated::xray::{
    GetSamplingStatisticSummariesRequest, GetSamplingStatisticSummariesResult, GetSamplingTargetsRequest,
    GetSamplingTargetsResult, SamplingBoost, SamplingBoostStatisticsDocument, SamplingStatisticSummary,
    SamplingStatisticsDocument, SamplingTargetDocument, UnprocessedStatistics,
};

use super::render::moment;
use super::token::Named;
use super::{Call, named_page};
use crate::fault::Fault;

/// Statistics on one page.
const PAGE: usize = 500;

/// Reports in one request. AWS says 25, but SDKs send one for each of 25 rules and for Default.
const REPORTS: usize = 2_000;

pub(super) fn report(call: &Call, request: GetSamplingTargetsRequest) -> Result<GetSamplingTargetsResult, Fault> {
    let statistics = request.sampling_statistics_documents;
    let boosts = request.sampling_boost_statistics_documents.unwrap_or_default();
    if statistics.len() > REPORTS || boosts.len() > REPORTS {
        return Err(Fault::invalid(format!(
            "at most {REPORTS} statistics documents are possible"
        )));
    }
    let statistics: Vec<Statistics> = statistics.into_iter().map(of_client).collect();
    let boosts: Vec<BoostStatistics> = boosts.into_iter().map(of_service).collect();
    let granted = call
        .collector
        .targets
        .report(call.account, &statistics, &boosts, call.store.stamp())?;
    let unprocessed = |reports: &[Unreported]| Some(reports.iter().map(unprocessed).collect());
    Ok(GetSamplingTargetsResult {
        sampling_target_documents: Some(granted.grants.iter().map(target).collect()),
        last_rule_modification: Some(moment(granted.last_change)),
        unprocessed_statistics: unprocessed(&granted.unreported),
        unprocessed_boost_statistics: unprocessed(&granted.unreported_boosts),
    })
}

pub(super) fn summaries(
    call: &Call,
    request: GetSamplingStatisticSummariesRequest,
) -> Result<GetSamplingStatisticSummariesResult, Fault> {
    let summaries = call.collector.targets.summaries(call.account, call.store.stamp());
    // The newest come first, so the place counts backwards.
    let place = |summary: &Summary| format!("{:016x} {}", i64::MAX - summary.window.start.0.max(0), summary.rule);
    let token = request.next_token.as_deref();
    let (summaries, next_token) = named_page(summaries, PAGE, Named::SamplingStatistics, token, place)?;
    let shown = |summary: &Summary| SamplingStatisticSummary {
        rule_name: Some(summary.rule.clone()),
        timestamp: Some(moment(summary.window.start)),
        request_count: Some(count(summary.window.requests)),
        borrow_count: Some(count(summary.window.borrowed)),
        sampled_count: Some(count(summary.window.sampled)),
    };
    Ok(GetSamplingStatisticSummariesResult {
        sampling_statistic_summaries: Some(summaries.iter().map(shown).collect()),
        next_token,
    })
}

fn of_client(document: SamplingStatisticsDocument) -> Statistics {
    let mut client = ClientId([0; 24]);
    for (place, byte) in client.0.iter_mut().zip(document.client_id.bytes()) {
        *place = byte;
    }
    Statistics {
        rule: document.rule_name,
        client,
        at: at(document.timestamp),
        requests: counted(document.request_count),
        sampled: counted(document.sampled_count),
        borrowed: counted(document.borrow_count.unwrap_or_default()),
    }
}

fn of_service(document: SamplingBoostStatisticsDocument) -> BoostStatistics {
    BoostStatistics {
        rule: document.rule_name,
        service: document.service_name,
        at: at(document.timestamp),
        anomalies: counted(document.anomaly_count),
        total: counted(document.total_count),
        sampled: counted(document.sampled_anomaly_count),
    }
}

fn at(Seconds(seconds): Seconds) -> Timestamp {
    Timestamp::from_wire_seconds(seconds).unwrap_or_default()
}

/// Counts are checked to be at least 0 before they get here.
fn counted(count: i32) -> u32 {
    u32::try_from(count).unwrap_or_default()
}

fn count(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn target(grant: &Grant) -> SamplingTargetDocument {
    SamplingTargetDocument {
        rule_name: Some(grant.rule.clone()),
        fixed_rate: Some(grant.fixed_rate),
        reservoir_quota: Some(i32::try_from(grant.quota).unwrap_or(i32::MAX)),
        reservoir_quota_ttl: Some(moment(grant.until)),
        interval: Some(i32::try_from(grant.interval).unwrap_or(i32::MAX)),
        sampling_boost: grant.boost.map(|boost| SamplingBoost {
            boost_rate: boost.rate,
            boost_rate_ttl: moment(boost.until),
        }),
    }
}

fn unprocessed(report: &Unreported) -> UnprocessedStatistics {
    UnprocessedStatistics {
        rule_name: Some(report.rule.clone()),
        error_code: Some(report.code.to_owned()),
        message: Some(report.message.clone()),
    }
}
