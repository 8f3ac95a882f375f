//! What a sampling rule is, and what makes one wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The name of the rule that always exists and matches whatever no other rule does.
pub const DEFAULT_RULE: &str = "Default";

/// The priority of the default rule: after every other.
pub const DEFAULT_PRIORITY: u16 = 10_000;

/// Which requests it is about, how many of them per second are kept for sure, and which share of the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Unique in its account, never changed.
    pub name: String,
    /// Lower comes first; equal priorities come in the order of their names.
    pub priority: u16,
    /// Share of requests kept once the reservoir is used up.
    pub fixed_rate: f64,
    /// Requests per second kept before the rate applies, over all clients together.
    pub reservoir: u32,
    /// Pattern for the ARN of the resource the service runs on.
    pub resource_arn: String,
    /// Pattern for the name of the service.
    pub service_name: String,
    /// Pattern for its origin, such as `AWS::ECS::Container`.
    pub service_type: String,
    /// Pattern for the host name the request was sent to.
    pub host: String,
    /// Pattern for the HTTP method.
    pub http_method: String,
    /// Pattern for the path of the URL.
    pub url_path: String,
    /// Patterns for attributes, all of which the request must have.
    pub attributes: BTreeMap<String, String>,
    /// How far the rate may be raised while failures go unseen.
    pub boost: Option<RateBoost>,
}

/// The bounds within which a rule may sample more for a minute.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateBoost {
    /// Never sample more than this share.
    pub max_rate: f64,
    /// Minutes after a boost until the next may begin.
    pub cooldown_minutes: u32,
}

/// New values for some parts of a rule; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleUpdate {
    /// See [`Rule::priority`].
    pub priority: Option<i64>,
    /// See [`Rule::fixed_rate`].
    pub fixed_rate: Option<f64>,
    /// See [`Rule::reservoir`].
    pub reservoir: Option<i64>,
    /// See [`Rule::resource_arn`].
    pub resource_arn: Option<String>,
    /// See [`Rule::service_name`].
    pub service_name: Option<String>,
    /// See [`Rule::service_type`].
    pub service_type: Option<String>,
    /// See [`Rule::host`].
    pub host: Option<String>,
    /// See [`Rule::http_method`].
    pub http_method: Option<String>,
    /// See [`Rule::url_path`].
    pub url_path: Option<String>,
    /// See [`Rule::attributes`].
    pub attributes: Option<BTreeMap<String, String>>,
    /// See [`Rule::boost`].
    pub boost: Option<RateBoost>,
}

/// Why a rule, or a change to one, cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadRule {
    /// A text is empty that must not be, or longer than its limit.
    #[error("{field} must have between 1 and {limit} characters")]
    Length {
        /// The AWS name of the member.
        field: &'static str,
        /// The most characters it may have.
        limit: usize,
    },
    /// A number lies outside of its range.
    #[error("{field} must be between {least} and {most}")]
    Range {
        /// The AWS name of the member.
        field: &'static str,
        /// The smallest allowed value.
        least: f64,
        /// The largest allowed value.
        most: f64,
    },
    /// More than five attributes.
    #[error("a sampling rule may have at most 5 attributes")]
    TooManyAttributes,
    /// A rule tries to be the default rule.
    #[error("the rule name Default is reserved")]
    Reserved,
    /// Of the default rule only rate, reservoir and boost may be changed.
    #[error("{field} of the Default rule cannot be changed")]
    FixedInDefault {
        /// The AWS name of the member.
        field: &'static str,
    },
}

impl Rule {
    /// The rule that always exists, as it is until somebody changes its rates.
    #[must_use]
    pub fn default_rule() -> Self {
        let any = || "*".to_owned();
        Self {
            name: DEFAULT_RULE.to_owned(),
            priority: DEFAULT_PRIORITY,
            fixed_rate: 0.05,
            reservoir: 1,
            resource_arn: any(),
            service_name: any(),
            service_type: any(),
            host: any(),
            http_method: any(),
            url_path: any(),
            attributes: BTreeMap::new(),
            boost: None,
        }
    }

