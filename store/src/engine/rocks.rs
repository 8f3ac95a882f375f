//! The default engine: RocksDB in a folder of its own.
//!
//! One database, one write-ahead log, one block cache. Partition and key are concatenated; every table has its own
//! settings (`options`), and trace tables come and go by the day (`tables`).

mod options;
mod tables;
mod view;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use rocksdb::checkpoint::Checkpoint;
use rocksdb::{DBWithThreadMode, FlushOptions, MultiThreaded, WriteOptions};

use self::options::Settings;
use self::tables::{prefix, whole};
use self::view::Snapshot;
use super::{Change, Durability, Engine, EngineError, EngineErrorKind, Family, View, WriteBatch};

type Db = DBWithThreadMode<MultiThreaded>;

/// How much memory the engine may use.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Blocks read from disk, and the write buffers, which are charged to it.
    pub cache: usize,
    /// Of that, at most so much for write buffers.
    pub buffers: usize,
}

/// RocksDB.
pub struct Rocks {
    db: Db,
    settings: Settings,
    folder: PathBuf,
    /// The days that have a trace table.
    days: RwLock<BTreeSet<u16>>,
    /// Compare-and-set, creating and dropping of tables happen one at a time.
    exclusive: Mutex<()>,
}

impl Rocks {
    /// Opens the database in a folder, creating both if they are not there.
    pub fn open(folder: &Path, memory: Memory) -> Result<Self, EngineError> {
        std::fs::create_dir_all(folder).map_err(|error| input_output(folder, &error))?;
        let settings = Settings::new(memory);
        let database = settings.database();
        let present = if folder.join("CURRENT").exists() {
            Db::list_cf(&database, folder).map_err(|error| failed(folder, &error))?
        } else {
            Vec::new()
        };
        let tables = tables::to_open(&present)?;
        let descriptors = tables.iter().map(|&family| settings.descriptor(family));
        let db = Db::open_cf_descriptors(&database, folder, descriptors).map_err(|error| failed(folder, &error))?;
        Ok(Self {
            db,
            settings,
            folder: folder.to_owned(),
            days: RwLock::new(tables.iter().flatten().filter_map(|family| family.day()).collect()),
            exclusive: Mutex::default(),
        })
    }

    fn fail(&self, error: &rocksdb::Error) -> EngineError {
        failed(&self.folder, error)
    }

    /// Frees at once the files that lie wholly in deleted ranges. Only after a synced write: files do not come back,
    /// so whatever allowed them to go has to be on disk first.
    fn drop_files(&self, batch: &WriteBatch) -> Result<(), EngineError> {
        for change in &batch.changes {
            if let Change::DeleteBelow { family, part, end } = change
                && let Some(table) = self.table(*family)
            {
                self.db
                    .delete_file_in_range_cf(&table, prefix(*family, part), whole(*family, part, end))
                    .map_err(|error| self.fail(&error))?;
            }
        }
        Ok(())
    }

    fn add(&self, batch: &mut rocksdb::WriteBatch, change: &Change) -> Result<(), EngineError> {
        match change {
            Change::Put {
                family,
                part,
                key,
                value,
            } => {
                batch.put_cf(&self.table_or_new(*family)?, whole(*family, part, key), value);
            }
            Change::Delete { family, part, key } => {
                if let Some(table) = self.table(*family) {
                    batch.delete_cf(&table, whole(*family, part, key));
                }
            }
            Change::DeleteBelow { family, part, end } => {
                if let Some(table) = self.table(*family) {
                    batch.delete_range_cf(&table, prefix(*family, part), whole(*family, part, end));
                }
            }
        }
        Ok(())
    }
}

impl Engine for Rocks {
    fn write(&self, batch: WriteBatch, durability: Durability) -> Result<(), EngineError> {
        let mut changes = rocksdb::WriteBatch::default();
        for change in &batch.changes {
            self.add(&mut changes, change)?;
        }
        let mut how = WriteOptions::default();
        how.set_sync(durability == Durability::Commit);
        self.db.write_opt(changes, &how).map_err(|error| self.fail(&error))?;
        if durability == Durability::Commit {
            self.drop_files(&batch)?;
        }
        Ok(())
    }

