//! Identities of traces and of the entities in them.

use std::fmt;
use std::str::FromStr;

/// Identifies one trace: 128 bits, `1-5759e988-bd862e3fe1be46a994272793` to X-Ray and the same 32 digits to W3C.
///
/// Ordered and hashed as a number, never as text. `Display` prints the X-Ray spelling.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u128);

/// Identifies one segment, subsegment or span inside its trace: 16 lower-case hex digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub u64);

/// The text is not a trace id in either spelling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a trace id: `{0}` (expected 1-8hex-24hex or 32 hex digits)")]
pub struct BadTraceId(pub String);

/// The text is not 16 hex digits, or all of them are zero.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a segment id: `{0}` (expected 16 hex digits)")]
pub struct BadSpanId(pub String);

impl TraceId {
    /// The id from its 16 bytes as OTLP carries them. All zero is not an id.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 16] = bytes.try_into().ok()?;
        let bits = u128::from_be_bytes(bytes);
        (bits != 0).then_some(Self(bits))
    }

    /// The 16 bytes that OTLP carries and keys are made of.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The 32 digits without dashes, as W3C and OpenTelemetry print them.
    #[must_use]
    pub fn to_w3c(self) -> String {
        format!("{:032x}", self.0)
    }

    /// The second that the X-Ray form carries in its first 32 bits. Random for ids that W3C propagators made, so only
    /// a hint about the trace's time.
    #[must_use]
    pub fn epoch_seconds(self) -> u32 {
        (self.0 >> 96) as u32
    }
}

impl FromStr for TraceId {
    type Err = BadTraceId;

    fn from_str(text: &str) -> Result<Self, BadTraceId> {
        parse_trace_id(text.as_bytes()).ok_or_else(|| BadTraceId(text.chars().take(64).collect()))
    }
}

fn parse_trace_id(text: &[u8]) -> Option<TraceId> {
    let bits = match text.len() {
        35 if text.starts_with(b"1-") && text[10] == b'-' => (hex(&text[2..10])? << 96) | hex(&text[11..35])?,
        32 => hex(text)?,
        _ => return None,
    };
    (bits != 0).then_some(TraceId(bits))
}

/// Reads hex digits of either case; a sign, a space or an underscore is not a digit.
fn hex(text: &[u8]) -> Option<u128> {
    text.iter().try_fold(0u128, |bits, &byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return None,
        };
        Some((bits << 4) | u128::from(digit))
    })
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1-{:08x}-{:024x}", self.0 >> 96, self.0 & ((1 << 96) - 1))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl SpanId {
    /// The id from its 8 bytes as OTLP carries them. All zero is not an id.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 8] = bytes.try_into().ok()?;
        let bits = u64::from_be_bytes(bytes);
        (bits != 0).then_some(Self(bits))
    }

    /// The 8 bytes that OTLP carries.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

impl FromStr for SpanId {
    type Err = BadSpanId;

    fn from_str(text: &str) -> Result<Self, BadSpanId> {
        let bits = if text.len() == 16 { hex(text.as_bytes()) } else { None };
        match bits {
            Some(bits) if bits != 0 => Ok(Self(bits as u64)),
            _ => Err(BadSpanId(text.chars().take(64).collect())),
        }
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_spellings_name_the_same_trace() {
        let dashed: TraceId = "1-5759e988-bd862e3fe1be46a994272793".parse().unwrap();
        let plain: TraceId = "5759E988bd862e3fe1be46a994272793".parse().unwrap();
        assert_eq!(dashed, plain);
        assert_eq!(dashed.to_string(), "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(dashed.to_w3c(), "5759e988bd862e3fe1be46a994272793");
        assert_eq!(dashed.epoch_seconds(), 0x5759_e988);
    }

    #[test]
    fn what_only_looks_like_an_id_is_refused() {
        for text in [
            "",
            "1-5759e988-bd862e3fe1be46a99427279",
            "2-5759e988-bd862e3fe1be46a994272793",
            "1-5759e988+bd862e3fe1be46a994272793",
            "+759e988bd862e3fe1be46a994272793",
            "00000000000000000000000000000000",
            "1-00000000-000000000000000000000000",
        ] {
            assert!(text.parse::<TraceId>().is_err(), "{text}");
        }
        for text in ["", "+23456789abcdef0", "0000000000000000", "123", "0123456789abcdefg"] {
            assert!(text.parse::<SpanId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn ids_survive_every_spelling(bits in 1u128.., span in 1u64..) {
            let id = TraceId(bits);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.to_w3c().parse(), Ok(id));
            prop_assert_eq!(TraceId::from_bytes(&id.to_bytes()), Some(id));
            let span = SpanId(span);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
            prop_assert_eq!(SpanId::from_bytes(&span.to_bytes()), Some(span));
        }
    }
}
