//! `BatchGetTraces`: whole traces with their documents.

use beamline_model::trace::documents::{Document, documents};
use beamline_proto::generated::xray::{BatchGetTracesRequest, BatchGetTracesResult, Segment, Trace};
use beamline_query::QueryError;
use beamline_query::trace::{TraceView, stored};

use super::render::seconds;
use super::{Call, asked, fingerprint, token};
use crate::fault::Fault;

/// A page that has so many bytes of documents takes no further trace.
const BYTES: usize = 16 << 20;

pub(super) fn run(call: &Call, request: BatchGetTracesRequest) -> Result<BatchGetTracesResult, Fault> {
    let asked = asked::traces(call, request.trace_ids)?;
    let list = fingerprint(asked.iter().map(|(_, spelling)| spelling.as_str()));
    let first = match request.next_token.map(|token| token::to_rows(&token)).transpose()? {
        None => 0,
        Some((given, same)) if same == list => given,
        Some(_) => return Err(token::bad_token()),
    };
    let (mut traces, mut unprocessed) = (Vec::new(), Vec::new());
    let (mut bytes, mut next) = (0, None);
    for (place, (id, spelling)) in asked.into_iter().enumerate().skip(first) {
        if bytes >= BYTES {
            next = Some(token::of_rows(place, list));
            break;
        }
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
        let documents = documents(&view.trace, &records);
        bytes += documents.iter().map(|document| document.json.len()).sum::<usize>();
        let segment = |document: Document| Segment {
            id: Some(document.id.to_string()),
            document: Some(document.json),
        };
        traces.push(Trace {
            id: Some(id.to_string()),
            duration: Some(seconds(view.digest.duration())),
            limit_exceeded: Some(view.digest.limit_exceeded),
            segments: Some(documents.into_iter().map(segment).collect()),
        });
    }
    Ok(BatchGetTracesResult {
        traces: Some(traces),
        unprocessed_trace_ids: Some(unprocessed),
        next_token: next,
    })
}
