//! What is encrypted says nothing without its key, and everything with it: whatever is rotated, turned on or off,
//! closed, or cut off from power meanwhile.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod common;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use beamline_store::api::Account;
use beamline_store::cipher::{Encrypted, Encryption, Master, MasterKey, MasterKeys};
use beamline_store::engine::memory::Memory;
use beamline_store::engine::{Durability, Engine, Family, KeyRange, WriteBatch};
use beamline_store::table::groups;
use beamline_store::{ObjectKind, Secret, Store, StoreConfig, StoreError};
use common::{Sent, batch, bodies, figure, trace_id, xray};

const OURS: Account = Account(0);
/// What every sealed value begins with.
const MARK: [u8; 4] = [0xeb, 0x1b, 0x5e, 0xa1];
/// No compression can make anything of this.
const MARKER: &str = "q7Zp0VnX3kLw9TbYc2Rd";

fn key(number: u8) -> Master {
    Master::Key(MasterKey::new([number; 32]))
}

fn config(masters: &[Master]) -> StoreConfig {
    StoreConfig {
        masters: MasterKeys(masters.to_vec()),
        ..StoreConfig::in_memory()
    }
}

fn on(engine: &Arc<Memory>, masters: &[Master]) -> Result<Store, StoreError> {
    Store::on(Arc::clone(engine) as _, config(masters))
}

fn document(trace: u128, number: u32) -> Sent {
    let body = format!(
        r#"{{"name":"{MARKER}","id":"{:016x}","trace_id":"{}","start_time":1795415913.5,"end_time":1795415914,
        "annotations":{{"secret":"{MARKER}-{number}"}},"subsegments":[{{"name":"{MARKER}.db","id":"00000000000000ff",
        "start_time":1795415913.6,"end_time":1795415913.7,"namespace":"remote"}}]}}"#,
        number + 1,
        trace_id(trace),
    );
    xray(trace, &body)
}

