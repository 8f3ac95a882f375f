//! Where a page ended, as the opaque text that clients give back.
//!
//! A token holds a position in the order of the data and nothing else: neither what was asked nor a handle to something
//! in memory. So it stays good after a restart, while data arrives, and when a client changes the sampling value between
//! pages, as Grafana does. A check sum tells a token from other text; it is no secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beamline_model::id::TraceId;
use beamline_model::insight::InsightId;
use beamline_model::time::Timestamp;
use beamline_query::insights::Place;
use beamline_store::api::Cursor;

use crate::fault::Fault;

/// The kind of list a token belongs to is its first byte, so that a token of another operation is refused.
const TRACES: u8 = 1;
const ROWS: u8 = 2;
const SPANS: u8 = 3;
const INSIGHT: u8 = 4;
const BUCKET: u8 = 5;

/// Lists whose rows have names: the byte of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Named {
    Groups = 16,
    SamplingRules = 17,
    SamplingStatistics = 18,
    ResourcePolicies = 19,
    Tags = 20,
    IndexingRules = 21,
}

/// Where among the spans of retrieved traces a page begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SpanPlace {
    /// Place of the trace in the request.
    pub(crate) trace: u32,
    /// Place of the span in the trace.
    pub(crate) span: u32,
}

pub(crate) fn of_traces(cursor: &Cursor) -> String {
    let mut bytes = vec![TRACES];
    bytes.extend(cursor.key.to_be_bytes());
    bytes.extend(cursor.start.0.to_be_bytes());
    bytes.extend(cursor.trace.to_bytes());
    sealed(bytes)
}

pub(crate) fn to_traces(token: &str) -> Result<Cursor, Fault> {
    let bytes = opened::<33>(token, TRACES)?;
    let (mut key, mut start, mut trace) = ([0; 8], [0; 8], [0; 16]);
    key.copy_from_slice(&bytes[1..9]);
    start.copy_from_slice(&bytes[9..17]);
    trace.copy_from_slice(&bytes[17..33]);
    Ok(Cursor {
        key: i64::from_be_bytes(key),
        start: Timestamp(i64::from_be_bytes(start)),
        trace: TraceId(u128::from_be_bytes(trace)),
    })
}

/// For insights: the place of the last one given, latest start first.
pub(crate) fn of_insight(start: Timestamp, id: InsightId) -> String {
    let mut bytes = vec![INSIGHT];
    bytes.extend(start.0.to_be_bytes());
    bytes.extend(id.0.to_be_bytes());
    sealed(bytes)
}

pub(crate) fn to_insight(token: &str) -> Result<Place, Fault> {
    let bytes = opened::<25>(token, INSIGHT)?;
    let (mut start, mut id) = ([0; 8], [0; 16]);
    start.copy_from_slice(&bytes[1..9]);
    id.copy_from_slice(&bytes[9..25]);
    Ok(Place {
        start: Timestamp(i64::from_be_bytes(start)),
        id: InsightId(u128::from_be_bytes(id)),
    })
}

/// For time series: the beginning of the bucket that comes next.
pub(crate) fn of_bucket(start: Timestamp) -> String {
    let mut bytes = vec![BUCKET];
    bytes.extend(start.0.to_be_bytes());
    sealed(bytes)
}

pub(crate) fn to_bucket(token: &str) -> Result<Timestamp, Fault> {
    let bytes = opened::<9>(token, BUCKET)?;
    let mut start = [0; 8];
    start.copy_from_slice(&bytes[1..]);
    Ok(Timestamp(i64::from_be_bytes(start)))
}

/// For lists that are made anew for each page: how many rows were given, and what the whole list looked like. A page
/// of a list that has changed since would not fit the pages before.
pub(crate) fn of_rows(given: usize, list: u64) -> String {
    let mut bytes = vec![ROWS];
    bytes.extend((given as u64).to_be_bytes());
    bytes.extend(list.to_be_bytes());
    sealed(bytes)
}

pub(crate) fn to_rows(token: &str) -> Result<(usize, u64), Fault> {
    let bytes = opened::<17>(token, ROWS)?;
    let (mut given, mut list) = ([0; 8], [0; 8]);
    given.copy_from_slice(&bytes[1..9]);
    list.copy_from_slice(&bytes[9..17]);
    let given = usize::try_from(u64::from_be_bytes(given)).map_err(|_| bad_token())?;
    Ok((given, u64::from_be_bytes(list)))
}

/// For lists in the order of unique names: the last name that was given. Whatever comes and goes between two pages,
/// what stays is given once.
pub(crate) fn of_name(list: Named, name: &str) -> String {
    sealed([&[list as u8], name.as_bytes()].concat())
}

