use proptest::prelude::*;

use super::sketch::{TRACE, at, id, nodes, trace};
use super::*;
use crate::node::{Flags, Kind, Namespace};

fn check(sketch: &str, drawing: &str) {
    let forwards = nodes(sketch);
    let backwards: Vec<_> = forwards.iter().rev().chain(&forwards).cloned().collect();
    assert_eq!(Trace::assemble(TRACE, forwards).to_string(), drawing, "{sketch}");
    assert_eq!(
        Trace::assemble(TRACE, backwards).to_string(),
        drawing,
        "{sketch}, backwards and doubled"
    );
}

#[test]
fn nothing_is_a_trace_too() {
    check("", "");
    assert!(trace("").is_empty());
    assert_eq!(trace("").entry(), None);
}

#[test]
fn a_lone_subsegment_hangs_below_its_parent_even_if_it_came_first() {
    check("sub b of a, seg a", "a\n└─ b");
    check("sub c of b, emb b of a, seg a", "a\n└─ b\n   └─ c");
}

#[test]
fn children_come_by_start() {
    check(
        "seg a 0..9, sub late of a 5..6, sub early of a 1..2",
        "a\n├─ early\n└─ late",
    );
    check(
        "seg a, sub b of a, sub c of b, sub d of a",
        &trace("sub d of a, sub c of b, seg a, sub b of a").to_string(),
    );
}

#[test]
fn a_complete_document_replaces_one_in_progress_whichever_came_last() {
    check("seg a 0.. +1, seg a 0..9 +2", "a");
    check("seg a 0.. +2, seg a 0..9 +1", "a");
}

#[test]
fn what_only_the_replaced_document_contained_is_gone_but_what_was_sent_alone_stays() {
    check(
        "seg a 0.. +1, emb gone of a +1, emb kept of a 1.. +1, sub alone of a +2, seg a 0..9 +3, emb kept of a 1..2 +3",
        "a\n├─ alone\n└─ kept",
    );
}

#[test]
fn a_streamed_copy_beats_an_embedded_one_in_progress() {
    check("seg a 0.. +3, emb b of a 1.. +3, sub b of a 1..2 +2", "a …\n└─ b");
    let trace = trace("seg a +3, emb b of a 1.. +3, sub b of a 1.. +2");
    assert!(trace.nodes().iter().all(|node| node.form != Form::Embedded));
}

#[test]
fn lone_subsegments_get_a_placeholder() {
    check("sub b of a", "[unknown] …\n└─ b !MissingParent");
    check(
        "sub b of a 1..2, sub c of a 3..4 AWS_LAMBDA_FUNCTION_NAME=resize",
        "[resize] …\n├─ b !MissingParent\n└─ c !MissingParent",
    );
    check("sub b", "[unknown] …\n└─ b");
}

#[test]
fn a_segment_whose_caller_is_unknown_is_a_root() {
    check("seg b of a", "b !MissingParent");
    check("server b of a in=shop", "b !MissingParent");
}

#[test]
fn spans_whose_parent_is_still_running_wait_for_it_together() {
    check(
        "client x of get in=shop 1..2, internal y of get in=shop 3..4",
        "[shop] …\n├─ x !MissingParent\n│  └─ (x: remote)\n└─ y !MissingParent",
    );
}

#[test]
fn a_circle_of_parents_is_broken_at_its_earliest_node() {
    check("seg a of b 1..9, seg b of a 2..8", "a !ParentCycle\n└─ b");
    check("seg a of a", "a !ParentCycle");
    check(
        "sub x of y 1..2, sub y of z 0..2, sub z of x 3..4",
        "[unknown] …\n└─ y !ParentCycle\n   └─ x\n      └─ z",
    );
}

#[test]
fn services_that_share_an_id_are_both_kept() {
    check(
        "client call in=shop id=7 0..9, server call in=cart id=7 1..8, internal work of 7 in=cart 2..3",
        "call !SharedId\n└─ call !SharedId\n   └─ work",
    );
}

