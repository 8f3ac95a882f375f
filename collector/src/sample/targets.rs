//! What sampling clients report, and what they are granted for it.

use std::sync::{Arc, Mutex, PoisonError};

use beamline_model::sampling::boost::{Boost, Booster};
use beamline_model::sampling::quota::{ClientId, Ledger};
use beamline_model::sampling::rule::Rule;
use beamline_model::sampling::window::{Window, Windows};
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use rustc_hash::FxHashMap;

use super::rules::{Rules, RulesError};

const SECOND: i64 = 1_000_000_000;

/// A grant can be used for so long.
const VALID: i64 = 300 * SECOND;

/// A report about a time longer ago is not used.
const TOO_OLD: u64 = 300 * SECOND as u64;

/// What one client saw and kept under one rule since its last report.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// The rule's name.
    pub rule: String,
    /// The client.
    pub client: ClientId,
    /// Until when it counted.
    pub at: Timestamp,
    /// Requests that fell under the rule.
    pub requests: u32,
    /// Requests it sampled.
    pub sampled: u32,
    /// Requests it sampled without a grant.
    pub borrowed: u32,
}

/// How many failures one client saw under one rule since its last report.
#[derive(Clone, Debug, PartialEq)]
pub struct BoostStatistics {
    /// The rule's name.
    pub rule: String,
    /// The service that saw them.
    pub service: String,
    /// Until when it counted.
    pub at: Timestamp,
    /// Failures.
    pub anomalies: u32,
    /// Requests.
    pub total: u32,
    /// Failures it sampled.
    pub sampled: u32,
}

/// How a client shall sample under one rule from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The rule's name.
    pub rule: String,
    /// The share to keep beyond the quota.
    pub fixed_rate: f64,
    /// Requests per second to keep.
    pub quota: u32,
    /// Until when the quota holds.
    pub until: Timestamp,
    /// Seconds until the next report; a multiple of 10, which SDKs count on.
    pub interval: u32,
    /// A raised rate, while failures go unseen.
    pub boost: Option<Boost>,
}

/// A report that was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreported {
    /// The rule's name.
    pub rule: String,
    /// `404` makes SDKs fetch the rules anew; `400` says that the report itself is wrong.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// The answer to a client's reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Granted {
    /// One for every report that was used.
    pub grants: Vec<Grant>,
    /// When any rule changed last; newer than a client's rules makes it fetch them.
    pub last_change: Timestamp,
    /// Reports that were not used.
    pub unreported: Vec<Unreported>,
    /// Reports about failures that were not used.
    pub unreported_boosts: Vec<Unreported>,
}

/// What one rule saw and kept in ten seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The rule's name.
    pub rule: String,
    /// What all its clients reported.
    pub window: Window,
}

/// Who reported what lately, for all accounts. Lives in memory: clients report anew within seconds of a restart.
pub struct Targets {
    rules: Arc<Rules>,
    // A plain mutex: it is held for one answer, never across an await.
    known: Mutex<FxHashMap<Account, FxHashMap<String, Known>>>,
}

#[derive(Debug, Default)]
struct Known {
    ledger: Ledger,
    windows: Windows,
    booster: Booster,
}

