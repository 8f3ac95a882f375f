//! `GetServiceGraph` and `GetTraceGraph`: who calls whom.

use beamline_proto::generated::xray::{
    GetServiceGraphRequest, GetServiceGraphResult, GetTraceGraphRequest, GetTraceGraphResult, Service,
};
use beamline_query::graph::{ServiceGraph, graph, trace_graph};

use super::render::{graph::services, moment};
use super::{Call, asked, page};
use crate::fault::Fault;

/// Services on one page.
const PAGE: usize = 1_000;

pub(super) fn of_range(call: &Call, request: GetServiceGraphRequest) -> Result<GetServiceGraphResult, Fault> {
    let range = asked::range(call, request.start_time, request.end_time)?;
    let selection = asked::group(call, request.group_name, request.group_arn)?;
    let graph = graph(&*call.source, call.account, range, &selection)?;
    let (services, next_token) = one_page(&graph, request.next_token.as_deref())?;
    Ok(GetServiceGraphResult {
        start_time: Some(moment(graph.range.start)),
        end_time: Some(moment(graph.range.end)),
        services: Some(services),
        contains_old_group_versions: Some(false),
        next_token,
    })
}

pub(super) fn of_traces(call: &Call, request: GetTraceGraphRequest) -> Result<GetTraceGraphResult, Fault> {
    let traces: Vec<_> = asked::traces(call, request.trace_ids)?
        .into_iter()
        .map(|(trace, _)| trace)
        .collect();
    let (graph, _unknown) = trace_graph(&*call.source, call.account, &traces)?;
    let (services, next_token) = one_page(&graph, request.next_token.as_deref())?;
    Ok(GetTraceGraphResult {
        services: Some(services),
        next_token,
    })
}

/// The reference ids are places in the whole list, so they agree across pages. A graph that got other services in
/// between has other places, and its pages would not fit: `page` refuses the token then.
fn one_page(graph: &ServiceGraph, token: Option<&str>) -> Result<(Vec<Service>, Option<String>), Fault> {
    let identity = |service: &Service| {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        [part(&service.name), part(&service.r#type), part(&service.account_id)].join("\0")
    };
    page(services(graph), PAGE, token, identity)
}
