//! The frame of a datagram of the X-Ray daemon's protocol: a header line, then the body. What a body may be is for
//! `model` to say.

use std::borrow::Cow;

use serde::Deserialize;

use crate::report::Rejected;

/// Longer first lines are no headers.
const MOST_HEADER: usize = 1_024;

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

    proptest::proptest! {
        #[test]
        fn any_datagram_is_read_without_a_panic(bytes: Vec<u8>, header in "[ -~]{0,60}") {
            let _ = body(&bytes);
            let _ = body(format!("{header}\n{header}").as_bytes());
        }
    }
}
