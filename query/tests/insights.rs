//! Insights: listed, and judged again.

use std::sync::Arc;

use beamline_model::insight::{Insight, Judgement, State, band, detect::Finding, reconcile, watch};
use beamline_model::lang::trace_filter::EntitySelector;
use beamline_model::testkit::shop;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_proto::query as pb;
use beamline_query::QueryError;
use beamline_query::forecast::bands;
use beamline_query::insights::{ListRequest, find, impact, list, replay};
use beamline_query::series::{SeriesRequest, series};
use beamline_query::source::Source;

use crate::server::{Server, time};
use crate::support::{ACCOUNT, List};

/// Some time, from where minutes are counted.
const BEGIN: u32 = 29_760_000;

fn between(from: u32, to: u32) -> TimeRange {
    Timestamp::from_minute(BEGIN + from)..Timestamp::from_minute(BEGIN + to)
}

/// A shop that failed for four minutes.
fn troubled() -> List {
    let list = List::conformance();
    for minute in 0..60 {
        let faults = if (40..44).contains(&minute) { 5 } else { 0 };
        shop(BEGIN + minute, 6, faults)
            .iter()
            .for_each(|sample| list.send(sample));
    }
    list
}

/// Judges again as of some minute.
fn judged(list: &List, group: &str, from: u32, to: u32) -> Result<Vec<Insight>, QueryError> {
    replay(
        list,
        ACCOUNT,
        group,
        between(from, to),
        Timestamp::from_minute(BEGIN + 1_000),
    )
}

#[test]
fn any_time_can_be_judged_again() {
    let list = troubled();
    let words = |found: Vec<Insight>| -> Vec<String> {
        let words = |it: &Insight| {
            let (first, end) = (it.first - BEGIN, it.end - BEGIN);
            format!(
                "{} {:?} {first}..{end} {} {}/{}",
                it.group, it.state, it.root.name, it.clients.fault, it.clients.total
            )
        };
        found.iter().map(words).collect()
    };
    let check = |group: &str, from, to, expected: &[&str]| {
        assert_eq!(
            words(judged(&list, group, from, to).unwrap()),
            expected,
            "{group} {from}..{to}"
        );
    };
    check("Default", 0, 60, &["Default Closed 40..44 cart 20/24"]);
    check("Default", 41, 43, &["Default Active 40..43 cart 15/18"]);
    check("Default", 0, 40, &[]);
    check("Default", 50, 60, &[]);
    check(
        "arn:aws:xray:us-east-1:123456789012:group/Default",
        0,
        60,
        &["Default Closed 40..44 cart 20/24"],
    );
    // Of a group the traces are looked at.
    check("slow", 0, 60, &[]);
    assert!(matches!(judged(&list, "none", 0, 60), Err(QueryError::NoSuchGroup(_))));
    assert!(matches!(
        judged(&list, "Default", 0, 60 * 24 * 8),
        Err(QueryError::Invalid { field: "range", .. })
    ));
}

#[test]
fn judging_again_names_it_the_same() {
    let list = troubled();
    let first = judged(&list, "Default", 0, 60).unwrap();
    let again = judged(&list, "Default", 30, 55).unwrap();
    assert_eq!(first[0].id(), again[0].id());
}

#[test]
fn lists_have_what_went_on_in_a_group_and_a_time() {
    let list_of = troubled();
    let found = judged(&list_of, "Default", 0, 60).unwrap();
    list_of.insights.lock().unwrap().extend(found.iter().cloned());
    let request = |group: Option<&str>, state, range| ListRequest {
        account: ACCOUNT,
        group: group.map(str::to_owned),
        state,
        range,
        limit: 10,
        after: None,
    };
    let check = |request: ListRequest, expected: usize| {
        let page = list(&list_of, &request).unwrap();
        assert_eq!((page.insights.len(), page.next), (expected, None), "{request:?}");
    };
    check(request(None, None, between(0, 60)), 1);
    check(request(Some("Default"), Some(State::Closed), between(43, 44)), 1);
    check(request(Some("Default"), Some(State::Active), between(0, 60)), 0);
    check(request(Some("slow"), None, between(0, 60)), 0);
    check(request(None, None, between(44, 60)), 0);
    check(request(None, None, between(0, 40)), 0);
    let none = list(&list_of, &request(Some("none"), None, between(0, 60)));
    assert_eq!(none, Err(QueryError::NoSuchGroup("none".to_owned())));
    let id = found[0].id().parse().unwrap();
    assert_eq!(find(&list_of, ACCOUNT, id).as_ref(), Ok(&found[0]));
    let other = beamline_model::insight::InsightId(1);
    assert_eq!(find(&list_of, ACCOUNT, other), Err(QueryError::NoSuchInsight(other)));
}

#[test]
fn the_impact_is_what_failed_and_who_felt_it() {
    let list = troubled();
    let found = judged(&list, "Default", 0, 60).unwrap();
    let graph = impact(&list, ACCOUNT, &found[0], between(39, 45)).unwrap().graph;
    let names: Vec<String> = graph
        .node_weights()
        .map(|it| format!("{} {}", it.id.name, it.id.kind))
        .collect();
    assert_eq!(names, ["cart ", "web ", "web client"]);
    assert_eq!(graph.edge_count(), 2);
}

