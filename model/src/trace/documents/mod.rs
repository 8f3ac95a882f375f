//! The documents of a trace as X-Ray gives them back: one for each segment.
//!
//! Subsegments that were sent alone are put into the `subsegments` of the entity they belong to, by cutting the
//! original text there: every byte of what was sent stays as it was, in the order it was. A segment to which nothing
//! is added comes back as it came. Segments that nobody sent, because they are inferred or missing, are written.
//!
//! OTLP spans are translated by [`crate::convert::segment`]; those that serve become documents of their own, with the
//! spans below them nested.

mod scan;
mod write;

use rustc_hash::{FxHashMap, FxHashSet};

use self::scan::{Array, Entity};
use super::{At, Trace};
use crate::convert;
use crate::id::SpanId;
use crate::node::Form;
use crate::record::{Body, Record};
use crate::time::Timestamp;

/// Subsegments are nested no deeper than this below their segment; deeper ones are put in at this level, because
/// readers of JSON refuse what is nested without end. Their `parent_id` still says whose they are.
const DEPTH: u32 = 200;

/// One document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Id of the segment.
    pub id: SpanId,
    /// JSON text.
    pub json: String,
}

/// The documents of a trace that was assembled from `records`, by start of their segments. Subsegments that belong to
/// no segment of their own kind come last, each in a document of its own.
#[must_use]
pub fn documents(trace: &Trace<'_>, records: &[Record<'_>]) -> Vec<Document> {
    let mut nesting = Nesting::of(trace, records);
    let (mut documents, mut alone) = (Vec::new(), Vec::new());
    for translated in convert::segment::documents(trace.nodes()) {
        let document = Document {
            id: translated.id,
            json: translated.json,
        };
        if translated.is_segment {
            documents.push((start_of(trace, document.id), document));
        } else {
            alone.push(document);
        }
    }
    for &at in trace.segments() {
        let json = match trace[at].form {
            Form::Segment => nesting.document(at),
            Form::Inferred => Some(write::inferred(&trace[at])),
            Form::Placeholder => nesting.placeholder(at),
            _ => None,
        };
        let id = trace[at].id;
        documents.extend(json.map(|json| (trace[at].start, Document { id, json })));
    }
    documents.sort_by_key(|(start, _)| *start);
    let mut documents: Vec<Document> = documents.into_iter().map(|(_, document)| document).collect();
    for (at, _) in trace.walk().filter(|&(at, _)| trace[at].form == Form::Subsegment) {
        let json = nesting.document(at);
        documents.extend(json.map(|json| Document { id: trace[at].id, json }));
    }
    documents.append(&mut alone);
    documents
}

/// When the entity with this id started. The service half of a span that is two documents has an id that was made for
/// it; it stands with what has no time.
fn start_of(trace: &Trace<'_>, id: SpanId) -> Timestamp {
    trace.find(id).map(|at| trace[at].start).min().unwrap_or_default()
}

/// A piece of a document that is being written.
enum Piece<'t> {
    Text(&'t str),
    Whole(At),
}

/// Which documents go into which.
struct Nesting<'t> {
    trace: &'t Trace<'t>,
    /// The text of each document that counts.
    texts: FxHashMap<At, &'t str>,
    /// The node that counts for an id.
    nodes: FxHashMap<SpanId, At>,
    /// Subsegments sent alone, by what they are put into, each list by start.
    parts: FxHashMap<At, Vec<At>>,
    /// Documents that are written or about to be: each is given once.
    given: FxHashSet<At>,
}

