use beamline_store::StoreConfig;

use super::*;

fn rules(limit: usize) -> Rules {
    Rules::new(Arc::new(Store::open(StoreConfig::in_memory()).unwrap()), limit)
}

fn rule(name: &str, priority: u16) -> Rule {
    Rule {
        name: name.to_owned(),
        priority,
        ..Rule::default_rule()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

const US: Account = Account(0);
const PREFIX: &str = "arn:aws:xray:us-east-1:123456789012:sampling-rule/";

fn named(name: &str) -> RuleKey {
    RuleKey::of(Some(name), None, PREFIX).unwrap()
}

fn names(rules: &Rules) -> Vec<String> {
    let records = rules.list(US).unwrap();
    records.iter().map(|record| record.rule.name.clone()).collect()
}

fn last_change(rules: &Rules) -> Timestamp {
    rules.set(US).unwrap().1
}

#[test]
fn rules_are_listed_in_order_and_survive_their_keeper() {
    let first = rules(10);
    assert!(!first.are_known(US));
    assert_eq!(names(&first), ["Default"]);
    assert!(first.are_known(US));
    assert_eq!(last_change(&first), Timestamp::ZERO);
    first.create(US, rule("late", 9_000), at(10)).unwrap();
    first.create(US, rule("b", 5), at(11)).unwrap();
    first.create(US, rule("a", 5), at(12)).unwrap();
    let again = Rules::new(Arc::clone(&first.store), 10);
    assert_eq!(names(&again), ["a", "b", "late", "Default"]);
    assert_eq!(last_change(&again), at(12));
    assert_eq!(again.list(Account(7)).unwrap().len(), 1, "another account has its own");
}

#[test]
fn every_change_moves_the_last_change_for_good() {
    let rules = rules(10);
    rules.create(US, rule("a", 5), at(10)).unwrap();
    let key = RuleKey::of(None, Some(&format!("{PREFIX}a")), PREFIX).unwrap();
    let update = RuleUpdate {
        fixed_rate: Some(0.5),
        ..RuleUpdate::default()
    };
    let changed = rules.update(US, &key, update, at(20)).unwrap();
    assert_eq!(
        (changed.created(), changed.modified(), changed.rule.fixed_rate),
        (at(10), at(20), 0.5)
    );
    assert_eq!(last_change(&rules), at(20));
    assert_eq!(rules.delete(US, &key, at(30)).unwrap(), changed);
    assert_eq!(
        (names(&rules), last_change(&rules)),
        (vec!["Default".to_owned()], at(30))
    );
    // The rule is gone, and that it went is still told.
    assert_eq!(last_change(&Rules::new(Arc::clone(&rules.store), 10)), at(30));
    // A clock that was put back does not take back what clients were told.
    rules.create(US, rule("b", 5), at(5)).unwrap();
    assert_eq!(last_change(&rules), at(30));
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let rules = rules(1);
    rules.create(US, rule("a", 5), at(10)).unwrap();
    let nothing = RuleUpdate::default;
    assert_eq!(
        rules.create(US, rule("a", 6), at(11)),
        Err(RulesError::Exists("a".to_owned()))
    );
    assert_eq!(rules.create(US, rule("b", 6), at(11)), Err(RulesError::TooMany(1)));
    assert_eq!(
        rules.create(US, Rule::default_rule(), at(11)),
        Err(BadRule::Reserved.into())
    );
    assert_eq!(
        rules.delete(US, &named("Default"), at(11)),
        Err(RulesError::DefaultStays)
    );
    assert_eq!(
        rules.delete(US, &named("x"), at(11)),
        Err(RulesError::NoSuchRule("x".to_owned()))
    );
    assert_eq!(
        rules.update(US, &named("x"), nothing(), at(11)),
        Err(RulesError::NoSuchRule("x".to_owned()))
    );
    assert_eq!((names(&rules).len(), last_change(&rules)), (2, at(10)));
}

#[test]
fn a_rule_is_named_once_and_by_an_arn_of_the_caller() {
    let of = |name, arn| RuleKey::of(name, arn, PREFIX);
    assert_eq!(of(None, None), Err(RulesError::NotOneName));
    assert_eq!(of(Some("a"), Some("b")), Err(RulesError::NotOneName));
    for arn in [
        "arn:aws:xray:us-east-1:123456789012:group/a",
        "arn:aws:xray:us-east-1:123456789012:sampling-rule/",
        "arn:aws:xray:eu-west-1:123456789012:sampling-rule/a",
        "arn:aws:xray:us-east-1:210987654321:sampling-rule/a",
    ] {
        assert_eq!(of(None, Some(arn)), Err(RulesError::BadArn(arn.to_owned())));
    }
}

#[test]
fn the_rates_of_the_default_rule_can_be_changed() {
    let rules = rules(1);
    let update = RuleUpdate {
        fixed_rate: Some(1.0),
        ..RuleUpdate::default()
    };
    rules.update(US, &named("Default"), update, at(10)).unwrap();
    let records = rules.list(US).unwrap();
    assert_eq!(
        (records.len(), records[0].rule.fixed_rate, records[0].created()),
        (1, 1.0, Timestamp::ZERO)
    );
    // A changed default rule takes nobody's place.
    rules.create(US, rule("a", 5), at(11)).unwrap();
}

#[test]
fn reading_does_not_wait_for_a_change_under_way() {
    let rules = rules(10);
    names(&rules);
    let _under_way = rules.changing.lock().unwrap();
    // Would never return otherwise.
    assert_eq!(names(&rules), ["Default"]);
    assert_eq!(last_change(&rules), Timestamp::ZERO);
}
