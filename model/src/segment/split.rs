//! Bodies that hold several documents.

use super::refused::{RefusalCode, Refused};
use crate::json::Reader;

/// How many documents one body may hold. A datagram has room for a few hundred of the smallest.
pub const MAX_DOCUMENTS: usize = 1024;

/// The documents of a body: the items of a JSON array, or the body itself if it is anything else.
///
/// Whether a document is one is for [`head`](super::head) to say, so that each is accepted or refused on its own.
/// Where the array itself is broken, the documents before the break are yielded, then one refusal, then nothing.
#[must_use]
pub fn split(body: &[u8]) -> Split<'_> {
    let trimmed = body.trim_ascii();
    if !trimmed.starts_with(b"[") {
        return Split {
            state: State::Single(trimmed),
        };
    }
    let state = match std::str::from_utf8(trimmed) {
        Ok(text) => {
            let mut reader = Reader::new(text);
            reader.take(b'[');
            State::Array { reader, count: 0 }
        }
        Err(bad) => State::Broken(Refused::new(
            RefusalCode::ParseError,
            format!("byte {}", bad.valid_up_to()),
            "invalid UTF-8",
        )),
    };
    Split { state }
}

/// Iterator over the documents of a body; see [`split`].
#[derive(Clone, Debug)]
pub struct Split<'a> {
    state: State<'a>,
}

#[derive(Clone, Debug)]
enum State<'a> {
    Single(&'a [u8]),
    Array { reader: Reader<'a>, count: usize },
    Broken(Refused),
    Done,
}

impl<'a> Iterator for Split<'a> {
    type Item = Result<&'a [u8], Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Single(body) => Some(Ok(body)),
            State::Broken(refused) => Some(Err(refused)),
            State::Done => None,
            State::Array { mut reader, count } => match next_item(&mut reader, count) {
                Ok(Some(document)) => {
                    let count = count + 1;
                    self.state = State::Array { reader, count };
                    Some(Ok(document))
                }
                Ok(None) => None,
                Err(refused) => Some(Err(refused)),
            },
        }
    }
}

fn next_item<'a>(reader: &mut Reader<'a>, count: usize) -> Result<Option<&'a [u8]>, Refused> {
    if !reader.item(count == 0)? {
        reader.end()?;
        return Ok(None);
    }
    if count == MAX_DOCUMENTS {
        let message = format!("more than {MAX_DOCUMENTS} documents in one body");
        return Err(Refused::new(RefusalCode::InvalidSegment, format!("[{count}]"), message));
    }
    Ok(Some(reader.raw()?.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &[&str]) {
        let found: Vec<String> = split(body.as_bytes())
            .map(|item| match item {
                Ok(document) => String::from_utf8_lossy(document).into_owned(),
                Err(refused) => refused.code.to_string(),
            })
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn a_body_that_is_no_array_is_one_document() {
        check(" {\"a\":[1]}\n", &["{\"a\":[1]}"]);
        check("", &[""]);
        check("garbage", &["garbage"]);
    }

    #[test]
    fn an_array_yields_its_items_verbatim() {
        check("[ {\"a\": 1} ,{}, 5]", &["{\"a\": 1}", "{}", "5"]);
        check("[]", &[]);
    }

    #[test]
    fn what_comes_before_a_break_is_kept() {
        check("[{},{},{\"a\":]", &["{}", "{}", "ParseError"]);
        check("[{}] junk", &["{}", "ParseError"]);
        check("[{}", &["{}", "ParseError"]);
        check("[,{}]", &["ParseError"]);
    }

    #[test]
    fn the_number_of_documents_is_bounded() {
        let body = format!("[{}0]", "0,".repeat(2 * MAX_DOCUMENTS));
        let items: Vec<_> = split(body.as_bytes()).collect();
        assert_eq!(items.len(), MAX_DOCUMENTS + 1);
        assert!(items[MAX_DOCUMENTS].is_err());
    }

    #[test]
    fn invalid_utf8_in_an_array_is_one_refusal() {
        let items: Vec<_> = split(b"[\"\xff\"]").collect();
        assert!(
            matches!(&items[..], [Err(refused)] if refused.path == "byte 2"),
            "{items:?}"
        );
    }
}