impl<'t> Nesting<'t> {
    fn of(trace: &'t Trace<'_>, records: &'t [Record<'_>]) -> Self {
        let mut by_reception: FxHashMap<Timestamp, Vec<&'t str>> = FxHashMap::default();
        for record in records {
            if let Body::Xray(bytes) = record.body
                && let Ok(text) = std::str::from_utf8(bytes)
            {
                by_reception.entry(record.received).or_default().push(text);
            }
        }
        let mut nesting = Self {
            trace,
            texts: FxHashMap::default(),
            nodes: FxHashMap::default(),
            parts: FxHashMap::default(),
            given: FxHashSet::default(),
        };
        let mut homes: Vec<At> = (0..trace.len()).map(At::new).collect();
        let mut levels = vec![0u32; trace.len()];
        for (at, _) in trace.walk() {
            let node = &trace[at];
            if node.form != Form::Span {
                nesting.nodes.entry(node.id).or_insert(at);
            }
            if let Form::Segment | Form::Subsegment = node.form {
                let texts = by_reception.get(&node.received).map_or(&[][..], Vec::as_slice);
                let text = match texts {
                    [only] => Some(*only),
                    several => several.iter().copied().find(|text| scan::id(text) == Some(node.id)),
                };
                nesting.texts.extend(text.map(|text| (at, text)));
            }
            let Some(parent) = trace.parent(at).filter(|_| !trace.enters(at)) else {
                continue;
            };
            let (level, home) = (levels[parent.index()] + 1, homes[parent.index()]);
            levels[at.index()] = level;
            if level >= DEPTH {
                homes[at.index()] = home;
            }
            if node.form == Form::Subsegment {
                nesting.parts.entry(home).or_default().push(at);
            }
        }
        for parts in nesting.parts.values_mut() {
            parts.sort_by_key(|&at| trace[at].start);
        }
        nesting
    }

    /// The document of a node with everything that belongs into it, unless it was given already.
    fn document(&mut self, at: At) -> Option<String> {
        (self.texts.contains_key(&at) && self.given.insert(at)).then(|| self.write(vec![Piece::Whole(at)]))
    }

    /// A document for a segment that never came, around those of its subsegments that did.
    fn placeholder(&mut self, at: At) -> Option<String> {
        let parts = self.claim(at);
        let mut pieces = Vec::new();
        for (number, part) in parts.into_iter().enumerate() {
            pieces.push(Piece::Text(if number > 0 { "," } else { "" }));
            pieces.push(Piece::Whole(part));
        }
        pieces.reverse();
        let parts = self.write(pieces);
        Some(write::placeholder(&self.trace[at], &parts))
    }

    /// Takes the parts of an entity that are not yet given.
    fn claim(&mut self, at: At) -> Vec<At> {
        let parts = self.parts.get(&at).map_or(&[][..], Vec::as_slice);
        let (texts, given) = (&self.texts, &mut self.given);
        parts
            .iter()
            .copied()
            .filter(|part| texts.contains_key(part) && given.insert(*part))
            .collect()
    }

    /// Writes pieces, the last one first, and whatever they bring with them.
    fn write(&mut self, mut pieces: Vec<Piece<'t>>) -> String {
        let mut json = String::new();
        while let Some(piece) = pieces.pop() {
            match piece {
                Piece::Text(text) => json.push_str(text),
                Piece::Whole(at) => {
                    let mut inside = self.pieces(at);
                    inside.reverse();
                    pieces.append(&mut inside);
                }
            }
        }
        json
    }

    /// One document, cut where something is put in.
    fn pieces(&mut self, at: At) -> Vec<Piece<'t>> {
        let Some(&text) = self.texts.get(&at) else {
            return Vec::new();
        };
        if self.parts.is_empty() {
            return vec![Piece::Text(text)];
        }
        let mut edits: Vec<(usize, usize, Vec<Piece<'t>>)> = Vec::new();
        let mut keep: Vec<(At, Entity)> = Vec::new();
        let mut skip = 0;
        for (number, entity) in scan::entities(text).into_iter().enumerate() {
            let own = if number == 0 {
                Some(at)
            } else {
                self.counting(at, &entity)
            };
            let Some(own) = own.filter(|_| entity.start >= skip) else {
                continue;
            };
            let alone = number > 0 && self.trace[own].form == Form::Subsegment;
            if !alone {
                keep.push((own, entity));
            } else if self.texts.contains_key(&own) && self.given.insert(own) {
                skip = entity.end;
                edits.push((entity.start, entity.end, vec![Piece::Whole(own)]));
            }
        }
        // Only now, so that what takes the place of an embedded copy is not put in a second time.
        for (own, entity) in keep {
            edits.extend(self.put_in(own, &entity));
        }
        edits.sort_by_key(|edit| edit.0);
        let mut pieces = Vec::new();
        let mut done = 0;
        for (from, to, inside) in edits {
            pieces.push(Piece::Text(&text[done..from]));
            pieces.extend(inside);
            done = to;
        }
        pieces.push(Piece::Text(&text[done..]));
        pieces
    }

    /// The node that counts for an entity inside a document: the entity itself, or the same one sent alone.
    fn counting(&self, document: At, entity: &Entity) -> Option<At> {
        let &at = self.nodes.get(&entity.id?)?;
        let node = &self.trace[at];
        let itself = node.form == Form::Embedded && node.received == self.trace[document].received;
        (itself || node.form == Form::Subsegment).then_some(at)
    }

    /// Puts the parts of an entity at the end of its subsegments.
    fn put_in(&mut self, own: At, entity: &Entity) -> Option<(usize, usize, Vec<Piece<'t>>)> {
        let parts = self.claim(own);
        if parts.is_empty() {
            return None;
        }
        let (from, to, before, after) = match entity.subsegments {
            Some(Array { close, empty, .. }) => (close, close, if empty { "" } else { "," }, ""),
            None => match &entity.null {
                Some(null) => (null.start, null.end, "[", "]"),
                None => (entity.end - 1, entity.end - 1, ",\"subsegments\":[", "]"),
            },
        };
        let mut inside = Vec::with_capacity(parts.len() * 2 + 1);
        for (number, part) in parts.into_iter().enumerate() {
            inside.push(Piece::Text(if number == 0 { before } else { "," }));
            inside.push(Piece::Whole(part));
        }
        inside.push(Piece::Text(after));
        Some((from, to, inside))
    }
}

#[cfg(test)]
mod tests;
