//! Columns of byte strings, mostly texts.
//!
//! ```text
//! distinct varint    0 when each row has its own entry; else a code per row says which, unless there is only one
//! entries            form u8
//!   0 as they are:   lengths as a column of numbers; text, one after the other
//!   1 by pattern:    count varint; text, each pattern with its length in front; a code per entry; the columns of each
//!                    pattern
//! ```

use rustc_hash::FxHashMap;

use super::numbers::{self, Codes, Numbers};
use super::pages::{Pages, Part, Sections};
use super::pattern::{self, Hole, Pattern};
use crate::codec::varint::{Put, Take};

const AS_THEY_ARE: u8 = 0;
const BY_PATTERN: u8 = 1;

/// Fewer entries are not looked at for patterns.
const FEW: usize = 8;
/// Longer texts are not looked at for patterns.
const LONG: usize = 256;
const MOST_PATTERNS: usize = 256;

/// Writes a column.
pub(super) fn put(pages: &mut Pages, values: &[&[u8]]) {
    let mut known: FxHashMap<&[u8], u16> = FxHashMap::default();
    let mut distinct: Vec<&[u8]> = Vec::new();
    let mut codes: Vec<u16> = Vec::with_capacity(values.len());
    let most = (values.len() / 2).clamp(1, usize::from(u16::MAX));
    for &value in values {
        if let (Some(&code), Some(&before)) = (codes.last(), codes.last().map(|&code| &distinct[usize::from(code)]))
            && before == value
        {
            codes.push(code);
            continue;
        }
        let code = *known.entry(value).or_insert(distinct.len() as u16);
        if usize::from(code) == distinct.len() {
            if distinct.len() == most {
                pages.head.varint(0);
                return put_entries(pages, values);
            }
            distinct.push(value);
        }
        codes.push(code);
    }
    pages.head.varint(distinct.len() as u64);
    numbers::put_codes(pages, &codes, distinct.len());
    put_entries(pages, &distinct);
}

fn put_entries(pages: &mut Pages, entries: &[&[u8]]) {
    if !put_by_pattern(pages, entries) {
        pages.head.push(AS_THEY_ARE);
        let lengths: Vec<i64> = entries.iter().map(|entry| entry.len() as i64).collect();
        numbers::put(pages, &lengths, Part::Numbers);
        entries.iter().for_each(|entry| pages.text.extend_from_slice(entry));
    }
}

/// Writes entries that follow few patterns; `false` when they do not.
fn put_by_pattern(pages: &mut Pages, entries: &[&[u8]]) -> bool {
    if entries.len() < FEW || entries.iter().any(|entry| entry.len() > LONG) {
        return false;
    }
    let most = (entries.len() / 4).min(MOST_PATTERNS);
    let mut known: FxHashMap<Vec<u8>, u16> = FxHashMap::default();
    let mut made: Vec<(Vec<u8>, Vec<Hole<'_>>, usize)> = Vec::new();
    let mut codes = Vec::with_capacity(entries.len());
    let (mut pattern, mut holes) = (Vec::new(), Vec::new());
    for entry in entries {
        pattern.clear();
        holes.clear();
        pattern::split(entry, &mut pattern, &mut holes);
        let code = match known.get(&pattern) {
            Some(&code) => code,
            None if made.len() >= most => return false,
            None => {
                let code = made.len() as u16;
                known.insert(pattern.clone(), code);
                made.push((pattern.clone(), Vec::new(), holes.len()));
                code
            }
        };
        made[usize::from(code)].1.append(&mut holes);
        codes.push(code);
    }
    pages.head.push(BY_PATTERN);
    pages.head.varint(made.len() as u64);
    numbers::put_codes(pages, &codes, made.len());
    for (pattern, holes, each) in &made {
        pages.text.sized(pattern);
        pattern::put_holes(pages, holes, *each);
    }
    true
}

/// A column, read from some row on.
pub(super) enum Texts<'a> {
    Own(Entries<'a>),
    /// The distinct values, one after the other.
    Shared {
        codes: Codes<'a>,
        ends: Vec<usize>,
        distinct: Vec<u8>,
    },
}

/// Values one after the other.
pub(super) enum Entries<'a> {
    AsTheyAre {
        lengths: Numbers<'a>,
        text: Take<'a>,
    },
    ByPattern {
        codes: Codes<'a>,
        patterns: Vec<Pattern<'a>>,
    },
}

impl<'a> Texts<'a> {
    /// Takes the bytes of all distinct values from the budget.
    pub(super) fn read(sections: &mut Sections<'a>, rows: usize, budget: &mut usize) -> Option<Self> {
        let count = sections.head.number::<usize>()?;
        if count == 0 {
            return Some(Self::Own(Entries::read(sections, rows)?));
        }
        if count > rows.max(1) {
            return None;
        }
        let codes = Codes::read(sections, rows, count)?;
        let mut entries = Entries::read(sections, count)?;
        let (mut ends, mut distinct) = (Vec::with_capacity(count), Vec::new());
        for _ in 0..count {
            entries.next(&mut distinct)?;
            ends.push(distinct.len());
            (distinct.len() <= *budget).then_some(())?;
        }
        *budget -= distinct.len();
        Some(Self::Shared { codes, ends, distinct })
    }

