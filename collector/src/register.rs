//! Log streams and series under the numbers that the store knows them by. Most are known, and told from memory; those
//! that are new are made on threads that may wait for the disk, a few requests at a time.

use std::sync::Arc;

use beamline_model::otlp::logs::Destination;
use beamline_store::api::Account;
use beamline_store::api::log::{LogGroupChange, LogStreamId};
use beamline_store::{LogError, Store, StoreError};
use tokio::sync::Semaphore;

use crate::commit::{Busy, told};
use crate::report::Dropped;

/// So many requests at once make streams or series; others wait for their turn, within what may be in flight.
const AT_ONCE: usize = 4;

/// Tells numbers, and gives them out.
pub(crate) struct Registrar {
    store: Arc<Store>,
    turns: Arc<Semaphore>,
}

impl Registrar {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The number of each stream, made if there is none; `None` where there may be no more.
    pub(crate) async fn streams(
        &self,
        account: Account,
        destinations: Vec<Destination>,
    ) -> Result<Vec<Option<LogStreamId>>, Busy> {
        let known = |to: &Destination| {
            let known = self
                .store
                .known_log_stream(account, to.group.as_str(), to.stream.as_str());
            known.map(Some)
        };
        if let Some(all) = destinations.iter().map(known).collect() {
            return Ok(all);
        }
        self.make(move |store| destinations.iter().map(|to| stream(store, account, to)).collect())
            .await
    }

    /// The number of each series, made if there is none; `None` where there may be no more.
    pub(crate) async fn series(&self, account: Account, descriptors: Vec<Box<[u8]>>) -> Result<Vec<Option<u32>>, Busy> {
        if descriptors.is_empty() {
            return Ok(Vec::new());
        }
        self.make(move |store| {
            let descriptors: Vec<&[u8]> = descriptors.iter().map(AsRef::as_ref).collect();
            store.register_series(account, &descriptors)
        })
        .await
    }

    async fn make<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Busy> {
        let stopping = || Busy::new(Dropped::Stopping);
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| stopping())?;
        let store = Arc::clone(&self.store);
        let made = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            make(&store)
        });
        made.await.map_err(|_| stopping())?.map_err(|error| told(&error))
    }
}

/// The number of one stream, whose group is made too if there is none.
fn stream(store: &Store, account: Account, to: &Destination) -> Result<Option<LogStreamId>, StoreError> {
    loop {
        match store.ensure_log_stream(account, to.group.as_str(), &to.stream) {
            Ok(stream) => return Ok(Some(stream)),
            Err(StoreError::Log(LogError::TooManyStreams(_))) => return Ok(None),
            Err(StoreError::Log(LogError::NoSuchGroup)) => {}
            Err(error) => return Err(error),
        }
        // Somebody else may make the group at the same time, or delete it again.
        match store.create_log_group(account, to.group.clone(), LogGroupChange::default()) {
            Ok(_) | Err(StoreError::Log(LogError::GroupExists)) => {}
            Err(StoreError::Log(LogError::TooManyGroups(_))) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}
