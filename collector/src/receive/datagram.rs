//! What a datagram of the X-Ray daemon's protocol holds, or what it is refused for.

use beamline_model::segment::{BadFrame, unframe};

use crate::report::Rejected;

/// What follows the header.
pub(crate) fn body(datagram: &[u8]) -> Result<&[u8], (Rejected, &'static str)> {
    unframe(datagram).map_err(|bad| {
        let reason = match bad {
            BadFrame::Header => Rejected::Header,
            BadFrame::NoLineBreak | BadFrame::NoBody => Rejected::NoBody,
        };
        (reason, bad.as_str())
    })
}
