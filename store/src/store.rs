//! The store itself: opening it, what goes in, what comes out, closing it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use tokio::sync::{broadcast, oneshot};

use crate::account::Accounts;
use crate::api::log::LogBatch;
use crate::api::metric::PointBatch;
use crate::api::{Account, Batch, Committed, StoredTrace, Touched};
use crate::config::{Location, StoreConfig};
use crate::engine::memory::Memory;
use crate::engine::{Durability, Engine, EngineErrorKind};
use crate::error::StoreError;
use crate::hot::queue::{Job, Reply};
use crate::hot::work::Work;
use crate::inner::Inner;
use crate::log::groups::Groups;
use crate::seal::{self, Which};
use crate::{cipher, hot, log, meta, read};

/// Traces, durably.
///
/// A record that was acknowledged is found by every read from then on, after a restart too. Reads block on the engine
/// and belong on a thread that may; [`Store::commit`] waits without blocking.
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Store {
    /// Opens what is at the configured location, or creates it. What was acknowledged and not sealed is replayed.
    pub fn open(config: StoreConfig) -> Result<Self, StoreError> {
        let engine: Arc<dyn Engine> = match &config.location {
            Location::Memory => Arc::new(Memory::new()),
            Location::Folder(folder) => on_disk(folder, config.memory)?,
        };
        Self::on(engine, config)
    }

    /// Opens a store on an engine; `config.location` is not looked at.
    pub fn on(engine: Arc<dyn Engine>, config: StoreConfig) -> Result<Self, StoreError> {
        let (engine, encrypted) = cipher::around(engine, &config.masters)?;
        let (accounts, log_groups) = {
            let view = engine.view();
            if let Some(mark) = meta::check_format(&*view)? {
                engine.write(mark, Durability::Commit)?;
            }
            let accounts = Accounts::load(&*view, config.default_account.clone())?;
            let numbers: Vec<Account> = accounts.all().into_iter().map(|(account, ..)| account).collect();
            (accounts, Groups::load(&*view, &numbers)?)
        };
        let inner = Arc::new(Inner::new(config, engine, encrypted, accounts, log_groups));
        hot::replay::replay(&inner)?;
        let store = Self {
            inner,
            threads: Mutex::default(),
        };
        store.start("beamline-commit", hot::writer::run)?;
        store.start("beamline-seal", seal::run)?;
        Ok(store)
    }

    fn start(&self, name: &str, run: fn(&Arc<Inner>)) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.inner);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&inner))
            .map_err(|error| StoreError::Engine {
                kind: EngineErrorKind::Io,
                detail: format!("starting a thread: {error}"),
            })?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// The number of an (account, region) pair, given out now if it is new.
    pub fn account(&self, id: &str, region: &str) -> Result<Account, StoreError> {
        self.inner.accounts.number(&*self.inner.engine, id, region)
    }

    /// The same, if it can be told without waiting for anything: for callers that must not block. `None` for a pair
    /// that is new, and while one is being written.
    #[must_use]
    pub fn known_account(&self, id: &str, region: &str) -> Option<Account> {
        self.inner.accounts.known(id, region)
    }

    /// Every (account, region) pair, the default one first.
    #[must_use]
    pub fn accounts(&self) -> Vec<(Account, String, String)> {
        self.inner.accounts.all()
    }

    /// A moment for [`BatchRecord::received`](crate::api::BatchRecord::received): the clock, made strictly
    /// increasing, across restarts too.
    #[must_use]
    pub fn stamp(&self) -> Timestamp {
        self.inner.stamper.next()
    }

    /// Keeps a batch. When this returns `Ok`, all of its records but those named as refused survive what the
    /// configured durability says and are seen by every read. On an error none of them was kept, as far as anybody
    /// can tell.
    ///
    /// Waits for the write, but never for room: a full queue is [`StoreError::Overloaded`].
    pub async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        self.keep(Work::Records(batch)).await
    }

    /// The same for log events, of which none is refused by itself.
    pub async fn commit_logs(&self, batch: LogBatch) -> Result<(), StoreError> {
        self.keep(Work::Logs(batch)).await.map(drop)
    }

    /// The same for data points, of which none is refused by itself.
    pub async fn commit_points(&self, batch: PointBatch) -> Result<(), StoreError> {
        self.keep(Work::Points(batch)).await.map(drop)
    }

    async fn keep(&self, work: Work) -> Result<Committed, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.push(work, Some(Reply::Later(reply)))
            .map_err(|refused| refused.1)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Takes a batch without waiting for it to be kept, or gives it back at once, with the reason: for senders that
    /// expect no answer.
    pub fn offer(&self, batch: Batch) -> Result<(), (Batch, StoreError)> {
        self.push(Work::Records(batch), None).map_err(|refused| match *refused {
            (Work::Records(batch), error) => (batch, error),
            (_, error) => (Batch::default(), error),
        })
    }

    /// Queues work, or counts it and gives it back.
    fn push(&self, work: Work, reply: Option<Reply>) -> Result<(), Box<(Work, StoreError)>> {
        let refused = match self.admit(&work) {
            Ok(()) => match self.inner.queue.push(Job { work, reply }) {
                Ok(()) => return Ok(()),
                Err(refused) => (refused.0.work, refused.1),
            },
            Err(error) => (work, error),
        };
        self.inner.counters.turned_away(&refused.0, &refused.1);
        Err(Box::new(refused))
    }

    fn admit(&self, work: &Work) -> Result<(), StoreError> {
        work.check()?;
        if let Work::Logs(batch) = work {
            return log::admit(&self.inner, batch);
        }
        let held = self.inner.live.bytes();
        if held > self.inner.live_budget() {
            self.inner.sealer.hurry();
        }
        if held > 2 * self.inner.live_budget() {
            return Err(StoreError::Overloaded("traces come in faster than they are sealed"));
        }
        let held = self.inner.points.bytes();
        if held > self.inner.points_budget() {
            self.inner.sealer.hurry();
        }
        if held > 2 * self.inner.points_budget() && matches!(work, Work::Points(_)) {
            return Err(StoreError::Overloaded("points come in faster than they are sealed"));
        }
        Ok(())
    }

    /// Everything kept of one trace, each record once, in order of reception.
    pub fn trace(&self, account: Account, trace: TraceId) -> Result<Option<StoredTrace>, StoreError> {
        read::trace(&self.inner, (account, trace))
    }

    /// Waits until everything offered before is written, as durably as configured. Blocks.
    pub fn flush(&self) -> Result<(), StoreError> {
        let (reply, answer) = mpsc::sync_channel(1);
        let job = Job {
            work: Work::Records(Batch::default()),
            reply: Some(Reply::Now(reply)),
        };
        self.inner.queue.push(job).map_err(|refused| refused.1)?;
        answer.recv().unwrap_or(Err(StoreError::Closed)).map(drop)
    }

    /// Flushes, and seals every live trace and log event whatever its age. Blocks.
    pub fn seal_all(&self) -> Result<(), StoreError> {
        self.flush()?;
        seal::pass(&self.inner, Which::All)
    }

    /// Seals what is due now, without waiting for the sealer's next turn. Blocks.
    pub fn seal_due(&self) -> Result<(), StoreError> {
        seal::pass(&self.inner, Which::Due)
    }

    /// Writes a consistent copy of everything acknowledged, which can be opened as a store of its own. Where the file
    /// system allows, it shares files with this one and takes no time. `to` must not exist. Blocks.
    pub fn checkpoint(&self, to: &Path) -> Result<(), StoreError> {
        self.flush()?;
        Ok(self.inner.engine.checkpoint(to)?)
    }

    /// Follows along: every trace that changes from now on, told once per commit or a little more often.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Touched> {
        self.inner.touched.subscribe()
    }

    /// Why nothing can be written, while that is so. A store that is ready says `None`.
    #[must_use]
    pub fn read_only(&self) -> Option<String> {
        self.inner.read_only()
    }

    /// Counters and sizes for `/metrics`: name and value.
    #[must_use]
    pub fn figures(&self) -> Vec<(&'static str, u64)> {
        self.inner.figures()
    }

    /// Takes nothing more, writes what is queued and waits for that. Dropping the store does the same.
    pub fn close(&self) {
        self.inner.queue.close();
        self.inner.sealer.stop();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(feature = "rocks")]
fn on_disk(folder: &std::path::Path, memory: usize) -> Result<Arc<dyn Engine>, StoreError> {
    use crate::engine::rocks::{Memory, Rocks};
    // Shares of the whole; see `docs/store-layout.md`.
    let memory = Memory {
        cache: memory / 2,
        buffers: memory * 15 / 100,
    };
    Ok(Arc::new(Rocks::open(folder, memory)?))
}

#[cfg(not(feature = "rocks"))]
fn on_disk(folder: &std::path::Path, _memory: usize) -> Result<Arc<dyn Engine>, StoreError> {
    Err(StoreError::Engine {
        kind: EngineErrorKind::Unsupported,
        detail: format!(
            "{}: this program was built without the feature `rocks`",
            folder.display()
        ),
    })
}
