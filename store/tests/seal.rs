//! Whatever is sealed, late, doubled, reopened or cut off from power: what was acknowledged is there, once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod common;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use beamline_store::api::Account;
use beamline_store::cipher::{Master, MasterKey, MasterKeys};
use beamline_store::engine::memory::Memory;
use beamline_store::{Store, StoreConfig};
use common::{Sent, batch, bodies, figure, otlp, trace_id, xray};
use proptest::prelude::*;

fn config() -> StoreConfig {
    StoreConfig::in_memory()
}

fn document(trace: u128, number: u8) -> Sent {
    let body = format!(
        r#"{{"name":"shop","id":"{:016x}","trace_id":"{}","start_time":1795415913.{number},"end_time":1795415914}}"#,
        u64::from(number) + 1,
        trace_id(trace),
    );
    match number % 3 {
        0 => otlp(trace, &format!("resource {}", number % 2), &body),
        _ => xray(trace, &body),
    }
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(u128, u8)>),
    SealAll,
    SealDue,
    Reopen,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => prop::collection::vec((0u128..4, 0u8..30), 1..8).prop_map(Step::Commit),
        2 => Just(Step::SealAll),
        1 => Just(Step::SealDue),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ]
}

/// Where a store is, so that it can be opened again.
trait Place {
    fn open(&self) -> Store;
    fn crash(&mut self);
}

impl Place for Arc<Memory> {
    fn open(&self) -> Store {
        Store::on(Arc::clone(self) as _, config()).unwrap()
    }

    fn crash(&mut self) {
        *self = Arc::new(Memory::crash(self));
    }
}

/// The same with all values encrypted, and with another master key each time it is opened.
struct Encrypted {
    engine: Arc<Memory>,
    opened: Cell<u8>,
}

impl Place for Encrypted {
    fn open(&self) -> Store {
        let opened = self.opened.replace(self.opened.get().wrapping_add(1));
        let key = |number: u8| Master::Key(MasterKey::new([number; 32]));
        let config = StoreConfig {
            masters: MasterKeys(vec![key(opened.wrapping_add(1)), key(opened)]),
            ..config()
        };
        let store = Store::on(Arc::clone(&self.engine) as _, config).unwrap();
        store.encrypt(Account::default(), "alias/test").unwrap();
        store
    }

    fn crash(&mut self) {
        self.engine = Arc::new(Memory::crash(&self.engine));
    }
}

/// Follows the steps with a set of what was acknowledged, in order of its first acknowledgement.
async fn follow(mut place: impl Place, steps: Vec<Step>) {
    let mut store = place.open();
    let mut acknowledged: BTreeMap<u128, Vec<u8>> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Commit(records) => {
                let sent: Vec<_> = records.iter().map(|&(trace, number)| document(trace, number)).collect();
                store.commit(batch(&store, &sent)).await.unwrap();
                for (trace, number) in records {
                    let known = acknowledged.entry(trace).or_default();
                    if !known.contains(&number) {
                        known.push(number);
                    }
                }
            }
            Step::SealAll => store.seal_all().unwrap(),
            Step::SealDue => store.seal_due().unwrap(),
            Step::Reopen => {
                drop(store);
                store = place.open();
            }
            Step::Crash => {
                // The power goes first, so that closing cannot save anything.
                place.crash();
                drop(store);
                store = place.open();
            }
        }
        for trace in 0..4 {
            let numbers = acknowledged.get(&trace).cloned().unwrap_or_default();
            let expected: Vec<_> = numbers
                .into_iter()
                .map(|number| spell(document(trace, number)))
                .collect();
            assert_eq!(bodies(&store, trace), expected, "trace {trace}");
        }
    }
    let verified = store.verify().unwrap();
    assert_eq!(verified.problems, [""; 0]);
}

