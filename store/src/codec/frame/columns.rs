//! Spans as columns: what they have in common once, and each kind of value together.
//!
//! ```text
//! decoded:  lengths of text, head and codes, each varint; text | head | codes | raw
//!
//! head:  contexts     count varint, each length varint; text, the contexts
//!        runs         count varint, the number of records of each varint; raw, each a trace id 16
//!        skeletons    count varint, each the count of its columns varint and their numbers varint;
//!                     text, each shape with its length in front
//!        columns      count varint, each kind u8 (0 numbers, 1 texts), values varint
//!        received     first moment of each run; per record after the first of its run, difference to the record before
//!        weights      u8 0 when all are 1; else u8 1 and an f32 per record
//!        contexts     per record 0 for an X-Ray document, else index + 1
//!        skeletons    per record 0 when it is kept as it came, else index + 1
//!        as it came   the length of each such record; text, their bytes
//!        ids          raw, a span id 8 per span
//!        starts       first moment of each run; per span, difference to that of its run
//!        parents      per span with a parent, how many spans before it in its run that is, or 0; raw, the ids 8 of these
//!        the columns
//! ```
//! Lists without a form of their own are columns of numbers; see the sibling modules.

use beamline_model::record::{Body, Record};
use rustc_hash::FxHashMap;

use super::numbers;
use super::pages::{Pages, Part};
use super::skeleton::{self, Kind, Split, Value};
use super::texts;
use crate::codec::varint::Put;

/// A frame of more records is written in rows, so that readers need not believe in more.
pub(super) const MOST_ROWS: usize = 1 << 14;
/// All columns together have at most so many values: a skeleton of 4 KiB has at most 1,024 holes.
pub(super) const MOST_VALUES: usize = 1 << 24;

enum Column<'a> {
    Numbers(Vec<i64>, Part),
    Texts(Vec<&'a [u8]>),
}

/// Everything of a frame, sorted by what it is.
#[derive(Default)]
struct Gathered<'a> {
    skeletons: Vec<Vec<usize>>,
    by_shape: FxHashMap<Vec<u8>, usize>,
    shapes: Vec<Vec<u8>>,
    /// The skeleton of the latest span of each context.
    latest: Vec<Option<usize>>,
    columns: Vec<Column<'a>>,
    by_place: FxHashMap<(Kind, Vec<u8>), usize>,
    skeleton_of: Vec<i64>,
    as_they_came: Vec<&'a [u8]>,
    ids: Vec<u64>,
    run_starts: Vec<i64>,
    starts: Vec<i64>,
    parents: Vec<i64>,
    strangers: Vec<u64>,
}