    /// Whether it is the one that always exists.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.name == DEFAULT_RULE
    }

    /// What rules are tried in the order of: priority, then name. The default rule comes last.
    #[must_use]
    pub fn order(&self) -> (bool, u16, &str) {
        (self.is_default(), self.priority, &self.name)
    }

    /// Whether X-Ray SDKs would use it: they skip rules that ask for a resource or for attributes.
    #[must_use]
    pub fn is_known_to_sdks(&self) -> bool {
        self.resource_arn == "*" && self.attributes.is_empty()
    }

    /// Checks every limit that AWS sets for a rule.
    ///
    /// # Errors
    /// The first limit that is not kept.
    pub fn check(&self) -> Result<(), BadRule> {
        for (field, text, limit) in [
            ("RuleName", &self.name, 32),
            ("ResourceARN", &self.resource_arn, 500),
            ("ServiceName", &self.service_name, 64),
            ("ServiceType", &self.service_type, 64),
            ("Host", &self.host, 64),
            ("HTTPMethod", &self.http_method, 10),
            ("URLPath", &self.url_path, 128),
        ] {
            length(field, text, limit)?;
        }
        if self.is_default() {
            range("Priority", f64::from(self.priority), 10_000.0, 10_000.0)?;
        } else {
            range("Priority", f64::from(self.priority), 1.0, 9_999.0)?;
        }
        range("FixedRate", self.fixed_rate, 0.0, 1.0)?;
        if let Some(boost) = self.boost {
            range("SamplingRateBoost.MaxRate", boost.max_rate, 0.0, 1.0)?;
        }
        if self.attributes.len() > 5 {
            return Err(BadRule::TooManyAttributes);
        }
        for (key, value) in &self.attributes {
            length("Attributes key", key, 32)?;
            length("Attributes value", value, 32)?;
        }
        Ok(())
    }

    /// The rule with the given changes, checked.
    ///
    /// # Errors
    /// A limit that would not be kept, or a part of the default rule that is fixed.
    pub fn updated(&self, update: RuleUpdate) -> Result<Self, BadRule> {
        if self.is_default() {
            let fixed = [
                ("Priority", update.priority.is_some()),
                ("ResourceARN", update.resource_arn.is_some()),
                ("ServiceName", update.service_name.is_some()),
                ("ServiceType", update.service_type.is_some()),
                ("Host", update.host.is_some()),
                ("HTTPMethod", update.http_method.is_some()),
                ("URLPath", update.url_path.is_some()),
                ("Attributes", update.attributes.is_some()),
            ];
            if let Some(&(field, _)) = fixed.iter().find(|(_, given)| *given) {
                return Err(BadRule::FixedInDefault { field });
            }
        }
        let priority = update.priority.map(checked_priority).transpose()?;
        let reservoir = update.reservoir.map(checked_reservoir).transpose()?;
        let old = self.clone();
        let rule = Self {
            name: old.name,
            priority: priority.unwrap_or(old.priority),
            fixed_rate: update.fixed_rate.unwrap_or(old.fixed_rate),
            reservoir: reservoir.unwrap_or(old.reservoir),
            resource_arn: update.resource_arn.unwrap_or(old.resource_arn),
            service_name: update.service_name.unwrap_or(old.service_name),
            service_type: update.service_type.unwrap_or(old.service_type),
            host: update.host.unwrap_or(old.host),
            http_method: update.http_method.unwrap_or(old.http_method),
            url_path: update.url_path.unwrap_or(old.url_path),
            attributes: update.attributes.unwrap_or(old.attributes),
            boost: update.boost.or(old.boost),
        };
        rule.check()?;
        Ok(rule)
    }
}

/// A priority as it came over the wire.
///
/// # Errors
/// When it is not one of 1 to 9999.
pub fn checked_priority(priority: i64) -> Result<u16, BadRule> {
    range("Priority", priority as f64, 1.0, 9_999.0)?;
    Ok(u16::try_from(priority).unwrap_or(DEFAULT_PRIORITY))
}