fn spell(sent: Sent) -> String {
    match sent.context {
        Some(context) => format!("{context}|{}", sent.body),
        None => sent.body,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_acknowledged_record_is_read_once(steps in prop::collection::vec(step(), 1..14)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(follow(Arc::new(Memory::crashing()), steps));
    }

    #[test]
    fn every_acknowledged_record_is_read_once_from_what_is_encrypted(steps in prop::collection::vec(step(), 1..14)) {
        let place = Encrypted { engine: Arc::new(Memory::crashing()), opened: Cell::new(0) };
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(follow(place, steps));
    }
}

#[tokio::test]
async fn a_sealed_trace_leaves_memory_and_stays_readable() {
    let store = Store::open(config()).unwrap();
    let many: Vec<_> = (0..200)
        .map(|number| document(number / 20, (number % 20) as u8))
        .collect();
    store.commit(batch(&store, &many)).await.unwrap();
    let before = bodies(&store, 3);
    store.seal_all().unwrap();
    assert_eq!(figure(&store, "beamline_store_live_traces"), 0);
    assert_eq!(figure(&store, "beamline_store_live_bytes"), 0);
    assert_eq!(bodies(&store, 3), before);
    assert_eq!(store.verify().unwrap().records, 200);
}

#[tokio::test]
async fn a_trace_of_many_frames_is_read_whole() {
    let store = Store::open(config()).unwrap();
    let documents = |from: u64| -> Vec<_> {
        (from..from + 500)
            .map(|n| xray(1, &format!("{{\"id\":\"{n:016x}\"}}")))
            .collect()
    };
    store.commit(batch(&store, &documents(1))).await.unwrap();
    store.seal_all().unwrap();
    store.commit(batch(&store, &documents(300))).await.unwrap();
    store.seal_all().unwrap();
    let found = store.trace(Default::default(), trace_id(1)).unwrap().unwrap();
    assert_eq!((found.records.len(), found.revision, found.damaged), (799, 2, 0));
    assert!(found.records.is_sorted_by_key(|record| record.received));
}

#[tokio::test]
async fn every_change_of_a_trace_raises_its_revision_sealed_or_not() {
    let memory = Arc::new(Memory::new());
    let mut store = memory.open();
    for number in 1..=4u8 {
        store
            .commit(batch(&store, &[document(1, 2 * number), document(1, 2 * number + 1)]))
            .await
            .unwrap();
        // The same again changes nothing.
        store.commit(batch(&store, &[document(1, 2 * number)])).await.unwrap();
        let check = |store: &Store| {
            let revision = u32::from(number);
            assert_eq!(
                store.trace(Default::default(), trace_id(1)).unwrap().unwrap().revision,
                revision
            );
            assert_eq!(
                store.digest(Default::default(), trace_id(1)).unwrap().unwrap().revision,
                revision
            );
        };
        check(&store);
        match number {
            2 => store.seal_all().unwrap(),
            3 => {
                drop(store);
                store = memory.open();
            }
            _ => {}
        }
        check(&store);
    }
}

#[tokio::test]
async fn what_was_sealed_already_is_not_sealed_again() {
    let store = Store::open(config()).unwrap();
    let records = || [document(1, 1), document(1, 2)];
    store.commit(batch(&store, &records())).await.unwrap();
    store.seal_all().unwrap();
    store.commit(batch(&store, &records())).await.unwrap();
    store.seal_all().unwrap();
    let found = store.trace(Default::default(), trace_id(1)).unwrap().unwrap();
    assert_eq!((found.records.len(), found.revision), (2, 1));
    assert_eq!(store.verify().unwrap().records, 2);
}

#[tokio::test]
async fn a_damaged_frame_costs_its_records_only_and_is_shown() {
    use beamline_store::engine::{Durability, Engine, Family, KeyRange, WriteBatch};
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as _, config()).unwrap();
    store.commit(batch(&store, &[document(1, 1)])).await.unwrap();
    store.seal_all().unwrap();
    store.commit(batch(&store, &[document(1, 2)])).await.unwrap();
    store.seal_all().unwrap();
    let mut damage = WriteBatch::default();
    let part = {
        let mut part = Vec::new();
        let view = engine.view();
        view.parts(Family::Block, &mut |found| {
            part = found.to_vec();
            std::ops::ControlFlow::Break(())
        })
        .unwrap();
        view.scan(Family::Block, &part, KeyRange::all(), false, &mut |key, value| {
            let mut value = value.to_vec();
            value[3] ^= 1;
            damage.put(Family::Block, part.clone(), key, value);
            std::ops::ControlFlow::Break(())
        })
        .unwrap();
        part
    };
    assert_eq!(part.len(), 4);
    engine.write(damage, Durability::Commit).unwrap();
    let found = store.trace(Default::default(), trace_id(1)).unwrap().unwrap();
    assert_eq!((found.records.len(), found.damaged), (1, 1));
    assert_eq!(store.verify().unwrap().problems.len(), 2, "the frame and the trace");
    store.commit(batch(&store, &[document(1, 3)])).await.unwrap();
    store.seal_all().unwrap();
    assert_eq!(bodies(&store, 1).len(), 2, "the rest goes on");
}

#[tokio::test]
async fn the_limit_counts_what_is_sealed() {
    let store = Store::open(StoreConfig {
        trace_limit: 100,
        ..config()
    })
    .unwrap();
    store.commit(batch(&store, &[xray(1, &"a".repeat(60))])).await.unwrap();
    store.seal_all().unwrap();
    let committed = store
        .commit(batch(&store, &[xray(1, &"b".repeat(60)), xray(1, &"c".repeat(40))]))
        .await
        .unwrap();
    assert_eq!(committed.refused, [0]);
    store.seal_all().unwrap();
    let found = store.trace(Default::default(), trace_id(1)).unwrap().unwrap();
    assert_eq!((found.records.len(), found.limit_exceeded), (2, true));
}

