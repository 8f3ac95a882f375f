//! Scrubbing: reading everything that is sealed, and saying what is wrong with it.

use std::ops::ControlFlow;

use crate::Store;
use crate::codec::frame;
use crate::codec::location::Location;
use crate::engine::{Family, KeyRange, View};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::sealed::trace_of;
use crate::{log, metric};

/// What a scrub found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Sealed traces whose records were all found.
    pub traces: u64,
    /// Frames that were read and whose checksum is right.
    pub frames: u64,
    /// Records in them.
    pub records: u64,
    /// Log events in frames of theirs, which are counted above.
    pub log_events: u64,
    /// Series that have sealed points.
    pub series: u64,
    /// Chunks of points that were read and whose checksum is right.
    pub chunks: u64,
    /// Points in them.
    pub points: u64,
    /// What is wrong, in words; at most a hundred.
    pub problems: Vec<String>,
}

const MOST_PROBLEMS: usize = 100;

impl Verified {
    pub(crate) fn problem(&mut self, problem: String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

impl Store {
    /// Reads every frame and every location, checks checksums, that each location leads to its records, and that chunks of
    /// log events hold what their heads say.
    pub fn verify(&self) -> Result<Verified, StoreError> {
        let store = &self.inner;
        let view = store.engine.view();
        let mut verified = Verified::default();
        for part in parts(&*view, Family::Block)? {
            frames(store, &*view, &part, &mut verified)?;
        }
        for part in parts(&*view, Family::Log)? {
            let found = log::verify::partition(&*view, &part)?;
            verified.frames += found.frames;
            verified.log_events += found.events;
            found.problems.into_iter().for_each(|problem| verified.problem(problem));
        }
        for day in view.days() {
            for part in parts(&*view, Family::Trace(day))? {
                traces(store, &*view, day, &part, &mut verified)?;
            }
        }
        metric::verify::verify(&*view, &mut verified)?;
        Ok(verified)
    }
}

pub(crate) fn parts(view: &dyn View, family: Family) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut parts = Vec::new();
    view.parts(family, &mut |part| {
        parts.push(part.to_vec());
        ControlFlow::Continue(())
    })?;
    Ok(parts)
}

fn frames(store: &Inner, view: &dyn View, part: &[u8], verified: &mut Verified) -> Result<(), StoreError> {
    view.scan(Family::Block, part, KeyRange::all(), false, &mut |key, value| {
        let decoded = store.frames.decompress(view, value);
        match decoded.and_then(|decoded| frame::records(&decoded, None).map_err(crate::sealed::damaged)) {
            Ok(records) => {
                verified.frames += 1;
                verified.records += records.len() as u64;
            }
            Err(error) => verified.problem(format!("frame {part:02x?} {key:02x?}: {error}")),
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}

fn traces(store: &Inner, view: &dyn View, day: u16, part: &[u8], verified: &mut Verified) -> Result<(), StoreError> {
    view.scan(Family::Trace(day), part, KeyRange::all(), false, &mut |key, value| {
        let named = part.first().and_then(|&first| trace_of(first, key));
        match (named, Location::decode(value)) {
            (Some(trace), Some(location)) => match store.frames.read(view, day, trace, &location.runs) {
                Ok(read) if read.damaged == 0 && read.records.len() == location.records() => verified.traces += 1,
                Ok(read) => verified.problem(format!(
                    "trace {}: {} of {} records found, {} frames damaged",
                    trace.1,
                    read.records.len(),
                    location.records(),
                    read.damaged
                )),
                Err(error) => verified.problem(format!("trace {}: {error}", trace.1)),
            },
            _ if log::verify::is_mention(key, value) || metric::verify::is_link(key) => {}
            _ => verified.problem(format!("day {day}: row {part:02x?} {key:02x?} cannot be read")),
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}
