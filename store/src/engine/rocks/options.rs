//! The settings of the database and of each table, and why.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, Options, SliceTransform,
    WriteBufferManager,
};

use super::{Memory, tables};
use crate::engine::Family;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What all tables share.
pub(super) struct Settings {
    cache: Cache,
    buffers: WriteBufferManager,
}

/// How a table's values are compressed.
enum Compression {
    /// Values are compressed already, or gone before it would pay.
    None,
    /// Fast while young, small at the bottom.
    Layered,
}

impl Settings {
    pub(super) fn new(memory: Memory) -> Self {
        let cache = Cache::new_lru_cache(memory.cache);
        // The write buffers are charged to the cache, so that one number bounds both. Writers are not stopped when it
        // is reached: the largest buffer is flushed instead.
        let buffers = WriteBufferManager::new_write_buffer_manager_with_cache(memory.buffers, false, cache.clone());
        Self { cache, buffers }
    }

    pub(super) fn database(&self) -> Options {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_write_buffer_manager(&self.buffers);
        options.set_max_background_jobs(std::thread::available_parallelism().map_or(2, |cores| cores.get() as i32));
        // A quiet table would otherwise keep the log of a busy one alive for ever.
        options.set_max_total_wal_size(512 * MIB as u64);
        // Written back little by little, so that a sync never finds a mountain.
        options.set_bytes_per_sync(MIB as u64);
        options.set_wal_bytes_per_sync(MIB as u64);
        options.set_keep_log_file_num(4);
        options.set_max_log_file_size(16 * MIB);
        options.set_stats_dump_period_sec(0);
        options
    }

    pub(super) fn descriptor(&self, family: Option<Family>) -> ColumnFamilyDescriptor {
        match family {
            Some(family) => ColumnFamilyDescriptor::new(tables::name(family), self.table(family)),
            None => ColumnFamilyDescriptor::new(tables::UNUSED, Options::default()),
        }
    }

    pub(super) fn table(&self, family: Family) -> Options {
        let mut options = Options::default();
        options.set_write_buffer_size(match family {
            Family::Hot => 64 * MIB,
            Family::Block | Family::Trace(_) | Family::Log => 32 * MIB,
            _ => 8 * MIB,
        });
        if let Some(length) = family.part_len() {
            options.set_prefix_extractor(SliceTransform::create_fixed_prefix(length));
        }
        let compression = match family {
            Family::Hot | Family::Block | Family::Summary | Family::Filter | Family::Log | Family::Points => {
                Compression::None
            }
            _ => Compression::Layered,
        };
        match compression {
            Compression::None => options.set_compression_type(DBCompressionType::None),
            Compression::Layered => {
                options.set_compression_type(DBCompressionType::Lz4);
                options.set_bottommost_compression_type(DBCompressionType::Zstd);
            }
        }
        if let Family::Trace(_) = family {
            // Every trace is looked up before it is sealed, and mostly is not there: without this, in no memory table of
            // three days.
            options.set_memtable_prefix_bloom_ratio(0.05);
            options.set_memtable_whole_key_filtering(true);
        }
        if let Family::Summary | Family::Bitmap | Family::Filter | Family::Edge | Family::Log | Family::Points = family
        {
            // Merged rows are replaced by larger ones and then seldom touched: without this, what they replaced would
            // stay on disk until much more has come.
            options.add_compact_on_deletion_collector_factory(128, 64, 0.2);
        }
        options.set_level_compaction_dynamic_level_bytes(true);
        options.set_block_based_table_factory(&self.blocks(family));
        options
    }

    fn blocks(&self, family: Family) -> BlockBasedOptions {
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&self.cache);
        blocks.set_cache_index_and_filter_blocks(true);
        blocks.set_pin_top_level_index_and_filter(true);
        blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
        blocks.set_format_version(6);
        blocks.set_block_size(match family {
            Family::Trace(_) | Family::Bitmap => 8 * KIB,
            _ => 16 * KIB,
        });
        match family {
            // Asked for ids that mostly are not there: each late record, each id somebody pastes.
            Family::Trace(_) => {
                blocks.set_bloom_filter(10.0, false);
                blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
                blocks.set_partition_filters(true);
                blocks.set_metadata_block_size(4 * KIB);
            }
            Family::Meta
            | Family::Bitmap
            | Family::Filter
            | Family::Object
            | Family::LogIndex
            | Family::Series
            | Family::Points => {
                blocks.set_bloom_filter(10.0, false);
            }
            Family::Hot | Family::Block | Family::Summary | Family::Edge | Family::Log | Family::SeriesIndex => {}
        }
        blocks
    }
}
