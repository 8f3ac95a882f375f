//! On which node a log event hangs.

use super::scene::{Party, Scene, Spot};
use super::{JoinKind, Reason};
use crate::id::SpanId;
use crate::time::Timestamp;

/// What a log event says about where it is from. What it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clue {
    /// The span or segment that it names.
    pub span: Option<SpanId>,
    /// When it happened.
    pub time: Timestamp,
    /// The service that wrote it.
    pub service: Option<String>,
    /// What the process, container or host that wrote it is called; the name of a log stream often is that, too.
    pub hosts: Vec<String>,
    /// The log group that it is in.
    pub group: String,
}

/// The node that an event of the trace hangs on, as its place in [`Scene::spots`], and why. The first that there is of:
///
/// | | |
/// |---|---|
/// | the node that it names | exact, `span_id` |
/// | the deepest node of the same service, log group or host during which it happened; the latest if there are several | inferred |
///
/// `None` if it can be said of the trace only.
#[must_use]
pub fn attach(scene: &Scene, clue: &Clue) -> Option<(usize, Reason)> {
    named(scene, clue).or_else(|| around(scene, clue))
}

fn named(scene: &Scene, clue: &Clue) -> Option<(usize, Reason)> {
    let span = clue.span?;
    let same = || scene.spots.iter().enumerate().filter(|(_, spot)| spot.id == span);
    // Services may share an id; the one at work then is meant.
    let place = same()
        .find(|(_, spot)| covers(spot, clue.time))
        .or_else(|| same().next());
    place.map(|(place, _)| (place, Reason::exact("span_id")))
}

fn around(scene: &Scene, clue: &Clue) -> Option<(usize, Reason)> {
    let alike: Vec<Option<Reason>> = scene.parties.iter().map(|party| likeness(party, clue)).collect();
    let mut best: Option<(f64, u32, Timestamp, usize)> = None;
    for (place, spot) in scene.spots.iter().enumerate() {
        let Some(reason) = spot.party.and_then(|party| alike[party].as_ref()) else {
            continue;
        };
        let rank = (reason.confidence, spot.depth, spot.start, place);
        let better = best.is_none_or(|best| {
            let by_confidence = rank.0.total_cmp(&best.0);
            by_confidence
                .then((rank.1, rank.2, rank.3).cmp(&(best.1, best.2, best.3)))
                .is_gt()
        });
        if covers(spot, clue.time) && better {
            best = Some(rank);
        }
    }
    let (.., place) = best?;
    let reason = alike[scene.spots[place].party?].clone()?;
    Some((place, reason))
}

fn covers(spot: &Spot, time: Timestamp) -> bool {
    spot.start <= time && time <= spot.end
}

/// What an event and a service of the trace have in common.
fn likeness(party: &Party, clue: &Clue) -> Option<Reason> {
    let host = clue.hosts.iter().find(|host| party.hosts.contains(*host));
    let service = clue.service.as_ref().filter(|service| **service == party.service);
    let group = Some(&clue.group).filter(|group| party.groups.contains(*group));
    let other_service = clue.service.is_some() && service.is_none();
    let (confidence, key) = match (service, group, host) {
        (Some(service), _, Some(host)) => (0.9, format!("service={service} host={host}")),
        (Some(service), ..) => (0.8, format!("service={service}")),
        // What says that it is of another service is of another one, whatever it shares with this one.
        _ if other_service => return None,
        (None, Some(group), Some(host)) => (0.8, format!("log_group={group} host={host}")),
        (None, Some(group), None) => (0.7, format!("log_group={group}")),
        (None, None, Some(host)) => (0.6, format!("host={host}")),
        (None, None, None) => return None,
    };
    let kind = JoinKind::Inferred;
    Some(Reason { kind, confidence, key })
}
