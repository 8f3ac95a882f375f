//! The shop's work as X-Ray documents, in the ways that X-Ray SDKs have of sending them.

use beamline_model::id::{SpanId, TraceId};
use beamline_model::time::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::span::{Api, DATABASE, Doing, QUEUE, Reports, Service, Span, Story, TABLE, TOPIC, Value};

/// A document and the moment at which an SDK sends it.
pub(crate) type Sent = (Timestamp, Json);

/// The documents in which the service that `entry` enters reports its part of the story.
pub(crate) fn documents(story: &Story, entry: &Span) -> Vec<Sent> {
    let way = entry.service.reports();
    let trace = TraceId(story.trace).to_string();
    let mut sent = Vec::new();
    let mut segment = segment(story, entry, &trace);
    if way == Reports::AnnouncedSegments {
        let mut announced = segment.clone();
        announced.retain(|key, _| !matches!(key.as_str(), "end_time" | "error" | "fault" | "throttle" | "cause"));
        announced.insert("in_progress".to_owned(), json!(true));
        sent.push((entry.start, Json::Object(announced)));
    }
    let mut embedded = Vec::new();
    for child in children(story, entry) {
        let mut subsegment = subsegment(story, child);
        if way == Reports::StreamedSubsegments {
            subsegment.insert("type".to_owned(), json!("subsegment"));
            subsegment.insert("trace_id".to_owned(), json!(trace));
            subsegment.insert("parent_id".to_owned(), json!(SpanId(entry.id).to_string()));
            sent.push((child.end, Json::Object(subsegment)));
        } else {
            embedded.push(Json::Object(subsegment));
        }
    }
    if !embedded.is_empty() {
        segment.insert("subsegments".to_owned(), Json::Array(embedded));
    }
    sent.push((entry.end, Json::Object(segment)));
    sent
}

/// What the service did directly for `parent`.
fn children<'a>(story: &'a Story, parent: &'a Span) -> impl Iterator<Item = &'a Span> {
    let own = move |span: &&Span| span.parent == Some(parent.id) && !span.doing.enters_service();
    story.spans.iter().filter(own)
}

fn segment(story: &Story, entry: &Span, trace: &str) -> Map<String, Json> {
    let service = entry.service;
    let mut document = common(entry);
    document.insert("trace_id".to_owned(), json!(trace));
    document.insert("origin".to_owned(), json!(service.origin()));
    if let Some(parent) = entry.parent {
        document.insert("parent_id".to_owned(), json!(SpanId(parent).to_string()));
    }
    if let Some(user) = &entry.user {
        document.insert("user".to_owned(), json!(user));
    }
    if let Doing::Serving { method, path } = &entry.doing {
        let mut request = json!({"method": method, "url": format!("http://{}.shop.internal{path}", service.name())});
        if story.spans.first().is_some_and(|first| first.id == entry.id) {
            request["client_ip"] = json!(format!("203.0.113.{}", 1 + entry.id % 250));
            request["user_agent"] = json!("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/143.0");
            request["x_forwarded_for"] = json!(true);
        }
        let response = json!({"status": entry.outcome.status(), "content_length": 400 + entry.id % 9000});
        document.insert("http".to_owned(), json!({"request": request, "response": response}));
    }
    document.insert(
        "service".to_owned(),
        json!({"version": "1.4.2", "runtime": service.language()}),
    );
    document.insert("aws".to_owned(), environment(service));
    document
}

/// Where the service runs, as an SDK's plug-ins find out.
fn environment(service: Service) -> Json {
    let sdk = json!({"sdk": format!("X-Ray for {}", service.language()), "sdk_version": "3.12.0"});
    let logs = json!([{"log_group": format!("/shop/{}", service.name())}]);
    let host = format!("i-0{:016x}", 0x51a7_e000_u64 + service as u64);
    let zone = if (service as u8).is_multiple_of(2) {
        "us-east-1a"
    } else {
        "us-east-1b"
    };
    if service.origin().contains("ECS") {
        let container = format!("{}-7f9c", service.name());
        json!({"xray": sdk, "cloudwatch_logs": logs, "ecs": {"container": container, "availability_zone": zone}})
    } else {
        json!({"xray": sdk, "cloudwatch_logs": logs, "ec2": {"instance_id": host, "availability_zone": zone}})
    }
}