#[tokio::test]
async fn old_days_are_forgotten_whole() {
    let store = Store::open(config()).unwrap();
    store.commit(batch(&store, &[document(1, 1)])).await.unwrap();
    store.seal_all().unwrap();
    let day = 86_400_000_000_000;
    let start = beamline_model::time::Timestamp::from_seconds(1_795_415_913);
    store.retain(start.plus(30 * day)).unwrap();
    assert_eq!(bodies(&store, 1).len(), 1);
    store.retain(start.plus(31 * day)).unwrap();
    assert_eq!(bodies(&store, 1).len(), 0);
    assert_eq!(store.verify().unwrap(), Default::default());
}

#[tokio::test]
async fn the_hot_log_is_cut_off_behind_what_is_sealed() {
    use beamline_store::engine::{Engine, Family, KeyRange};
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as _, config()).unwrap();
    for number in 0..20 {
        store
            .commit(batch(&store, &[document(u128::from(number), number)]))
            .await
            .unwrap();
    }
    store.seal_all().unwrap();
    let mut left = 0;
    for shard in 0..4u8 {
        let view = engine.view();
        view.scan(Family::Hot, &[shard], KeyRange::all(), false, &mut |_, _| {
            left += 1;
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    }
    assert_eq!(left, 0);
    drop(store);
    let store = Store::on(engine, config()).unwrap();
    assert_eq!(figure(&store, "beamline_store_records_replayed_total"), 0);
    store.commit(batch(&store, &[document(3, 9)])).await.unwrap();
    assert_eq!(bodies(&store, 3).len(), 2);
}

#[tokio::test]
async fn many_alike_records_train_a_dictionary_that_reopening_finds() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as _, config()).unwrap();
    let alike = |trace: u128| {
        let noise = trace.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let text = format!(
            r#"{{"name":"shop","id":"{:016x}","trace_id":"{}","start_time":1795415913.5,"end_time":1795415914,
            "annotations":{{"customer":"{noise:032x}","kind":"{}"}},"metadata":{{"note":"the same in every one of them"}}}}"#,
            trace + 1,
            trace_id(trace),
            trace % 7,
        );
        xray(trace, &text)
    };
    for from in [0u128, 3000] {
        let records: Vec<_> = (from..from + 3000).map(alike).collect();
        store.commit(batch(&store, &records)).await.unwrap();
        store.seal_all().unwrap();
    }
    let plain = 3000 * 200;
    assert!(figure(&store, "beamline_store_frames_written_bytes") < plain, "it pays");
    let expected = bodies(&store, 4321);
    drop(store);
    let store = Store::on(engine, config()).unwrap();
    assert_eq!(bodies(&store, 4321), expected);
    store.commit(batch(&store, &[alike(9000)])).await.unwrap();
    store.seal_all().unwrap();
    let verified = store.verify().unwrap();
    assert_eq!(
        (verified.traces, verified.records, verified.problems.len()),
        (6001, 6001, 0)
    );
}

#[cfg(feature = "rocks")]
mod on_disk {
    use beamline_store::Location;

    use super::*;

    fn on_disk(folder: &std::path::Path) -> StoreConfig {
        StoreConfig {
            location: Location::Folder(folder.to_owned()),
            memory: 64 << 20,
            ..config()
        }
    }

    struct OnDisk(std::path::PathBuf);

    impl Place for OnDisk {
        fn open(&self) -> Store {
            Store::open(on_disk(&self.0)).unwrap()
        }

        /// What is on disk cannot lose its power from here; it is only closed.
        fn crash(&mut self) {}
    }

    #[tokio::test]
    async fn a_store_on_disk_is_sealed_copied_and_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
        let store = Store::open(on_disk(&data)).unwrap();
        for number in 0..10 {
            store
                .commit(batch(&store, &[document(1, number), document(2, number)]))
                .await
                .unwrap();
            if number % 4 == 3 {
                store.seal_all().unwrap();
            }
        }
        store.checkpoint(&copy).unwrap();
        let expected = (bodies(&store, 1), bodies(&store, 2));
        store.commit(batch(&store, &[document(1, 20)])).await.unwrap();
        drop(store);
        let copied = Store::open(on_disk(&copy)).unwrap();
        assert_eq!((bodies(&copied, 1), bodies(&copied, 2)), expected);
        assert_eq!(copied.verify().unwrap().problems, [""; 0]);
        let store = Store::open(on_disk(&data)).unwrap();
        assert_eq!(bodies(&store, 1).len(), 11);
        let again = Store::open(on_disk(&data)).err().unwrap();
        assert!(again.to_string().starts_with("data is in use"), "{again}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn every_acknowledged_record_is_read_once_from_disk(steps in prop::collection::vec(step(), 1..8)) {
            let folder = tempfile::tempdir().unwrap();
            let place = OnDisk(folder.path().to_owned());
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(follow(place, steps));
        }
    }
}
