//! Which rows of a chunk have a term.
//!
//! A chunk's terms, by the first 32 bits of their hash, are sorted and cut into shards of about a thousand; a lookup
//! reads one shard. Beside each term stand its rows: one number, a list, or a bitmap, whichever is shortest. A group of
//! terms (a kind of fact, or one annotation key) with more than 4,096 distinct ones in the chunk, such as request ids,
//! goes into a binary-fuse filter instead, which only says whether the term may occur in the chunk. The chunk's head
//! records which groups those are.

use rustc_hash::{FxHashMap, FxHashSet};
use xorf::{BinaryFuse8, BinaryFuse8Ref, DmaSerializable, Filter, FilterRef};

use super::keys::Place;
use super::rows::Rows;
use super::terms::Code;
use crate::codec::varint::{Put, Take, corrupt};
use crate::engine::{EngineError, Family, View};

/// More distinct terms of a group than this in one chunk are kept in a filter.
pub const MOST_IN_BITMAPS: usize = 4096;
const TERMS_PER_SHARD: usize = 1024;
const MOST_SHARDS_LOG2: u8 = 8;

/// What the head of an indexed chunk says about its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexHead {
    /// Logarithm of the number of shards.
    pub shards_log2: u8,
    /// Groups that are in the filter.
    pub filtered: Vec<u64>,
    /// Rows with more terms than are indexed: they may have any.
    pub wild: Vec<u16>,
}

impl IndexHead {
    /// Appends its binary form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.shards_log2);
        out.varint(self.filtered.len() as u64);
        self.filtered
            .iter()
            .for_each(|group| out.extend_from_slice(&group.to_le_bytes()));
        out.varint(self.wild.len() as u64);
        self.wild.iter().for_each(|&row| out.varint(u64::from(row)));
    }

    /// Takes it back.
    pub fn decode(take: &mut Take<'_>) -> Option<Self> {
        let shards_log2 = take.byte().filter(|&log2| log2 <= MOST_SHARDS_LOG2)?;
        let filtered = (0..take.count()?)
            .map(|_| take.array().map(u64::from_le_bytes))
            .collect::<Option<_>>()?;
        let wild = (0..take.count()?).map(|_| take.number()).collect::<Option<_>>()?;
        Some(Self {
            shards_log2,
            filtered,
            wild,
        })
    }
}

/// A chunk's index, ready to be written.
#[derive(Debug, Default)]
pub struct Index {
    /// Goes into the chunk's head.
    pub head: IndexHead,
    /// One value for each shard.
    pub shards: Vec<Vec<u8>>,
    /// The filter of the groups that are too many for bitmaps.
    pub filter: Option<Vec<u8>>,
}

/// The part of a hash that shards keep.
fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}

fn shard_of(short: u32, log2: u8) -> u8 {
    (u64::from(short) >> (32 - u32::from(log2))) as u8
}

/// Builds the index of rows from their terms; see [`terms`](super::terms::terms).
#[must_use]
pub fn build(rows: &[Option<Vec<Code>>]) -> Index {
    let wild = (0u16..)
        .zip(rows)
        .filter(|(_, terms)| terms.is_none())
        .map(|(row, _)| row)
        .collect();
    let mut postings = postings(rows);
    let mut distinct: FxHashMap<u64, usize> = FxHashMap::default();
    for posting in &postings {
        *distinct.entry(posting.group).or_default() += 1;
    }
    let filtered: FxHashSet<u64> = distinct
        .into_iter()
        .filter(|&(_, terms)| terms > MOST_IN_BITMAPS)
        .map(|(group, _)| group)
        .collect();
    let mut unique = Vec::new();
    postings.retain(|posting| {
        let goes = filtered.contains(&posting.group);
        unique.extend(goes.then_some(posting.hash));
        !goes
    });
    // Of several kinds of one hash, each has a posting.
    unique.sort_unstable();
    unique.dedup();
    postings.sort_unstable_by_key(|posting| posting.hash);

    let same = |a: &Posting, b: &Posting| short(a.hash) == short(b.hash);
    let terms = postings.chunk_by(same).count();
    let wanted = terms.div_ceil(TERMS_PER_SHARD).next_power_of_two();
    let shards_log2 = (wanted.trailing_zeros() as u8).min(MOST_SHARDS_LOG2);
    let mut shards = vec![Vec::new(); 1 << shards_log2];
    let mut before = vec![0u32; shards.len()];
    let mut with: Vec<u16> = Vec::new();
    for term in postings.chunk_by(same) {
        let short = short(term[0].hash);
        let shard = usize::from(shard_of(short, shards_log2));
        shards[shard].varint(u64::from(short.wrapping_sub(before[shard])));
        before[shard] = short;
        with.clear();
        for posting in term {
            with.push(posting.first);
            with.extend_from_slice(&posting.further);
        }
        if term.len() > 1 {
            with.sort_unstable();
            with.dedup();
        }
        put_rows(&mut shards[shard], &with, rows.len());
    }
    let mut filtered: Vec<u64> = filtered.into_iter().collect();
    filtered.sort_unstable();
    let filter = if unique.is_empty() { None } else { filter(&unique) };
    let head = IndexHead {
        shards_log2,
        filtered,
        wild,
    };
    Index { head, shards, filter }
}

