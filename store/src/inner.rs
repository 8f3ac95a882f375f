//! What the store's threads and its callers share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use arc_swap::ArcSwap;
use tokio::sync::broadcast;

use crate::account::Accounts;
use crate::api::Touched;
use crate::cipher::Encrypted;
use crate::clock::Stamper;
use crate::config::StoreConfig;
use crate::counters::Counters;
use crate::engine::{Durability, Engine, EngineError, EngineErrorKind, WriteBatch};
use crate::error::StoreError;
use crate::hot::queue::Queue;
use crate::live::Live;
use crate::meta;
use crate::metric::MetricCounters;
use crate::metric::registry::Registry;
use crate::seal::Sealer;
use crate::sealed::Frames;
use crate::table::cache::Cache;
use crate::table::groups::CountedGroups;
use crate::{log, metric};

pub(crate) struct Inner {
    pub(crate) config: StoreConfig,
    pub(crate) engine: Arc<dyn Engine>,
    /// The same engine as a layer that seals values, if the store has a master key.
    pub(crate) encrypted: Option<Arc<Encrypted>>,
    pub(crate) accounts: Accounts,
    pub(crate) stamper: Stamper,
    pub(crate) counters: Counters,
    pub(crate) queue: Queue,
    pub(crate) live: Live,
    pub(crate) logs: log::live::Live,
    pub(crate) log_groups: log::groups::Groups,
    pub(crate) log_streams: log::streams::Streams,
    pub(crate) log_sealer: log::seal::LogSealer,
    pub(crate) points: metric::live::Live,
    pub(crate) registry: Registry,
    pub(crate) metric_counters: MetricCounters,
    pub(crate) frames: Frames,
    /// What searches decoded.
    pub(crate) cache: Cache,
    pub(crate) sealer: Sealer,
    /// The groups that have statistics of their own.
    pub(crate) groups: ArcSwap<CountedGroups>,
    /// Number of the next commit.
    pub(crate) next_commit: AtomicU64,
    pub(crate) touched: broadcast::Sender<Touched>,
    /// Held for reading while a moment is taken, for writing while traces move from live to sealed, so that a moment
    /// has each trace once.
    pub(crate) gate: RwLock<()>,
    /// Why nothing can be written, while that is so.
    read_only: Mutex<Option<String>>,
}

impl Inner {
    pub(crate) fn new(
        config: StoreConfig,
        engine: Arc<dyn Engine>,
        encrypted: Option<Arc<Encrypted>>,
        accounts: Accounts,
        log_groups: log::groups::Groups,
    ) -> Self {
        // A subscriber that falls behind by so many is told that it missed some.
        const BACKLOG: usize = 16_384;
        Self {
            engine,
            encrypted,
            accounts,
            stamper: Stamper::new(),
            counters: Counters::default(),
            queue: Queue::new(config.commit.queue_bytes),
            live: Live::default(),
            logs: log::live::Live::default(),
            log_groups,
            log_streams: log::streams::Streams::default(),
            log_sealer: log::seal::LogSealer::default(),
            points: metric::live::Live::default(),
            // Some fifty bytes each, so that both generations stay below a fortieth of the whole.
            registry: Registry::new((config.memory / 4_096).max(1_024)),
            metric_counters: MetricCounters::default(),
            frames: Frames::default(),
            // A share of the whole; see `docs/store-layout.md`.
            cache: Cache::new(config.memory / 8),
            sealer: Sealer::default(),
            groups: ArcSwap::default(),
            next_commit: AtomicU64::new(0),
            touched: broadcast::Sender::new(BACKLOG),
            gate: RwLock::default(),
            read_only: Mutex::default(),
            config,
        }
    }

    /// Writes, and notices when that stops or starts being possible.
    pub(crate) fn write(&self, batch: WriteBatch, durability: Durability) -> Result<(), StoreError> {
        Ok(self.noticing(self.engine.write(batch, durability))?)
    }

    /// Remembers from the outcome of a write whether the store can be written.
    pub(crate) fn noticing<T>(&self, outcome: Result<T, EngineError>) -> Result<T, EngineError> {
        let reason = match &outcome {
            Ok(_) => None,
            Err(error) if error.kind == EngineErrorKind::NoSpace => Some(error.to_string()),
            Err(_) => return outcome,
        };
        let mut read_only = self.read_only.lock().unwrap_or_else(PoisonError::into_inner);
        if read_only.is_some() != reason.is_some() {
            match &reason {
                Some(reason) => tracing::error!(reason, "read-only until there is room"),
                None => tracing::info!("there is room again, writing goes on"),
            }
        }
        *read_only = reason;
        outcome
    }

    /// Why nothing can be written, while that is so.
    pub(crate) fn read_only(&self) -> Option<String> {
        self.read_only.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// While nothing can be written, tries whether that is still so: with nobody sending, nothing else would notice.
    pub(crate) fn try_writing(&self) {
        if self.read_only().is_some() {
            let mut batch = WriteBatch::default();
            meta::put_last_received(&mut batch, self.stamper.last());
            // The outcome is remembered by the call itself.
            let _ = self.write(batch, Durability::Commit);
        }
    }

    /// How many bytes of live traces are wanted at most; twice as many are bearable.
    pub(crate) fn live_budget(&self) -> usize {
        self.config.memory / 4
    }

    /// The same of live log events.
    pub(crate) fn log_budget(&self) -> usize {
        self.config.memory / 16
    }

    /// The same of live points.
    pub(crate) fn points_budget(&self) -> usize {
        self.config.memory / 32
    }

    /// Every figure there is: name and value.
    pub(crate) fn figures(&self) -> Vec<(&'static str, u64)> {
        let mut figures = self.counters.figures();
        let damaged = self.frames.damaged.load(Ordering::Relaxed);
        figures.push(("beamline_store_frames_damaged_total", damaged));
        figures.push(("beamline_store_live_traces", self.live.len() as u64));
        figures.push(("beamline_store_live_bytes", self.live.bytes() as u64));
        figures.push(("beamline_store_log_events_live", self.logs.len() as u64));
        figures.push(("beamline_store_log_live_bytes", self.logs.bytes() as u64));
        figures.push(("beamline_store_live_points", self.points.len() as u64));
        figures.push(("beamline_store_live_points_bytes", self.points.bytes() as u64));
        figures.extend(self.metric_counters.figures());
        figures.push(("beamline_store_cache_bytes", self.cache.bytes() as u64));
        figures.push(("beamline_store_queue_bytes", self.queue.bytes() as u64));
        figures.push(("beamline_store_read_only", u64::from(self.read_only().is_some())));
        figures.push(("beamline_store_next_commit", self.next_commit.load(Ordering::Relaxed)));
        figures.extend(self.sealer.figures());
        figures.extend(self.engine.figures());
        figures
    }
}
