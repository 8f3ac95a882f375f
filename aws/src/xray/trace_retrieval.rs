//! Trace retrieval: `StartTraceRetrieval`, `ListRetrievedTraces`, `CancelTraceRetrieval`.
//!
//! A retrieval gives traces as they were when it was started. Records are never rewritten, so that can be read again
//! for each page: nothing is copied and no job runs, and a retrieval is complete at once. What is kept is the question,
//! durably, so that a token outlives a restart.

use beamline_model::convert::flat;
use beamline_model::retrieval::Retrieval;
use beamline_model::trace::documents::documents;
use beamline_proto::generated::xray::{
    CancelTraceRetrievalRequest, CancelTraceRetrievalResult, ListRetrievedTracesRequest, ListRetrievedTracesResult,
    RetrievalStatus, RetrievedTrace, Span, StartTraceRetrievalRequest, StartTraceRetrievalResult, TraceFormatType,
};
use beamline_query::trace::{TraceView, stored_at};
use beamline_store::ObjectKind;
use beamline_store::api::StoredTrace;

use super::kept::{self, Kept};
use super::render::seconds;
use super::token::{self, SpanPlace};
use super::{Call, asked, fingerprint};
use crate::fault::Fault;

/// Retrievals of one account at a time. Each is a few KiB, for an hour.
const OPEN: usize = 1_000;

/// Traces on one page.
const TRACES: usize = 5;

/// Spans of one trace on one page.
const SPANS: usize = 100;

/// A page that has so many bytes of documents takes no further one.
const BYTES: usize = 8 << 20;

pub(super) fn start(call: &Call, request: StartTraceRetrievalRequest) -> Result<StartTraceRetrievalResult, Fault> {
    let range = asked::long_range(request.start_time, request.end_time)?;
    let traces = asked::distinct(request.trace_ids)?;
    let open = forget_those_that_are_over(call)?;
    if open >= OPEN {
        return Err(Fault::throttled(format!("{OPEN} trace retrievals are open already")));
    }
    let now = call.store.stamp();
    let traces = traces.into_iter().map(|(trace, _)| trace);
    let retrieval = Retrieval::new(traces, range.start, range.end, now);
    let token = format!("{:016x}{:032x}", now.0, rand::random::<u128>());
    kept::set(call, ObjectKind::Task, &task(&token), &retrieval)?;
    Ok(StartTraceRetrievalResult {
        retrieval_token: Some(token),
    })
}

pub(super) fn cancel(call: &Call, request: CancelTraceRetrievalRequest) -> Result<CancelTraceRetrievalResult, Fault> {
    let (mut retrieval, old) = find(call, &request.retrieval_token)?;
    if !retrieval.cancelled {
        retrieval.cancelled = true;
        let name = task(&request.retrieval_token);
        kept::change(call, ObjectKind::Task, &name, Some(&old), Some(&retrieval))?;
    }
    Ok(CancelTraceRetrievalResult {})
}

pub(super) fn list(call: &Call, request: ListRetrievedTracesRequest) -> Result<ListRetrievedTracesResult, Fault> {
    let (retrieval, _) = find(call, &request.retrieval_token)?;
    let format = request.trace_format.unwrap_or(TraceFormatType::Xray);
    let of = fingerprint([request.retrieval_token.as_str(), &format!("{format:?}")].into_iter());
    let from = request
        .next_token
        .map(|token| token::to_spans(&token, of))
        .transpose()?;
    let mut page = Page::default();
    if !retrieval.cancelled {
        page.fill(call, &retrieval, format, from.unwrap_or_default())?;
    }
    Ok(ListRetrievedTracesResult {
        retrieval_status: Some(status(&retrieval)),
        trace_format: Some(format),
        traces: Some(page.traces),
        next_token: page.next.map(|next| token::of_spans(next, of)),
    })
}

pub(super) fn status(retrieval: &Retrieval) -> RetrievalStatus {
    if retrieval.cancelled {
        RetrievalStatus::Cancelled
    } else {
        RetrievalStatus::Complete
    }
}

