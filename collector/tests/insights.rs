//! The watch for insights, over a store into which documents came the usual way.

use std::sync::Arc;

use beamline_collector::react::insights::Watcher;
use beamline_collector::report::registry::Registry;
use beamline_model::group::Group;
use beamline_model::insight::{Insight, State};
use beamline_model::testkit::shop;
use beamline_model::time::Timestamp;
use beamline_store::ObjectKind;
use beamline_store::api::Account;
use bytes::Bytes;

use crate::support::{Server, start};

/// Some time in the future, which nobody's retention touches, from where minutes are counted.
const BEGIN: u32 = 40_000_000;

struct World {
    server: Server,
    watcher: Watcher,
}

impl World {
    async fn new() -> Self {
        let server = start(|config| config.insights = None).await;
        let watcher = Watcher::new(Arc::clone(&server.store), &Registry::default());
        Self { server, watcher }
    }

    /// So many requests in each of some minutes, so many of them failed; kept and sealed.
    async fn serve(&self, minutes: std::ops::Range<u32>, requests: u32, faults: u32) {
        let samples = minutes.flat_map(|minute| shop(BEGIN + minute, requests, faults));
        let documents: Vec<Bytes> = samples.flat_map(|sample| sample.documents).map(Bytes::from).collect();
        for part in documents.chunks(1_000) {
            let collector = &self.server.running.collector;
            let refused = collector.put_segments(Account::default(), None, part).await.unwrap();
            assert_eq!(refused, []);
        }
        self.server.store.seal_all().unwrap();
    }

    /// Looks as if it were a minute, and says what is kept then, earliest first.
    fn look(&mut self, minute: u32) -> Vec<Insight> {
        self.watcher.look(Timestamp::from_minute(BEGIN + minute)).unwrap();
        let kept = self
            .server
            .store
            .objects(ObjectKind::Insight, Account::default())
            .unwrap();
        let read = |(_, value): (String, Bytes)| serde_json::from_slice(&value).unwrap();
        let mut insights: Vec<Insight> = kept.into_iter().map(read).collect();
        insights.sort_by_key(|insight| insight.first);
        insights
    }

    fn choose(&self, group: &Group) {
        let value = serde_json::to_vec(group).unwrap();
        let store = &self.server.store;
        store
            .put_object(ObjectKind::Group, Account::default(), &group.name, value)
            .unwrap();
    }
}

fn words(insights: &[Insight]) -> Vec<String> {
    let words = |it: &Insight| {
        let (first, end) = (it.first - BEGIN, it.end - BEGIN);
        let (root, at_root, clients) = (&it.root.name, it.at_root, it.clients);
        format!(
            "{} {:?} {first}..{end} {root} {}/{} clients {}/{} {} events",
            it.group,
            it.state,
            at_root.fault,
            at_root.total,
            clients.fault,
            clients.total,
            it.events.len()
        )
    };
    insights.iter().map(words).collect()
}

#[tokio::test]
async fn a_failure_is_found_followed_and_closed() {
    let mut world = World::new().await;
    world.serve(0..200, 10, 0).await;
    assert_eq!(words(&world.look(200)), [""; 0]);
    world.serve(200..202, 10, 8).await;
    assert_eq!(
        words(&world.look(202)),
        ["Default Active 200..202 cart 16/20 clients 16/20 1 events"]
    );
    world.serve(202..203, 10, 8).await;
    assert_eq!(
        words(&world.look(203)),
        ["Default Active 200..203 cart 24/30 clients 24/30 2 events"]
    );
    world.serve(203..220, 10, 0).await;
    let over = ["Default Closed 200..203 cart 24/30 clients 24/30 3 events"];
    assert_eq!(words(&world.look(213)), over);
    // Nothing changed, so nothing is written.
    assert_eq!(words(&world.look(220)), over);
    // Another process goes on where this one ended.
    world.watcher = Watcher::new(Arc::clone(&world.server.store), &Registry::default());
    assert_eq!(words(&world.look(221)), over);
}

#[tokio::test]
async fn silence_ends_an_insight_too() {
    let mut world = World::new().await;
    world.serve(0..200, 10, 0).await;
    world.serve(200..202, 10, 8).await;
    assert_eq!(world.look(202)[0].state, State::Active);
    assert_eq!(world.look(211)[0].state, State::Active);
    assert_eq!(world.look(212)[0].state, State::Closed);
}

#[tokio::test]
async fn what_comes_late_is_judged_too() {
    let mut world = World::new().await;
    world.serve(0..300, 5, 0).await;
    assert_eq!(words(&world.look(300)), [""; 0]);
    // Hours later a host that was cut off tells of its requests, and of some of the others that they failed.
    world.serve(200..204, 20, 18).await;
    let found = world.look(301);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].first - BEGIN, found[0].end - BEGIN), (200, 204));
    assert_eq!((found[0].state, found[0].root.name.as_str()), (State::Closed, "cart"));
}

#[tokio::test]
async fn groups_that_have_the_same_traces_find_the_same() {
    let mut world = World::new().await;
    world.choose(&Group {
        name: "all".to_owned(),
        unique: "2".to_owned(),
        ..Group::always()
    });
    world.serve(0..200, 10, 0).await;
    world.serve(200..202, 10, 8).await;
    let mut found = words(&world.look(202));
    found.sort();
    let told = "Active 200..202 cart 16/20 clients 16/20 1 events";
    assert_eq!(found, [format!("Default {told}"), format!("all {told}")]);
}

#[tokio::test]
async fn every_group_is_watched_that_wants_to_be() {
    let mut world = World::new().await;
    let gold = Group {
        name: "gold".to_owned(),
        unique: "1".to_owned(),
        expression: Some("annotation.tier = \"gold\"".to_owned()),
        insights: true,
        notifications: true,
    };
    world.choose(&gold);
    world.choose(&Group {
        insights: false,
        ..Group::always()
    });
    world.server.store.seal_due().unwrap();
    world.serve(0..200, 20, 0).await;
    world.serve(200..202, 20, 16).await;
    let found = world.look(202);
    assert_eq!(
        words(&found),
        ["gold Active 200..202 cart 16/20 clients 16/20 1 events"]
    );
    assert!(
        found[0].events[0].announce,
        "the group wants its insights to be announced"
    );
    // Once it wants none any more, what was active is over.
    world.choose(&Group {
        insights: false,
        notifications: false,
        ..gold
    });
    assert_eq!(world.look(203)[0].state, State::Closed);
}