#[test]
fn a_silent_callee_is_inferred() {
    check(
        "seg a, aws dynamodb of a table=orders",
        "a\n└─ dynamodb\n   └─ (orders: AWS::DynamoDB::Table)",
    );
    check(
        "seg a, remote example.com of a",
        "a\n└─ example.com\n   └─ (example.com: remote)",
    );
    check(
        "seg a, sql db@host of a",
        "a\n└─ db@host\n   └─ (db@host: Database::SQL)",
    );
    check("seg a, emb work of a", "a\n└─ work");
}

#[test]
fn a_callee_that_reported_is_not_inferred() {
    check(
        "seg a, remote b.example.com of a, seg b of b.example.com",
        "a\n└─ b.example.com\n   └─ b",
    );
    check(
        "server a in=A, client GET of a in=A, server b of GET in=B",
        "a\n└─ GET\n   └─ b",
    );
}

#[test]
fn the_http_request_inside_an_aws_call_is_nobody_else() {
    check(
        "seg a, aws s3 of a, remote s3.amazonaws.com of s3",
        "a\n└─ s3\n   ├─ (S3: AWS::S3)\n   └─ s3.amazonaws.com",
    );
    check(
        "server a in=A, client op of a in=A, client http of op in=A, server b of http in=B",
        "a\n└─ op\n   └─ http\n      └─ b",
    );
}

#[test]
fn a_program_that_only_sends_is_a_segment_and_a_call() {
    let trace = trace("client GET in=cron, server b of GET in=B");
    let entry = trace.entry().unwrap();
    assert!(trace.enters(entry) && trace.calls(entry));
    assert_eq!(trace.service(entry).name, "cron");
    assert_eq!(trace.segments().len(), 2);
    assert_eq!(trace.call_to(trace.segments()[1]), Some(entry));
}

#[test]
fn a_callee_with_another_clock_is_placed_inside_the_call() {
    let trace = trace("seg a 0..100, remote b of a 10..90, seg c of b -5000..-4960, emb work of c -4990..-4970");
    let c = trace.find(id("c")).next().unwrap();
    assert_eq!(trace[c].oddities, [crate::node::Oddity::ClockSkew]);
    assert_eq!(trace[c].start, at(-5000));
    assert_eq!(trace.adjusted_start(c), at(30));
    let work = trace.find(id("work")).next().unwrap();
    assert_eq!(trace.adjusted_start(work), at(40));
    check(
        "seg a 0..100, remote b of a 10..90, seg c of b 20..80",
        "a\n└─ b\n   └─ c",
    );
}

#[test]
fn the_critical_path_follows_whoever_finished_last() {
    let trace = trace("seg a 0..100, emb x of a 0..40, emb y of a 30..90, emb z of y 50..90, emb idle of a 5..20");
    let path: Vec<_> = trace.critical_path(trace.entry().unwrap()).into_iter().collect();
    let told: Vec<_> = path
        .iter()
        .map(|s| (trace[s.at].name.as_ref(), s.self_time / 1_000_000))
        .collect();
    assert_eq!(told, [("a", 10), ("x", 30), ("y", 20), ("z", 40)]);
}

#[test]
fn the_error_path_leads_to_where_it_began() {
    let trace = trace(
        "seg a fault, remote b of a fault, seg c of b fault, aws dynamodb of c table=t fault, emb other of a fault",
    );
    let names: Vec<_> = trace
        .error_path()
        .into_iter()
        .map(|at| trace.service(at).name)
        .collect();
    assert_eq!(names, ["a", "a", "c", "c", "t"]);
    assert!(super::sketch::trace("seg a").error_path().is_empty());
}

#[test]
fn a_hundred_thousand_nodes_in_one_chain_are_no_problem() {
    let chain = (1..=100_000u64).map(|number| {
        let mut node = Node::new(Form::Span, TRACE, SpanId(number));
        node.kind = if number % 2 == 0 { Kind::Server } else { Kind::Client };
        node.service = Some(if number % 4 < 2 { "a".into() } else { "b".into() });
        node.parent = (number > 1).then(|| SpanId(number - 1));
        (node.start, node.end) = (at(number as i64), Some(at(200_001 - number as i64)));
        node
    });
    let trace = Trace::assemble(TRACE, chain.rev().collect());
    assert_eq!(trace.walk().map(|(_, depth)| depth).max(), Some(99_999));
    assert_eq!(trace.critical_path(trace.entry().unwrap()).len(), 100_000);
}