/// A term and its rows, ascending. Most terms have one row only.
struct Posting {
    hash: u64,
    group: u64,
    first: u16,
    further: Vec<u16>,
}

/// What rows each term has. Looking every term up costs far less than sorting all of them, most of which are the same.
fn postings(rows: &[Option<Vec<Code>>]) -> Vec<Posting> {
    let mut known: FxHashMap<Code, usize> = FxHashMap::default();
    let mut postings: Vec<Posting> = Vec::new();
    for (row, terms) in (0u16..).zip(rows) {
        for &code in terms.iter().flatten() {
            let number = *known.entry(code).or_insert(postings.len());
            match postings.get_mut(number) {
                Some(posting) if *posting.further.last().unwrap_or(&posting.first) != row => posting.further.push(row),
                Some(_) => {}
                None => postings.push(Posting {
                    hash: code.hash,
                    group: code.group,
                    first: row,
                    further: Vec::new(),
                }),
            }
        }
    }
    postings
}

/// One row is `row * 2 + 1`; more are `bytes * 2`, then a bitmap if that is the bytes' number, else distances.
fn put_rows(out: &mut Vec<u8>, with: &[u16], size: usize) {
    if let [row] = with {
        return out.varint(u64::from(*row) << 1 | 1);
    }
    let mut list = Vec::with_capacity(with.len());
    let mut before = 0;
    for &row in with {
        list.varint(u64::from(row - before));
        before = row;
    }
    let bitmap = size.div_ceil(8);
    if list.len() >= bitmap {
        list.clear();
        let mut rows = Rows::none(size);
        with.iter().for_each(|&row| rows.insert(usize::from(row)));
        list = rows.to_bytes();
    }
    out.varint((list.len() as u64) << 1);
    out.extend_from_slice(&list);
}

/// The rows of one term in a shard.
fn find(shard: &[u8], wanted: u32, size: usize) -> Option<Rows> {
    let mut take = Take(shard);
    let mut short = 0u32;
    while !take.0.is_empty() {
        short = short.wrapping_add(take.number::<u32>()?);
        let head = take.varint()?;
        let list = if head & 1 == 0 {
            take.bytes(usize::try_from(head >> 1).ok()?)?
        } else {
            &[]
        };
        if short > wanted {
            break;
        }
        if short < wanted {
            continue;
        }
        if head & 1 == 1 {
            let mut rows = Rows::none(size);
            rows.insert(usize::try_from(head >> 1).ok()?);
            return Some(rows);
        }
        if list.len() == size.div_ceil(8) {
            return Some(Rows::from_bytes(size, list));
        }
        let mut rows = Rows::none(size);
        let (mut list, mut row) = (Take(list), 0usize);
        while !list.0.is_empty() {
            row = row.checked_add(list.number()?)?;
            rows.insert(row);
        }
        return Some(rows);
    }
    Some(Rows::none(size))
}

/// All terms of a shard.
pub fn terms_of(shard: &[u8], mut each: impl FnMut(u32)) -> Option<()> {
    let mut take = Take(shard);
    let mut short = 0u32;
    while !take.0.is_empty() {
        short = short.wrapping_add(take.number::<u32>()?);
        let head = take.varint()?;
        if head & 1 == 0 {
            take.bytes(usize::try_from(head >> 1).ok()?)?;
        }
        each(short);
    }
    Some(())
}

