//! What indexes and columns rule out.

use crate::api::{Required, Term};
use crate::codec::varint::corrupt;
use crate::engine::{EngineError, Family, View};
use crate::table::chunks::Chunk;
use crate::table::columns::Row;
use crate::table::hours::Hour;
use crate::table::index::{hour_hash_of, may_contain};
use crate::table::keys::{self, Place};
use crate::table::rows::Rows;
use crate::table::terms::{Code, annotation_key};
use crate::table::zone::Zone;
use crate::table::{Moment, filter_part};

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
        Required::Anything
        | Required::Text(_)
        | Required::Number(..)
        | Required::HttpStatus(_)
        | Required::Duration(_)
        | Required::ResponseTime(_) => true,
    })
}

/// Whether digests within these bounds may meet the condition.
pub(super) fn zone_may_have(zone: &Zone, required: &Required) -> bool {
    match required {
        Required::Nothing => false,
        Required::Duration(range) => range.start <= zone.duration,
        Required::Term(Term::Flag(flag)) => zone.flags & flag.bit() != 0,
        Required::Term(Term::HttpStatus(status)) => (zone.status.0..=zone.status.1).contains(status),
        Required::HttpStatus(range) => zone.status.0 <= *range.end() && zone.status.1 >= *range.start(),
        Required::All(parts) => parts.iter().all(|part| zone_may_have(zone, part)),
        Required::Any(parts) => parts.iter().any(|part| zone_may_have(zone, part)),
        Required::Anything
        | Required::Term(_)
        | Required::Text(_)
        | Required::Number(..)
        | Required::ResponseTime(_) => true,
    }
}

/// The rows of a chunk that may meet the condition.
pub(super) fn rows(moment: &Moment<'_>, chunk: &Chunk, required: &Required) -> Result<Rows, EngineError> {
    among(moment, chunk, required, &chunk.alive)
}

/// The same, where only some rows are asked about: what is said of the others may be wrong.
fn among(moment: &Moment<'_>, chunk: &Chunk, required: &Required, asked: &Rows) -> Result<Rows, EngineError> {
    let size = chunk.head.size;
    let rows_where = |wanted: &dyn Fn(&Row) -> bool| -> Result<Rows, EngineError> {
        let mut rows = Rows::none(size);
        for (number, row) in moment.columns(chunk)?.rows.iter().enumerate() {
            if wanted(row) {
                rows.insert(number);
            }
        }
        Ok(rows)
    };
    Ok(match required {
        Required::Anything => Rows::all(size),
        Required::Nothing => Rows::none(size),
        Required::Term(Term::Flag(flag)) if chunk.head.index.is_none() => {
            rows_where(&|row| row.flags & flag.bit() != 0)?
        }
        Required::Term(term) => {
            let code = Code::from(term);
            let mut rows = Rows::clone(&*moment.rows_with(chunk, code)?);
            // A filter, or no index, leaves open which rows it is.
            if let (Some(wanted), false) = (term.text(), chunk.head.knows_rows_of(code) || rows.is_empty()) {
                rows.intersect(asked);
                rows = rows_with_text(moment, chunk, &rows, &|text| text == wanted)?;
            }
            rows
        }
        Required::Text(part) => rows_with_text(moment, chunk, asked, &|text| part.is_in(text))?,
        Required::Number(key, range) => {
            let (key, least, most) = (annotation_key(key).hash, *range.start(), *range.end());
            let mut rows = Rows::none(size);
            if chunk.head.may_number(key, least, most) {
                let columns = moment.columns(chunk)?;
                let pages = columns
                    .pages()
                    .filter(|(page, _)| columns.may_number(*page, key, least, most));
                pages.for_each(|(_, of_page)| of_page.for_each(|row| rows.insert(row)));
            }
            rows
        }
        Required::HttpStatus(range) => rows_where(&|row| row.status.is_some_and(|status| range.contains(&status)))?,
        Required::Duration(range) => rows_where(&|row| range.contains(&row.duration()))?,
        Required::ResponseTime(range) => {
            rows_where(&|row| row.head.response_time.is_some_and(|nanos| range.contains(&nanos)))?
        }
        Required::All(parts) => {
            let mut all = asked.clone();
            let mut parts: Vec<&Required> = parts.iter().collect();
            parts.sort_by_key(|part| effort(part));
            for part in parts {
                all.intersect(&among(moment, chunk, part, &all)?);
                if all.is_empty() {
                    break;
                }
            }
            all
        }
        Required::Any(parts) => {
            let mut any = Rows::none(size);
            for part in parts {
                any.unite(&among(moment, chunk, part, asked)?);
            }
            any
        }
    })
}

/// Rows that may have a text, of those that are asked about. Pages without such a row are not opened.
fn rows_with_text(
    moment: &Moment<'_>,
    chunk: &Chunk,
    asked: &Rows,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Rows, EngineError> {
    let mut rows = Rows::none(chunk.head.size);
    for (number, of_page) in moment.columns(chunk)?.pages() {
        if of_page.clone().any(|row| asked.contains(row)) {
            let page = moment.page(chunk, number)?;
            page.rows_with(wanted, |row| rows.insert(of_page.start + row))
                .ok_or_else(|| corrupt("a page of digests"))?;
        }
    }
    Ok(rows)
}

/// How much has to be read to tell: an index, columns, or pages. What takes least comes first.
fn effort(required: &Required) -> u8 {
    match required {
        Required::Anything | Required::Nothing | Required::Term(_) => 0,
        Required::Duration(_) | Required::ResponseTime(_) | Required::HttpStatus(_) | Required::Number(..) => 1,
        Required::Text(_) => 2,
        Required::All(parts) | Required::Any(parts) => parts.iter().map(effort).max().unwrap_or(0),
    }
}
