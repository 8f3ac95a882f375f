//! Who sent a span: its context decoded once, with everything that the spans under it share.

use std::borrow::Cow;
use std::sync::Arc;

use super::facts::service_type;
use super::stack::Language;
use super::value::{attribute, text};
use super::wire::{Fields, Wire};
use crate::node::{Aws, Context, Scalar, Text, Value};

/// The process and library that sent spans, and what follows from them for each of those spans.
#[derive(Clone, Debug, PartialEq)]
pub struct Source<'a> {
    /// Resource and scope as sent.
    pub context: Arc<Context<'a>>,
    pub(super) service: Option<Text<'a>>,
    pub(super) origin: Option<Text<'a>>,
    pub(super) resource_arn: Option<Text<'a>>,
    pub(super) host_name: Option<Text<'a>>,
    pub(super) language: Language,
    pub(super) aws: Option<Box<Aws<'a>>>,
    pub(super) annotations: Vec<(Text<'a>, Scalar<'a>)>,
}

/// Decodes a context as [`Body::Otlp`](crate::record::Body::Otlp) carries it: a protobuf `ResourceSpans` without spans.
/// What is malformed in it reads as absent.
#[must_use]
pub fn context(bytes: &[u8]) -> Source<'_> {
    let mut context = Context::default();
    for field in Fields::new(bytes) {
        match field {
            Ok((1, Wire::Bytes(resource))) => read_resource(resource, &mut context),
            Ok((2, Wire::Bytes(scope_spans))) => read_scope_spans(scope_spans, &mut context),
            Ok((3, Wire::Bytes(schema))) => context.resource_schema = said(schema),
            _ => {}
        }
    }
    Source::of(context)
}

fn said(bytes: &[u8]) -> Option<Text<'_>> {
    (!bytes.is_empty()).then(|| text(bytes))
}

fn read_resource<'a>(resource: &'a [u8], context: &mut Context<'a>) {
    for field in Fields::new(resource) {
        match field {
            Ok((1, Wire::Bytes(message))) => context.resource.push(attribute(message)),
            Ok((2, Wire::Varint(dropped))) => context.resource_dropped = dropped as u32,
            _ => {}
        }
    }
}

fn read_scope_spans<'a>(scope_spans: &'a [u8], context: &mut Context<'a>) {
    for field in Fields::new(scope_spans) {
        match field {
            Ok((1, Wire::Bytes(scope))) => read_scope(scope, context),
            Ok((3, Wire::Bytes(schema))) => context.scope_schema = said(schema),
            _ => {}
        }
    }
}

fn read_scope<'a>(scope: &'a [u8], context: &mut Context<'a>) {
    for field in Fields::new(scope) {
        match field {
            Ok((1, Wire::Bytes(name))) => context.scope_name = said(name),
            Ok((2, Wire::Bytes(version))) => context.scope_version = said(version),
            Ok((3, Wire::Bytes(message))) => context.scope_attributes.push(attribute(message)),
            Ok((4, Wire::Varint(dropped))) => context.scope_dropped = dropped as u32,
            _ => {}
        }
    }
}

impl<'a> Source<'a> {
    fn of(context: Context<'a>) -> Self {
        let mut aws = Aws::default();
        let (mut service, mut host_name, mut resource_arn) = (None, None, None);
        let (mut provider, mut platform, mut launch_type) = ("", "", "");
        let (mut language, mut group_arns, mut group_names) = (Language::default(), Vec::new(), Vec::new());
        for (key, value) in &context.resource {
            let Some(said) = value.as_text() else {
                match &**key {
                    "aws.log.group.arns" => group_arns = texts(value),
                    "aws.log.group.names" => group_names = texts(value),
                    _ => {}
                }
                continue;
            };
            let keep = || owned_text(value);
            match &**key {
                "service.name" => service = keep(),
                "host.name" => host_name = keep(),
                "host.id" => aws.instance_id = keep(),
                "cloud.provider" => provider = said,
                "cloud.platform" => platform = said,
                "cloud.account.id" => aws.account_id = keep(),
                "cloud.region" => aws.region = keep(),
                "cloud.availability_zone" => aws.availability_zone = keep(),
                "cloud.resource_id" | "faas.id" | "aws.ecs.container.arn" if said.starts_with("arn:") => {
                    resource_arn = keep();
                }
                "aws.ecs.launchtype" => launch_type = said,
                "aws.log.group.arns" => group_arns = texts(value),
                "aws.log.group.names" => group_names = texts(value),
                "telemetry.sdk.language" => language = Language::named(said),
                _ => {}
            }
        }
        aws.log_groups = log_groups(group_arns, group_names);
        let origin = service_type(platform, launch_type);
        let elsewhere = !provider.is_empty() && provider != "aws";
        let annotations = context.resource.iter().filter(|(key, _)| is_indexed(key));
        let annotations = annotations
            .filter_map(|(key, value)| value.as_scalar().map(|scalar| (key.clone(), scalar)))
            .collect();
        Self {
            service,
            origin: (!origin.is_empty()).then_some(Cow::Borrowed(origin)),
            resource_arn,
            host_name,
            language,
            aws: (!elsewhere && aws != Aws::default()).then(|| Box::new(aws)),
            annotations,
            context: Arc::new(context),
        }
    }
}

/// Whether an attribute of the resource can be searched for. The service is searched for as such; what SDKs add on
/// their own about the program and its machine is the same on every span, is shown with each, and would be most of the
/// index.
fn is_indexed(key: &str) -> bool {
    key != "service.name"
        && !["telemetry.", "process.", "os."]
            .iter()
            .any(|described| key.starts_with(described))
}

fn owned_text<'a>(value: &Value<'a>) -> Option<Text<'a>> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// Several texts: a list of them, or one text in which `&` separates them.
fn texts<'a>(value: &Value<'a>) -> Vec<Text<'a>> {
    match value {
        Value::List(items) => items.iter().filter_map(owned_text).collect(),
        Value::Text(Cow::Borrowed(text)) => text.split('&').map(Cow::Borrowed).collect(),
        Value::Text(Cow::Owned(text)) => text.split('&').map(|part| Cow::Owned(part.to_owned())).collect(),
        _ => Vec::new(),
    }
}

/// Names and ARNs of log groups. An ARN holds the name as its seventh part.
fn log_groups<'a>(arns: Vec<Text<'a>>, names: Vec<Text<'a>>) -> Vec<(Text<'a>, Option<Text<'a>>)> {
    if arns.is_empty() {
        return names.into_iter().map(|name| (name, None)).collect();
    }
    let named = |arn: Text<'a>| {
        let name = arn.split(':').nth(6).unwrap_or(&arn).to_owned();
        (Cow::Owned(name), Some(arn))
    };
    arns.into_iter().map(named).collect()
}
