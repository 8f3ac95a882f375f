//! What cannot be read costs itself only, and is told.

use std::ops::ControlFlow;
use std::sync::Arc;

use beamline_store::api::log::{LogGroups, LogSearch};
use beamline_store::engine::memory::Memory;
use beamline_store::engine::{Durability, Engine, Family, KeyRange, WriteBatch};

use super::world::{ACCOUNT, MINUTE, commit, config, figure, open, sent};

/// Flips a bit of every row whose key begins so.
fn damage(engine: &Memory, kind: u8) -> usize {
    let mut parts = Vec::new();
    let mut batch = WriteBatch::default();
    let view = engine.view();
    view.parts(Family::Log, &mut |part| {
        parts.push(part.to_vec());
        ControlFlow::Break(())
    })
    .unwrap();
    for part in parts {
        view.scan(Family::Log, &part, KeyRange::all(), false, &mut |key, value| {
            let mut value = value.to_vec();
            if key[0] == kind {
                let middle = value.len() / 2;
                value[middle] ^= 4;
                batch.put(Family::Log, part.clone(), key, value);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    }
    let rows = batch.changes.len();
    engine.write(batch, Durability::Commit).unwrap();
    rows
}

#[test]
fn a_damaged_head_or_frame_costs_its_events_and_is_counted() {
    const HEAD: u8 = 1;
    const FRAME: u8 = 5;
    for kind in [HEAD, FRAME] {
        let engine = Arc::new(Memory::new());
        let store = open(&engine, &config());
        let now = store.stamp();
        commit(
            &store,
            &[sent("a", "s", now, "lost"), sent("b", "s", now.plus(MINUTE), "kept")],
        );
        store.seal_all().unwrap();
        assert_eq!(damage(&engine, kind), 1);
        let page = store.search_logs(&LogSearch::new(ACCOUNT, LogGroups::All)).unwrap();
        assert_eq!((page.events.len(), page.damaged, page.cursor), (1, 1, None));
        assert_eq!(page.events[0].message(), "kept");
        assert_eq!(figure(&store, "beamline_store_log_frames_damaged_total"), 1);
        assert_eq!(store.verify().unwrap().problems.len(), 1);
        // What comes later is sealed beside it.
        commit(&store, &[sent("a", "s", now, "later")]);
        store.seal_all().unwrap();
        let page = store.search_logs(&LogSearch::new(ACCOUNT, LogGroups::All)).unwrap();
        assert_eq!((page.events.len(), page.damaged), (2, 1));
    }
}
