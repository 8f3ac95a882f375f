//! Who was called without reporting.
//!
//! A database or a queue sends no segments, so a call that nobody answered with one gets an inferred segment below it:
//! the call's own times, verdicts and details, under the name and type of whoever must have been there.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::At;
use super::role::Roles;
use super::tree::Ancestry;
use crate::id::{SpanId, TraceId};
use crate::node::{Aws, Form, Namespace, Node, Text};

/// One batch call makes at most so many tables appear; DynamoDB itself allows no more.
const TABLES: usize = 100;

/// Appends an inferred segment below every call that has no reporting callee.
///
/// Of calls inside one another only one has somebody behind it: an AWS call stands for the HTTP request inside it, and
/// an outer span for the spans it wraps.
pub(super) fn add_silent_callees(
    trace: TraceId,
    nodes: &mut Vec<Node<'_>>,
    ancestry: &mut Ancestry,
    roles: &mut Roles,
) {
    for index in 0..nodes.len() {
        let at = At::new(index);
        if roles.call[index] != Some(at) || roles.answered[index] {
            continue;
        }
        if let Some(outer) = roles.around(ancestry, at) {
            let wraps = nodes[outer.index()].namespace == Namespace::Aws || nodes[index].form == Form::Span;
            if wraps {
                continue;
            }
        }
        for (nth, callee) in callees(&nodes[index]).into_iter().enumerate() {
            let inferred = At::new(nodes.len());
            nodes.push(segment(trace, nth, callee, &nodes[index]));
            ancestry.parents.push(Some(at));
            ancestry.order.push(inferred);
            roles.segment.push(inferred);
            roles.call.push(None);
            roles.answered.push(false);
        }
    }
}

/// The segment that the callee would have sent.
fn segment<'a>(trace: TraceId, nth: usize, callee: Callee<'a>, call: &Node<'a>) -> Node<'a> {
    let seed = [trace.to_bytes().as_slice(), &call.id.to_bytes(), &nth.to_be_bytes()].concat();
    let mut node = Node::new(Form::Inferred, trace, SpanId(xxh3_64(&seed).max(1)));
    node.parent = Some(call.id);
    node.in_progress = call.in_progress;
    node.start = call.start;
    node.end = call.end;
    node.received = call.received;
    node.weight = call.weight;
    node.name = call.name.clone();
    node.service = Some(callee.name);
    node.origin = callee.kind;
    node.flags = call.flags;
    node.status = call.status.clone();
    node.http = call.http.clone();
    node.sql = call.sql.clone();
    // A span's block may describe its own process; of a call to AWS it says whom was called.
    node.aws = call.aws.clone().filter(|_| call.namespace == Namespace::Aws);
    node.cause = call.cause.clone();
    node
}

/// What the graph calls a silent callee.
#[derive(Debug, PartialEq)]
struct Callee<'a> {
    name: Text<'a>,
    /// `None` for somebody remote of whom nothing else is known.
    kind: Option<Text<'a>>,
}

fn callees<'a>(call: &Node<'a>) -> Vec<Callee<'a>> {
    let one = |name: &Text<'a>, kind: Option<Text<'a>>| {
        vec![Callee {
            name: name.clone(),
            kind,
        }]
    };
    if call.namespace == Namespace::Aws {
        return aws_callees(call);
    }
    if call.sql.is_some() {
        return one(&call.name, Some(Cow::Borrowed("Database::SQL")));
    }
    let text = |key: &str| match call.attribute(key) {
        Some(crate::node::Value::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    if let Some(system) = text("db.system.name").or_else(|| text("db.system")) {
        return one(
            &call.name,
            Some(Cow::Owned(format!("Database::{}", capitalised(&system)))),
        );
    }
    if let Some(system) = text("messaging.system") {
        let name = text("messaging.destination.name").or_else(|| text("messaging.destination"));
        let name = name.unwrap_or_else(|| call.name.clone());
        return one(&name, Some(Cow::Owned(format!("Messaging::{}", capitalised(&system)))));
    }
    one(&call.name, None)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn aws_callees<'a>(call: &Node<'a>) -> Vec<Callee<'a>> {
    let service = aws_service(&call.name);
    let nothing = Aws::default();
    let aws = call.aws.as_deref().unwrap_or(&nothing);
    let resource = |name: Option<&Text<'a>>, kind: &'static str| {
        let name = name.filter(|name| !name.is_empty())?.clone();
        Some(vec![Callee {
            name,
            kind: Some(Cow::Borrowed(kind)),
        }])
    };
    let known = match service.as_ref() {
        "DynamoDB" if aws.table_name.is_none() && !aws.table_names.is_empty() => {
            let mut tables: Vec<_> = aws.table_names.iter().take(TABLES).cloned().collect();
            tables.sort_unstable();
            tables.dedup();
            let kind = || Some(Cow::Borrowed("AWS::DynamoDB::Table"));
            Some(tables.into_iter().map(|name| Callee { name, kind: kind() }).collect())
        }
        "DynamoDB" => resource(aws.table_name.as_ref(), "AWS::DynamoDB::Table"),
        "SQS" => resource(aws.queue_url.as_ref(), "AWS::SQS::Queue"),
        "SNS" => resource(aws.topic_arn.as_ref().map(arn_tail).as_ref(), "AWS::SNS::Topic"),
        "S3" => resource(aws.bucket_name.as_ref(), "AWS::S3::Bucket"),
        "Lambda" => resource(aws.function_name.as_ref(), "AWS::Lambda"),
        _ => None,
    };
    known.unwrap_or_else(|| {
        vec![Callee {
            kind: Some(Cow::Owned(format!("AWS::{service}"))),
            name: service,
        }]
    })
}

