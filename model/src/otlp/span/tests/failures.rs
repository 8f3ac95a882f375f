//! What went wrong.

use super::*;

fn event(name: &str, json: &str) -> wire::Event {
    wire::Event {
        time_unix_nano: 1_795_415_967_123_456_789,
        name: name.into(),
        attributes: attributes(json),
        ..Default::default()
    }
}

#[test]
fn exceptions_come_from_events() {
    let stack = r#"{"exception.type":"E","exception.message":"m",
        "exception.stacktrace":"E: m\n\tat a.B.c(B.java:1)\nCaused by: F: n\n\tat a.D.e(D.java:2)"}"#;
    let mut java = case(Kind::Client, "{}").with(|span| {
        span.events = vec![event("log", "{}"), event("exception", stack)];
    });
    java.resource = r#"{"telemetry.sdk.language":"java"}"#;
    java.check(|node| {
        let [outer, inner] = node.exceptions() else {
            panic!("{node:?}")
        };
        assert_eq!(
            (outer.kind.as_deref(), outer.message.as_deref()),
            (Some("E"), Some("m"))
        );
        assert_eq!((outer.remote, outer.stack.len(), inner.stack.len()), (Some(true), 1, 1));
        assert_eq!(
            (inner.kind.as_deref(), inner.message.as_deref()),
            (Some("F"), Some("n"))
        );
        assert!(outer.cause.is_some() && outer.cause == inner.id);
        assert!(
            outer
                .stack_text
                .as_deref()
                .is_some_and(|text| text.contains("Caused by"))
        );
        assert_eq!(node.events.len(), 2, "events stay events");
    });
    let failure = r#"{"http.response.status_code":503,"aws.http.error_message":"slow down"}"#;
    let failed = case(Kind::Client, "{}").with(|span| span.events = vec![event("HTTP request failure", failure)]);
    failed.check(|node| {
        let messages: Vec<_> = node
            .exceptions()
            .iter()
            .map(|exception| exception.message.as_deref())
            .collect();
        assert_eq!(messages, [Some("503@1795415967.123456@slow down")]);
    });
}

#[test]
fn a_failed_span_without_exceptions_says_what_its_status_says() {
    let failed = |message: &str, code| {
        let message = message.to_owned();
        case(Kind::Internal, r#"{"http.status_text":"Bad Gateway"}"#)
            .with(move |span| span.status = Some(WireStatus { message, code }))
    };
    let check = |case: Case, expected: Option<&str>| {
        case.check(|node| {
            let message = node
                .exceptions()
                .first()
                .and_then(|exception| exception.message.as_deref());
            assert_eq!(message, expected);
        });
    };
    check(failed("boom", 2), Some("boom"));
    check(failed("", 2), Some("Bad Gateway"));
    check(failed("fine", 1), None);
}