/// Writes records, those of one trace together. `contexts` are theirs, and `number` tells which one is whose.
pub(super) fn encode(records: &[Record<'_>], contexts: &[&[u8]], number: impl Fn(&[u8]) -> usize) -> Pages {
    let mut pages = Pages::default();
    let mut gathered = Gathered::default();
    let mut split = Split::default();
    let runs: Vec<&[Record<'_>]> = records.chunk_by(|a, b| a.trace == b.trace).collect();
    let context_of = |record: &Record<'_>| match record.body {
        Body::Xray(_) => 0,
        Body::Otlp { context, .. } => number(context) + 1,
    };
    let context_of: Vec<usize> = records.iter().map(context_of).collect();
    gathered.latest = vec![None; contexts.len() + 1];
    let mut of_run = context_of.as_slice();
    for run in &runs {
        let (of_this, later) = of_run.split_at(run.len());
        gathered.run(run, of_this, &mut split);
        of_run = later;
    }

    pages.head.varint(contexts.len() as u64);
    for context in contexts {
        pages.head.varint(context.len() as u64);
        pages.text.extend_from_slice(context);
    }
    pages.head.varint(runs.len() as u64);
    for run in &runs {
        pages.head.varint(run.len() as u64);
        pages.raw.extend_from_slice(&run[0].trace.to_bytes());
    }
    pages.end_raw(Part::Ids);
    gathered.put_skeletons(&mut pages);
    put_received(&mut pages, &runs);
    put_weights(&mut pages, records);
    let context_of: Vec<i64> = context_of.iter().map(|&context| context as i64).collect();
    numbers::put(&mut pages, &context_of, Part::Numbers);
    gathered.put(&mut pages);
    pages
}

fn put_received(pages: &mut Pages, runs: &[&[Record<'_>]]) {
    let first: Vec<i64> = runs.iter().map(|run| run[0].received.0).collect();
    let steps = |run: &&[Record<'_>]| -> Vec<i64> {
        let pairs = run.windows(2);
        pairs
            .map(|pair| pair[1].received.0.wrapping_sub(pair[0].received.0))
            .collect()
    };
    let steps: Vec<i64> = runs.iter().flat_map(steps).collect();
    numbers::put_around(pages, &first, Part::Times);
    numbers::put(pages, &steps, Part::Times);
}

fn put_weights(pages: &mut Pages, records: &[Record<'_>]) {
    let unusual = records.iter().any(|record| record.weight != 1.0);
    pages.head.push(u8::from(unusual));
    if unusual {
        let weights = records.iter().flat_map(|record| record.weight.to_le_bytes());
        pages.head.extend(weights);
    }
}

impl<'a> Gathered<'a> {
    fn run(&mut self, run: &[Record<'a>], context_of: &[usize], split: &mut Split<'a>) {
        let trace = run[0].trace.to_bytes();
        let first = self.ids.len();
        let mut parents = Vec::with_capacity(run.len());
        let mut run_start = None;
        for (record, &context) in run.iter().zip(context_of) {
            let skeleton = match record.body {
                Body::Otlp { span, .. } => self.split(span, &trace, context, split),
                Body::Xray(_) => None,
            };
            let Some(skeleton) = skeleton else {
                let (Body::Xray(body) | Body::Otlp { span: body, .. }) = record.body;
                self.skeleton_of.push(0);
                self.as_they_came.push(body);
                continue;
            };
            self.skeleton_of.push(skeleton as i64 + 1);
            for (&column, &value) in self.skeletons[skeleton].iter().zip(&split.values) {
                match (&mut self.columns[column], value) {
                    (Column::Numbers(numbers, _), Value::Number(number)) => numbers.push(number),
                    (Column::Texts(texts), Value::Text(text)) => texts.push(text),
                    _ => unreachable!("a column's kind is a part of what identifies it"),
                }
            }
            let start = split.start.unwrap_or_default() as i64;
            let run_start = *run_start.get_or_insert(start);
            self.starts.push(start.wrapping_sub(run_start));
            parents.extend(split.parent.map(|parent| (self.ids.len(), parent)));
            self.ids.extend(split.id);
        }
        self.run_starts.push(run_start.unwrap_or_default());
        for (child, parent) in parents {
            let known = self.ids[first..].iter().position(|&id| id == parent);
            let before = known.map_or(0, |known| child as i64 - (first + known) as i64);
            self.parents.push(before);
            if before == 0 {
                self.strangers.push(parent);
            }
        }
    }

    /// Takes a span apart; says which skeleton it has, unless it has to be kept as it came.
    fn split(&mut self, span: &'a [u8], trace: &[u8; 16], context: usize, split: &mut Split<'a>) -> Option<usize> {
        // Spans of one instrumentation library look alike.
        let latest = self.latest[context];
        if let Some(latest) = latest.filter(|&latest| split.take_as(&self.shapes[latest], span, trace)) {
            return Some(latest);
        }
        let skeleton = split.take(span, trace).then(|| self.skeleton(&split.shape))?;
        self.latest[context] = Some(skeleton);
        Some(skeleton)
    }

    fn skeleton(&mut self, shape: &[u8]) -> usize {
        if let Some(&known) = self.by_shape.get(shape) {
            return known;
        }
        let columns = skeleton::places(shape).into_iter().filter_map(|(step, place)| {
            let kind = skeleton::column(step)?;
            let column = *self.by_place.entry((kind, place)).or_insert(self.columns.len());
            if column == self.columns.len() {
                self.columns.push(match kind {
                    Kind::Numbers if step == skeleton::MOMENT => Column::Numbers(Vec::new(), Part::Times),
                    Kind::Numbers => Column::Numbers(Vec::new(), Part::Numbers),
                    Kind::Texts => Column::Texts(Vec::new()),
                });
            }
            Some(column)
        });
        let columns = columns.collect();
        let number = self.skeletons.len();
        self.skeletons.push(columns);
        self.shapes.push(shape.to_vec());
        self.by_shape.insert(shape.to_vec(), number);
        number
    }

    fn put_skeletons(&self, pages: &mut Pages) {
        pages.head.varint(self.skeletons.len() as u64);
        for (columns, shape) in self.skeletons.iter().zip(&self.shapes) {
            pages.head.varint(columns.len() as u64);
            columns.iter().for_each(|&column| pages.head.varint(column as u64));
            pages.text.sized(shape);
        }
        pages.head.varint(self.columns.len() as u64);
        for column in &self.columns {
            let (kind, values) = match column {
                Column::Numbers(numbers, _) => (0, numbers.len()),
                Column::Texts(texts) => (1, texts.len()),
            };
            pages.head.push(kind);
            pages.head.varint(values as u64);
        }
    }

    fn put(&self, pages: &mut Pages) {
        numbers::put(pages, &self.skeleton_of, Part::Numbers);
        let lengths: Vec<i64> = self.as_they_came.iter().map(|body| body.len() as i64).collect();
        numbers::put(pages, &lengths, Part::Numbers);
        self.as_they_came
            .iter()
            .for_each(|body| pages.text.extend_from_slice(body));
        put_ids(pages, &self.ids);
        numbers::put_around(pages, &self.run_starts, Part::Times);
        numbers::put(pages, &self.starts, Part::Times);
        numbers::put(pages, &self.parents, Part::Ids);
        put_ids(pages, &self.strangers);
        for column in &self.columns {
            match column {
                Column::Numbers(values, part) => numbers::put(pages, values, *part),
                Column::Texts(values) => texts::put(pages, values),
            }
        }
    }
}

fn put_ids(pages: &mut Pages, ids: &[u64]) {
    ids.iter().for_each(|id| pages.raw.extend_from_slice(&id.to_be_bytes()));
    pages.end_raw(Part::Ids);
}
