//! In which log groups a service may have written.

use super::scene::Party;

/// A log group in which a service may have written.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its name.
    pub group: String,
    /// How sure an event in it may be taken for one of the service, from 0.3 to 0.6.
    pub confidence: f64,
    /// How that is known: `log_group=/shop/cart`.
    pub key: String,
}

/// How much surer it is if the stream is called like a host of the service.
pub const SAME_HOST: f64 = 0.1;
/// What is never exceeded by what only happened nearby.
pub const MOST_CONFIDENCE: f64 = 0.6;

/// The log groups of a service, the surest first, each once: those that the trace names for it, then those that are
/// called after it by custom.
#[must_use]
pub fn places(party: &Party) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut add = |group: String, confidence: f64, key: String| {
        if !places.iter().any(|place| place.group == group) {
            places.push(Place { group, confidence, key });
        }
    };
    let service = &party.service;
    for group in &party.groups {
        add(group.clone(), 0.5, format!("log_group={group}"));
    }
    if party.origin.starts_with("AWS::Lambda") {
        add(format!("/aws/lambda/{service}"), 0.5, format!("function={service}"));
    }
    add(format!("/otlp/{service}"), 0.5, format!("service={service}"));
    if party.origin.starts_with("AWS::ECS") {
        add(format!("/ecs/{service}"), 0.4, format!("service={service}"));
    }
    for cluster in &party.clusters {
        let group = format!("/aws/containerinsights/{cluster}/application");
        add(group, 0.3, format!("cluster={cluster}"));
    }
    places
}
