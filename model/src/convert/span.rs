//! Nodes to OTLP, in the published types.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span as wire};
use prost::Message;
use rustc_hash::FxHashMap;

use super::attributes::{Attributes, all, of_exception, of_xray};
use crate::id::SpanId;
use crate::node::{Cause, Context, Event, Form, Kind, Link, Node};
use crate::otlp::json::{span_from_protobuf, span_to_protobuf};
use crate::time::Timestamp;

const STATUS_ERROR: i32 = 2;

/// The nodes as OTLP: spans as they came, X-Ray nodes translated. One `ResourceSpans` for each context, and one for
/// each X-Ray segment with what is in it. Nodes that nobody sent are left out.
#[must_use]
pub fn resource_spans<'n, 'a: 'n>(nodes: impl IntoIterator<Item = &'n Node<'a>>) -> Vec<ResourceSpans> {
    let nodes: Vec<&Node<'a>> = nodes.into_iter().collect();
    let documents: FxHashMap<SpanId, &Node<'a>> = nodes
        .iter()
        .filter(|node| node.form != Form::Span)
        .map(|node| (node.id, *node))
        .collect();
    let mut groups: Vec<ResourceSpans> = Vec::new();
    let mut by_context: FxHashMap<*const Context<'a>, usize> = FxHashMap::default();
    let mut by_segment: FxHashMap<SpanId, usize> = FxHashMap::default();
    for node in nodes {
        let (group, span) = match node.form {
            Form::Span => {
                let context = node.context.as_ref();
                let place = context.map_or(std::ptr::null(), Arc::as_ptr);
                let new = || enclosing(context.map(|context| &**context));
                (
                    *by_context.entry(place).or_insert_with(|| push(&mut groups, new())),
                    span(node),
                )
            }
            Form::Segment | Form::Subsegment | Form::Embedded => {
                let segment = segment_of(node, &documents);
                let new = || process(segment);
                let group = *by_segment.entry(segment.id).or_insert_with(|| push(&mut groups, new()));
                (group, translated(node))
            }
            Form::Inferred | Form::Placeholder => continue,
        };
        if let Some(scope) = groups[group].scope_spans.first_mut() {
            scope.spans.push(span);
        }
    }
    groups
}

fn push(groups: &mut Vec<ResourceSpans>, group: ResourceSpans) -> usize {
    groups.push(group);
    groups.len() - 1
}

/// The outermost X-Ray node that contains this one. Follows only a thousand parents, so that a circle ends.
fn segment_of<'n, 'a>(node: &'n Node<'a>, documents: &FxHashMap<SpanId, &'n Node<'a>>) -> &'n Node<'a> {
    let mut outermost = node;
    for _ in 0..1_000 {
        let container = outermost.parent.and_then(|parent| documents.get(&parent));
        match container {
            Some(container) if outermost.form != Form::Segment => outermost = container,
            _ => break,
        }
    }
    outermost
}

fn enclosing(context: Option<&Context<'_>>) -> ResourceSpans {
    let Some(context) = context else {
        return group(None, None);
    };
    let text = |text: &Option<crate::node::Text<'_>>| text.as_deref().unwrap_or("").to_owned();
    let resource = Resource {
        attributes: all(&context.resource),
        dropped_attributes_count: context.resource_dropped,
        ..Default::default()
    };
    let scope = InstrumentationScope {
        name: text(&context.scope_name),
        version: text(&context.scope_version),
        attributes: all(&context.scope_attributes),
        dropped_attributes_count: context.scope_dropped,
    };
    let mut group = group(
        (resource != Resource::default()).then_some(resource),
        (scope != InstrumentationScope::default()).then_some(scope),
    );
    group.schema_url = text(&context.resource_schema);
    group.scope_spans[0].schema_url = text(&context.scope_schema);
    group
}

fn group(resource: Option<Resource>, scope: Option<InstrumentationScope>) -> ResourceSpans {
    ResourceSpans {
        resource,
        scope_spans: vec![ScopeSpans {
            scope,
            spans: Vec::new(),
            schema_url: String::new(),
        }],
        schema_url: String::new(),
    }
}

/// The process that an X-Ray segment describes.
fn process(segment: &Node<'_>) -> ResourceSpans {
    let mut said = Attributes::default();
    if segment.form == Form::Segment {
        said.text("service.name", &*segment.name);
    }
    said.text("cloud.provider", if segment.aws.is_some() { "aws" } else { "unknown" });
    said.option("aws.xray.resource_arn", &segment.resource_arn);
    if let Some(aws) = &segment.aws {
        said.option("cloud.account.id", &aws.account_id);
        said.option("host.id", &aws.instance_id);
        said.option("cloud.availability_zone", &aws.availability_zone);
        said.texts(
            "aws.log.group.names",
            aws.log_groups.iter().map(|(name, _)| name.to_string()),
        );
        let arns = aws.log_groups.iter().filter_map(|(_, arn)| arn.as_ref());
        said.texts("aws.log.group.arns", arns.map(ToString::to_string));
    }
    let resource = Resource {
        attributes: said.0,
        ..Default::default()
    };
    group(Some(resource), None)
}

