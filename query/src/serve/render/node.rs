//! One segment, subsegment or span.

use beamline_model::node::{
    Aws, Cause, Context, Event, Exception, Form, Http, Kind, Link, Namespace, Node, Oddity, Sql, Text, Value,
};
use beamline_model::trace::{At, Trace};
use beamline_proto::query as pb;

use super::summary::{flags, scalar};
use super::{length, time};

pub(super) fn node(trace: &Trace<'_>, at: At, parent: Option<u32>) -> pb::Node {
    let node = &trace[at];
    let service = trace.service(at);
    pb::Node {
        id: node.id.to_string(),
        parent,
        depth: trace.depth(at),
        parent_id: node.parent.map(|parent| parent.to_string()).unwrap_or_default(),
        form: form(node.form).into(),
        in_progress: node.in_progress,
        inferred: node.form == Form::Inferred,
        service: Some(pb::ServiceId {
            name: service.name.to_owned(),
            r#type: service.kind.to_owned(),
            account: service.account.to_owned(),
        }),
        name: node.name.to_string(),
        span_name: text(&node.span_name),
        kind: kind(node.kind).into(),
        namespace: match &node.namespace {
            Namespace::Local => String::new(),
            Namespace::Aws => "aws".to_owned(),
            Namespace::Remote => "remote".to_owned(),
            Namespace::Other(other) => other.to_string(),
        },
        start: Some(time(node.start)),
        end: node.end.map(time),
        adjusted_start: Some(time(trace.adjusted_start(at))),
        duration: node.duration().map(length),
        received: Some(time(node.received)),
        flags: Some(flags(node.flags)),
        status_code: u32::from(node.status.code),
        status_message: text(&node.status.message),
        http: node.http.as_deref().map(http),
        aws: node.aws.as_deref().map(aws),
        sql: node.sql.as_deref().map(sql),
        exceptions: node.exceptions().iter().map(exception).collect(),
        cause_reference: match node.cause.as_deref() {
            Some(Cause::Reference(id)) => id.to_string(),
            _ => String::new(),
        },
        user: text(&node.user),
        resource_arn: text(&node.resource_arn),
        annotations: annotations(node),
        metadata: node.metadata.iter().map(metadata).collect(),
        attributes: attributes(&node.attributes),
        events: node.events.iter().map(event).collect(),
        links: node.links.iter().map(link).collect(),
        context: node.context.as_deref().map(context),
        trace_state: text(&node.trace_state),
        precursor_ids: node.precursors.iter().map(ToString::to_string).collect(),
        dropped: node.dropped.to_vec(),
        weight: f64::from(node.weight),
        oddities: node
            .oddities
            .iter()
            .map(|oddity| oddity_name(*oddity).to_owned())
            .collect(),
    }
}

fn text(text: &Option<Text<'_>>) -> String {
    text.as_deref().unwrap_or_default().to_owned()
}

fn form(form: Form) -> pb::Form {
    match form {
        Form::Segment => pb::Form::Segment,
        Form::Subsegment => pb::Form::Subsegment,
        Form::Embedded => pb::Form::Embedded,
        Form::Span => pb::Form::Span,
        Form::Inferred => pb::Form::Inferred,
        Form::Placeholder => pb::Form::Placeholder,
    }
}

fn kind(kind: Kind) -> pb::Kind {
    match kind {
        Kind::Unspecified => pb::Kind::Unspecified,
        Kind::Internal => pb::Kind::Internal,
        Kind::Server => pb::Kind::Server,
        Kind::Client => pb::Kind::Client,
        Kind::Producer => pb::Kind::Producer,
        Kind::Consumer => pb::Kind::Consumer,
    }
}

fn http(http: &Http<'_>) -> pb::Http {
    pb::Http {
        url: text(&http.url),
        method: text(&http.method),
        status: u32::from(http.status.unwrap_or(0)),
        user_agent: text(&http.user_agent),
        client_ip: text(&http.client_ip),
        content_length: http.content_length,
    }
}

fn aws(aws: &Aws<'_>) -> pb::Aws {
    let single = [
        &aws.queue_url,
        &aws.table_name,
        &aws.topic_arn,
        &aws.function_name,
        &aws.bucket_name,
    ];
    let resources = single.into_iter().flatten().chain(&aws.table_names);
    pb::Aws {
        account_id: text(&aws.account_id),
        operation: text(&aws.operation),
        region: text(&aws.region),
        request_id: text(&aws.request_id),
        resources: resources.map(ToString::to_string).collect(),
        log_groups: aws.log_groups.iter().map(|(name, _)| name.to_string()).collect(),
        members: aws.members.iter().map(metadata).collect(),
    }
}

