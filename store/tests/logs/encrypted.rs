//! What is sealed at rest when an account encrypts.

use std::ops::ControlFlow;
use std::sync::Arc;

use beamline_store::Store;
use beamline_store::api::log::LogGroups;
use beamline_store::cipher::{Master, MasterKey, MasterKeys};
use beamline_store::engine::memory::Memory;
use beamline_store::engine::{Engine, Family, KeyRange};

use super::world::{ACCOUNT, all, commit, config, messages, sent};

/// Whether every value of a table carries the mark of sealed ones; that there is none does not count.
fn is_sealed(engine: &Memory, family: Family) -> bool {
    const MARK: [u8; 4] = [0xeb, 0x1b, 0x5e, 0xa1];
    let view = engine.view();
    let mut parts = Vec::new();
    view.parts(family, &mut |part| {
        parts.push(part.to_vec());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(!parts.is_empty(), "{family:?}");
    let mut sealed = true;
    for part in parts {
        view.scan(family, &part, KeyRange::all(), false, &mut |_, value| {
            sealed &= value.starts_with(&MARK);
            ControlFlow::Continue(())
        })
        .unwrap();
    }
    sealed
}

#[test]
fn events_and_streams_of_an_account_that_encrypts_are_sealed() {
    let engine = Arc::new(Memory::new());
    let mut config = config();
    config.masters = MasterKeys(vec![Master::Key(MasterKey::new([7; 32]))]);
    let store = Store::on(Arc::clone(&engine) as _, config.clone()).unwrap();
    store.encrypt(ACCOUNT, "alias/logs").unwrap();
    let now = store.stamp();
    commit(&store, &[sent("g", "s", now, "for our eyes only")]);
    assert!(is_sealed(&engine, Family::Hot));
    store.seal_all().unwrap();
    for family in [Family::Log, Family::LogIndex, Family::Object] {
        assert!(is_sealed(&engine, family), "{family:?}");
    }
    drop(store);
    let store = Store::on(engine, config).unwrap();
    assert_eq!(messages(&all(&store, LogGroups::All)), ["for our eyes only"]);
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
}
