use proptest::prelude::*;

use super::*;

const TRACE: TraceId = TraceId(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793);
const SPAN: SpanId = SpanId(0x5399_5c3f_42cd_8ad8);

fn check(text: &str, expected: &[(TraceId, Option<SpanId>)]) {
    let expected: Vec<Mention> = expected.iter().map(|&(trace, span)| Mention { trace, span }).collect();
    assert_eq!(in_text(text.as_bytes()).as_slice(), expected, "{text}");
}

#[test]
fn every_agreed_spelling_names_the_trace() {
    for text in [
        "AWS-XRAY-TRACE-ID: 1-5759e988-bd862e3fe1be46a994272793",
        "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
        "1-5759E988-BD862E3FE1BE46A994272793",
        r"line\n1-5759e988-bd862e3fe1be46a994272793",
        r#"{"trace_id":"5759e988bd862e3fe1be46a994272793"}"#,
        r#"{"traceId": "5759e988bd862e3fe1be46a994272793"}"#,
        r#"{\"trace.id\": \"5759e988bd862e3fe1be46a994272793\"}"#,
        r#"{"TraceId":["5759e988bd862e3fe1be46a994272793"]}"#,
        "xray_trace_id=5759e988bd862e3fe1be46a994272793",
        "@xrayTraceId: 5759e988bd862e3fe1be46a994272793",
        r#"{"dd.trace_id":"5759e988bd862e3fe1be46a994272793"}"#,
        r#""logging.googleapis.com/trace":"projects/shop/traces/5759e988bd862e3fe1be46a994272793""#,
    ] {
        check(text, &[(TRACE, None)]);
    }
}

#[test]
fn the_span_is_found_beside_the_trace() {
    for text in [
        "AWS-XRAY-TRACE-ID: 1-5759e988-bd862e3fe1be46a994272793@53995c3f42cd8ad8",
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        "REPORT XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 53995c3f42cd8ad8\tSampled: true",
        "traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
        r#"{"trace_id":"5759e988bd862e3fe1be46a994272793","span_id":"53995c3f42cd8ad8"}"#,
        r#"{"span_id":"53995c3f42cd8ad8","trace_id":"5759e988bd862e3fe1be46a994272793"}"#,
        r#"{"spanId":"53995c3f42cd8ad8","x":1,"traceId":"5759e988bd862e3fe1be46a994272793"}"#,
    ] {
        check(text, &[(TRACE, Some(SPAN))]);
    }
}

#[test]
fn digits_that_only_look_like_an_id_name_nothing() {
    for text in [
        "5759e988bd862e3fe1be46a994272793",
        "md5=5759e988bd862e3fe1be46a994272793",
        "trace_id=05759e988bd862e3fe1be46a994272793",
        "trace_id=5759e988bd862e3fe1be46a994272793x",
        "trace_id=00000000000000000000000000000000",
        "21-5759e988-bd862e3fe1be46a994272793",
        "2-5759e988-bd862e3fe1be46a994272793",
        "span_id=53995c3f42cd8ad8",
        "",
    ] {
        check(text, &[]);
    }
}

#[test]
fn the_first_four_different_traces_count() {
    let text: String = (1..=6u32)
        .flat_map(|n| [n, n])
        .map(|n| format!("{} ", TraceId(u128::from(n) << 96 | 7)))
        .collect();
    let named: Vec<u32> = in_text(text.as_bytes())
        .iter()
        .map(|it| it.trace.epoch_seconds())
        .collect();
    assert_eq!(named, [1, 2, 3, 4]);
}

/// A field of bytes, shorter than 128.
fn sized(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

fn attribute(key: &str, text: &str) -> Vec<u8> {
    let any = sized(1, text.as_bytes());
    sized(6, &[sized(1, key.as_bytes()), sized(2, &any)].concat())
}

#[test]
fn a_record_names_its_own_trace_first() {
    let other = TraceId(9 << 96 | 1);
    let body = sized(5, &sized(1, format!("called {other}").as_bytes()));
    let own = [sized(9, &TRACE.to_bytes()), sized(10, &SPAN.to_bytes())].concat();
    let expected = [
        Mention {
            trace: TRACE,
            span: Some(SPAN),
        },
        Mention {
            trace: other,
            span: None,
        },
    ];
    assert_eq!(in_record(&[body, own].concat()).as_slice(), expected);
}

#[test]
fn a_record_names_traces_in_attributes_by_their_keys() {
    let record = [
        attribute("xray.trace_id", &TRACE.to_w3c()),
        attribute("aws.xray.segment_id", &SPAN.to_string()),
        attribute("etag", &TraceId(1).to_w3c()),
    ];
    let expected = [Mention {
        trace: TRACE,
        span: Some(SPAN),
    }];
    assert_eq!(in_record(&record.concat()).as_slice(), expected);
}

proptest! {
    #[test]
    fn a_planted_id_is_found_in_any_text(
        before in "[^0-9A-Za-z\\\\]{0,3}|.{0,60}[^0-9A-Za-z\\\\]",
        after in "[^0-9A-Za-z@]{0,3}|[^0-9A-Za-z@].{0,60}",
        bits in 1u128..,
        form in 0..4,
    ) {
        let id = TraceId(bits);
        let planted = match form {
            0 => id.to_string(),
            1 => format!("trace_id={}", id.to_w3c()),
            2 => format!(r#""TraceID":"{}""#, id.to_w3c()),
            _ => format!("00-{}-53995c3f42cd8ad8-01", id.to_w3c()),
        };
        let text = format!("{before}{planted}{after}");
        prop_assert!(in_text(text.as_bytes()).iter().any(|it| it.trace == id), "{}", text);
        let upper = text.to_ascii_uppercase();
        prop_assert!(in_text(upper.as_bytes()).iter().any(|it| it.trace == id), "{}", upper);
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(prop::sample::select(b"1-0aF@;=\"traceidspn_\x0a\x12\x2a\x32\xff".to_vec()), 0..200)) {
        prop_assert!(in_text(&bytes).len() <= MOST_MENTIONS);
        prop_assert!(in_record(&bytes).len() <= MOST_MENTIONS);
    }
}