/// Writes something to every table: sealed traces, enough of them to train a dictionary and to index
/// by filters, live ones, and an object.
async fn fill(store: &Store) {
    for range in [0..5_000u32, 5_000..6_000] {
        let many: Vec<Sent> = range.map(|n| document(u128::from(n), n)).collect();
        store.commit(batch(store, &many)).await.unwrap();
        store.seal_all().unwrap();
    }
    store.commit(batch(store, &[document(9_000, 9_000)])).await.unwrap();
    let group = format!(r#"{{"filter":"service(\"{MARKER}\")"}}"#).into_bytes();
    store.put_object(ObjectKind::Group, OURS, "shop", group).unwrap();
}

/// Every stored value of a table as the engine has it.
fn values(engine: &dyn Engine, family: Family) -> Vec<(Vec<u8>, Vec<u8>)> {
    let view = engine.view();
    let (mut parts, mut found) = (Vec::new(), Vec::new());
    view.parts(family, &mut |part| {
        parts.push(part.to_vec());
        ControlFlow::Continue(())
    })
    .unwrap();
    for part in parts {
        view.scan(family, &part, KeyRange::all(), false, &mut |_, value| {
            found.push((part.clone(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .unwrap();
    }
    found
}

const SEALED: [Family; 7] = [
    Family::Hot,
    Family::Block,
    Family::Summary,
    Family::Bitmap,
    Family::Filter,
    Family::Edge,
    Family::Object,
];

#[tokio::test]
async fn every_value_that_could_tell_something_is_sealed() {
    let engine = Arc::new(Memory::new());
    let store = on(&engine, &[key(1)]).unwrap();
    store.encrypt(OURS, "alias/traces").unwrap();
    fill(&store).await;
    for family in SEALED {
        let values = values(&*engine, family);
        assert!(!values.is_empty(), "{family:?} was written");
        assert!(values.iter().all(|(_, value)| value.starts_with(&MARK)), "{family:?}");
    }
    let meta = values(&*engine, Family::Meta);
    let dictionaries = meta.iter().filter(|(part, _)| part == b"dictionary");
    assert!(dictionaries.clone().count() > 0, "one was trained");
    assert!({ dictionaries }.all(|(_, value)| value.starts_with(&MARK)));
    let tells = |value: &[u8]| value.windows(MARKER.len()).any(|text| text == MARKER.as_bytes());
    let trace_rows = engine
        .view()
        .days()
        .into_iter()
        .flat_map(|day| values(&*engine, Family::Trace(day)));
    assert!(!meta.into_iter().chain(trace_rows).any(|(_, value)| tells(&value)));
}

/// They have numbers as accounts do, and belong to none that was ever turned on.
#[test]
fn statistics_of_groups_are_sealed_too() {
    let engine = Arc::new(Memory::new());
    let masters = MasterKeys(vec![key(1)]);
    let layer = Encrypted::open(engine.clone(), &masters).unwrap();
    layer.encrypt(OURS, "alias/traces").unwrap();
    let part = [&1u32.to_be_bytes()[..], &groups::FIRST.to_be_bytes()].concat();
    let mut batch = WriteBatch::default();
    batch.put(Family::Edge, part.clone(), *b"key", MARKER.as_bytes().to_vec());
    layer.write(batch, Durability::Commit).unwrap();
    let kept = engine.view().get(Family::Edge, &part, b"key").unwrap().unwrap();
    assert!(kept.starts_with(&MARK));
    let again = Encrypted::open(engine, &masters).unwrap();
    let read = again.view().get(Family::Edge, &part, b"key").unwrap().unwrap();
    assert_eq!(read, MARKER.as_bytes());
}

#[tokio::test]
async fn without_encryption_nothing_is_sealed_and_nothing_begins_as_if_it_were() {
    for masters in [vec![], vec![key(1)]] {
        let engine = Arc::new(Memory::new());
        let store = on(&engine, &masters).unwrap();
        fill(&store).await;
        for family in SEALED.into_iter().chain([Family::Meta]) {
            let values = values(&*engine, family);
            assert!(
                !values.is_empty() && !values.iter().any(|(_, value)| value.starts_with(&MARK)),
                "{family:?}"
            );
        }
        let unknown = store.encrypt(OURS, "alias/traces");
        assert_eq!(unknown.err(), masters.is_empty().then_some(StoreError::NoMasterKey));
    }
}

#[tokio::test]
async fn a_store_does_not_open_without_its_master_key() {
    let engine = Arc::new(Memory::new());
    let store = on(&engine, &[key(1)]).unwrap();
    drop(store);
    drop(on(&engine, &[]).unwrap());
    drop(on(&engine, &[key(2)]).unwrap());
    let store = on(&engine, &[key(1)]).unwrap();
    store.encrypt(OURS, "alias/traces").unwrap();
    store.commit(batch(&store, &[document(1, 1)])).await.unwrap();
    store.stop_encrypting(OURS).unwrap();
    drop(store);
    let refusal = |masters: &[Master]| {
        on(&engine, masters)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    assert!(refusal(&[]).contains("and no master key was given"), "{}", refusal(&[]));
    let other = [key(2), Master::Passphrase(Secret::new("x"))];
    let told = refusal(&other);
    assert!(
        told.starts_with("locked: values are encrypted, and opening them needs key "),
        "{told}"
    );
    assert!(told.ends_with(", a passphrase"), "{told}");
    assert_eq!(bodies(&on(&engine, &[key(1)]).unwrap(), 1).len(), 1);
}

#[tokio::test]
async fn a_passphrase_is_a_master_key_too_and_can_be_changed_for_a_key() {
    let engine = Arc::new(Memory::new());
    let phrase = |text: &str| Master::Passphrase(Secret::new(text));
    let store = on(&engine, &[phrase("correct horse")]).unwrap();
    store.encrypt(OURS, "alias/traces").unwrap();
    store.commit(batch(&store, &[document(1, 1)])).await.unwrap();
    store.seal_all().unwrap();
    drop(store);
    assert!(matches!(
        on(&engine, &[phrase("battery staple")]).err(),
        Some(StoreError::Locked(_))
    ));
    let store = on(&engine, &[key(3), phrase("correct horse")]).unwrap();
    assert_eq!(bodies(&store, 1).len(), 1);
    drop(store);
    assert!(on(&engine, &[phrase("correct horse")]).is_err());
    assert_eq!(bodies(&on(&engine, &[key(3)]).unwrap(), 1).len(), 1);
}

#[tokio::test]
async fn accounts_decide_for_themselves() {
    let engine = Arc::new(Memory::new());
    let store = on(&engine, &[key(1)]).unwrap();
    let theirs = store.account("210987654321", "eu-west-1").unwrap();
    store.encrypt(theirs, "alias/theirs").unwrap();
    for account in [OURS, theirs] {
        let mut batch = batch(&store, &[document(1, 1)]);
        batch.account = account;
        store.commit(batch).await.unwrap();
    }
    store.seal_all().unwrap();
    for (part, value) in values(&*engine, Family::Block) {
        let is_theirs = part[2..4] == theirs.0.to_be_bytes();
        assert_eq!(value.starts_with(&MARK), is_theirs, "{part:?}");
    }
    let told = |account| store.encryption(account).unwrap().key_id;
    assert_eq!((told(OURS), told(theirs).as_deref()), (None, Some("alias/theirs")));
    assert_eq!(figure(&store, "beamline_store_encryption_accounts"), 1);
    assert_eq!(
        figure(&store, "beamline_store_encryption_data_keys"),
        2,
        "theirs and the hot log's"
    );
}

#[tokio::test]
async fn turning_it_on_is_done_when_nothing_open_waits_in_the_log() {
    let engine = Arc::new(Memory::new());
    let store = on(&engine, &[key(1)]).unwrap();
    store.commit(batch(&store, &[document(1, 1)])).await.unwrap();
    store.encrypt(OURS, "alias/traces").unwrap();
    let told = |settled| Encryption {
        key_id: Some("alias/traces".to_owned()),
        settled,
    };
    assert_eq!(store.encryption(OURS).unwrap(), told(false));
    store.commit(batch(&store, &[document(2, 2)])).await.unwrap();
    store.seal_all().unwrap();
    assert_eq!(store.encryption(OURS).unwrap(), told(true));
    store.commit(batch(&store, &[document(3, 3)])).await.unwrap();
    assert_eq!(
        store.encryption(OURS).unwrap(),
        told(true),
        "what comes now is sealed at once"
    );
    store.stop_encrypting(OURS).unwrap();
    assert_eq!(store.encryption(OURS).unwrap().key_id, None);
    store.commit(batch(&store, &[document(4, 4)])).await.unwrap();
    drop(store);
    let store = on(&engine, &[key(1)]).unwrap();
    assert_eq!(
        store.encryption(OURS).unwrap().key_id,
        None,
        "a restart changes nothing"
    );
    for trace in 1..5 {
        assert_eq!(bodies(&store, trace).len(), 1, "{trace}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_while_everything_goes_on() {
    const SENT: u32 = 400;
    let engine = Arc::new(Memory::new());
    let store = Arc::new(on(&engine, &[key(0)]).unwrap());
    store.encrypt(OURS, "alias/traces").unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let (rotating, until) = (Arc::clone(&store), Arc::clone(&done));
    let rotator = tokio::task::spawn_blocking(move || {
        let mut last = 0u8;
        while last < 3 || !until.load(Ordering::Relaxed) {
            last = last % 250 + 1;
            let rotated = rotating.rotate(&MasterKeys(vec![key(last)])).unwrap();
            assert_eq!((rotated.master_changed, rotated.fresh), (true, 2));
            rotating
                .put_object(ObjectKind::Group, OURS, "rotated", vec![last])
                .unwrap();
            rotating.seal_all().unwrap();
        }
        let again = rotating.rotate(&MasterKeys(vec![key(last)])).unwrap();
        assert_eq!((again.master_changed, again.fresh), (false, 2));
        last
    });
    for number in 0..SENT {
        let sent = [document(u128::from(number % 50), number)];
        store.commit(batch(&store, &sent)).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    let last = rotator.await.unwrap();
    let all = |store: &Store| (0..50).map(|trace| bodies(store, trace).len()).sum::<usize>();
    assert_eq!(all(&store), SENT as usize);
    drop(store);
    assert!(on(&engine, &[key(last - 1)]).is_err());
    let store = on(&engine, &[key(last)]).unwrap();
    assert_eq!(all(&store), SENT as usize);
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
    let rotated = store.object(ObjectKind::Group, OURS, "rotated").unwrap().unwrap();
    assert_eq!(rotated[..], [last]);
}

#[tokio::test]
async fn a_kill_while_keys_change_leaves_one_key_or_the_other() {
    let engine = Arc::new(Memory::crashing());
    let store = Store::on(Arc::clone(&engine) as _, config(&[key(1)])).unwrap();
    store.encrypt(OURS, "alias/traces").unwrap();
    store.commit(batch(&store, &[document(1, 1)])).await.unwrap();
    let before = Arc::new(engine.crash());
    store.rotate(&MasterKeys(vec![key(2)])).unwrap();
    store.commit(batch(&store, &[document(1, 2)])).await.unwrap();
    let after = Arc::new(engine.crash());
    drop(store);
    assert_eq!(bodies(&on(&before, &[key(1)]).unwrap(), 1).len(), 1);
    assert_eq!(bodies(&on(&after, &[key(2)]).unwrap(), 1).len(), 2);
    let either = |engine| on(engine, &[key(2), key(1)]).is_ok();
    assert!(either(&before) && either(&after));
}

#[tokio::test]
async fn a_sealed_value_that_was_changed_costs_itself_only() {
    use beamline_store::engine::{Durability, WriteBatch};
    let engine = Arc::new(Memory::new());
    let store = on(&engine, &[key(1)]).unwrap();
    store.encrypt(OURS, "alias/traces").unwrap();
    store.commit(batch(&store, &[document(1, 1)])).await.unwrap();
    drop(store);
    let (part, mut value) = values(&*engine, Family::Hot).remove(0);
    *value.last_mut().unwrap() ^= 1;
    let mut damage = WriteBatch::default();
    damage.put(Family::Hot, part, 77u64.to_be_bytes(), value);
    engine.write(damage, Durability::Commit).unwrap();
    let store = on(&engine, &[key(1)]).unwrap();
    assert_eq!(figure(&store, "beamline_store_values_damaged_total"), 1);
    assert_eq!(bodies(&store, 1).len(), 1);
}

#[cfg(feature = "rocks")]
mod on_disk {
    use std::path::Path;

    use beamline_store::Location;

    use super::*;

    fn open(folder: &Path, masters: &[Master]) -> Result<Store, StoreError> {
        Store::open(StoreConfig {
            location: Location::Folder(folder.to_owned()),
            memory: 64 << 20,
            ..config(masters)
        })
    }

    /// Whether any file of a folder holds the marker.
    fn tells(folder: &Path) -> bool {
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
            bytes.windows(MARKER.len()).any(|text| text == MARKER.as_bytes())
        })
    }

    #[tokio::test]
    async fn no_file_tells_what_was_sent() {
        for encrypted in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
            let store = open(&data, &[key(1)]).unwrap();
            if encrypted {
                store.encrypt(OURS, "alias/traces").unwrap();
            }
            fill(&store).await;
            assert_eq!(tells(&data), !encrypted, "while it is open");
            store.checkpoint(&copy).unwrap();
            let expected = bodies(&store, 4_321);
            drop(store);
            assert_eq!(tells(&data), !encrypted, "when it is closed");
            for folder in [&data, &copy] {
                let store = open(folder, &[key(1)]).unwrap();
                assert_eq!(
                    (bodies(&store, 4_321), bodies(&store, 9_000).len()),
                    (expected.clone(), 1)
                );
                assert_eq!(store.verify().unwrap().problems, [""; 0]);
                drop(store);
                assert_eq!(open(folder, &[key(2)]).is_err(), encrypted);
            }
        }
    }
}
