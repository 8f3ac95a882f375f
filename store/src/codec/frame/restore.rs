//! Records from columns: only those that are asked for are put together again.

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use bytes::Bytes;

use super::MAX_DECODED;
use super::columns::{MOST_ROWS, MOST_VALUES};
use super::numbers::{self, Numbers};
use super::pages::Sections;
use super::skeleton::{self, DEEPEST, Kind, Steps};
use super::texts::Texts;
use crate::api::OwnedRecord;
use crate::codec::varint::Take;

/// The records of one trace, or all; `None` when the frame is not what was written.
pub(super) fn records(decoded: &Bytes, wanted: Option<TraceId>) -> Option<Vec<OwnedRecord>> {
    let mut frame = Frame::read(decoded)?;
    let mut skipped = 0;
    let mut found = Found::default();
    for run in 0..frame.runs.len() {
        let (trace, records) = frame.runs[run];
        if wanted.is_some_and(|wanted| wanted != trace) {
            skipped += records;
            continue;
        }
        frame.skip(std::mem::take(&mut skipped))?;
        frame.restore(run, &mut found)?;
    }
    let bodies = Bytes::from(found.bodies);
    let mut from = 0;
    let records = found.records.into_iter().map(|(mut record, end)| {
        record.body = bodies.slice(from..end);
        from = end;
        record
    });
    Some(records.collect())
}

/// What was restored so far: records without their bodies, and where these end.
#[derive(Default)]
struct Found {
    records: Vec<(OwnedRecord, usize)>,
    bodies: Vec<u8>,
}

/// A frame, read up to some record.
struct Frame<'a> {
    decoded: &'a Bytes,
    contexts: Vec<&'a [u8]>,
    runs: Vec<(TraceId, usize)>,
    skeletons: Vec<Skeleton<'a>>,
    columns: Vec<Column<'a>>,
    received: Vec<i64>,
    steps: Numbers<'a>,
    weights: Option<&'a [u8]>,
    context_of: Numbers<'a>,
    skeleton_of: Numbers<'a>,
    lengths: Numbers<'a>,
    as_they_came: Take<'a>,
    ids: Take<'a>,
    run_starts: Vec<i64>,
    starts: Numbers<'a>,
    parents: Numbers<'a>,
    strangers: Take<'a>,
    /// Records passed so far.
    at: usize,
    /// For one text at a time.
    text: Vec<u8>,
}

struct Skeleton<'a> {
    shape: &'a [u8],
    columns: Vec<usize>,
    parents: usize,
}

