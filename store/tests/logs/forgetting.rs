//! Retention: whole days, by group or for all.

use std::sync::Arc;

use beamline_model::log::Retention;
use beamline_store::api::log::{LogGroupChange, LogGroups};
use beamline_store::engine::memory::Memory;

use super::world::{ACCOUNT, DAY, all, commit, config, messages, open, sent};

#[test]
fn days_go_when_the_group_says_or_else_when_all_do() {
    let engine = Arc::new(Memory::new());
    let mut config = config();
    config.retention_days = 30;
    let store = open(&engine, &config);
    let now = store.stamp();
    let days = |days: i64| now.plus(-days * DAY);
    for group in ["default", "short", "long"] {
        let events: Vec<_> = [0, 2, 20, 28]
            .map(|day| sent(group, "s", days(day), &format!("{group} {day}")))
            .into();
        commit(&store, &events);
    }
    let keep = |group: &str, days| {
        let change = LogGroupChange {
            retention: Some(Retention::new(days).ok()),
            ..LogGroupChange::default()
        };
        store.change_log_group(ACCOUNT, group, change).unwrap();
    };
    keep("long", 365);
    store.seal_all().unwrap();
    keep("short", 7);
    store.retain(now).unwrap();
    let expected = [
        "default 28",
        "long 28",
        "default 20",
        "long 20",
        "default 2",
        "short 2",
        "long 2",
        "default 0",
        "short 0",
        "long 0",
    ];
    assert_eq!(messages(&all(&store, LogGroups::All)), expected);
    store.retain(now.plus(15 * DAY)).unwrap();
    let later = ["long 28", "long 20", "default 2", "long 2", "default 0", "long 0"];
    assert_eq!(messages(&all(&store, LogGroups::All)), later);
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
    drop(store);
    assert_eq!(messages(&all(&open(&engine, &config), LogGroups::All)), later);
}

#[test]
fn times_that_cannot_be_are_kept_with_the_day_of_reception_and_found_at_theirs() {
    let engine = Arc::new(Memory::new());
    let store = open(&engine, &config());
    let now = store.stamp();
    let (past, future) = (now.plus(-3000 * DAY), now.plus(3000 * DAY));
    commit(
        &store,
        &[sent("g", "s", past, "past"), sent("g", "s", future, "future")],
    );
    store.seal_all().unwrap();
    store.retain(now).unwrap();
    let found = all(&store, LogGroups::All);
    assert_eq!(messages(&found), ["past", "future"]);
    assert_eq!((found[0].time, found[1].time), (past, future));
    store.retain(now.plus(40 * DAY)).unwrap();
    assert_eq!(messages(&all(&store, LogGroups::All)), [""; 0]);
}
