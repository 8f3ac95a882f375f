//! Records in rows: what codecs 1 and 2 compress.
//!
//! ```text
//! contexts:  count varint, each with its length in front
//! runs:      count varint, each a trace id 16 and the number of its records varint
//! received:  per record, zigzag difference to the record before
//! weights:   u8 0 when all are 1; else u8 1 and an f32 per record
//! contexts:  per record varint, 0 for none, else index + 1
//! lengths:   per record varint
//! bodies, one after the other
//! ```

use beamline_model::id::TraceId;
use beamline_model::record::{Body, Record};
use beamline_model::time::Timestamp;
use bytes::Bytes;

use crate::api::OwnedRecord;
use crate::codec::varint::{Put, Take};

/// Writes records, those of one trace together. `contexts` are theirs, and `number` tells which one is whose.
pub(super) fn encode(records: &[Record<'_>], contexts: &[&[u8]], number: impl Fn(&[u8]) -> usize) -> Vec<u8> {
    let bodies: usize = records.iter().map(|record| record.body.len()).sum();
    let mut out = Vec::with_capacity(bodies + 64 + records.len() * 24);
    out.varint(contexts.len() as u64);
    contexts.iter().for_each(|context| out.sized(context));
    let runs: Vec<&[Record<'_>]> = records.chunk_by(|a, b| a.trace == b.trace).collect();
    out.varint(runs.len() as u64);
    for run in runs {
        out.extend_from_slice(&run[0].trace.to_bytes());
        out.varint(run.len() as u64);
    }
    let mut last = 0;
    for record in records {
        out.zigzag(record.received.0.wrapping_sub(last));
        last = record.received.0;
    }
    if records.iter().all(|record| record.weight == 1.0) {
        out.push(0);
    } else {
        out.push(1);
        let weights = records.iter().map(|record| record.weight.to_le_bytes());
        weights.for_each(|weight| out.extend_from_slice(&weight));
    }
    for record in records {
        out.varint(match record.body {
            Body::Xray(_) => 0,
            Body::Otlp { context, .. } => number(context) as u64 + 1,
        });
    }
    for record in records {
        out.varint(record.body.len() as u64);
    }
    for record in records {
        match record.body {
            Body::Xray(body) | Body::Otlp { span: body, .. } => out.extend_from_slice(body),
        }
    }
    out
}

/// The records of one trace, or all; `None` when the frame is not what was written.
pub(super) fn records(decoded: &Bytes, wanted: Option<TraceId>) -> Option<Vec<OwnedRecord>> {
    let mut take = Take(decoded);
    let contexts = take.count()?;
    let contexts: Vec<&[u8]> = (0..contexts).map(|_| take.sized()).collect::<Option<_>>()?;
    let runs = take.count()?;
    let mut traces = Vec::with_capacity(runs);
    let mut total = 0usize;
    for _ in 0..runs {
        let (trace, records) = (TraceId(u128::from_be_bytes(take.array()?)), take.number::<usize>()?);
        total = total.checked_add(records).filter(|total| *total <= decoded.len())?;
        traces.push((trace, records));
    }
    let mut last = 0i64;
    let mut received = Vec::with_capacity(total);
    for _ in 0..total {
        last = last.wrapping_add(take.zigzag()?);
        received.push(Timestamp(last));
    }
    let weights = match take.byte()? {
        0 => None,
        _ => Some(take.bytes(total.checked_mul(4)?)?),
    };
    let context_of: Vec<usize> = (0..total).map(|_| take.number()).collect::<Option<_>>()?;
    let lengths: Vec<usize> = (0..total).map(|_| take.number()).collect::<Option<_>>()?;
    let mut found = Vec::new();
    let mut index = 0;
    for (trace, records) in traces {
        for at in index..index + records {
            let body = take.bytes(lengths[at])?;
            if wanted.is_some_and(|wanted| wanted != trace) {
                continue;
            }
            let context = match context_of[at].checked_sub(1) {
                None => None,
                Some(number) => Some(decoded.slice_ref(contexts.get(number)?)),
            };
            let weight = match weights {
                None => 1.0,
                Some(weights) => f32::from_le_bytes(weights.get(at * 4..)?.first_chunk().copied()?),
            };
            found.push(OwnedRecord {
                trace,
                received: received[at],
                weight,
                context,
                body: decoded.slice_ref(body),
            });
        }
        index += records;
    }
    take.0.is_empty().then_some(found)
}
