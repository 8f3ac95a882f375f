//! Spans read: what each convention says about them.

mod failures;
mod http;
mod places;

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, Status as WireStatus, span as wire};
use prost::Message;

use super::*;
use crate::node::{Flags, Namespace};
use crate::record::Body;

fn any(json: &serde_json::Value) -> AnyValue {
    use any_value::Value as Any;
    let value = match json {
        serde_json::Value::String(text) => Any::StringValue(text.clone()),
        serde_json::Value::Bool(truth) => Any::BoolValue(*truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(int) => Any::IntValue(int),
            None => Any::DoubleValue(number.as_f64().unwrap()),
        },
        serde_json::Value::Array(items) => Any::ArrayValue(ArrayValue {
            values: items.iter().map(any).collect(),
        }),
        other => panic!("{other}"),
    };
    AnyValue { value: Some(value) }
}

/// Attributes from JSON: `{"http.method": "GET"}`.
fn attributes(json: &str) -> Vec<KeyValue> {
    let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    let attribute = |(key, value): (&String, &serde_json::Value)| KeyValue {
        key: key.clone(),
        value: Some(any(value)),
        ..Default::default()
    };
    members.iter().map(attribute).collect()
}

struct Case {
    resource: &'static str,
    span: Span,
}

fn case(kind: Kind, attributes_json: &str) -> Case {
    Case {
        resource: r#"{"service.name":"shop"}"#,
        span: Span {
            trace_id: vec![7; 16],
            span_id: vec![1; 8],
            parent_span_id: vec![2; 8],
            name: "GET /x".into(),
            kind: kind as i32,
            start_time_unix_nano: 1_795_415_967_000_000_001,
            end_time_unix_nano: 1_795_415_968_000_000_002,
            attributes: attributes(attributes_json),
            ..Default::default()
        },
    }
}

impl Case {
    fn with(mut self, change: impl FnOnce(&mut Span)) -> Self {
        change(&mut self.span);
        self
    }

