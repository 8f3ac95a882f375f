//! What goes in comes out: commits, offers, limits, objects, reopening.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod common;

use std::sync::Arc;

use beamline_store::engine::Durability;
use beamline_store::engine::memory::Memory;
use beamline_store::{ObjectChange, ObjectKind, Store, StoreConfig, StoreError};
use common::{batch, bodies, otlp, trace_id, xray};

fn config() -> StoreConfig {
    StoreConfig::in_memory()
}

#[tokio::test]
async fn what_was_acknowledged_is_read_back_in_order_of_reception() {
    let store = Store::open(config()).unwrap();
    let records = [xray(1, "a"), otlp(1, "resource", "b"), xray(2, "c"), xray(1, "d")];
    store.commit(batch(&store, &records)).await.unwrap();
    assert_eq!(bodies(&store, 1), ["a", "resource|b", "d"]);
    assert_eq!(bodies(&store, 2), ["c"]);
    assert_eq!(store.trace(Default::default(), trace_id(3)).unwrap(), None);
}

#[tokio::test]
async fn the_very_same_record_is_kept_once() {
    let store = Store::open(config()).unwrap();
    let many: Vec<_> = (0..100).map(|n| xray(1, &format!("document {}", n % 50))).collect();
    for _ in 0..3 {
        store.commit(batch(&store, &many)).await.unwrap();
    }
    store
        .commit(batch(&store, &[otlp(1, "x", "document 7"), otlp(1, "y", "document 7")]))
        .await
        .unwrap();
    assert_eq!(bodies(&store, 1).len(), 52);
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let store = Store::open(config()).unwrap();
    let other = store.account("210987654321", "eu-west-1").unwrap();
    assert_eq!(store.account("123456789012", "us-east-1").unwrap(), Default::default());
    assert_eq!(store.account("210987654321", "eu-west-1").unwrap(), other);
    assert_eq!(store.known_account("210987654321", "eu-west-1"), Some(other));
    assert_eq!(
        store.known_account("123456789012", "us-east-1"),
        Some(Default::default())
    );
    assert_eq!(store.known_account("123456789012", "eu-west-1"), None);
    let mut theirs = batch(&store, &[xray(1, "theirs")]);
    theirs.account = other;
    store.commit(theirs).await.unwrap();
    assert_eq!(bodies(&store, 1), [""; 0]);
    assert_eq!(store.trace(other, trace_id(1)).unwrap().unwrap().records.len(), 1);
    assert_eq!(store.accounts().len(), 2);
}

#[tokio::test]
async fn a_trace_refuses_what_goes_beyond_its_limit_and_says_which() {
    let store = Store::open(StoreConfig {
        trace_limit: 10,
        ..config()
    })
    .unwrap();
    let records = [
        xray(1, "12345"),
        xray(1, "678901"),
        xray(2, "fits"),
        xray(1, "67890"),
        xray(1, "!"),
    ];
    let committed = store.commit(batch(&store, &records)).await.unwrap();
    assert_eq!(committed.refused, [1, 4]);
    assert_eq!(bodies(&store, 1), ["12345", "67890"]);
    assert_eq!(
        store.commit(batch(&store, &[xray(1, "more")])).await.unwrap().refused,
        [0]
    );
    assert!(
        store
            .trace(Default::default(), trace_id(1))
            .unwrap()
            .unwrap()
            .limit_exceeded
    );
    assert!(
        !store
            .trace(Default::default(), trace_id(2))
            .unwrap()
            .unwrap()
            .limit_exceeded
    );
}

#[tokio::test]
async fn a_batch_that_points_outside_of_itself_is_refused_whole() {
    let store = Store::open(config()).unwrap();
    let mut wrong = batch(&store, &[xray(1, "a"), xray(1, "b")]);
    wrong.records[1].body = 1..3;
    assert!(matches!(store.commit(wrong).await, Err(StoreError::Malformed(_))));
    let mut wrong = batch(&store, &[xray(1, "a")]);
    wrong.records[0].context = Some(0);
    assert!(matches!(store.offer(wrong), Err((_, StoreError::Malformed(_)))));
    assert_eq!(bodies(&store, 1), [""; 0]);
}

#[tokio::test]
async fn a_loss_of_power_takes_nothing_that_was_acknowledged() {
    let engine = Arc::new(Memory::crashing());
    let store = Store::on(Arc::clone(&engine) as _, config()).unwrap();
    for n in 0..20 {
        store
            .commit(batch(
                &store,
                &[xray(n % 3, &format!("{n}")), otlp(n % 3, "r", &format!("{n}"))],
            ))
            .await
            .unwrap();
    }
    let last = store.stamp();
    let found = Arc::new(engine.crash());
    store
        .commit(batch(&store, &[xray(0, "after the crash")]))
        .await
        .unwrap();
    let recovered = Store::on(found, config()).unwrap();
    for trace in 0..3 {
        let before: Vec<_> = bodies(&store, trace)
            .into_iter()
            .filter(|body| body != "after the crash")
            .collect();
        assert_eq!(bodies(&recovered, trace), before);
    }
    recovered
        .commit(batch(&recovered, &[xray(0, "goes on")]))
        .await
        .unwrap();
    assert_eq!(bodies(&recovered, 0).last().unwrap(), "goes on");
    assert!(recovered.stamp() > last || last.since(recovered.stamp()) < 1_000_000_000);
}

