//! What an event says, whatever form it came in. All that reads bodies goes through here.

use std::borrow::Cow;

use beamline_model::log::mention::{self, Mentions};
use beamline_model::otlp;

/// The message of an event.
pub(crate) fn text<'a>(context: Option<&[u8]>, body: &'a [u8]) -> Cow<'a, str> {
    match context {
        None => String::from_utf8_lossy(body),
        Some(context) => Cow::Owned(otlp::logs::message(context, body)),
    }
}

/// The traces that an event names.
pub(crate) fn mentions(context: Option<&[u8]>, body: &[u8]) -> Mentions {
    match context {
        None => mention::in_text(body),
        Some(_) => mention::in_record(body),
    }
}