pub(crate) fn to_name(list: Named, token: &str) -> Result<String, Fault> {
    let mut content = content(token, list as u8)?;
    String::from_utf8(content.split_off(1)).map_err(|_| bad_token())
}

/// For traces as they were at one moment. `of` tells the retrieval and the format, in which places mean something.
pub(crate) fn of_spans(place: SpanPlace, of: u64) -> String {
    let mut bytes = vec![SPANS];
    bytes.extend(place.trace.to_be_bytes());
    bytes.extend(place.span.to_be_bytes());
    bytes.extend(of.to_be_bytes());
    sealed(bytes)
}

pub(crate) fn to_spans(token: &str, of: u64) -> Result<SpanPlace, Fault> {
    let bytes = opened::<17>(token, SPANS)?;
    let (mut trace, mut span) = ([0; 4], [0; 4]);
    trace.copy_from_slice(&bytes[1..5]);
    span.copy_from_slice(&bytes[5..9]);
    if bytes[9..] != of.to_be_bytes() {
        return Err(bad_token());
    }
    Ok(SpanPlace {
        trace: u32::from_be_bytes(trace),
        span: u32::from_be_bytes(span),
    })
}

fn sealed(mut bytes: Vec<u8>) -> String {
    bytes.extend(check_sum(&bytes).to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn opened<const N: usize>(token: &str, kind: u8) -> Result<[u8; N], Fault> {
    content(token, kind)?.try_into().map_err(|_| bad_token())
}

fn content(token: &str, kind: u8) -> Result<Vec<u8>, Fault> {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| bad_token())?;
    let (content, sum) = bytes.split_last_chunk::<4>().ok_or_else(bad_token)?;
    if check_sum(content) != u32::from_be_bytes(*sum) || content.first() != Some(&kind) {
        return Err(bad_token());
    }
    bytes.truncate(bytes.len() - 4);
    Ok(bytes)
}

pub(crate) fn bad_token() -> Fault {
    Fault::invalid("NextToken is not one that this operation gave")
}

/// FNV-1a: enough to notice a token that was cut or mistyped.
fn check_sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, &byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_position_survives_the_client(key: i64, start: i64, trace: u128, given in 0usize..1_000_000, list: u64) {
            let cursor = Cursor { key, start: Timestamp(start), trace: TraceId(trace) };
            let token = of_traces(&cursor);
            prop_assert_eq!(to_traces(&token), Ok(cursor));
            prop_assert!(to_rows(&token).is_err());
            prop_assert!(to_traces(&token[1..]).is_err());
            let rows = of_rows(given, list);
            prop_assert_eq!(to_rows(&rows), Ok((given, list)));
            prop_assert!(to_traces(&rows).is_err());
            let place = Place { start: Timestamp(start), id: InsightId(trace) };
            let insight = of_insight(place.start, place.id);
            prop_assert_eq!(to_insight(&insight), Ok(place));
            prop_assert!(to_rows(&insight).is_err() && to_insight(&rows).is_err());
            let bucket = of_bucket(place.start);
            prop_assert_eq!(to_bucket(&bucket), Ok(place.start));
            prop_assert!(to_rows(&bucket).is_err() && to_bucket(&rows).is_err());
        }

        #[test]
        fn a_name_survives_the_client(name in ".{0,32}", other in ".{0,32}") {
            let token = of_name(Named::Groups, &name);
            prop_assert_eq!(to_name(Named::Groups, &token), Ok(name.clone()));
            prop_assert!(to_name(Named::Tags, &token).is_err());
            prop_assert_eq!(of_name(Named::Groups, &other) == token, other == name);
            if name.is_ascii() {
                prop_assert!(token.len() <= 100, "GetGroups allows no longer tokens");
            }
        }

        #[test]
        fn a_place_survives_the_client(trace: u32, span: u32, of: u64) {
            let place = SpanPlace { trace, span };
            let token = of_spans(place, of);
            prop_assert_eq!(to_spans(&token, of), Ok(place));
            prop_assert!(to_spans(&token, !of).is_err());
            prop_assert!(to_rows(&token).is_err());
        }

        #[test]
        fn any_other_text_is_refused(text in ".{0,80}") {
            prop_assert!(to_traces(&text).is_err());
            prop_assert!(to_rows(&text).is_err());
            prop_assert!(to_spans(&text, 0).is_err());
            prop_assert!(to_name(Named::Groups, &text).is_err());
            prop_assert!(to_insight(&text).is_err());
            prop_assert!(to_bucket(&text).is_err());
        }
    }
}
