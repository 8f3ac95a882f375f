//! Between which numbers annotations lie, for skipping what is too small or too large.

use rustc_hash::FxHashMap;

use crate::codec::varint::{Put, Take};

/// Bounds are kept of so many keys; where there are more, nothing is known.
pub(super) const MOST_KEYS: usize = 64;

/// Between which numbers the annotations of a key lie, numerals among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The hash of the term that says that there is such a key.
    pub key: u64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub most: f64,
}

/// Whether a key may have a number between two, both included.
pub(super) fn may_number(all: Option<&[Bounds]>, key: u64, least: f64, most: f64) -> bool {
    let Some(all) = all else { return true };
    let bounds = all.iter().find(|bounds| bounds.key == key);
    bounds.is_some_and(|bounds| bounds.least <= most && bounds.most >= least)
}

/// The bounds of several pages together.
pub(super) fn of_all(pages: &[Option<Vec<Bounds>>]) -> Option<Vec<Bounds>> {
    let mut all: FxHashMap<u64, Bounds> = FxHashMap::default();
    for page in pages {
        for bounds in page.as_ref()? {
            let known = all.entry(bounds.key).or_insert(*bounds);
            (known.least, known.most) = (known.least.min(bounds.least), known.most.max(bounds.most));
        }
    }
    let mut all: Vec<Bounds> = all.into_values().collect();
    all.sort_unstable_by_key(|bounds| bounds.key);
    (all.len() <= MOST_KEYS).then_some(all)
}

/// Appends bounds: 0 when nothing is known, else one more than their number and each.
pub(super) fn put(all: Option<&[Bounds]>, out: &mut Vec<u8>) {
    out.varint(all.map_or(0, |all| all.len() as u64 + 1));
    for bounds in all.unwrap_or_default() {
        for bits in [bounds.key, bounds.least.to_bits(), bounds.most.to_bits()] {
            out.extend_from_slice(&bits.to_le_bytes());
        }
    }
}

/// Takes them back.
pub(super) fn take(take: &mut Take<'_>) -> Option<Option<Vec<Bounds>>> {
    let count = take.number::<usize>().filter(|&count| count <= MOST_KEYS + 1)?;
    let mut each = || {
        let mut bits = || take.array().map(u64::from_le_bytes);
        Some(Bounds {
            key: bits()?,
            least: f64::from_bits(bits()?),
            most: f64::from_bits(bits()?),
        })
    };
    match count.checked_sub(1) {
        None => Some(None),
        Some(count) => Some(Some((0..count).map(|_| each()).collect::<Option<_>>()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_bounded_together_and_unknown_ones_make_all_unknown() {
        let bounds = |key, least, most| Bounds { key, least, most };
        let pages = [
            Some(vec![bounds(1, 2.0, 3.0)]),
            Some(vec![bounds(1, -1.0, 2.5), bounds(2, 7.0, 7.0)]),
        ];
        let all = of_all(&pages);
        assert_eq!(all, Some(vec![bounds(1, -1.0, 3.0), bounds(2, 7.0, 7.0)]));
        assert!(may_number(all.as_deref(), 2, 7.0, f64::INFINITY));
        assert!(!may_number(all.as_deref(), 1, 3.5, f64::INFINITY));
        assert!(!may_number(all.as_deref(), 3, f64::NEG_INFINITY, f64::INFINITY));
        assert_eq!(of_all(&[pages[0].clone(), None]), None);
        assert!(may_number(None, 3, 0.0, 0.0));
    }
}
