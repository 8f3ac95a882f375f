//! A rule as it is kept: with when it was made and changed.

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::time::Timestamp;

/// A rule, and when it was made and changed. Its JSON is what the store keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleRecord {
    /// The rule.
    pub rule: Rule,
    /// Nanoseconds since the epoch; 0 for the default rule.
    created: i64,
    /// Nanoseconds since the epoch.
    modified: i64,
    /// Nanoseconds since the epoch.
    #[serde(default)]
    placed: i64,
}

impl RuleRecord {
    /// A rule that is made now.
    #[must_use]
    pub fn new(rule: Rule, now: Timestamp) -> Self {
        Self {
            rule,
            created: now.0,
            modified: now.0,
            placed: now.0,
        }
    }

    /// The rule that always exists, as long as nobody has changed it.
    #[must_use]
    pub fn default_rule() -> Self {
        Self::new(Rule::default_rule(), Timestamp::ZERO)
    }

    /// The same record with what the rule is from now on.
    #[must_use]
    pub fn changed(&self, rule: Rule, now: Timestamp) -> Self {
        let moves = rule.priority != self.rule.priority;
        Self {
            rule,
            created: self.created,
            modified: now.0,
            placed: if moves { now.0 } else { self.placed },
        }
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        Timestamp(self.created)
    }

    /// When it was changed last.
    #[must_use]
    pub fn modified(&self) -> Timestamp {
        Timestamp(self.modified)
    }

    /// When it got its place among the rules: made, or given another priority.
    #[must_use]
    pub fn placed(&self) -> Timestamp {
        Timestamp(self.placed)
    }
}

/// The rules of an account from what is kept of them, in the order in which they are tried. The default rule is kept
/// only once somebody has changed it, so it is added here.
#[must_use]
pub fn in_order(mut records: Vec<RuleRecord>) -> Vec<RuleRecord> {
    if !records.iter().any(|record| record.rule.is_default()) {
        records.push(RuleRecord::default_rule());
    }
    records.sort_by(|a, b| a.rule.order().cmp(&b.rule.order()));
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_kept_as_they_always_were() {
        let record = RuleRecord::new(Rule::default_rule(), Timestamp(7)).changed(Rule::default_rule(), Timestamp(9));
        let json = r#"{"rule":{"name":"Default","priority":10000,"fixed_rate":0.05,"reservoir":1,"resource_arn":"*","service_name":"*","service_type":"*","host":"*","http_method":"*","url_path":"*","attributes":{},"boost":null},"created":7,"modified":9,"placed":7}"#;
        assert_eq!(serde_json::to_string(&record).unwrap(), json);
        assert_eq!(serde_json::from_str::<RuleRecord>(json).unwrap(), record);
        // The first ones were kept without a place.
        let old = json.replace(r#","placed":7"#, "");
        assert_eq!(
            serde_json::from_str::<RuleRecord>(&old).unwrap().placed(),
            Timestamp::ZERO
        );
    }

    #[test]
    fn a_rule_gets_a_place_when_it_is_made_or_moved() {
        let made = RuleRecord::new(Rule::default_rule(), Timestamp(7));
        let slower = made.changed(
            Rule {
                fixed_rate: 0.0,
                ..Rule::default_rule()
            },
            Timestamp(8),
        );
        let moved = slower.changed(
            Rule {
                priority: 5,
                ..Rule::default_rule()
            },
            Timestamp(9),
        );
        assert_eq!(
            [&made, &slower, &moved].map(RuleRecord::placed),
            [7, 7, 9].map(Timestamp)
        );
    }

    #[test]
    fn the_default_rule_is_there_and_comes_last() {
        let rule = |name: &str, priority| Rule {
            name: name.to_owned(),
            priority,
            ..Rule::default_rule()
        };
        let kept = [("late", 9_999), ("b", 5), ("a", 5)];
        let kept = kept.map(|(name, priority)| RuleRecord::new(rule(name, priority), Timestamp(1)));
        let ordered = in_order(kept.to_vec());
        let names: Vec<&str> = ordered.iter().map(|record| record.rule.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "late", "Default"]);
        let changed = RuleRecord::default_rule().changed(
            Rule {
                reservoir: 5,
                ..Rule::default_rule()
            },
            Timestamp(3),
        );
        assert_eq!(in_order(vec![changed.clone()]), [changed]);
    }
}
