//! Log events that go with a trace.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use beamline_model::enrich::places::{MOST_CONFIDENCE, SAME_HOST};
use beamline_model::enrich::scene::HOST_KEYS;
use beamline_model::enrich::{Clue, Party, Place, Reason, Scene, attach, places};
use beamline_model::id::SpanId;
use beamline_model::log::Mention;
use beamline_model::otlp;
use beamline_model::time::TimeRange;
use beamline_store::api::Account;
use beamline_store::api::log::LogGroups;
use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::{Found, JoinedLog, Reached, Until};
use crate::QueryError;
use crate::logs::{self, Event, ReadRequest};
use crate::source::Source;

/// Most events that name the trace.
const MOST_NAMED: usize = 1_000;
/// Most events nearby, of each service and of all.
const MOST_NEARBY: usize = 20;
const MOST_NEARBY_OF_ALL: usize = 60;
/// So many events of a group are looked at for those.
const LOOKED_AT: usize = 500;
/// Services and groups beyond these are not asked for.
const MOST_PARTIES: usize = 8;
/// Bytes of messages that are looked at for events of one kind.
const BYTES: u64 = 32 << 20;

const SECOND: i64 = 1_000_000_000;
/// What happened nearby happened from this long before the service began until this long after it ended.
const NEARBY_BEFORE: i64 = 2 * SECOND;
const NEARBY_AFTER: i64 = 2 * SECOND;

/// Log events that go with a trace.
#[derive(Clone, Debug, Default)]
pub struct FoundLogs {
    /// Those that name it, by time.
    pub named: Found<JoinedLog>,
    /// Those that happened nearby, of services without any that name it: the gravest first, then by time.
    pub nearby: Found<JoinedLog>,
}

/// Looks for both.
///
/// # Errors
/// If the store fails.
pub fn logs(source: &dyn Source, account: Account, scene: &Scene, until: Until) -> Result<FoundLogs, QueryError> {
    let mut senders = Senders::default();
    let named = named(source, account, scene, &mut senders)?;
    let spoken: BTreeSet<usize> = named.items.iter().filter_map(|log| party_of(scene, log)).collect();
    let mut nearby = Found::default();
    let silent = scene
        .parties
        .iter()
        .enumerate()
        .filter(|(party, _)| !spoken.contains(party));
    for (party, _) in silent.take(MOST_PARTIES) {
        if until.is_over() {
            nearby.reached = Reached::Late;
            break;
        }
        let mut of_party = around(source, account, scene, party, &mut senders)?;
        if nearby.reached == Reached::Complete {
            nearby.reached = of_party.reached;
        }
        nearby.items.append(&mut of_party.items);
    }
    nearby
        .items
        .sort_by_cached_key(|log| (Reverse(log.event.gravity()), log.event.time()));
    nearby.cut(MOST_NEARBY_OF_ALL);
    Ok(FoundLogs { named, nearby })
}

/// The service that an event is of, as far as it hangs on a node.
fn party_of(scene: &Scene, log: &JoinedLog) -> Option<usize> {
    let (spot, _) = log.spot.as_ref()?;
    scene.spots.get(*spot)?.party
}

fn named(
    source: &dyn Source,
    account: Account,
    scene: &Scene,
    senders: &mut Senders,
) -> Result<Found<JoinedLog>, QueryError> {
    let page = logs::of_trace(source, account, scene.trace, MOST_NAMED)?;
    let joined = |event: Event| {
        let span = span_in(scene, &event.mentions());
        let spot = attach(scene, &senders.clue(&event, span));
        let reason = Reason::exact("trace_id");
        JoinedLog { event, reason, spot }
    };
    Ok(Found {
        items: page.events.into_iter().map(joined).collect(),
        reached: match page.cursor {
            Some(_) => Reached::Truncated,
            None => Reached::Complete,
        },
    })
}

fn span_in(scene: &Scene, mentions: &[Mention]) -> Option<SpanId> {
    let own = mentions.iter().find(|mention| mention.trace == scene.trace);
    own.and_then(|mention| mention.span)
}

/// Events of a service around the time at which it worked for the trace, in the groups where it may have written.
fn around(
    source: &dyn Source,
    account: Account,
    scene: &Scene,
    number: usize,
    senders: &mut Senders,
) -> Result<Found<JoinedLog>, QueryError> {
    let mut found = Found::default();
    let Some(party) = scene.parties.get(number) else {
        return Ok(found);
    };
    let range = party.start.plus(-NEARBY_BEFORE)..party.end.plus(NEARBY_AFTER);
    for place in places(party) {
        if source.logs().group(account, &place.group)?.is_none() {
            continue;
        }
        let request = within(account, &place, range.clone());
        let page = logs::read(source, &request)?;
        if page.cursor.is_some() {
            found.reached = Reached::Truncated;
        }
        for event in page.events {
            // What names a trace belongs to that one, and if it is this one it was found by its name.
            if !event.mentions().is_empty() {
                continue;
            }
            let clue = senders.clue(&event, None);
            if let Some(reason) = near(party, &place, &clue) {
                let of_party = |spot: usize| scene.spots.get(spot).is_some_and(|spot| spot.party == Some(number));
                let spot = attach(scene, &clue).filter(|(spot, _)| of_party(*spot));
                found.items.push(JoinedLog { event, reason, spot });
            }
        }
    }
    found
        .items
        .sort_by_cached_key(|log| (Reverse(log.event.gravity()), log.event.time()));
    found.cut(MOST_NEARBY);
    Ok(found)
}

fn within(account: Account, place: &Place, range: TimeRange) -> ReadRequest {
    let mut request = ReadRequest::new(account, LogGroups::Named(vec![place.group.clone()]));
    request.range = range;
    request.limit = LOOKED_AT;
    request.budget = BYTES;
    request
}

/// Why an event in one of a service's groups may go with the trace; `None` if it says that it is another service's.
fn near(party: &Party, place: &Place, clue: &Clue) -> Option<Reason> {
    if clue.service.as_ref().is_some_and(|service| *service != party.service) {
        return None;
    }
    let host = clue.hosts.iter().find(|host| party.hosts.contains(*host));
    let (confidence, key) = match host {
        Some(host) => (place.confidence + SAME_HOST, format!("{} host={host}", place.key)),
        None => (place.confidence, place.key.clone()),
    };
    Some(Reason::nearby(confidence.min(MOST_CONFIDENCE), key))
}

/// What events say about where they are from; who sent them is decoded once for each context.
#[derive(Default)]
struct Senders(FxHashMap<Bytes, Sender>);

/// Who sent OpenTelemetry records.
#[derive(Clone, Default)]
struct Sender {
    service: Option<String>,
    hosts: Vec<String>,
}

impl Senders {
    fn clue(&mut self, event: &Event, span: Option<SpanId>) -> Clue {
        let Sender { service, mut hosts } = match event.context() {
            Some(context) => self
                .0
                .entry(context.clone())
                .or_insert_with(|| Sender::of(context))
                .clone(),
            None => Sender::default(),
        };
        hosts.push(event.stream().to_owned());
        Clue {
            span,
            time: event.time(),
            service,
            hosts,
            group: event.group().to_owned(),
        }
    }
}

impl Sender {
    fn of(context: &[u8]) -> Self {
        let source = otlp::context(context);
        let mut sender = Self::default();
        for (key, value) in &source.context.resource {
            let Some(text) = value.as_text() else { continue };
            if key == "service.name" {
                sender.service = Some(text.to_owned());
            } else if HOST_KEYS.contains(&&**key) {
                sender.hosts.push(text.to_owned());
            }
        }
        sender
    }
}
