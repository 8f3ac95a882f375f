//! What a datagram of the X-Ray daemon's protocol holds: a header line, then documents or, from ADOT, OTLP in base64.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::BytesMut;
use serde::Deserialize;

use crate::report::Rejected;

/// Longer first lines are no headers.
const MOST_HEADER: usize = 1_024;

/// Senders differ in whether they pad.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a body is, told by how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// Segment documents, to be checked.
    Segments(&'a [u8]),
    /// An `ExportTraceServiceRequest` in base64. Whether its sender sampled the trace does not matter here: what was
    /// sent is kept.
    Spans(&'a [u8]),
    /// Metrics.
    Metrics,
}

impl<'a> Payload<'a> {
    /// Everything that is not OTLP is segment documents, if only bad ones.
    pub(crate) fn of(body: &'a [u8]) -> Self {
        let body = body.trim_ascii();
        let spans = body.strip_prefix(b"T1S").or_else(|| body.strip_prefix(b"T1U"));
        match spans {
            Some(base64) => Self::Spans(base64),
            None if body.starts_with(b"M1") => Self::Metrics,
            None => Self::Segments(body),
        }
    }
}

/// Checks the header and returns what follows it.
pub(crate) fn body(datagram: &[u8]) -> Result<&[u8], (Rejected, &'static str)> {
    let Some(newline) = datagram.iter().position(|&byte| byte == b'\n') else {
        return Err((Rejected::NoBody, "no line break: header or segment missing"));
    };
    let (header, body) = (&datagram[..newline], &datagram[newline + 1..]);
    if !is_header(header) {
        return Err((
            Rejected::Header,
            "the first line is not {\"format\":\"json\",\"version\":1}",
        ));
    }
    if body.trim_ascii().is_empty() {
        return Err((Rejected::NoBody, "nothing follows the header"));
    }
    Ok(body)
}

/// Appends what base64 spells.
pub(crate) fn decode(base64: &[u8], buffer: &mut BytesMut) -> Result<(), String> {
    let decoded = LENIENT.decode(base64).map_err(|bad| bad.to_string())?;
    buffer.extend_from_slice(&decoded);
    Ok(())
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: i64,
}

fn is_header(line: &[u8]) -> bool {
    // The two spellings that every SDK sends.
    if line == br#"{"format":"json","version":1}"# || line == br#"{"format": "json", "version": 1}"# {
        return true;
    }
    line.len() <= MOST_HEADER
        && serde_json::from_slice::<Header<'_>>(line)
            .is_ok_and(|header| header.format.eq_ignore_ascii_case("json") && header.version == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(datagram: &str, expected: Result<&str, Rejected>) {
        let found = body(datagram.as_bytes()).map_err(|(reason, _)| reason);
        assert_eq!(found, expected.map(str::as_bytes), "{datagram:?}");
    }

    #[test]
    fn the_first_line_break_ends_the_header() {
        check("{\"format\":\"json\",\"version\":1}\n{}", Ok("{}"));
        check("{\"format\": \"json\", \"version\": 1}\n{}\n{}", Ok("{}\n{}"));
        check("{\"version\":1,\"x\":[],\"format\":\"JSON\"}\r\n[]", Ok("[]"));
        check("{\"format\":\"json\",\"version\":2}\n{}", Err(Rejected::Header));
        check("{\"format\":\"xml\",\"version\":1}\n{}", Err(Rejected::Header));
        check("{\"version\":1}\n{}", Err(Rejected::Header));
        check("hello\n{}", Err(Rejected::Header));
        check(&format!("{}\n{{}}", "[".repeat(60_000)), Err(Rejected::Header));
        check("{\"format\":\"json\",\"version\":1}", Err(Rejected::NoBody));
        check("{\"format\":\"json\",\"version\":1}\n \n", Err(Rejected::NoBody));
        check("", Err(Rejected::NoBody));
    }

    #[test]
    fn adot_marks_otlp_with_its_first_letters() {
        assert_eq!(Payload::of(b"T1Sabc"), Payload::Spans(b"abc"));
        assert_eq!(Payload::of(b" T1Uabc\n"), Payload::Spans(b"abc"));
        assert_eq!(Payload::of(b"M1abc"), Payload::Metrics);
        assert_eq!(Payload::of(b"{}"), Payload::Segments(b"{}"));
        for base64 in ["AQI=", "AQI"] {
            let mut buffer = BytesMut::new();
            assert_eq!(decode(base64.as_bytes(), &mut buffer), Ok(()));
            assert_eq!(&buffer[..], [1, 2]);
        }
        assert!(decode(b"not base64!", &mut BytesMut::new()).is_err());
    }
}
