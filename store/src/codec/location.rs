//! Where a sealed trace is: the value of a row in [`Family::Trace`](crate::engine::Family::Trace).
//!
//! ```text
//! version u8 = 1 | flags u8: 1 limit exceeded | revision varint | bytes of bodies varint | where its digest is
//! runs: count varint, each: block, first frame, frames, records, all varint
//! ```

use super::varint::{Put, Take};
use crate::table::DigestAt;

const VERSION: u8 = 1;
const LIMIT_EXCEEDED: u8 = 1;

/// Where a sealed trace is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Location {
    /// How often it was sealed with something new.
    pub(crate) revision: u32,
    /// Records were refused because it is too large.
    pub(crate) limit_exceeded: bool,
    /// Bytes of its documents and spans.
    pub(crate) bytes: u64,
    /// Its latest digest.
    pub(crate) digest: DigestAt,
    /// Its records, in order of sealing.
    pub(crate) runs: Vec<Run>,
}

/// Records that were sealed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) block: u32,
    pub(crate) first: u16,
    pub(crate) frames: u16,
    pub(crate) records: u32,
}

impl Location {
    /// How many records it leads to.
    pub(crate) fn records(&self) -> usize {
        self.runs.iter().map(|run| run.records as usize).sum()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION, if self.limit_exceeded { LIMIT_EXCEEDED } else { 0 }];
        out.varint(u64::from(self.revision));
        out.varint(self.bytes);
        self.digest.encode(&mut out);
        out.varint(self.runs.len() as u64);
        for run in &self.runs {
            out.varint(u64::from(run.block));
            out.varint(u64::from(run.first));
            out.varint(u64::from(run.frames));
            out.varint(u64::from(run.records));
        }
        out
    }

    /// `None` if the bytes are not one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        if take.byte()? != VERSION {
            return None;
        }
        let limit_exceeded = take.byte()? & LIMIT_EXCEEDED != 0;
        let (revision, bytes) = (take.number()?, take.varint()?);
        let digest = DigestAt::decode(&mut take)?;
        let count = take.count()?;
        let mut runs = Vec::with_capacity(count);
        for _ in 0..count {
            runs.push(Run {
                block: take.number()?,
                first: take.number()?,
                frames: take.number()?,
                records: take.number()?,
            });
        }
        Some(Self {
            revision,
            limit_exceeded,
            bytes,
            digest,
            runs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn locations_come_back(
            revision: u32, limit_exceeded: bool, bytes: u64, minute: u32,
            runs in prop::collection::vec(any::<(u32, u16, u16, u32)>(), 0..5),
        ) {
            let run = |(block, first, frames, records)| Run { block, first, frames, records };
            let location = Location {
                revision, limit_exceeded, bytes,
                digest: DigestAt { minute, chunk: 3, row: 9 },
                runs: runs.into_iter().map(run).collect(),
            };
            prop_assert_eq!(Location::decode(&location.encode()), Some(location));
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Location::decode(&bytes);
        }
    }
}
