//! Which traces are there.

use beamline_model::time::TimeRange;
use beamline_store::api::{Account, Cursor, Order, Page, Search, TimeBasis};

use crate::QueryError;
use crate::filter::{Selection, matcher, single_trace};
use crate::source::Source;

/// Most results of one page.
pub const MAX_LIMIT: usize = 10_000;
/// How many traces are looked at for one page unless the caller says otherwise.
pub const DEFAULT_BUDGET: usize = 1_000_000;

/// Asks for one page of traces.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// Whose.
    pub account: Account,
    /// When.
    pub range: TimeRange,
    /// By which of their times.
    pub basis: TimeBasis,
    /// Which.
    pub selection: Selection,
    /// In which order.
    pub order: Order,
    /// At most so many; at most [`MAX_LIMIT`].
    pub limit: usize,
    /// Stop after looking at so many.
    pub budget: usize,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

impl SearchRequest {
    /// The newest traces of a time range.
    #[must_use]
    pub fn new(account: Account, range: TimeRange) -> Self {
        Self {
            account,
            range,
            basis: TimeBasis::Start,
            selection: Selection::default(),
            order: Order::Newest,
            limit: 100,
            budget: DEFAULT_BUDGET,
            cursor: None,
        }
    }
}

/// One page of traces. A selection that is a bare trace id gives that trace, whenever it was.
///
/// # Errors
/// If the selection's group does not exist or the store fails.
pub fn search(source: &dyn Source, request: &SearchRequest) -> Result<Page, QueryError> {
    if let Some(trace) = single_trace(&request.selection) {
        let wanted = request.cursor.is_none() && request.limit > 0;
        let found = if wanted {
            source.digest(request.account, trace)?
        } else {
            None
        };
        return Ok(Page {
            scanned: u64::from(found.is_some()),
            digests: found.into_iter().collect(),
            cursor: None,
        });
    }
    let page = source.search(&Search {
        account: request.account,
        range: request.range.clone(),
        basis: request.basis,
        matcher: matcher(source, request.account, &request.selection)?,
        order: request.order,
        limit: request.limit.min(MAX_LIMIT),
        budget: request.budget,
        cursor: request.cursor,
    })?;
    Ok(page)
}

/// What went by while looking at every trace of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Traces looked at, matching or not.
    pub scanned: u64,
    /// Traces that matched.
    pub matched: u64,
    /// There were more.
    pub truncated: bool,
}

/// Visits every trace of a search, page by page, until `most` of them have matched.
pub(crate) fn each(
    source: &dyn Source,
    mut request: SearchRequest,
    most: u64,
    mut visit: impl FnMut(&beamline_model::digest::Digest),
) -> Result<Seen, QueryError> {
    let mut seen = Seen::default();
    loop {
        request.limit = usize::try_from(most - seen.matched).map_or(1_000, |left| left.min(1_000));
        let page = search(source, &request)?;
        seen.scanned += page.scanned;
        for digest in &page.digests {
            seen.matched += 1;
            visit(digest);
        }
        let Some(cursor) = page.cursor else {
            return Ok(seen);
        };
        if seen.matched >= most {
            seen.truncated = true;
            return Ok(seen);
        }
        request.cursor = Some(cursor);
    }
}