#[test]
fn the_forecast_is_the_band_that_insights_are_found_by() {
    let list = troubled();
    let request = |selector: &str, minutes| SeriesRequest {
        minutes: Some(minutes),
        entity: Some(EntitySelector::parse(selector).unwrap()),
        ..SeriesRequest::new(ACCOUNT, between(30, 50))
    };
    let wanted = request("service(\"cart\")", 1);
    let set = series(&list, &wanted).unwrap();
    let forecast = bands(&list, &wanted, &set).unwrap();
    assert_eq!(forecast.len(), 20);
    for (minute, (band, (_, stats))) in (30..).zip(forecast.iter().zip(&set.series[0].points)) {
        assert_eq!(
            stats.fault > band.high,
            (40..44).contains(&minute),
            "{minute}: {band:?} {}",
            stats.fault
        );
    }
    // What nobody has seen before may do anything.
    let wanted = request("service(\"unknown\")", 5);
    let set = series(&list, &wanted).unwrap();
    assert_eq!(bands(&list, &wanted, &set).unwrap(), [band::Band::default(); 4]);
}

#[test]
fn what_is_judged_by_the_source_is_judged_by_the_rules_alone() {
    // The function adds nothing to the rules: reading the same minutes gives the same findings.
    let list = troubled();
    let until = BEGIN + 60;
    let judged_alone = watch::judge(BEGIN..until, until, &[], |minutes| list.counts(ACCOUNT, minutes)).unwrap();
    let findings: Vec<Finding> = judged_alone.findings;
    let judgement = Judgement {
        group: "Default",
        group_unique: "",
        window: judged_alone.window,
        announce: false,
        now: Timestamp::from_minute(BEGIN + 1_000),
    };
    assert_eq!(
        reconcile(&[], &findings, &judgement),
        judged(&list, "Default", 0, 60).unwrap()
    );
}

fn range_of(from: u32, to: u32) -> Option<pb::TimeRange> {
    let range = between(from, to);
    Some(pb::TimeRange {
        start: Some(time(range.start)),
        end: Some(time(range.end)),
    })
}

#[tokio::test]
async fn grpc_tells_what_the_functions_find() {
    let list = troubled();
    let found = judged(&list, "Default", 0, 60).unwrap();
    list.insights.lock().unwrap().extend(found.iter().cloned());
    let server = Server::with(Arc::new(list)).await;
    let replayed = server
        .client()
        .replay_insights(pb::ReplayInsightsRequest {
            range: range_of(0, 60),
            ..pb::ReplayInsightsRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    let [insight] = replayed.insights.as_slice() else {
        panic!("one was found: {replayed:?}");
    };
    assert_eq!(
        (insight.id.as_str(), insight.group.as_str()),
        (found[0].id(), "Default")
    );
    assert_eq!(insight.state(), pb::InsightState::Closed);
    assert_eq!(insight.summary, found[0].summary());
    assert_eq!(insight.root_cause.as_ref().unwrap().name, "cart");
    let (cart, impact) = (&insight.anomalies[0], insight.client_impact.unwrap());
    assert_eq!((impact.total, impact.ok, impact.fault), (24, 4, 20));
    assert_eq!(cart.impact.unwrap(), impact);
    assert!(
        cart.usual_fault_rate < 0.01 && cart.expected_faults < 1.0 && cart.deviation > 10.0,
        "{cart:?}"
    );
    assert_eq!(insight.end, Some(time(Timestamp::from_minute(BEGIN + 44))));

    let request = |state: pb::InsightState, group: &str, cursor: Vec<u8>| pb::ListInsightsRequest {
        range: range_of(0, 60),
        state: state.into(),
        group: group.to_owned(),
        limit: 1,
        cursor,
        ..pb::ListInsightsRequest::default()
    };
    let mut client = server.client();
    let any = pb::InsightState::Unspecified;
    let listed = client
        .list_insights(request(any, "", Vec::new()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((&listed.insights[0].id, listed.cursor.len()), (&insight.id, 0));
    let active = request(pb::InsightState::Active, "", Vec::new());
    assert_eq!(client.list_insights(active).await.unwrap().into_inner().insights, []);
    let none = client
        .list_insights(request(any, "none", Vec::new()))
        .await
        .unwrap_err();
    assert_eq!(none.code(), tonic::Code::NotFound, "{none}");
    let odd = client.list_insights(request(any, "", vec![7; 5])).await.unwrap_err();
    assert_eq!(odd.code(), tonic::Code::InvalidArgument, "{odd}");
}

#[tokio::test]
async fn a_cursor_leads_through_all_insights() {
    let list = troubled();
    let found = judged(&list, "Default", 0, 60).unwrap();
    // The same one under three groups, so that there are three.
    for group in ["Default", "slow", "slow-faults"] {
        let judgement = Judgement {
            group,
            group_unique: group,
            window: BEGIN..BEGIN + 60,
            announce: false,
            now: Timestamp::from_minute(BEGIN + 60),
        };
        let finding = Finding {
            start: found[0].first,
            end: found[0].end,
            open: false,
            root: found[0].root.clone(),
            anomalies: found[0].anomalies.clone(),
            at_root: found[0].at_root,
            clients: found[0].clients,
        };
        list.insights
            .lock()
            .unwrap()
            .extend(reconcile(&[], &[finding], &judgement));
    }
    let server = Server::with(Arc::new(list)).await;
    let (mut ids, mut cursor) = (Vec::new(), Vec::new());
    loop {
        let request = pb::ListInsightsRequest {
            range: range_of(0, 60),
            limit: 2,
            cursor,
            ..pb::ListInsightsRequest::default()
        };
        let page = server.client().list_insights(request).await.unwrap().into_inner();
        ids.extend(page.insights.into_iter().map(|insight| insight.id));
        cursor = page.cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(ids.len(), 3);
    assert!(
        ids.is_sorted_by(|a, b| a > b),
        "equal starts are told apart by their ids: {ids:?}"
    );
}