impl Targets {
    /// For the rules that `rules` keeps.
    #[must_use]
    pub fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            known: Mutex::default(),
        }
    }

    /// Takes in reports, also such that count nothing, and grants for each of them.
    ///
    /// # Errors
    /// When the rules cannot be read.
    pub fn report(
        &self,
        account: Account,
        statistics: &[Statistics],
        boosts: &[BoostStatistics],
        now: Timestamp,
    ) -> Result<Granted, RulesError> {
        let rules = self.rules.set(account)?;
        let find = |name: &str| rules.iter().find(|rule| rule.name == name);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(account).or_default();
        known.retain(|name, _| find(name).is_some());
        let mut granted = Granted {
            last_change: self.rules.last_change(account)?,
            ..Granted::default()
        };
        for report in boosts {
            match usable(find(&report.rule), &report.rule, report.at, now) {
                Ok(rule) => {
                    let known = known.entry(rule.name.clone()).or_default();
                    known.booster.report(report.anomalies, report.sampled, now);
                }
                Err(unreported) => granted.unreported_boosts.push(unreported),
            }
        }
        for report in statistics {
            match usable(find(&report.rule), &report.rule, report.at, now) {
                Ok(rule) => {
                    let known = known.entry(rule.name.clone()).or_default();
                    granted.grants.push(known.grant(rule, report, now));
                }
                Err(unreported) => granted.unreported.push(unreported),
            }
        }
        Ok(granted)
    }

    /// What the rules of an account saw within the last hour, newest first.
    #[must_use]
    pub fn summaries(&self, account: Account, now: Timestamp) -> Vec<Summary> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = known.get(&account).into_iter().flatten();
        let mut summaries: Vec<Summary> = rules
            .flat_map(|(rule, known)| {
                known.windows.recent(now).map(|window| Summary {
                    rule: rule.clone(),
                    window: *window,
                })
            })
            .collect();
        summaries.sort_by(|a, b| (b.window.start, &a.rule).cmp(&(a.window.start, &b.rule)));
        summaries
    }
}

impl Known {
    fn grant(&mut self, rule: &Rule, report: &Statistics, now: Timestamp) -> Grant {
        self.windows.add(report.requests, report.borrowed, report.sampled, now);
        let quota = self.ledger.report(report.client, report.requests, rule.reservoir, now);
        // Thousands of clients report less often, so that their reports stay a small part of the work.
        let interval = 10 * (1 + self.ledger.clients() / 2_000).min(6) as u32;
        Grant {
            rule: rule.name.clone(),
            fixed_rate: rule.fixed_rate,
            quota,
            until: now.plus(VALID),
            interval,
            boost: self.booster.current(rule, now),
        }
    }
}

fn usable<'a>(rule: Option<&'a Rule>, name: &str, at: Timestamp, now: Timestamp) -> Result<&'a Rule, Unreported> {
    let unreported = |code, message| Unreported {
        rule: name.to_owned(),
        code,
        message,
    };
    let rule = rule.ok_or_else(|| unreported("404", format!("no sampling rule with the name {name} exists")))?;
    if now.since(at) > TOO_OLD {
        return Err(unreported(
            "400",
            "the statistics are more than 5 minutes old".to_owned(),
        ));
    }
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use beamline_model::sampling::rule::RateBoost;
    use beamline_store::{Store, StoreConfig};

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
        let reports = [report("gone", 1, 1, 10), report("checkout", 1, 1, -400)];
        let granted = targets(2).report(US, &reports, &[], at(10)).unwrap();
        let codes: Vec<_> = granted.unreported.iter().map(|u| (u.rule.as_str(), u.code)).collect();
        assert_eq!(
            (granted.grants.len(), codes),
            (0, vec![("gone", "404"), ("checkout", "400")])
        );
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
        }
    }

    #[test]
    fn unseen_failures_raise_the_rate() {
        let targets = targets(0);
        let failures = BoostStatistics {
            rule: "checkout".to_owned(),
            service: "cart".to_owned(),
            at: at(10),
            anomalies: 40,
            total: 1_000,
            sampled: 0,
        };
        let granted = targets
            .report(US, &[report("checkout", 1, 1_000, 10)], &[failures], at(10))
            .unwrap();
        let boost = granted.grants[0].boost.unwrap();
        assert_eq!((boost.rate, boost.until), (0.25, at(70)));
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
            .map(|s| (s.window.start, s.window.requests))
            .collect();
        assert_eq!(told, [(at(20), 100), (at(10), 200)]);
        assert_eq!(targets.summaries(Account(3), at(30)), []);
    }
}
