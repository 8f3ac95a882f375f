//! The frame of a datagram of the X-Ray daemon's protocol: a header line, then the body.

use std::borrow::Cow;

use serde::Deserialize;

/// Longer first lines are no headers.
const MOST_HEADER: usize = 1_024;

/// A datagram that holds nothing to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum BadFrame {
    /// One line is no frame.
    NoLineBreak,
    /// The first line is another header, or none.
    Header,
    /// Only white space follows the header.
    NoBody,
}

impl BadFrame {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoLineBreak => "no line break: header or segment missing",
            Self::Header => "the first line is not {\"format\":\"json\",\"version\":1}",
            Self::NoBody => "nothing follows the header",
        }
    }
}

/// Checks the header of a datagram and returns what follows it, for [`split`](super::split) to read.
///
/// # Errors
/// [`BadFrame`] if there is no header of version 1, or nothing after it.
pub fn unframe(datagram: &[u8]) -> Result<&[u8], BadFrame> {
    let newline = datagram.iter().position(|&byte| byte == b'\n');
    let newline = newline.ok_or(BadFrame::NoLineBreak)?;
    let (header, body) = (&datagram[..newline], &datagram[newline + 1..]);
    if !is_header(header) {
        return Err(BadFrame::Header);
    }
    if body.trim_ascii().is_empty() {
        return Err(BadFrame::NoBody);
    }
    Ok(body)
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

    fn check(datagram: &str, expected: Result<&str, BadFrame>) {
        let found = unframe(datagram.as_bytes());
        assert_eq!(found, expected.map(str::as_bytes), "{datagram:?}");
    }

    #[test]
    fn the_first_line_break_ends_the_header() {
        check("{\"format\":\"json\",\"version\":1}\n{}", Ok("{}"));
        check("{\"format\": \"json\", \"version\": 1}\n{}\n{}", Ok("{}\n{}"));
        check("{\"version\":1,\"x\":[],\"format\":\"JSON\"}\r\n[]", Ok("[]"));
        check("{\"format\":\"json\",\"version\":2}\n{}", Err(BadFrame::Header));
        check("{\"format\":\"xml\",\"version\":1}\n{}", Err(BadFrame::Header));
        check("{\"version\":1}\n{}", Err(BadFrame::Header));
        check("hello\n{}", Err(BadFrame::Header));
        check(&format!("{}\n{{}}", "[".repeat(60_000)), Err(BadFrame::Header));
        check("{\"format\":\"json\",\"version\":1}", Err(BadFrame::NoLineBreak));
        check("{\"format\":\"json\",\"version\":1}\n \n", Err(BadFrame::NoBody));
        check("", Err(BadFrame::NoLineBreak));
    }

    proptest::proptest! {
        #[test]
        fn any_datagram_is_read_without_a_panic(bytes: Vec<u8>, header in "[ -~]{0,60}") {
            let _ = unframe(&bytes);
            let _ = unframe(format!("{header}\n{header}").as_bytes());
        }
    }
}