fn nanos(moment: Timestamp) -> u64 {
    u64::try_from(moment.0).unwrap_or(0)
}

fn frame(node: &Node<'_>) -> Span {
    Span {
        trace_id: node.trace.to_bytes().to_vec(),
        span_id: node.id.to_bytes().to_vec(),
        parent_span_id: node.parent.map(|id| id.to_bytes().to_vec()).unwrap_or_default(),
        kind: node.kind as i32,
        start_time_unix_nano: nanos(node.start),
        end_time_unix_nano: node.end.map_or(0, nanos),
        links: node.links.iter().map(link).collect(),
        ..Default::default()
    }
}

fn span(node: &Node<'_>) -> Span {
    let message = node.status.message.as_deref().unwrap_or("").to_owned();
    let status = Status {
        message,
        code: i32::from(node.status.code),
    };
    Span {
        name: node.span_name.as_deref().unwrap_or("").to_owned(),
        trace_state: node.trace_state.as_deref().unwrap_or("").to_owned(),
        flags: node.wire_flags,
        attributes: all(&node.attributes),
        dropped_attributes_count: node.dropped[0],
        events: node.events.iter().map(event).collect(),
        dropped_events_count: node.dropped[1],
        dropped_links_count: node.dropped[2],
        status: (status != Status::default()).then_some(status),
        ..frame(node)
    }
}

fn event(event: &Event<'_>) -> wire::Event {
    wire::Event {
        time_unix_nano: nanos(event.time),
        name: event.name.to_string(),
        attributes: all(&event.attributes),
        dropped_attributes_count: event.dropped_attributes,
    }
}

fn link(link: &Link<'_>) -> wire::Link {
    wire::Link {
        trace_id: link.trace.to_bytes().to_vec(),
        span_id: link.id.to_bytes().to_vec(),
        trace_state: link.trace_state.as_deref().unwrap_or("").to_owned(),
        attributes: all(&link.attributes),
        dropped_attributes_count: link.dropped_attributes,
        flags: link.flags,
    }
}

/// An X-Ray node in OpenTelemetry's words. If it was a span before, it takes back what it had then.
fn translated(node: &Node<'_>) -> Span {
    let mut span = Span {
        name: node.name.to_string(),
        attributes: of_xray(node),
        ..frame(node)
    };
    let called_by_a_client = node.http.as_ref().is_some_and(|http| http.client_ip.is_some());
    if called_by_a_client && node.kind == Kind::Internal {
        span.kind = Kind::Server as i32;
    }
    let mut status = Status::default();
    match node.cause.as_deref() {
        Some(Cause::Reference(id)) => status.message = id.to_string(),
        Some(Cause::Exceptions { exceptions, .. }) => {
            span.events.extend(exceptions.iter().map(|exception| wire::Event {
                time_unix_nano: nanos(node.last_moment()),
                name: "exception".to_owned(),
                attributes: of_exception(exception),
                dropped_attributes_count: 0,
            }));
        }
        None => {}
    }
    if node.cause.is_some() || !node.flags.ok() {
        status.code = STATUS_ERROR;
    }
    span.status = (status != Status::default()).then_some(status);
    restore(node, &mut span);
    span
}

/// Fields of a span that a document keeps under `otel` and `otel.events`, as [`beyond_xray`] wrote them.
fn restore(node: &Node<'_>, span: &mut Span) {
    let kept = |namespace: &str| {
        let (_, json) = node.metadata.iter().find(|(found, _)| found == namespace)?;
        Span::decode(&*span_to_protobuf(json)?).ok()
    };
    let Some(was) = kept("otel") else { return };
    *span = Span {
        trace_id: std::mem::take(&mut span.trace_id),
        span_id: std::mem::take(&mut span.span_id),
        parent_span_id: std::mem::take(&mut span.parent_span_id),
        attributes: std::mem::take(&mut span.attributes),
        events: kept("otel.events").map(|kept| kept.events).unwrap_or_default(),
        ..was
    };
}

/// What X-Ray has no word for, as JSON: kind, name, nanoseconds, state, flags, status, links and counts; and the
/// events.
pub(super) fn beyond_xray(node: &Node<'_>) -> (String, Option<String>) {
    let Span {
        events,
        name,
        kind,
        flags,
        trace_state,
        links,
        status,
        start_time_unix_nano,
        end_time_unix_nano,
        dropped_attributes_count,
        dropped_events_count,
        dropped_links_count,
        ..
    } = span(node);
    let rest = Span {
        name,
        kind,
        flags,
        trace_state,
        links,
        status,
        start_time_unix_nano,
        end_time_unix_nano,
        dropped_attributes_count,
        dropped_events_count,
        dropped_links_count,
        ..Default::default()
    };
    let json = |span: &Span| span_from_protobuf(&span.encode_to_vec());
    let events = (!events.is_empty()).then(|| Span {
        events,
        ..Default::default()
    });
    (
        json(&rest).unwrap_or_else(|| "{}".to_owned()),
        events.as_ref().and_then(json),
    )
}