fn subsegment(story: &Story, span: &Span) -> Map<String, Json> {
    let mut document = common(span);
    let status = span.outcome.status();
    match &span.doing {
        Doing::Calling {
            host,
            method,
            path,
            traced,
        } => {
            document.insert("namespace".to_owned(), json!("remote"));
            let mut request = json!({"method": method, "url": format!("http://{host}{path}")});
            if *traced {
                request["traced"] = json!(true);
            }
            let http = json!({"request": request, "response": {"status": status}});
            document.insert("http".to_owned(), http);
        }
        Doing::Querying { statement } => {
            document.insert("namespace".to_owned(), json!("remote"));
            let sql = json!({
                "url": "postgresql://db.shop.internal:5432/stock", "database_type": "PostgreSQL",
                "database_version": "17.2", "user": "inventory", "preparation": "statement",
                "sanitized_query": statement,
            });
            document.insert("sql".to_owned(), sql);
        }
        Doing::Aws {
            api,
            operation,
            retries,
        } => {
            document.insert("namespace".to_owned(), json!("aws"));
            let mut aws = json!({"operation": operation, "region": "us-east-1", "retries": retries,
                "request_id": format!("{:032X}", u128::from(span.id))});
            match api {
                Api::Table => aws["table_name"] = json!(TABLE),
                Api::Queue => aws["queue_url"] = json!(QUEUE),
                Api::Topic => aws["topic_arn"] = json!(TOPIC),
            }
            document.insert("aws".to_owned(), aws);
            // What AWS calls a throttle is a 400 on its wire.
            let status = if status == 429 { 400 } else { status };
            document.insert("http".to_owned(), json!({"response": {"status": status}}));
        }
        Doing::Working { .. } | Doing::Serving { .. } | Doing::Consuming { .. } => {}
    }
    let nested: Vec<Json> = children(story, span)
        .map(|child| Json::Object(subsegment(story, child)))
        .collect();
    if !nested.is_empty() {
        document.insert("subsegments".to_owned(), Json::Array(nested));
    }
    document
}

/// What segments and subsegments have in common.
fn common(span: &Span) -> Map<String, Json> {
    let name = match &span.doing {
        Doing::Serving { .. } | Doing::Consuming { .. } => span.service.name(),
        Doing::Calling { host, .. } => host,
        Doing::Working { name } => name,
        Doing::Querying { .. } => DATABASE,
        Doing::Aws { api: Api::Table, .. } => "DynamoDB",
        Doing::Aws { api: Api::Queue, .. } => "SQS",
        Doing::Aws { api: Api::Topic, .. } => "SNS",
    };
    let mut document = Map::new();
    document.insert("id".to_owned(), json!(SpanId(span.id).to_string()));
    document.insert("name".to_owned(), json!(name));
    document.insert("start_time".to_owned(), json!(span.start.seconds()));
    document.insert("end_time".to_owned(), json!(span.end.seconds()));
    for (flag, set) in [
        ("error", span.outcome.is_error()),
        ("throttle", span.outcome.status() == 429),
        ("fault", span.outcome.is_fault()),
    ] {
        if set {
            document.insert(flag.to_owned(), json!(true));
        }
    }
    if let Some((kind, message)) = &span.exception {
        let id = SpanId(span.id.rotate_left(17) | 1).to_string();
        let stack = json!([{"path": format!("{}/handler.py", span.service.name()), "line": 88, "label": "handle"}]);
        let remote = matches!(
            span.doing,
            Doing::Aws { .. } | Doing::Calling { .. } | Doing::Querying { .. }
        );
        let exception = json!({"id": id, "type": kind, "message": message, "remote": remote, "stack": stack});
        document.insert(
            "cause".to_owned(),
            json!({"working_directory": "/srv/app", "exceptions": [exception]}),
        );
    }
    if !span.annotations.is_empty() {
        let annotations = span.annotations.iter().map(|(key, value)| {
            let value = match value {
                Value::Text(text) => json!(text),
                Value::Number(number) => json!(number),
                Value::Truth(truth) => json!(truth),
            };
            ((*key).to_owned(), value)
        });
        document.insert("annotations".to_owned(), Json::Object(annotations.collect()));
    }
    document
}
