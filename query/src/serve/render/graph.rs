//! Graphs and series.

use beamline_model::digest::ServiceId;
use beamline_model::stats::{Histogram, Stats};
use beamline_proto::query as pb;
use petgraph::visit::EdgeRef;

use super::{count, duration, length, minutes, range, service_id, time};
use crate::graph::{ServiceGraph, client_of};
use crate::series::{Entity, Series, SeriesSet};
use crate::serve::request::bucket_bytes;

pub(in super::super) fn graph(graph: &ServiceGraph) -> pb::ServiceGraph {
    let index = |node: petgraph::graph::NodeIndex| u32::try_from(node.index()).unwrap_or(u32::MAX);
    let nodes = graph.graph.node_indices().map(|at| {
        let node = &graph.graph[at];
        pb::GraphNode {
            reference_id: index(at),
            id: Some(service_id(&node.id)),
            names: node.names.clone(),
            root: node.root,
            active: node.active,
            statistics: (!node.client).then(|| statistics(&node.stats)),
            start: Some(time(node.range.start)),
            end: Some(time(node.range.end)),
        }
    });
    let edges = graph.graph.edge_references().map(|edge| pb::GraphEdge {
        from: index(edge.source()),
        to: index(edge.target()),
        link: edge.weight().link,
        statistics: Some(statistics(&edge.weight().stats)),
        aliases: edge.weight().aliases.iter().map(alias).collect(),
        start: Some(time(edge.weight().range.start)),
        end: Some(time(edge.weight().range.end)),
    });
    pb::ServiceGraph {
        start: Some(time(graph.range.start)),
        end: Some(time(graph.range.end)),
        nodes: nodes.collect(),
        edges: edges.collect(),
        truncated: graph.truncated,
    }
}

fn alias((name, uses): (&String, &i64)) -> pb::Alias {
    pb::Alias {
        name: name.clone(),
        count: count(*uses),
    }
}

pub(in super::super) fn statistics(stats: &Stats) -> pb::Statistics {
    let quantile = |q| stats.response_times.quantile(q).map(length);
    let percentiles = pb::Percentiles {
        p50: quantile(0.5),
        p90: quantile(0.9),
        p95: quantile(0.95),
        p99: quantile(0.99),
    };
    pb::Statistics {
        total: count(stats.total()),
        ok: count(stats.ok),
        error: count(stats.error),
        throttle: count(stats.throttle),
        fault: count(stats.fault),
        total_time: Some(duration(stats.total_time)),
        response_times: histogram(&stats.response_times),
        durations: histogram(&stats.durations),
        adjusted_total: stats.weighted_milli as f64 / 1000.0,
        percentiles: (stats.total() > 0).then_some(percentiles),
    }
}

fn histogram(histogram: &Histogram) -> Vec<pb::HistogramEntry> {
    let entry = |(&bucket, &times): (&u16, &i64)| pb::HistogramEntry {
        value: Some(length(Histogram::value(bucket))),
        count: count(times),
    };
    histogram.buckets.iter().map(entry).collect()
}

pub(in super::super) fn series_set(set: &SeriesSet) -> pb::GetTimeSeriesResponse {
    pb::GetTimeSeriesResponse {
        range: Some(range(&set.range)),
        period: Some(minutes(set.minutes)),
        series: set.series.iter().map(series).collect(),
        truncated: set.truncated,
        cursor: set.next.map(bucket_bytes).unwrap_or_default(),
    }
}

fn series(series: &Series) -> pb::Series {
    let id = |id: &ServiceId| Some(service_id(id));
    let entity = match &series.entity {
        Entity::Sum => None,
        Entity::Service(service) => Some(pb::series::Entity::Service(service_id(service))),
        Entity::Edge(edge) => Some(pb::series::Entity::Edge(pb::SeriesEdge {
            from: match &edge.from {
                Some(from) => id(from),
                None => id(&client_of(&edge.to)),
            },
            to: id(&edge.to),
            link: edge.link,
        })),
    };
    let points = series.points.iter().map(|(start, stats)| pb::Point {
        start: Some(time(*start)),
        statistics: Some(statistics(stats)),
    });
    pb::Series {
        entity,
        points: points.collect(),
    }
}
