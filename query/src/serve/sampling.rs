//! Sampling rules from messages and into messages.

use std::collections::BTreeSet;

use beamline_model::sampling::record::RuleRecord;
use beamline_model::sampling::rule::{
    BadRule, DEFAULT_PRIORITY, DEFAULT_RULE, RateBoost, Rule, checked_priority, checked_reservoir,
};
use beamline_model::sampling::simulate::Outcome;
use beamline_model::time::Timestamp;
use beamline_proto::query as pb;

use super::request::{Checked, account, invalid, range, selection};
use super::{RuleUse, SamplingUse, render};
use crate::sampling::{Simulated, SimulationRequest};
use crate::source::Source;

/// Most rules that are tried at once: as many as an account may have, and the default one.
const MOST_RULES: usize = 1_001;

pub(super) fn request(source: &dyn Source, message: pb::SimulateSamplingRequest) -> Checked<SimulationRequest> {
    if message.rules.len() > MOST_RULES {
        return Err(invalid("rules", format!("must be at most {MOST_RULES}")));
    }
    let mut names = BTreeSet::new();
    let mut rules = Vec::with_capacity(message.rules.len());
    for (number, given) in (1..).zip(message.rules) {
        let name = given.name.clone();
        let told = |bad: &dyn std::fmt::Display| invalid("rules", format!("number {number}, `{name}`: {bad}"));
        if !names.insert(given.name.clone()) {
            return Err(told(&"another one has the same name"));
        }
        rules.push(rule(given).map_err(|bad| told(&bad))?);
    }
    Ok(SimulationRequest {
        account: account(source, message.scope.as_ref())?,
        range: range(message.range.as_ref())?,
        selection: selection(message.selection.as_ref())?,
        rules,
    })
}

fn rule(given: pb::SamplingRule) -> Result<Rule, BadRule> {
    let pattern = |text: String| if text.is_empty() { "*".to_owned() } else { text };
    let priority = match given.name.as_str() {
        DEFAULT_RULE => DEFAULT_PRIORITY,
        _ => checked_priority(i64::from(given.priority))?,
    };
    let rule = Rule {
        name: given.name,
        priority,
        fixed_rate: given.fixed_rate,
        reservoir: checked_reservoir(i64::from(given.reservoir))?,
        resource_arn: pattern(given.resource_arn),
        service_name: pattern(given.service_name),
        service_type: pattern(given.service_type),
        host: pattern(given.host),
        http_method: pattern(given.http_method),
        url_path: pattern(given.url_path),
        attributes: given.attributes.into_iter().collect(),
        boost: given.boost.map(|boost| RateBoost {
            max_rate: boost.max_rate,
            cooldown_minutes: boost.cooldown_minutes,
        }),
    };
    rule.check()?;
    Ok(rule)
}

pub(super) fn rules(records: &[RuleRecord], used: &SamplingUse) -> pb::ListSamplingRulesResponse {
    let used_rule = |record: &RuleRecord| {
        let RuleUse {
            clients,
            leased,
            requests,
            sampled,
            borrowed,
            boosted_rate,
        } = used.rules.get(&record.rule.name).copied().unwrap_or_default();
        pb::UsedSamplingRule {
            rule: Some(message(&record.rule)),
            created: moment(record.created()),
            modified: moment(record.modified()),
            clients,
            leased,
            requests,
            sampled,
            borrowed,
            boosted_rate,
            skipped_by_sdks: !record.rule.is_known_to_sdks(),
        }
    };
    pb::ListSamplingRulesResponse {
        rules: records.iter().map(used_rule).collect(),
        changed: moment(used.changed),
        since: moment(used.since),
    }
}

pub(super) fn simulated(answer: &Simulated) -> pb::SimulateSamplingResponse {
    let outcomes = |outcomes: &[Outcome]| outcomes.iter().map(outcome).collect();
    pb::SimulateSamplingResponse {
        tried: outcomes(&answer.tried),
        current: outcomes(&answer.current),
        requests: answer.tried.iter().map(|outcome| outcome.seen).sum(),
        represented: answer.tried.iter().map(|outcome| outcome.matched).sum(),
        scanned: answer.seen.scanned,
        truncated: answer.seen.truncated,
    }
}

fn outcome(outcome: &Outcome) -> pb::SimulatedRule {
    pb::SimulatedRule {
        rule: Some(message(&outcome.rule)),
        seen: outcome.seen,
        matched: outcome.matched,
        by_reservoir: outcome.by_reservoir,
        by_rate: outcome.by_rate,
    }
}

fn message(rule: &Rule) -> pb::SamplingRule {
    let attributes = rule.attributes.iter();
    pb::SamplingRule {
        name: rule.name.clone(),
        priority: u32::from(rule.priority),
        fixed_rate: rule.fixed_rate,
        reservoir: rule.reservoir,
        service_name: rule.service_name.clone(),
        service_type: rule.service_type.clone(),
        host: rule.host.clone(),
        http_method: rule.http_method.clone(),
        url_path: rule.url_path.clone(),
        resource_arn: rule.resource_arn.clone(),
        attributes: attributes.map(|(key, value)| (key.clone(), value.clone())).collect(),
        boost: rule.boost.map(|boost| pb::SamplingRateBoost {
            max_rate: boost.max_rate,
            cooldown_minutes: boost.cooldown_minutes,
        }),
    }
}

/// A moment that may never have been.
fn moment(time: Timestamp) -> Option<prost_types::Timestamp> {
    (time > Timestamp::ZERO).then(|| render::time(time))
}