fn sql(sql: &Sql<'_>) -> pb::Sql {
    pb::Sql {
        connection_string: text(&sql.connection_string),
        url: text(&sql.url),
        sanitized_query: text(&sql.sanitized_query),
        database_type: text(&sql.database_type),
        database_version: text(&sql.database_version),
        driver_version: text(&sql.driver_version),
        user: text(&sql.user),
        preparation: text(&sql.preparation),
    }
}

fn exception(exception: &Exception<'_>) -> pb::Exception {
    let frames = exception.stack.iter().map(|frame| pb::Frame {
        path: text(&frame.path),
        line: frame.line.unwrap_or(0),
        label: text(&frame.label),
    });
    pb::Exception {
        id: text(&exception.id),
        r#type: text(&exception.kind),
        message: text(&exception.message),
        remote: exception.remote.unwrap_or(false),
        cause: text(&exception.cause),
        stack: frames.collect(),
        truncated: exception.truncated.unwrap_or(0),
        skipped: exception.skipped.unwrap_or(0),
        stack_text: text(&exception.stack_text),
    }
}

fn annotations(node: &Node<'_>) -> Vec<pb::Annotation> {
    let annotation = |(key, value): &(Text<'_>, _)| pb::Annotation {
        key: key.to_string(),
        value: Some(scalar(value)),
    };
    node.annotations.iter().map(annotation).collect()
}

fn metadata((name, json): &(Text<'_>, Text<'_>)) -> pb::Metadata {
    pb::Metadata {
        name: name.to_string(),
        json: json.to_string(),
    }
}

fn attributes(attributes: &[(Text<'_>, Value<'_>)]) -> Vec<pb::Attribute> {
    let attribute = |(key, it): &(Text<'_>, Value<'_>)| pb::Attribute {
        key: key.to_string(),
        value: Some(value(it)),
    };
    attributes.iter().map(attribute).collect()
}

/// Values nest no deeper than the decoder let them.
fn value(it: &Value<'_>) -> pb::Value {
    use pb::value::Value as Out;
    let out = match it {
        Value::Empty => None,
        Value::Text(text) => Some(Out::Text(text.to_string())),
        Value::Bool(truth) => Some(Out::Truth(*truth)),
        Value::Int(int) => Some(Out::Int(*int)),
        Value::Double(double) => Some(Out::Double(*double)),
        Value::Bytes(bytes) => Some(Out::Bytes(bytes.to_vec())),
        Value::List(items) => Some(Out::List(pb::ValueList {
            items: items.iter().map(value).collect(),
        })),
        Value::Map(entries) => Some(Out::Map(pb::ValueMap {
            entries: attributes(entries),
        })),
    };
    pb::Value { value: out }
}

fn event(event: &Event<'_>) -> pb::Event {
    pb::Event {
        time: Some(time(event.time)),
        name: event.name.to_string(),
        attributes: attributes(&event.attributes),
        dropped_attributes: event.dropped_attributes,
    }
}

fn link(link: &Link<'_>) -> pb::Link {
    pb::Link {
        trace_id: link.trace.to_string(),
        id: link.id.to_string(),
        trace_state: text(&link.trace_state),
        attributes: attributes(&link.attributes),
        dropped_attributes: link.dropped_attributes,
    }
}

fn context(context: &Context<'_>) -> pb::Context {
    pb::Context {
        resource: attributes(&context.resource),
        resource_schema: text(&context.resource_schema),
        scope_name: text(&context.scope_name),
        scope_version: text(&context.scope_version),
        scope_attributes: attributes(&context.scope_attributes),
        scope_schema: text(&context.scope_schema),
    }
}

/// The names are part of the API.
fn oddity_name(oddity: Oddity) -> &'static str {
    match oddity {
        Oddity::EndsBeforeItStarts => "ends_before_it_starts",
        Oddity::NeitherEndedNorOpen => "neither_ended_nor_open",
        Oddity::BothEndedAndOpen => "both_ended_and_open",
        Oddity::NumberAsText => "number_as_text",
        Oddity::TextAsOther => "text_as_other",
        Oddity::WrongType => "wrong_type",
        Oddity::NameCharacters => "name_characters",
        Oddity::NameTooLong => "name_too_long",
        Oddity::UnknownNamespace => "unknown_namespace",
        Oddity::BrokenSubsegment => "broken_subsegment",
        Oddity::BadReference => "bad_reference",
        Oddity::DuplicateKey => "duplicate_key",
        Oddity::ImplausibleTime => "implausible_time",
        Oddity::AnnotationNotScalar => "annotation_not_scalar",
        Oddity::TooManyEntries => "too_many_entries",
        Oddity::ParentCycle => "parent_cycle",
        Oddity::ClockSkew => "clock_skew",
        Oddity::MissingParent => "missing_parent",
        Oddity::SharedId => "shared_id",
    }
}
