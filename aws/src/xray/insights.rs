//! Insights: what was unusual, how it came about, whom it reached.

use beamline_model::digest::ServiceId as Service;
use beamline_model::group::DEFAULT_GROUP;
use beamline_model::insight::{BadInsightId, Counts, Event, Insight, InsightId, State};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_proto::aws::Seconds;
use beamline_proto::generated::xray::{
    AnomalousService, GetInsightEventsRequest, GetInsightEventsResult, GetInsightImpactGraphRequest,
    GetInsightImpactGraphResult, GetInsightRequest, GetInsightResult, GetInsightSummariesRequest,
    GetInsightSummariesResult, Insight as Shown, InsightCategory, InsightEvent, InsightImpactGraphEdge,
    InsightImpactGraphService, InsightState, InsightSummary, RequestImpactStatistics, ServiceId,
};
use beamline_query::graph::ServiceGraph;
use beamline_query::insights::{ListRequest, Place, find, impact, list};

use super::render::{given, moment};
use super::{Call, fingerprint, page, token};
use crate::fault::Fault;

/// Insights on one page, unless the caller wants fewer.
const SUMMARIES: usize = 100;
/// Events on one page, unless the caller wants fewer.
const EVENTS: usize = 50;
/// Services of an impact graph on one page.
const SERVICES: usize = 1_000;

const DAY: i64 = 86_400_000_000_000;
/// AWS knows insights of the last 30 days.
const KNOWN_FOR: i64 = 30 * DAY;
const SIX_HOURS: u64 = 6 * 3_600 * 1_000_000_000;

pub(super) fn get(call: &Call, request: GetInsightRequest) -> Result<GetInsightResult, Fault> {
    let insight = named(call, &request.insight_id)?;
    let all = summary(call, &insight);
    let shown = Shown {
        insight_id: all.insight_id,
        group_arn: all.group_arn,
        group_name: all.group_name,
        root_cause_service_id: all.root_cause_service_id,
        categories: all.categories,
        state: all.state,
        start_time: all.start_time,
        end_time: all.end_time,
        summary: all.summary,
        client_request_impact_statistics: all.client_request_impact_statistics,
        root_cause_service_request_impact_statistics: all.root_cause_service_request_impact_statistics,
        top_anomalous_services: all.top_anomalous_services,
    };
    Ok(GetInsightResult { insight: Some(shown) })
}

pub(super) fn summaries(call: &Call, request: GetInsightSummariesRequest) -> Result<GetInsightSummariesResult, Fault> {
    let range = known_range(call, request.start_time, request.end_time)?;
    let group = match (request.group_name, request.group_arn) {
        (Some(name), None) | (None, Some(name)) => name,
        _ => return Err(Fault::invalid("give either GroupName or GroupARN")),
    };
    let states = request.states.unwrap_or_default();
    let found = list(
        &*call.source,
        &ListRequest {
            account: call.account,
            group: Some(group),
            state: states.first().map(|state| match state {
                InsightState::Active => State::Active,
                InsightState::Closed => State::Closed,
            }),
            range,
            limit: size(request.max_results, SUMMARIES),
            after: request.next_token.as_deref().map(token::to_insight).transpose()?,
        },
    )?;
    Ok(GetInsightSummariesResult {
        insight_summaries: Some(found.insights.iter().map(|insight| summary(call, insight)).collect()),
        next_token: found.next.map(|Place { start, id }| token::of_insight(start, id)),
    })
}

pub(super) fn events(call: &Call, request: GetInsightEventsRequest) -> Result<GetInsightEventsResult, Fault> {
    let insight = named(call, &request.insight_id)?;
    // Latest last, and none ever goes: pages stay what they are while more come.
    let list = fingerprint(std::iter::once(insight.id()));
    let given = match request.next_token.as_deref().map(token::to_rows).transpose()? {
        None => 0,
        Some((given, same)) if same == list => given,
        Some(_) => return Err(Fault::invalid("NextToken is not one that was given for this insight")),
    };
    let end = given.saturating_add(size(request.max_results, EVENTS));
    let shown = insight.events.iter().take(end).skip(given).map(event);
    Ok(GetInsightEventsResult {
        insight_events: Some(shown.collect()),
        next_token: (end < insight.events.len()).then(|| token::of_rows(end, list)),
    })
}

