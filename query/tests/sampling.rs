//! What sampling rules would have kept, and how they are used.

use std::sync::Arc;

use beamline_model::id::TraceId;
use beamline_model::sampling::rule::Rule;
use beamline_model::sampling::simulate::Outcome;
use beamline_model::testkit::Sample;
use beamline_proto::query as pb;
use beamline_query::filter::Selection;
use beamline_query::sampling::{SimulationRequest, simulate};
use tonic::Code;

use crate::server::{Server, in_range, refused, time};
use crate::support::{ACCOUNT, List, START, now, range, rule};

/// A request to a service of its own; the trace goes on with a call to another service.
fn request(number: u128, at: f64, method: &str, url: &str) -> Sample {
    let trace = TraceId((0x5759_e988 << 96) | (0x7000 + number));
    let start = START.seconds() + at;
    let entry = format!(
        r#"{{"trace_id":"{trace}","id":"00000000000000a1","name":"api","origin":"AWS::ECS::Container",
            "start_time":{start},"end_time":{},"http":{{"request":{{"method":"{method}","url":"{url}"}}}},
            "annotations":{{"tier":"gold","age":30}},"resource_arn":"arn:aws:ecs:us-east-1:1:task/t"}}"#,
        start + 0.5
    );
    let callee = format!(
        r#"{{"trace_id":"{trace}","id":"00000000000000a2","parent_id":"00000000000000a1","name":"never-decides",
            "start_time":{start},"end_time":{}}}"#,
        start + 0.4
    );
    Sample {
        name: "request",
        trace,
        documents: vec![entry, callee],
    }
}

/// Ten requests to the cart in each of two seconds, one to a page with a query, and one that is no HTTP request.
fn requests() -> List {
    let list = List::conformance();
    for number in 0..20 {
        let at = f64::from(u32::try_from(number / 10).unwrap()) + 0.01;
        list.send(&request(number, at, "GET", "https://shop.example.com/cart"));
    }
    list.send(&request(20, 5.0, "POST", "https://admin.example.com/pages?id=7"));
    list.send(&request(21, 5.0, "", ""));
    list
}

fn tried(list: &List, filter: &str, rules: Vec<Rule>) -> Vec<Outcome> {
    let request = SimulationRequest {
        account: ACCOUNT,
        range: range(),
        selection: Selection::parse(filter, "").unwrap(),
        rules,
    };
    simulate(list, request).unwrap().tried
}

fn told(outcomes: &[Outcome]) -> Vec<(&str, u64, f64, f64)> {
    let told = outcomes
        .iter()
        .map(|it| (it.rule.name.as_str(), it.seen, it.by_reservoir, it.by_rate));
    told.collect()
}

#[test]
fn every_trace_counts_once_by_the_request_that_began_it() {
    let list = requests();
    let carts = rule("carts", 1, |rule| {
        (rule.service_name, rule.url_path) = ("api".to_owned(), "/cart".to_owned());
        (rule.reservoir, rule.fixed_rate) = (2, 0.25);
    });
    let shop = rule("shop", 2, |rule| rule.service_name = "shop".to_owned());
    let callee = rule("callee", 3, |rule| rule.service_name = "never-*".to_owned());
    let outcomes = tried(&list, "", vec![callee, shop, carts]);
    // Two requests of each of two seconds, and a quarter of the other sixteen. The shop's are six of the fixture, all at
    // one moment; the seventh trace of the fixture began elsewhere.
    let expected = [
        ("carts", 20, 4.0, 4.0),
        ("shop", 6, 1.0, 5.0),
        ("callee", 0, 0.0, 0.0),
        ("Default", 3, 2.0, 0.05),
    ];
    assert_eq!(told(&outcomes), expected);
    let only_shop = tried(&list, "service(\"shop\")", Vec::new());
    assert_eq!(told(&only_shop), [("Default", 6, 1.0, 0.25)]);
}

#[test]
fn all_that_a_rule_can_ask_is_known_of_a_request() {
    let list = requests();
    let check = |change: fn(&mut Rule), matches: u64| {
        let outcomes = tried(&list, "service(\"api\")", vec![rule("tried", 1, change)]);
        assert_eq!(outcomes[0].seen, matches, "{:?}", outcomes[0].rule);
    };
    check(|rule| rule.http_method = "post".to_owned(), 1);
    check(|rule| rule.http_method = "?*".to_owned(), 21);
    check(|rule| rule.host = "shop.example.com".to_owned(), 20);
    check(|rule| rule.host = "*.example.com".to_owned(), 21);
    check(|rule| rule.url_path = "/pages".to_owned(), 1);
    check(|rule| rule.url_path = "/pages?id=*".to_owned(), 1);
    check(|rule| rule.service_type = "AWS::ECS::*".to_owned(), 22);
    check(|rule| rule.resource_arn = "arn:aws:ecs:*".to_owned(), 22);
    check(
        |rule| rule.attributes = [("tier".to_owned(), "G*".to_owned())].into(),
        22,
    );
    check(
        |rule| rule.attributes = [("age".to_owned(), "30".to_owned())].into(),
        22,
    );
    check(
        |rule| rule.attributes = [("tier".to_owned(), "silver".to_owned())].into(),
        0,
    );
    check(|rule| rule.attributes = [("bus".to_owned(), "*".to_owned())].into(), 0);
}

