//! Groups and streams: made, listed, changed, removed.

use std::sync::Arc;

use beamline_model::log::{LogClass, Retention};
use beamline_store::api::log::{LogGroupChange, LogGroups, LogStreamOrder, LogStreamQuery};
use beamline_store::engine::memory::Memory;
use beamline_store::{LogError, Store, StoreError};

use super::world::{ACCOUNT, MINUTE, all, commit, config, messages, named, open, sent};

fn log<T: std::fmt::Debug>(result: Result<T, StoreError>) -> LogError {
    match result {
        Err(StoreError::Log(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn create(store: &Store, name: &str) {
    store
        .create_log_group(ACCOUNT, name.parse().unwrap(), LogGroupChange::default())
        .unwrap();
}

#[test]
fn what_exists_is_not_made_twice_and_what_does_not_is_not_found() {
    let store = Store::open(config()).unwrap();
    create(&store, "a");
    let again = store.create_log_group(ACCOUNT, "a".parse().unwrap(), LogGroupChange::default());
    assert_eq!(log(again), LogError::GroupExists);
    let name = "s".parse().unwrap();
    let made = store.create_log_stream(ACCOUNT, "a", &name).unwrap();
    assert_eq!(
        log(store.create_log_stream(ACCOUNT, "a", &name)),
        LogError::StreamExists
    );
    assert_eq!(store.ensure_log_stream(ACCOUNT, "a", &name).unwrap(), made);
    assert_eq!(log(store.create_log_stream(ACCOUNT, "b", &name)), LogError::NoSuchGroup);
    assert_eq!(log(store.log_stream(ACCOUNT, "a", "t")), LogError::NoSuchStream);
    assert_eq!(log(store.delete_log_group(ACCOUNT, "b")), LogError::NoSuchGroup);
    assert_eq!(
        log(store.log_group(beamline_store::api::Account(1), "a")),
        LogError::NoSuchGroup
    );
}

#[test]
fn groups_are_listed_by_name_and_survive_a_restart() {
    let engine = Arc::new(Memory::new());
    let store = open(&engine, &config());
    for name in ["b/2", "a", "b/1", "c"] {
        create(&store, name);
    }
    let change = LogGroupChange {
        class: Some(LogClass::InfrequentAccess),
        retention: Some(Retention::new(7).ok()),
        key: Some(Some("alias/x".to_owned())),
        protected: Some(true),
    };
    let changed = store.change_log_group(ACCOUNT, "a", change).unwrap();
    assert_eq!(changed.retention.map(Retention::days), Some(7));
    drop(store);
    let store = open(&engine, &config());
    let list = |prefix: &str, after: Option<&str>| -> Vec<String> {
        let groups = store.log_groups(ACCOUNT, prefix, after);
        groups.iter().map(|group| group.name.to_string()).collect()
    };
    assert_eq!(list("", None), ["a", "b/1", "b/2", "c"]);
    assert_eq!(list("b/", None), ["b/1", "b/2"]);
    assert_eq!(list("b/", Some("b/1")), ["b/2"]);
    assert_eq!(list("", Some("bz")), ["c"]);
    assert_eq!(*store.log_group(ACCOUNT, "a").unwrap(), *changed);
    assert_eq!(log(store.delete_log_group(ACCOUNT, "a")), LogError::Protected);
    create(&store, "d");
    let mut numbers: Vec<u32> = store
        .log_groups(ACCOUNT, "", None)
        .iter()
        .map(|group| group.number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 5);
}

#[test]
fn streams_know_their_events_whether_sealed_or_not() {
    let engine = Arc::new(Memory::new());
    let store = open(&engine, &config());
    let now = store.stamp();
    let times = [now.plus(-5 * MINUTE), now.plus(-9 * MINUTE), now.plus(MINUTE)];
    commit(&store, &[sent("g", "s", times[0], "one")]);
    store.seal_all().unwrap();
    let received = commit(
        &store,
        &[sent("g", "s", times[1], "two"), sent("g", "s", times[2], "three")],
    );
    let check = |store: &Store| {
        let stream = store.log_stream(ACCOUNT, "g", "s").unwrap();
        assert_eq!(
            (stream.first_event, stream.last_event, stream.last_ingestion),
            (Some(times[1]), Some(times[2]), Some(received[1]))
        );
    };
    check(&store);
    store.seal_all().unwrap();
    check(&store);
    drop(store);
    check(&open(&engine, &config()));
}

#[test]
fn streams_are_listed_by_name_and_by_their_last_event() {
    let store = Store::open(config()).unwrap();
    let now = store.stamp();
    create(&store, "g");
    store
        .create_log_stream(ACCOUNT, "g", &"empty".parse().unwrap())
        .unwrap();
    for (stream, minutes) in [("b", 3), ("a", 1), ("c", 2)] {
        commit(&store, &[sent("g", stream, now.plus(-minutes * MINUTE), "x")]);
        if stream == "a" {
            store.seal_all().unwrap();
        }
    }
    let list = |order, descending, limit| -> Vec<String> {
        let mut query = LogStreamQuery {
            order,
            descending,
            limit,
            ..LogStreamQuery::default()
        };
        let mut names = Vec::new();
        loop {
            let page = store.log_streams(ACCOUNT, "g", &query).unwrap();
            names.extend(page.streams.iter().map(|stream| stream.name.to_string()));
            query.after = page
                .streams
                .last()
                .map(|stream| (stream.last_event, stream.name.clone()));
            if !page.more {
                return names;
            }
        }
    };
    for limit in 1..6 {
        assert_eq!(list(LogStreamOrder::Name, false, limit), ["a", "b", "c", "empty"]);
        assert_eq!(list(LogStreamOrder::Name, true, limit), ["empty", "c", "b", "a"]);
        assert_eq!(list(LogStreamOrder::LastEvent, true, limit), ["a", "c", "b", "empty"]);
        assert_eq!(list(LogStreamOrder::LastEvent, false, limit), ["empty", "b", "c", "a"]);
    }
    let query = LogStreamQuery {
        prefix: "e".to_owned(),
        limit: 9,
        ..LogStreamQuery::default()
    };
    assert_eq!(store.log_streams(ACCOUNT, "g", &query).unwrap().streams.len(), 1);
}

#[test]
fn a_deleted_group_is_gone_and_its_name_begins_anew() {
    let engine = Arc::new(Memory::crashing());
    let store = open(&engine, &config());
    let now = store.stamp();
    commit(&store, &[sent("g", "s", now, "sealed"), sent("h", "s", now, "stays")]);
    store.seal_all().unwrap();
    commit(&store, &[sent("g", "s", now, "live")]);
    store.delete_log_group(ACCOUNT, "g").unwrap();
    assert_eq!(
        log(store.search_logs(&beamline_store::api::log::LogSearch::new(ACCOUNT, named("g")))),
        LogError::NoSuchGroup
    );
    // After a loss of power too, though the hot log still has the event.
    for store in [open(&Arc::new(engine.crash()), &config()), store] {
        assert_eq!(messages(&all(&store, LogGroups::All)), ["stays"]);
        create(&store, "g");
        assert_eq!(messages(&all(&store, named("g"))), [""; 0]);
        assert_eq!(log(store.log_stream(ACCOUNT, "g", "s")), LogError::NoSuchStream);
        commit(&store, &[sent("g", "s", now, "new")]);
        store.seal_all().unwrap();
        assert_eq!(messages(&all(&store, named("g"))), ["new"]);
        assert_eq!(store.log_group_bytes(ACCOUNT, "g").unwrap(), 3);
    }
}
