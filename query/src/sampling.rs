//! What sampling rules would have kept of the requests that are stored.

use std::borrow::Cow;

use beamline_model::digest::{Digest, SegmentFact};
use beamline_model::node::Scalar;
use beamline_model::sampling::matching::Request;
use beamline_model::sampling::record::in_order;
use beamline_model::sampling::rule::Rule;
use beamline_model::sampling::simulate::{Outcome, Simulation};
use beamline_model::time::TimeRange;
use beamline_store::api::Account;

use crate::QueryError;
use crate::filter::Selection;
use crate::search::{SearchRequest, Seen, each};
use crate::source::Source;

/// How many traces rules are tried on, the newest ones.
pub const MOST_TRACES: u64 = 200_000;

/// Asks what rules would have kept.
#[derive(Clone, Debug)]
pub struct SimulationRequest {
    /// Whose.
    pub account: Account,
    /// When, by the start of traces.
    pub range: TimeRange,
    /// Of which traces.
    pub selection: Selection,
    /// The rules to try, each of them checked; the current default rule stands in if none is among them.
    pub rules: Vec<Rule>,
}

/// What rules would have kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// The rules that were tried, in order.
    pub tried: Vec<Outcome>,
    /// The current rules, in order.
    pub current: Vec<Outcome>,
    /// What was looked at.
    pub seen: Seen,
}

/// Tries rules on the requests with which the selected traces began, beside the current ones.
///
/// # Errors
/// If the selection's group does not exist or the store fails.
pub fn simulate(source: &dyn Source, request: SimulationRequest) -> Result<Simulated, QueryError> {
    let current = in_order(source.sampling_rules(request.account)?);
    let current: Vec<Rule> = current.into_iter().map(|record| record.rule).collect();
    let mut rules = request.rules;
    if !rules.iter().any(Rule::is_default) {
        rules.extend(current.iter().find(|rule| rule.is_default()).cloned());
    }
    let mut simulations = [Simulation::new(rules), Simulation::new(current)];
    let search = SearchRequest {
        selection: request.selection,
        ..SearchRequest::new(request.account, request.range)
    };
    let seen = each(source, search, MOST_TRACES, |digest| {
        for simulation in &mut simulations {
            add(simulation, digest);
        }
    })?;
    let [tried, current] = simulations.map(|simulation| simulation.outcomes());
    Ok(Simulated { tried, current, seen })
}

/// Adds the requests with which a trace began: those are what clients decide about, the rest of the trace follows.
fn add(simulation: &mut Simulation, digest: &Digest) {
    let begins = |segment: &SegmentFact| segment.root && !segment.inferred;
    for (at, segment) in digest
        .segments
        .iter()
        .enumerate()
        .filter(|(_, segment)| begins(segment))
    {
        let service = digest.services.get(usize::from(segment.service));
        let url = segment.http.url.as_deref().unwrap_or_default();
        let (host, path) = host_and_path(url);
        let request = Request {
            service_name: service.map_or("", |service| &service.id.name),
            service_type: service.map_or("", |service| &service.id.kind),
            host,
            http_method: segment.http.method.as_deref().unwrap_or_default(),
            url_path: path,
            resource_arn: only(&digest.resource_arns),
            attribute: &|key| attribute(digest, at, key),
        };
        simulation.add(&request, segment.start, f64::from(segment.weight));
    }
}

/// `shop.example.com` and `/cart?id=1` of `https://shop.example.com/cart?id=1`; a host with its port if the URL has one,
/// as clients send it.
fn host_and_path(url: &str) -> (&str, &str) {
    let Some((_, rest)) = url.split_once("://") else {
        return ("", url);
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (host, if path.is_empty() { "/" } else { path })
}

/// A digest does not say whose a resource is, so with several of them it says nothing about this request.
fn only(arns: &[String]) -> &str {
    match arns {
        [arn] => arn,
        _ => "",
    }
}

/// The value of an indexed attribute of a segment.
fn attribute<'a>(digest: &'a Digest, segment: usize, key: &str) -> Option<Cow<'a, str>> {
    let segment = u16::try_from(segment).ok()?;
    let mut facts = digest.annotations.iter();
    let fact = facts.find(|fact| fact.key == key && fact.segments.contains(&segment))?;
    Some(match &fact.value {
        Scalar::Text(text) => Cow::Borrowed(text.as_ref()),
        other => Cow::Owned(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_as_clients_do() {
        let check = |url, host, path| assert_eq!(host_and_path(url), (host, path), "{url}");
        check("https://shop.example.com/cart?id=1", "shop.example.com", "/cart?id=1");
        check("http://user@shop:8080", "shop:8080", "/");
        check("http://shop?x", "shop", "?x");
        check("/cart?id=1", "", "/cart?id=1");
        check("", "", "");
    }
}