enum Column<'a> {
    Numbers(Numbers<'a>),
    Texts(Texts<'a>),
}

impl<'a> Frame<'a> {
    fn read(decoded: &'a Bytes) -> Option<Self> {
        let mut sections = Sections::of(decoded)?;
        let contexts = read_contexts(&mut sections)?;
        let runs = read_runs(&mut sections)?;
        let rows = runs.iter().map(|run| run.1).sum::<usize>();
        let skeletons = read_skeletons(&mut sections)?;
        let kinds = read_kinds(&mut sections)?;
        let received = numbers::read_around(&mut sections, runs.len())?;
        let steps = Numbers::read(&mut sections, rows - runs.len())?;
        let weights = match sections.head.byte()? {
            0 => None,
            _ => Some(sections.head.bytes(rows * 4)?),
        };
        let context_of = Numbers::read(&mut sections, rows)?;
        let mut skeleton_of = Numbers::read(&mut sections, rows)?;
        let (mut spans, mut parents) = (0, 0);
        for _ in 0..rows {
            if let Some(number) = skeleton_of.index()?.checked_sub(1) {
                spans += 1;
                parents += skeletons.get(number)?.parents;
            }
        }
        skeleton_of.rewind();
        let mut lengths = Numbers::read(&mut sections, rows - spans)?;
        let mut total = 0usize;
        for _ in 0..rows - spans {
            total = total.checked_add(lengths.index()?)?;
        }
        lengths.rewind();
        let as_they_came = Take(sections.text.bytes(total)?);
        let ids = Take(sections.raw.bytes(spans * 8)?);
        let run_starts = numbers::read_around(&mut sections, runs.len())?;
        let starts = Numbers::read(&mut sections, spans)?;
        let parents_count = parents;
        let mut parents = Numbers::read(&mut sections, parents_count)?;
        let mut strangers = 0;
        for _ in 0..parents_count {
            strangers += usize::from(parents.next()? == 0);
        }
        parents.rewind();
        let strangers = Take(sections.raw.bytes(strangers * 8)?);
        let columns = read_columns(&mut sections, kinds)?;
        Some(Self {
            decoded,
            contexts,
            runs,
            skeletons,
            columns,
            received,
            steps,
            weights,
            context_of,
            skeleton_of,
            lengths,
            as_they_came,
            ids,
            run_starts,
            starts,
            parents,
            strangers,
            at: 0,
            text: Vec::new(),
        })
    }

    /// Passes over whole runs of so many records together.
    fn skip(&mut self, records: usize) -> Option<()> {
        let to = self.at + records;
        let (mut seen, mut at) = (0, 0);
        for (_, records) in &self.runs {
            if at >= self.at && at < to {
                seen += 1;
            }
            at += records;
        }
        self.steps.skip(records - seen)?;
        self.context_of.skip(records)?;
        let mut uses = vec![0; self.skeletons.len()];
        for _ in 0..records {
            match self.skeleton_of.index()?.checked_sub(1) {
                Some(number) => *uses.get_mut(number)? += 1,
                None => {
                    self.as_they_came.bytes(self.lengths.index()?)?;
                }
            }
        }
        let mut passed = vec![0; self.columns.len()];
        let (mut spans, mut parents) = (0, 0);
        for (skeleton, uses) in self.skeletons.iter().zip(uses) {
            spans += uses;
            parents += uses * skeleton.parents;
            for &column in &skeleton.columns {
                *passed.get_mut(column)? += uses;
            }
        }
        self.ids.bytes(spans * 8)?;
        self.starts.skip(spans)?;
        for _ in 0..parents {
            if self.parents.next()? == 0 {
                self.strangers.bytes(8)?;
            }
        }
        for (column, passed) in self.columns.iter_mut().zip(passed) {
            match column {
                Column::Numbers(numbers) => numbers.skip(passed)?,
                Column::Texts(texts) => texts.skip(passed)?,
            }
        }
        self.at = to;
        Some(())
    }

    fn restore(&mut self, run: usize, found: &mut Found) -> Option<()> {
        let (trace, records) = self.runs[run];
        let mut received = *self.received.get(run)?;
        let start = *self.run_starts.get(run)?;
        // Of all its spans, since one may name a later one as its parent.
        let ids = self.ids.0;
        let mut span = 0;
        for index in 0..records {
            if index > 0 {
                received = received.wrapping_add(self.steps.next()?);
            }
            let weight = match self.weights {
                None => 1.0,
                Some(weights) => f32::from_le_bytes(*weights.get(self.at * 4..)?.first_chunk()?),
            };
            let context = match self.context_of.index()?.checked_sub(1) {
                None => None,
                Some(number) => Some(self.decoded.slice_ref(self.contexts.get(number)?)),
            };
            match self.skeleton_of.index()?.checked_sub(1) {
                None => {
                    let length = self.lengths.index()?;
                    found.bodies.extend_from_slice(self.as_they_came.bytes(length)?);
                }
                Some(skeleton) => {
                    let start = start.wrapping_add(self.starts.next()?) as u64;
                    let id = Ids { all: ids, own: span };
                    self.span(skeleton, &trace.to_bytes(), id, start, &mut found.bodies)?;
                    self.ids.bytes(8)?;
                    span += 1;
                }
            }
            let record = OwnedRecord {
                trace,
                received: Timestamp(received),
                weight,
                context,
                body: Bytes::new(),
            };
            found.records.push((record, found.bodies.len()));
            self.at += 1;
        }
        Some(())
    }

    /// Writes a span again.
    fn span(&mut self, skeleton: usize, trace: &[u8; 16], ids: Ids<'_>, start: u64, out: &mut Vec<u8>) -> Option<()> {
        let skeleton = self.skeletons.get(skeleton)?;
        let mut columns = skeleton.columns.iter();
        let mut open = [0; DEEPEST];
        let mut depth = 0;
        for step in Steps::of(skeleton.shape) {
            match step.what {
                skeleton::LITERAL => out.extend_from_slice(step.literal),
                skeleton::OPEN => {
                    *open.get_mut(depth)? = out.len();
                    depth += 1;
                    out.push(0);
                }
                skeleton::CLOSE => {
                    depth = depth.checked_sub(1)?;
                    close(open[depth], out);
                }
                skeleton::TRACE => out.extend_from_slice(trace),
                skeleton::ID => out.extend_from_slice(ids.of(ids.own)?),
                skeleton::START => out.extend_from_slice(&start.to_le_bytes()),
                skeleton::PARENT => match self.parents.next()? {
                    0 => out.extend_from_slice(self.strangers.bytes(8)?),
                    before => {
                        let parent = i64::try_from(ids.own).ok()?.checked_sub(before)?;
                        out.extend_from_slice(ids.of(usize::try_from(parent).ok()?)?);
                    }
                },
                hole => match self.columns.get_mut(*columns.next()?)? {
                    Column::Numbers(numbers) => skeleton::put_number(hole, numbers.next()?, start, out)?,
                    Column::Texts(texts) => texts.next(out, &mut self.text)?,
                },
            }
            (out.len() <= MAX_DECODED).then_some(())?;
        }
        (depth == 0).then_some(())
    }
}

/// The ids of the spans of a run, and which one is meant.
#[derive(Clone, Copy)]
struct Ids<'a> {
    all: &'a [u8],
    own: usize,
}

