//! A disk without room: writing stops, says so, loses nothing that was acknowledged, and goes on when there is room.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use beamline_store::engine::memory::Memory;
use beamline_store::engine::{Durability, Engine, EngineError, EngineErrorKind, Family, View, WriteBatch};
use beamline_store::{ObjectKind, Store, StoreConfig, StoreError};
use common::{batch, bodies, figure, xray};

/// An engine whose disk can be filled.
struct Filled {
    engine: Memory,
    full: AtomicBool,
}

impl Filled {
    fn room(&self) -> Result<(), EngineError> {
        match self.full.load(Ordering::Relaxed) {
            true => Err(EngineErrorKind::NoSpace.because("the disk is full")),
            false => Ok(()),
        }
    }
}

impl Engine for Filled {
    fn write(&self, batch: WriteBatch, durability: Durability) -> Result<(), EngineError> {
        self.room()?;
        self.engine.write(batch, durability)
    }

    fn view(&self) -> Box<dyn View + '_> {
        self.engine.view()
    }

    fn drop_before(&self, family: Family, bucket: u32) -> Result<(), EngineError> {
        self.room()?;
        self.engine.drop_before(family, bucket)
    }

    fn cas(&self, part: &[u8], key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) -> Result<bool, EngineError> {
        self.room()?;
        self.engine.cas(part, key, old, new)
    }

    fn checkpoint(&self, to: &Path) -> Result<(), EngineError> {
        self.engine.checkpoint(to)
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        self.engine.figures()
    }
}

#[tokio::test]
async fn a_full_disk_is_read_only_until_there_is_room() {
    let engine = Arc::new(Filled {
        engine: Memory::new(),
        full: AtomicBool::new(false),
    });
    let store = Store::on(Arc::clone(&engine) as _, StoreConfig::in_memory()).unwrap();
    store.commit(batch(&store, &[xray(1, "before")])).await.unwrap();

    engine.full.store(true, Ordering::Relaxed);
    let error = store.commit(batch(&store, &[xray(1, "refused")])).await.unwrap_err();
    assert!(
        matches!(error, StoreError::ReadOnly(_)) && error.is_temporary(),
        "{error}"
    );
    assert!(store.read_only().is_some());
    assert_eq!(figure(&store, "beamline_store_read_only"), 1);
    assert!(store.seal_all().is_err());
    assert!(
        store
            .put_object(ObjectKind::Group, Default::default(), "g", vec![])
            .is_err()
    );
    assert_eq!(bodies(&store, 1), ["before"], "reading goes on");

    engine.full.store(false, Ordering::Relaxed);
    store.commit(batch(&store, &[xray(1, "after")])).await.unwrap();
    assert_eq!(store.read_only(), None);
    store.seal_all().unwrap();
    assert_eq!(bodies(&store, 1), ["before", "after"]);
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
}