    /// Length and bytes of the next value are appended.
    pub(super) fn next(&mut self, out: &mut Vec<u8>, own: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Own(entries) => {
                own.clear();
                entries.next(own)?;
                out.sized(own);
            }
            Self::Shared { codes, ends, distinct } => {
                let code = codes.next()?;
                let end = *ends.get(code)?;
                let from = if code == 0 { 0 } else { ends[code - 1] };
                out.sized(&distinct[from..end]);
            }
        }
        Some(())
    }

    /// Passes over so many rows.
    pub(super) fn skip(&mut self, rows: usize) -> Option<()> {
        match self {
            Self::Own(entries) => entries.skip(rows),
            Self::Shared { codes, .. } => codes.skip(rows),
        }
    }
}

impl<'a> Entries<'a> {
    fn read(sections: &mut Sections<'a>, count: usize) -> Option<Self> {
        match sections.head.byte()? {
            AS_THEY_ARE => {
                let mut lengths = Numbers::read(sections, count)?;
                let mut total = 0usize;
                for length in lengths.rest()? {
                    total = total.checked_add(usize::try_from(length).ok()?)?;
                }
                lengths.rewind();
                Some(Self::AsTheyAre {
                    lengths,
                    text: Take(sections.text.bytes(total)?),
                })
            }
            BY_PATTERN => {
                let made = sections.head.number::<usize>()?;
                if made > count {
                    return None;
                }
                let mut codes = Codes::read(sections, count, made)?;
                let mut uses = vec![0; made];
                for _ in 0..count {
                    *uses.get_mut(codes.next()?)? += 1;
                }
                codes.rewind();
                let mut patterns = Vec::with_capacity(made);
                for uses in uses {
                    let pattern = sections.text.sized()?;
                    patterns.push(Pattern::read(pattern, sections, uses)?);
                }
                Some(Self::ByPattern { codes, patterns })
            }
            _ => None,
        }
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::AsTheyAre { lengths, text } => {
                out.extend_from_slice(text.bytes(lengths.index()?)?);
                Some(())
            }
            Self::ByPattern { codes, patterns } => patterns.get_mut(codes.next()?)?.next(out),
        }
    }

    fn skip(&mut self, rows: usize) -> Option<()> {
        match self {
            Self::AsTheyAre { lengths, text } => {
                for _ in 0..rows {
                    text.bytes(lengths.index()?)?;
                }
            }
            Self::ByPattern { codes, patterns } => {
                let mut skipped = vec![0; patterns.len()];
                for _ in 0..rows {
                    *skipped.get_mut(codes.next()?)? += 1;
                }
                for (pattern, skipped) in patterns.iter_mut().zip(skipped) {
                    pattern.skip(skipped)?;
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            "user-[0-9]{1,5}".prop_map(String::into_bytes),
            "[0-9]{1,3}[.][0-9]{1,3}|[0-9a-f]{16}|[0-9a-f-]{36}".prop_map(String::into_bytes),
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}".prop_map(String::into_bytes),
            "[0-9a-z]{0,40}".prop_map(String::into_bytes),
        ]
    }

    proptest! {
        #[test]
        fn texts_come_back_from_any_row_on(
            pool in prop::collection::vec(value(), 1..300),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..700),
            each: bool, skipped: prop::sample::Index,
        ) {
            let values: Vec<&[u8]> = match each {
                true => pool.iter().map(Vec::as_slice).collect(),
                false => picks.iter().map(|pick| pick.get(&pool).as_slice()).collect(),
            };
            let mut pages = Pages::default();
            put(&mut pages, &values);
            let decoded = [&pages.lengths(), &pages.text, &pages.head, &pages.codes, &pages.raw]
                .map(Vec::as_slice)
                .concat();
            let mut sections = Sections::of(&decoded).unwrap();
            let mut texts = Texts::read(&mut sections, values.len(), &mut (1 << 20)).unwrap();
            let skipped = skipped.index(values.len() + 1);
            texts.skip(skipped).unwrap();
            let (mut out, mut own) = (Vec::new(), Vec::new());
            for _ in skipped..values.len() {
                texts.next(&mut out, &mut own).unwrap();
            }
            let mut take = Take(&out);
            for value in &values[skipped..] {
                prop_assert_eq!(take.sized().unwrap(), *value);
            }
            prop_assert!(sections.head.0.is_empty() && sections.raw.0.is_empty() && sections.text.0.is_empty());
        }
    }
}
