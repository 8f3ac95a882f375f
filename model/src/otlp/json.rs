//! OTLP's JSON encoding, which is not quite protobuf's own: ids are hex, enums are numbers, unknown keys are ignored.
//!
//! Requests are turned into the protobuf bytes that everything else reads, so that JSON has no second meaning.

mod read;
mod write;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Signal;
use super::schema::{self, SPAN};
use super::wire::BadWire;
pub use crate::json::BadJson;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Decodes base64 of either alphabet, padded or not.
pub(super) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(text).or_else(|_| BASE64_URL.decode(text)).ok()
}

/// Base64 of the standard alphabet, padded.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// A signal's export request in JSON as protobuf.
///
/// Accepts more than the specification: enum names, 64-bit numbers unquoted, `null` for absent. An id that is not hex
/// is written as one that is none, so that it costs its span and not the request, and a log record or exemplar nothing
/// but the id; an attribute's number that is not one becomes text.
///
/// The result is no longer than the text, except for lists of numbers, which take up to four times their text.
///
/// # Errors
/// The text is not UTF-8, not JSON, nested too deeply, or a field holds what its type cannot.
pub fn to_protobuf(signal: Signal, json: &[u8]) -> Result<Vec<u8>, BadJson> {
    to_protobuf_within(signal, json, usize::MAX)
}

/// [`to_protobuf`] with at most so many bytes of lists of numbers.
///
/// # Errors
/// Those of [`to_protobuf`], or the lists are longer.
pub fn to_protobuf_within(signal: Signal, json: &[u8], limit: usize) -> Result<Vec<u8>, BadJson> {
    let text = std::str::from_utf8(json).map_err(|bad| BadJson {
        position: bad.valid_up_to(),
        message: "invalid UTF-8",
    })?;
    read::message(text, schema::request(signal), limit)
}

/// A signal's export request in protobuf, or the message of the same form that files hold, as JSON.
///
/// # Errors
/// The bytes are not such a message, or nest too deeply.
pub fn from_protobuf(signal: Signal, bytes: &[u8]) -> Result<String, BadWire> {
    write::message(bytes, schema::request(signal))
}

/// A protobuf `Span`, or some of its fields, as JSON; `None` if the bytes are no such message.
pub(crate) fn span_from_protobuf(bytes: &[u8]) -> Option<String> {
    write::message(bytes, &SPAN).ok()
}

/// The protobuf of what [`span_from_protobuf`] wrote; `None` for any other text.
pub(crate) fn span_to_protobuf(json: &str) -> Option<Vec<u8>> {
    read::message(json, &SPAN, usize::MAX).ok()
}

#[cfg(test)]
mod tests;
