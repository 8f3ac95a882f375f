//! Cutting sealed traces into frames, and compressing those.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Writing;
use super::dictionary::{Dictionaries, Kind};
use super::prepare::Prepared;
use crate::api::Account;
use crate::codec::frame::{FrameBuilder, PARTS, Part, Plain, Squeezed, Squeezer};
use crate::codec::location::Run;
use crate::engine::{Family, WriteBatch};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::sealed::{block_part, frame_key};
use beamline_model::record::{Body, Record};

/// A frame with so many documents takes no further trace.
const ENOUGH_DOCUMENTS: usize = 64;
/// A frame with so many spans takes no further trace: columns compress better the longer they are.
const ENOUGH_SPANS: usize = 256;
/// A frame has at most so many times as many; a trace of more has several frames.
const MOST: usize = 2;
/// A frame of so many bytes takes no further record.
const ENOUGH_BYTES: usize = 512 << 10;
/// A block has at most so many frames, so that their numbers fit.
const MOST_FRAMES: u16 = 60_000;

/// What became of the traces of a batch.
pub(super) struct Added {
    /// Where the new records of each trace are; `None` where there were none.
    pub(super) runs: Vec<Option<Run>>,
    /// Compressed bytes, by what they are for.
    pub(super) bytes: [u64; PARTS],
}

/// A frame that is cut and not compressed yet.
pub(super) struct Cut {
    pub(super) account: Account,
    day: u16,
    block: u32,
    frame: u16,
    pub(super) kind: Kind,
    pub(super) plain: Plain,
}

/// Where the next record goes.
struct Cutter<'a> {
    builder: FrameBuilder<'a>,
    account: Account,
    day: u16,
    block: u32,
    frame: u16,
    kind: Kind,
    cuts: Vec<Cut>,
}

/// Adds the frames of these traces, which are sorted by account and day, to a batch.
pub(super) fn add(
    store: &Inner,
    writing: &mut Writing,
    prepared: &[Prepared],
    batch: &mut WriteBatch,
) -> Result<Added, StoreError> {
    let (cuts, runs) = cut(prepared, &mut writing.next_block);
    let dictionaries = &mut writing.dictionaries;
    dictionaries.update(&cuts, batch);
    let frames = compress(&cuts, dictionaries, &store.config.seal)?;
    let mut bytes = [0; PARTS];
    for (cut, squeezed) in cuts.iter().zip(frames) {
        let parts = squeezed.parts;
        bytes.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        let alike = parts[Part::Text as usize] as usize;
        dictionaries.measure((cut.account, cut.kind), cut.plain.alike().len(), alike);
        let frame = squeezed.frame;
        let (part, key) = (block_part(cut.day, cut.account), frame_key(cut.block, cut.frame));
        batch.put(Family::Block, part, key, frame);
    }
    Ok(Added { runs, bytes })
}

/// Lays the new records of all traces out in frames, a block per day and account.
fn cut(prepared: &[Prepared], next_block: &mut u32) -> (Vec<Cut>, Vec<Option<Run>>) {
    let mut current: Option<Cutter<'_>> = None;
    let mut cuts = Vec::new();
    let mut runs = Vec::with_capacity(prepared.len());
    for trace in prepared {
        let fresh = trace.fresh();
        if fresh.is_empty() {
            runs.push(None);
            continue;
        }
        let (account, day) = (trace.entry.key.0, trace.day);
        let mut cutter = match current.take() {
            Some(cutter) if cutter.takes(account, day) => cutter,
            other => {
                cuts.extend(other.into_iter().flat_map(Cutter::finish));
                *next_block += 1;
                Cutter::new(account, day, *next_block - 1)
            }
        };
        runs.push(Some(cutter.add(trace, &fresh)));
        current = Some(cutter);
    }
    cuts.extend(current.into_iter().flat_map(Cutter::finish));
    (cuts, runs)
}

impl<'a> Cutter<'a> {
    fn new(account: Account, day: u16, block: u32) -> Self {
        Self {
            builder: FrameBuilder::default(),
            account,
            day,
            block,
            frame: 0,
            kind: Kind::Xray,
            cuts: Vec::new(),
        }
    }

    fn takes(&self, account: Account, day: u16) -> bool {
        (self.account, self.day) == (account, day) && self.frame < MOST_FRAMES
    }

    fn add(&mut self, trace: &'a Prepared, fresh: &[usize]) -> Run {
        if self.builder.len() >= self.enough() {
            self.cut();
        }
        let mut fresh = fresh.iter().copied().peekable();
        let (mut first, mut records) = (None, 0);
        for (index, record) in trace.entry.records().enumerate() {
            if fresh.next_if_eq(&index).is_none() {
                continue;
            }
            let full = self.builder.len() >= self.enough() * MOST || self.builder.bytes() >= ENOUGH_BYTES;
            if full && self.frame < u16::MAX - 1 {
                self.cut();
            }
            first.get_or_insert(self.frame);
            self.push(record);
            records += 1;
        }
        let first = first.unwrap_or(self.frame);
        Run {
            block: self.block,
            first,
            frames: self.frame - first + 1,
            records,
        }
    }

    fn enough(&self) -> usize {
        match self.kind {
            Kind::Xray => ENOUGH_DOCUMENTS,
            Kind::Rows | Kind::Columns => ENOUGH_SPANS,
        }
    }

    fn push(&mut self, record: Record<'a>) {
        match record.body {
            Body::Xray(_) if self.builder.len() == 0 => self.kind = Kind::Xray,
            Body::Xray(_) => {}
            // One span is enough for a frame to have columns.
            Body::Otlp { .. } => self.kind = Kind::Columns,
        }
        self.builder.add(record);
    }

    fn cut(&mut self) {
        if self.builder.len() == 0 {
            return;
        }
        self.cuts.push(Cut {
            account: self.account,
            day: self.day,
            block: self.block,
            frame: self.frame,
            kind: self.kind,
            plain: self.builder.encode(),
        });
        self.frame += 1;
    }

    fn finish(mut self) -> Vec<Cut> {
        self.cut();
        self.cuts
    }
}

/// Compresses all, in order, on as many threads as are configured.
fn compress(
    cuts: &[Cut],
    dictionaries: &Dictionaries,
    seal: &crate::config::SealConfig,
) -> Result<Vec<Squeezed>, StoreError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![Squeezed::default(); cuts.len()]);
    let work = || -> std::io::Result<()> {
        let mut squeezer = Squeezer::new(seal.level)?;
        while let Some((index, cut)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            cuts.get(index).map(|cut| (index, cut))
        } {
            let trained = dictionaries.get((cut.account, cut.kind));
            squeezer.set_dictionary(trained.map(|trained| (trained.number, &trained.encoder)))?;
            let squeezed = squeezer.frame(&cut.plain)?;
            done.lock().unwrap_or_else(PoisonError::into_inner)[index] = squeezed;
        }
        Ok(())
    };
    let threads = seal.threads.clamp(1, cuts.len().max(1));
    let outcome = if threads == 1 {
        work()
    } else {
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let ended = running.into_iter().map(|thread| match thread.join() {
                Ok(outcome) => outcome,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            ended.collect::<std::io::Result<()>>()
        })
    };
    outcome.map_err(|error| StoreError::Damaged(format!("compressing a frame: {error}")))?;
    Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner))
}
