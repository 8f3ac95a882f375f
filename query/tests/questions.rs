//! The answers of the functions.

use beamline_model::lang::trace_filter::EntitySelector;
use beamline_model::lang::trace_filter::ast::CauseKind;
use beamline_query::QueryError;
use beamline_query::filter::Selection;
use beamline_query::graph::{ServiceGraph, graph, trace_graph};
use beamline_query::paths::{PathsRequest, RankedPaths, paths};
use beamline_query::search::{SearchRequest, search};
use beamline_query::series::{Entity, SeriesRequest, SeriesSet, series};
use beamline_query::source::Source;
use beamline_query::trace::{TraceView, stored};
use beamline_store::api::{Order, TimeBasis};
use petgraph::visit::EdgeRef;
use proptest::prelude::*;

use crate::support::{ACCOUNT, List, START, names, now, range, sample};

fn selection(filter: &str) -> Selection {
    Selection::parse(filter, "").unwrap()
}

fn request(filter: &str) -> SearchRequest {
    SearchRequest {
        selection: selection(filter),
        ..SearchRequest::new(ACCOUNT, range())
    }
}

#[test]
fn a_search_gives_what_matches_in_the_order_asked_for() {
    let list = List::conformance();
    let check = |request: SearchRequest, expected: &str| {
        assert_eq!(
            names(&search(&list, &request).unwrap().digests),
            expected,
            "{request:?}"
        );
    };
    check(request(""), "T7 T6 T5 T4 T3 T2 T1");
    check(request("service(\"payments\") { fault }"), "T3 T2");
    let ordered = |order| SearchRequest { order, ..request("") };
    check(ordered(Order::Slowest), "T3 T2 T7 T1 T5 T4 T6");
    check(ordered(Order::MostErrors), "T2 T5 T4 T3 T7 T6 T1");
    let limited = SearchRequest {
        limit: 2,
        ..request("ok")
    };
    check(limited, "T7 T6");
    let ended = SearchRequest {
        basis: TimeBasis::SegmentEnd,
        ..request("partial")
    };
    check(ended, "");
    let later = SearchRequest {
        range: range().end..now(),
        ..request("")
    };
    check(later.clone(), "");
    // A bare id is not asked when it was.
    let id = list.digests()[2].trace;
    check(
        SearchRequest {
            selection: selection(&id.to_w3c()),
            ..later
        },
        "T3",
    );
    check(request(&format!("1-{:08x}-{:024x}", 1, 1)), "");
}

proptest! {
    #[test]
    fn pages_of_any_size_give_every_match_once(limit in 1usize..9, budget in 1usize..9, by_time: bool) {
        let list = List::conformance();
        let order = if by_time { Order::Newest } else { Order::Slowest };
        let mut page_request = SearchRequest { order, limit, budget, ..request("!partial") };
        let mut found = Vec::new();
        loop {
            let page = search(&list, &page_request).unwrap();
            found.extend(page.digests);
            match page.cursor {
                Some(cursor) => page_request.cursor = Some(cursor),
                None => break,
            }
        }
        let all = search(&list, &SearchRequest { order, ..request("!partial") }).unwrap();
        prop_assert_eq!(names(&found), names(&all.digests));
    }
}