pub(super) fn impact_graph(
    call: &Call,
    request: GetInsightImpactGraphRequest,
) -> Result<GetInsightImpactGraphResult, Fault> {
    let insight = named(call, &request.insight_id)?;
    let range = known_range(call, request.start_time, request.end_time)?;
    if range.end.since(range.start) > SIX_HOURS {
        return Err(Fault::invalid("the time range must not be longer than 6 hours"));
    }
    let graph = impact(&*call.source, call.account, &insight, range)?;
    let identity = |service: &InsightImpactGraphService| {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        [part(&service.name), part(&service.r#type), part(&service.account_id)].join("\0")
    };
    let (services, next_token) = page(services(&graph), SERVICES, request.next_token.as_deref(), identity)?;
    Ok(GetInsightImpactGraphResult {
        insight_id: Some(insight.id().to_owned()),
        start_time: Some(request.start_time),
        end_time: Some(request.end_time),
        service_graph_start_time: Some(moment(graph.range.start)),
        service_graph_end_time: Some(moment(graph.range.end)),
        services: Some(services),
        next_token,
    })
}

fn named(call: &Call, id: &str) -> Result<Insight, Fault> {
    let id: InsightId = id.parse().map_err(|bad: BadInsightId| Fault::invalid(bad))?;
    Ok(find(&*call.source, call.account, id)?)
}

/// `[StartTime, EndTime)`, of which the begin is no longer ago than insights are known.
fn known_range(call: &Call, start: Seconds, end: Seconds) -> Result<TimeRange, Fault> {
    let of = |Seconds(seconds)| Timestamp::from_wire_seconds(seconds).unwrap_or_default();
    let (start, end) = (of(start), of(end));
    if start >= end {
        return Err(Fault::invalid("StartTime must be before EndTime"));
    }
    if start < call.store.stamp().plus(-KNOWN_FOR) {
        return Err(Fault::invalid("StartTime must not be more than 30 days ago"));
    }
    Ok(start..end)
}

fn size(wanted: Option<i32>, most: usize) -> usize {
    wanted
        .and_then(|wanted| usize::try_from(wanted).ok())
        .map_or(most, |wanted| wanted.min(most))
}

fn summary(call: &Call, insight: &Insight) -> InsightSummary {
    InsightSummary {
        insight_id: Some(insight.id().to_owned()),
        group_arn: Some(group_arn(call, insight)),
        group_name: Some(insight.group.clone()),
        root_cause_service_id: Some(service_id(&insight.root)),
        categories: Some(vec![InsightCategory::Fault]),
        state: Some(state(insight.state)),
        start_time: Some(moment(insight.start())),
        end_time: insight.ended().map(moment),
        summary: Some(insight.summary()),
        client_request_impact_statistics: Some(statistics(insight.clients)),
        root_cause_service_request_impact_statistics: Some(statistics(insight.at_root)),
        top_anomalous_services: Some(insight.top_services().map(anomalous).collect()),
        last_update_time: Some(moment(insight.updated())),
    }
}

fn event(event: &Event) -> InsightEvent {
    InsightEvent {
        summary: Some(event.summary.clone()),
        event_time: Some(moment(event.at())),
        client_request_impact_statistics: Some(statistics(event.clients)),
        root_cause_service_request_impact_statistics: Some(statistics(event.at_root)),
        top_anomalous_services: Some(event.top_services().map(anomalous).collect()),
    }
}

/// The group's ARN as it was when the insight was found: the group may be gone.
fn group_arn(call: &Call, insight: &Insight) -> String {
    match insight.group_unique.as_str() {
        "" => call.arn(&format!("group/{DEFAULT_GROUP}")),
        unique => call.arn(&format!("group/{}/{unique}", insight.group)),
    }
}

fn state(state: State) -> InsightState {
    match state {
        State::Active => InsightState::Active,
        State::Closed => InsightState::Closed,
    }
}

fn statistics(counts: Counts) -> RequestImpactStatistics {
    RequestImpactStatistics {
        fault_count: Some(counts.fault),
        ok_count: Some(counts.ok),
        total_count: Some(counts.total),
    }
}

fn anomalous(service: &Service) -> AnomalousService {
    AnomalousService {
        service_id: Some(service_id(service)),
    }
}

fn service_id(service: &Service) -> ServiceId {
    ServiceId {
        name: Some(service.name.clone()),
        names: Some(vec![service.name.clone()]),
        account_id: given(&service.account),
        r#type: Some(service.kind.clone()),
    }
}

/// Every service with the services it calls. A service's place in the list is its `ReferenceId`.
fn services(graph: &ServiceGraph) -> Vec<InsightImpactGraphService> {
    let reference = |place: usize| Some(i32::try_from(place).unwrap_or(i32::MAX));
    let nodes = graph.graph.node_weights().enumerate();
    let service = |(place, node): (usize, &beamline_query::graph::GraphNode)| InsightImpactGraphService {
        reference_id: reference(place),
        r#type: Some(node.id.kind.clone()),
        name: Some(node.id.name.clone()),
        names: Some(node.names.clone()),
        account_id: given(&node.id.account),
        edges: Some(Vec::new()),
    };
    let mut services: Vec<InsightImpactGraphService> = nodes.map(service).collect();
    for call in graph.graph.raw_edges() {
        if let Some(caller) = services.get_mut(call.source().index()) {
            let edges = caller.edges.get_or_insert_default();
            edges.push(InsightImpactGraphEdge {
                reference_id: reference(call.target().index()),
            });
        }
    }
    services
}
