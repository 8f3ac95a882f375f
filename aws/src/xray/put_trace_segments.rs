//! `PutTraceSegments`.

use std::net::SocketAddr;

use beamline_collector::Unprocessed;
use beamline_proto::generated::xray::{PutTraceSegmentsRequest, PutTraceSegmentsResult, UnprocessedTraceSegment};
use bytes::Bytes;

use super::Call;
use crate::fault::Fault;

/// Answers when every valid document is kept; those that are not valid are named and do not fail the others.
pub(super) async fn run(
    call: &Call,
    peer: Option<SocketAddr>,
    request: PutTraceSegmentsRequest,
) -> Result<PutTraceSegmentsResult, Fault> {
    let documents: Vec<Bytes> = request.trace_segment_documents.into_iter().map(Bytes::from).collect();
    let unprocessed = call.collector.put_segments(call.account, peer, &documents).await?;
    let shown = |refused: Unprocessed| UnprocessedTraceSegment {
        id: refused.id,
        error_code: Some(refused.code),
        message: Some(refused.message),
    };
    Ok(PutTraceSegmentsResult {
        unprocessed_trace_segments: Some(unprocessed.into_iter().map(shown).collect()),
    })
}
