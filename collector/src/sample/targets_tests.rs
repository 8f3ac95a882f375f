use beamline_model::sampling::rule::RateBoost;
use beamline_store::{Store, StoreConfig};

use super::super::rules::RuleKey;
use super::*;

const US: Account = Account(0);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_000 + seconds)
}

fn targets(reservoir: u32) -> Targets {
    let store = Arc::new(Store::open(StoreConfig::in_memory()).unwrap());
    let rules = Rules::new(store, 25);
    let rule = Rule {
        name: "checkout".to_owned(),
        priority: 1,
        fixed_rate: 0.1,
        reservoir,
        boost: Some(RateBoost {
            max_rate: 0.5,
            cooldown_minutes: 1,
        }),
        ..Rule::default_rule()
    };
    rules.create(US, rule, at(0)).unwrap();
    Targets::new(Arc::new(rules))
}

fn report(rule: &str, client: u8, requests: u32, when: i64) -> Statistics {
    Statistics {
        rule: rule.to_owned(),
        client: ClientId([client; 24]),
        at: at(when),
        requests,
        sampled: 20,
        borrowed: 10,
    }
}

fn failures(rule: &str, anomalies: u32, when: i64) -> BoostStatistics {
    BoostStatistics {
        rule: rule.to_owned(),
        service: "cart".to_owned(),
        at: at(when),
        anomalies,
        total: 1_000,
        sampled: 0,
    }
}

#[test]
fn a_client_is_granted_its_part_and_told_when_rules_changed() {
    let targets = targets(2);
    let reports = [report("checkout", 1, 110, 10), report("Default", 1, 0, 10)];
    let granted = targets.report(US, &reports, &[], at(10)).unwrap();
    assert_eq!(granted.last_change, at(0));
    let told: Vec<_> = granted
        .grants
        .iter()
        .map(|g| (g.rule.as_str(), g.quota, g.interval))
        .collect();
    assert_eq!(told, [("checkout", 2, 10), ("Default", 1, 10)]);
    assert_eq!(granted.grants[0].until, at(310));
    assert_eq!(granted.unreported, []);
}

#[test]
fn reports_about_unknown_rules_and_old_times_are_named() {
    let reports = [
        report("gone", 1, 1, 10),
        report("checkout", 1, 1, -291),
        report("checkout", 1, 1, -290),
    ];
    let failed = [
        failures("gone", 1, 10),
        failures("Default", 1, 10),
        failures("checkout", 1, -291),
        failures("checkout", 1, -290),
    ];
    let granted = targets(2).report(US, &reports, &failed, at(10)).unwrap();
    let codes = |unreported: &[Unreported]| {
        let told = unreported.iter().map(|it| (it.rule.clone(), it.code));
        told.collect::<Vec<_>>()
    };
    let expect = |told: &[(&str, &'static str)]| {
        let told = told.iter().map(|(rule, code)| ((*rule).to_owned(), *code));
        told.collect::<Vec<_>>()
    };
    assert_eq!(
        codes(&granted.unreported),
        expect(&[("gone", "404"), ("checkout", "400")])
    );
    let boosts = expect(&[("gone", "404"), ("Default", "400"), ("checkout", "400")]);
    assert_eq!(codes(&granted.unreported_boosts), boosts);
    assert_eq!(granted.grants.len(), 1);
}

#[test]
fn fifty_clients_together_never_hold_more_than_the_reservoir() {
    let targets = targets(10);
    for round in 0..6 {
        let mut sum = 0;
        for client in 0..50 {
            let reports = [report("checkout", client, 10 + u32::from(client) * 40, round * 10)];
            sum += targets.report(US, &reports, &[], at(round * 10)).unwrap().grants[0].quota;
        }
        assert!(sum <= 10, "{sum} in round {round}");
        let used = targets.activity(US, at(0), at(round * 10));
        assert_eq!(
            (used["checkout"].clients, used["checkout"].leased),
            (50, u64::from(sum))
        );
    }
}

#[test]
fn unseen_failures_raise_the_rate_of_everybody_until_the_minute_is_over() {
    let targets = targets(0);
    let ask = |client, failed: &[BoostStatistics], when: i64| {
        let reports = [report("checkout", client, 1_000, when)];
        let granted = targets.report(US, &reports, failed, at(when)).unwrap();
        granted.grants[0].boost.map(|boost| (boost.rate, boost.until))
    };
    assert_eq!(ask(1, &[failures("checkout", 40, 10)], 10), Some((0.25, at(70))));
    assert_eq!(ask(2, &[], 11), Some((0.25, at(70))));
    let used = targets.activity(US, at(0), at(11));
    assert_eq!(used["checkout"].boost.map(|boost| boost.until), Some(at(70)));
    assert_eq!(ask(2, &[], 70), None);
    assert_eq!(targets.activity(US, at(0), at(71))["checkout"].boost, None);
}

#[test]
fn asking_how_rules_are_used_grants_no_boost() {
    let targets = targets(0);
    targets
        .report(US, &[], &[failures("checkout", 40, 10)], at(10))
        .unwrap();
    assert_eq!(targets.activity(US, at(0), at(11))["checkout"].boost, None);
    let granted = targets
        .report(US, &[report("checkout", 1, 1_000, 11)], &[], at(11))
        .unwrap();
    assert_eq!(granted.grants[0].boost.map(|boost| boost.until), Some(at(71)));
}

#[test]
fn summaries_add_up_over_clients_and_come_newest_first() {
    let targets = targets(2);
    for (client, when) in [(1, 10), (2, 12), (1, 25)] {
        targets
            .report(US, &[report("checkout", client, 100, when)], &[], at(when))
            .unwrap();
    }
    let told: Vec<_> = targets
        .summaries(US, at(30))
        .iter()
        .map(|s| (s.window.start, s.window.requests, s.window.sampled, s.window.borrowed))
        .collect();
    assert_eq!(told, [(at(20), 100, 20, 10), (at(10), 200, 40, 20)]);
    assert_eq!(targets.summaries(Account(3), at(30)), []);
    let used = targets.activity(US, at(20), at(30));
    assert_eq!((used["checkout"].requests, used["checkout"].clients), (100, 2));
}

#[test]
fn a_rule_that_is_made_anew_under_an_old_name_begins_at_nothing() {
    let targets = targets(2);
    targets
        .report(US, &[report("checkout", 1, 100, 10)], &[], at(10))
        .unwrap();
    let key = RuleKey::of(Some("checkout"), None, "").unwrap();
    let deleted = targets.rules.delete(US, &key, at(11)).unwrap();
    let granted = targets
        .report(US, &[report("checkout", 1, 100, 12)], &[], at(12))
        .unwrap();
    assert_eq!(granted.unreported[0].code, "404");
    targets.rules.create(US, deleted.rule, at(13)).unwrap();
    assert_eq!(targets.summaries(US, at(14)), []);
}
