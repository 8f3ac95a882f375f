//! Chunks of digests.
//!
//! A chunk holds digests of traces that started in the same minute, in order of their start. It is written once; what
//! changes is its head, when a row is superseded. Chunks come from sealing, small and many, and are replaced by merged
//! ones in the background. Of the rows of one trace at most one is not superseded, so that readers need not compare.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;

use super::DigestAt;
use super::bounds::{self, Bounds};
use super::columns::{Columns, Row};
use super::index::{self, IndexHead};
use super::keys::{self, HEADS, Place};
use super::rows::Rows;
use super::terms::{self, Code};
use super::zone::Zone;
use crate::api::Account;
use crate::codec::digest::{Page, encode};
use crate::codec::varint::{Put, Take, corrupt};
use crate::engine::{Change, EngineError, Family, KeyRange, View, WriteBatch};

/// Rows of a full chunk.
pub const CHUNK_ROWS: usize = 8192;
const PAGE_ROWS: usize = 128;
/// A page ends early when its digests are large: somebody who wants one of them reads them all.
const PAGE_FACTS: usize = 10_240;

/// A chunk's head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    /// Its number in the minute.
    pub chunk: u32,
    /// Rows, superseded or not.
    pub size: usize,
    /// Pages.
    pub pages: u16,
    /// Bounds of all rows; its count leaves out the superseded.
    pub zone: Zone,
    /// Superseded rows, ascending.
    pub dead: Vec<u16>,
    /// Between which numbers the annotations of each key lie, in all pages; `None` where the keys are too many.
    pub bounds: Option<Vec<Bounds>>,
    /// The index, if it has one.
    pub index: Option<IndexHead>,
}

impl Head {
    /// The rows that are not superseded.
    #[must_use]
    pub fn alive(&self) -> Rows {
        let mut rows = Rows::all(self.size);
        self.dead.iter().for_each(|&row| rows.remove(usize::from(row)));
        rows
    }

    /// Whether its index tells exactly which rows have a term.
    #[must_use]
    pub fn knows_rows_of(&self, term: Code) -> bool {
        let index = self.index.as_ref();
        index.is_some_and(|index| index.wild.is_empty() && !index.filtered.contains(&term.group))
    }

    /// Whether an annotation of the key with this hash may have a number between two, both included.
    #[must_use]
    pub fn may_number(&self, key: u64, least: f64, most: f64) -> bool {
        bounds::may_number(self.bounds.as_deref(), key, least, most)
    }

    fn encode(&self, base: Timestamp) -> Vec<u8> {
        let mut out = vec![1];
        out.varint(self.size as u64);
        out.varint(u64::from(self.pages));
        self.zone.encode(base, &mut out);
        out.varint(self.dead.len() as u64);
        self.dead.iter().for_each(|&row| out.varint(u64::from(row)));
        bounds::put(self.bounds.as_deref(), &mut out);
        out.push(u8::from(self.index.is_some()));
        if let Some(index) = &self.index {
            index.encode(&mut out);
        }
        out
    }

    fn decode(chunk: u32, base: Timestamp, bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        if take.byte()? != 1 {
            return None;
        }
        let size = take.number().filter(|&size| size <= CHUNK_ROWS)?;
        Some(Self {
            chunk,
            size,
            pages: take.number()?,
            zone: Zone::decode(base, &mut take)?,
            dead: (0..take.count()?).map(|_| take.number()).collect::<Option<_>>()?,
            bounds: bounds::take(&mut take)?,
            index: if take.byte()? == 1 {
                Some(IndexHead::decode(&mut take)?)
            } else {
                None
            },
        })
    }

    /// Writes it.
    pub fn put(&self, place: &Place, batch: &mut WriteBatch) {
        put(
            batch,
            Family::Summary,
            place,
            keys::head(self.chunk),
            self.encode(place.time()),
        );
    }