/// The retrieval of a token, if there is one and its time is not over.
pub(super) fn find(call: &Call, token: &str) -> Result<Kept<Retrieval>, Fault> {
    let kept: Option<Kept<Retrieval>> = kept::read(call, ObjectKind::Task, &task(token))?;
    let open = kept.filter(|(retrieval, _)| !retrieval.is_over(call.store.stamp()));
    open.ok_or_else(|| Fault::not_found(token, "there is no trace retrieval with this token"))
}

/// Looks at each trace that a retrieval gives, in order, for as long as `visit` wants more.
pub(super) fn each(
    call: &Call,
    retrieval: &Retrieval,
    from: usize,
    mut visit: impl FnMut(usize, &TraceView<'_>) -> bool,
) -> Result<(), Fault> {
    for (place, trace) in retrieval.traces().filter(|(place, _)| *place >= from) {
        let Some(stored) = stored_at(&*call.source, call.account, trace, retrieval.started())? else {
            continue;
        };
        let view = TraceView::open(trace, &stored, retrieval.started());
        if retrieval.wants(view.digest.start, view.digest.end) && !visit(place, &view) {
            break;
        }
    }
    Ok(())
}

/// Tells retrievals from other tasks.
const TASK: &str = "trace-retrieval/";

/// Under which name a retrieval is kept.
fn task(token: &str) -> String {
    format!("{TASK}{token}")
}

/// Deletes retrievals that nobody can read any more, and says how many others there are.
fn forget_those_that_are_over(call: &Call) -> Result<usize, Fault> {
    let now = call.store.stamp();
    let mut open = 0;
    for (name, value) in call.store.objects(ObjectKind::Task, call.account)? {
        if !name.starts_with(TASK) {
            continue;
        }
        let is_open = serde_json::from_slice(&value).is_ok_and(|retrieval: Retrieval| !retrieval.is_over(now));
        if is_open {
            open += 1;
        } else {
            call.store.delete_object(ObjectKind::Task, call.account, &name)?;
        }
    }
    Ok(open)
}

/// A page that is being filled.
#[derive(Default)]
struct Page {
    traces: Vec<RetrievedTrace>,
    bytes: usize,
    next: Option<SpanPlace>,
}

impl Page {
    fn fill(
        &mut self,
        call: &Call,
        retrieval: &Retrieval,
        format: TraceFormatType,
        from: SpanPlace,
    ) -> Result<(), Fault> {
        each(call, retrieval, from.trace as usize, |place, view| {
            let first = if place == from.trace as usize { from.span } else { 0 };
            let at = |span| SpanPlace {
                trace: u32::try_from(place).unwrap_or(u32::MAX),
                span,
            };
            if self.traces.len() == TRACES || self.bytes >= BYTES {
                self.next = Some(at(first));
                return false;
            }
            let rest = self.add(view, format, first as usize);
            self.next = rest.map(|rest| at(u32::try_from(rest).unwrap_or(u32::MAX)));
            self.next.is_none()
        })
    }

    /// Adds as many spans of a trace as there is room for, and says with which one the next page goes on.
    fn add(&mut self, view: &TraceView<'_>, format: TraceFormatType, first: usize) -> Option<usize> {
        let all = spans(view, format);
        let count = all.len();
        let mut taken = Vec::new();
        for (id, document) in all.into_iter().skip(first).take(SPANS) {
            if self.bytes >= BYTES {
                break;
            }
            self.bytes += document.len();
            taken.push(Span {
                id: Some(id),
                document: Some(document),
            });
        }
        let end = first + taken.len();
        self.traces.push(RetrievedTrace {
            id: Some(view.trace.id().to_string()),
            duration: Some(seconds(view.digest.duration())),
            spans: Some(taken),
        });
        (end < count).then_some(end)
    }
}

/// The documents of a trace: those that `BatchGetTraces` gives, or one for each span.
fn spans(view: &TraceView<'_>, format: TraceFormatType) -> Vec<(String, String)> {
    match format {
        TraceFormatType::Xray => {
            let StoredTrace { records, .. } = view.stored;
            let records: Vec<_> = records.iter().map(|record| record.borrow()).collect();
            let documents = documents(&view.trace, &records).into_iter();
            documents
                .map(|document| (document.id.to_string(), document.json))
                .collect()
        }
        TraceFormatType::Otel => {
            let spans = flat::spans(view.trace.nodes()).into_iter();
            spans.map(|span| (span.id.to_string(), span.json)).collect()
        }
    }
}
