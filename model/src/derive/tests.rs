use proptest::prelude::*;

use super::*;
use crate::digest::RootCause;
use crate::stats::{GraphStats, contribution};
use crate::trace::sketch::{self, TRACE, at};

fn settled(sketch: &str) -> Digest {
    digest(&sketch::trace(sketch), at(3_600_000))
}

/// The whole service graph, a line each: nodes as `name kind total(ok/error/throttle/fault)`, then edges.
fn graph(digest: &Digest) -> String {
    let mut sum = GraphStats::default();
    contribution(digest).values().for_each(|minute| sum.merge(minute, 1));
    let outcome = |s: &crate::stats::Stats| format!("{}({}/{}/{}/{})", s.total(), s.ok, s.error, s.throttle, s.fault);
    let nodes = sum.nodes.iter().map(|(id, node)| {
        let root = if node.roots > 0 { " root" } else { "" };
        format!("{} [{}] {}{root}", id.name, id.kind, outcome(&node.stats))
    });
    let edges = sum.edges.iter().map(|(id, edge)| {
        let from = id.from.as_ref().map_or("client", |from| from.name.as_str());
        let arrow = if id.link { "~>" } else { "->" };
        let aliases: Vec<_> = edge.aliases.keys().map(|alias| format!(" as {alias}")).collect();
        format!(
            "{from} {arrow} {} {}{}",
            id.to.name,
            outcome(&edge.stats),
            aliases.concat()
        )
    });
    nodes.chain(edges).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_documented_example_of_four_services() {
    let digest = settled(
        "seg front 0..100 origin=AWS::EC2::Instance, remote api.example.com of front 10..90 status=200
         seg api of api.example.com 15..85, aws dynamodb of api 20..40 table=orders, aws sns of api 50..60",
    );
    assert_eq!(
        graph(&digest),
        "SNS [AWS::SNS] 1(1/0/0/0)\n\
         api [] 1(1/0/0/0)\n\
         front [AWS::EC2::Instance] 1(1/0/0/0) root\n\
         orders [AWS::DynamoDB::Table] 1(1/0/0/0)\n\
         client -> front 1(1/0/0/0)\n\
         api -> SNS 1(1/0/0/0)\n\
         api -> orders 1(1/0/0/0)\n\
         front -> api 1(1/0/0/0) as api.example.com"
    );
    assert_eq!(digest.response_time, Some(100_000_000));
    assert!(digest.inferred && !digest.partial);
    assert_eq!(digest.nodes, 5);
    assert_eq!(digest.services[1].aliases, ["api.example.com"]);
}

#[test]
fn the_edge_has_the_callers_view_and_the_node_its_own() {
    let digest = settled("seg a 0..100, remote b of a 10..90 fault, seg b id=other of b 20..30");
    assert_eq!(
        graph(&digest),
        "a [] 1(1/0/0/0) root\nb [] 1(1/0/0/0)\nclient -> a 1(1/0/0/0)\na -> b 1(0/0/0/1)"
    );
}

#[test]
fn a_message_is_a_link_whose_time_is_its_age() {
    let digest = settled("server a in=A 0..9, producer send of a in=A 1..2, consumer take of send in=B 40..50");
    assert_eq!(
        graph(&digest),
        "A [] 1(1/0/0/0) root\nB [] 1(1/0/0/0)\nclient -> A 1(1/0/0/0)\nA ~> B 1(1/0/0/0)"
    );
    let link = digest.calls.iter().find(|call| call.link).unwrap();
    assert_eq!((link.start, link.end), (at(1), Some(at(40))));
    let by_link = settled("server a in=A 0..9, producer send of a in=A 1..2, consumer take in=B 40..50 links=send");
    assert!(
        by_link
            .calls
            .iter()
            .any(|call| call.link && call.start == at(1) && call.end == Some(at(40)))
    );
    assert!(
        !by_link
            .segments
            .iter()
            .any(|segment| segment.root && segment.start == at(40))
    );
}

#[test]
fn a_trace_waits_for_an_announced_callee() {
    let trace = sketch::trace("seg a 0..9, remote b of a 1..8 traced");
    let soon = digest(&trace, at(1_000));
    assert!(soon.partial);
    assert_eq!(soon.segments[1].end, None);
    let later = digest(&trace, at(601_000));
    assert!(!later.partial && later.inferred);
    assert_eq!(later.segments[1].end, Some(at(8)));
}

#[test]
fn a_placeholder_ends_when_nobody_waits_for_it_any_more() {
    let trace = sketch::trace("sub work of fn 5..20 AWS_LAMBDA_FUNCTION_NAME=resize");
    assert!(digest(&trace, at(100)).partial);
    let later = digest(&trace, at(700_000));
    assert_eq!(graph(&later), "resize [] 1(1/0/0/0) root\nclient -> resize 1(1/0/0/0)");
    assert_eq!(later.response_time, Some(15_000_000));
}

#[test]
fn work_after_the_answer_lengthens_the_trace_only() {
    let digest = settled("seg a 0..100, emb tail of a 90..500");
    assert_eq!(digest.response_time, Some(100_000_000));
    assert_eq!(digest.duration(), 500_000_000);
    assert_eq!(digest.segments[0].async_end, Some(at(500)));
}

#[test]
fn annotations_know_where_they_were_set() {
    let digest = settled("seg a tier=gold user=bob, remote b of a age=3, seg c of b tier=gold age=4 user=bob");
    let told: Vec<_> = digest
        .annotations
        .iter()
        .map(|a| {
            (
                format!("{}={}", a.key, a.value),
                a.services.as_slice(),
                a.segments.as_slice(),
            )
        })
        .collect();
    assert_eq!(told.len(), 3);
    assert!(told.contains(&("tier=gold".to_owned(), &[0, 1], &[0, 1])));
    assert!(told.contains(&("age=3".to_owned(), &[0], &[0])));
    assert!(told.contains(&("age=4".to_owned(), &[1], &[1])));
    assert_eq!(digest.users[0].services[..], [0, 1]);
}

/// A line for each cause: `service[entity, entity]` from the entry, `!` when the client felt it.
fn causes(digest: &Digest, causes: &[RootCause]) -> Vec<String> {
    let told = causes.iter().map(|cause| {
        let services = cause.services.iter().map(|service| {
            let entities = service.path.iter().map(|entity| {
                let remote = if entity.remote { "^" } else { "" };
                let share = if entity.coverage > 0.0 {
                    format!(" {:.1}", entity.coverage)
                } else {
                    String::new()
                };
                let exceptions: Vec<_> = entity
                    .exceptions
                    .iter()
                    .map(|(kind, text)| format!(" {kind}:{text}"))
                    .collect();
                format!("{remote}{}{share}{}", entity.name, exceptions.concat())
            });
            let name = &digest.services[usize::from(service.service)].id.name;
            format!("{name}[{}]", entities.collect::<Vec<_>>().join(", "))
        });
        let felt = if cause.client_impacting { "!" } else { "" };
        format!("{}{felt}", services.collect::<Vec<_>>().join(" "))
    });
    told.collect()
}

#[test]
fn a_fault_is_traced_to_where_it_began() {
    let digest = settled(
        "seg shop 0..100 fault blames=e1, remote pay of shop 10..90 fault, seg payments of pay 20..80 fault
         aws dynamodb of payments 30..40 table=orders fault throws=e1:Throttled:slow",
    );
    assert_eq!(
        causes(&digest, &digest.fault_causes),
        ["shop[shop Throttled:slow, ^pay] payments[payments, ^dynamodb Throttled:slow] orders[orders Throttled:slow]!"]
    );
    assert!(digest.error_causes.is_empty());
}

#[test]
fn a_handled_fault_is_a_cause_that_no_client_felt() {
    let digest = settled("seg shop, remote pay of shop fault, seg payments of pay fault");
    assert_eq!(
        causes(&digest, &digest.fault_causes),
        ["shop[shop, ^pay] payments[payments]"]
    );
}

#[test]
fn alike_causes_are_told_once_and_at_most_five() {
    let calls: Vec<_> = (0..9).map(|n| format!("remote x id={n} of a error")).collect();
    let digest = settled(&format!("seg a error, {}", calls.join(",")));
    assert_eq!(causes(&digest, &digest.error_causes), ["a[a, ^x] x[x]!"]);
    let calls: Vec<_> = (0..9).map(|n| format!("remote x{n} of a error")).collect();
    assert_eq!(
        settled(&format!("seg a error, {}", calls.join(","))).error_causes.len(),
        limit::CAUSES
    );
}

#[test]
fn slowness_is_followed_to_whoever_took_the_time() {
    let digest = settled(
        "seg GetWeatherData 0..1000, remote get_temperature of GetWeatherData 100..900
         seg GetTemperature of get_temperature 150..850, emb parse of GetTemperature 200..250",
    );
    assert_eq!(
        causes(&digest, &digest.response_time_causes),
        ["GetWeatherData[GetWeatherData 1.0, ^get_temperature 0.8] GetTemperature[GetTemperature 0.7]!"]
    );
    let parallel = settled("seg a 0..100, emb left of a 0..90, emb right of a 0..50");
    assert_eq!(
        causes(&parallel, &parallel.response_time_causes),
        ["a[a 1.0, left 0.9]!", "a[a 1.0, right 0.5]!"]
    );
    assert!(settled("seg a 0..").response_time_causes.is_empty());
}

#[test]
fn alike_requests_share_what_room_there_is() {
    let mut nodes = sketch::nodes("seg a 0..9000");
    for number in 0..3_000 {
        nodes.extend(sketch::nodes(&format!(
            "aws dynamodb id={number} of a 0..{} table=t",
            number + 1
        )));
    }
    let digest = digest(&Trace::assemble(TRACE, nodes), at(3_600_000));
    assert!(digest.segments.len() <= limit::REQUESTS && digest.calls.len() <= limit::REQUESTS);
    let weight: f32 = digest
        .segments
        .iter()
        .filter(|segment| segment.inferred)
        .map(|segment| segment.weight)
        .sum();
    assert_eq!(weight, 3_000.0);
    assert_eq!(digest.segments.last().and_then(|segment| segment.end), Some(at(3_000)));
}

proptest! {
    #[test]
    fn order_and_repetition_make_no_difference(
        (nodes, again) in crate::trace::tangle().prop_flat_map(|nodes| {
            let doubled: Vec<_> = nodes.iter().chain(nodes.iter().step_by(2)).cloned().collect();
            (Just(nodes), Just(doubled).prop_shuffle())
        })
    ) {
        let one = digest(&Trace::assemble(TRACE, nodes), at(100));
        let other = digest(&Trace::assemble(TRACE, again), at(100));
        prop_assert_eq!(contribution(&one), contribution(&other));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn every_number_points_at_something(nodes in crate::trace::tangle(), now in 0i64..700_000) {
        let digest = digest(&Trace::assemble(TRACE, nodes), at(now));
        let service = |number: u16| usize::from(number) < digest.services.len();
        prop_assert!(digest.entry.is_none_or(service));
        prop_assert!(digest.segments.iter().all(|segment| service(segment.service)));
        for call in &digest.calls {
            prop_assert!(service(call.to) && (call.from == crate::digest::CallFact::CLIENT || service(call.from)));
        }
        for fact in &digest.annotations {
            prop_assert!(fact.services.is_sorted() && fact.services.iter().copied().all(service));
            prop_assert!(fact.segments.iter().all(|&number| usize::from(number) < digest.segments.len()));
        }
        let causes = [&digest.fault_causes, &digest.error_causes, &digest.response_time_causes];
        for cause in causes.into_iter().flatten() {
            prop_assert!(!cause.services.is_empty());
            prop_assert_eq!(Some(cause.services[0].service).filter(|_| cause.client_impacting).is_some(), cause.client_impacting);
            prop_assert!(cause.services.iter().all(|at| service(at.service) && !at.path.is_empty()));
        }
    }

    #[test]
    fn the_graph_counts_each_finished_request_once(nodes in crate::trace::tangle()) {
        let digest = digest(&Trace::assemble(TRACE, nodes), at(700_000));
        let mut sum = GraphStats::default();
        contribution(&digest).values().for_each(|minute| sum.merge(minute, 1));
        let finished = digest.segments.iter().filter(|segment| segment.end.is_some()).count() as i64;
        prop_assert_eq!(sum.nodes.values().map(|node| node.stats.total()).sum::<i64>(), finished);
        let roots = digest.segments.iter().filter(|segment| segment.root && segment.end.is_some()).count() as i64;
        let clients = sum.edges.iter().filter(|(id, _)| id.from.is_none()).map(|(_, edge)| edge.stats.total());
        prop_assert_eq!(clients.sum::<i64>(), roots);
        for stats in sum.nodes.values().map(|node| &node.stats).chain(sum.edges.values().map(|edge| &edge.stats)) {
            prop_assert_eq!(stats.response_times.count(), stats.total());
        }
    }
}
