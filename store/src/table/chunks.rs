//! Chunks as readers see them, remembered between searches.

use std::sync::Arc;

use super::Moment;
use super::columns::Columns;
use super::hours::Minute;
use super::index;
use super::keys::Place;
use super::rows::Rows;
use super::sketch::Sketch;
use super::summaries::{self, Head};
use super::terms::Code;
use crate::codec::digest::Page;
use crate::codec::varint::corrupt;
use crate::engine::EngineError;

/// Names what a chunk was written with, once and for all. Numbers are given anew only where retention has removed
/// everything, and what comes after that was received later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChunkId {
    place: Place,
    number: u32,
    size: usize,
    updated: (i64, i64),
}

/// A chunk and what its head says of it at some moment.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Which.
    pub id: ChunkId,
    /// Its minute.
    pub place: Place,
    /// Its head.
    pub head: Head,
    /// The rows that are not superseded.
    pub alive: Rows,
}

impl Chunk {
    fn new(place: Place, head: Head) -> Self {
        let id = ChunkId {
            place,
            number: head.chunk,
            size: head.size,
            updated: head.zone.updated,
        };
        Self {
            id,
            place,
            alive: head.alive(),
            head,
        }
    }

    fn bytes(&self) -> usize {
        let index = self.head.index.as_ref();
        let index = index.map_or(0, |index| index.filtered.len() * 8 + index.wild.len() * 2);
        size_of::<Self>() + self.head.dead.len() * 2 + self.head.size / 8 + index + 64
    }
}

impl Moment<'_> {
    /// The chunks of a minute, of which its hour's record says this.
    pub fn chunks(&self, place: &Place, minute: &Minute) -> Result<Arc<[Chunk]>, EngineError> {
        self.cache.chunks.get(&(*place, *minute), || {
            let heads = summaries::heads(self.view, place)?;
            let chunks: Arc<[Chunk]> = heads.into_iter().map(|head| Chunk::new(*place, head)).collect();
            let bytes = chunks.iter().map(Chunk::bytes).sum();
            Ok((chunks, bytes))
        })
    }

    /// The columns of a chunk.
    pub fn columns(&self, chunk: &Chunk) -> Result<Arc<Columns>, EngineError> {
        self.cache.columns.get(&chunk.id, || {
            let columns = summaries::columns(self.view, &chunk.place, chunk.head.chunk)?;
            if columns.rows.len() != chunk.head.size {
                return Err(corrupt("the columns of a summary chunk"));
            }
            let bytes = columns.bytes();
            Ok((Arc::new(columns), bytes))
        })
    }

    /// Bounds of a chunk's rows.
    pub fn sketch(&self, chunk: &Chunk) -> Result<Arc<Sketch>, EngineError> {
        self.cache.sketches.get(&chunk.id, || {
            let sketch = Sketch::of(&*self.columns(chunk)?);
            let bytes = sketch.bytes();
            Ok((Arc::new(sketch), bytes))
        })
    }

    /// The rows of a chunk that may have a term.
    pub fn rows_with(&self, chunk: &Chunk, term: Code) -> Result<Arc<Rows>, EngineError> {
        let size = chunk.head.size;
        self.cache.rows.get(&(chunk.id, term.hash), || {
            let rows = match &chunk.head.index {
                Some(index) => index::rows_with(self.view, &chunk.place, chunk.head.chunk, index, size, term)?,
                None => Rows::all(size),
            };
            Ok((Arc::new(rows), size / 8))
        })
    }

    /// One page of a chunk, decompressed.
    pub fn page(&self, chunk: &Chunk, number: u16) -> Result<Arc<Page>, EngineError> {
        self.cache.pages.get(&(chunk.id, number), || {
            let page = summaries::page(self.view, &chunk.place, chunk.head.chunk, number)?;
            let bytes = page.bytes();
            Ok((Arc::new(page), bytes))
        })
    }
}