/// A reservoir size as it came over the wire.
///
/// # Errors
/// When it is negative or more than a 32-bit integer of AWS holds.
pub fn checked_reservoir(size: i64) -> Result<u32, BadRule> {
    range("ReservoirSize", size as f64, 0.0, f64::from(i32::MAX))?;
    Ok(u32::try_from(size).unwrap_or(0))
}

fn length(field: &'static str, text: &str, limit: usize) -> Result<(), BadRule> {
    let within = !text.is_empty() && text.chars().count() <= limit;
    within.then_some(()).ok_or(BadRule::Length { field, limit })
}

fn range(field: &'static str, value: f64, least: f64, most: f64) -> Result<(), BadRule> {
    let within = (least..=most).contains(&value);
    within.then_some(()).ok_or(BadRule::Range { field, least, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(change: impl FnOnce(&mut Rule)) -> Rule {
        let mut rule = Rule {
            name: "checkout".to_owned(),
            priority: 100,
            ..Rule::default_rule()
        };
        change(&mut rule);
        rule
    }

    #[test]
    fn every_limit_of_a_rule_is_named_when_it_is_not_kept() {
        let check = |change: fn(&mut Rule), complaint: &str| match rule(change).check() {
            Ok(()) => panic!("accepted, but should complain: {complaint}"),
            Err(bad) => assert_eq!(bad.to_string(), complaint),
        };
        check(
            |r| r.name = "x".repeat(33),
            "RuleName must have between 1 and 32 characters",
        );
        check(|r| r.host = String::new(), "Host must have between 1 and 64 characters");
        check(
            |r| r.url_path = "/".repeat(129),
            "URLPath must have between 1 and 128 characters",
        );
        check(|r| r.priority = 0, "Priority must be between 1 and 9999");
        check(|r| r.priority = 10_000, "Priority must be between 1 and 9999");
        check(|r| r.fixed_rate = 1.1, "FixedRate must be between 0 and 1");
        check(|r| r.fixed_rate = f64::NAN, "FixedRate must be between 0 and 1");
        check(
            |r| r.attributes = (0..6).map(|n| (n.to_string(), "v".to_owned())).collect(),
            "a sampling rule may have at most 5 attributes",
        );
        check(
            |r| {
                r.boost = Some(RateBoost {
                    max_rate: 2.0,
                    cooldown_minutes: 1,
                })
            },
            "SamplingRateBoost.MaxRate must be between 0 and 1",
        );
        assert_eq!(rule(|_| ()).check(), Ok(()));
        assert_eq!(Rule::default_rule().check(), Ok(()));
    }

    #[test]
    fn an_update_changes_what_it_names_and_nothing_else() {
        let before = rule(|_| ());
        let update = RuleUpdate {
            fixed_rate: Some(0.5),
            host: Some("*.example.com".to_owned()),
            ..RuleUpdate::default()
        };
        let after = before.updated(update).unwrap();
        assert_eq!(
            after,
            rule(|r| (r.fixed_rate, r.host) = (0.5, "*.example.com".to_owned()))
        );
        let negative = RuleUpdate {
            reservoir: Some(-1),
            ..RuleUpdate::default()
        };
        assert!(before.updated(negative).is_err());
    }

    #[test]
    fn of_the_default_rule_only_the_rates_change() {
        let rates = RuleUpdate {
            fixed_rate: Some(1.0),
            reservoir: Some(0),
            ..RuleUpdate::default()
        };
        assert_eq!(Rule::default_rule().updated(rates).unwrap().fixed_rate, 1.0);
        let path = RuleUpdate {
            url_path: Some("/x".to_owned()),
            ..RuleUpdate::default()
        };
        assert_eq!(
            Rule::default_rule().updated(path),
            Err(BadRule::FixedInDefault { field: "URLPath" })
        );
    }
}