impl<'a> Ids<'a> {
    fn of(self, span: usize) -> Option<&'a [u8]> {
        self.all.get(span.checked_mul(8)?..)?.get(..8)
    }
}

/// Puts the length of a message in front of it, where a byte was left for that.
fn close(from: usize, out: &mut Vec<u8>) {
    let mut length = out.len() - from - 1;
    if length < 0x80 {
        out[from] = length as u8;
        return;
    }
    let mut prefix = Vec::with_capacity(5);
    while length >= 0x80 {
        prefix.push(length as u8 | 0x80);
        length >>= 7;
    }
    prefix.push(length as u8);
    out.splice(from..=from, prefix);
}

fn read_contexts<'a>(sections: &mut Sections<'a>) -> Option<Vec<&'a [u8]>> {
    let count = sections.head.count()?;
    let read = |_| {
        let length = sections.head.number()?;
        sections.text.bytes(length)
    };
    (0..count).map(read).collect()
}

fn read_runs(sections: &mut Sections<'_>) -> Option<Vec<(TraceId, usize)>> {
    let count = sections.head.count()?;
    let mut rows = 0usize;
    let mut runs = Vec::with_capacity(count);
    for _ in 0..count {
        let records = sections.head.number::<usize>().filter(|&records| records > 0)?;
        rows = rows.checked_add(records).filter(|&rows| rows <= MOST_ROWS)?;
        runs.push((TraceId(u128::from_be_bytes(sections.raw.array()?)), records));
    }
    Some(runs)
}

fn read_skeletons<'a>(sections: &mut Sections<'a>) -> Option<Vec<Skeleton<'a>>> {
    let count = sections.head.count()?;
    let mut skeletons = Vec::with_capacity(count);
    for _ in 0..count {
        let columns = sections.head.count()?;
        let columns = (0..columns).map(|_| sections.head.number()).collect::<Option<_>>()?;
        let shape = sections.text.sized()?;
        let parents = Steps::of(shape).filter(|step| step.what == skeleton::PARENT).count();
        skeletons.push(Skeleton {
            shape,
            columns,
            parents,
        });
    }
    Some(skeletons)
}

fn read_kinds(sections: &mut Sections<'_>) -> Option<Vec<(Kind, usize)>> {
    let count = sections.head.count()?;
    let mut total = 0usize;
    let read = |_| {
        let kind = match sections.head.byte()? {
            0 => Kind::Numbers,
            1 => Kind::Texts,
            _ => return None,
        };
        let values = sections.head.number::<usize>()?;
        total = total.checked_add(values).filter(|&total| total <= MOST_VALUES)?;
        Some((kind, values))
    };
    (0..count).map(read).collect()
}

fn read_columns<'a>(sections: &mut Sections<'a>, kinds: Vec<(Kind, usize)>) -> Option<Vec<Column<'a>>> {
    let mut budget = MAX_DECODED;
    let read = |(kind, values)| {
        Some(match kind {
            Kind::Numbers => Column::Numbers(Numbers::read(sections, values)?),
            Kind::Texts => Column::Texts(Texts::read(sections, values, &mut budget)?),
        })
    };
    kinds.into_iter().map(read).collect()
}
