//! Request bodies, bounded in size and time.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::Instant;

use crate::admit::Held;
use crate::pipeline::Failure;
use crate::report::Rejected;

/// The most that is set aside on the word of a `Content-Length`.
const MOST_RESERVED: u64 = 1 << 20;

/// Reads a whole body of at most `limit` bytes within `time`. Its bytes are held as they come.
pub(crate) async fn read<B>(mut body: B, limit: usize, time: Duration, held: &mut Held) -> Result<Bytes, Failure>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let hint = body.size_hint();
    if hint.lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let deadline = Instant::now() + time;
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    loop {
        let frame = tokio::time::timeout_at(deadline, body.frame()).await;
        let frame = frame.map_err(|_| {
            let message = format!("the body was not there after {} s", time.as_secs_f32());
            Failure::Refused(Rejected::SlowClient, message)
        })?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| Failure::Refused(Rejected::Disconnected, error.into().to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + all.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        held.grow(data.len()).await?;
        // Most bodies are one piece, which need not be copied.
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.reserve(hint.lower().min(MOST_RESERVED) as usize);
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

pub(crate) fn too_large(limit: usize) -> Failure {
    Failure::Refused(Rejected::TooLarge, format!("more than {limit} bytes"))
}
