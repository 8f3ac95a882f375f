//! What rules mean to clients that ask for their sampling Jaeger's way.
//!
//! Such a client names its service and is told one strategy: a rate for everything and rates for some operations, by
//! the names of their spans. It reports nothing back. So of the rules for a service:
//!
//! - Those that ask for `ServiceType`, `Host`, `ResourceARN` or attributes are left out: the client says none of these.
//! - The first of the others that asks for neither `HTTPMethod` nor `URLPath` gives the rate for everything; those after
//!   it never apply.
//! - A rule before that with a `URLPath` without wildcards becomes operations, named `GET /cart` as OpenTelemetry names
//!   the spans of HTTP servers: one for each common method that its `HTTPMethod` accepts. The rate is that of the
//!   first rule that accepts method and path, so a rule with wildcards counts where it comes before.
//! - Paths with wildcards alone name no operations, since span names are compared as a whole.
//! - A reservoir cannot be shared among clients that do not report, and Jaeger's lower bound applies to each operation
//!   of each process, so reservoirs are left out. A rule that has nothing else, its rate being 0, becomes Jaeger's
//!   rate-limiting strategy, which each process applies by itself.

use std::collections::BTreeMap;

use super::glob::Glob;
use super::rule::Rule;

/// Operations of one answer; further ones have the rate for everything. Clients know no more than 2,000.
pub const MOST_OPERATIONS: usize = 500;

/// The methods that OpenTelemetry names spans by; others are called `HTTP`.
const METHODS: [&str; 9] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

/// How a service should sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    /// Everything that `operations` does not name.
    pub base: Base,
    /// Shares by operation; only those that differ from that of everything.
    pub operations: BTreeMap<String, f64>,
}

/// How a service should sample everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Base {
    /// This share.
    Share(f64),
    /// So many each second.
    PerSecond(u32),
}

impl Base {
    /// The share; 0 for what is limited otherwise.
    #[must_use]
    pub fn share(self) -> f64 {
        match self {
            Self::Share(share) => share,
            Self::PerSecond(_) => 0.0,
        }
    }
}

/// The strategy for a service, from rules in the order in which they are tried.
#[must_use]
pub fn strategy<'a>(rules: impl IntoIterator<Item = &'a Rule>, service: &str) -> Strategy {
    let mut particular = Vec::new();
    let mut base = Base::Share(Rule::default_rule().fixed_rate);
    for rule in rules.into_iter().filter(|rule| is_told_by_service(rule, service)) {
        let endpoint = Endpoint::of(rule);
        if endpoint.is_any() {
            base = match (rule.fixed_rate, rule.reservoir) {
                (0.0, reservoir) if reservoir > 0 => Base::PerSecond(reservoir),
                (share, _) => Base::Share(share),
            };
            break;
        }
        particular.push(endpoint);
    }
    let named = particular.iter().flat_map(Endpoint::operations).take(MOST_OPERATIONS);
    let share = |method: &str, path: &str| {
        let accepting = particular.iter().find(|endpoint| endpoint.accepts(method, path));
        accepting.map_or(base.share(), |endpoint| endpoint.share)
    };
    let shares = named.map(|(method, path)| (format!("{method} {path}"), share(&method, path)));
    Strategy {
        operations: shares.filter(|(_, share)| *share != base.share()).collect(),
        base,
    }
}

/// Whether the name of its service is all there is to know about who a rule is for.
fn is_told_by_service(rule: &Rule, service: &str) -> bool {
    let any = |pattern: &str| Glob::new(pattern).is_any();
    Glob::new(&rule.service_name).matches(service)
        && any(&rule.service_type)
        && any(&rule.host)
        && any(&rule.resource_arn)
        && rule.attributes.is_empty()
}

/// The part of a rule that is about method and path.
struct Endpoint<'a> {
    rule: &'a Rule,
    method: Glob,
    path: Glob,
    share: f64,
}

impl<'a> Endpoint<'a> {
    fn of(rule: &'a Rule) -> Self {
        Self {
            rule,
            method: Glob::new(&rule.http_method),
            path: Glob::new(&rule.url_path),
            share: rule.fixed_rate,
        }
    }

    fn is_any(&self) -> bool {
        self.method.is_any() && self.path.is_any()
    }

    fn accepts(&self, method: &str, path: &str) -> bool {
        self.method.matches(method) && self.path.matches(path)
    }

