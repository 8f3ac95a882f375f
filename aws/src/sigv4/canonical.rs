//! The one spelling of a request that both sides hash.

use std::borrow::Cow;
use std::fmt::Write;

use http::header::HOST;
use http::request::Parts;

/// The parameter that holds a presigned request's signature, which cannot be about itself.
const SIGNATURE: &str = "X-Amz-Signature";

/// The canonical request; `None` if one of the signed headers is not there. Of a `presigned` one, the signature among
/// the parameters is left out.
pub(super) fn request(parts: &Parts, signed: &[&str], payload: &str, presigned: bool) -> Option<String> {
    let (path, query) = (
        path(parts.uri.path()),
        query(parts.uri.query().unwrap_or_default(), presigned),
    );
    let mut text = format!("{}\n{path}\n{query}\n", parts.method);
    for name in signed {
        let value = header(parts, name)?;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}:{value}");
    }
    let _ = write!(text, "\n{}\n{payload}", signed.join(";"));
    Some(text)
}

/// The path without empty and dot segments, each segment encoded once more than it was sent.
fn path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let mut text = String::from("/");
    for (index, segment) in segments.iter().enumerate() {
        if index > 0 {
            text.push('/');
        }
        encode(segment.as_bytes(), &mut text);
    }
    let ends_in_a_folder = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    if ends_in_a_folder && !segments.is_empty() {
        text.push('/');
    }
    text
}

/// Parameters in order of their encoded names, then values.
fn query(query: &str, presigned: bool) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| !presigned || *name != SIGNATURE)
        .map(|(name, value)| (recoded(name), recoded(value)))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// However it was encoded, encoded the one way.
fn recoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    encode(&decode(text), &mut encoded);
    encoded
}

/// Bytes of a percent-encoded text. A percent sign that begins no code is one.
pub(super) fn decode(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let (bytes, mut decoded) = (text.as_bytes(), Vec::with_capacity(text.len()));
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(decoded)
}

fn encode(bytes: &[u8], text: &mut String) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

/// A header's values, without the spaces around and with single ones inside, separated by commas. HTTP/2 has the host
/// elsewhere.
fn header(parts: &Parts, name: &str) -> Option<String> {
    let values = parts.headers.get_all(name).iter();
    let values: Vec<String> = values
        .map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            words.join(" ")
        })
        .collect();
    if !values.is_empty() {
        return Some(values.join(","));
    }
    let authority = parts.uri.authority().filter(|_| name == HOST.as_str());
    authority.map(|authority| authority.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_encoded_once_more() {
        let check = |sent: &str, expected: &str| assert_eq!(path(sent), expected, "{sent}");
        check("/", "/");
        check("", "/");
        check("//example//", "/example/");
        check("/example/..", "/");
        check("/example1/example2/../..", "/");
        check("/./", "/");
        check("/./example", "/example");
        check("/../../up", "/up");
        check("/a/b/../c/.", "/a/c/");
        check("/ሴ", "/%E1%88%B4");
        check("/%E1%88%B4", "/%25E1%2588%25B4");
        check("/%20/foo", "/%2520/foo");
    }

    #[test]
    fn queries_are_sorted_and_encoded_the_one_way() {
        let check = |sent: &str, expected: &str| assert_eq!(query(sent, true), expected, "{sent}");
        check("", "");
        check("Param2=value2&Param1=value1", "Param1=value1&Param2=value2");
        check("a=2&a=1&b", "a=1&a=2&b=");
        check("c+d", "c%2Bd=");
        check("%e1%88%b4=%2f", "%E1%88%B4=%2F");
        check("a=b=c&&", "a=b%3Dc");
        check("50%=%zz%4", "50%25=%25zz%254");
        check("X-Amz-Signature=00&x-amz-signature=11", "x-amz-signature=11");
        assert_eq!(query("X-Amz-Signature=00", false), "X-Amz-Signature=00");
    }
}
