//! Asking the matcher.

use std::sync::Arc;

use beamline_model::digest::Digest;

use super::gather::{At, Candidate, Source};
use super::lies_in;
use super::order::Key;
use crate::api::Search;
use crate::codec::varint::corrupt;
use crate::engine::EngineError;
use crate::table::Moment;

/// What came of a candidate: its digest if it matches.
pub(super) type Verdict = (Key, Option<Arc<Digest>>);

/// Decides candidates, and gives their verdicts in the order they came. Each page is opened once for all of them.
pub(super) fn evaluate(
    moment: &Moment<'_>,
    search: &Search,
    candidates: Vec<Candidate>,
) -> Result<Vec<Verdict>, EngineError> {
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(candidates.len());
    let mut sealed: Vec<(usize, At)> = Vec::new();
    for (number, candidate) in candidates.into_iter().enumerate() {
        let digest = match candidate.source {
            Source::Live(digest) => Some(digest).filter(|digest| wanted(search, digest)),
            Source::Sealed(at) => {
                sealed.push((number, at));
                None
            }
        };
        verdicts.push((candidate.key, digest));
    }
    let page_of = |at: &At| (at.chunk().place, at.chunk().head.chunk, at.page);
    sealed.sort_by_key(|(_, at)| (page_of(at), at.row));
    for of_page in sealed.chunk_by(|(_, a), (_, b)| page_of(a) == page_of(b)) {
        let (_, first) = &of_page[0];
        let page = moment.page(first.chunk(), first.page)?;
        for (number, at) in of_page {
            let digest = page.digest(at.row, &at.head).ok_or_else(|| corrupt("a digest"))?;
            if wanted(search, &digest) {
                verdicts[*number].1 = Some(Arc::new(digest));
            }
        }
    }
    Ok(verdicts)
}

fn wanted(search: &Search, digest: &Digest) -> bool {
    lies_in(digest, search.basis, &search.range)
        && search.matcher.as_ref().is_none_or(|matcher| matcher.matches(digest))
}
