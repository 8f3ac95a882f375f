//! `BatchGetTraces`: whole traces with their documents.

use beamline_model::trace::documents::{Document, documents};
use beamline_proto::generated::xray::{BatchGetTracesRequest, BatchGetTracesResult, Segment, Trace};
use beamline_query::QueryError;
use beamline_query::trace::{TraceView, stored};

use super::render::seconds;
use super::{Call, asked};
use crate::fault::Fault;

pub(super) fn run(call: &Call, request: BatchGetTracesRequest) -> Result<BatchGetTracesResult, Fault> {
    if request.next_token.is_some() {
        return Err(Fault::invalid("NextToken is not one that this operation gave"));
    }
    let (mut traces, mut unprocessed) = (Vec::new(), Vec::new());
    for (id, spelling) in asked::traces(call, request.trace_ids)? {
        let stored = match stored(&*call.source, call.account, id) {
            Ok(stored) => stored,
            Err(QueryError::NoSuchTrace(_)) => {
                unprocessed.push(spelling);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let view = TraceView::open(id, &stored, call.store.stamp());
        let records: Vec<_> = stored.records.iter().map(|record| record.borrow()).collect();
        let segment = |document: Document| Segment {
            id: Some(document.id.to_string()),
            document: Some(document.json),
        };
        traces.push(Trace {
            id: Some(id.to_string()),
            duration: Some(seconds(view.digest.duration())),
            limit_exceeded: Some(view.digest.limit_exceeded),
            segments: Some(documents(&view.trace, &records).into_iter().map(segment).collect()),
        });
    }
    Ok(BatchGetTracesResult {
        traces: Some(traces),
        unprocessed_trace_ids: Some(unprocessed),
        next_token: None,
    })
}
