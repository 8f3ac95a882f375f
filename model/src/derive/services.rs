//! Which services took part.

use rustc_hash::FxHashMap;

use super::{cut, limit};
use crate::digest::{CallFact, SegmentFact, ServiceFact, ServiceId};
use crate::trace::{At, Service, Trace};

/// The services of a trace, numbered in order of their first segment.
pub(super) struct Services<'t> {
    services: Vec<Service<'t>>,
    /// By [`At::index`]; the number of the service for whatever enters one.
    numbers: Vec<u16>,
}

/// No number: not a segment, or of a service beyond the limit.
const NONE: u16 = u16::MAX;

impl<'t> Services<'t> {
    pub(super) fn of(trace: &'t Trace<'_>) -> Self {
        let mut services = Vec::new();
        let mut known: FxHashMap<Service<'t>, u16> = FxHashMap::default();
        let mut numbers = vec![NONE; trace.len()];
        for &at in trace.segments() {
            let service = trace.service(at);
            let service = Service {
                name: cut(service.name),
                kind: cut(service.kind),
                account: cut(service.account),
            };
            let number = match known.get(&service) {
                Some(&number) => number,
                None if services.len() < limit::SERVICES => {
                    let number = services.len() as u16;
                    known.insert(service, number);
                    services.push(service);
                    number
                }
                None => NONE,
            };
            numbers[at.index()] = number;
        }
        Self { services, numbers }
    }

    /// The number of the service that a segment entered.
    pub(super) fn index(&self, segment: At) -> Option<u16> {
        Some(self.numbers[segment.index()]).filter(|&number| number != NONE)
    }

    /// The service with this number.
    pub(super) fn name(&self, number: u16) -> &'t str {
        self.services
            .get(usize::from(number))
            .map_or("", |service| service.name)
    }

    /// The facts, with the names that callers used.
    pub(super) fn into_facts(self, segments: &[SegmentFact], calls: &[CallFact]) -> Vec<ServiceFact> {
        let mut facts: Vec<ServiceFact> = self
            .services
            .into_iter()
            .map(|service| ServiceFact {
                id: ServiceId {
                    name: service.name.to_owned(),
                    kind: service.kind.to_owned(),
                    account: service.account.to_owned(),
                },
                aliases: Vec::new(),
                inferred: true,
            })
            .collect();
        for segment in segments {
            if let Some(fact) = facts.get_mut(usize::from(segment.service)) {
                fact.inferred &= segment.inferred;
            }
        }
        for call in calls {
            if let (Some(alias), Some(fact)) = (&call.alias, facts.get_mut(usize::from(call.to)))
                && fact.aliases.len() < limit::WORDS
                && !fact.aliases.contains(alias)
            {
                fact.aliases.push(alias.clone());
            }
        }
        facts.iter_mut().for_each(|fact| fact.aliases.sort_unstable());
        facts
    }
}
