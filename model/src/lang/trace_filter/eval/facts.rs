//! What can be asked of each thing.

use super::super::ast::{FlagKey, NumberKey, TextKey};
use super::Whole;
use crate::digest::{CallFact, CauseEntity, CauseService, Digest, HttpFact, SegmentFact, ServiceFact};
use crate::node::{Flags, Scalar};

/// Asks about one text; the answer is whether to stop.
pub(super) type Ask<'a> = &'a mut dyn FnMut(&str) -> bool;

/// What can be asked of a thing. The defaults say that nothing is known.
pub(super) trait Facts {
    fn flag(&self, key: FlagKey) -> Option<bool>;

    fn number(&self, _: NumberKey) -> Option<f64> {
        None
    }

    /// Asks about each value of a key until one will do, and says whether one did.
    fn any_text(&self, _: TextKey, _: Ask<'_>) -> bool {
        false
    }

    fn any_annotation(&self, _: &str, _: &mut dyn FnMut(&Scalar<'_>) -> bool) -> bool {
        false
    }

    /// The whole trace, if that is what this is; only of it can be asked what has braces.
    fn whole(&self) -> Option<&Whole<'_>> {
        None
    }
}

fn request_flag(flags: Flags, in_progress: bool, key: FlagKey) -> Option<bool> {
    Some(match key {
        FlagKey::Ok => flags.ok(),
        FlagKey::Error => flags.error,
        FlagKey::Fault => flags.fault,
        FlagKey::Throttle => flags.throttle,
        FlagKey::Partial => in_progress,
        _ => return None,
    })
}

fn any_http(http: &HttpFact, key: TextKey, ask: Ask<'_>) -> bool {
    let text = match key {
        TextKey::HttpUrl => &http.url,
        TextKey::HttpMethod => &http.method,
        TextKey::HttpUserAgent => &http.user_agent,
        TextKey::HttpClientIp => &http.client_ip,
        _ => return false,
    };
    text.as_deref().is_some_and(ask)
}

/// An account that nobody named is absent, not empty; so is a type.
fn any_set(text: &str, ask: Ask<'_>) -> bool {
    !text.is_empty() && ask(text)
}

fn any_service_text(service: &ServiceFact, key: TextKey, ask: Ask<'_>) -> bool {
    match key {
        TextKey::Name => ask(&service.id.name) || service.aliases.iter().any(|alias| ask(alias)),
        TextKey::Type => any_set(&service.id.kind, ask),
        TextKey::AccountId => any_set(&service.id.account, ask),
        _ => false,
    }
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

impl Facts for Whole<'_> {
    fn flag(&self, key: FlagKey) -> Option<bool> {
        match key {
            FlagKey::Inferred => Some(self.digest.inferred),
            _ => request_flag(self.digest.flags, self.digest.partial, key),
        }
    }

    fn number(&self, key: NumberKey) -> Option<f64> {
        match key {
            NumberKey::ResponseTime => self.digest.response_time.map(seconds),
            NumberKey::Duration => Some(seconds(self.digest.duration())),
            NumberKey::HttpStatus => self.digest.http.status.map(f64::from),
            NumberKey::Index | NumberKey::Coverage => None,
        }
    }

    fn any_text(&self, key: TextKey, ask: Ask<'_>) -> bool {
        let digest = self.digest;
        match key {
            TextKey::User => digest.users.iter().any(|user| ask(&user.name)),
            TextKey::AvailabilityZone => digest.availability_zones.iter().any(|zone| ask(zone)),
            TextKey::InstanceId => digest.instance_ids.iter().any(|id| ask(id)),
            TextKey::ResourceArn => digest.resource_arns.iter().any(|arn| ask(arn)),
            TextKey::AccountId => digest.services.iter().any(|service| any_set(&service.id.account, ask)),
            _ => any_http(&digest.http, key, ask),
        }
    }

    fn any_annotation(&self, name: &str, ask: &mut dyn FnMut(&Scalar<'_>) -> bool) -> bool {
        let mut named = self.digest.annotations.iter().filter(|fact| fact.key == name);
        named.any(|fact| ask(&fact.value))
    }

    fn whole(&self) -> Option<&Whole<'_>> {
        Some(self)
    }
}

/// A segment: what `service(…) { }` asks of.
pub(super) struct Segment<'a> {
    pub(super) digest: &'a Digest,
    pub(super) index: usize,
    pub(super) fact: &'a SegmentFact,
    pub(super) service: &'a ServiceFact,
}

