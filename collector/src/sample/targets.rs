//! What sampling clients report, and what they are granted for it.

use std::sync::{Arc, Mutex, PoisonError};

use beamline_model::sampling::boost::{Boost, Booster};
use beamline_model::sampling::matching::RuleSet;
use beamline_model::sampling::quota::{ClientId, LEASE_LASTS, Ledger, Seen};
use beamline_model::sampling::rule::Rule;
use beamline_model::sampling::window::{Window, Windows};
use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use rustc_hash::FxHashMap;

use super::rules::{Rules, RulesError};

/// A report about a time longer ago is not used, in nanoseconds.
const TOO_OLD: u64 = 300 * 1_000_000_000;

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

/// How a rule is used at the moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Clients that reported lately.
    pub clients: u64,
    /// Requests per second that they may keep for sure, together.
    pub leased: u64,
    /// What they reported within the time that was asked for.
    pub requests: u64,
    /// Of that, what was sampled.
    pub sampled: u64,
    /// Of that, what was sampled without a grant.
    pub borrowed: u64,
    /// A raised rate, while failures go unseen.
    pub boost: Option<Boost>,
}

/// Who reported what lately, for all accounts. Lives in memory: clients report anew within seconds of a restart.
pub struct Targets {
    rules: Arc<Rules>,
    // Plain mutexes, never held across an await: this one for look-ups, that of a rule for one grant.
    known: Mutex<FxHashMap<Account, ByRule>>,
}

/// What is known of each rule, by its name.
type ByRule = FxHashMap<String, Arc<Mutex<Known>>>;

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

    /// Takes in reports, also such that count nothing, and grants for each of them. Does not block once the account's
    /// rules are in memory.
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
        let (rules, last_change) = self.rules.set(account)?;
        self.forget_deleted(account, &rules);
        let mut granted = Granted {
            last_change,
            ..Granted::default()
        };
        for report in boosts {
            match boosted(&rules, report, now) {
                Ok(rule) => self.with(account, &rule.name, |known| {
                    known.booster.report(report.anomalies, report.sampled, now);
                }),
                Err(unreported) => granted.unreported_boosts.push(unreported),
            }
        }
        for report in statistics {
            match usable(&rules, &report.rule, report.at, now) {
                Ok(rule) => {
                    let grant = self.with(account, &rule.name, |known| known.grant(rule, report, now));
                    granted.grants.push(grant);
                }
                Err(unreported) => granted.unreported.push(unreported),
            }
        }
        Ok(granted)
    }

    /// What the rules of an account saw within the last hour, newest first.
    #[must_use]
    pub fn summaries(&self, account: Account, now: Timestamp) -> Vec<Summary> {
        let mut summaries = Vec::new();
        for (rule, known) in self.all(account) {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            summaries.extend(known.windows.recent(now).map(|window| Summary {
                rule: rule.clone(),
                window: *window,
            }));
        }
        summaries.sort_by(|a, b| (b.window.start, &a.rule).cmp(&(a.window.start, &b.rule)));
        summaries
    }

    /// How the rules of an account are used, by name, with what was reported since a moment within the last hour, or in
    /// the same ten seconds. Rules that nobody reported about may be left out.
    #[must_use]
    pub fn activity(&self, account: Account, since: Timestamp, now: Timestamp) -> FxHashMap<String, Activity> {
        let rules = self.rules.set(account).ok().map(|(rules, _)| rules);
        let of_rule = |(name, known): (String, Arc<Mutex<Known>>)| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let rule = rules.as_ref().and_then(|rules| rules.find(&name));
            let mut activity = Activity {
                clients: known.ledger.active(now) as u64,
                leased: known.ledger.leased(),
                boost: rule.and_then(|rule| known.booster.given(rule, now)),
                ..Activity::default()
            };
            for window in known.windows.recent(now).take_while(|window| window.end() > since) {
                activity.requests += window.requests;
                activity.sampled += window.sampled;
                activity.borrowed += window.borrowed;
            }
            (name, activity)
        };
        self.all(account).into_iter().map(of_rule).collect()
    }

    fn all(&self, account: Account) -> Vec<(String, Arc<Mutex<Known>>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = known.get(&account).into_iter().flatten();
        rules.map(|(name, known)| (name.clone(), Arc::clone(known))).collect()
    }

    fn with<T>(&self, account: Account, rule: &str, work: impl FnOnce(&mut Known) -> T) -> T {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let of_account = all.entry(account).or_default();
        let known = match of_account.get(rule) {
            Some(known) => Arc::clone(known),
            None => Arc::clone(of_account.entry(rule.to_owned()).or_default()),
        };
        drop(all);
        work(&mut known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn forget_deleted(&self, account: Account, rules: &RuleSet) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get_mut(&account) {
            known.retain(|name, _| rules.find(name).is_some());
        }
    }
}

impl Known {
    fn grant(&mut self, rule: &Rule, report: &Statistics, now: Timestamp) -> Grant {
        self.windows.add(report.requests, report.borrowed, report.sampled, now);
        let seen = Seen {
            requests: report.requests,
            borrowed: report.borrowed,
        };
        Grant {
            rule: rule.name.clone(),
            fixed_rate: rule.fixed_rate,
            quota: self.ledger.report(report.client, seen, rule.reservoir, now),
            until: now.plus(LEASE_LASTS),
            interval: self.ledger.interval(),
            boost: self.booster.current(rule, now),
        }
    }
}

fn usable<'a>(rules: &'a RuleSet, name: &str, at: Timestamp, now: Timestamp) -> Result<&'a Rule, Unreported> {
    let unreported = |code, message| Unreported {
        rule: name.to_owned(),
        code,
        message,
    };
    let rule = rules.find(name);
    let rule = rule.ok_or_else(|| unreported("404", format!("no sampling rule with the name {name} exists")))?;
    if now.since(at) > TOO_OLD {
        let message = "the statistics are more than 5 minutes old".to_owned();
        return Err(unreported("400", message));
    }
    Ok(rule)
}

/// The rule of a report about failures, which only a rule that may be boosted has.
fn boosted<'a>(rules: &'a RuleSet, report: &BoostStatistics, now: Timestamp) -> Result<&'a Rule, Unreported> {
    let rule = usable(rules, &report.rule, report.at, now)?;
    if rule.boost.is_none() {
        return Err(Unreported {
            rule: rule.name.clone(),
            code: "400",
            message: format!("the sampling rule {} has no SamplingRateBoost", rule.name),
        });
    }
    Ok(rule)
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
