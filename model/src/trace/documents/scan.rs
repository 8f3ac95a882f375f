//! Where the entities of a segment document are in its text.

use std::ops::Range;

use crate::id::SpanId;
use crate::json::{BadJson, Reader, Value};

/// A segment or subsegment in a document; offsets are in bytes of the text.
#[derive(Debug, Default)]
pub(super) struct Entity {
    pub(super) id: Option<SpanId>,
    /// Its opening brace.
    pub(super) start: usize,
    /// After its closing brace.
    pub(super) end: usize,
    /// Its last array of subsegments.
    pub(super) subsegments: Option<Array>,
    /// Its `null` in place of subsegments.
    pub(super) null: Option<Range<usize>>,
}

/// An array in a document.
#[derive(Debug)]
pub(super) struct Array {
    /// Its closing bracket.
    pub(super) close: usize,
    pub(super) empty: bool,
}

/// The id of a document.
pub(super) fn id(text: &str) -> Option<SpanId> {
    let members = crate::json::members(text);
    let ids = members.filter(|(key, ..)| key == "id").map(|(_, value, _)| value);
    ids.last().and_then(as_id)
}

fn as_id(value: Value<'_>) -> Option<SpanId> {
    match value {
        Value::Text(id) => id.text().parse().ok(),
        _ => None,
    }
}

/// All entities of a document, the outer ones first. Empty when the text is not JSON.
pub(super) fn entities(text: &str) -> Vec<Entity> {
    read(text).unwrap_or_default()
}

/// What is open while reading.
enum Open {
    Entity { index: usize, first: bool },
    Subsegments { of: usize, first: bool, empty: bool },
}

fn read(text: &str) -> Result<Vec<Entity>, BadJson> {
    let mut reader = Reader::new(text);
    let mut entities = Vec::new();
    let mut open = Vec::new();
    enter(&mut reader, &mut entities, &mut open)?;
    while let Some(level) = open.last_mut() {
        match level {
            Open::Entity { index, first } => {
                let index = *index;
                let Some(key) = reader.key(std::mem::take(first))? else {
                    entities[index].end = reader.position();
                    open.pop();
                    continue;
                };
                let next = reader.peek();
                match (key.text().as_ref(), next) {
                    ("subsegments", Some(b'[')) => {
                        reader.take(b'[');
                        open.push(Open::Subsegments {
                            of: index,
                            first: true,
                            empty: true,
                        });
                    }
                    ("subsegments", Some(b'n')) => {
                        let start = reader.position();
                        reader.value()?;
                        entities[index].null = Some(start..reader.position());
                    }
                    ("id", _) => entities[index].id = as_id(reader.value()?),
                    _ => drop(reader.value()?),
                }
            }
            Open::Subsegments { of, first, empty } => {
                if !reader.item(std::mem::take(first))? {
                    entities[*of].subsegments = Some(Array {
                        close: reader.position() - 1,
                        empty: *empty,
                    });
                    open.pop();
                    continue;
                }
                *empty = false;
                if reader.peek() == Some(b'{') {
                    enter(&mut reader, &mut entities, &mut open)?;
                } else {
                    reader.value()?;
                }
            }
        }
    }
    Ok(entities)
}

fn enter(reader: &mut Reader<'_>, entities: &mut Vec<Entity>, open: &mut Vec<Open>) -> Result<(), BadJson> {
    reader.peek();
    let start = reader.position();
    if !reader.take(b'{') {
        return reader.bad("expected an object");
    }
    open.push(Open::Entity {
        index: entities.len(),
        first: true,
    });
    entities.push(Entity {
        start,
        ..Entity::default()
    });
    Ok(())
}
