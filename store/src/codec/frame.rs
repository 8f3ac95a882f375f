//! A sealed frame: the records of some traces, compressed together.
//!
//! ```text
//! codec u8 | CRC-32C of the decoded form u32 | its length varint | [dictionary varint, codec 2 only] | zstd
//!
//! decoded:  contexts:  count varint, each with its length in front
//!           runs:      count varint, each a trace id 16 and the number of its records varint
//!           received:  per record, zigzag difference to the record before
//!           weights:   u8 0 when all are 1; else u8 1 and an f32 per record
//!           contexts:  per record varint, 0 for none, else index + 1
//!           lengths:   per record varint
//!           bodies, one after the other
//! ```
//! Codec 1 is plain zstd, codec 2 is zstd with a trained dictionary.

use beamline_model::id::TraceId;
use beamline_model::record::{Body, Record};
use beamline_model::time::Timestamp;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::DCtx;

use super::varint::{Put, Take};
use crate::api::OwnedRecord;

const PLAIN: u8 = 1;
const WITH_DICTIONARY: u8 = 2;

/// No frame is larger than this when decoded, so a damaged length cannot ask for more. The largest record and its
/// context fit.
const MAX_DECODED: usize = 256 << 20;

/// A frame that is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("damaged frame: {0}")]
pub(crate) struct Damaged(&'static str);

/// Gathers the records of one frame.
#[derive(Default)]
pub(crate) struct FrameBuilder<'a> {
    records: Vec<Record<'a>>,
    contexts: Vec<&'a [u8]>,
    numbers: FxHashMap<&'a [u8], usize>,
    /// Bytes of bodies and contexts.
    bytes: usize,
}

impl<'a> FrameBuilder<'a> {
    /// Adds a record. Those of one trace are added one after the other.
    pub(crate) fn add(&mut self, record: Record<'a>) {
        self.bytes += record.body.len();
        if let Body::Otlp { context, .. } = record.body
            && self.contexts.last() != Some(&context)
            && !self.numbers.contains_key(context)
        {
            self.bytes += context.len();
            self.numbers.insert(context, self.contexts.len());
            self.contexts.push(context);
        }
        self.records.push(record);
    }

    /// How many records it has.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// How many bytes they have.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The form that is compressed; the builder is empty after that.
    pub(crate) fn encode(&mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes + 64 + self.records.len() * 24);
        out.varint(self.contexts.len() as u64);
        self.contexts.iter().for_each(|context| out.sized(context));
        let runs: Vec<&[Record<'a>]> = self.records.chunk_by(|a, b| a.trace == b.trace).collect();
        out.varint(runs.len() as u64);
        for run in runs {
            out.extend_from_slice(&run[0].trace.to_bytes());
            out.varint(run.len() as u64);
        }
        let mut last = 0;
        for record in &self.records {
            out.zigzag(record.received.0.wrapping_sub(last));
            last = record.received.0;
        }
        if self.records.iter().all(|record| record.weight == 1.0) {
            out.push(0);
        } else {
            out.push(1);
            let weights = self.records.iter().map(|record| record.weight.to_le_bytes());
            weights.for_each(|weight| out.extend_from_slice(&weight));
        }
        for record in &self.records {
            out.varint(match record.body {
                Body::Xray(_) => 0,
                Body::Otlp { context, .. } => self.numbers.get(context).map_or(0, |&number| number as u64 + 1),
            });
        }
        for record in &self.records {
            out.varint(record.body.len() as u64);
        }
        for record in &self.records {
            match record.body {
                Body::Xray(body) | Body::Otlp { span: body, .. } => out.extend_from_slice(body),
            }
        }
        *self = Self::default();
        out
    }
}

/// What a frame's first bytes say.
struct Header<'a> {
    crc: u32,
    length: usize,
    dictionary: Option<u32>,
    body: &'a [u8],
}

fn header(frame: &[u8]) -> Result<Header<'_>, Damaged> {
    let mut take = Take(frame);
    let mut read = || {
        let codec = take.byte()?;
        let crc = u32::from_le_bytes(take.array()?);
        let length = take.number()?;
        let dictionary = match codec {
            PLAIN => None,
            WITH_DICTIONARY => Some(take.number()?),
            _ => return None,
        };
        Some((crc, length, dictionary))
    };
    let (crc, length, dictionary) = read().ok_or(Damaged("header"))?;
    if length > MAX_DECODED {
        return Err(Damaged("implausible length"));
    }
    Ok(Header {
        crc,
        length,
        dictionary,
        body: take.0,
    })
}

