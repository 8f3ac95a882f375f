//! The shop's work as OpenTelemetry spans, with the attributes that instrumentation libraries set.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value::Value as Any,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as OtlpSpan, Status};

use super::span::{Api, DATABASE, Doing, QUEUE, Service, Span, Story, TABLE, TOPIC, Value};

/// W3C's "sampled", and OTLP's "whether the parent is remote is known".
const SAMPLED: u32 = 0x101;
/// OTLP's "the parent is remote".
const PARENT_IS_REMOTE: u32 = 0x200;

/// The request in which the service that `entry` enters reports its part of the story, once all of it has ended.
pub(crate) fn request(story: &Story, entry: &Span) -> ExportTraceServiceRequest {
    let mut spans = Vec::new();
    gather(story, entry, &mut spans);
    let service = entry.service;
    let scope = InstrumentationScope {
        name: format!("shop.instrumentation.{}", service.language()),
        version: "2.9.0".to_owned(),
        ..Default::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource(service)),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans,
                schema_url: String::new(),
            }],
            schema_url: "https://opentelemetry.io/schemas/1.37.0".to_owned(),
        }],
    }
}

fn gather(story: &Story, span: &Span, into: &mut Vec<OtlpSpan>) {
    into.push(otlp(story, span));
    let own = |it: &&Span| it.parent == Some(span.id) && !it.doing.enters_service();
    for child in story.spans.iter().filter(own) {
        gather(story, child, into);
    }
}

pub(super) fn resource(service: Service) -> Resource {
    let attributes = vec![
        text("service.name", service.name()),
        text("service.version", "1.4.2"),
        text("service.instance.id", &format!("{}-7f9c", service.name())),
        text("deployment.environment.name", "demo"),
        text("telemetry.sdk.name", "opentelemetry"),
        text("telemetry.sdk.language", service.language()),
        text("telemetry.sdk.version", "1.49.0"),
        text("cloud.provider", "aws"),
        text("cloud.platform", "aws_ec2"),
        text("cloud.region", "us-east-1"),
        text("cloud.availability_zone", "us-east-1a"),
        text("host.id", &format!("i-0{:016x}", 0x51a7_e000_u64 + service as u64)),
        pair(
            "aws.log.group.names",
            Any::ArrayValue(texts(&[&format!("/shop/{}", service.name())])),
        ),
    ];
    Resource {
        attributes,
        ..Default::default()
    }
}

fn otlp(story: &Story, span: &Span) -> OtlpSpan {
    let enters = span.doing.enters_service();
    let (name, kind, mut attributes) = describe(span);
    if let Some(user) = &span.user {
        attributes.push(text("user.id", user));
    }
    annotate(span, &mut attributes);
    let links = match span.doing {
        Doing::Consuming { link: (trace, id) } => vec![Link {
            trace_id: trace.to_be_bytes().to_vec(),
            span_id: id.to_be_bytes().to_vec(),
            flags: SAMPLED | PARENT_IS_REMOTE,
            ..Default::default()
        }],
        _ => Vec::new(),
    };
    let failed = span.outcome.is_fault() || (span.outcome.is_error() && kind != SpanKind::Server);
    let status = failed.then(|| Status {
        message: span
            .exception
            .as_ref()
            .map(|(_, message)| message.clone())
            .unwrap_or_default(),
        code: StatusCode::Error.into(),
    });
    OtlpSpan {
        trace_id: story.trace.to_be_bytes().to_vec(),
        span_id: span.id.to_be_bytes().to_vec(),
        parent_span_id: span.parent.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
        flags: if enters && span.parent.is_some() {
            SAMPLED | PARENT_IS_REMOTE
        } else {
            SAMPLED
        },
        name,
        kind: kind.into(),
        start_time_unix_nano: nanos(span.start),
        end_time_unix_nano: nanos(span.end),
        attributes,
        events: span.exception.iter().map(|exception| event(span, exception)).collect(),
        links,
        status,
        ..Default::default()
    }
}

