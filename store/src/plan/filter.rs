//! What indexes and columns rule out.

use crate::api::Required;
use crate::codec::varint::corrupt;
use crate::engine::{EngineError, Family, View};
use crate::table::columns::Columns;
use crate::table::filter_part;
use crate::table::hours::Hour;
use crate::table::index::{hour_hash_of, may_contain, rows_with};
use crate::table::keys::{self, Place};
use crate::table::rows::Rows;
use crate::table::summaries::{self, Head};
use crate::table::terms::Code;
use crate::table::zone::Zone;

/// Whether the minutes of an hour whose terms are in its filter may hold a trace that meets the condition.
pub(super) fn hour_may_have(
    view: &dyn View,
    place: &Place,
    hour: &Hour,
    required: &Required,
) -> Result<bool, EngineError> {
    if !hour.minutes.iter().any(|minute| minute.filtered) {
        return Ok(true);
    }
    Ok(match required {
        Required::Nothing => false,
        Required::Term(term) => {
            let hash = hour_hash_of(Code::from(term));
            let key = keys::hour_filter(filter_part(hash, hour.filter_log2));
            match view.get(Family::Filter, &place.part(), &key)? {
                Some(bytes) if bytes.is_empty() => false,
                Some(bytes) => may_contain(&bytes, hash).ok_or_else(|| corrupt("a term filter"))?,
                None => true,
            }
        }
        Required::All(parts) => {
            for part in parts {
                if !hour_may_have(view, place, hour, part)? {
                    return Ok(false);
                }
            }
            true
        }
        Required::Any(parts) => {
            for part in parts {
                if hour_may_have(view, place, hour, part)? {
                    return Ok(true);
                }
            }
            false
        }
        Required::Anything | Required::Duration(_) | Required::ResponseTime(_) => true,
    })
}

/// Whether digests within these bounds may meet the condition.
pub(super) fn zone_may_have(zone: &Zone, required: &Required) -> bool {
    match required {
        Required::Nothing => false,
        Required::Duration(range) => range.start <= zone.duration,
        Required::All(parts) => parts.iter().all(|part| zone_may_have(zone, part)),
        Required::Any(parts) => parts.iter().any(|part| zone_may_have(zone, part)),
        Required::Anything | Required::Term(_) | Required::ResponseTime(_) => true,
    }
}

/// A chunk being looked at; its columns are read when first needed.
pub(super) struct Chunk<'a> {
    pub(super) view: &'a dyn View,
    pub(super) place: Place,
    pub(super) head: Head,
    columns: Option<Columns>,
}

impl<'a> Chunk<'a> {
    pub(super) fn new(view: &'a dyn View, place: Place, head: Head) -> Self {
        Self {
            view,
            place,
            head,
            columns: None,
        }
    }

    pub(super) fn columns(&mut self) -> Result<&Columns, EngineError> {
        if self.columns.is_none() {
            let columns = summaries::columns(self.view, &self.place, self.head.chunk)?;
            if columns.rows.len() != self.head.size {
                return Err(corrupt("the columns of a summary chunk"));
            }
            self.columns = Some(columns);
        }
        self.columns
            .as_ref()
            .ok_or_else(|| corrupt("the columns of a summary chunk"))
    }

    /// The rows that may meet the condition.
    pub(super) fn rows(&mut self, required: &Required) -> Result<Rows, EngineError> {
        let size = self.head.size;
        Ok(match required {
            Required::Anything => Rows::all(size),
            Required::Nothing => Rows::none(size),
            Required::Term(term) => match &self.head.index {
                Some(index) => rows_with(self.view, &self.place, self.head.chunk, index, size, Code::from(term))?,
                None => Rows::all(size),
            },
            Required::Duration(range) => {
                self.rows_where(|columns, row| range.contains(&columns.rows[row].duration()))?
            }
            Required::ResponseTime(range) => self.rows_where(|columns, row| {
                columns.rows[row]
                    .head
                    .response_time
                    .is_some_and(|nanos| range.contains(&nanos))
            })?,
            Required::All(parts) => {
                let mut rows = Rows::all(size);
                // Columns are the larger read, so what needs them comes last.
                let (late, early): (Vec<_>, Vec<_>) = parts.iter().partition(|part| needs_columns(part));
                for part in early.into_iter().chain(late) {
                    rows.intersect(&self.rows(part)?);
                    if rows.is_empty() {
                        break;
                    }
                }
                rows
            }
            Required::Any(parts) => {
                let mut rows = Rows::none(size);
                for part in parts {
                    rows.unite(&self.rows(part)?);
                }
                rows
            }
        })
    }

    fn rows_where(&mut self, wanted: impl Fn(&Columns, usize) -> bool) -> Result<Rows, EngineError> {
        let size = self.head.size;
        let columns = self.columns()?;
        let mut rows = Rows::none(size);
        (0..size)
            .filter(|&row| wanted(columns, row))
            .for_each(|row| rows.insert(row));
        Ok(rows)
    }
}

fn needs_columns(required: &Required) -> bool {
    match required {
        Required::Duration(_) | Required::ResponseTime(_) => true,
        Required::All(parts) | Required::Any(parts) => parts.iter().any(needs_columns),
        Required::Anything | Required::Nothing | Required::Term(_) => false,
    }
}
