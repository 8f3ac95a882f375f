//! Sampling rules from a file, spelled as AWS spells them.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use beamline_proto::query::{SamplingRateBoost, SamplingRule};
use serde::Deserialize;
use serde_json::Value;

/// A thousand rules are far below this.
const MAX_FILE: u64 = 16 << 20;

/// A rule as the AWS API and its CLI write it. What is misspelled is refused, since a rule would mean something else
/// without it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Rule {
    rule_name: String,
    #[serde(rename = "RuleARN")]
    _rule_arn: Option<String>,
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    priority: Option<u32>,
    fixed_rate: f64,
    reservoir_size: u32,
    service_name: Option<String>,
    service_type: Option<String>,
    host: Option<String>,
    #[serde(rename = "HTTPMethod")]
    http_method: Option<String>,
    #[serde(rename = "URLPath")]
    url_path: Option<String>,
    #[serde(rename = "Version")]
    _version: Option<u32>,
    attributes: Option<HashMap<String, String>>,
    sampling_rate_boost: Option<Boost>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Boost {
    max_rate: f64,
    cooldown_window_minutes: u32,
}

/// A file, or standard input for `-`; never more than the limit.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let taken = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_FILE + 1).read_to_string(&mut text)?
    } else {
        std::fs::File::open(path)?
            .take(MAX_FILE + 1)
            .read_to_string(&mut text)?
    };
    anyhow::ensure!(taken as u64 <= MAX_FILE, "more than {} MiB", MAX_FILE >> 20);
    Ok(text)
}

/// The rules in the answer of `GetSamplingRules`, in the request of `CreateSamplingRule`, in a list, or a single one.
pub(super) fn parse(text: &str) -> Result<Vec<SamplingRule>, String> {
    let document: Value = serde_json::from_str(text).map_err(|wrong| format!("not JSON: {wrong}"))?;
    let entries = match document {
        Value::Array(entries) => entries,
        Value::Object(mut members) => match members.remove("SamplingRuleRecords") {
            Some(Value::Array(records)) => records,
            Some(_) => return Err("SamplingRuleRecords is not a list".to_owned()),
            None => vec![Value::Object(members)],
        },
        _ => return Err("neither a sampling rule nor a list of them".to_owned()),
    };
    (1..).zip(entries).map(|(number, entry)| rule(number, entry)).collect()
}

/// A rule, alone or with what a record has besides.
fn rule(number: usize, mut entry: Value) -> Result<SamplingRule, String> {
    let inner = entry.get_mut("SamplingRule").map(Value::take);
    let entry = inner.unwrap_or(entry);
    let name = entry
        .get("RuleName")
        .and_then(Value::as_str)
        .map(|name| format!(", `{name}`"));
    let name = name.unwrap_or_default();
    let rule: Rule = serde_json::from_value(entry).map_err(|wrong| format!("rule {number}{name}: {wrong}"))?;
    let is_default = rule.rule_name == "Default";
    if rule.priority.is_none() && !is_default {
        return Err(format!("rule {number}{name}: missing field `Priority`"));
    }
    Ok(SamplingRule {
        name: rule.rule_name,
        priority: rule.priority.unwrap_or_default(),
        fixed_rate: rule.fixed_rate,
        reservoir: rule.reservoir_size,
        service_name: rule.service_name.unwrap_or_default(),
        service_type: rule.service_type.unwrap_or_default(),
        host: rule.host.unwrap_or_default(),
        http_method: rule.http_method.unwrap_or_default(),
        url_path: rule.url_path.unwrap_or_default(),
        resource_arn: rule.resource_arn.unwrap_or_default(),
        attributes: rule.attributes.unwrap_or_default(),
        boost: rule.sampling_rate_boost.map(|boost| SamplingRateBoost {
            max_rate: boost.max_rate,
            cooldown_minutes: boost.cooldown_window_minutes,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: &str = r#"{"RuleName": "cart", "Priority": 7, "FixedRate": 0.5, "ReservoirSize": 2, "URLPath": "/c"}"#;

    #[test]
    fn rules_are_read_in_every_form_that_aws_gives_or_takes_them() {
        let aws = include_str!("../../../tests/samples/xray/awscli-get-sampling-rules.json");
        let names: Vec<String> = parse(aws).unwrap().into_iter().map(|rule| rule.name).collect();
        assert_eq!(names, ["Default", "base-scorekeep", "polling-scorekeep"]);
        let expected = SamplingRule {
            name: "cart".to_owned(),
            priority: 7,
            fixed_rate: 0.5,
            reservoir: 2,
            url_path: "/c".to_owned(),
            ..SamplingRule::default()
        };
        for text in [
            SHORT.to_owned(),
            format!("[{SHORT}]"),
            format!(r#"{{"SamplingRule": {SHORT}, "Tags": []}}"#),
            format!(r#"{{"SamplingRuleRecords": [{{"SamplingRule": {SHORT}, "CreatedAt": 1.5}}], "NextToken": null}}"#),
        ] {
            assert_eq!(parse(&text).as_deref(), Ok(&[expected.clone()][..]), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |text: &str, message: &str| {
            let told = parse(text).unwrap_err();
            assert!(told.contains(message), "{told:?} should contain {message:?}");
        };
        check("{", "not JSON");
        check("7", "neither a sampling rule");
        check(r#"{"SamplingRuleRecords": {}}"#, "not a list");
        check(&format!("[{SHORT}, {{}}]"), "rule 2: missing field `RuleName`");
        check(
            &SHORT.replace("FixedRate", "FixedRte"),
            "rule 1, `cart`: unknown field `FixedRte`",
        );
        check(&SHORT.replace("\"Priority\": 7, ", ""), "missing field `Priority`");
        check(&SHORT.replace("2", "-2"), "rule 1, `cart`");
    }
}