/// Name, kind and attributes by what the span is about.
fn describe(span: &Span) -> (String, SpanKind, Vec<KeyValue>) {
    let status = i64::from(span.outcome.status());
    match &span.doing {
        Doing::Serving { method, path } => {
            let attributes = vec![
                text("http.request.method", method),
                text("url.scheme", "http"),
                text("url.path", path),
                text("server.address", &format!("{}.shop.internal", span.service.name())),
                int("http.response.status_code", status),
            ];
            (format!("{method} {path}"), SpanKind::Server, attributes)
        }
        Doing::Calling { host, method, path, .. } => {
            let attributes = vec![
                text("http.request.method", method),
                text("url.full", &format!("http://{host}{path}")),
                text("server.address", host),
                int("server.port", 80),
                int("http.response.status_code", status),
            ];
            ((*method).to_owned(), SpanKind::Client, attributes)
        }
        Doing::Working { name } => ((*name).to_owned(), SpanKind::Internal, Vec::new()),
        Doing::Querying { statement } => {
            let attributes = vec![
                text("db.system.name", "postgresql"),
                text("db.namespace", "stock"),
                text("db.query.text", statement),
                text("server.address", "db.shop.internal"),
            ];
            (DATABASE.to_owned(), SpanKind::Client, attributes)
        }
        Doing::Aws {
            api,
            operation,
            retries,
        } => aws(span, *api, operation, *retries),
        Doing::Consuming { .. } => {
            let attributes = vec![
                text("messaging.system", "aws_sqs"),
                text("messaging.operation.type", "process"),
                text("messaging.destination.name", "shipments"),
                text("aws.sqs.queue.url", QUEUE),
            ];
            ("process shipments".to_owned(), SpanKind::Consumer, attributes)
        }
    }
}

fn aws(span: &Span, api: Api, operation: &str, retries: u32) -> (String, SpanKind, Vec<KeyValue>) {
    let (service, kind, resource) = match api {
        Api::Table => {
            let tables = pair("aws.dynamodb.table_names", Any::ArrayValue(texts(&[TABLE])));
            ("DynamoDB", SpanKind::Client, tables)
        }
        Api::Queue => ("SQS", SpanKind::Producer, text("aws.sqs.queue.url", QUEUE)),
        Api::Topic => ("SNS", SpanKind::Producer, text("aws.sns.topic.arn", TOPIC)),
    };
    // What AWS calls a throttle is a 400 on its wire.
    let status = if span.outcome.status() == 429 {
        400
    } else {
        span.outcome.status()
    };
    let mut attributes = vec![
        text("rpc.system", "aws-api"),
        text("rpc.service", service),
        text("rpc.method", operation),
        text("aws.region", "us-east-1"),
        text("aws.request_id", &format!("{:032X}", u128::from(span.id))),
        int("aws.retry.count", i64::from(retries)),
        int("http.response.status_code", i64::from(status)),
        resource,
    ];
    if let Some((kind, _)) = &span.exception {
        attributes.push(text("error.type", kind));
    }
    (format!("{service}.{operation}"), kind, attributes)
}

/// Sets annotations as attributes and names them to be indexed, as AWS's distribution of OpenTelemetry does.
fn annotate(span: &Span, attributes: &mut Vec<KeyValue>) {
    if span.annotations.is_empty() {
        return;
    }
    let keys: Vec<&str> = span.annotations.iter().map(|(key, _)| *key).collect();
    for (key, value) in &span.annotations {
        let value = match value {
            Value::Text(text) => Any::StringValue(text.clone()),
            Value::Number(number) => Any::DoubleValue(*number),
            Value::Truth(truth) => Any::BoolValue(*truth),
        };
        attributes.push(pair(key, value));
    }
    attributes.push(pair("aws.xray.annotations", Any::ArrayValue(texts(&keys))));
}

fn event(span: &Span, (kind, message): &(&'static str, String)) -> Event {
    Event {
        time_unix_nano: nanos(span.end),
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", kind), text("exception.message", message)],
        dropped_attributes_count: 0,
    }
}

pub(super) fn nanos(moment: beamline_model::time::Timestamp) -> u64 {
    moment.since(beamline_model::time::Timestamp::ZERO)
}

fn texts(items: &[&str]) -> ArrayValue {
    let item = |text: &&str| AnyValue {
        value: Some(Any::StringValue((*text).to_owned())),
    };
    ArrayValue {
        values: items.iter().map(item).collect(),
    }
}

pub(super) fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Any::StringValue(value.to_owned()))
}

pub(super) fn int(key: &str, value: i64) -> KeyValue {
    pair(key, Any::IntValue(value))
}

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..Default::default()
    }
}