/// A graph in words: services with their counts, then calls with theirs.
fn words(graph: &ServiceGraph) -> String {
    let stats = |it: &beamline_model::stats::Stats| {
        format!(
            "{} ok {} error {} throttle {} fault",
            it.ok, it.error, it.throttle, it.fault
        )
    };
    let nodes = graph.graph.node_indices().map(|at| {
        let node = &graph.graph[at];
        let marks = [(node.root, " root"), (node.active, " active"), (node.client, " client")];
        let marks: String = marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect();
        let names = node.names.join("/");
        format!(
            "{} {names} ({}){marks}: {}",
            at.index(),
            node.id.kind,
            stats(&node.stats)
        )
    });
    let edges = graph.graph.edge_references().map(|edge| {
        let (from, to) = (edge.source().index(), edge.target().index());
        format!("{from} -> {to}: {}", stats(&edge.weight().stats))
    });
    nodes.chain(edges).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_graph_counts_requests_where_they_were_answered_and_calls_where_they_were_made() {
    let all = graph(&List::conformance(), ACCOUNT, range(), &Selection::default()).unwrap();
    assert_eq!(
        words(&all),
        "\
0 fn-a (AWS::Lambda) root active: 1 ok 0 error 0 throttle 0 fault
1 fn-a (AWS::Lambda::Function) active: 1 ok 0 error 0 throttle 0 fault
2 fn-a (client) client: 0 ok 0 error 0 throttle 0 fault
3 orders (AWS::DynamoDB::Table): 1 ok 0 error 0 throttle 1 fault
4 payments () active: 1 ok 0 error 0 throttle 2 fault
5 shop (AWS::EC2::Instance) root active: 2 ok 1 error 1 throttle 1 fault
6 shop (client) client: 0 ok 0 error 0 throttle 0 fault
0 -> 1: 1 ok 0 error 0 throttle 0 fault
2 -> 0: 1 ok 0 error 0 throttle 0 fault
4 -> 3: 1 ok 0 error 0 throttle 1 fault
5 -> 4: 1 ok 0 error 0 throttle 2 fault
6 -> 5: 2 ok 1 error 1 throttle 1 fault"
    );
    assert_eq!(all.range, range().start..range().start.plus(60_000_000_000 * 2));
}

#[test]
fn the_graph_of_a_filter_is_that_of_its_traces() {
    let list = List::conformance();
    let whole = graph(&list, ACCOUNT, range(), &Selection::default()).unwrap();
    let everything = graph(&list, ACCOUNT, range(), &selection("ok OR !ok")).unwrap();
    assert_eq!(words(&everything), words(&whole));
    let faults = graph(&list, ACCOUNT, range(), &selection("fault")).unwrap();
    let (of_trace, unknown) = trace_graph(&list, ACCOUNT, &[sample(2).trace]).unwrap();
    assert_eq!(words(&faults), words(&of_trace));
    assert_eq!(unknown, []);
    let nothing = beamline_model::id::TraceId(7);
    let (empty, unknown) = trace_graph(&list, ACCOUNT, &[nothing, nothing]).unwrap();
    assert_eq!((words(&empty), unknown), (String::new(), vec![nothing]));
}

#[test]
fn the_graph_tells_who_suffers_and_by_which_way() {
    let all = graph(&List::conformance(), ACCOUNT, range(), &Selection::default()).unwrap();
    let find = |name: &str| {
        all.graph
            .node_indices()
            .find(|at| all.graph[*at].id.name == name)
            .unwrap()
    };
    let told = |nodes: Vec<petgraph::graph::NodeIndex>| {
        let names: Vec<&str> = nodes.iter().map(|at| all.graph[*at].id.name.as_str()).collect();
        names.join(" ")
    };
    let (orders, shop) = (find("orders"), find("shop"));
    assert_eq!(told(all.blast_radius(orders)), "payments shop shop");
    assert_eq!(told(all.dependencies(shop)), "orders payments");
    let ways: Vec<String> = all.ways(shop, orders, 10).into_iter().map(told).collect();
    assert_eq!(ways, ["shop payments orders"]);
}

fn over_time(list: &List, entity: &str, split: bool, filter: &str) -> SeriesSet {
    let request = SeriesRequest {
        selection: selection(filter),
        entity: (!entity.is_empty()).then(|| EntitySelector::parse(entity).unwrap()),
        split,
        ..SeriesRequest::new(ACCOUNT, range())
    };
    series(list, &request).unwrap()
}

#[test]
fn series_have_a_point_for_every_period_and_count_each_request_once() {
    let list = List::conformance();
    let check = |entity: &str, filter: &str, expected: &[i64]| {
        let set = over_time(&list, entity, false, filter);
        assert_eq!(set.series.len(), 1, "{entity}");
        let totals: Vec<i64> = set.series[0].points.iter().map(|(_, stats)| stats.total()).collect();
        assert_eq!(totals, expected, "{entity} {filter}");
    };
    check("", "", &[6, 0]);
    check("", "ok OR !ok", &[6, 0]);
    check("", "fault", &[1, 0]);
    check("service(\"payments\")", "", &[3, 0]);
    check("service(\"fn-a\")", "", &[2, 0]);
    check("edge(\"shop\", \"payments\")", "", &[3, 0]);
    check("edge(id(type: \"client\"), \"shop\")", "", &[5, 0]);
    check("edge(, \"payments\")", "fault", &[1, 0]);
    check("service(\"nobody\")", "", &[0, 0]);
}

#[test]
fn series_can_be_told_apart() {
    let set = over_time(&List::conformance(), "service()", true, "");
    let told = set.series.iter().map(|series| match &series.entity {
        Entity::Service(id) => format!("{} {}: {}", id.name, id.kind, series.points[0].1.total()),
        other => format!("{other:?}"),
    });
    assert_eq!(
        told.collect::<Vec<_>>().join("\n"),
        "fn-a AWS::Lambda: 1\nfn-a AWS::Lambda::Function: 1\norders AWS::DynamoDB::Table: 2\npayments : 3\nshop AWS::EC2::Instance: 5"
    );
}

#[test]
fn series_are_bounded() {
    let request = SeriesRequest::new(ACCOUNT, START..START.plus(86_400_000_000_000 * 30));
    let set = series(&List::conformance(), &request).unwrap();
    assert_eq!((set.minutes, set.series[0].points.len()), (30, 1_440));
    let fine = SeriesRequest {
        minutes: Some(1),
        ..request
    };
    let first = series(&List::conformance(), &fine).unwrap();
    assert_eq!((first.minutes, first.series[0].points.len()), (1, 1_440));
    assert_eq!(
        (first.next, first.range.end),
        (Some(first.range.end), START.plus(86_400_000_000_000))
    );
    for wrong in [first.range.end.plus(1), START.plus(-60_000_000_000), fine.range.end] {
        let from = Some(wrong);
        assert!(matches!(
            series(&List::conformance(), &SeriesRequest { from, ..fine.clone() }),
            Err(QueryError::Invalid { field: "cursor", .. })
        ));
    }
}

fn ranked(list: &List, filter: &str) -> RankedPaths {
    let request = PathsRequest {
        account: ACCOUNT,
        range: range(),
        selection: selection(filter),
        kinds: vec![CauseKind::Fault, CauseKind::Error, CauseKind::ResponseTime],
        limit: 10,
    };
    paths(list, &request, now()).unwrap()
}

#[test]
fn causes_are_ranked_by_how_many_traces_have_them() {
    let paths = ranked(&List::conformance(), "");
    let told = paths.causes.iter().map(|ranked| {
        let name = |service: &beamline_model::digest::CauseService| {
            ranked.services[usize::from(service.service)].id.name.clone()
        };
        let path: Vec<String> = ranked.cause.services.iter().map(name).collect();
        let (kind, share) = (ranked.kind, ranked.share);
        format!("{kind:?} {}: {} {share:.2}", path.join(" > "), ranked.traces)
    });
    assert_eq!(
        told.collect::<Vec<_>>().join("\n"),
        "\
Fault shop > payments: 1 0.50
Fault shop > payments > orders: 1 0.50
Error shop: 2 1.00
ResponseTime shop: 3 0.50
ResponseTime shop > payments > orders: 2 0.33
ResponseTime fn-a > fn-a: 1 0.17"
    );
    assert_eq!(
        (paths.seen.scanned, paths.seen.matched, paths.seen.truncated),
        (7, 7, false)
    );
    let shares: f64 = paths.critical_path.iter().map(|share| share.share).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{shares}");
}

#[test]
fn a_trace_shows_how_its_failure_spread_and_where_its_time_went() {
    let list = List::conformance();
    let kept = stored(&list, ACCOUNT, sample(2).trace).unwrap();
    let view = TraceView::open(sample(2).trace, &kept, now());
    let names: Vec<Vec<&str>> = view
        .error_paths
        .iter()
        .map(|path| path.nodes.iter().map(|at| &*view.trace[*at].name).collect())
        .collect();
    assert_eq!(names, [["DynamoDB", "DynamoDB", "payments", "payments", "shop"]]);
    assert!(view.error_paths[0].fault && view.error_paths[0].client_impacting);
    let time: u64 = view.critical_path.iter().map(|step| step.self_time).sum();
    assert_eq!(Some(time), view.digest.response_time);
    let nobody = beamline_model::id::TraceId(7);
    assert_eq!(
        stored(&list, ACCOUNT, nobody).unwrap_err(),
        QueryError::NoSuchTrace(nobody)
    );
}

#[test]
fn the_same_documents_again_change_nothing_but_the_revision() {
    let (once, twice) = (List::conformance(), List::conformance());
    for number in [3, 1, 7, 5, 2, 6, 4] {
        twice.send(&sample(number));
    }
    let whole = |list: &List| words(&graph(list, ACCOUNT, range(), &Selection::default()).unwrap());
    assert_eq!(whole(&twice), whole(&once));
    assert_eq!(ranked(&twice, "").causes, ranked(&once, "").causes);
    let revision = |list: &List| list.digest(ACCOUNT, sample(1).trace).unwrap().unwrap().revision;
    assert_eq!((revision(&once), revision(&twice)), (1, 2));
}
