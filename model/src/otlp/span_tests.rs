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
fn urls_are_put_together_from_their_parts() {
    let check = |kind, json: &str, expected: Option<&str>| {
        case(kind, json).check(|node| {
            let url = node.http.as_ref().and_then(|http| http.url.as_deref());
            assert_eq!(url, expected, "{json}");
        });
    };
    use Kind::*;
    check(Client, r#"{"http.method":"GET"}"#, None);
    check(
        Client,
        r#"{"http.host":"h:81","net.peer.port":9,"http.target":"/a"}"#,
        Some("http://h:81/a"),
    );
    check(
        Client,
        r#"{"http.method":"GET","net.peer.name":"p","net.peer.port":80}"#,
        Some("http://p/"),
    );
    check(
        Client,
        r#"{"url.scheme":"https","server.address":"s","server.port":444,"url.path":"/a","url.query":"q"}"#,
        Some("https://s:444/a?q"),
    );
    check(
        Server,
        r#"{"http.method":"GET","http.server_name":"n","net.host.port":8080}"#,
        Some("http://n:8080/"),
    );
    check(Server, r#"{"http.method":"GET","http.url":"whole"}"#, Some("whole"));
    check(Server, r#"{"db.name":"x"}"#, None);
}

#[test]
fn a_forwarded_client_is_told_from_a_direct_one() {
    let check = |json: &str, ip: Option<&str>, forwarded: Option<bool>| {
        case(Kind::Server, json).check(|node| {
            let http = node.http.as_ref().unwrap();
            assert_eq!(
                (http.client_ip.as_deref(), http.x_forwarded_for),
                (ip, forwarded),
                "{json}"
            );
        });
    };
    check(r#"{"http.client_ip":"1.2.3.4"}"#, Some("1.2.3.4"), Some(true));
    check(
        r#"{"http.client_ip":"1.2.3.4","net.peer.ip":"10.0.0.1"}"#,
        Some("1.2.3.4"),
        None,
    );
    check(
        r#"{"http.method":"GET","net.peer.ip":"10.0.0.1"}"#,
        Some("10.0.0.1"),
        None,
    );
    check(
        r#"{"http.method":"GET","client.address":"::1"}"#,
        Some("::1"),
        Some(true),
    );
    check(r#"{"http.method":"GET","client.address":"host"}"#, None, None);
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

#[test]
fn the_process_says_where_it_runs() {
    let mut ecs = case(Kind::Server, "{}");
    ecs.resource = r#"{"service.name":"shop","cloud.provider":"aws","cloud.platform":"aws_ecs","aws.ecs.launchtype":"fargate",
        "cloud.account.id":"123","cloud.region":"eu-west-1","cloud.availability_zone":"eu-west-1a",
        "aws.ecs.container.arn":"arn:c","aws.log.group.names":["g1","g2"],
        "process.pid":7,"telemetry.sdk.language":"go","os.type":"linux","k8s.pod.name":"shop-1","osprey":3}"#;
    ecs.check(|node| {
        let aws = node.aws.as_ref().unwrap();
        assert_eq!(node.origin.as_deref(), Some("AWS::ECS::Fargate"));
        assert_eq!(node.resource_arn.as_deref(), Some("arn:c"));
        assert_eq!(
            (aws.account_id.as_deref(), aws.availability_zone.as_deref()),
            (Some("123"), Some("eu-west-1a"))
        );
        assert_eq!(aws.log_groups, [("g1".into(), None), ("g2".into(), None)]);
        let has = |key: &str| node.annotations.iter().any(|(found, _)| found == key);
        assert!(
            node.annotations
                .contains(&("k8s.pod.name".into(), Scalar::Text("shop-1".into())))
        );
        assert!(has("cloud.region") && has("osprey"));
        assert!(
            !["service.name", "process.pid", "telemetry.sdk.language", "os.type"]
                .into_iter()
                .any(has)
        );
    });
    let mut gcp = case(Kind::Server, "{}");
    gcp.resource =
        r#"{"cloud.provider":"gcp","cloud.account.id":"p","aws.log.group.arns":"arn:aws:logs:r:a:log-group:g:*"}"#;
    gcp.check(|node| assert_eq!(node.aws, None));
    let mut logs = case(Kind::Server, "{}");
    logs.resource = r#"{"aws.log.group.arns":"arn:aws:logs:r:a:log-group:g&arn:aws:logs:r:a:log-group:h"}"#;
    logs.check(|node| {
        let names: Vec<_> = node
            .aws
            .as_ref()
            .unwrap()
            .log_groups
            .iter()
            .map(|(name, _)| &**name)
            .collect();
        assert_eq!(names, ["g", "h"]);
    });
}

#[test]
fn calls_to_aws_say_what_was_called() {
    let json = r#"{"rpc.system":"aws-api","rpc.service":"DynamoDB","rpc.method":"GetItem","aws.region":"r",
        "aws.requestId":"id","aws.dynamodb.table_names":["t"],"aws.sns.topic.arn":"arn:t","aws.s3.bucket":"b"}"#;
    case(Kind::Client, json).check(|node| {
        let aws = node.aws.as_ref().unwrap();
        assert_eq!((&*node.name, aws.operation.as_deref()), ("DynamoDB", Some("GetItem")));
        assert_eq!(
            (aws.region.as_deref(), aws.request_id.as_deref()),
            (Some("r"), Some("id"))
        );
        assert_eq!((aws.table_name.as_deref(), aws.table_names.len()), (Some("t"), 0));
        assert_eq!(
            (aws.topic_arn.as_deref(), aws.bucket_name.as_deref()),
            (Some("arn:t"), Some("b"))
        );
    });
    case(Kind::Client, r#"{"rpc.system":"grpc","rpc.method":"Say"}"#).check(|node| assert_eq!(node.aws, None));
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