/// The rows of a chunk of `size` rows that have a term, and possibly more.
pub fn rows_with(
    view: &dyn View,
    place: &Place,
    chunk: u32,
    head: &IndexHead,
    size: usize,
    term: Code,
) -> Result<Rows, EngineError> {
    let mut rows = if head.filtered.contains(&term.group) {
        let value = view.get(Family::Filter, &place.part(), &super::keys::chunk_filter(chunk))?;
        match value {
            Some(bytes) if !may_contain(&bytes, term.hash).ok_or_else(|| corrupt("a term filter"))? => Rows::none(size),
            _ => Rows::all(size),
        }
    } else {
        let shard = shard_of(short(term.hash), head.shards_log2);
        match view.get(Family::Bitmap, &place.part(), &super::keys::shard(chunk, shard))? {
            Some(bytes) => find(&bytes, short(term.hash), size).ok_or_else(|| corrupt("a term index"))?,
            None => Rows::none(size),
        }
    };
    head.wild.iter().for_each(|&row| rows.insert(usize::from(row)));
    Ok(rows)
}

/// A filter over distinct hashes; `None` if it cannot be built, which makes everything possible.
#[must_use]
pub fn filter(hashes: &[u64]) -> Option<Vec<u8>> {
    let filter = BinaryFuse8::try_from(hashes).ok()?;
    let mut bytes = vec![0; BinaryFuse8::DESCRIPTOR_LEN];
    filter.dma_copy_descriptor_to(&mut bytes);
    bytes.extend_from_slice(filter.dma_fingerprints());
    Some(bytes)
}

/// Whether a filter may contain a hash; `None` if the bytes are not a filter.
#[must_use]
pub fn may_contain(filter: &[u8], hash: u64) -> Option<bool> {
    let (descriptor, fingerprints) = filter.split_at_checked(BinaryFuse8::DESCRIPTOR_LEN)?;
    // The filter's own reader trusts its sizes: seed u64, segment length, its mask, length of all segments.
    let mut take = Take(descriptor.get(8..)?);
    let mut size = || take.array().map(u32::from_le_bytes).map(u64::from);
    let (segment, mask, all) = (size()?, size()?, size()?);
    let sound = segment == mask + 1 && all + 2 * segment <= fingerprints.len() as u64;
    sound.then(|| BinaryFuse8Ref::from_dma(descriptor, fingerprints).contains(&hash))
}

/// The form in which hour filters know a term.
#[must_use]
pub fn hour_hash(hash: u32) -> u64 {
    // Filters mix their keys, but badly if the upper half is always zero.
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The same of a whole term.
#[must_use]
pub fn hour_hash_of(term: Code) -> u64 {
    hour_hash(short(term.hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(index: &Index, term: Code, size: usize) -> Vec<usize> {
        let shard = shard_of(short(term.hash), index.head.shards_log2);
        find(&index.shards[usize::from(shard)], short(term.hash), size)
            .expect("a sound shard")
            .iter()
            .collect()
    }

    proptest! {
        #[test]
        fn every_row_is_found_by_every_term_it_has(
            rows in prop::collection::vec(prop::collection::vec(0u64..30, 0..9), 0..90)
        ) {
            let code = |n: u64| Code { group: 1, hash: n.wrapping_mul(0x9e37_79b9_7f4a_7c15) };
            let terms: Vec<_> = rows.iter().map(|row| Some(row.iter().map(|&n| code(n)).collect())).collect();
            let index = build(&terms);
            for n in 0..31 {
                let expected: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].contains(&n)).collect();
                prop_assert_eq!(with(&index, code(n), rows.len()), expected);
            }
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100), wanted: u32, hash: u64) {
            let _ = find(&bytes, wanted, 100);
            let _ = may_contain(&bytes, hash);
            let _ = IndexHead::decode(&mut Take(&bytes));
        }
    }

    #[test]
    fn a_group_of_very_many_terms_becomes_a_filter() {
        let code = |group, n: u64| Code {
            group,
            hash: (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        };
        let rows: Vec<_> = (0..5000)
            .map(|n| Some(vec![code(1, n), code(2, 100_000 + n % 10)]))
            .collect();
        let index = build(&rows);
        assert_eq!(index.head.filtered, [1]);
        let filter = index.filter.as_deref().expect("a filter");
        assert!((0..5000).all(|n| may_contain(filter, code(1, n).hash) == Some(true)));
        let wrong = (5000..15_000)
            .filter(|&n| may_contain(filter, code(1, n).hash) == Some(true))
            .count();
        assert!(wrong < 100, "{wrong}");
        assert_eq!(with(&index, code(2, 100_003), 5000).len(), 500);
    }
}
