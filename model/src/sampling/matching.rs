//! Which rule a request falls under.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::glob::Glob;
use super::rule::Rule;

/// What rules can ask about a request. A part that is not known is the empty text, which only `*` accepts.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// See [`Rule::service_name`].
    pub service_name: &'a str,
    /// See [`Rule::service_type`].
    pub service_type: &'a str,
    /// See [`Rule::host`].
    pub host: &'a str,
    /// See [`Rule::http_method`].
    pub http_method: &'a str,
    /// See [`Rule::url_path`]; may carry a query, which a pattern may also match.
    pub url_path: &'a str,
    /// See [`Rule::resource_arn`].
    pub resource_arn: &'a str,
    /// The value of an attribute by its key.
    pub attribute: &'a dyn Fn(&str) -> Option<Cow<'a, str>>,
}

/// The rules of one account in the order they are tried, the default rule last.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<Compiled>,
    /// Places by name.
    names: FxHashMap<String, usize>,
}

#[derive(Clone, Debug)]
struct Compiled {
    rule: Rule,
    resource_arn: Glob,
    service_name: Glob,
    service_type: Glob,
    host: Glob,
    http_method: Glob,
    url_path: Glob,
    attributes: Vec<(String, Glob)>,
}

impl RuleSet {
    /// The rules, put in order: by priority, then by name. A default rule is added if none is among them.
    #[must_use]
    pub fn new(mut rules: Vec<Rule>) -> Self {
        if !rules.iter().any(Rule::is_default) {
            rules.push(Rule::default_rule());
        }
        rules.sort_by(|a, b| a.order().cmp(&b.order()));
        let places = rules.iter().enumerate();
        Self {
            names: places.map(|(place, rule)| (rule.name.clone(), place)).collect(),
            rules: rules.into_iter().map(Compiled::from).collect(),
        }
    }

    /// The first rule whose every part accepts the request, and its place in the order.
    #[must_use]
    pub fn choose(&self, request: &Request<'_>) -> (usize, &Rule) {
        let last = self.rules.len() - 1;
        let accepting = self.rules[..last].iter().position(|rule| rule.accepts(request));
        let place = accepting.unwrap_or(last);
        (place, &self.rules[place].rule)
    }

    /// The rule of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Rule> {
        self.names.get(name).map(|&place| &self.rules[place].rule)
    }

    /// How many rules there are: at least the default one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// All rules in order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|compiled| &compiled.rule)
    }
}

impl From<Rule> for Compiled {
    fn from(rule: Rule) -> Self {
        Self {
            resource_arn: Glob::new(&rule.resource_arn),
            service_name: Glob::new(&rule.service_name),
            service_type: Glob::new(&rule.service_type),
            host: Glob::new(&rule.host),
            http_method: Glob::new(&rule.http_method),
            url_path: Glob::new(&rule.url_path),
            attributes: rule
                .attributes
                .iter()
                .map(|(key, value)| (key.clone(), Glob::new(value)))
                .collect(),
            rule,
        }
    }
}

impl Compiled {
    fn accepts(&self, request: &Request<'_>) -> bool {
        // SDKs differ in whether a path carries its query, so a pattern may mean either.
        let path = request
            .url_path
            .split_once('?')
            .map_or(request.url_path, |(path, _)| path);
        self.service_name.matches(request.service_name)
            && self.service_type.matches(request.service_type)
            && self.host.matches(request.host)
            && self.http_method.matches(request.http_method)
            && (self.url_path.matches(path) || self.url_path.matches(request.url_path))
            && self.resource_arn.matches(request.resource_arn)
            && self
                .attributes
                .iter()
                .all(|(key, glob)| (request.attribute)(key).is_some_and(|value| glob.matches(&value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, priority: u16, change: impl FnOnce(&mut Rule)) -> Rule {
        let mut rule = Rule {
            name: name.to_owned(),
            priority,
            ..Rule::default_rule()
        };
        change(&mut rule);
        rule
    }

    fn check(rules: Vec<Rule>, service: &str, path: &str, chosen: &str) {
        let request = Request {
            service_name: service,
            service_type: "",
            host: "shop.example.com",
            http_method: "GET",
            url_path: path,
            resource_arn: "",
            attribute: &|key| (key == "tier").then_some(Cow::Borrowed("Gold")),
        };
        assert_eq!(RuleSet::new(rules).choose(&request).1.name, chosen, "{service} {path}");
    }

    #[test]
    fn the_first_accepting_rule_by_priority_then_name_decides() {
        let rules = || {
            vec![
                rule("b", 5, |r| r.url_path = "/api/*".to_owned()),
                rule("a", 5, |r| r.service_name = "cart".to_owned()),
                rule("early", 1, |r| r.url_path = "/health".to_owned()),
                rule("gold", 9, |r| {
                    r.attributes = [("tier".to_owned(), "gold".to_owned())].into()
                }),
                rule("bus", 8, |r| {
                    r.attributes = [("line".to_owned(), "*".to_owned())].into()
                }),
            ]
        };
        check(rules(), "cart", "/api/1", "a");
        check(rules(), "pay", "/api/1", "b");
        check(rules(), "cart", "/health", "early");
        check(rules(), "pay", "/", "gold");
        check(vec![], "pay", "/", "Default");
    }

    #[test]
    fn a_path_matches_with_and_without_its_query() {
        let rules = || vec![rule("exact", 1, |r| r.url_path = "/cart".to_owned())];
        check(rules(), "x", "/cart?id=1", "exact");
        let with_query = vec![rule("query", 1, |r| r.url_path = "/cart?id=*".to_owned())];
        check(with_query, "x", "/cart?id=1", "query");
        check(rules(), "x", "/carts", "Default");
    }

    #[test]
    fn what_a_request_does_not_tell_is_accepted_by_a_star_alone() {
        let rules = || vec![rule("typed", 1, |r| r.service_type = "AWS::*".to_owned())];
        check(rules(), "x", "/", "Default");
    }
}
