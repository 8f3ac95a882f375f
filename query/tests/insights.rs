//! Insights: listed, and judged again.

use beamline_model::insight::{Insight, Judgement, State, band, detect::Finding, reconcile, watch};
use beamline_model::lang::trace_filter::EntitySelector;
use beamline_model::testkit::shop;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_query::QueryError;
use beamline_query::filter::Selection;
use beamline_query::forecast::bands;
use beamline_query::insights::{ListRequest, find, impact, list, replay};
use beamline_query::series::{SeriesRequest, series};
use beamline_query::source::Source;

use crate::support::{ACCOUNT, List};

/// Some time, from where minutes are counted.
pub(crate) const BEGIN: u32 = 29_760_000;

pub(crate) fn between(from: u32, to: u32) -> TimeRange {
    Timestamp::from_minute(BEGIN + from)..Timestamp::from_minute(BEGIN + to)
}

/// A shop that failed for four minutes.
pub(crate) fn troubled() -> List {
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
        account: ACCOUNT,
        range: between(30, 50),
        minutes: Some(minutes),
        selection: Selection::default(),
        entity: Some(EntitySelector::parse(selector).unwrap()),
        split: false,
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
