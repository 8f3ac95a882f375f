//! What indexes and columns rule out.

use crate::api::{Required, Term};
use crate::codec::digest::Page;
use crate::codec::varint::corrupt;
use crate::engine::{EngineError, Family, View};
use crate::table::chunks::Chunk;
use crate::table::columns::Row;
use crate::table::hours::Hour;
use crate::table::index::{hour_hash_of, may_contain};
use crate::table::keys::{self, Place};
use crate::table::rows::Rows;
use crate::table::terms::Code;
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
        Required::Anything | Required::Text(_) | Required::Duration(_) | Required::ResponseTime(_) => true,
    })
}

/// Whether digests within these bounds may meet the condition.
pub(super) fn zone_may_have(zone: &Zone, required: &Required) -> bool {
    match required {
        Required::Nothing => false,
        Required::Duration(range) => range.start <= zone.duration,
        Required::Term(Term::Flag(flag)) => zone.flags & flag.bit() != 0,
        Required::All(parts) => parts.iter().all(|part| zone_may_have(zone, part)),
        Required::Any(parts) => parts.iter().any(|part| zone_may_have(zone, part)),
        Required::Anything | Required::Term(_) | Required::Text(_) | Required::ResponseTime(_) => true,
    }
}

/// Whether digests of a page may meet the condition, as far as its texts tell. Terms of a chunk with an index were
/// looked up already.
pub(super) fn page_may_have(page: &Page, indexed: bool, required: &Required) -> bool {
    match required {
        Required::Nothing => false,
        Required::Text(part) => page.texts().any(|text| part.is_in(text)),
        Required::Term(term) if !indexed => term.text().is_none_or(|wanted| page.texts().any(|text| text == wanted)),
        Required::All(parts) => parts.iter().all(|part| page_may_have(page, indexed, part)),
        Required::Any(parts) => parts.iter().any(|part| page_may_have(page, indexed, part)),
        Required::Anything | Required::Term(_) | Required::Duration(_) | Required::ResponseTime(_) => true,
    }
}

/// The rows of a chunk that may meet the condition.
pub(super) fn rows(moment: &Moment<'_>, chunk: &Chunk, required: &Required) -> Result<Rows, EngineError> {
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
        Required::Anything | Required::Text(_) => Rows::all(size),
        Required::Nothing => Rows::none(size),
        Required::Term(Term::Flag(flag)) if chunk.head.index.is_none() => {
            rows_where(&|row| row.flags & flag.bit() != 0)?
        }
        Required::Term(term) => Rows::clone(&*moment.rows_with(chunk, Code::from(term))?),
        Required::Duration(range) => rows_where(&|row| range.contains(&row.duration()))?,
        Required::ResponseTime(range) => {
            rows_where(&|row| row.head.response_time.is_some_and(|nanos| range.contains(&nanos)))?
        }
        Required::All(parts) => {
            let mut all = Rows::all(size);
            // Columns are the larger read, so what needs them comes last.
            let (late, early): (Vec<_>, Vec<_>) = parts.iter().partition(|part| needs_columns(part));
            for part in early.into_iter().chain(late) {
                all.intersect(&rows(moment, chunk, part)?);
                if all.is_empty() {
                    break;
                }
            }
            all
        }
        Required::Any(parts) => {
            let mut any = Rows::none(size);
            for part in parts {
                any.unite(&rows(moment, chunk, part)?);
            }
            any
        }
    })
}

fn needs_columns(required: &Required) -> bool {
    match required {
        Required::Duration(_) | Required::ResponseTime(_) => true,
        Required::All(parts) | Required::Any(parts) => parts.iter().any(needs_columns),
        Required::Anything | Required::Nothing | Required::Term(_) | Required::Text(_) => false,
    }
}
