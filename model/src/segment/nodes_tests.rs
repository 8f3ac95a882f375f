use super::*;
use crate::id::TraceId;
use crate::node::{Cause, Scalar};

const HEAD: &str =
    r#""id":"1a8ea28ac3381a40","trace_id":"1-6b03df9f-429d14ed5031f517127f5323","name":"shop","start_time":1795415967"#;

fn record(document: &str) -> Record<'_> {
    Record {
        trace: TraceId(0x6b03df9f_429d14ed5031f517127f5323),
        received: Timestamp::from_seconds(1_795_415_970),
        weight: 1.0,
        body: Body::Xray(document.as_bytes()),
    }
}

fn one(members: &str, check: impl FnOnce(&Node<'_>)) {
    let document = format!("{{{HEAD},\"end_time\":1795415968,{members}}}");
    let nodes = nodes(&record(&document)).unwrap();
    assert_eq!(nodes.len(), 1, "{document}");
    check(&nodes[0]);
}

#[test]
fn embedded_subsegments_follow_what_contains_them() {
    let document = format!(
        r#"{{"subsegments":[{{"id":"000000000000000a","subsegments":[{{"id":"000000000000000b","name":"b","start_time":3,"end_time":4}}],
        "name":"a","start_time":2}},{{"name":"c","id":"000000000000000c","in_progress":true,"namespace":"aws"}}, 7],{HEAD},"end_time":1795415968}}"#
    );
    let nodes = nodes(&record(&document)).unwrap();
    let shown: Vec<_> = nodes
        .iter()
        .map(|node| {
            (
                &*node.name,
                node.id.0 as u8,
                node.parent.map(|id| id.0 as u8),
                node.form,
                node.kind,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("shop", 0x40, None, Form::Segment, Kind::Server),
            ("a", 0x0a, Some(0x40), Form::Embedded, Kind::Internal),
            ("b", 0x0b, Some(0x0a), Form::Embedded, Kind::Internal),
            ("c", 0x0c, Some(0x40), Form::Embedded, Kind::Client),
        ]
    );
    assert_eq!(nodes[0].oddities, [Oddity::BrokenSubsegment]);
    assert_eq!(
        nodes[3].start, nodes[0].start,
        "a start left out is that of the container"
    );
    assert!(nodes[3].oddities.contains(&Oddity::BrokenSubsegment));
}

#[test]
fn a_subsegment_without_an_id_gets_the_same_one_each_time() {
    let document = format!(r#"{{{HEAD},"end_time":1795415968,"subsegments":[{{"name":"x","id":"zz"}},{{}}]}}"#);
    let read = || nodes(&record(&document)).unwrap();
    assert_eq!(read(), read());
    let ids: Vec<_> = read().iter().map(|node| node.id).collect();
    assert!(ids[1] != ids[2] && ids[0] != ids[1]);
}

#[test]
fn a_thousand_levels_are_read() {
    let open = r#"{"id":"000000000000000a","name":"n","start_time":1795415967,"subsegments":["#.repeat(1_000);
    let document = format!(
        "{{{HEAD},\"end_time\":1795415968,\"subsegments\":[{open}{}]}}",
        "]}".repeat(1_000)
    );
    assert_eq!(nodes(&record(&document)).map(|nodes| nodes.len()), Ok(1_001));
}

#[test]
fn the_three_forms_of_a_cause_are_told_apart() {
    let reference = |id: &str| Some(Cause::Reference(id.to_owned().into()));
    one(r#""cause":"f819622fb9f87036""#, |node| {
        assert_eq!(node.cause.as_deref(), reference("f819622fb9f87036").as_ref());
        assert!(node.unknown.is_empty());
    });
    one(r#""cause":{"id":"8cc6f7d1276bd09b"}"#, |node| {
        assert_eq!(node.cause.as_deref(), reference("8cc6f7d1276bd09b").as_ref());
    });
    one(
        r#""cause":{"working_directory":"/app","paths":["/lib"],"exceptions":[{"message":"boom","type":"Error",
        "stack":[{"path":"node","line":null,"label":"f"},{"line":"7"}],"remote":false,"id":"cc74dc120da9077e"}]}"#,
        |node| {
            let [exception] = node.exceptions() else {
                panic!("{node:?}")
            };
            assert_eq!(exception.message.as_deref(), Some("boom"));
            let lines: Vec<_> = exception.stack.iter().map(|frame| frame.line).collect();
            assert_eq!(lines, [None, Some(7)]);
            assert_eq!(node.oddities, [Oddity::NumberAsText]);
        },
    );
    one(r#""cause":null"#, |node| {
        assert_eq!((&node.cause, node.oddities.len()), (&None, 0))
    });
    one(r#""cause":5"#, |node| assert_eq!(node.oddities, [Oddity::WrongType]));
}

