//! The latest refused documents, so that somebody who misses one can see what was wrong with it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use beamline_model::time::Timestamp;

use super::Refusal;
use super::reason::{Rejected, Transport};

/// Refused documents kept.
pub const MOST: usize = 256;

/// Bytes kept of each, from its start.
pub const MOST_BYTES: usize = 2_048;

/// Characters kept of each message and id.
const MOST_TEXT: usize = 256;

/// One refused document, datagram or request.
#[derive(Clone, Debug, PartialEq)]
pub struct Reject {
    /// How it came.
    pub transport: Transport,
    /// What is wrong, for programs.
    pub reason: Rejected,
    /// What is wrong, for people.
    pub message: String,
    /// Its id as it was sent, if one could be read.
    pub id: Option<String>,
    /// Who sent it, if that is known.
    pub peer: Option<SocketAddr>,
    /// When.
    pub at: Timestamp,
    /// Its first bytes.
    pub bytes: Vec<u8>,
    /// How many bytes it had.
    pub length: usize,
}

/// The latest [`MOST`] of them; older ones make room.
#[derive(Debug, Default)]
pub struct Rejects {
    // A plain mutex: it is held for one push or one copy, never across an await.
    kept: Mutex<VecDeque<Reject>>,
}

impl Rejects {
    /// The latest refused documents, newest first.
    #[must_use]
    pub fn latest(&self) -> Vec<Reject> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().cloned().collect()
    }

    pub(super) fn keep(&self, refusal: &Refusal<'_>) {
        let short = |text: &str| text.chars().take(MOST_TEXT).collect::<String>();
        let reject = Reject {
            transport: refusal.transport,
            reason: refusal.reason,
            message: short(refusal.message),
            id: refusal.id.map(short),
            peer: refusal.peer,
            at: refusal.at,
            bytes: refusal.bytes[..refusal.bytes.len().min(MOST_BYTES)].to_vec(),
            length: refusal.bytes.len(),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(reject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept_and_each_is_bounded() {
        let rejects = Rejects::default();
        for number in 0..(MOST as i64 + 10) {
            rejects.keep(&Refusal {
                transport: Transport::XrayUdp,
                reason: Rejected::Json,
                message: &"m".repeat(10_000),
                id: Some(&"i".repeat(10_000)),
                peer: None,
                at: Timestamp(number),
                count: 1,
                bytes: &[b'x'; 10_000],
            });
        }
        let latest = rejects.latest();
        assert_eq!((latest.len(), latest[0].at), (MOST, Timestamp(MOST as i64 + 9)));
        assert_eq!((latest[0].bytes.len(), latest[0].length), (MOST_BYTES, 10_000));
        assert!(latest.iter().all(|reject| reject.message.len() == MOST_TEXT));
    }
}