#[tokio::test]
async fn without_durability_a_loss_of_power_takes_the_newest_only() {
    let engine = Arc::new(Memory::crashing());
    let relaxed = StoreConfig {
        durability: Durability::Write,
        ..config()
    };
    let store = Store::on(Arc::clone(&engine) as _, relaxed).unwrap();
    store.commit(batch(&store, &[xray(1, "a")])).await.unwrap();
    store.account("1", "sync").unwrap();
    store.commit(batch(&store, &[xray(1, "b")])).await.unwrap();
    let recovered = Store::on(Arc::new(engine.crash()), config()).unwrap();
    assert_eq!(bodies(&recovered, 1), ["a"]);
}

#[tokio::test]
async fn followers_hear_of_every_trace_that_changed() {
    let store = Store::open(config()).unwrap();
    let mut touched = store.subscribe();
    store
        .offer(batch(&store, &[xray(1, "a"), xray(1, "b"), xray(2, "c")]))
        .unwrap();
    assert_eq!(touched.recv().await.unwrap().trace, trace_id(1));
    assert_eq!(touched.recv().await.unwrap().trace, trace_id(2));
    assert_eq!(bodies(&store, 2), ["c"], "what is told can be read");
}

#[tokio::test]
async fn a_closed_store_takes_nothing_and_has_written_everything() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as _, config()).unwrap();
    for n in 0..50 {
        store.offer(batch(&store, &[xray(1, &format!("{n}"))])).unwrap();
    }
    store.close();
    assert_eq!(
        store.commit(batch(&store, &[xray(1, "late")])).await,
        Err(StoreError::Closed)
    );
    drop(store);
    let reopened = Store::on(engine, config()).unwrap();
    assert_eq!(bodies(&reopened, 1).len(), 50);
}

#[tokio::test]
async fn a_damaged_value_in_the_log_costs_itself_only() {
    use beamline_store::engine::{Engine, Family, WriteBatch};
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as _, config()).unwrap();
    store.commit(batch(&store, &[xray(1, "a")])).await.unwrap();
    drop(store);
    let mut damage = WriteBatch::default();
    damage.put(Family::Hot, [0], 77u64.to_be_bytes(), b"not a value".to_vec());
    engine.write(damage, Durability::Commit).unwrap();
    let reopened = Store::on(engine, config()).unwrap();
    assert_eq!(bodies(&reopened, 1), ["a"]);
    let damaged = reopened
        .figures()
        .into_iter()
        .find(|(name, _)| *name == "beamline_store_values_damaged_total");
    assert_eq!(damaged.unwrap().1, 1);
    reopened.commit(batch(&reopened, &[xray(1, "b")])).await.unwrap();
    assert_eq!(bodies(&reopened, 1), ["a", "b"]);
}

#[tokio::test]
async fn objects_are_set_compared_listed_and_removed() {
    let store = Store::open(config()).unwrap();
    let (kind, account) = (ObjectKind::SamplingRule, Default::default());
    store.put_object(kind, account, "Default", b"1".to_vec()).unwrap();
    assert!(
        !store
            .cas_object(kind, account, "Default", Some(b"0"), Some(b"2"))
            .unwrap()
    );
    assert!(
        store
            .cas_object(kind, account, "Default", Some(b"1"), Some(b"2"))
            .unwrap()
    );
    assert!(store.cas_object(kind, account, "Another", None, Some(b"3")).unwrap());
    let names: Vec<_> = store
        .objects(kind, account)
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["Another", "Default"]);
    assert_eq!(store.object(kind, account, "Default").unwrap().unwrap(), "2");
    assert_eq!(store.objects(ObjectKind::Group, account).unwrap(), []);
    store.delete_object(kind, account, "Default").unwrap();
    assert_eq!(store.object(kind, account, "Default").unwrap(), None);
}

#[tokio::test]
async fn several_objects_change_at_once() {
    let store = Store::open(config()).unwrap();
    let account = Default::default();
    let change = |kind, name: &str, value: Option<&str>| ObjectChange {
        kind,
        name: name.to_owned(),
        value: value.map(|value| value.as_bytes().to_vec()),
    };
    store
        .put_object(ObjectKind::Group, account, "old", b"1".to_vec())
        .unwrap();
    let changes = vec![
        change(ObjectKind::Group, "old", None),
        change(ObjectKind::Group, "new", Some("2")),
        change(ObjectKind::State, "changed", Some("3")),
    ];
    store.change_objects(account, changes).unwrap();
    assert_eq!(
        store.objects(ObjectKind::Group, account).unwrap(),
        [("new".to_owned(), "2".into())]
    );
    assert_eq!(
        store.object(ObjectKind::State, account, "changed").unwrap().unwrap(),
        "3"
    );
}
