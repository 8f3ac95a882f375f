//! Which column families there are, and the trace tables that come and go by the day.

use std::sync::{Arc, PoisonError};

use rocksdb::BoundColumnFamily;

use super::Rocks;
use crate::engine::{EngineError, EngineErrorKind, Family};

/// RocksDB has this one whether it is wanted or not; nothing is kept there.
pub(super) const UNUSED: &str = "default";

const FIXED: [Family; 13] = [
    Family::Meta,
    Family::Hot,
    Family::Block,
    Family::Summary,
    Family::Bitmap,
    Family::Filter,
    Family::Edge,
    Family::Object,
    Family::Log,
    Family::LogIndex,
    Family::Series,
    Family::SeriesIndex,
    Family::Points,
];

const TRACE: &str = "tid.";

/// The column family's name. Names are part of the format.
pub(super) fn name(family: Family) -> String {
    match family {
        Family::Meta => "meta".to_owned(),
        Family::Hot => "hot".to_owned(),
        Family::Block => "blk".to_owned(),
        Family::Trace(day) => format!("{TRACE}{day}"),
        Family::Summary => "sum".to_owned(),
        Family::Bitmap => "ixb".to_owned(),
        Family::Filter => "ixf".to_owned(),
        Family::Edge => "edge".to_owned(),
        Family::Object => "obj".to_owned(),
        Family::Log => "log".to_owned(),
        Family::LogIndex => "lidx".to_owned(),
        Family::Series => "mser".to_owned(),
        Family::SeriesIndex => "mix".to_owned(),
        Family::Points => "mts".to_owned(),
    }
}

/// Under which name the size of a table is counted.
fn figure(family: Family) -> &'static str {
    match family {
        Family::Meta => "beamline_store_engine_disk_bytes{table=\"meta\"}",
        Family::Hot => "beamline_store_engine_disk_bytes{table=\"hot\"}",
        Family::Block => "beamline_store_engine_disk_bytes{table=\"blk\"}",
        Family::Trace(_) => "beamline_store_engine_disk_bytes{table=\"tid\"}",
        Family::Summary => "beamline_store_engine_disk_bytes{table=\"sum\"}",
        Family::Bitmap => "beamline_store_engine_disk_bytes{table=\"ixb\"}",
        Family::Filter => "beamline_store_engine_disk_bytes{table=\"ixf\"}",
        Family::Edge => "beamline_store_engine_disk_bytes{table=\"edge\"}",
        Family::Object => "beamline_store_engine_disk_bytes{table=\"obj\"}",
        Family::Log => "beamline_store_engine_disk_bytes{table=\"log\"}",
        Family::LogIndex => "beamline_store_engine_disk_bytes{table=\"lidx\"}",
        Family::Series => "beamline_store_engine_disk_bytes{table=\"mser\"}",
        Family::SeriesIndex => "beamline_store_engine_disk_bytes{table=\"mix\"}",
        Family::Points => "beamline_store_engine_disk_bytes{table=\"mts\"}",
    }
}

fn day(name: &str) -> Option<u16> {
    name.strip_prefix(TRACE)?.parse().ok()
}

/// What all keys of a partition begin with, and nothing else does: the partition itself where all have one length,
/// its length and the partition elsewhere.
pub(super) fn prefix(family: Family, part: &[u8]) -> Vec<u8> {
    match family.part_len() {
        Some(length) => {
            debug_assert_eq!(part.len(), length, "{family:?}");
            part.to_vec()
        }
        None => [&[part.len() as u8], part].concat(),
    }
}

/// The key that RocksDB sees.
pub(super) fn whole(family: Family, part: &[u8], key: &[u8]) -> Vec<u8> {
    let mut whole = prefix(family, part);
    whole.extend_from_slice(key);
    whole
}

/// The partition in a key that RocksDB sees.
pub(super) fn part(family: Family, whole: &[u8]) -> Option<&[u8]> {
    match family.part_len() {
        Some(length) => whole.get(..length),
        None => {
            let (&length, rest) = whole.split_first()?;
            rest.get(..usize::from(length))
        }
    }
}

/// Every table to open, given what is present: `None` is RocksDB's own. A table of unknown name was written by a
/// later version, and opening without it would hide data.
pub(super) fn to_open(present: &[String]) -> Result<Vec<Option<Family>>, EngineError> {
    let mut tables = vec![None];
    tables.extend(FIXED.map(Some));
    for found in present {
        if found == UNUSED || FIXED.iter().any(|&family| name(family) == *found) {
            continue;
        }
        match day(found) {
            Some(day) => tables.push(Some(Family::Trace(day))),
            None => {
                return Err(EngineErrorKind::Format.because(format!(
                    "it has a table `{found}` that this version does not know; open it with the version that wrote it"
                )));
            }
        }
    }
    Ok(tables)
}

impl Rocks {
    pub(super) fn table(&self, family: Family) -> Option<Arc<BoundColumnFamily<'_>>> {
        self.db.cf_handle(&name(family))
    }

    /// All tables, for summing figures up.
    pub(super) fn tables(&self) -> Vec<Arc<BoundColumnFamily<'_>>> {
        let days = self.days().into_iter().map(Family::Trace);
        FIXED
            .into_iter()
            .chain(days)
            .filter_map(|family| self.table(family))
            .collect()
    }

    /// Bytes of files on disk, table by table; the trace tables of all days are one.
    pub(super) fn disk_bytes(&self) -> Vec<(&'static str, u64)> {
        let of = |family| {
            let size = |table| self.db.property_int_value_cf(&table, "rocksdb.live-sst-files-size");
            self.table(family)
                .and_then(|table| size(table).ok().flatten())
                .unwrap_or(0)
        };
        let days = self.days().into_iter().map(Family::Trace).map(of).sum();
        let fixed = FIXED.into_iter().map(|family| (figure(family), of(family)));
        fixed.chain([(figure(Family::Trace(0)), days)]).collect()
    }

    /// The table, made if it is a day's first.
    pub(super) fn table_or_new(&self, family: Family) -> Result<Arc<BoundColumnFamily<'_>>, EngineError> {
        if let Some(table) = self.table(family) {
            return Ok(table);
        }
        let _alone = self.exclusive.lock().unwrap_or_else(PoisonError::into_inner);
        if self.table(family).is_none() {
            self.db
                .create_cf(name(family), &self.settings.table(family))
                .map_err(|error| {
                    let failed = self.fail(&error);
                    let detail = format!("creating table `{}`: {}", name(family), failed.detail);
                    // RocksDB may have kept what it could not finish, and then has it ready after a restart.
                    failed
                        .kind
                        .because(format!("{detail}; if this repeats, restart the server"))
                })?;
            let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
            days.extend(family.day());
        }
        self.table(family)
            .ok_or_else(|| EngineErrorKind::Io.because(format!("table `{}` is gone", name(family))))
    }

    /// The days that have a trace table, ascending.
    pub(super) fn days(&self) -> Vec<u16> {
        let days = self.days.read().unwrap_or_else(PoisonError::into_inner);
        days.iter().copied().collect()
    }

    /// Drops the trace tables of a day and all before it.
    pub(super) fn drop_days(&self, last: u16) -> Result<(), EngineError> {
        let _alone = self.exclusive.lock().unwrap_or_else(PoisonError::into_inner);
        for day in self.days().into_iter().filter(|&day| day <= last) {
            self.db
                .drop_cf(&name(Family::Trace(day)))
                .map_err(|error| self.fail(&error))?;
            self.days.write().unwrap_or_else(PoisonError::into_inner).remove(&day);
        }
        Ok(())
    }
}
