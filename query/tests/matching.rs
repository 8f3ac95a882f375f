//! What a matcher requires of a trace, a matching trace has.

use beamline_model::digest::Digest;
use beamline_query::QueryError;
use beamline_query::filter::{Selection, matcher};
use beamline_store::api::{Required, Term};
use beamline_store::codec::digest::{Page, encode};
use beamline_store::table::terms::{Code, terms};
use proptest::prelude::*;

use crate::support::{ACCOUNT, List, names};

/// Whether a digest meets a requirement by the terms that the store indexes it under.
fn meets(digest: &Digest, required: &Required) -> bool {
    let has = |term: &Term| terms(digest).is_none_or(|terms| terms.contains(&Code::from(term)));
    match required {
        Required::Anything => true,
        Required::Nothing => false,
        Required::Term(term) => has(term),
        Required::Text(part) => {
            let page = Page::open(&encode([digest]).bytes).expect("a page that was just written");
            let mut found = false;
            page.rows_with(|text| part.is_in(text), |_| found = true)
                .expect("a sound page");
            found
        }
        Required::Number(key, range) => {
            let encoded = encode([digest]);
            let bounds = encoded.bounds.iter().find(|(known, ..)| known == key);
            bounds.is_some_and(|(_, least, most)| least <= range.end() && most >= range.start())
        }
        Required::HttpStatus(range) => digest.http.status.is_some_and(|status| range.contains(&status)),
        Required::Duration(range) => range.contains(&digest.duration()),
        Required::ResponseTime(range) => digest.response_time.is_some_and(|time| range.contains(&time)),
        Required::All(parts) => parts.iter().all(|part| meets(digest, part)),
        Required::Any(parts) => parts.iter().any(|part| meets(digest, part)),
    }
}

fn select(filter: &str, group: &str) -> Result<Vec<std::sync::Arc<Digest>>, QueryError> {
    let list = List::conformance();
    let selection = Selection::parse(filter, group)?;
    let Some(matcher) = matcher(&list, ACCOUNT, &selection)? else {
        return Ok(list.digests());
    };
    let required = matcher.required();
    let mut digests = list.digests();
    for digest in &digests {
        let skipped = matcher.matches(digest) && !meets(digest, &required);
        assert!(!skipped, "{filter} requires {required:?}, which a match lacks");
    }
    digests.retain(|digest| matcher.matches(digest));
    Ok(digests)
}

/// Conditions about the fixture, true of some of its traces and false of others.
pub(crate) const CONDITIONS: &[&str] = &[
    "ok",
    "ok = false",
    "fault",
    "fault != true",
    "error",
    "throttle",
    "partial",
    "inferred",
    "responsetime",
    "responsetime > 2",
    "responsetime <= 0.3",
    "responsetime = 0.3",
    "responsetime != 4",
    "responsetime < -1",
    "duration >= 5",
    "duration < 0.011",
    "duration = 6",
    "http.status = 200",
    "http.status = 200.5",
    "http.status >= 400",
    "http.method = \"GET\"",
    "http.method != \"GET\"",
    "http.url ENDSWITH \"cart\"",
    "http.url = \"http://shop.example.com/cart\"",
    "user = \"alice\"",
    "user != \"alice\"",
    "user",
    "annotation.tier = \"gold\"",
    "annotation.tier != \"gold\"",
    "annotation.age = \"30.0\"",
    "annotation.age = 30",
    "annotation.age > 10",
    "annotation.beta = \"TRUE\"",
    "annotation.beta",
    "service(\"payments\")",
    "service(\"DynamoDB\")",
    "service(\"payments\") { fault OR error }",
    "service(\"shop\") { fault = false AND ok }",
    "service(\"shop\") { partial }",
    "service(\"orders\") { inferred }",
    "service(id(type: \"AWS::Lambda\")) { ok }",
    "service(id(name: \"fn-a\", type: \"AWS::Lambda::Function\"))",
    "service() { fault }",
    "edge(\"shop\", \"payments\") { fault }",
    "edge(\"payments\", id(type: \"AWS::DynamoDB::Table\"))",
    "edge(id(name: \"shop\", type: \"client\"), \"shop\")",
    "edge(\"shop\", )",
    "rootcause.fault.service { name = \"orders\" last }",
    "rootcause.fault.service { name = \"orders\" OR first }",
    "rootcause.fault.exception { message CONTAINS \"rate\" }",
    "rootcause.fault.json = #[{\"Services\":[{\"Name\":\"shop\"},{\"Name\":\"payments\"}]}]",
    "group.name = \"slow\"",
    "group.name != \"slow\"",
    "group.name = \"Default\"",
    "group.name = \"circle\"",
    "group.arn = \"arn:aws:xray:us-east-1:123456789012:group/slow-faults/1\"",
];