    /// Removes the chunk.
    pub fn delete(&self, place: &Place, batch: &mut WriteBatch) {
        let mut delete = |family, key| {
            batch.changes.push(Change::Delete {
                family,
                part: place.part(),
                key,
            })
        };
        delete(Family::Summary, keys::head(self.chunk));
        delete(Family::Summary, keys::columns(self.chunk));
        (0..self.pages).for_each(|page| delete(Family::Summary, keys::page(self.chunk, page)));
        if let Some(index) = &self.index {
            (0..1u16 << index.shards_log2).for_each(|n| delete(Family::Bitmap, keys::shard(self.chunk, n as u8)));
            if !index.filtered.is_empty() {
                delete(Family::Filter, keys::chunk_filter(self.chunk));
            }
        }
    }
}

fn put(batch: &mut WriteBatch, family: Family, place: &Place, key: Vec<u8>, value: Vec<u8>) {
    batch.changes.push(Change::Put {
        family,
        part: place.part(),
        key,
        value,
    });
}

/// Writes a chunk of digests, at most [`CHUNK_ROWS`], in ascending order of start.
pub fn write(place: &Place, chunk: u32, digests: &[&Digest], indexed: bool, batch: &mut WriteBatch) -> Head {
    let mut head = Head {
        chunk,
        size: digests.len(),
        ..Head::default()
    };
    let mut columns = Columns::default();
    for digest in digests {
        let row = Row::of(digest);
        head.zone.add(&row);
        columns.rows.push(row);
    }
    let mut first = 0;
    while first < digests.len() {
        let mut facts = 0;
        let rows = digests[first..].iter().take(PAGE_ROWS).take_while(|digest| {
            let fits = facts <= PAGE_FACTS;
            facts += digest.segments.len() + digest.calls.len() + digest.annotations.len();
            fits
        });
        let next = first + rows.count();
        let page = encode(digests[first..next].iter().copied());
        put(batch, Family::Summary, place, keys::page(chunk, head.pages), page.bytes);
        let bounds = page.bounds.into_iter().map(|(key, least, most)| Bounds {
            key: terms::annotation_key(key).hash,
            least,
            most,
        });
        columns.add_page(first as u16, bounds.collect());
        head.pages += 1;
        first = next;
    }
    head.bounds = bounds::of_all(&columns.bounds);
    put(
        batch,
        Family::Summary,
        place,
        keys::columns(chunk),
        columns.encode(place.time()),
    );
    if indexed {
        let terms: Vec<_> = digests.iter().map(|digest| terms::terms(digest)).collect();
        let index = index::build(&terms);
        for (number, shard) in (0u8..).zip(index.shards) {
            put(batch, Family::Bitmap, place, keys::shard(chunk, number), shard);
        }
        if let Some(filter) = index.filter {
            put(batch, Family::Filter, place, keys::chunk_filter(chunk), filter);
        }
        head.index = Some(index.head);
    }
    head.put(place, batch);
    head
}

