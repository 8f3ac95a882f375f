//! Indexing rules: which share of the spans that go to CloudWatch Logs become trace summaries.
//!
//! There is one rule. What share is wished for is kept; all traces are indexed whatever it says (ADR 020).

use beamline_model::time::Timestamp;
use beamline_proto::generated::xray::{
    GetIndexingRulesRequest, GetIndexingRulesResult, IndexingRule, IndexingRuleValue, ProbabilisticRuleValue,
    UpdateIndexingRuleRequest, UpdateIndexingRuleResult,
};
use beamline_store::ObjectKind;
use serde::{Deserialize, Serialize};

use super::render::moment;
use super::token::Named;
use super::{Call, kept, named_page};
use crate::fault::Fault;

/// The name of the one rule.
const DEFAULT: &str = "Default";

/// The name of the setting.
const SETTING: &str = "indexing";

/// So much of everything is indexed, in percent.
const ACTUAL: f64 = 100.0;

/// What was wished for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Wish {
    /// In percent.
    desired: f64,
    /// When, in nanoseconds since the epoch.
    modified: i64,
}

impl Default for Wish {
    /// What an account has to begin with.
    fn default() -> Self {
        Self {
            desired: 1.0,
            modified: 0,
        }
    }
}

pub(super) fn list(call: &Call, request: GetIndexingRulesRequest) -> Result<GetIndexingRulesResult, Fault> {
    let wish = kept::read(call, ObjectKind::Setting, SETTING)?.map(|(wish, _)| wish);
    let rules = vec![shown(wish.unwrap_or_default())];
    let name = |rule: &IndexingRule| rule.name.clone().unwrap_or_default();
    let token = request.next_token.as_deref();
    let (rules, next_token) = named_page(rules, 1, Named::IndexingRules, token, name)?;
    Ok(GetIndexingRulesResult {
        indexing_rules: Some(rules),
        next_token,
    })
}

pub(super) fn update(call: &Call, request: UpdateIndexingRuleRequest) -> Result<UpdateIndexingRuleResult, Fault> {
    if request.name != DEFAULT {
        let missing = "there is no indexing rule with this name; the only one is Default";
        return Err(Fault::not_found(&request.name, missing));
    }
    let value = request.rule.probabilistic;
    let value = value.ok_or_else(|| Fault::invalid("Rule needs a value: Probabilistic"))?;
    let desired = value.desired_sampling_percentage;
    if !(0.0..=100.0).contains(&desired) {
        return Err(Fault::invalid("DesiredSamplingPercentage must be between 0 and 100"));
    }
    let wish = Wish {
        desired,
        modified: call.store.stamp().0,
    };
    kept::set(call, ObjectKind::Setting, SETTING, &wish)?;
    Ok(UpdateIndexingRuleResult {
        indexing_rule: Some(shown(wish)),
    })
}

fn shown(wish: Wish) -> IndexingRule {
    IndexingRule {
        name: Some(DEFAULT.to_owned()),
        modified_at: Some(moment(Timestamp(wish.modified))),
        rule: Some(IndexingRuleValue {
            probabilistic: Some(ProbabilisticRuleValue {
                desired_sampling_percentage: wish.desired,
                actual_sampling_percentage: Some(ACTUAL),
            }),
        }),
    }
}
