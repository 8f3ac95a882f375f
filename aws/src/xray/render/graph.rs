//! A service graph as a list of `Service`s with their edges.

use beamline_model::time::TimeRange;
use beamline_proto::generated::xray::{Alias, Edge, Service};
use beamline_query::graph::{GraphEdge, GraphNode, ServiceGraph};

use super::{given, moment, statistics};

/// Every node with the edges that leave it. A node's place in the list is its `ReferenceId`. `range` is what was asked
/// for: nothing is said to have happened outside of it.
pub(crate) fn services(graph: &ServiceGraph) -> Vec<Service> {
    let nodes = graph.graph.node_weights().enumerate();
    let mut services: Vec<Service> = nodes.map(|(place, node)| service(place, node, &graph.range)).collect();
    for call in graph.graph.raw_edges() {
        let (from, to) = (call.source().index(), call.target().index());
        let Some(callee) = graph.graph.node_weight(call.target()) else {
            continue;
        };
        let edge = edge(to, callee, &call.weight, &graph.range);
        if let Some(service) = services.get_mut(from) {
            service.edges.get_or_insert_default().push(edge);
        }
    }
    services
}

fn service(place: usize, node: &GraphNode, within: &TimeRange) -> Service {
    let counted = !node.client;
    Service {
        reference_id: Some(reference(place)),
        name: Some(node.id.name.clone()),
        names: Some(node.names.clone()),
        root: node.root.then_some(true),
        account_id: given(&node.id.account),
        r#type: Some(node.id.kind.clone()),
        state: Some(if node.active { "active" } else { "unknown" }.to_owned()),
        start_time: Some(moment(node.range.start.max(within.start))),
        end_time: Some(moment(node.range.end.min(within.end))),
        edges: Some(Vec::new()),
        summary_statistics: counted.then(|| statistics::service(&node.stats)),
        duration_histogram: counted.then(|| statistics::histogram(&node.stats.durations)),
        response_time_histogram: counted.then(|| statistics::histogram(&node.stats.response_times)),
    }
}

/// A link has ages instead of response times. Both lists are there for either, since readers dereference them.
fn edge(to: usize, callee: &GraphNode, call: &GraphEdge, within: &TimeRange) -> Edge {
    let times = statistics::histogram(&call.stats.response_times);
    let (response_times, ages) = if call.link {
        (Vec::new(), Some(times))
    } else {
        (times, None)
    };
    let alias = |name: &String| Alias {
        name: Some(name.clone()),
        names: Some(vec![name.clone()]),
        r#type: Some(callee.id.kind.clone()),
    };
    Edge {
        reference_id: Some(reference(to)),
        start_time: Some(moment(call.range.start.max(within.start))),
        end_time: Some(moment(call.range.end.min(within.end))),
        summary_statistics: Some(statistics::edge(&call.stats)),
        response_time_histogram: Some(response_times),
        aliases: Some(call.aliases.keys().map(alias).collect()),
        edge_type: call.link.then(|| "link".to_owned()),
        received_event_age_histogram: ages,
    }
}

fn reference(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}