#[tokio::test]
async fn rules_are_tried_beside_the_current_ones() {
    let server = Server::with(Arc::new(requests())).await;
    let request = pb::SimulateSamplingRequest {
        range: in_range(),
        rules: vec![pb::SamplingRule {
            name: "all".to_owned(),
            priority: 1,
            fixed_rate: 0.5,
            ..pb::SamplingRule::default()
        }],
        ..pb::SimulateSamplingRequest::default()
    };
    let answer = server.client().simulate_sampling(request).await.unwrap().into_inner();
    let told = |rules: &[pb::SimulatedRule]| {
        let told = rules.iter().map(|it| {
            (
                it.rule.clone().unwrap().name,
                it.seen,
                it.matched,
                it.by_reservoir + it.by_rate,
            )
        });
        told.collect::<Vec<_>>()
    };
    let expected = [("all".to_owned(), 29, 29.0, 14.5), ("Default".to_owned(), 0, 0.0, 0.0)];
    assert_eq!(told(&answer.tried), expected);
    let rule = answer.tried[0].rule.clone().unwrap();
    assert_eq!(
        (rule.host.as_str(), rule.url_path.as_str()),
        ("*", "*"),
        "what is left out is everything"
    );
    let current: Vec<String> = told(&answer.current).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(current, ["kept", "Default"]);
    assert_eq!(answer.current.iter().map(|it| it.seen).sum::<u64>(), 29);
    assert_eq!(
        (answer.requests, answer.represented, answer.scanned, answer.truncated),
        (29, 29.0, 29, false)
    );
}

#[tokio::test]
async fn rules_that_cannot_be_are_named() {
    let server = Server::with(Arc::new(requests())).await;
    let rule = |name: &str, priority, fixed_rate| pb::SamplingRule {
        name: name.to_owned(),
        priority,
        fixed_rate,
        ..pb::SamplingRule::default()
    };
    for (rules, message) in [
        (vec![rule("", 1, 0.5)], "number 1, ``: RuleName"),
        (vec![rule("a", 1, 0.5), rule("b", 0, 0.5)], "number 2, `b`: Priority"),
        (vec![rule("a", 1, 1.5)], "number 1, `a`: FixedRate"),
        (
            vec![rule("a", 1, 0.5), rule("a", 2, 0.5)],
            "another one has the same name",
        ),
        (vec![rule("a", 1, 0.5); 1_002], "at most 1001"),
    ] {
        let request = pb::SimulateSamplingRequest {
            range: in_range(),
            rules,
            ..pb::SimulateSamplingRequest::default()
        };
        let status = server.client().simulate_sampling(request).await.unwrap_err();
        refused(status, Code::InvalidArgument, message, "rules");
    }
}

#[tokio::test]
async fn rules_are_listed_with_how_they_are_used() {
    let server = Server::with(Arc::new(requests())).await;
    let request = pb::ListSamplingRulesRequest::default();
    let answer = server.client().list_sampling_rules(request).await.unwrap().into_inner();
    assert_eq!(
        (answer.changed, answer.since),
        (Some(time(START)), Some(time(now().plus(-60_000_000_000))))
    );
    let [kept, default] = answer.rules.as_slice() else {
        panic!("{:?}", answer.rules)
    };
    let rule = kept.rule.clone().unwrap();
    assert_eq!(
        (rule.name.as_str(), rule.priority, rule.http_method.as_str()),
        ("kept", 5, "GET")
    );
    assert_eq!((kept.clients, kept.leased, kept.requests), (3, 2, 500));
    assert_eq!((kept.sampled, kept.borrowed, kept.boosted_rate), (40, 1, Some(0.5)));
    assert_eq!((kept.created, kept.skipped_by_sdks), (Some(time(START)), false));
    assert_eq!((default.created, default.modified, default.clients), (None, None, 0));
    assert_eq!(default.rule.clone().unwrap().priority, 10_000);
}