/// What comes after the last colon.
fn arn_tail<'a>(arn: &Text<'a>) -> Text<'a> {
    let from = arn.rfind(':').map_or(0, |colon| colon + 1);
    match arn {
        Cow::Borrowed(arn) => Cow::Borrowed(&arn[from..]),
        Cow::Owned(arn) => Cow::Owned(arn[from..].to_owned()),
    }
}

/// Services whose name differs between SDKs: spellings without case, punctuation, maker and version.
const SERVICES: &[(&str, &[&str])] = &[
    ("DynamoDB", &["dynamodb", "dynamo"]),
    ("S3", &["s3", "simplestorageservice"]),
    ("SQS", &["sqs", "simplequeueservice"]),
    ("SNS", &["sns", "simplenotificationservice"]),
    ("Lambda", &["lambda"]),
    ("Kinesis", &["kinesis"]),
    ("Firehose", &["firehose", "kinesisfirehose"]),
    ("StepFunctions", &["stepfunctions", "states", "sfn"]),
    ("Events", &["events", "eventbridge", "cloudwatchevents"]),
    ("CloudWatch", &["cloudwatch", "monitoring"]),
    ("Logs", &["logs", "cloudwatchlogs"]),
    ("SecretsManager", &["secretsmanager"]),
    ("SSM", &["ssm", "simplesystemsmanagement", "systemsmanager"]),
    ("KMS", &["kms", "keymanagementservice"]),
    ("STS", &["sts", "securitytokenservice"]),
    ("SES", &["ses", "sesv2", "email", "simpleemailservice"]),
    ("Bedrock", &["bedrock", "bedrockruntime", "bedrockagentruntime"]),
];

/// One name for a service, whichever SDK called it: `dynamodb`, `DynamoDB` and `AmazonDynamoDBv2` are one. A service
/// that is not known keeps its name, without spaces and maker.
fn aws_service<'a>(name: &Text<'a>) -> Text<'a> {
    let folded: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let core = ["amazon", "aws"]
        .iter()
        .find_map(|maker| folded.strip_prefix(maker))
        .unwrap_or(&folded);
    let core = ["client", "v2", "v3"]
        .iter()
        .fold(core, |core, tail| core.strip_suffix(tail).unwrap_or(core));
    let known = SERVICES.iter().find(|(_, spellings)| spellings.contains(&core));
    match known {
        Some((canonical, _)) => Cow::Borrowed(canonical),
        None if name.contains(char::is_whitespace) => Cow::Owned(name.split_whitespace().collect()),
        None => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sdk_means_the_same_service() {
        let check = |name: &str, canonical: &str| assert_eq!(aws_service(&Cow::Borrowed(name)), canonical, "{name}");
        for name in [
            "dynamodb",
            "DynamoDB",
            "DynamoDb",
            "AmazonDynamoDBv2",
            "DynamoDBClient",
            "Amazon DynamoDB",
        ] {
            check(name, "DynamoDB");
        }
        check("sqs", "SQS");
        check("AmazonSQS", "SQS");
        check("AWSLambda", "Lambda");
        check("CloudWatch Logs", "Logs");
        check("Secrets Manager", "SecretsManager");
        check("Cost Explorer", "CostExplorer");
        check("athena", "athena");
        check("", "");
    }

    #[test]
    fn the_type_follows_from_what_was_touched() {
        let check = |name: &'static str, fill: fn(&mut Aws<'static>), expected: &[(&str, &str)]| {
            let mut call = Node::new(Form::Embedded, TraceId(1), SpanId(1));
            call.name = Cow::Borrowed(name);
            call.namespace = Namespace::Aws;
            let mut aws = Aws::default();
            fill(&mut aws);
            call.aws = Some(Box::new(aws));
            let callees = callees(&call);
            let found: Vec<_> = callees
                .iter()
                .map(|c| (c.name.as_ref(), c.kind.as_deref().unwrap_or("")))
                .collect();
            assert_eq!(found, expected);
        };
        check(
            "dynamodb",
            |aws| aws.table_name = Some("orders".into()),
            &[("orders", "AWS::DynamoDB::Table")],
        );
        check(
            "DynamoDB",
            |aws| aws.table_names = vec!["b".into(), "a".into(), "b".into()],
            &[("a", "AWS::DynamoDB::Table"), ("b", "AWS::DynamoDB::Table")],
        );
        check("dynamodb", |_| {}, &[("DynamoDB", "AWS::DynamoDB")]);
        check(
            "SQS",
            |aws| aws.queue_url = Some("https://q/1/a".into()),
            &[("https://q/1/a", "AWS::SQS::Queue")],
        );
        check(
            "sns",
            |aws| aws.topic_arn = Some("arn:aws:sns:eu:1:news".into()),
            &[("news", "AWS::SNS::Topic")],
        );
        check("sns", |_| {}, &[("SNS", "AWS::SNS")]);
        check(
            "s3",
            |aws| aws.bucket_name = Some("pics".into()),
            &[("pics", "AWS::S3::Bucket")],
        );
        check(
            "Lambda",
            |aws| aws.function_name = Some("resize".into()),
            &[("resize", "AWS::Lambda")],
        );
        check("athena", |_| {}, &[("athena", "AWS::athena")]);
    }
}