fn any_expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(CONDITIONS).prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" AND "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

proptest! {
    #[test]
    fn a_match_has_what_is_required(expression in any_expression()) {
        select(&expression, "").unwrap();
    }
}

#[test]
fn every_condition_is_true_of_what_has_what_it_requires() {
    for condition in CONDITIONS {
        select(condition, "").unwrap();
        select(&format!("!({condition})"), "").unwrap();
    }
}

#[test]
fn indexes_are_asked_for_whatever_can_be_told_by_them() {
    let list = List::conformance();
    let check = |filter: &str, expected: &str| {
        let selection = Selection::parse(filter, "").unwrap();
        let matcher = matcher(&list, ACCOUNT, &selection).unwrap().unwrap();
        assert_eq!(format!("{:?}", matcher.required()), expected, "{filter}");
    };
    check(
        "fault AND user = \"bob\"",
        r#"All([Term(Flag(Fault)), Term(User("bob"))])"#,
    );
    check(
        "fault OR http.url CONTAINS \"a\"",
        r#"Any([Term(Flag(Fault)), Text(Within("a"))])"#,
    );
    check(
        "annotation.tier BEGINSWITH \"s\"",
        r#"All([Text(Begin("s")), Term(AnnotationKey("tier"))])"#,
    );
    check(
        "annotation.age > 29",
        r#"All([Number("age", 29.0..=inf), Term(AnnotationKey("age"))])"#,
    );
    check("http.status >= 500", "HttpStatus(500..=65535)");
    check("annotation.tier CONTAINS \"\"", r#"Term(AnnotationKey("tier"))"#);
    check("!(user CONTAINS \"a\")", "Anything");
    check("!ok", "Any([Term(Flag(Error)), Term(Flag(Fault))])");
    check(
        "service(\"shop\") { fault }",
        r#"All([Term(Service("shop")), Term(ServiceFlag("shop", Fault))])"#,
    );
    check(
        "edge(\"shop\", \"payments\") { fault }",
        r#"Term(Edge("shop", "payments"))"#,
    );
    check(
        "group.name = \"slow-faults\" ok",
        "All([All([ResponseTime(2999999995..18446744073709551615), Term(Flag(Fault))]), Term(Flag(Ok))])",
    );
    check("group.name = \"nobody\"", "Nothing");
    check("http.status = 404.5 OR error", "Term(Flag(Error))");
}

#[test]
fn groups_select_by_their_expressions() {
    let check = |filter: &str, group: &str, expected: &str| {
        assert_eq!(names(&select(filter, group).unwrap()), expected, "{filter} in {group}");
    };
    check("", "slow", "T2");
    check("", "Default", "T1 T2 T3 T4 T5 T6 T7");
    check("ok", "Default", "T1 T3 T6 T7");
    check("ok", "slow", "");
    check("", "slow-faults", "T2");
    check("", "arn:aws:xray:us-east-1:123456789012:group/slow/1", "T2");
    check(
        "group.arn = \"arn:aws:xray:us-east-1:123456789012:group/Default\"",
        "",
        "T1 T2 T3 T4 T5 T6 T7",
    );
    check("!(group.name = \"slow\")", "", "T1 T3 T4 T5 T6 T7");
    check("", "circle", "");
    check("group.name = \"broken\" OR group.name != \"broken\"", "", "");
    assert_eq!(
        select("", "nobody").unwrap_err(),
        QueryError::NoSuchGroup("nobody".to_owned())
    );
    let broken = select("", "broken").unwrap_err().to_string();
    assert!(
        broken.contains("`broken` cannot be read: expected a number"),
        "{broken}"
    );
}