    /// The operations that it names: none if its path is a pattern.
    fn operations(&self) -> impl Iterator<Item = (String, &'a str)> {
        let path = self.rule.url_path.as_str();
        let literal = |pattern: &str| !pattern.contains(['*', '?']);
        let given = self.rule.http_method.to_uppercase();
        let own = (literal(&given) && !METHODS.contains(&given.as_str())).then_some(given);
        let common = METHODS.into_iter().filter(|method| self.method.matches(method));
        let methods: Vec<String> = common.map(str::to_owned).chain(own).collect();
        let named = literal(path).then_some(methods).into_iter().flatten();
        named.map(move |method| (method, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(priority: u16, fixed_rate: f64, change: impl FnOnce(&mut Rule)) -> Rule {
        let mut rule = Rule {
            name: format!("rule-{priority}"),
            priority,
            fixed_rate,
            ..Rule::default_rule()
        };
        change(&mut rule);
        rule
    }

    fn check(rules: &[Rule], base: Base, operations: &[(&str, f64)]) {
        let operations = operations
            .iter()
            .map(|&(name, share)| (name.to_owned(), share))
            .collect();
        assert_eq!(strategy(rules, "cart"), super::Strategy { base, operations });
    }

    #[test]
    fn the_first_rule_for_all_of_a_service_gives_its_rate() {
        check(&[], Base::Share(0.05), &[]);
        check(&[Rule::default_rule()], Base::Share(0.05), &[]);
        let rules = [
            rule(1, 0.9, |r| r.service_name = "pay".to_owned()),
            rule(2, 0.3, |r| r.service_name = "CA*".to_owned()),
            rule(3, 0.8, |_| ()),
        ];
        check(&rules, Base::Share(0.3), &[]);
    }

    #[test]
    fn what_a_client_does_not_say_cannot_decide() {
        let rules = [
            rule(1, 0.9, |r| r.host = "shop.example.com".to_owned()),
            rule(2, 0.9, |r| r.service_type = "AWS::ECS::*".to_owned()),
            rule(3, 0.9, |r| r.resource_arn = "arn:*".to_owned()),
            rule(4, 0.9, |r| r.attributes = [("tier".to_owned(), "*".to_owned())].into()),
            rule(5, 0.2, |_| ()),
        ];
        check(&rules, Base::Share(0.2), &[]);
    }

    #[test]
    fn rules_about_one_path_become_operations() {
        let rules = [
            rule(1, 0.0, |r| r.url_path = "/health".to_owned()),
            rule(2, 1.0, |r| {
                (r.http_method, r.url_path) = ("post".to_owned(), "/pay".to_owned())
            }),
            rule(3, 0.7, |r| {
                (r.http_method, r.url_path) = ("PURGE".to_owned(), "/pay".to_owned())
            }),
            rule(4, 0.6, |r| {
                (r.http_method, r.url_path) = ("P?T".to_owned(), "/pay".to_owned())
            }),
            rule(5, 0.5, |r| r.url_path = "/img/*".to_owned()),
            rule(6, 0.4, |r| r.http_method = "GET".to_owned()),
            rule(7, 0.1, |_| ()),
            rule(8, 0.9, |r| r.url_path = "/never".to_owned()),
        ];
        let mut expected: Vec<(String, f64)> = METHODS.map(|method| (format!("{method} /health"), 0.0)).to_vec();
        expected.extend([("POST /pay", 1.0), ("PURGE /pay", 0.7), ("PUT /pay", 0.6)].map(|(n, s)| (n.to_owned(), s)));
        let expected: Vec<(&str, f64)> = expected.iter().map(|(name, share)| (name.as_str(), *share)).collect();
        check(&rules, Base::Share(0.1), &expected);
    }

    #[test]
    fn a_rule_with_wildcards_counts_for_the_operations_that_later_rules_name() {
        let rules = [
            rule(1, 0.9, |r| {
                (r.http_method, r.url_path) = ("GET".to_owned(), "/cart/*".to_owned())
            }),
            rule(2, 0.1, |r| r.url_path = "/cart/1".to_owned()),
            rule(3, 0.1, |_| ()),
        ];
        check(&rules, Base::Share(0.1), &[("GET /cart/1", 0.9)]);
    }

    #[test]
    fn a_reservoir_alone_is_a_limit() {
        check(&[rule(1, 0.0, |r| r.reservoir = 7)], Base::PerSecond(7), &[]);
        check(&[rule(1, 0.0, |r| r.reservoir = 0)], Base::Share(0.0), &[]);
        check(&[rule(1, 0.2, |r| r.reservoir = 7)], Base::Share(0.2), &[]);
    }

    #[test]
    fn answers_are_bounded() {
        let rules: Vec<Rule> = (1..1_000)
            .map(|n| rule(n, 0.5, |r| r.url_path = format!("/{n}")))
            .collect();
        assert_eq!(strategy(&rules, "cart").operations.len(), MOST_OPERATIONS);
    }

    proptest! {
        #[test]
        fn an_operation_has_the_rate_that_a_request_to_it_would_have(
            parts in proptest::collection::vec((0usize..5, 0usize..6, 0usize..3, 0u8..=4), 0..12),
        ) {
            let methods = ["*", "GET", "P*", "post", "?ET"];
            let paths = ["*", "/a", "/b", "/*", "/?", "/A"];
            let services = ["*", "cart", "other"];
            let rules: Vec<Rule> = (1..).zip(&parts).map(|(priority, &(method, path, service, rate))| {
                rule(priority, f64::from(rate) / 4.0, |r| {
                    r.reservoir = 0;
                    r.http_method = methods[method].to_owned();
                    r.url_path = paths[path].to_owned();
                    r.service_name = services[service].to_owned();
                })
            }).collect();
            let told = strategy(&rules, "cart");
            let set = crate::sampling::matching::RuleSet::new(rules);
            for (operation, share) in &told.operations {
                let (method, path) = operation.split_once(' ').unwrap();
                let request = crate::sampling::matching::Request {
                    service_name: "cart", service_type: "", host: "", http_method: method, url_path: path,
                    resource_arn: "", attribute: &|_| None,
                };
                prop_assert_eq!(set.choose(&request).1.fixed_rate, *share, "{}", operation);
            }
        }
    }
}
