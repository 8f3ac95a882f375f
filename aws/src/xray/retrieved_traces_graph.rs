//! `GetRetrievedTracesGraph`: who calls whom in retrieved traces, and which other traces theirs are linked to.

use std::collections::{BTreeMap, BTreeSet};

use beamline_model::digest::ServiceId;
use beamline_model::id::TraceId;
use beamline_proto::generated::xray::{
    GetRetrievedTracesGraphRequest, GetRetrievedTracesGraphResult, GraphLink, RetrievedService, Service,
};
use beamline_query::graph::graph_of;
use beamline_query::trace::TraceView;

use super::render::graph::services;
use super::trace_retrieval::{each, find, status};
use super::{Call, page};
use crate::fault::Fault;

/// Services on one page.
const PAGE: usize = 1_000;

/// Links of one service.
const LINKS: usize = 100;

/// For each service and each of its traces, the traces that spans of it point at.
type Links = BTreeMap<ServiceId, BTreeMap<TraceId, BTreeSet<TraceId>>>;

pub(super) fn run(
    call: &Call,
    request: GetRetrievedTracesGraphRequest,
) -> Result<GetRetrievedTracesGraphResult, Fault> {
    let (retrieval, _) = find(call, &request.retrieval_token)?;
    let (mut digests, mut links) = (Vec::new(), Links::new());
    if !retrieval.cancelled {
        each(call, &retrieval, 0, |_, view| {
            add_links(&mut links, view);
            digests.push(view.digest.clone());
            true
        })?;
    }
    let graph = graph_of(&digests);
    let ids = graph.graph.node_weights().map(|node| &node.id);
    let services = services(&graph)
        .into_iter()
        .zip(ids)
        .map(|(service, id)| RetrievedService {
            service: Some(service),
            links: Some(links.get(id).map(shown).unwrap_or_default()),
        });
    // A retrieval never changes, so neither do the places that tokens tell.
    let token = request.next_token.as_deref();
    let (services, next_token) = page(services.collect(), PAGE, token, |retrieved: &RetrievedService| {
        let name = |service: &Service| service.name.clone();
        retrieved.service.as_ref().and_then(name).unwrap_or_default()
    })?;
    Ok(GetRetrievedTracesGraphResult {
        retrieval_status: Some(status(&retrieval)),
        services: Some(services),
        next_token,
    })
}

fn add_links(links: &mut Links, view: &TraceView<'_>) {
    let trace = &view.trace;
    for (at, _) in trace.walk() {
        let elsewhere = trace[at].links.iter().filter(|link| link.trace != trace.id());
        for link in elsewhere {
            let service = trace.service(at);
            let service = ServiceId {
                name: service.name.to_owned(),
                kind: service.kind.to_owned(),
                account: service.account.to_owned(),
            };
            let traces = links.entry(service).or_default().entry(trace.id()).or_default();
            traces.insert(link.trace);
        }
    }
}

fn shown(links: &BTreeMap<TraceId, BTreeSet<TraceId>>) -> Vec<GraphLink> {
    let link = |(source, destinations): (&TraceId, &BTreeSet<TraceId>)| GraphLink {
        reference_type: Some("link".to_owned()),
        source_trace_id: Some(source.to_string()),
        destination_trace_ids: Some(destinations.iter().map(TraceId::to_string).collect()),
    };
    links.iter().take(LINKS).map(link).collect()
}
