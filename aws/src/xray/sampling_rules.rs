//! Sampling rules: `GetSamplingRules` and the three that change them.

use std::collections::BTreeMap;

use beamline_collector::sample::{RuleKey, RulesError};
use beamline_model::sampling::record::RuleRecord;
use beamline_model::sampling::rule::{RateBoost, Rule, RuleUpdate, checked_priority, checked_reservoir};
use beamline_proto::generated::xray::{
    CreateSamplingRuleRequest, CreateSamplingRuleResult, DeleteSamplingRuleRequest, DeleteSamplingRuleResult,
    GetSamplingRulesRequest, GetSamplingRulesResult, SamplingRateBoost, SamplingRule, SamplingRuleRecord,
    UpdateSamplingRuleRequest, UpdateSamplingRuleResult,
};

use super::render::moment;
use super::token::Named;
use super::{Call, named_page, tags};
use crate::fault::Fault;

/// All rules fit one page, however many there may be: the SDKs' pollers read only one.
const PAGE: usize = 10_000;

/// What the resource of a rule's ARN begins with.
const RESOURCE: &str = "sampling-rule/";

/// The rule that got its place last comes last, before the default one, because the X-Ray SDK for Java takes up new rules
/// and priorities only if the last rule has one. All SDKs sort by priority themselves.
pub(super) fn list(call: &Call, request: GetSamplingRulesRequest) -> Result<GetSamplingRulesResult, Fault> {
    let records = call.collector.rules.list(call.account)?;
    let place = |record: &&RuleRecord| {
        let (default, placed) = (u8::from(record.rule.is_default()), record.placed().0);
        format!("{default} {placed:020} {}", record.rule.name)
    };
    let mut records: Vec<&RuleRecord> = records.iter().collect();
    records.sort_by_cached_key(place);
    let token = request.next_token.as_deref();
    let (records, next_token) = named_page(records, PAGE, Named::SamplingRules, token, place)?;
    let records = records.into_iter().map(|record| shown(call, record)).collect();
    Ok(GetSamplingRulesResult {
        sampling_rule_records: Some(records),
        next_token,
    })
}

pub(super) fn create(call: &Call, request: CreateSamplingRuleRequest) -> Result<CreateSamplingRuleResult, Fault> {
    let given = request.sampling_rule;
    if given.version != 1 {
        return Err(Fault::invalid("Version must be 1"));
    }
    let name = match (given.rule_name, given.rule_arn) {
        (Some(name), None) => name,
        _ => {
            return Err(Fault::invalid(
                "a new sampling rule needs a RuleName and has no RuleARN yet",
            ));
        }
    };
    let tags = tags::checked(request.tags.unwrap_or_default())?;
    let rule = Rule {
        name,
        priority: checked_priority(i64::from(given.priority))?,
        fixed_rate: given.fixed_rate,
        reservoir: checked_reservoir(i64::from(given.reservoir_size))?,
        resource_arn: given.resource_arn,
        service_name: given.service_name,
        service_type: given.service_type,
        host: given.host,
        http_method: given.http_method,
        url_path: given.url_path,
        attributes: given.attributes.unwrap_or_default(),
        boost: given.sampling_rate_boost.map(boost),
    };
    let record = call.collector.rules.create(call.account, rule, call.store.stamp())?;
    tags::keep(call, &arn(call, &record), &tags)?;
    Ok(CreateSamplingRuleResult {
        sampling_rule_record: Some(shown(call, &record)),
    })
}

pub(super) fn update(call: &Call, request: UpdateSamplingRuleRequest) -> Result<UpdateSamplingRuleResult, Fault> {
    let given = request.sampling_rule_update;
    let key = key(call, given.rule_name.as_deref(), given.rule_arn.as_deref())?;
    let update = RuleUpdate {
        priority: given.priority.map(i64::from),
        fixed_rate: given.fixed_rate,
        reservoir: given.reservoir_size.map(i64::from),
        resource_arn: given.resource_arn,
        service_name: given.service_name,
        service_type: given.service_type,
        host: given.host,
        http_method: given.http_method,
        url_path: given.url_path,
        attributes: given.attributes,
        boost: given.sampling_rate_boost.map(boost),
    };
    let record = call
        .collector
        .rules
        .update(call.account, &key, update, call.store.stamp())?;
    Ok(UpdateSamplingRuleResult {
        sampling_rule_record: Some(shown(call, &record)),
    })
}

pub(super) fn delete(call: &Call, request: DeleteSamplingRuleRequest) -> Result<DeleteSamplingRuleResult, Fault> {
    let key = key(call, request.rule_name.as_deref(), request.rule_arn.as_deref())?;
    let record = call.collector.rules.delete(call.account, &key, call.store.stamp())?;
    tags::forget(call, &arn(call, &record))?;
    Ok(DeleteSamplingRuleResult {
        sampling_rule_record: Some(shown(call, &record)),
    })
}

fn boost(given: SamplingRateBoost) -> RateBoost {
    RateBoost {
        max_rate: given.max_rate,
        cooldown_minutes: u32::try_from(given.cooldown_window_minutes).unwrap_or_default(),
    }
}

fn arn(call: &Call, record: &RuleRecord) -> String {
    call.arn(&format!("{RESOURCE}{}", record.rule.name))
}

/// Which rule is meant. An ARN has to be one of the caller's account and region.
fn key(call: &Call, name: Option<&str>, arn: Option<&str>) -> Result<RuleKey, RulesError> {
    RuleKey::of(name, arn, &call.arn(RESOURCE))
}

/// Every member, also those that are empty: SDKs drop a rule, or the whole answer, when one is missing.
fn shown(call: &Call, record: &RuleRecord) -> SamplingRuleRecord {
    let rule = &record.rule;
    let attributes: BTreeMap<String, String> = rule.attributes.clone();
    SamplingRuleRecord {
        sampling_rule: Some(SamplingRule {
            rule_name: Some(rule.name.clone()),
            rule_arn: Some(arn(call, record)),
            resource_arn: rule.resource_arn.clone(),
            priority: i32::from(rule.priority),
            fixed_rate: rule.fixed_rate,
            reservoir_size: i32::try_from(rule.reservoir).unwrap_or(i32::MAX),
            service_name: rule.service_name.clone(),
            service_type: rule.service_type.clone(),
            host: rule.host.clone(),
            http_method: rule.http_method.clone(),
            url_path: rule.url_path.clone(),
            version: 1,
            attributes: Some(attributes),
            sampling_rate_boost: rule.boost.map(|boost| SamplingRateBoost {
                max_rate: boost.max_rate,
                cooldown_window_minutes: i32::try_from(boost.cooldown_minutes).unwrap_or(i32::MAX),
            }),
        }),
        created_at: Some(moment(record.created())),
        modified_at: Some(moment(record.modified())),
    }
}