    fn view(&self) -> Box<dyn View + '_> {
        Box::new(Snapshot::new(self))
    }

    fn drop_before(&self, family: Family, bucket: u32) -> Result<(), EngineError> {
        if let Family::Trace(last) = family {
            return self.drop_days(last);
        }
        let Some(table) = self.table(family) else {
            return Ok(());
        };
        let (from, to) = (Vec::new(), family.bucket(bucket));
        self.db
            .delete_file_in_range_cf(&table, &from, &to)
            .and_then(|()| self.db.delete_range_cf(&table, from, to))
            .map_err(|error| self.fail(&error))
    }

    fn cas(&self, part: &[u8], key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) -> Result<bool, EngineError> {
        let _alone = self.exclusive.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.view().get(Family::Object, part, key)?;
        if found.as_deref() != old {
            return Ok(false);
        }
        let mut batch = WriteBatch::default();
        match new {
            Some(new) => batch.put(Family::Object, part, key, new.to_vec()),
            None => batch.changes.push(Change::Delete {
                family: Family::Object,
                part: part.to_vec(),
                key: key.to_vec(),
            }),
        }
        self.write(batch, Durability::Commit)?;
        Ok(true)
    }

    fn settle(&self) -> Result<(), EngineError> {
        let tables = self.tables();
        let tables: Vec<_> = tables.iter().collect();
        self.db
            .flush_cfs_opt(&tables, &FlushOptions::default())
            .map_err(|error| failed(self.db.path(), &error))?;
        // What was cut off of the hot log may lie in files that hold nothing else and that nothing else would touch.
        if let Some(hot) = self.table(Family::Hot) {
            self.db.compact_range_cf(&hot, None::<&[u8]>, None::<&[u8]>);
        }
        Ok(())
    }

    fn checkpoint(&self, to: &Path) -> Result<(), EngineError> {
        Checkpoint::new(&self.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(to))
            .map_err(|error| failed(to, &error))
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let sum = |name: &str| -> u64 {
            let of_table = |table| self.db.property_int_value_cf(&table, name).ok().flatten();
            self.tables().into_iter().filter_map(of_table).sum()
        };
        let whole = |name: &str| self.db.property_int_value(name).ok().flatten().unwrap_or(0);
        let mut figures = self.disk_bytes();
        figures.extend([
            ("beamline_store_engine_keys", sum("rocksdb.estimate-num-keys")),
            (
                "beamline_store_engine_memtable_bytes",
                sum("rocksdb.cur-size-all-mem-tables"),
            ),
            (
                "beamline_store_engine_pending_compaction_bytes",
                sum("rocksdb.estimate-pending-compaction-bytes"),
            ),
            ("beamline_store_engine_cache_bytes", whole("rocksdb.block-cache-usage")),
            (
                "beamline_store_engine_delayed_write_rate",
                whole("rocksdb.actual-delayed-write-rate"),
            ),
            ("beamline_store_engine_write_stopped", whole("rocksdb.is-write-stopped")),
            (
                "beamline_store_engine_background_errors",
                whole("rocksdb.background-errors"),
            ),
        ]);
        figures
    }
}

/// Says what went wrong in words of the seam, and what an operator can do about it.
fn failed(folder: &Path, error: &rocksdb::Error) -> EngineError {
    let (text, place) = (error.to_string(), folder.display());
    let lower = text.to_lowercase();
    match error.kind() {
        _ if lower.contains("no space left") || lower.contains("nospace") || lower.contains("disk quota") => {
            EngineErrorKind::NoSpace.because(format!(
                "{place}: {text}. Reads go on; free half a GiB or more and writing goes on by itself"
            ))
        }
        rocksdb::ErrorKind::IOError if lower.contains("lock file") || lower.contains("/lock:") => {
            EngineErrorKind::InUse.because(format!("{place}: another process has it open ({text})"))
        }
        rocksdb::ErrorKind::Corruption => EngineErrorKind::Corrupted.because(format!(
            "{place}: {text}. Nothing was changed. Stop the server and either restore a checkpoint, or move the folder \
             away and start with an empty one"
        )),
        rocksdb::ErrorKind::NotSupported | rocksdb::ErrorKind::InvalidArgument => {
            EngineErrorKind::Format.because(format!("{place}: {text}"))
        }
        _ => EngineErrorKind::Io.because(format!("{place}: {text}")),
    }
}

fn input_output(folder: &Path, error: &std::io::Error) -> EngineError {
    let kind = match error.kind() {
        std::io::ErrorKind::StorageFull => EngineErrorKind::NoSpace,
        _ => EngineErrorKind::Io,
    };
    kind.because(format!("{}: {error}", folder.display()))
}