    fn check(&self, check: impl FnOnce(&Node<'_>)) {
        let resource = Resource {
            attributes: attributes(self.resource),
            ..Default::default()
        };
        let enclosing = ResourceSpans {
            resource: Some(resource),
            ..Default::default()
        };
        let (context_bytes, span_bytes) = (enclosing.encode_to_vec(), self.span.encode_to_vec());
        let record = Record {
            trace: TraceId(7),
            received: Timestamp::from_seconds(1_795_415_970),
            weight: 1.0,
            body: Body::Otlp {
                context: &context_bytes,
                span: &span_bytes,
            },
        };
        let source = super::super::context(&context_bytes);
        check(&span(&span_bytes, &source, &record).unwrap());
    }
}

#[test]
fn a_name_is_the_first_that_says_who_does_the_work() {
    let check = |kind, json: &str, expected: &str| {
        case(kind, json).check(|node| assert_eq!(node.name, expected, "{json}"));
    };
    use Kind::*;
    check(Server, "{}", "shop");
    check(Server, r#"{"aws.local.service":"till","peer.service":"x"}"#, "till");
    check(
        Client,
        r#"{"aws.remote.service":"AWS::S3","rpc.system":"aws-api"}"#,
        "S3",
    );
    check(
        Client,
        r#"{"aws.remote.service":"AWS.SDK.SQS","rpc.system":"aws-api"}"#,
        "SQS",
    );
    check(Client, r#"{"aws.remote.service":"AWS::S3"}"#, "AWS::S3");
    check(Client, r#"{"peer.service":"cart","http.host":"h"}"#, "cart");
    check(Client, r#"{"service.peer.name":"cart"}"#, "cart");
    check(Client, r#"{"aws.service":"DynamoDB","db.name":"d"}"#, "DynamoDB");
    check(Client, r#"{"db.name":"orders"}"#, "orders");
    check(
        Client,
        r#"{"db.name":"orders","db.connection_string":"jdbc:mysql://u@db.host:3306/x"}"#,
        "orders@db.host",
    );
    check(
        Client,
        r#"{"db.namespace":"orders","server.address":"db.host"}"#,
        "orders@db.host",
    );
    check(Client, r#"{"rpc.service":"Greeter","http.host":"h"}"#, "Greeter");
    check(Client, r#"{"rpc.method":"hello.Greeter/Say"}"#, "hello.Greeter");
    check(Client, r#"{"http.host":"h:1","net.peer.name":"p"}"#, "h:1");
    check(Client, r#"{"net.peer.name":"p"}"#, "p");
    check(Client, r#"{"server.address":"s"}"#, "s");
    check(
        Producer,
        r#"{"messaging.destination.name":"orders","server.address":"s"}"#,
        "orders",
    );
    check(Internal, r#"{"server.address":"s"}"#, "GET /x");
    case(Client, "{}")
        .with(|span| span.name = "a{b}?é*".into())
        .check(|node| assert_eq!(node.name, "abé"));
    case(Client, "{}")
        .with(|span| span.name = "{}".into())
        .check(|node| assert_eq!(node.name, "span"));
    case(Client, "{}")
        .with(|span| span.name = "x".repeat(300))
        .check(|node| assert_eq!(node.name.len(), 200));
    case(Internal, "{}")
        .with(|span| span.parent_span_id.clear())
        .check(|node| assert_eq!(node.name, "shop"));
}

#[test]
fn namespaces_follow_kind_and_rpc_system() {
    let check = |kind, json: &str, expected: Namespace<'_>| {
        case(kind, json).check(|node| assert_eq!(node.namespace, expected, "{json}"));
    };
    check(Kind::Client, r#"{"rpc.system":"aws-api"}"#, Namespace::Aws);
    check(Kind::Client, r#"{"rpc.system.name":"aws-api"}"#, Namespace::Aws);
    check(Kind::Internal, r#"{"aws.service":"S3"}"#, Namespace::Aws);
    check(Kind::Client, "{}", Namespace::Remote);
    check(Kind::Producer, "{}", Namespace::Remote);
    check(Kind::Internal, "{}", Namespace::Local);
    check(Kind::Server, r#"{"rpc.system":"aws-api"}"#, Namespace::Local);
}

#[test]
fn old_and_new_conventions_say_the_same() {
    let view = |kind, json: &str| {
        let mut view = String::new();
        case(kind, json).check(|node| {
            view = format!(
                "{} {:?} {:?} {:?} {:?} {:?} {:?}",
                node.name, node.namespace, node.http, node.sql, node.aws, node.user, node.flags
            );
        });
        view
    };
    let check = |kind, old: &str, new: &str| assert_eq!(view(kind, old), view(kind, new), "{old} {new}");
    check(
        Kind::Server,
        r#"{"http.method":"GET","http.scheme":"https","net.host.name":"h","net.host.port":8443,"http.target":"/a?b=c",
            "http.status_code":404,"http.user_agent":"ua","net.peer.ip":"10.0.0.1","enduser.id":"me"}"#,
        r#"{"http.request.method":"GET","url.scheme":"https","server.address":"h","server.port":8443,"url.path":"/a",
            "url.query":"b=c","http.response.status_code":404,"user_agent.original":"ua",
            "network.peer.address":"10.0.0.1","user.id":"me"}"#,
    );
    check(
        Kind::Client,
        r#"{"http.method":"GET","http.url":"http://h/p","http.status_code":"503","net.peer.name":"h","http.response_content_length":5}"#,
        r#"{"http.request.method":"GET","url.full":"http://h/p","http.response.status_code":503,"server.address":"h","http.response.body.size":5}"#,
    );
    check(
        Kind::Client,
        r#"{"db.system":"postgresql","db.name":"o","db.statement":"select ?","net.peer.name":"h"}"#,
        r#"{"db.system.name":"postgresql","db.namespace":"o","db.query.text":"select ?","server.address":"h"}"#,
    );
    check(
        Kind::Client,
        r#"{"rpc.system":"grpc","rpc.service":"Greeter","rpc.method":"Say","rpc.grpc.status_code":5}"#,
        r#"{"rpc.system.name":"grpc","rpc.method":"Greeter/Say","rpc.response.status_code":"NOT_FOUND"}"#,
    );
    check(
        Kind::Producer,
        r#"{"messaging.url":"https://sqs/q","peer.service":"q","messaging.destination":"q"}"#,
        r#"{"aws.sqs.queue.url":"https://sqs/q","service.peer.name":"q","messaging.destination.name":"q"}"#,
    );
}

#[test]
fn flags_follow_http_then_rpc_then_the_span() {
    const FAILED: i32 = 2;
    let check = |json: &str, code: i32, expected: &str| {
        let failed = WireStatus {
            code,
            ..Default::default()
        };
        case(Kind::Client, json)
            .with(|span| span.status = Some(failed))
            .check(|node| {
                let Flags { error, fault, throttle } = node.flags;
                let words = [(error, "error"), (fault, "fault"), (throttle, "throttle")];
                let said: Vec<_> = words.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
                assert_eq!(said.join(" "), expected, "{json} {code}");
            });
    };
    check("{}", 0, "");
    check("{}", FAILED, "fault");
    check(r#"{"http.status_code":404}"#, 0, "error");
    check(r#"{"http.status_code":429}"#, FAILED, "error throttle");
    check(r#"{"http.status_code":500}"#, 0, "fault");
    check(r#"{"http.status_code":200}"#, FAILED, "fault");
    check(r#"{"rpc.grpc.status_code":0}"#, 0, "");
    check(r#"{"rpc.grpc.status_code":0}"#, FAILED, "fault");
    check(r#"{"rpc.grpc.status_code":8}"#, FAILED, "error throttle");
    check(r#"{"rpc.status_code":"RESOURCE_EXHAUSTED"}"#, FAILED, "error throttle");
    check(r#"{"rpc.status_code":"NotFound"}"#, 0, "error");
    check(r#"{"rpc.grpc.status_code":14}"#, FAILED, "fault");
    check(
        r#"{"error.type":"ThrottlingException","http.status_code":400}"#,
        FAILED,
        "error throttle",
    );
    check(
        r#"{"aws.error.code":"ProvisionedThroughputExceededException"}"#,
        FAILED,
        "error throttle",
    );
    check(r#"{"aws.error.code":"ThrottlingException"}"#, 0, "");
}

#[test]
fn scalars_are_annotations_and_the_rest_stays_an_attribute() {
    let json = r#"{"a":"x","b":1,"c":true,"d":[1],"aws.xray.annotations":["c"]}"#;
    case(Kind::Internal, json).check(|node| {
        let keys: Vec<_> = node.annotations.iter().map(|(key, _)| &**key).collect();
        assert_eq!(keys, ["c", "a", "b"]);
        assert_eq!(node.attributes.len(), 5);
    });
    let many: Vec<String> = (0..300).map(|index| format!("\"k{index}\":{index}")).collect();
    case(Kind::Internal, &format!("{{{}}}", many.join(","))).check(|node| {
        assert_eq!((node.annotations.len(), node.attributes.len()), (MAX_ANNOTATIONS, 300));
        assert!(node.oddities.contains(&Oddity::TooManyEntries));
    });
}

#[test]
fn flaws_are_named() {
    let check = |change: fn(&mut Span), expected: &[Oddity]| {
        case(Kind::Internal, "{}")
            .with(change)
            .check(|node| assert_eq!(node.oddities, expected));
    };
    check(|_| {}, &[]);
    check(|span| span.end_time_unix_nano = 1, &[Oddity::EndsBeforeItStarts]);
    check(|span| span.end_time_unix_nano = 0, &[Oddity::NeitherEndedNorOpen]);
    check(|span| span.start_time_unix_nano = 5, &[Oddity::ImplausibleTime]);
    check(|span| span.parent_span_id = vec![1; 3], &[Oddity::BadReference]);
    check(|span| span.links = vec![wire::Link::default()], &[Oddity::BadReference]);
    check(
        |span| span.attributes = [attributes(r#"{"db.name":"a"}"#), attributes(r#"{"db.name":"b"}"#)].concat(),
        &[Oddity::DuplicateKey],
    );
}

#[test]
fn a_span_that_says_no_time_happened_when_it_came() {
    let bytes = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        ..Span::default()
    }
    .encode_to_vec();
    let received = Timestamp::from_seconds(1_795_415_913);
    let record = Record {
        trace: TraceId(1),
        received,
        weight: 1.0,
        body: Body::Otlp {
            context: b"",
            span: &bytes,
        },
    };
    let node = span(&bytes, &crate::otlp::context(b""), &record).unwrap();
    assert_eq!((node.start, node.end), (received, Some(received)));
    assert!(node.oddities.contains(&Oddity::ImplausibleTime));
}
