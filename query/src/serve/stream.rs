//! Search and tail, bit by bit.
//!
//! Nothing is read ahead of a client: a page is read when the one before was taken, so that a slow client costs one
//! page of memory and no thread.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_proto::query as pb;
use beamline_store::api::{Account, Matcher, Touched};
use futures_util::{Stream, stream};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tonic::Status;

use super::fault::Failure;
use super::pool::{Deadline, Pool};
use super::{render, request};
use crate::search::{SearchRequest, search as search_page};
use crate::source::Source;

/// Most results that are read at once.
const PAGE: usize = 100;

/// A search under way.
struct Searching {
    source: Arc<dyn Source>,
    pool: Arc<Pool>,
    deadline: Deadline,
    /// What is still wanted.
    request: SearchRequest,
    found: VecDeque<Arc<Digest>>,
    end: pb::SearchEnd,
    /// The last page was read.
    read: bool,
    /// The end was told.
    told: bool,
}

/// Each trace that a search finds, then its end.
pub(super) fn search(
    source: Arc<dyn Source>,
    pool: Arc<Pool>,
    deadline: Deadline,
    request: SearchRequest,
) -> impl Stream<Item = Result<pb::SearchResponse, Status>> + Send {
    let searching = Searching {
        source,
        pool,
        deadline,
        request,
        found: VecDeque::new(),
        end: pb::SearchEnd::default(),
        read: false,
        told: false,
    };
    stream::try_unfold(searching, |mut searching| async move {
        let part = searching.next().await?;
        Ok(part.map(|part| (pb::SearchResponse { part: Some(part) }, searching)))
    })
}

impl Searching {
    async fn next(&mut self) -> Result<Option<pb::search_response::Part>, Failure> {
        use pb::search_response::Part;
        loop {
            if let Some(digest) = self.found.pop_front() {
                return Ok(Some(Part::Trace(render::summary(&digest))));
            }
            if self.read {
                let end = (!self.told).then(|| Part::End(self.end.clone()));
                self.told = true;
                return Ok(end);
            }
            self.read_page().await?;
        }
    }

    async fn read_page(&mut self) -> Result<(), Failure> {
        let page_request = SearchRequest {
            limit: self.request.limit.min(PAGE),
            ..self.request.clone()
        };
        let source = Arc::clone(&self.source);
        let page = self
            .pool
            .run(self.deadline, move || search_page(&*source, &page_request))
            .await?;
        self.end.scanned += page.scanned;
        self.end.matched += page.digests.len() as u64;
        self.end.cursor = page.cursor.as_ref().map(request::cursor_bytes).unwrap_or_default();
        self.request.limit = self.request.limit.saturating_sub(page.digests.len());
        self.request.budget = self
            .request
            .budget
            .saturating_sub(usize::try_from(page.scanned).unwrap_or(usize::MAX));
        self.request.cursor = page.cursor;
        self.read = page.cursor.is_none() || self.request.limit == 0 || self.request.budget == 0;
        self.found = page.digests.into();
        Ok(())
    }
}

/// Changes are gathered this long, so that a trace that arrives in pieces is told once rather than for each piece.
const GATHER: Duration = Duration::from_millis(250);
/// At most so many traces are gathered; changes of any more are missed.
const MOST_GATHERED: usize = 4_096;
/// So many of them are looked at in one read.
const LOOK: usize = 256;

/// Follows along for one client.
pub(super) struct Tail {
    source: Arc<dyn Source>,
    pool: Arc<Pool>,
    account: Account,
    matcher: Option<Arc<dyn Matcher>>,
    gathered: BTreeSet<TraceId>,
    found: VecDeque<Arc<Digest>>,
    missed: u64,
}

impl Tail {
    pub(super) fn new(
        source: Arc<dyn Source>,
        pool: Arc<Pool>,
        account: Account,
        matcher: Option<Arc<dyn Matcher>>,
    ) -> Self {
        Self {
            source,
            pool,
            account,
            matcher,
            gathered: BTreeSet::new(),
            found: VecDeque::new(),
            missed: 0,
        }
    }

    /// Tells of each change until the store closes or the deadline passes.
    pub(super) fn follow(
        self,
        touched: broadcast::Receiver<Touched>,
        deadline: Deadline,
    ) -> impl Stream<Item = Result<pb::TailResponse, Status>> + Send {
        stream::try_unfold((self, touched), move |(mut tail, mut touched)| async move {
            let event = deadline.limit(tail.next(&mut touched, deadline)).await??;
            Ok(event.map(|event| (pb::TailResponse { event: Some(event) }, (tail, touched))))
        })
    }

    async fn next(
        &mut self,
        touched: &mut broadcast::Receiver<Touched>,
        deadline: Deadline,
    ) -> Result<Option<pb::tail_response::Event>, Failure> {
        use pb::tail_response::Event;
        loop {
            if self.missed > 0 {
                let changes = std::mem::take(&mut self.missed);
                return Ok(Some(Event::Missed(pb::Missed { changes })));
            }
            if let Some(digest) = self.found.pop_front() {
                return Ok(Some(Event::Trace(render::summary(&digest))));
            }
            if self.gathered.is_empty() && !self.gather(touched).await {
                return Ok(None);
            }
            self.look(deadline).await?;
        }
    }

    /// Waits for a change and for a while for more; `false` when there will be none.
    async fn gather(&mut self, touched: &mut broadcast::Receiver<Touched>) -> bool {
        let first = touched.recv().await;
        if !self.note(first) {
            return false;
        }
        let more = async { while self.note(touched.recv().await) {} };
        // When the store closes meanwhile, what was gathered is told first; the next wait ends at once.
        let _ended_early = tokio::time::timeout(GATHER, more).await;
        true
    }

    fn note(&mut self, touched: Result<Touched, RecvError>) -> bool {
        match touched {
            Ok(touched) if touched.account != self.account => {}
            Ok(touched) if self.gathered.len() < MOST_GATHERED => {
                self.gathered.insert(touched.trace);
            }
            Ok(_) => self.missed += 1,
            Err(RecvError::Lagged(changes)) => self.missed += changes,
            Err(RecvError::Closed) => return false,
        }
        true
    }

    async fn look(&mut self, deadline: Deadline) -> Result<(), Failure> {
        let next = std::iter::from_fn(|| self.gathered.pop_first());
        let traces: Vec<TraceId> = next.take(LOOK).collect();
        let (source, matcher, account) = (Arc::clone(&self.source), self.matcher.clone(), self.account);
        let found = self.pool.run(deadline, move || {
            let mut found = VecDeque::new();
            for trace in traces {
                let Some(digest) = source.digest(account, trace)? else {
                    continue;
                };
                if matcher.as_ref().is_none_or(|matcher| matcher.matches(&digest)) {
                    found.push_back(digest);
                }
            }
            Ok(found)
        });
        self.found = found.await?;
        Ok(())
    }
}