#[test]
fn flags_come_from_the_status_where_none_were_sent() {
    let check = |members: &str, error, fault, throttle| {
        one(members, |node| {
            assert_eq!(node.flags, Flags { error, fault, throttle }, "{members}")
        });
    };
    check(r#""http":{"response":{"status":404}}"#, true, false, false);
    check(r#""http":{"response":{"status":"429"}}"#, true, false, true);
    check(r#""http":{"response":{"status":503}}"#, false, true, false);
    check(
        r#""http":{"response":{"status":503}},"fault":false"#,
        false,
        false,
        false,
    );
    check(
        r#""error":true,"fault":true,"http":{"response":{"status":400}}"#,
        true,
        true,
        false,
    );
    check(r#""throttle":null,"error":"yes""#, false, false, false);
}

#[test]
fn numbers_come_in_every_spelling() {
    let check = |length: &str, expected: Option<i64>| {
        one(
            &format!(r#""http":{{"response":{{"content_length":{length}}}}}"#),
            |node| {
                assert_eq!(node.http.as_ref().unwrap().content_length, expected, "{length}");
            },
        );
    };
    check("61", Some(61));
    check("-1", Some(-1));
    check("\"61\"", Some(61));
    check("6.1e1", Some(61));
    check("6.5", None);
    check("1e99", None);
    check("null", None);
    check("{}", None);
}

#[test]
fn namespaces_that_nobody_knows_are_kept() {
    let check = |text: &str, expected: Namespace<'_>, oddities: &[Oddity]| {
        one(&format!("\"namespace\":{text}"), |node| {
            assert_eq!((&node.namespace, &node.oddities[..]), (&expected, oddities));
        });
    };
    check("\"aws\"", Namespace::Aws, &[]);
    check("\"remote\"", Namespace::Remote, &[]);
    check("\"local\"", Namespace::Local, &[]);
    check("null", Namespace::Local, &[]);
    check("\"mars\"", Namespace::Other("mars".into()), &[Oddity::UnknownNamespace]);
}

#[test]
fn annotations_are_scalars_and_bounded() {
    one(r#""annotations":{"a":"x","b":1.5,"c":true,"d":[1],"e":null}"#, |node| {
        let found: Vec<_> = node
            .annotations
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(found, ["a=x", "b=1.5", "c=true"]);
        assert_eq!(node.oddities, [Oddity::AnnotationNotScalar]);
    });
    let million: Vec<String> = (0..1_000_000).map(|index| format!("\"k{index}\":{index}")).collect();
    one(&format!("\"annotations\":{{{}}}", million.join(",")), |node| {
        assert_eq!(node.annotations.len(), MAX_ANNOTATIONS);
        assert_eq!(node.annotations[7], ("k7".into(), Scalar::Number(7.0)));
        assert_eq!(node.oddities, [Oddity::TooManyEntries]);
    });
}

#[test]
fn the_aws_block_keeps_every_member() {
    one(
        r#""aws":{"operation":"GetItem","consumed_capacity":null,"table_names":["a","b"],"ec2":{"instance_id":"i-1","ami_id":"x"},
        "cloudwatch_logs":[{"log_group":"g","arn":"a:b"},{"log_group":"h"}],"retries":2}"#,
        |node| {
            let aws = node.aws.as_ref().unwrap();
            assert_eq!(aws.operation.as_deref(), Some("GetItem"));
            assert_eq!(aws.table_names, ["a", "b"]);
            assert_eq!(aws.instance_id.as_deref(), Some("i-1"));
            assert_eq!(aws.log_groups, [("g".into(), Some("a:b".into())), ("h".into(), None)]);
            assert_eq!(aws.members.len(), 6);
            assert_eq!(aws.members[1], ("consumed_capacity".into(), "null".into()));
        },
    );
}

#[test]
fn junk_is_kept_beside_the_fields() {
    one(
        r#""Dummy":false,"service":{},"x\u0079":[1, 2],"http":7,"traced":true"#,
        |node| {
            let unknown: Vec<_> = node.unknown.iter().map(|(key, raw)| format!("{key}={raw}")).collect();
            assert_eq!(
                unknown,
                ["Dummy=false", "service={}", "xy=[1, 2]", "http=7", "traced=true"]
            );
            assert_eq!(node.oddities, [Oddity::WrongType]);
            assert!(node.traced);
        },
    );
}

#[test]
fn times_that_no_clock_shows_are_named() {
    let check = |start: &str, odd: bool| {
        let document = format!("{{{HEAD},\"end_time\":{start},\"start_time\":{start}}}");
        let nodes = nodes(&record(&document)).unwrap();
        assert_eq!(nodes[0].oddities.contains(&Oddity::ImplausibleTime), odd, "{start}");
    };
    check("1795415967", false);
    check("-1", true);
    check("946684799", true);
    check("1795502371", true);
    check("1e300", true);
}