/// The heads of all chunks of a minute.
pub fn heads(view: &dyn View, place: &Place) -> Result<Vec<Head>, EngineError> {
    let range = KeyRange {
        start: Bound::Included(vec![HEADS]),
        end: Bound::Excluded(vec![HEADS + 1]),
    };
    let mut heads = Some(Vec::new());
    view.scan(Family::Summary, &place.part(), range, false, &mut |key, value| {
        let number = key.get(1..).and_then(|key| key.try_into().ok()).map(u32::from_be_bytes);
        let head = number.and_then(|chunk| Head::decode(chunk, place.time(), value));
        heads = heads.take().zip(head).map(|(mut heads, head)| {
            heads.push(head);
            heads
        });
        if heads.is_some() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    heads.ok_or_else(|| corrupt("a summary chunk"))
}

/// The head of one chunk.
pub fn head(view: &dyn View, place: &Place, chunk: u32) -> Result<Option<Head>, EngineError> {
    match view.get(Family::Summary, &place.part(), &keys::head(chunk))? {
        Some(bytes) => Head::decode(chunk, place.time(), &bytes)
            .map(Some)
            .ok_or_else(|| corrupt("a summary chunk")),
        None => Ok(None),
    }
}

/// The columns of a chunk.
pub fn columns(view: &dyn View, place: &Place, chunk: u32) -> Result<Columns, EngineError> {
    view.get(Family::Summary, &place.part(), &keys::columns(chunk))?
        .and_then(|bytes| Columns::decode(place.time(), &bytes))
        .ok_or_else(|| corrupt("the columns of a summary chunk"))
}

/// One page of a chunk.
pub fn page(view: &dyn View, place: &Place, chunk: u32, page: u16) -> Result<Page, EngineError> {
    view.get(Family::Summary, &place.part(), &keys::page(chunk, page))?
        .and_then(|bytes| Page::open(&bytes))
        .ok_or_else(|| corrupt("a page of digests"))
}

/// All digests of a chunk that are not superseded, in order.
pub fn digests(view: &dyn View, place: &Place, head: &Head) -> Result<Vec<Digest>, EngineError> {
    let columns = columns(view, place, head.chunk)?;
    let alive = head.alive();
    let mut digests = Vec::with_capacity(columns.rows.len());
    for number in 0..head.pages {
        let page = page(view, place, head.chunk, number)?;
        let first = columns
            .pages
            .get(usize::from(number))
            .copied()
            .map_or(usize::MAX, usize::from);
        for at in 0..page.len() {
            let Some(row) = columns.rows.get(first.saturating_add(at)) else {
                break;
            };
            if alive.contains(first + at) {
                digests.push(page.digest(at, &row.head).ok_or_else(|| corrupt("a digest"))?);
            }
        }
    }
    Ok(digests)
}

/// One digest of a chunk.
pub fn digest(
    view: &dyn View,
    place: &Place,
    chunk: u32,
    columns: &Columns,
    row: usize,
) -> Result<Digest, EngineError> {
    let (number, at) = columns
        .page_of(row)
        .ok_or_else(|| corrupt("the columns of a summary chunk"))?;
    let page = page(view, place, chunk, number)?;
    columns
        .rows
        .get(row)
        .and_then(|row| page.digest(at, &row.head))
        .ok_or_else(|| corrupt("a digest"))
}

/// Finds a trace's digest, at the place given or, if it was merged away from there, elsewhere in that minute.
pub fn find(
    view: &dyn View,
    account: Account,
    trace: TraceId,
    at: DigestAt,
) -> Result<Option<(Arc<Digest>, DigestAt)>, EngineError> {
    let Some((place, head, columns, row)) = locate(view, account, trace, at)? else {
        return Ok(None);
    };
    let digest = digest(view, &place, head.chunk, &columns, row)?;
    let row = u16::try_from(row).unwrap_or(u16::MAX);
    Ok(Some((
        Arc::new(digest),
        DigestAt {
            minute: at.minute,
            chunk: head.chunk,
            row,
        },
    )))
}

/// Where a trace's row is that is not superseded.
pub(super) fn locate(
    view: &dyn View,
    account: Account,
    trace: TraceId,
    at: DigestAt,
) -> Result<Option<(Place, Head, Columns, usize)>, EngineError> {
    let place = Place {
        account,
        minute: at.minute,
    };
    let look = |head: Head| -> Result<_, EngineError> {
        let columns = columns(view, &place, head.chunk)?;
        let alive = head.alive();
        let hinted = usize::from(at.row);
        let is_it = |&row: &usize| columns.rows[row].head.trace == trace && alive.contains(row);
        let row = (hinted < columns.rows.len() && head.chunk == at.chunk)
            .then_some(hinted)
            .filter(is_it)
            .or_else(|| (0..columns.rows.len()).find(is_it));
        Ok(row.map(|row| (place, head, columns, row)))
    };
    if let Some(head) = head(view, &place, at.chunk)?
        && let Some(found) = look(head)?
    {
        return Ok(Some(found));
    }
    for head in heads(view, &place)? {
        if head.chunk != at.chunk
            && let Some(found) = look(head)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
