//! What holds for every expression.

use proptest::prelude::*;

use super::ast::{
    BoolTest, CauseKind, CausePart, Condition, Expr, FlagKey, GroupKey, NumberKey, NumberOp, NumberTest, ScalarTest,
    Selector, TextKey, TextOp, TextTest,
};
use super::keyword::{KEYS, Key, Scope};
use super::{
    CausePattern, EntityPattern, EntitySelector, ExceptionPattern, Filter, NoGroups, ServicePattern, fixture, keyword,
};
use crate::id::TraceId;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,6}",
        "[\"'\\\\a\\]\\[{}#\\n ü]{0,6}",
        any::<String>().prop_map(|text| text.chars().take(8).collect())
    ]
}

fn any_bool_test() -> impl Strategy<Value = BoolTest> {
    any::<(bool, bool)>().prop_map(|(negated, value)| BoolTest { negated, value })
}

fn any_number_test() -> impl Strategy<Value = NumberTest> {
    use NumberOp::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let op = prop::sample::select(vec![Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual]);
    let value = prop_oneof![
        -10.0..10.0f64,
        prop::num::f64::NORMAL,
        prop::num::f64::SUBNORMAL,
        Just(0.0)
    ];
    (op, value).prop_map(|(op, value)| NumberTest { op, value })
}

fn any_text_test() -> impl Strategy<Value = TextTest> {
    use TextOp::{BeginsWith, Contains, EndsWith, Equal, NotEqual};
    let op = prop::sample::select(vec![Equal, NotEqual, Contains, BeginsWith, EndsWith]);
    (op, any_text()).prop_map(|(op, value)| TextTest { op, value })
}

fn any_scalar_test() -> impl Strategy<Value = ScalarTest> {
    prop_oneof![
        any_bool_test().prop_map(ScalarTest::Bool),
        any_number_test().prop_map(ScalarTest::Number),
        any_text_test().prop_map(ScalarTest::Text),
    ]
}

fn any_selector() -> impl Strategy<Value = Selector> {
    let part = || prop::option::of(any_text());
    let id = (part(), part(), part()).prop_filter_map("an id says something", |(name, kind, account)| {
        let given = name.is_some() || kind.is_some() || account.is_some();
        given.then_some(Selector::Id { name, kind, account })
    });
    prop_oneof![any_text().prop_map(Selector::Name), id]
}

/// Conditions that may stand in a scope.
fn any_condition(scope: Scope) -> BoxedStrategy<Expr> {
    let keys: Vec<Key> = KEYS
        .iter()
        .map(|(_, key)| *key)
        .filter(|key| scope.knows(*key))
        .collect();
    let plain = prop::sample::select(keys).prop_flat_map(|key| match key {
        Key::Flag(key) => prop::option::of(any_bool_test())
            .prop_map(move |test| Condition::Flag(key, test))
            .boxed(),
        Key::Number(key) => prop::option::of(any_number_test())
            .prop_map(move |test| Condition::Number(key, test))
            .boxed(),
        Key::Text(key) => prop::option::of(any_text_test())
            .prop_map(move |test| Condition::Text(key, test))
            .boxed(),
    });
    let plain = plain.prop_map(Expr::Condition).boxed();
    if !scope.knows_annotations() {
        return plain;
    }
    let name = any_text().prop_filter("an annotation has a name", |name| !name.is_empty());
    let annotation = (name, prop::option::of(any_scalar_test()))
        .prop_map(|(name, test)| Expr::Condition(Condition::Annotation(name, test)));
    prop_oneof![3 => plain, 1 => annotation].boxed()
}

fn combined(leaf: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|inner| Expr::Not(Box::new(inner))),
        ]
    })
    .boxed()
}

fn any_block(scope: Scope) -> impl Strategy<Value = Option<Box<Expr>>> {
    prop::option::of(combined(any_condition(scope)).prop_map(Box::new))
}

fn any_cause_part() -> impl Strategy<Value = Expr> {
    let kind = prop::sample::select(vec![CauseKind::Fault, CauseKind::Error, CauseKind::ResponseTime]);
    let part = prop::sample::select(vec![CausePart::Service, CausePart::Entity, CausePart::Exception]);
    (kind, part)
        .prop_filter("causes of response times have no exceptions", |(kind, part)| {
            *kind != CauseKind::ResponseTime || *part != CausePart::Exception
        })
        .prop_flat_map(|(kind, part)| {
            any_block(Scope::Cause(kind, part)).prop_map(move |when| Expr::Cause { kind, part, when })
        })
}

fn any_cause_pattern() -> impl Strategy<Value = CausePattern> {
    let exception = (prop::option::of(any_text()), prop::option::of(any_text()))
        .prop_map(|(name, message)| ExceptionPattern { name, message });
    let entity = (
        prop::option::of(any_text()),
        prop::option::of(any::<bool>()),
        prop::option::of((0..=1_000_000u32).prop_map(|millionths| f64::from(millionths) / 1e6)),
        prop::option::of(prop::collection::vec(exception, 0..2)),
    )
        .prop_map(|(name, remote, coverage, exceptions)| EntityPattern {
            name,
            remote,
            coverage,
            exceptions,
        });
    let service = (
        prop::option::of(any_text()),
        prop::option::of(prop::collection::vec(any_text(), 0..2)),
        prop::option::of(any::<bool>()),
        prop::option::of(prop::collection::vec(entity, 0..3)),
    )
        .prop_map(|(name, names, inferred, entity_path)| ServicePattern {
            name: name.clone(),
            names,
            kind: name.clone(),
            account_id: name,
            inferred,
            entity_path,
        });
    let services = prop::option::of(prop::collection::vec(service, 0..3));
    (services, prop::option::of(any::<bool>())).prop_map(|(services, client_impacting)| CausePattern {
        services,
        client_impacting,
    })
}