impl Facts for Segment<'_> {
    fn flag(&self, key: FlagKey) -> Option<bool> {
        match key {
            FlagKey::Root => Some(self.fact.root),
            FlagKey::Inferred => Some(self.fact.inferred),
            _ => request_flag(self.fact.flags, self.fact.end.is_none(), key),
        }
    }

    fn number(&self, key: NumberKey) -> Option<f64> {
        let end = self.fact.end;
        match key {
            NumberKey::ResponseTime => end.map(|end| seconds(end.since(self.fact.start))),
            NumberKey::Duration => end.map(|end| {
                let last = self.fact.async_end.unwrap_or(end);
                seconds(last.since(self.fact.start))
            }),
            NumberKey::HttpStatus => self.fact.http.status.map(f64::from),
            NumberKey::Index | NumberKey::Coverage => None,
        }
    }

    fn any_text(&self, key: TextKey, ask: Ask<'_>) -> bool {
        match key {
            TextKey::User => {
                let mut users = self.digest.users.iter();
                users.any(|user| user.services.contains(&self.fact.service) && ask(&user.name))
            }
            TextKey::Name | TextKey::Type | TextKey::AccountId => any_service_text(self.service, key, ask),
            _ => any_http(&self.fact.http, key, ask),
        }
    }

    fn any_annotation(&self, name: &str, ask: &mut dyn FnMut(&Scalar<'_>) -> bool) -> bool {
        let here = |index: &u16| usize::from(*index) == self.index;
        let mut annotations = self.digest.annotations.iter();
        annotations.any(|fact| fact.key == name && fact.segments.iter().any(here) && ask(&fact.value))
    }
}

/// A call: what `edge(…) { }` asks of.
pub(super) struct Call<'a>(pub(super) &'a CallFact);

impl Facts for Call<'_> {
    fn flag(&self, key: FlagKey) -> Option<bool> {
        request_flag(self.0.flags, self.0.end.is_none(), key)
    }

    fn number(&self, key: NumberKey) -> Option<f64> {
        match key {
            NumberKey::ResponseTime | NumberKey::Duration => self.0.end.map(|end| seconds(end.since(self.0.start))),
            NumberKey::HttpStatus => self.0.http.status.map(f64::from),
            NumberKey::Index | NumberKey::Coverage => None,
        }
    }

    fn any_text(&self, key: TextKey, ask: Ask<'_>) -> bool {
        any_http(&self.0.http, key, ask)
    }
}

/// Where an element of a root cause stands.
#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) index: usize,
    pub(super) count: usize,
}

impl Position {
    fn flag(self, key: FlagKey) -> Option<bool> {
        match key {
            FlagKey::First => Some(self.index == 0),
            FlagKey::Last => Some(self.index + 1 == self.count),
            _ => None,
        }
    }

    fn number(self, key: NumberKey) -> Option<f64> {
        (key == NumberKey::Index).then_some(self.index as f64)
    }
}

pub(super) struct ServiceElement<'a> {
    pub(super) digest: &'a Digest,
    pub(super) position: Position,
    pub(super) service: &'a CauseService,
}

impl Facts for ServiceElement<'_> {
    fn flag(&self, key: FlagKey) -> Option<bool> {
        match key {
            FlagKey::Inferred => Some(self.service.inferred),
            _ => self.position.flag(key),
        }
    }

    fn number(&self, key: NumberKey) -> Option<f64> {
        self.position.number(key)
    }

    fn any_text(&self, key: TextKey, ask: Ask<'_>) -> bool {
        let service = self.digest.services.get(usize::from(self.service.service));
        service.is_some_and(|service| any_service_text(service, key, ask))
    }
}

pub(super) struct EntityElement<'a> {
    pub(super) position: Position,
    pub(super) service: &'a CauseService,
    pub(super) entity: &'a CauseEntity,
}

impl Facts for EntityElement<'_> {
    fn flag(&self, key: FlagKey) -> Option<bool> {
        match key {
            FlagKey::Inferred => Some(self.service.inferred),
            FlagKey::Remote => Some(self.entity.remote),
            _ => self.position.flag(key),
        }
    }

    fn number(&self, key: NumberKey) -> Option<f64> {
        match key {
            NumberKey::Coverage => Some(f64::from(self.entity.coverage)),
            _ => self.position.number(key),
        }
    }

    fn any_text(&self, key: TextKey, ask: Ask<'_>) -> bool {
        key == TextKey::Name && ask(&self.entity.name)
    }
}

pub(super) struct ExceptionElement<'a> {
    pub(super) position: Position,
    pub(super) kind: &'a str,
    pub(super) message: &'a str,
}

impl Facts for ExceptionElement<'_> {
    fn flag(&self, key: FlagKey) -> Option<bool> {
        self.position.flag(key)
    }

    fn number(&self, key: NumberKey) -> Option<f64> {
        self.position.number(key)
    }

    fn any_text(&self, key: TextKey, ask: Ask<'_>) -> bool {
        match key {
            TextKey::Name | TextKey::Type => any_set(self.kind, ask),
            TextKey::Message => any_set(self.message, ask),
            _ => false,
        }
    }
}