/// Any small tangle: few ids, so that duplicates, circles and strangers are common.
pub(crate) fn tangle() -> impl Strategy<Value = Vec<Node<'static>>> {
    let node = (
        (1u64..12, prop::option::of(1u64..14), 0usize..9, any::<[bool; 3]>()),
        (
            0i64..40,
            prop::option::of(0i64..40),
            0i64..6,
            prop::option::of(0usize..3),
        ),
        (any::<bool>(), prop::option::of(1u64..12)),
    );
    let node = node.prop_map(
        |((id, parent, form, flags), (start, time, received, service), (traced, link))| {
            let forms = [
                (Form::Segment, Kind::Unspecified),
                (Form::Subsegment, Kind::Unspecified),
                (Form::Embedded, Kind::Unspecified),
                (Form::Embedded, Kind::Unspecified),
                (Form::Span, Kind::Server),
                (Form::Span, Kind::Client),
                (Form::Span, Kind::Internal),
                (Form::Span, Kind::Producer),
                (Form::Span, Kind::Consumer),
            ];
            let mut node = Node::new(forms[form].0, TRACE, SpanId(id));
            node.kind = forms[form].1;
            node.parent = parent.map(SpanId);
            node.name = format!("n{id}").into();
            node.service = service.map(|number| ["x", "y", "z"][number].into());
            node.namespace = [Namespace::Local, Namespace::Aws, Namespace::Remote][form % 3].clone();
            node.flags = Flags {
                error: flags[0],
                fault: flags[1],
                throttle: flags[2],
            };
            node.traced = traced;
            node.in_progress = time.is_none();
            (node.start, node.end) = (at(start), time.map(|time| at(start + time)));
            node.received = at(received);
            node.links.extend(link.map(|id| crate::node::Link {
                trace: TRACE,
                id: SpanId(id),
                trace_state: None,
                attributes: Vec::new(),
                dropped_attributes: 0,
                flags: 0,
            }));
            node.annotations
                .push(("received".into(), crate::node::Scalar::Number(received as f64)));
            node
        },
    );
    prop::collection::vec(node, 0..24)
}

proptest! {
    #[test]
    fn order_and_repetition_make_no_difference(
        (nodes, again) in tangle().prop_flat_map(|nodes| {
            let doubled: Vec<_> = nodes.iter().chain(nodes.iter().step_by(2)).cloned().collect();
            (Just(nodes), Just(doubled).prop_shuffle())
        })
    ) {
        let (one, other) = (Trace::assemble(TRACE, nodes), Trace::assemble(TRACE, again));
        prop_assert_eq!(one.to_string(), other.to_string());
        prop_assert_eq!(one.nodes(), other.nodes());
    }

    #[test]
    fn every_node_is_walked_once_below_its_parent(nodes in tangle()) {
        let trace = Trace::assemble(TRACE, nodes);
        let mut seen = vec![false; trace.len()];
        for (at, depth) in trace.walk() {
            prop_assert!(!std::mem::replace(&mut seen[at.index()], true));
            prop_assert_eq!(depth, trace.parent(at).map_or(0, |parent| trace.depth(parent) + 1));
            prop_assert!(trace.parent(at).is_none_or(|parent| seen[parent.index()]));
            prop_assert!(trace.enters(trace.segment(at)));
            prop_assert!(trace.last_moment(at) >= trace[at].last_moment());
        }
        prop_assert!(seen.into_iter().all(|seen| seen));
        prop_assert!(trace.roots().all(|root| trace.enters(root)));
        for at in trace.segments() {
            let own: u64 = trace.critical_path(*at).iter().map(|step| step.self_time).sum();
            prop_assert_eq!(own, trace.finish(*at).since(trace[*at].start));
        }
    }
}