fn any_filter() -> impl Strategy<Value = Expr> {
    let group_key = prop::sample::select(vec![GroupKey::Name, GroupKey::Arn]);
    let cause_kind = prop::sample::select(vec![CauseKind::Fault, CauseKind::Error, CauseKind::ResponseTime]);
    let leaf = prop_oneof![
        4 => any_condition(Scope::Trace),
        1 => (group_key, any::<bool>(), any_text())
            .prop_map(|(by, negated, group)| Expr::Condition(Condition::Group { by, negated, group })),
        2 => (prop::option::of(any_selector()), any_block(Scope::Segment))
            .prop_map(|(selector, when)| Expr::Service { selector, when }),
        2 => (prop::option::of(any_selector()), prop::option::of(any_selector()), any_block(Scope::Call))
            .prop_map(|(from, to, when)| Expr::Edge { from, to, when }),
        1 => any_cause_part(),
        1 => (prop::option::of(cause_kind), prop::collection::vec(any_cause_pattern(), 0..2))
            .prop_map(|(kind, causes)| Expr::CauseJson { kind, causes }),
    ];
    let whole = (1u128..).prop_map(|trace| Expr::Trace(TraceId(trace)));
    prop_oneof![20 => combined(leaf.boxed()), 1 => whole]
}

/// Tokens of the language in any order: nearly expressions, which finds more than noise does.
fn any_nearly_expression() -> impl Strategy<Value = String> {
    let words = "ok fault = != < <= > >= ( ) { } [ ] , : ! # AND OR NOT user http.url responsetime annotation.a \
                 annotation service edge id name: type rootcause.fault.service rootcause.json #[{}] CONTAINS \"a\" 'b' \
                 1 -2.5e3 true group.name index root last \" \\ é";
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    prop::collection::vec(prop::sample::select(words), 0..12).prop_map(|words| words.join(" "))
}

fn survives(text: &str) {
    if let Ok(filter) = Filter::parse(text) {
        assert_eq!(Filter::parse(&filter.to_string()).as_ref(), Ok(&filter), "{text}");
        for digest in fixture::traces() {
            let _ = filter.matches(&digest, &NoGroups);
        }
    }
    if let Ok(entity) = EntitySelector::parse(text) {
        assert_eq!(EntitySelector::parse(&entity.to_string()), Ok(entity), "{text}");
    }
}

proptest! {
    #[test]
    fn printing_and_parsing_lose_nothing(expr in any_filter()) {
        let text = expr.to_string();
        let filter = Filter::parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(filter.expr(), &expr, "{}", text);
        prop_assert_eq!(filter.to_string(), text);
    }

    #[test]
    fn no_text_makes_the_parser_fail_or_forget(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn no_order_of_words_makes_the_parser_fail_or_forget(text in any_nearly_expression()) {
        survives(&text);
    }

    #[test]
    fn a_negation_selects_exactly_the_others(expr in any_filter()) {
        let filter = Filter::parse(&expr.to_string()).unwrap();
        let negation = match &expr {
            Expr::Trace(_) => return Ok(()),
            expr => Filter::parse(&Expr::Not(Box::new(expr.clone())).to_string()).unwrap(),
        };
        for digest in fixture::traces() {
            prop_assert_ne!(filter.matches(&digest, &NoGroups), negation.matches(&digest, &NoGroups));
        }
    }
}

#[test]
fn every_key_has_a_name_and_a_place() {
    use FlagKey::{Error, Fault, First, Inferred, Last, Ok, Partial, Remote, Root, Throttle};
    use NumberKey::{Coverage, Duration, HttpStatus, Index, ResponseTime};
    let flags = [Ok, Error, Throttle, Fault, Partial, Inferred, First, Last, Remote, Root].map(Key::Flag);
    let numbers = [ResponseTime, Duration, HttpStatus, Index, Coverage].map(Key::Number);
    let texts = [
        TextKey::HttpUrl,
        TextKey::HttpMethod,
        TextKey::HttpUserAgent,
        TextKey::HttpClientIp,
        TextKey::User,
        TextKey::AvailabilityZone,
        TextKey::InstanceId,
        TextKey::ResourceArn,
        TextKey::AccountId,
        TextKey::Name,
        TextKey::Type,
        TextKey::Message,
    ]
    .map(Key::Text);
    for key in flags.into_iter().chain(numbers).chain(texts) {
        assert_eq!(keyword::key(&keyword::name(key).to_uppercase()), Some(key));
        assert!(!Scope::hint(key).is_empty());
    }
}

#[test]
fn entity_selectors_are_services_or_edges() {
    let check = |text: &str, canonical: &str| assert_eq!(EntitySelector::parse(text).unwrap().to_string(), canonical);
    check("service( 'a' )", "service(\"a\")");
    check("id(name: \"a\", type: \"b\")", "service(id(name: \"a\", type: \"b\"))");
    check("EDGE(\"a\", id(type:\"b\"))", "edge(\"a\", id(type: \"b\"))");
    check("service()", "service()");
    for text in [
        "",
        "fault",
        "service(\"a\") { fault }",
        "service(\"a\") service(\"b\")",
        "edge(\"a\")",
        "id",
    ] {
        assert!(EntitySelector::parse(text).is_err(), "{text}");
    }
}