/// The dictionary that a frame needs, if any.
pub(crate) fn dictionary(frame: &[u8]) -> Result<Option<u32>, Damaged> {
    Ok(header(frame)?.dictionary)
}

/// Puts the header in front of what was compressed.
pub(crate) fn finish(decoded: &[u8], dictionary: Option<u32>, compressed: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(compressed.len() + 16);
    frame.push(if dictionary.is_some() { WITH_DICTIONARY } else { PLAIN });
    frame.extend_from_slice(&crc32c::crc32c(decoded).to_le_bytes());
    frame.varint(decoded.len() as u64);
    dictionary
        .into_iter()
        .for_each(|number| frame.varint(u64::from(number)));
    frame.extend_from_slice(compressed);
    frame
}

/// The decoded form, checked. `dictionary` is the one that the frame names.
pub(crate) fn decompress(
    frame: &[u8],
    context: &mut DCtx<'_>,
    dictionary: Option<&DecoderDictionary<'_>>,
) -> Result<Bytes, Damaged> {
    let header = header(frame)?;
    let mut decoded = Vec::with_capacity(header.length);
    let outcome = match dictionary {
        Some(dictionary) => context.decompress_using_ddict(&mut decoded, header.body, dictionary.as_ddict()),
        None => context.decompress(&mut decoded, header.body),
    };
    if outcome.is_err() {
        return Err(Damaged("zstd"));
    }
    if decoded.len() != header.length || crc32c::crc32c(&decoded) != header.crc {
        return Err(Damaged("checksum differs"));
    }
    Ok(decoded.into())
}

/// Takes from a decoded frame the records of one trace, or of all.
pub(crate) fn records(decoded: &Bytes, wanted: Option<TraceId>) -> Result<Vec<OwnedRecord>, Damaged> {
    parse(decoded, wanted).ok_or(Damaged("rows do not parse"))
}

fn parse(decoded: &Bytes, wanted: Option<TraceId>) -> Option<Vec<OwnedRecord>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record() -> impl Strategy<Value = OwnedRecord> {
        let context = prop::option::of(prop::sample::select(vec!["one resource", "another"]));
        let weight = prop::sample::select(vec![1.0f32, 20.0]);
        (0u128..4, any::<i64>(), weight, context, "[a-c]{0,40}").prop_map(|(trace, received, weight, context, body)| {
            OwnedRecord {
                trace: TraceId(trace),
                received: Timestamp(received),
                weight,
                context: context.map(Bytes::from),
                body: body.into(),
            }
        })
    }

    fn build(records: &[OwnedRecord]) -> Vec<u8> {
        let mut builder = FrameBuilder::default();
        records.iter().for_each(|record| builder.add(record.borrow()));
        let decoded = builder.encode();
        let compressed = zstd::bulk::compress(&decoded, 3).unwrap();
        finish(&decoded, None, &compressed)
    }

    proptest! {
        #[test]
        fn records_come_back(mut sent in prop::collection::vec(record(), 0..80)) {
            sent.sort_by_key(|record| record.trace);
            let frame = build(&sent);
            let mut zstd = DCtx::create();
            let decoded = decompress(&frame, &mut zstd, None).unwrap();
            prop_assert_eq!(&records(&decoded, None).unwrap(), &sent);
            for trace in (0..5).map(TraceId) {
                let of_trace: Vec<_> = sent.iter().filter(|record| record.trace == trace).cloned().collect();
                prop_assert_eq!(records(&decoded, Some(trace)).unwrap(), of_trace);
            }
        }

        #[test]
        fn a_flipped_bit_is_noticed_or_changes_nothing(
            mut sent in prop::collection::vec(record(), 1..20), bit: prop::sample::Index,
        ) {
            sent.sort_by_key(|record| record.trace);
            let mut frame = build(&sent);
            let bit = bit.index(frame.len() * 8);
            frame[bit / 8] ^= 1 << (bit % 8);
            let mut zstd = DCtx::create();
            if let Ok(decoded) = decompress(&frame, &mut zstd, None) {
                prop_assert_eq!(records(&decoded, None).unwrap(), sent);
            }
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let mut zstd = DCtx::create();
            let _ = decompress(&bytes, &mut zstd, None);
            let _ = records(&bytes.into(), None);
        }
    }
}
